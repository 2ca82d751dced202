"""The easiest way through a piece."""

from __future__ import annotations

from partimento.guitar.holds import LET_GO
from partimento.guitar.path import Strike, easiest_path
from partimento.guitar.tunings import STANDARD


def test_nothing_to_play_costs_nothing() -> None:
    path = easiest_path([], STANDARD)
    assert (path.cost, path.strings, path.positions) == (0.0, {}, [])


def test_the_path_is_the_cheapest_of_all_paths() -> None:
    # A stated string can only make the path dearer.
    pitches = (64, 67, 71, 72, 76)
    free = easiest_path([Strike((i,), (p,), 0.25 * i) for i, p in enumerate(pitches)], STANDARD)
    for place, pitch in enumerate(pitches):
        for string in range(6):
            if not STANDARD.strings[string] <= pitch <= STANDARD.strings[string] + 19:
                continue
            strikes = [
                Strike((i,), (p,), 0.25 * i, stated=(string,) if i == place else ())
                for i, p in enumerate(pitches)
            ]
            forced = easiest_path(strikes, STANDARD)
            assert forced.strings[place] == string
            assert forced.cost >= free.cost - 1e-9
            if free.strings[place] == string:
                assert forced.cost <= free.cost + 1e-9


def test_a_ringing_note_keeps_its_string() -> None:
    strikes = [
        Strike((0,), (48,), 0.0),
        Strike((1,), (64,), 0.5, (0,), (48,), (1.0,)),
        Strike((2,), (60,), 1.0, (0,), (48,), (0.5,)),
    ]
    path = easiest_path(strikes, STANDARD)
    assert path.cut == set()
    assert path.strings[0] == 4
    assert len(set(path.strings.values())) == 3


def test_a_note_that_cannot_ring_is_cut() -> None:
    strikes = [Strike((0,), (41,), 0.0), Strike((1,), (43,), 0.5, (0,), (41,), (1.0,))]
    path = easiest_path(strikes, STANDARD)  # both have only the lowest string
    assert path.cut == {0}
    assert path.strings == {0: 5, 1: 5}


def test_a_quick_shift_costs_more_than_a_slow_one() -> None:
    def cost(seconds: float) -> float:
        chords = ((41, 48, 53), (72, 76, 81))
        strikes = [
            Strike(tuple(range(3 * i, 3 * i + 3)), chord, seconds * i)
            for i, chord in enumerate(chords)
        ]
        return easiest_path(strikes, STANDARD).cost

    assert cost(0.1) > cost(1.0)


def test_chords_that_no_hand_can_hold_are_listed() -> None:
    path = easiest_path([Strike((0,), (64,), 0.0), Strike((1, 2), (41, 83), 1.0)], STANDARD)
    assert path.unholdable == [1]
    path = easiest_path([Strike((0, 1), (41, 43), 0.0)], STANDARD)
    assert path.unholdable == []  # one note has no place, the other is easy
    assert LET_GO in path.strings.values()
