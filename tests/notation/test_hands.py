"""The two hands of a keyboard part."""

from partimento.notation.hands import hands_of
from partimento.notation.voices import Span


def test_hands_divide_where_no_hand_must_stretch():
    spans = [Span(0, 4, pitch, n) for n, pitch in enumerate((76, 72, 67, 52, 43))]
    assert hands_of(spans, {}) == {0: 0, 1: 0, 2: 0, 3: 1, 4: 1}
    assert hands_of([Span(0, 4, 84, 0)], {}) == {0: 0}
    assert hands_of([Span(0, 4, 36, 0)], {}) == {0: 1}


def test_a_hand_that_holds_a_note_takes_what_it_reaches():
    held = [Span(0, 8, 48, 0), Span(0, 4, 76, 1), Span(4, 8, 74, 2), Span(4, 8, 55, 3)]
    assert hands_of(held, {}) == {0: 1, 1: 0, 2: 0, 3: 1}


def test_a_line_changes_hand_only_far_from_its_staff():
    tenor = [Span(4 * n, 4 * n + 4, pitch, n) for n, pitch in enumerate((55, 60, 64, 60))]
    melody = [Span(4 * n, 4 * n + 4, 79, 10 + n) for n in range(4)]
    before = {1: 0, 2: 1, 3: 2, 11: 10, 12: 11, 13: 12}
    hands = hands_of([*tenor, *melody], before)
    assert {hands[n] for n in range(4)} == {1}
    far = [tenor[0], *(Span(4 * n, 4 * n + 4, 72, n) for n in (1, 2, 3))]
    assert [hands_of(far, before)[n] for n in range(4)] == [1, 0, 0, 0]


def test_a_later_stretch_decides_the_hand_of_an_earlier_note():
    """The half note would be nearer to the right hand, which then has to reach two octaves."""
    spans = [Span(0, 1, 67, 0), Span(1, 9, 60, 1), *(Span(n, n + 1, 84, n) for n in range(2, 9))]
    assert hands_of(spans, {1: 0})[1] == 1
    assert hands_of(spans[:2], {1: 0})[1] == 0
