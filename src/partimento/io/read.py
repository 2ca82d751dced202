"""One file becomes one Piece."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Literal

from partimento.errors import ReadError, UnfitError
from partimento.io.formats import MIDI_SUFFIXES, MUSICXML_SUFFIXES, SUFFIXES, read_score_bytes
from partimento.music.piece import Piece
from partimento.music.timelines import Source

Quantize = Literal["music21"] | None


def read_piece(
    path: Path | str, *, member: str = "", quantize: Quantize = None, unfold: bool = False
) -> Piece:
    """Read one file, in this process.

    Parameters
    ----------
    path : path
        MIDI (``.mid``, ``.midi``), MusicXML (``.musicxml``, ``.xml``, ``.mxl``), ABC (``.abc``) or
        kern (``.krn``).
    member : str
        If `path` is a zip: the name of the file inside it.
    quantize : None or "music21"
        None keeps every time exactly as the file has it. ``"music21"`` gives the view whose
        `events` are what music21 10.5.1 makes of the file by ``converter.parse(path).chordify()``,
        for comparison with it (see `chordify`).
    unfold : bool
        Whether the repeats of a MusicXML file are written out as they are played.

    Returns
    -------
    Piece
        `source` bears the path and the SHA-256 of the file.

    Raises
    ------
    ReadError
        If the file cannot be read, with a reason. `read_pieces` also withstands files that crash or
        hang a parser; this does not.
    """
    path = Path(path)
    shown, suffix = (
        f"{path}/{member}" if member else str(path),
        PurePosixPath(member or path).suffix.lower(),
    )
    if quantize not in (None, "music21"):
        raise ValueError(f"quantize is None or 'music21', not {quantize!r}")
    try:
        data = read_score_bytes(str(path), member) if suffix in SUFFIXES else b""
        piece = piece_from_bytes(data, suffix, quantize=quantize, unfold=unfold)
    except OSError as error:
        raise ReadError(shown, (error.strerror or str(error)).lower()) from error
    except (UnfitError, ValueError) as error:
        raise ReadError(shown, str(error)) from error
    return replace(piece, source=Source(path=shown, sha256=hashlib.sha256(data).hexdigest()))


def piece_from_bytes(
    data: bytes, suffix: str, *, quantize: Quantize = None, unfold: bool = False
) -> Piece:
    """Read what a file of the kind `suffix` holds; see `read_piece`.

    Raises
    ------
    UnfitError, ValueError
        If it is no music that can be read, with a reason.
    """
    if suffix in MIDI_SUFFIXES:
        from partimento.io.midi.read import midi_from_bytes

        midi = midi_from_bytes(data)
        if quantize is None:
            return midi.to_piece()
        from partimento.analysis.music21_grid import music21_view

        return music21_view(midi)
    if suffix in MUSICXML_SUFFIXES:
        from partimento.io.musicxml.read import piece_from_musicxml

        piece = piece_from_musicxml(data, suffix, unfold=unfold)
    elif suffix in SUFFIXES:
        from partimento.io.abc_kern import piece_from_score

        piece = piece_from_score(data, suffix)
    else:
        raise UnfitError(f"{suffix or 'a name without suffix'} is none of {' '.join(SUFFIXES)}")
    return (
        piece if quantize is None else piece.replace(cuts=tuple(bar.onset for bar in piece.bars()))
    )
