"""Copy the file of a piece of which only some bars were composed anew."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from fractions import Fraction

from partimento.errors import InvalidScoreError, PartimentoError
from partimento.io.formats import read_score_bytes, suffix_of
from partimento.music.change import EDIT, Change, changes_between
from partimento.music.piece import Piece
from partimento.music.score_reference import ScoreReference
from partimento.notation.new_voices import voiced

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
    try:
        if is_midi(score):
            from partimento.io.midi.splice import splice as splice_midi

            for number, change in enumerate(changes, 1):
                data = splice_midi(data, change, remark if number == len(changes) else "")
        else:
            from partimento.io.musicxml.read import uncompressed
            from partimento.io.musicxml.splice import splice

            data, groups = uncompressed(data), _together(changes)
            for number, group in enumerate(groups, 1):
                data = splice(data, *group, remark=remark if number == len(groups) else "")
    except PartimentoError as error:
        raise PartimentoError(f"{shown}: {error}") from error
    return data


def _together(changes: Sequence[Change]) -> list[list[Change]]:
    """Group successive changes that do not overlap."""
    groups: list[list[Change]] = []
    for change in changes:
        others = groups[-1] if groups else []
        is_free = all(
            other.end <= change.begin
            or change.end <= other.begin
            or not {*other.parts} & {*change.parts}
            for other in others
        )
        # A change at the end may continue the piece, and is alone.
        at_end = any(each.end >= each.length for each in (change, *others))
        if others and is_free and not at_end:
            others.append(change)
        else:
            groups.append([change])
    return groups


def with_change(piece: Piece, change: Change) -> Piece:
    """Return a piece after a change, with a reference by which writers copy its file."""
    change = voiced(piece, change)
    changed = change.applied(piece.replace(score=None))
    score = piece.score
    source = piece.source
    if score is None and source.sha256 and source.path.lower().endswith(MIDI):
        score = ScoreReference(source.path, "", source.sha256)
    if score is None or any(edit[0] != EDIT for edit in score.edits):
        return changed
    return changed.replace(score=score.edited(EDIT, change.to_text()))


def with_changes(piece: Piece, changed: Piece) -> Piece:
    """Let writers copy the bars of a file that a changed piece still has.

    Parameters
    ----------
    piece : Piece
        As it was read.
    changed : Piece
        The same with other notes. If more differs, it is returned as it is.
    """
    changes = changes_between(piece, changed)
    if not changes or piece.chord_symbols or piece.score is None:
        return changed
    referring = piece
    for change in changes:
        referring = with_change(referring, change)
    score = referring.score
    if score is None or len(score.edits) != len(piece.score.edits) + len(changes):
        return changed
    # Notes that came out as they were have their old velocities in the file.
    return changed.replace(notes=referring.notes).replace(score=score)


def _suffix(score: ScoreReference) -> str:
    return suffix_of(score.path, score.member)
