"""Grips of chords: which strings and frets, and which no hand can hold."""

from __future__ import annotations

import numpy as np
import pytest

from partimento.guitar.grips import SILENT, assignments, grip_costs, grips
from partimento.guitar.tunings import STANDARD, tuning_named

X = SILENT
# Chords as every beginner's book prints them, from string 1 to string 6.
BOOK = {
    "C": (0, 1, 0, 2, 3, X),
    "A minor": (0, 1, 2, 2, 0, X),
    "E": (0, 0, 1, 2, 2, 0),
    "G": (3, 0, 0, 0, 2, 3),
    "D": (2, 3, 2, 0, X, X),
    "A": (0, 2, 2, 2, 0, X),
    "F, barré": (1, 1, 2, 3, 3, 1),
    "B minor, barré": (2, 3, 4, 4, 2, X),
    "F, small barré": (1, 1, 2, 3, X, X),
    "Giuliani's chord in the fifth position": (5, 5, 5, 7, X, X),
}


def pitches_of(frets: tuple[int, ...]) -> tuple[int, ...]:
    pairs = zip(STANDARD.open_pitches, frets, strict=True)
    return tuple(pitch + fret for pitch, fret in pairs if fret != X)


@pytest.mark.parametrize("frets", BOOK.values(), ids=BOOK)
def test_chords_of_the_books_are_among_the_grips(frets: tuple[int, ...]) -> None:
    found = grips(pitches_of(frets), STANDARD)
    assert list(frets) in found.frets.tolist()
    number = found.frets.tolist().index(list(frets))
    assert found.costs[number].min() < 3


@pytest.mark.parametrize(
    "frets",
    [
        (1, X, X, X, X, 7),  # too far apart
        (1, 2, 3, 4, 5, X),  # five fingers
        (5, 0, 5, 5, 5, 5),  # an open string under a barré of five
        (1, 0, 4, 0, 0, 5),  # fingers 1 and 4 reach it, but not with one more between
    ],
)
def test_what_no_hand_can_hold_has_no_cost(frets: tuple[int, ...]) -> None:
    costs = grip_costs(np.array([frets]), STANDARD)
    assert costs.min() > 4


def test_an_open_string_above_a_small_barre_may_ring() -> None:
    small, large = (0, 2, 2, 2, 2, X), (0, 2, X, 2, 2, 2)
    small_barre = (0, 2, 2, 2, X, X)
    assert np.isfinite(grip_costs(np.array([small_barre]), STANDARD)).any()
    assert np.isfinite(grip_costs(np.array([(2, 2, 2, 2, 0, X)]), STANDARD)[0, 1])
    assert not np.isfinite(grip_costs(np.array([large]), STANDARD)[0, 1])
    assert not np.isfinite(grip_costs(np.array([small]), STANDARD)[0, 1])


def test_a_note_that_occurs_twice_takes_two_strings() -> None:
    found = grips((64, 64), STANDARD)
    assert len(found.strings)
    assert all(a != b for a, b in found.strings.tolist())


def test_a_stated_string_is_kept() -> None:
    assert set(assignments((64,), STANDARD)[:, 0].tolist()) == {0, 1, 2, 3, 4}
    assert assignments((64, 60), STANDARD, (2, None)).tolist() == [[2, 1], [2, 3], [2, 4]]
    assert len(grips((64,), STANDARD, (5,)).frets) == 0


def test_more_notes_than_strings_have_no_grip() -> None:
    assert len(grips((40, 45, 50, 55, 59, 64, 67), STANDARD).frets) == 0
    assert len(grips((30,), STANDARD).frets) == 0


def test_frets_count_from_the_capo() -> None:
    capo = tuning_named("standard", capo=2)
    assert 0 in grips((66,), capo).frets[:, 0].tolist()
    # Not on string 1, which sounds F♯ at least.
    assert grips((65,), capo).frets[:, 0].tolist() == [SILENT] * 3
