"""The facts of steps: place in the bar, fermatas, key, beginning and end."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from partimento.tokens.grid_facts import KINDS, grid_facts, on_beat
from partimento.tokens.grid_grammar import FERMATA, HEADER
from partimento.tokens.vocabulary import END, SPECIAL


def facts_of(steps: int, fermata: int | None = None, pickup: Fraction = Fraction(0)) -> np.ndarray:
    marks = np.array([1, 5, 5, 5, *[SPECIAL] * steps, END])
    if fermata is not None:
        marks[HEADER + fermata] = FERMATA
    return grid_facts(marks, frame=Fraction(1, 4), bar=Fraction(3), pickup=pickup, key=7)


def test_places_and_strengths_repeat_with_the_bar() -> None:
    facts = facts_of(24, pickup=Fraction(1))
    assert (facts[:HEADER] == 0).all()
    assert (facts[-1] == 0).all()
    place, strength = facts[HEADER:-1, 0], facts[HEADER:-1, 1]
    assert place[:6].tolist() == [9, 10, 11, 12, 1, 2]
    assert strength[:9].tolist() == [3, 1, 2, 1, 4, 1, 2, 1, 3]
    assert np.array_equal(np.flatnonzero(on_beat(facts[HEADER:-1])), np.arange(0, 24, 4))


def test_fermatas_are_unknown_where_none_is_marked() -> None:
    assert set(facts_of(8)[HEADER:-1, 2].tolist()) == {1}
    assert facts_of(8, fermata=4)[HEADER:-1, 2].tolist() == [2, 2, 2, 2, 3, 2, 2, 2]


def test_distances_are_classes_that_fit_their_tables() -> None:
    facts = facts_of(2000)[HEADER:-1]
    assert (facts >= 1).all()
    assert (facts < np.array(KINDS)).all()
    assert (np.diff(facts[:, 4]) >= 0).all()
    assert (np.diff(facts[:, 5]) <= 0).all()
    assert facts[-1, 5] == facts_of(1)[HEADER, 5]
    assert set(facts[:, 3].tolist()) == {8}
