"""Examine chord embeddings: nearest neighbors, a map, and the circle of fifths.

Chords with the same pitch classes are grouped under one chord name, whatever their spacing and
doubling. The vector of a group is the mean of its chords' directions, weighted by frequency.
Shapes: N chords, M names, E embedding size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import spearmanr

from partimento.errors import PartimentoError
from partimento.music.chord_names import (
    CLASSES,
    NAME_OF_CLASSES,
    QUALITIES,
    Chord,
    chord_name,
    classes_named,
    spelling,
    voicing,
)
from partimento.short_repr import short_repr
from partimento.training.run_folder import RunFolder

RARE = 1 / 5000  # chords with a smaller share of events are not shown: their training is too short
MAJOR, MINOR = "", "m"
# The chords of a table by default: the usual ones in C major and A minor.
HOME = ("C", "Dm", "Em", "F", "G", "Am", "Bdim", "G7", "E7", "D7")
# Semitones from the root of a major chord up to that of a minor chord → their relation.
RELATIONS = {
    9: "relative",
    0: "parallel",
    4: "mediant",
    2: "supertonic",
    7: "dominant",
    5: "subdominant",
}


# ---------------------------------------------------------------------- vectors


@short_repr
class ChordTable(NamedTuple):
    """Chords to compare, the most frequent first.

    Attributes
    ----------
    names : list of str
        M names.
    directions : (M, E) array
        Vectors of length 1.
    counts : (M,) array
        Occurrences in training.
    """

    names: list[str]
    directions: np.ndarray
    counts: np.ndarray

    def select(self, rows: np.ndarray) -> ChordTable:
        """Select some of the chords, by indices or by a mask (M,)."""
        chosen = np.arange(len(self.names))[rows]
        return ChordTable(
            [self.names[row] for row in chosen], self.directions[chosen], self.counts[chosen]
        )


@short_repr
@dataclass(frozen=True)
class ChordVectors:
    """The vectors of a vocabulary of chords.

    Attributes
    ----------
    chords : tuple of tuple of int
        N chords as MIDI pitches, from the lowest.
    vectors : (N, E) array
        NaN for chords without a vector.
    counts : (N,) array
        Occurrences of each chord in training.
    """

    chords: tuple[Chord, ...]
    vectors: np.ndarray
    counts: np.ndarray

    @cached_property
    def voicings(self) -> ChordTable:
        """All chords with their exact notes, except for rests.

        The mean of all vectors is subtracted first, because it does not distinguish chords.
        """
        known = np.flatnonzero(np.isfinite(self.vectors).all(1) & (self.counts > 0))
        vectors, counts = (
            np.asarray(self.vectors, float)[known],
            np.asarray(self.counts, float)[known],
        )
        if not len(known):
            raise PartimentoError("there are no chord vectors to compare")
        order = [index for index in np.argsort(-counts, kind="stable") if self.chords[known[index]]]
        vectors = vectors - np.average(vectors, axis=0, weights=counts)
        return ChordTable(
            [spelling(self.chords[row]) for row in known], unit(vectors), counts
        ).select(np.array(order, int))

    @cached_property
    def names(self) -> ChordTable:
        """Chords grouped by their pitch classes, under chord names such as ``Am``.

        If fewer than three chord names occur, notes and intervals are included.
        """
        pitches = {spelling(chord): chord for chord in self.chords}
        members: dict[str, list[int]] = {}
        for row, spelt in enumerate(self.voicings.names):
            members.setdefault(chord_name(pitches[spelt]), []).append(row)
        if sum(name in CLASSES for name in members) > 2:
            members = {name: rows for name, rows in members.items() if name in CLASSES}
        if not members:
            raise PartimentoError("there are no chord vectors to compare")
        return group_by_name(self.voicings, members)

    @property
    def shown(self) -> ChordTable:
        """Chord names without rare ones; all names, if all are rare."""
        common = self.names.counts >= RARE * self.counts.sum()
        return self.names.select(common) if common.any() else self.names


def chord_vectors(folder: Path) -> ChordVectors:
    """Read the chord vectors of a run.

    Raises
    ------
    PartimentoError
        If its model has no chord vectors.
    """
    from partimento.models.base import HasChordVectors
    from partimento.training.trained_model import load_model

    RunFolder(folder).check()
    trained = load_model(folder)
    if HasChordVectors not in trained.model.capabilities:
        raise PartimentoError(
            f"{folder} is a run of {trained.settings.name}, which has no chord vectors: train them"
            " with partimento train … --recipe embeddings"
        )
    tokenizer: Any = trained.tokenizer
    chords: tuple[Chord, ...] = tokenizer.chords.symbols
    special = len(tokenizer.chords) - len(chords)
    return ChordVectors(
        chords, trained.model.vectors(tokenizer)[special:], trained.model.counts[special:]
    )


def unit(vectors: np.ndarray) -> np.ndarray:
    """Scale vectors (…, E) to length 1; zeros stay zeros."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))


