"""Copy the file of a piece of which only some bars were composed anew."""

from __future__ import annotations

import hashlib
import warnings
from fractions import Fraction

from partimento.errors import InvalidScoreError, PartimentoError
from partimento.io.formats import read_score_bytes, suffix_of
from partimento.music.change import EDIT, Change
from partimento.music.piece import Piece
from partimento.music.score_reference import ScoreReference

MIDI = (".mid", ".midi")
MUSICXML = (".musicxml", ".xml", ".mxl")


def is_midi(score: ScoreReference | None) -> bool:
    """Return whether a reference is to a MIDI file, of which only copies are made."""
    return score is not None and _suffix(score) in MIDI


def spliced(piece: Piece, suffix: str, remark: str = "") -> bytes | None:
    """Return the file of a piece with its changes, and all else as it was.

    Parameters
    ----------
    piece : Piece
    suffix : str
        The format that is wanted. A MIDI file can only be copied as MIDI, MusicXML as MusicXML.
    remark : str
        How the piece was made.

    Returns
    -------
    bytes or None
        None if nothing was changed, or the piece was edited in another way, too.

    Raises
    ------
    PartimentoError
        If the file is missing, has changed, or cannot be copied.
    """
    score = piece.score
    if score is None or not score.edits or any(edit[0] != EDIT for edit in score.edits):
        return None
    if suffix not in (MIDI if is_midi(score) else MUSICXML):
        return None
    data = spliced_bytes(score, remark)
    if is_midi(score) and not _has_notes_of(data, piece):
        warnings.warn(
            f"{score.path} was quantized or edited after it was read, and is written anew",
            stacklevel=2,
        )
        return None
    return data


def _has_notes_of(data: bytes, piece: Piece) -> bool:
    """Return whether the notes of a MIDI file begin as those of a piece."""
    from partimento.io.midi.read import midi_from_bytes

    def places(read: Piece) -> list[tuple[Fraction, int, int]]:
        return sorted((note.onset, note.pitch, note.part) for note in read.notes)

    return places(midi_from_bytes(data).to_piece()) == places(piece)


def spliced_bytes(score: ScoreReference, remark: str = "") -> bytes:
    """Return the bytes of a file with the changes; MusicXML is uncompressed.

    Raises
    ------
    PartimentoError
        As `spliced`.
    """
    shown = f"{score.path}/{score.member}" if score.member else score.path
    try:
        data = read_score_bytes(score.path, score.member)
        if hashlib.sha256(data).hexdigest() != score.sha256:
            raise PartimentoError(f"{shown} has changed since it was read")
        changes = [Change.from_text(str(edit[1])) for edit in score.edits]
    except (OSError, InvalidScoreError, ValueError, TypeError, LookupError) as error:
        raise PartimentoError(f"{shown}: {getattr(error, 'strerror', None) or error}") from error
    if is_midi(score):
        from partimento.io.midi.splice import splice
    else:
        from partimento.io.musicxml.read import uncompressed
        from partimento.io.musicxml.splice import splice

        data = uncompressed(data)
    try:
        for number, change in enumerate(changes, 1):
            data = splice(data, change, remark if number == len(changes) else "")
    except PartimentoError as error:
        raise PartimentoError(f"{shown}: {error}") from error
    return data


def with_change(piece: Piece, change: Change) -> Piece:
    """Return a piece after a change, with a reference by which writers copy its file."""
    changed = change.applied(piece.replace(score=None))
    score = piece.score
    source = piece.source
    if score is None and source.sha256 and source.path.lower().endswith(MIDI):
        score = ScoreReference(source.path, "", source.sha256)
    if score is None or any(edit[0] != EDIT for edit in score.edits):
        return changed
    return changed.replace(score=score.edited(EDIT, change.to_text()))


def _suffix(score: ScoreReference) -> str:
    return suffix_of(score.path, score.member)
