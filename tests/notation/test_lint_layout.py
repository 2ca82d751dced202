"""Rules for staves, voices and bar lines."""

from dataclasses import replace

from tests.notation.lint_scores import bar, found, score, sign

from partimento.notation import lint_layout
from partimento.notation.written import WrittenScore

WHOLE = [sign("whole")]


def test_a_staff_has_four_voices_at_most():
    assert found(lint_layout.voice_count, bar(*[WHOLE] * 4)) == []
    assert found(lint_layout.voice_count, bar(*[WHOLE] * 5)) == [(0, "", "5 voices on staff 1")]


def test_every_staff_has_notes():
    assert found(lint_layout.empty_staff, bar(WHOLE)) == []
    assert found(lint_layout.empty_staff, bar(WHOLE), staves=2) == [
        (-1, "", "staff 2 has no notes")
    ]
    # A part that is silent throughout is not our business.
    assert found(lint_layout.empty_staff, bar([sign("whole", "r")])) == []


def test_every_slur_begins_and_ends():
    whole = bar(WHOLE)
    assert found(lint_layout.slur, whole) == []
    assert found(lint_layout.slur, replace(whole, open_slurs=1)) == [
        (0, "", "a slur without an end or a beginning")
    ]


def test_a_piece_ends_with_a_final_bar_line():
    assert found(lint_layout.final_bar_line, bar(WHOLE)) == []
    assert found(lint_layout.final_bar_line, bar(WHOLE), final=False) == [
        (0, "", "no final bar line")
    ]
    excerpt = WrittenScore(score(bar(WHOLE), final=False).parts, open_end=True)
    assert list(lint_layout.final_bar_line(excerpt)) == []
