"""Separate the voices of music that MIDI or a score gives as one staff.

The notes of each onset are given to the voices that are free, in every possible way. A conditional
logit model scores each way by the links that it makes (see `voice_links`), and a beam search keeps
the most probable ones. The search over voices with memory follows McLeod and Steedman (2016), and
the learned scores of links follow Gray and Bunescu (2016). The tables and the search are our own.

References
----------
.. [1] A. McLeod and M. Steedman, "HMM-based voice separation of MIDI performance", Journal of New
   Music Research 45 (1), 2016.
.. [2] P. Gray and R. Bunescu, "A neural greedy model for voice separation in symbolic music",
   ISMIR 2016.
.. [3] E. Chew and X. Wu, "Separating voices in polyphonic music: a contig mapping approach", CMMR
   2004.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from itertools import pairwise, permutations
from math import perm

import numpy as np

from partimento.analysis.voice_links import Links, NewNotes, Voices, links_of, scores_of
from partimento.music.piece import Piece

BEAM_WIDTH = 24  # partial solutions that are kept
MOST_SCORED = 3000  # choices that are scored at one onset; where there are many, fewer are kept
# With more ways to divide the notes of one onset, each partial solution has only its best one.
MOST_CHOICES = 720
TAKEN = 1e9  # the cost of a voice that still sounds


def separate_voices(piece: Piece, *, parts: Collection[int] | None = None) -> Piece:
    """Return the piece with a voice for each note, as its melodic lines suggest.

    Within a part, each note gets one voice, and the notes of a voice never overlap. A part has as
    many voices as notes that sound at once. Voice 0 is the one with the highest mean pitch. Voices
    that the piece states are not used.

    Parameters
    ----------
    piece : Piece
    parts : collection of int, optional
        The indices of the parts to separate. By default, all parts but drums.

    Returns
    -------
    Piece
        The same notes, with new values of `Note.voice`, and without `score`. A grace note has the
        voice of the note that it leads to.

    See Also
    --------
    voices_of : The same for arrays of notes.

    Examples
    --------
    >>> from partimento import Note, Piece
    >>> piece = Piece([Note(0, 2, 48), Note(0, 1, 64), Note(1, 1, 62)])
    >>> [(note.pitch, note.voice) for note in separate_voices(piece).notes]
    [(48, 1), (64, 0), (62, 0)]
    """
    notes = piece.notes
    voice = notes.voice.copy()
    for index, part in enumerate(piece.parts):
        if index in parts if parts is not None else not part.is_drum:
            of_part = notes.part == index
            written = np.flatnonzero(of_part & (notes.grace == 0))
            voice[written] = voices_of(
                notes.onset[written], notes.end[written], notes.pitch[written], notes.divisions
            )
            for grace in np.flatnonzero(of_part & (notes.grace == 1)).tolist():
                voice[grace] = _voice_after(notes.onset, notes.pitch, voice, grace, written)
    # The file of the piece shows other voices.
    return piece.replace(notes=notes.replace(voice=voice), score=None)


def _voice_after(
    onset: np.ndarray, pitch: np.ndarray, voice: np.ndarray, grace: int, written: np.ndarray
) -> int:
    """Return the voice of the note after a grace note.

    If several notes begin there, it is the nearest one in pitch.
    """
    later = written[onset[written] >= onset[grace]]
    if not len(later):
        return 0
    together = later[onset[later] == onset[later].min()]
    return int(voice[together[np.abs(pitch[together] - pitch[grace]).argmin()]])


def voices_of(onset: np.ndarray, end: np.ndarray, pitch: np.ndarray, quarter: int) -> np.ndarray:
    """Return the voice of each note, from 0 (highest mean pitch) on.

    Parameters
    ----------
    onset, end, pitch : (N,) int64
        Times are in steps, and every note ends after it begins.
    quarter : int
        Steps per quarter note.

    Returns
    -------
    (N,) int64
    """
    order = np.lexsort((onset - end, -pitch, onset))
    voices = Voices.empty(_most_at_once(onset, end))
    scores = np.zeros(1)
    history = []
    for at, low, high in _together(onset[order]):
        indices = order[low:high]
        new = NewNotes(pitch[indices], (end - onset)[indices])
        width = _width(voices.pitch.shape[1], len(indices))
        voices, scores = Voices(*(column[:width] for column in voices)), scores[:width]
        links = links_of(voices, at, new, quarter)
        parents, choices, scores = _best_choices(links, new, scores)
        voices = voices.after(parents, choices, at, new)
        history.append((indices, parents, choices))
    voice = np.zeros(len(pitch), np.int64)
    best = 0  # the partial solutions are sorted
    for indices, parents, choices in reversed(history):
        voice[indices] = choices[best]
        best = parents[best]
    top = np.empty_like(voice)
    top[order] = _from_the_top(voice[order], pitch[order])  # the order of the input must not count
    return top


def _most_at_once(onset: np.ndarray, end: np.ndarray) -> int:
    times = np.concatenate([onset, end])
    change = np.repeat([1, -1], len(onset))
    # A note that ends where another begins does not sound with it.
    return int(change[np.lexsort((change, times))].cumsum().max(initial=0))


def _width(voices: int, notes: int) -> int:
    """Return how many partial solutions can be continued in all ways."""
    return min(BEAM_WIDTH, max(1, MOST_SCORED // perm(voices, notes)))


def _together(onset: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """Yield each of the sorted onsets, with the first and last index of its notes."""
    starts = np.flatnonzero(np.diff(onset, prepend=-1)).tolist()
    for low, high in pairwise([*starts, len(onset)]):
        yield int(onset[low]), low, high


@cache
def ways_to_divide(voices: int, notes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return all ways to give notes to different voices.

    Voices that have not begun are alike. They are taken one after the other, by the highest note
    first.

    Returns
    -------
    choices : (P, n) int
        The voice of each note.
    in_order : (V + 1, P) bool
        Whether the new voices are taken in order, by the number of voices that have begun.
    """
    choices = np.array(list(permutations(range(voices), notes)), np.int64)
    in_order = []
    for begun in range(voices + 1):
        is_new = choices >= begun
        expected = begun + is_new.cumsum(1) - 1
        in_order.append((~is_new | (choices == expected)).all(1))
    return choices, np.stack(in_order)


