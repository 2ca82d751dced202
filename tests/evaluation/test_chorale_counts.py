"""Baselines of counts for the voices of chorales."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from partimento.evaluation.chorale_counts import CellCounts, HarmonyHmm, contexts

PIECES = [
    np.array([[72, 64, 48], [74, 65, 50], [72, 64, 48], [71, 62, 43]]),
    np.array([[72, 64, 48], [71, 62, 43], [72, 64, 48]]),
]


def test_probabilities_of_all_chords_under_a_melody_sum_to_one() -> None:
    """Over all sequences of known chords and novel ones, whatever the melody."""
    hmm = HarmonyHmm(PIECES)
    melody = (72, 74, 71)
    chords = [*hmm.numbers, "novel"]
    total = 0.0
    for sequence in product(chords, repeat=3):
        rows = [
            [pitch, *(pitch - interval for interval in ((59, 58) if chord == "novel" else chord))]
            for pitch, chord in zip(melody, sequence, strict=True)
        ]
        nats = hmm.nats(np.array(rows))
        novel = sum(chord == "novel" for chord in sequence)
        total += np.exp(-nats) * 60.0 ** (2 * novel)  # each novel chord stands for 60² of them
    assert total == pytest.approx(1, rel=1e-6)


def test_known_progressions_cost_less_than_others() -> None:
    hmm = HarmonyHmm(PIECES, memory=0.5, emission=0.5)
    usual = hmm.nats(PIECES[0])
    odd = PIECES[0].copy()
    odd[1, 1:] = [61, 41]
    assert usual < 4
    assert hmm.nats(odd) > usual + 3


def test_counts_of_cells_are_distributions_and_learn() -> None:
    cells = np.array([[10, 7], [5, 5], [12, 5], [5, 8]] * 3)
    sounding = np.array([[60, 50], [60, 50], [62, 50], [62, 51]] * 3)
    counts = CellCounts([(cells, sounding)], symbols=14)
    nats = counts.nats(cells, sounding)
    assert nats.shape == cells.shape
    assert nats.mean() < 0.7
    total = 0.0
    for symbol in range(14):
        other = cells.copy()
        other[4, 1] = symbol
        total += np.exp(-counts.nats(other, sounding)[4, 1])
    assert total == pytest.approx(1)


def test_a_context_does_not_contain_its_own_cell() -> None:
    cells = np.array([[10, 7], [5, 5], [12, 5], [5, 8]])
    sounding = np.array([[60, 50], [60, 50], [62, 50], [62, 51]])
    before = contexts(cells, sounding, 2, 0)
    cells[2, 0], sounding[2:, 0] = 13, 63
    assert contexts(cells, sounding, 2, 0) == before
    assert len({len(context) for context in before}) > 3
