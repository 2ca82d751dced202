"""Choose the spelling of pitches, such as C sharp or D flat, from key and context."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

import numpy as np

from partimento.music.piece import Piece
from partimento.music.timelines import Key

STEPS = "FCGDAEB"  # the line of fifths from F (-1) on
MAJOR_DEGREES = (0, 2, 4, 5, 7, 9, 11)
# The positions on the line of fifths, relative to a tonic, of the notes 0 to 11 semitones above it.
DEGREES = np.array([0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5])
# The context of a note, in notes before it and from itself on. Chosen, with the three weights
# below, on every second piece of those in benchmarks/spelling.py.
NOTES_BEFORE, NOTES_AFTER = 20, 30
LOWEST_TONIC = -4  # relative to the key: twelve tonics, from the minor sixth of a major key
SCALE_WEIGHT = 2.0  # of each note of the key's scale, in notes
# The weights of a semitone that follows, as a share of all votes.
RISES, FALLS = 0.34, 0.2
CHORD = 0.15  # the weight of the notes of the scale that sound with a note
LOWEST_NAME, HIGHEST_NAME = -15, 19  # from F double flat to B double sharp
LOWEST_DRUM = -3  # drums have no key: C sharp, E flat, F sharp, G sharp and B flat


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

    This is the algorithm ps13s1 (Meredith 2006) on the line of fifths (Temperley 2001). The key
    signature and the next melodic step are further evidence:

    - Every pitch class that sounds in the context of a note is a possible tonic. Each has a name
      near the key, and names the note as a degree of its own scale. This has minor and major
      seconds, thirds, sixths and sevenths, and an augmented fourth. The tonics vote, each as often
      as it sounds. The scale of the key votes, too.
    - A note that rises a semitone in its part leans to the sharp name, as leading notes do. One
      that falls a semitone leans a little to the flat name.
    - A note leans to the sharp name if that is nearer to the notes of the scale that sound with it:
      D sharp over B and F sharp, not E flat.
    - All notes of one pitch in a bar and part have one name: their leanings are added.

    Without a declared key, the key is the major scale that contains most of the sounding time.

    Returns
    -------
    list of Spelling
        One per note, in the order of ``piece.notes``.

    References
    ----------
    D. Meredith, "The ps13 pitch spelling algorithm", Journal of New Music Research 35(2), 2006.
    D. Temperley, *The Cognition of Basic Musical Structures*, MIT Press, 2001, chapter 5.
    """
    notes = piece.notes
    fifths = (notes.pitch * 7 - LOWEST_DRUM) % 12 + LOWEST_DRUM
    pitched = np.flatnonzero(~piece.drums)
    if len(pitched):
        # Within a time from low to high, so that windows are the same for any order of parts.
        order = pitched[np.lexsort((notes.pitch[pitched], notes.onset[pitched]))]
        moves = np.array(_next_moves(piece, notes.divisions if piece.keys else 0))
        key, leading = _keys_of_each(piece, order)
        # The leading note of a minor key keeps its name, even if it falls a semitone.
        leads = notes.pitch[order] % 12 == leading
        steps = np.where(leads, np.maximum(moves[order], 1), moves[order])
        flat, lean = _leanings(notes.pitch[order] % 12, key, steps)
        lean += CHORD * _leanings_in_chords(piece, order, flat, key)
        bar = _bar_of_each(piece, order)
        lean = _summed(lean, notes.part[order], notes.pitch[order], bar, key)
        # No name has more than two accidentals.
        is_sharp = ((lean > 0) | (flat < LOWEST_NAME)) & (flat + 12 <= HIGHEST_NAME)
        fifths[order] = flat + 12 * is_sharp
    pairs = zip(notes.pitch.tolist(), fifths.tolist(), strict=True)
    return [on_line(pitch, fifth) for pitch, fifth in pairs]


