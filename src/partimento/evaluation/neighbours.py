"""Which chords a model takes for alike: nearest neighbours, a map on a plane, and whether the
circle of fifths is in it.

Chords of the same pitch classes are gathered under one name, whatever their spacing and doubling:
their common vector is the mean of their directions, each weighing as much as it is common. Shapes:
N chords, M names, E embedding size.
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
    NAMED,
    QUALITIES,
    Chord,
    chord_name,
    classes_named,
    spelling,
    voicing,
)
from partimento.training.run_folder import RunFolder

RARE = (
    1 / 5000
)  # what is a smaller share of all chords has too few lessons behind its vector to be shown
MAJOR, MINOR = "", "m"
HOME = (
    "C",
    "Dm",
    "Em",
    "F",
    "G",
    "Am",
    "Bdim",
    "G7",
    "E7",
    "D7",
)  # what a table shows unless told otherwise
RELATIONS = {
    9: "relative",
    0: "parallel",
    4: "mediant",
    2: "supertonic",
    7: "dominant",
    5: "subdominant",
}  # semitones from a major root


# ---------------------------------------------------------------------- vectors


class Gathered(NamedTuple):
    """What is compared: names of M chords, commonest first, their directions (M, E) of length 1,
    and how often they come (M,).
    """

    names: list[str]
    directions: np.ndarray
    counts: np.ndarray

    def only(self, rows: np.ndarray) -> Gathered:
        """Some of them, by number or as a mask (M,)."""
        chosen = np.arange(len(self.names))[rows]
        return Gathered(
            [self.names[row] for row in chosen], self.directions[chosen], self.counts[chosen]
        )


@dataclass(frozen=True)
class ChordVectors:
    """The vectors of a vocabulary of chords.

    Attributes
    ----------
    chords : tuple of tuple of int
        N chords, each its MIDI pitches from the lowest.
    vectors : (N, E) array
        NaN where there is none.
    counts : (N,) array
        How often each came in training.
    """

    chords: tuple[Chord, ...]
    vectors: np.ndarray
    counts: np.ndarray

    @cached_property
    def voicings(self) -> Gathered:
        """Every chord by itself, but for rests; directions are taken from the mean of all vectors,
        which says nothing of any.
        """
        known = np.flatnonzero(np.isfinite(self.vectors).all(1) & (self.counts > 0))
        vectors, counts = (
            np.asarray(self.vectors, float)[known],
            np.asarray(self.counts, float)[known],
        )
        if not len(known):
            raise PartimentoError("there are no chord vectors to compare")
        order = [place for place in np.argsort(-counts, kind="stable") if self.chords[known[place]]]
        vectors = vectors - np.average(vectors, axis=0, weights=counts)
        return Gathered([spelling(self.chords[row]) for row in known], unit(vectors), counts).only(
            np.array(order, int)
        )

    @cached_property
    def names(self) -> Gathered:
        """Chords of the same pitch classes together. Where hardly any chord has a name, also notes
        and intervals.
        """
        pitches = {spelling(chord): chord for chord in self.chords}
        members: dict[str, list[int]] = {}
        for row, spelt in enumerate(self.voicings.names):
            members.setdefault(chord_name(pitches[spelt]), []).append(row)
        if sum(name in CLASSES for name in members) > 2:
            members = {name: rows for name, rows in members.items() if name in CLASSES}
        if not members:
            raise PartimentoError("there are no chord vectors to compare")
        return gather(self.voicings, members)

    @property
    def shown(self) -> Gathered:
        """Names that are not too rare to be shown; all, where all are."""
        common = self.names.counts >= RARE * self.counts.sum()
        return self.names.only(common) if common.any() else self.names


def chord_vectors(folder: Path) -> ChordVectors:
    """Read the chord vectors of a run.

    Raises
    ------
    PartimentoError
        If its model has none.
    """
    from partimento.models.base import HasChordVectors
    from partimento.training.trained_model import load_model

    RunFolder(folder).check()
    run = load_model(folder)
    if HasChordVectors not in run.model.capabilities:
        raise PartimentoError(
            f"{folder} is a run of {run.settings.name}: chord vectors are made with "
            "partimento train … --recipe embeddings"
        )
    tokenizer: Any = run.tokenizer
    chords: tuple[Chord, ...] = tokenizer.chords.symbols
    special = len(tokenizer.chords) - len(chords)
    return ChordVectors(chords, run.model.vectors(tokenizer)[special:], run.model.counts[special:])


def unit(vectors: np.ndarray) -> np.ndarray:
    """(…, E) to length 1; 0 stays 0."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))


def gather(single: Gathered, members: dict[str, list[int]]) -> Gathered:
    """Under each name the mean direction of its members, by their counts."""
    counts = np.array([single.counts[rows].sum() for rows in members.values()])
    means = [
        np.average(single.directions[rows], axis=0, weights=single.counts[rows])
        for rows in members.values()
    ]
    return Gathered(list(members), unit(np.array(means)), counts).only(
        np.argsort(-counts, kind="stable")
    )


