"""One file becomes one Piece."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Literal

from partimento.corpus.errors import MAX_BYTES, ReadError, UnfitError
from partimento.piece import Piece, Source

MIDI_SUFFIXES = (".mid", ".midi")
MUSICXML_SUFFIXES = (".musicxml", ".mxl", ".xml")
SCORE_SUFFIXES = (*MUSICXML_SUFFIXES, ".abc", ".krn")
SUFFIXES = MIDI_SUFFIXES + SCORE_SUFFIXES
Quantise = Literal["music21"] | None


def read_piece(path: Path | str, *, quantise: Quantise = None, unfold: bool = False) -> Piece:
    """Read one file, in this process.

    Parameters
    ----------
    path : path
        MIDI (``.mid``, ``.midi``), MusicXML (``.musicxml``, ``.xml``, ``.mxl``), ABC (``.abc``) or kern (``.krn``).
    quantise : None or "music21"
        None keeps every time exactly as the file has it. ``"music21"`` gives the view whose `events` are what music21 10.5.1 makes of the
        file by ``converter.parse(path).chordify()``, for comparison with it (see `chordify`).
    unfold : bool
        Whether the repeats of a MusicXML file are written out as they are played.

    Returns
    -------
    Piece
        `source` bears the path and the SHA-256 of the file.

    Raises
    ------
    ReadError
        If the file cannot be read, with a reason. `read_pieces` also withstands files that crash or hang a parser; this does not.
    """
    path = Path(path)
    if quantise not in (None, "music21"):
        raise ValueError(f"quantise is None or 'music21', not {quantise!r}")
    try:
        data = _bytes_of(path)
        piece = _piece_from(path, data, quantise, unfold=unfold)
    except OSError as error:
        raise ReadError(path, (error.strerror or str(error)).lower()) from error
    except (UnfitError, ValueError) as error:
        raise ReadError(path, str(error)) from error
    return replace(piece, source=Source(path=str(path), sha256=hashlib.sha256(data).hexdigest()))


def _bytes_of(path: Path) -> bytes:
    if path.suffix.lower() not in SUFFIXES:
        raise UnfitError(f"{path.suffix or 'a name without suffix'} is none of {' '.join(SUFFIXES)}")
    if not path.exists():
        raise UnfitError("no such file")
    if not path.is_file():
        raise UnfitError("not a file")  # a named pipe would wait for ever
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UnfitError(f"larger than {MAX_BYTES // 2**20} MiB")
    return data


def _piece_from(path: Path, data: bytes, quantise: Quantise, *, unfold: bool) -> Piece:
    if path.suffix.lower() in MIDI_SUFFIXES:
        from partimento.corpus.midi import midi_from_bytes

        midi = midi_from_bytes(data)
        if quantise is None:
            return midi.to_piece()
        from partimento.corpus.chordify import music21_view

        return music21_view(midi)
    if path.suffix.lower() in MUSICXML_SUFFIXES:
        from partimento.corpus.musicxml import piece_from_musicxml

        piece = piece_from_musicxml(data, path.suffix.lower(), unfold=unfold)
    else:
        from partimento.corpus.scores import piece_from_score

        piece = piece_from_score(data, path.suffix.lower())
    return piece if quantise is None else piece.replace(cuts=tuple(bar.onset for bar in piece.bars()))
