"""Learn the weights of voice separation, and print them as `analysis/voice_weights.py` has them.

    python benchmarks/voice_weights.py

A conditional logit model: at each onset of the learning pieces, the voices' latest notes are known,
and the probability of the true way to divide the new notes is maximized. Weights fall from class to
class, so that rare classes follow from common ones: wider intervals, longer rests and crossings
never make a link likelier.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from partimento.analysis.voice_links import Links, NewNotes, Voices, links_of
from partimento.analysis.voice_separation import ways_to_divide
from partimento.analysis.voice_weights import PAIR_PENALTIES, PENALTIES, TABLES
from voice_separation import Staff, chorale_paths, keyboard_paths, quartet_paths, staff_of

CHORALE_SHARE, QUARTET_SHARE = 0.25, 0.3  # of the onsets: about as many of both
RIDGE = 1.0
FREE_FIRST = ("interval", "interval_after_rest")  # tables whose first weight is not bounded
STARTS_AT_ZERO = ("register", "mean", "gap")  # the others state the level
SINGLE = ("new", *PENALTIES, *PAIR_PENALTIES)
SIZES = {**{name: len(table) for name, table in TABLES.items()}, **dict.fromkeys(SINGLE, 1)}
PLACES = dict(zip(SIZES, np.cumsum([0, *SIZES.values()]).tolist(), strict=False))
WEIGHTS = sum(SIZES.values())


class Example(NamedTuple):
    """The features of all ways to divide the notes of an onset, and the true one."""

    features: np.ndarray
    true: int


def one_voice_each(staff: Staff) -> Staff:
    """Keep the highest note of each chord of a voice, and end notes where the next begins."""
    onset, end, pitch, stated = (column.copy() for column in staff[1:5])
    last: dict[int, int] = {}
    kept = []
    for index in np.lexsort((-pitch, onset)).tolist():
        before = last.get(stated[index])
        if before is not None and onset[before] == onset[index]:
            continue
        if before is not None:
            end[before] = min(end[before], onset[index])
        last[stated[index]] = index
        kept.append(index)
    return Staff(staff.name, *(c[kept] for c in (onset, end, pitch, stated)), staff.quarter)


def examples(staff: Staff, share: float, random: np.random.Generator) -> Iterator[Example]:
    """Yield a share of the onsets at which there is a choice."""
    voices = Voices.empty(len(set(staff.stated.tolist())))
    number: dict[int, int] = {}  # stated voice → voice, in order of appearance
    order = np.lexsort((staff.onset - staff.end, -staff.pitch, staff.onset))
    starts = np.flatnonzero(np.diff(staff.onset[order], prepend=-1))
    for indices in np.split(order, starts[1:]):
        onset = int(staff.onset[indices[0]])
        new = NewNotes(staff.pitch[indices], (staff.end - staff.onset)[indices])
        true = np.array([number.setdefault(v, len(number)) for v in staff.stated[indices].tolist()])
        if random.random() < share:
            links = links_of(voices, onset, new, staff.quarter)
            choices, in_order = ways_to_divide(voices.pitch.shape[1], len(indices))
            possible = links.is_free[0][choices].all(1) & in_order[links.has_begun.sum()]
            matches = np.flatnonzero((choices[possible] == true).all(1))
            if possible.sum() > 1 and len(matches):
                yield Example(features_of(links, choices[possible], new), int(matches[0]))
        voices = voices.after(np.zeros(1, np.int64), true[None], onset, new)


def features_of(links: Links, choices: np.ndarray, new: NewNotes) -> np.ndarray:
    """Return how often each weight counts in each choice: (P, WEIGHTS)."""
    features = np.zeros((len(choices), WEIGHTS), np.float32)
    rows, notes = np.arange(len(choices))[:, None], np.arange(choices.shape[1])
    begun = links.has_begun[0][choices]
    for name, classes in links.tables.items():
        columns = PLACES[name] + classes[0][notes, choices]
        np.add.at(features, (np.broadcast_to(rows, begun.shape)[begun], columns[begun]), 1)
    for name, count in links.penalties.items():
        features[:, PLACES[name]] = (count[0][notes, choices] * begun).sum(1)
    features[:, PLACES["new"]] = (~begun).sum(1)
    for name, applies in links.pairs.items():
        for i, j in zip(*np.triu_indices(choices.shape[1], 1), strict=True):
            if new.pitch[i] > new.pitch[j]:
                features[:, PLACES[name]] += applies[0][choices[:, i], choices[:, j]]
    return features


def steps_and_bounds() -> tuple[np.ndarray, list[tuple[float | None, float | None]]]:
    """Return the matrix from steps between classes to weights, and the bounds of the steps."""
    matrix = np.eye(WEIGHTS)
    bounds: list[tuple[float | None, float | None]] = [(None, 0.0)] * WEIGHTS
    for name in TABLES:
        place, size = PLACES[name], SIZES[name]
        first = place + (name in FREE_FIRST)  # a repeated note stands apart
        for column in range(first, place + size):
            matrix[column : place + size, column] = 1
        bounds[place] = bounds[first] = (0.0, 0.0) if name in STARTS_AT_ZERO else (None, None)
    bounds[PLACES["new"]] = (None, None)
    return matrix, bounds


def fit(data: list[Example]) -> np.ndarray:
    """Return the weights that make the true choices most probable."""
    matrix, bounds = steps_and_bounds()
    features = (np.concatenate([one.features for one in data]) @ matrix).astype(np.float32)
    sizes = np.array([len(one.features) for one in data])
    starts = np.concatenate([[0], sizes.cumsum()[:-1]])
    true = starts + np.array([one.true for one in data])
    stated = features[true].sum(0, dtype=np.float64)

    def loss(steps: np.ndarray) -> tuple[float, np.ndarray]:
        score = (features @ steps.astype(np.float32)).astype(np.float64)
        best = np.maximum.reduceat(score, starts)
        odds = np.exp(score - np.repeat(best, sizes))
        total = np.add.reduceat(odds, starts)
        probability = (odds / np.repeat(total, sizes)).astype(np.float32)
        value = (best + np.log(total)).sum() - score[true].sum() + RIDGE * steps @ steps / 2
        return value, probability @ features - stated + RIDGE * steps

    result = minimize(loss, np.zeros(WEIGHTS), jac=True, method="L-BFGS-B", bounds=bounds)
    print(f"{len(data):,} onsets, {result.fun / len(data):.4f} nats per onset")
    return np.asarray(matrix @ result.x)


def main() -> None:
    random = np.random.default_rng(0)
    data: list[Example] = []
    quartets = [*quartet_paths("learning", "haydn"), *quartet_paths("learning", "mozart")]
    keyboard = [path for paths in keyboard_paths("learning").values() for path in paths]
    for paths, share in (
        (chorale_paths("learning"), CHORALE_SHARE),
        (quartets, QUARTET_SHARE),
        (keyboard, 1.0),
    ):
        for path in paths:
            data += examples(one_voice_each(staff_of(path)), share, random)
    weights = np.round(fit(data), 2) + 0.0
    for name, size in SIZES.items():
        values = weights[PLACES[name] : PLACES[name] + size].tolist()
        print(f'"{name}": {tuple(values) if size > 1 else values[0]},')


if __name__ == "__main__":
    main()