def group_by_name(single: ChordTable, members: dict[str, list[int]]) -> ChordTable:
    """Group chords by name, with the mean direction of the members weighted by count."""
    counts = np.array([single.counts[rows].sum() for rows in members.values()])
    means = [
        np.average(single.directions[rows], axis=0, weights=single.counts[rows])
        for rows in members.values()
    ]
    return ChordTable(list(members), unit(np.array(means)), counts).select(
        np.argsort(-counts, kind="stable")
    )


# ---------------------------------------------------------------------- nearest neighbours


@short_repr
class Near(NamedTuple):
    """A neighboring chord.

    Attributes
    ----------
    name : str
    cosine : float
        Cosine similarity: 1 for the same direction, 0 for a right angle.
    times : int
        Occurrences in training.
    """

    name: str
    cosine: float
    times: int


@short_repr
class Neighbours(NamedTuple):
    """A chord, its number of occurrences, and its neighbors, nearest first."""

    name: str
    times: int
    near: list[Near]


def neighbours(
    vectors: ChordVectors, chords: Sequence[str] = (), *, most: int = 6
) -> list[Neighbours]:
    """Find the nearest neighbors of chords.

    Parameters
    ----------
    vectors : ChordVectors
    chords : sequence of str
        Names such as ``Am`` or ``F♯m7``, which are compared with other names. Or notes such as
        ``E3+C4+G4``, which are compared with other exact chords. By default the usual chords of C
        major and A minor or, if fewer than four of them occur, the most frequent names.
    most : int
        Maximum number of neighbors per chord.

    Raises
    ------
    PartimentoError
        If a chord cannot be read, or did not occur in training.
    """
    shown = vectors.shown.names
    home = [name for name in HOME if name in shown]
    return [
        _neighbours_of(vectors, text, most)
        for text in chords or (home if len(home) > 3 else shown[: len(HOME)])
    ]


def _neighbours_of(vectors: ChordVectors, text: str, most: int) -> Neighbours:
    name = text.strip()
    if (classes := classes_named(name)) is not None:
        name = NAME_OF_CLASSES[classes]
    of, among = vectors.names, vectors.shown
    if name not in of.names and (chord := voicing(name)) is not None:
        name, of, among = (
            spelling(chord),
            vectors.voicings,
            vectors.voicings.select(vectors.voicings.counts >= RARE * vectors.counts.sum()),
        )
    if name not in of.names:
        known = ", ".join(vectors.names.names[:6])
        raise PartimentoError(
            f"the chord {text} did not occur in training: try {known} …, or its notes, such as"
            " E3+C4+G4"
        )
    own = of.names.index(name)
    return Neighbours(
        name,
        int(of.counts[own]),
        nearest(of.directions[own], among.select(np.array([n != name for n in among.names])), most),
    )


def nearest(direction: np.ndarray, among: ChordTable, most: int) -> list[Near]:
    """Return the chords nearest to a direction ``(E,)``; ties go to frequent chords."""
    cosines = np.round(among.directions @ direction, 9)
    order = np.argsort(-cosines, kind="stable")[:most]
    return [
        Near(among.names[row], round(float(cosines[row]), 4), int(among.counts[row]))
        for row in order
    ]


# ---------------------------------------------------------------------- on a plane


