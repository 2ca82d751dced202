"""Score the links from voices to the notes that may follow in them.

A score adds weights that are read from tables by interval, register, gap and duration, and
penalties for voices that cross. Only differences of pitches and of times count. A transposed piece
therefore has the same scores.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partimento.analysis.voice_weights import NEW_VOICE, PAIR_PENALTIES, PENALTIES, TABLES
from partimento.short_repr import short_repr

# The upper limits of the classes of each table. Values above the last limit are one more class.
INTERVALS = np.array([0, 1, 2, 4, 5, 7, 9, 12, 16])  # semitones
REGISTERS = np.array([2, 4, 7, 10, 14])  # semitones
GAPS = np.array([0, 1, 2, 4, 8, 16])  # sixteenths between the notes
FINE = 64  # averages of pitches are integers: multiples of 1/FINE of a semitone
MEMORY = 2  # the register moves to each note by 1/2**MEMORY of their distance
FAR = 4  # semitones between the means of two voices
ABOVE_ALL = 1000  # semitones

# The intervals after a rest follow those after no rest.
WEIGHTS = {name: np.array(table) for name, table in TABLES.items()}
WEIGHTS["interval"] = np.concatenate([WEIGHTS["interval"], WEIGHTS.pop("interval_after_rest")])


@short_repr
class Voices(NamedTuple):
    """The voices of B partial solutions.

    Attributes
    ----------
    pitch, end, duration : (B, V) int64
        The latest note of each voice; times are in steps.
    register : (B, V) int64
        A moving average of the pitches, in units of 1/FINE of a semitone.
    total, number : (B, V) int64
        The sum of all pitches, and the number of notes; 0 in a voice that has not begun.
    """

    pitch: np.ndarray
    end: np.ndarray
    duration: np.ndarray
    register: np.ndarray
    total: np.ndarray
    number: np.ndarray

    @classmethod
    def empty(cls, voices: int) -> Voices:
        """Return one partial solution, with voices that have not begun."""
        return cls(*(np.zeros((1, voices), np.int64) for _ in cls._fields))

    @property
    def mean(self) -> np.ndarray:
        """The mean pitch of each voice, in units of 1/FINE of a semitone."""
        mean: np.ndarray = self.total * FINE // np.maximum(self.number, 1)
        return mean

    def after(self, parents: np.ndarray, choices: np.ndarray, onset: int, new: NewNotes) -> Voices:
        """Return the voices after new notes.

        Parameters
        ----------
        parents : (K,) int
            The partial solution that each of the new ones continues.
        choices : (K, n) int
            The voice of each new note.
        onset : int
        new : NewNotes
        """
        pitch, end, duration, register, total, number = (column[parents] for column in self)
        at = np.arange(len(parents))[:, None], choices
        fine = new.pitch * FINE
        moved = register[at] + ((fine - register[at]) >> MEMORY)
        register[at] = np.where(number[at] > 0, moved, fine)
        pitch[at], duration[at], end[at] = new.pitch, new.duration, onset + new.duration
        total[at] += new.pitch
        number[at] += 1
        return Voices(pitch, end, duration, register, total, number)


@short_repr
class NewNotes(NamedTuple):
    """Notes that begin together, from the highest to the lowest.

    Attributes
    ----------
    pitch, duration : (n,) int64
    """

    pitch: np.ndarray
    duration: np.ndarray


@short_repr
class Links(NamedTuple):
    """The features of all links from V voices to n new notes, in B partial solutions.

    Attributes
    ----------
    has_begun, is_free : (B, V) bool
        Whether a voice has notes yet, and whether none of them still sounds.
    mean : (B, V) int
        The mean pitch of each voice, from `Voices.mean`.
    tables : dict of str to (B, n, V) int
        The class of each link in each table.
    penalties : dict of str to (B, n, V) int
        How often each penalty applies.
    pairs : dict of str to (B, V, V) bool
        For two new notes, the higher one in the first voice: whether each penalty applies.
    """

    has_begun: np.ndarray
    is_free: np.ndarray
    mean: np.ndarray
    tables: dict[str, np.ndarray]
    penalties: dict[str, np.ndarray]
    pairs: dict[str, np.ndarray]


def links_of(voices: Voices, onset: int, new: NewNotes, quarter: int) -> Links:
    """Return the features of the links to the notes that begin at an onset.

    Parameters
    ----------
    voices : Voices
    onset : int
        In steps.
    new : NewNotes
    quarter : int
        Steps per quarter note.
    """
    has_begun = voices.number > 0
    is_free = (voices.end <= onset) | ~has_begun
    mean = voices.mean
    return Links(
        has_begun,
        is_free,
        mean,
        _tables(voices, mean, onset, new, quarter),
        _penalties(voices.pitch, mean, new, has_begun & ~is_free, has_begun & is_free),
        _pairs(voices.pitch, mean, has_begun),
    )


def _tables(
    voices: Voices, mean: np.ndarray, onset: int, new: NewNotes, quarter: int
) -> dict[str, np.ndarray]:
    fine = new.pitch[:, None] * FINE
    interval = np.abs(new.pitch[:, None] - voices.pitch[:, None])
    gap = np.searchsorted(GAPS * quarter, 4 * (onset - voices.end).clip(0))
    before, after = np.maximum(voices.duration, 1)[:, None], new.duration[:, None]
    longer, shorter = np.maximum(before, after), np.minimum(before, after)
    after_rest = np.broadcast_to(gap[:, None] > 0, interval.shape)
    return {
        # The intervals after a rest have the second half of the weights.
        "interval": np.searchsorted(INTERVALS, interval) + after_rest * (len(INTERVALS) + 1),
        "register": np.searchsorted(REGISTERS * FINE, np.abs(fine - voices.register[:, None])),
        "mean": np.searchsorted(REGISTERS * FINE, np.abs(fine - mean[:, None])),
        "gap": np.broadcast_to(gap[:, None], interval.shape),
        "ratio": sum((longer >= factor * shorter).astype(np.int64) for factor in (2, 4))
        + (longer != shorter),
    }


def _penalties(
    last: np.ndarray, mean: np.ndarray, new: NewNotes, held: np.ndarray, silent: np.ndarray
) -> dict[str, np.ndarray]:
    # Axes: partial solution, new note, its voice, other voice.
    side = np.sign(last[:, :, None] - last[:, None, :])[:, None]
    new_side = np.sign(new.pitch[:, None] - last[:, None])[:, :, None]
    passes = side * new_side < 0
    highest = np.where(held, last, -1).max(1)[:, None].clip(new.pitch.max())
    lowest = np.minimum(np.where(held, last, ABOVE_ALL).min(1)[:, None], new.pitch.min())
    begun = held | silent
    is_inner = mean < np.where(begun, mean, -1).max(1)[:, None]
    is_upper = mean > np.where(begun, mean, ABOVE_ALL * FINE).min(1)[:, None]
    return {
        "crosses_held": (passes & held[:, None, None]).sum(-1),
        "passes_last": (passes & silent[:, None, None]).sum(-1),
        "inner_on_top": (new.pitch >= highest)[:, :, None] & is_inner[:, None],
        "inner_on_bottom": (new.pitch <= lowest)[:, :, None] & is_upper[:, None],
    }


def _pairs(last: np.ndarray, mean: np.ndarray, has_begun: np.ndarray) -> dict[str, np.ndarray]:
    both = has_begun[:, :, None] & has_begun[:, None]
    below = last[:, :, None] < last[:, None]
    apart = mean[:, None] - mean[:, :, None]
    return {
        "crosses": below & both,
        "disorders": (apart > 0) & both,
        "disorders_far": (apart > FAR * FINE) & both,
    }


def scores_of(links: Links) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of the links (B, n, V) and of pairs of new notes (B, V, V)."""
    link = sum(
        (WEIGHTS[name][index] for name, index in links.tables.items()),
        sum(PENALTIES[name] * count for name, count in links.penalties.items()),
    )
    pair = sum(PAIR_PENALTIES[name] * applies for name, applies in links.pairs.items())
    return np.where(links.has_begun[:, None], link, NEW_VOICE), np.asarray(pair)
