"""Compare separated voices with the voices that a score states."""

from __future__ import annotations

from collections import Counter
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np

Row = tuple[int, int, int]  # onset, end and pitch of a note


class Agreement(NamedTuple):
    """How well voices agree with stated ones.

    Attributes
    ----------
    right : int
        Links of the voices that the score has, too.
    links : int
        All links of the voices.
    found : int
        Links of the score that the voices have, too.
    stated : int
        All links of the score.
    """

    right: int = 0
    links: int = 0
    found: int = 0
    stated: int = 0

    @property
    def precision(self) -> float:
        """The share of right links among those of the voices."""
        return self.right / self.links if self.links else float("nan")

    @property
    def recall(self) -> float:
        """The share of the links of the score that was found."""
        return self.found / self.stated if self.stated else float("nan")

    def plus(self, other: Agreement) -> Agreement:
        """Return the agreement over the links of both."""
        return Agreement(*(a + b for a, b in zip(self, other, strict=True)))


def agreement(
    onset: np.ndarray, end: np.ndarray, pitch: np.ndarray, voice: np.ndarray, stated: np.ndarray
) -> Agreement:
    """Count the links to the next note in the same voice that agree.

    A link joins a note to the next note of its voice. It is right if the score has the second note
    at the next onset of the first one's voice. A stated voice may have chords. Its step from one
    onset to the next is then found if any two notes of the two chords are linked. Without chords,
    these are the precision and recall of [1]_. Notes with the same onset, end and pitch
    are alike: links count by these values.

    Parameters
    ----------
    onset, end, pitch : (N,) int
    voice : (N,) int
        The voices to judge, without chords.
    stated : (N,) int
        The voices of the score.

    References
    ----------
    .. [1] B. Duane and B. Pardo, "Streaming from MIDI using constraint satisfaction optimization
       and sequence alignment", ICMC 2009.
    """
    rows: list[Row] = list(zip(onset.tolist(), end.tolist(), pitch.tolist(), strict=True))
    links = Counter((rows[a], rows[b]) for (a,), (b,) in _steps(onset, voice, chords=False))
    number, right, found = links.total(), 0, 0
    steps = _steps(onset, stated, chords=True)
    for before, after in steps:
        possible = Counter((rows[a], rows[b]) for a in before for b in after)
        both = links & possible
        links -= both
        right += both.total()
        found += bool(both)
    return Agreement(right, number, found, len(steps))


def _steps(
    onset: np.ndarray, voice: np.ndarray, *, chords: bool
) -> list[tuple[list[int], list[int]]]:
    """Return the steps of all voices: the notes before, and the notes after."""
    groups: dict[int, dict[int, list[int]]] = {}
    for index in np.argsort(onset, kind="stable").tolist():
        of_voice = groups.setdefault(int(voice[index]), {})
        of_voice.setdefault(int(onset[index]) if chords else index, []).append(index)
    return [step for of_voice in groups.values() for step in pairwise(of_voice.values())]


def voices_by_pitch_order(onset: np.ndarray, end: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """Return the baseline: the n-th note from the top is in voice n.

    Notes count while they sound. The rank of a note is the one at its onset.
    """
    voice = np.empty(len(onset), np.int64)
    sounding: list[int] = []
    in_order = np.lexsort((-pitch, onset)).tolist()
    for time, group in groupby(in_order, key=lambda note: int(onset[note])):
        new = list(group)
        sounding = [note for note in sounding if end[note] > time] + new
        ranked = sorted(sounding, key=lambda note: (-int(pitch[note]), int(onset[note])))
        for note in new:
            voice[note] = ranked.index(note)
    return voice
