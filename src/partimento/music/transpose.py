"""Transposition: of a piece by semitones and back, of a corpus to a common key, octave, or all over
an instrument's range.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from partimento.music.notes import Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Key

# where mean pitches are gathered: of the twelve choices, the one with the fewest distinct chords
# (docs/transposition.md)
REGISTER = 64


def transpose(piece: Piece, semitones: int) -> Piece:
    """Shift every note but the drums', and the declared keys with them.

    The shift by ``-semitones`` brings back every field but two, which belong to the old pitches:
    the fingering (string and fret) is dropped, and a declared key is spelt with the fewest
    accidentals, so that G flat major comes back as F sharp major. With the original at hand,
    `transpose_back` is the exact inverse.

    Raises
    ------
    ValueError
        If a pitch would leave 0 to 127.
    """
    if semitones == 0:
        return piece
    notes = piece.notes
    drums = piece.drums
    moved = notes.replace(
        pitch=notes.pitch + np.where(drums, 0, semitones),
        string=np.where(drums, notes.string, -1),
        fret=np.where(drums, notes.fret, -1),
    )
    keys = piece.keys
    if semitones % 12:
        keys = tuple(
            Key.from_tonic((key.tonic + semitones) % 12, key.mode, onset=key.onset) for key in keys
        )
    return piece.replace(notes=moved, keys=keys)


def transpose_back(moved: Piece, semitones: int, original: Piece) -> Piece:
    """The exact inverse of ``moved = transpose(original, semitones)``, in every field; `moved` may
    have been changed since.

    What transposing forgets is taken from `original`: the spelling of a declared key, where one
    that sounds the same stands at the same time, and the fingering of a note, where one of the same
    pitch and part begins at the same time.

    Examples
    --------
    >>> g_flat = Piece((), keys=(Key(-6),))
    >>> moved = transpose(g_flat, 6)
    >>> [piece.keys[0].name for piece in (moved, transpose(moved, -6), transpose_back(moved, 6, g_flat))]
    ['C major', 'F♯ major', 'G♭ major']
    """
    back = transpose(moved, -semitones)
    spelt = {(key.onset, key.tonic, key.mode): key for key in original.keys}
    back = back.replace(
        keys=tuple(spelt.get((key.onset, key.tonic, key.mode), key) for key in back.keys)
    )
    fingered = {
        (n.onset, n.pitch, n.part): n
        for n in original.notes
        if n.string is not None or n.fret is not None
    }
    if not fingered:
        return back
    notes = []
    for note in back.notes:
        was = fingered.get((note.onset, note.pitch, note.part))
        free = was is not None and note.string is None and note.fret is None
        notes.append(
            replace(note, string=was.string, fret=was.fret) if was is not None and free else note
        )
    return back.replace(notes=Notes(notes))


def interval_to_common_key(key: Key) -> int:
    """Semitones, -6 to 5, that take `key` to C major or a minor, which share their pitches.

    >>> interval_to_common_key(Key.from_name("G major")), interval_to_common_key(Key.from_name("e minor"))
    (5, 5)
    """
    home = 9 if key.mode == "minor" else 0
    return (home - key.tonic + 6) % 12 - 6


def interval_to_common_octave(notes: Notes, key: Key) -> int:
    """Semitones that take `notes`, in `key`, to C major or a minor and their mean pitch to 58 at
    least and below 70.

    The mean is weighted by duration. Pieces that differ by octaves alone meet, for it moves as the
    notes do; a common tonic (an analysed key has no octave) would keep them apart.

    >>> from fractions import Fraction
    >>> from partimento.music.piece import Note
    >>> high, low = (Notes([Note(Fraction(0), Fraction(1), pitch)]) for pitch in (67, 55))
    >>> interval_to_common_octave(high, Key.from_name("G major")), interval_to_common_octave(low, Key.from_name("G major"))
    (-7, 5)
    """
    interval = interval_to_common_key(key)
    if not len(notes):
        return interval
    weight = int(notes.duration.sum())  # whole numbers throughout: no rounding decides an octave
    above = int(notes.duration @ notes.pitch) + (interval - REGISTER + 6) * weight
    return interval - 12 * (above // (12 * weight))


def shifts_within(notes: Notes, low: int, high: int) -> tuple[int, ...]:
    """Semitones by which `notes` can move and lie between the pitches `low` and `high`, both
    included; 0 comes first, in any case.

    >>> from fractions import Fraction
    >>> from partimento.music.piece import Note
    >>> shifts_within(Notes([Note(Fraction(0), Fraction(1), pitch) for pitch in (50, 60)]), 48, 61)
    (0, -2, -1, 1)
    """
    if not len(notes):
        return (0,)
    return (
        0,
        *(
            shift
            for shift in range(low - int(notes.pitch.min()), high - int(notes.pitch.max()) + 1)
            if shift
        ),
    )