def _keys_of_each(piece: Piece, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the fifths and the leading note of the key at each of some notes.

    Only minor keys have a leading note here; otherwise it is -1/2, which is no pitch class.
    """
    keys = piece.keys or (_best_scale(piece),)
    starts = np.array([float(key.onset * piece.notes.divisions) for key in keys])
    at = np.maximum(np.searchsorted(starts, piece.notes.onset[order], side="right") - 1, 0)
    leading = [(key.tonic + 11) % 12 if key.mode == "minor" else -0.5 for key in keys]
    return np.array([key.fifths for key in keys])[at], np.array(leading)[at]


def _bar_of_each(piece: Piece, order: np.ndarray) -> np.ndarray:
    """Return the number of the bar in which each of some notes begins."""
    starts = np.array([float(bar.onset * piece.notes.divisions) for bar in piece.bars()])
    bars: np.ndarray = np.searchsorted(starts, piece.notes.onset[order], side="right")
    return bars


def _summed(lean: np.ndarray, *columns: np.ndarray) -> np.ndarray:
    """Return the sums of the leanings of all notes with equal columns."""
    _, group = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
    group = group.ravel()
    sums: np.ndarray = np.bincount(group, lean)[group]
    return sums


def _leanings(
    pitch_class: np.ndarray, key: np.ndarray, moves: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the flat name of each note, and how much it leans to the sharp name.

    Names are positions on the line of fifths. The sharp name is twelve fifths above the flat one.

    Parameters
    ----------
    pitch_class, key, moves : (N,) int64
        For each note in the order of onsets; `key` is the fifths of its key, `moves` the semitone
        step that follows it.
    """
    tonic = np.arange(12)
    lowest = key[:, None] + LOWEST_TONIC
    # (N, 12): the name of each tonic, and the name that it gives to the note.
    name = (7 * tonic - lowest) % 12 + lowest + DEGREES[(pitch_class[:, None] - tonic) % 12]
    counts = _counts(pitch_class)
    for degree in MAJOR_DEGREES:
        counts[np.arange(len(key)), (7 * key + degree) % 12] += SCALE_WEIGHT
    lowest_name = key + LOWEST_TONIC - 5
    flat = (7 * pitch_class - lowest_name) % 12 + lowest_name
    votes = np.where(name > flat[:, None], counts, -counts).sum(1) / counts.sum(1)
    # Notes of the scale keep their names wherever they lead.
    is_chromatic = (7 * pitch_class - key + 1) % 12 > 6
    lean = votes + is_chromatic * (RISES * (moves > 0) - FALLS * (moves < 0))
    return flat, lean


def _leanings_in_chords(
    piece: Piece, order: np.ndarray, flat: np.ndarray, key: np.ndarray
) -> np.ndarray:
    """Return how much notes lean to the sharp name because of their chords.

    Parameters
    ----------
    piece : Piece
    order, flat, key : (N,) int64
        The indices of the notes in the order of onsets, their flat names, and their keys.

    Returns
    -------
    (N,) float64
        From 0 to 1. Each note of the scale that sounds at the onset has one vote, for the name to
        which it is nearer. The result is the mean, where sharp is 1 and flat is -1, but not below
        0. Notes of the scale have 0.
    """
    notes = piece.notes
    columns = (notes.onset, notes.end, 7 * notes.pitch)
    onset, end, fifth = (column[order].tolist() for column in columns)
    lean = np.zeros(len(order))
    sounding: list[tuple[int, int]] = []  # the end of a note, and its place on the line of fifths
    for moment, group in groupby(range(len(order)), key=onset.__getitem__):
        new = list(group)
        sounding = [each for each in sounding if each[0] > moment]
        sounding += [(end[i], fifth[i]) for i in new]
        for i in new:
            own = int(key[i])
            if (fifth[i] - own + 1) % 12 <= 6:
                continue  # a note of the scale
            degrees = {(other - own + 1) % 12 for _, other in sounding}
            names = [degree + own - 1 for degree in degrees if degree <= 6]
            nearer = [np.sign(abs(flat[i] - name) - abs(flat[i] + 12 - name)) for name in names]
            lean[i] = max(0.0, float(np.mean(nearer))) if nearer else 0.0
    return lean


def _counts(pitch_class: np.ndarray) -> np.ndarray:
    """Return how often each pitch class sounds in the context of each note: (N, 12)."""
    total = len(pitch_class)
    before = np.zeros((total + 1, 12))
    before[1:] = np.cumsum(np.eye(12)[pitch_class], axis=0)
    index = np.arange(total)
    first, last = np.maximum(index - NOTES_BEFORE, 0), np.minimum(index + NOTES_AFTER, total)
    counts: np.ndarray = before[last] - before[first]
    return counts


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