def _best_choices(
    links: Links, new: NewNotes, scores: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return partial solutions to continue, voices of the new notes, and scores.

    A score is the logarithm of a probability, up to a constant.
    """
    link, pair = scores_of(links)
    number = len(new.pitch)
    if perm(link.shape[2], number) > MOST_CHOICES:
        return _assigned(links, link, scores)
    choices, in_order = ways_to_divide(link.shape[2], number)
    total = link[:, np.arange(number), choices].sum(2)
    for i in range(number):
        for j in range(i + 1, number):
            if new.pitch[i] > new.pitch[j]:
                total += pair[:, choices[:, i], choices[:, j]]
    possible = links.is_free[:, choices].all(2) & in_order[links.has_begun.sum(1)]
    total = np.where(possible, total, -np.inf)
    best = total.max(1, keepdims=True)
    total -= best + np.log(np.exp(total - best).sum(1, keepdims=True))
    flat = (total + scores[:, None]).ravel()
    kept = np.argsort(-flat, kind="stable")[:BEAM_WIDTH]
    kept = kept[np.isfinite(flat[kept])]
    return kept // len(choices), choices[kept % len(choices)], flat[kept]


def _assigned(
    links: Links, link: np.ndarray, scores: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Continue each partial solution by the voices with the best sum of links.

    The new notes are then given to these voices from the top.
    """
    from scipy.optimize import linear_sum_assignment

    choices = np.empty(link.shape[:2], np.int64)
    total = scores.copy()
    for row, (cost, begun) in enumerate(
        zip(np.where(links.is_free[:, None], -link, TAKEN), links.has_begun.sum(1), strict=True)
    ):
        notes, chosen = linear_sum_assignment(cost)
        is_new = chosen >= begun
        chosen[is_new] = begun + np.arange(is_new.sum())
        old = chosen[~is_new]
        chosen[~is_new] = old[np.argsort(-links.mean[row, old], kind="stable")]
        choices[row] = chosen
        total[row] -= cost[notes, chosen].sum()
    order = np.argsort(-total, kind="stable")
    return order, choices[order], total[order]


def _from_the_top(voice: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """Number voices by their mean pitch.

    Notes are in order of onset. If two voices have the same mean, the first to begin is higher.
    """
    used, first, voice, number = np.unique(
        voice, return_index=True, return_inverse=True, return_counts=True
    )
    mean = np.bincount(voice, pitch) / number
    rank = np.empty(len(used), np.int64)
    rank[np.lexsort((first, -mean))] = np.arange(len(used))
    return rank[voice]