def plane(
    directions: np.ndarray, *, top: int | None = None, right: int | None = None
) -> np.ndarray:
    """Project points ``(M, E)`` onto their first two principal components, ``(M, 2)``.

    Principal components have no orientation. The picture is rotated until the point `top` is at the
    top, and mirrored if the point `right` would then lie left.
    """
    centred = directions - directions.mean(0)
    left, lengths, _ = np.linalg.svd(centred, full_matrices=False)
    points = np.zeros((len(directions), 2))
    kept = min(2, len(lengths))
    points[:, :kept] = left[:, :kept] * lengths[:kept]
    if top is not None:
        x, y = points[top] / max(float(np.hypot(*points[top])), 1e-12)
        points = points @ np.array([[y, x], [-x, y]])
    if right is not None and points[right, 0] < 0:
        points[:, 0] *= -1
    return points


def map_of_names(vectors: ChordVectors, *, most: int = 60) -> tuple[np.ndarray, ChordTable]:
    """Project the most frequent names onto a plane, as on the circle of fifths.

    C is at the top and G to its right, if they occur.

    Returns
    -------
    (M, 2) array, ChordTable
        As `plots.chord_map` expects them.
    """
    shown = vectors.shown.select(np.arange(min(most, len(vectors.shown.names))))
    top, right = (shown.names.index(name) if name in shown.names else None for name in ("C", "G"))
    return plane(shown.directions, top=top, right=right), shown


# ---------------------------------------------------------------------- the circle of fifths


@short_repr
@dataclass(frozen=True)
class Fifths:
    """How closely the triads follow the circle of fifths.

    Attributes
    ----------
    major, minor : float
        Spearman's rank correlation, over all pairs of triads, of their distance (1 - cosine) with
        their steps on the circle of fifths. NaN for fewer than four triads. Many pairs have equal
        steps, but hardly any have equal distances: for twelve triads, the maximum is 0.985.
    majors, minors : int
        The number of triads that are frequent enough.
    nearest_minor : dict
        Major triad → its nearest minor triad and their relation (``relative``, ``parallel``,
        ``mediant`` …).
    """

    major: float
    minor: float
    majors: int
    minors: int
    nearest_minor: dict[str, tuple[str, str]]

    @property
    def relations(self) -> dict[str, int]:
        """The number of major triads per relation to the nearest minor triad, sorted."""
        relations = [relation for _, relation in self.nearest_minor.values()]
        return {
            relation: relations.count(relation)
            for relation in sorted(set(relations), key=lambda name: (-relations.count(name), name))
        }


def steps_of_fifths(one: int, other: int) -> int:
    """Return the steps (0 to 6) between two pitch classes on the circle of fifths.

    >>> [steps_of_fifths(0, other) for other in (7, 5, 2, 6)]
    [1, 1, 2, 6]
    """
    apart = (one - other) * 7 % 12
    return min(apart, 12 - apart)


def fifths(vectors: ChordVectors) -> Fifths:
    """Compare the major and minor triads, except rare ones, with the circle of fifths."""
    shown = vectors.shown
    triads = {
        quality: [
            (root, shown.names.index(name))
            for root in range(12)
            if (name := QUALITIES[quality][1][root] + quality) in shown.names
        ]
        for quality in (MAJOR, MINOR)
    }
    near = {}
    for root, row in triads[MAJOR] if triads[MINOR] else []:
        cosines = [
            float(shown.directions[row] @ shown.directions[other]) for _, other in triads[MINOR]
        ]
        other_root, other = triads[MINOR][int(np.argmax(cosines))]
        away = (other_root - root) % 12
        near[shown.names[row]] = (shown.names[other], RELATIONS.get(away, f"{away} semitones up"))
    correlation = {
        quality: _correlation(
            [root for root, _ in found], shown.directions[[row for _, row in found]]
        )
        for quality, found in triads.items()
    }
    return Fifths(
        correlation[MAJOR], correlation[MINOR], len(triads[MAJOR]), len(triads[MINOR]), near
    )


def _correlation(roots: Sequence[int], directions: np.ndarray) -> float:
    if len(roots) < 4:
        return float("nan")
    pairs = [(one, other) for one in range(len(roots)) for other in range(one)]
    # Rounded, so that distances that differ only by rounding errors are equal.
    distances = np.round([1 - directions[one] @ directions[other] for one, other in pairs], 9)
    steps = [steps_of_fifths(roots[one], roots[other]) for one, other in pairs]
    if len(set(distances.tolist())) < 2 or len(set(steps)) < 2:
        return float("nan")
    return float(spearmanr(distances, steps).statistic)