# ---------------------------------------------------------------------- nearest neighbours


class Near(NamedTuple):
    """A neighbour, and the cosine of the angle to it: 1 for the same direction, 0 for nothing in
    common.
    """

    name: str
    cosine: float
    times: int


class Neighbours(NamedTuple):
    """A chord, how often it came, and its neighbours from the nearest."""

    name: str
    times: int
    near: list[Near]


def neighbours(
    vectors: ChordVectors, asked: Sequence[str] = (), *, most: int = 6
) -> list[Neighbours]:
    """The nearest neighbours of chords.

    Parameters
    ----------
    vectors : ChordVectors
    asked : sequence of str
        Names as ``Am`` or ``F♯m7``, compared with other names; or notes as ``E3+C4+G4``, compared
        with other spacings. Without any: the twelve commonest names.
    most : int
        Neighbours of each.

    Raises
    ------
    PartimentoError
        For a chord that is neither, or was not met in training.
    """
    shown = vectors.shown.names
    home = [name for name in HOME if name in shown]
    return [
        _neighbours_of(vectors, text, most)
        for text in asked or (home if len(home) > 3 else shown[: len(HOME)])
    ]


def _neighbours_of(vectors: ChordVectors, text: str, most: int) -> Neighbours:
    name = text.strip()
    if (classes := classes_named(name)) is not None:
        name = NAMED[classes]
    of, among = vectors.names, vectors.shown
    if name not in of.names and (chord := voicing(name)) is not None:
        name, of, among = (
            spelling(chord),
            vectors.voicings,
            vectors.voicings.only(vectors.voicings.counts >= RARE * vectors.counts.sum()),
        )
    if name not in of.names:
        known = ", ".join(vectors.names.names[:6])
        raise PartimentoError(
            f"the run has not met the chord {text}: there are {known} …, or spell it note by note, as E3+C4+G4"
        )
    own = of.names.index(name)
    return Neighbours(
        name,
        int(of.counts[own]),
        nearest(of.directions[own], among.only(np.array([n != name for n in among.names])), most),
    )


def nearest(direction: np.ndarray, among: Gathered, most: int) -> list[Near]:
    """The nearest ones to a direction ``(E,)``; of equally near ones the commoner first."""
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
    """The two directions along which points ``(M, E)`` differ most (principal components), as ``(M,
    2)``.

    They have no up and no left: the point `top` is turned to the top, and the picture is mirrored
    if the point `right` would then lie left.
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


def map_of_names(vectors: ChordVectors, *, most: int = 60) -> tuple[np.ndarray, Gathered]:
    """Where the commonest names lie on a plane, C at the top and G, if they are there, to its
    right, as on the circle of fifths.

    Returns
    -------
    (M, 2) array, Gathered
        As `plots.chord_map` takes them.
    """
    shown = vectors.shown.only(np.arange(min(most, len(vectors.shown.names))))
    top, right = (shown.names.index(name) if name in shown.names else None for name in ("C", "G"))
    return plane(shown.directions, top=top, right=right), shown


# ---------------------------------------------------------------------- the circle of fifths


@dataclass(frozen=True)
class Fifths:
    """How like the circle of fifths the triads lie.

    Attributes
    ----------
    major, minor : float
        Spearman's rank correlation of the distance (1 - cosine) of two triads with their steps on
        the circle of fifths, over all pairs; NaN for fewer than four triads. Noise breaks ties that
        the circle has: all twelve then reach 0.985 at best.
    majors, minors : int
        How many triads came often enough to be measured.
    nearest_minor : dict
        Major triad → its nearest minor triad and how that is related to it (``relative``,
        ``parallel``, ``mediant`` …).
    """

    major: float
    minor: float
    majors: int
    minors: int
    nearest_minor: dict[str, tuple[str, str]]

    @property
    def relations(self) -> dict[str, int]:
        """How many major triads have which relation to their nearest minor triad; commonest first."""
        found = [relation for _, relation in self.nearest_minor.values()]
        return {
            relation: found.count(relation)
            for relation in sorted(set(found), key=lambda each: (-found.count(each), each))
        }


def steps_of_fifths(one: int, other: int) -> int:
    """Steps (0 to 6) between two pitch classes on the circle of fifths.

    >>> [steps_of_fifths(0, other) for other in (7, 5, 2, 6)]
    [1, 1, 2, 6]
    """
    apart = (one - other) * 7 % 12
    return min(apart, 12 - apart)


def fifths(vectors: ChordVectors) -> Fifths:
    """Measure it on the major and minor triads that are not too rare."""
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
    distances = np.round(
        [1 - directions[one] @ directions[other] for one, other in pairs], 9
    )  # equal ones stay equal
    steps = [steps_of_fifths(roots[one], roots[other]) for one, other in pairs]
    if len(set(distances.tolist())) < 2 or len(set(steps)) < 2:
        return float("nan")
    return float(spearmanr(distances, steps).statistic)
