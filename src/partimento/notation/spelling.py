"""Choose the spelling of pitches, such as C sharp or D flat, from key and context."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partimento.music.piece import Piece
from partimento.music.timelines import Key

STEPS = "FCGDAEB"  # the line of fifths from F (-1) on
MAJOR_DEGREES = (0, 2, 4, 5, 7, 9, 11)
F_FLAT, C_FLAT, E_SHARP, B_SHARP = -8, -7, 11, 12  # on the line of fifths


class Spelling(NamedTuple):
    """A spelled pitch: ``Spelling("C", 1, 4)`` is the C sharp above middle C."""

    step: str
    alter: int
    octave: int


def on_line(pitch: int, fifth: int) -> Spelling:
    """Spell a pitch according to its position on the line of fifths.

    Parameters
    ----------
    pitch : int
        MIDI pitch.
    fifth : int
        C is 0, G is 1, F is -1.

    Examples
    --------
    >>> on_line(61, 7), on_line(61, -5)
    (Spelling(step='C', alter=1, octave=4), Spelling(step='D', alter=-1, octave=4))
    >>> on_line(71, -7)
    Spelling(step='C', alter=-1, octave=5)
    """
    alter, index = divmod(fifth + 1, 7)
    return Spelling(STEPS[index], alter, (pitch - alter) // 12 - 1)


def spell(piece: Piece) -> list[Spelling]:
    """Spell the pitch of every note.

    Notes of the scale have its names. A note outside the scale is a raised degree if a note a
    semitone above follows (a leading note). It is a lowered degree if a note a semitone below
    follows. Other notes get their usual names: in C major C♯ E♭ F♯ G♯ B♭, in A minor D♯ instead of
    E♭. The leading note of G sharp minor is F double sharp. Without a declared key, the scale is
    the major scale that contains most of the sounding time.

    Returns
    -------
    list of Spelling
        One per note, in the order of ``piece.notes``.
    """
    notes = piece.notes
    names: list[Spelling] = []
    declared = bool(piece.keys)
    keys = piece.keys or (_best_scale(piece),)
    starts = [key.onset for key in keys]
    pitch, part = notes.pitch.tolist(), notes.part.tolist()
    # A written key explains the names of notes. Without one, only a direct step explains F flat.
    moves = _next_moves(piece, notes.divisions if declared else 0)
    onset = notes.onset.tolist()
    current = 0
    for i, value in enumerate(pitch):
        while current + 1 < len(keys) and starts[current + 1] * notes.divisions <= onset[i]:
            current += 1
        names.append(
            on_line(value, _fifth(value, keys[current], moves[i], declared=declared))
            if not piece.parts[part[i]].is_drum
            else on_line(value, _fifth(value, Key(), 0))
        )
    return names


def _fifth(pitch: int, key: Key, move: int, *, declared: bool = True) -> int:
    """Return the position of a pitch on the line of fifths.

    Relative to the key, the scale spans -1 to 5, and the usual chromatic notes -3 to 8. `move` is
    the semitone step to the next note, from `_next_moves`. `declared` is whether the piece has a
    key signature.
    """
    lowest = -2 if key.mode == "minor" else -3
    place = (pitch * 7 - key.fifths - lowest) % 12 + lowest
    if -1 <= place <= 5:
        return place + key.fifths
    if move > 0 and place < -1:
        place += 12 if place + 12 <= 9 else 0
    elif move < 0 and place > 6:
        place -= 12
    fifth = place + key.fifths
    # Double accidentals are for raised degrees that rise, and lowered ones that fall. The raised
    # sixth and seventh degrees of minor have them in every context, as in chords.
    is_asked_for = key.mode == "minor" and place in (6, 8)
    if not B_SHARP >= fifth >= F_FLAT and not is_asked_for and move * fifth <= 0:
        return (fifth + 5) % 12 - 5
    # Without a key signature, F flat, C flat, E sharp and B sharp need a reason, too.
    if not declared and (fifth <= C_FLAT or fifth >= E_SHARP) and move * fifth <= 0:
        return fifth + 12 if fifth < 0 else fifth - 12
    return fifth


def _next_moves(piece: Piece, limit: int) -> list[int]:
    """Return the semitone step that follows each note: up (1), down (-1) or none (0).

    The step must follow in the same part, at most `limit` steps of the grid after the note's end.
    """
    notes = piece.notes
    moves = [0] * len(notes)
    # (part, pitch) → the index of the last such note, and its end
    latest: dict[tuple[int, int], tuple[int, int]] = {}
    for i, (onset, end, pitch, part) in enumerate(
        zip(
            notes.onset.tolist(),
            notes.end.tolist(),
            notes.pitch.tolist(),
            notes.part.tolist(),
            strict=True,
        )
    ):
        for step in (1, -1):
            before, before_end = latest.get((part, pitch - step), (-1, 0))
            if before >= 0 and before_end <= onset <= before_end + limit and moves[before] == 0:
                moves[before] = step
        latest[part, pitch] = (i, end)
    return moves


def _best_scale(piece: Piece) -> Key:
    """Return the major key whose scale contains most of the sounding time."""
    notes = piece.notes
    if not len(notes):
        return Key()
    time = np.bincount(notes.pitch % 12, notes.duration, 12)
    shares = {
        fifths: sum(time[(degree + 7 * fifths) % 12] for degree in MAJOR_DEGREES)
        for fifths in (0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6)
    }
    return Key(max(shares, key=lambda fifths: shares[fifths]))
