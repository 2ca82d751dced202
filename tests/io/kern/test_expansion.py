"""Expansion lists and repeat signs."""

from __future__ import annotations

from partimento.io.kern.expansion import Expansions


def test_the_list_without_a_name_counts() -> None:
    expansions = Expansions()
    for token, time in (("*>[A,B,A]", 0), ("*>norep[A,B]", 0), ("*>A", 0), ("*>B", 8)):
        expansions.read(token, time)
    assert expansions.order([0, 4, 8, 12], 16) == [(0, 8), (8, 16), (0, 8)]


def test_music_before_the_first_label_is_played_once() -> None:
    expansions = Expansions()
    for token, time in (("*>[A,A]", 0), ("*>A", 4)):
        expansions.read(token, time)
    assert expansions.order([0, 4], 8) == [(0, 4), (4, 8), (4, 8)]


def test_repeat_signs_count_without_a_list() -> None:
    expansions = Expansions()
    expansions.read("*>[A,missing]", 0)
    assert expansions.order([0, 4, 8], 12) is None
    expansions.forward, expansions.backward = {4}, {8, 12}
    assert expansions.order([0, 4, 8], 12) == [(0, 8), (4, 12), (8, 12)]


def test_repeat_signs_may_stand_within_a_bar() -> None:
    expansions = Expansions()
    expansions.forward, expansions.backward = {1, 6}, {6}
    assert expansions.order([0, 1, 4, 7], 10) == [(0, 6), (1, 10)]
