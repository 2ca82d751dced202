"""A score as it is written."""

from fractions import Fraction

from tests.notation.lint_scores import bar, sign

from partimento.notation.spelling import Spelling
from partimento.notation.written import WrittenPitch


def test_a_bar_ends_with_its_longest_voice():
    assert bar([sign("half")], [sign("quarter")] * 3).end == 3
    assert bar().end == 0


def test_symbols_have_staff_and_voice():
    one = bar([sign("half")], [sign("quarter")])
    assert [(staff, voice, s.type) for staff, voice, s in one.symbols()] == [
        (0, "1", "half"),
        (0, "2", "quarter"),
    ]
    assert sign("half", dots=1).end == Fraction(3)


def test_positions_on_the_staff_count_names_not_semitones():
    steps = [
        WrittenPitch(Spelling(*name)).step for name in (("C", 0, 4), ("B", 1, 3), ("C", -1, 4))
    ]
    assert steps == [28, 27, 28]
