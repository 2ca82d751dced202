"""Rules for bars, values, tuplets, ties and beams."""

from dataclasses import replace
from fractions import Fraction

import pytest
from tests.notation.lint_scores import bar, found, row, sign

from partimento.music.timelines import Meter
from partimento.notation import lint_rhythm

WHOLE = [sign("whole")]
QUARTERS = [sign("quarter")] * 4
DOTTED_HALF = sign("half", dots=1)
TIED = [sign("quarter", tie=">"), sign("eighth", tie="<")]
HALF_BEAMED = sign("16th", beams=("end",))
TRIPLET = {"ratio": (3, 2)}
BEAMS = {word: {"beams": (word,)} for word in ("begin", "continue", "end")}


def eighths(*words):
    return [sign("eighth", **BEAMS[word]) for word in words]


CASES = [
    # the rule, bars that keep it, bars that break it, and what is found there
    ("bar_length", [bar(WHOLE)] * 3, [bar(WHOLE), bar(QUARTERS[1:]), bar(WHOLE)], (1, "")),
    ("bar_length", [bar(QUARTERS[1:]), bar(WHOLE)], [bar([*WHOLE, sign("quarter")])], (0, "")),
    (
        "bar_length",
        [bar(WHOLE), bar(QUARTERS[:3]), bar(QUARTERS[:1]), bar(WHOLE)],
        [bar(WHOLE), bar(QUARTERS[:3]), bar(WHOLE), bar(WHOLE)],
        (1, ""),
    ),
    ("voice_gap", [bar(WHOLE, QUARTERS)], [bar(WHOLE, QUARTERS[1:])], (0, "2")),
    ("value", [bar(WHOLE)], [bar([replace(WHOLE[0], duration=Fraction(3))])], (0, "1")),
    ("short_value", [bar([sign("64th")])], [bar([sign("128th")])], (0, "1")),
    (
        "tuplet",
        [bar([sign("eighth", **TRIPLET)] * 3 + QUARTERS[1:])],
        [bar([sign("eighth", **TRIPLET)] * 5)],
        (0, "1"),
    ),
    (
        "tuplet_ratio",
        [bar([sign("16th", ratio=(5, 4))] * 5)],
        [bar([sign("16th", ratio=(17, 16))])],
        (0, "1"),
    ),
    (
        "tuplet_tie",
        [bar([sign("quarter", tie=">", **TRIPLET), sign("16th", tie="<", **TRIPLET)])],
        [bar([sign("eighth", tie=">", **TRIPLET), sign("eighth", tie="<", **TRIPLET)])],
        (0, "1"),
    ),
    (
        "needless_tie",
        [bar([sign("quarter"), *TIED, *eighths("begin"), sign("quarter")])],
        [bar([*TIED, *eighths("begin"), sign("half")])],
        (0, "1"),
    ),
    (
        "hidden_beat",
        [bar([sign("quarter"), sign("half"), sign("quarter")]), bar([DOTTED_HALF, *QUARTERS[:1]])],
        [bar([sign("eighth"), sign("half"), sign("quarter", dots=1)])],
        (0, "1"),
    ),
    (
        "hidden_beat",
        [bar([sign("quarter", dots=1)] * 2, meter=Meter(6, 8))],
        [bar([sign("quarter")] * 3, meter=Meter(6, 8))],
        (0, "1"),
    ),
    (
        "rest_beat",
        [bar([sign("quarter"), sign("quarter", "r"), sign("half")])],
        [bar([sign("quarter"), sign("half", "r"), sign("quarter")])],
        (0, "1"),
    ),
    (
        "beam_group",
        [bar(eighths("begin", "continue", "continue", "end") * 2)],
        [bar([sign("quarter"), *eighths("begin", "continue", "continue", "end"), sign("quarter")])],
        (0, "1"),
    ),
    (
        "beam_group",
        [bar(eighths("begin", "continue", "end") * 2, meter=Meter(6, 8))],
        [bar(eighths("begin", "end") * 3, meter=Meter(6, 8))],
        (0, "1"),
    ),
    ("beam", [bar(eighths("begin", "end"))], [bar(eighths("begin", "continue"))], (0, "1")),
    ("beam", [bar([sign("eighth")] * 2)], [bar(eighths("end"))], (0, "1")),
    ("beam", [bar(eighths("begin", "end"))], [bar([*eighths("begin"), HALF_BEAMED])], (0, "1")),
]


@pytest.mark.parametrize(("rule", "good", "bad", "where"), CASES)
def test_rules_find_their_faults_and_nothing_else(rule, good, bad, where):
    check = getattr(lint_rhythm, rule)
    assert found(check, *good) == []
    assert {row[:2] for row in found(check, *bad)} == {where}


def test_notes_of_a_voice_overlap():
    assert found(lint_rhythm.voice_overlap, bar(QUARTERS)) == []
    one = bar(QUARTERS)
    one.voices[0, "1"][1] = replace(one.voices[0, "1"][1], onset=Fraction(1, 2))
    assert [text for *_, text in found(lint_rhythm.voice_overlap, one)] == ["1/2 quarters overlap"]
    # Grace notes take no time.
    grace = replace(sign("eighth"), duration=Fraction(0), value=None, is_grace=True)
    assert found(lint_rhythm.voice_overlap, bar([grace, *WHOLE])) == []


def test_a_pickup_counts_from_the_end_of_its_bar():
    pickup = bar([sign("eighth"), sign("quarter")], is_counted=False)
    assert found(lint_rhythm.hidden_beat, pickup, bar(WHOLE)) == []
    pickup = bar([sign("eighth"), sign("half"), sign("eighth")], is_counted=False)
    assert [at for at, *_ in found(lint_rhythm.hidden_beat, pickup, bar(WHOLE))] == [0]


def test_hidden_rests_may_lie_anywhere():
    hidden = replace(sign("half", "r"), is_hidden=True)
    one = bar(WHOLE, row(sign("quarter"), hidden, sign("quarter")))
    assert found(lint_rhythm.rest_beat, one) == []
