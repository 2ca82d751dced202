"""Read one score file of any supported format as a piece."""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path

from partimento.errors import InvalidScoreError, ReadError
from partimento.io.formats import (
    MIDI_SUFFIXES,
    READERS,
    SUFFIXES,
    Quantize,
    ReadOptions,
    read_score_bytes,
    split_tune_name,
    suffix_of,
)
from partimento.io.kinds import advice_for
from partimento.io.provenance import START, provenance_in
from partimento.music.piece import Piece
from partimento.music.score_reference import ScoreReference
from partimento.music.timelines import Source


def read_piece(
    path: Path | str,
    *,
    member: str = "",
    quantize: Quantize = None,
    unfold: bool = False,
    encoding: str = "",
) -> Piece:
    """Read one score file, in this process.

    Parameters
    ----------
    path : path
        MIDI (``.mid``, ``.midi``), MusicXML (``.musicxml``, ``.xml``, ``.mxl``), ABC (``.abc``),
        kern (``.krn``), MEI (``.mei``) or Guitar Pro (``.gp3``, ``.gp4``, ``.gp5``, ``.gpx``,
        ``.gp``).
    member : str
        If `path` is a zip: the name of the file inside it. If it is an ABC file of several tunes:
        the name of one, such as ``12``; ``tunes.abc/12`` as the path is the same.
    quantize : None or "music21"
        None keeps every time exactly as the file has it. With ``"music21"``, the `events` of a MIDI
        file are the chords of music21 10.5.1's ``converter.parse(path).chordify()``, for
        comparison with it (see `analysis.music21_grid`). Events of other files are also cut at bar
        lines.
    unfold : bool
        Whether the repeats of a MusicXML file are written out as they are played.
    encoding : str
        The encoding of text in the file, such as ``shift-jis``, if it does not state one. It is
        detected by default.

    Returns
    -------
    Piece
        `Piece.source` states the path and the SHA-256 hash of the file.

    Raises
    ------
    ReadError
        If the file cannot be read; the message gives the reason. A file that crashes or hangs a
        parser does so in this process, other than with `read_pieces`.
    """
    path, tune = split_tune_name(Path(path))
    member = member or tune
    shown, suffix = (
        f"{path}/{member}" if member else str(path),
        suffix_of(path, member),
    )
    if quantize not in (None, "music21"):
        raise ValueError(f"quantize is None or 'music21', not {quantize!r}")
    try:
        if suffix not in SUFFIXES and (advice := advice_for(member or path.name)):
            raise InvalidScoreError(advice)
        data = read_score_bytes(str(path), member) if suffix in SUFFIXES else b""
        piece = piece_from_bytes(data, ReadOptions(suffix, quantize, unfold, encoding))
    except OSError as error:
        raise ReadError(shown, (error.strerror or str(error)).lower()) from error
    except (InvalidScoreError, ValueError) as error:
        raise ReadError(shown, str(error)) from error
    return with_source(piece, str(path), member, hashlib.sha256(data).hexdigest())


def with_source(piece: Piece, path: str, member: str, sha256: str) -> Piece:
    """Return a piece that states the file from which it was read.

    Parameters
    ----------
    piece : Piece
        From `piece_from_bytes`.
    path : str
        The file, or the zip that contains it.
    member : str
        Its name in the zip; empty if it is not in a zip.
    sha256 : str
        The hash of its content.
    """
    source = Source(path=f"{path}/{member}" if member else path, sha256=sha256)
    score = None
    if piece.score is not None:
        score = ScoreReference(path, member, sha256, piece.score.edits)
    return piece.replace(source=source, score=score)


def piece_from_bytes(data: bytes, options: ReadOptions) -> Piece:
    """Read a piece from the content of a file.

    Parameters
    ----------
    data : bytes
    options : ReadOptions
        The suffix states the format.

    Raises
    ------
    InvalidScoreError, ValueError
        If the content cannot be read as music; the message gives the reason.
    """
    suffix = options.suffix
    if suffix not in READERS:
        raise InvalidScoreError(
            f"{suffix or 'a name without suffix'} is none of {' '.join(SUFFIXES)}"
        )
    module, _, name = READERS[suffix].partition(":")
    piece: Piece = getattr(import_module(module), name)(data, options)
    if piece.provenance is None and START in data:
        piece = piece.replace(provenance=provenance_in(data, suffix))
    if options.quantize is None or suffix in MIDI_SUFFIXES:
        return piece
    return piece.replace(cuts=tuple(bar.onset for bar in piece.bars()))
