"""Rules for accidentals, ties, ranges and key signatures."""

import pytest
from tests.notation.lint_scores import bar, found, sign

from partimento.music.timelines import Key
from partimento.notation import lint_pitch

SHARP, NATURAL = {"printed": 1}, {"printed": 0}


@pytest.mark.parametrize(
    ("key", "symbols", "missing"),
    [
        (0, [sign("half", "F#4", **SHARP), sign("half", "F#4")], 0),
        (0, [sign("half", "F#4"), sign("half", "F#4")], 1),
        (0, [sign("half", "F#4", **SHARP), sign("half", "F4")], 1),
        (0, [sign("half", "F#4", **SHARP), sign("half", "F4", **NATURAL)], 0),
        (0, [sign("half", "F#4", **SHARP), sign("half", "F#5")], 1),
        (1, [sign("half", "F#4"), sign("half", "F4")], 1),
        (0, [sign("half", "F#4", tie="<"), sign("half", "F#4")], 1),
        (0, [sign("whole", "F#4", **NATURAL)], 1),
    ],
)
def test_a_note_needs_an_accidental(key, symbols, missing):
    assert len(found(lint_pitch.accidental, bar(symbols, key=Key(key)))) == missing


def test_an_accidental_is_valid_for_all_voices_of_a_staff():
    upper = [sign("half", "C5"), sign("half", "F#4")]
    lower = [sign("half", "F#4", **SHARP), sign("half", "D4")]
    assert found(lint_pitch.accidental, bar(upper, lower)) == []


def test_a_tie_leads_to_a_note():
    first, last = bar([sign("whole", tie=">")]), bar([sign("whole", tie="<")])
    assert found(lint_pitch.tie, first, last) == []
    lost = found(lint_pitch.tie, first, bar([sign("whole", "D4")]))
    assert lost == [(0, "1", "a tie from C4 leads to no note")]
    assert found(lint_pitch.tie, last) == [(0, "1", "a tie to C4 begins at no note")]


def test_ledger_lines_and_ranges():
    high, usual = bar([sign("whole", "C7")]), bar([sign("half", "C7"), sign("half", "C5")])
    assert [at for at, *_ in found(lint_pitch.ledger_lines, usual, high)] == [1]
    assert found(lint_pitch.ledger_lines, bar([sign("whole", "C6")])) == []
    texts = [text for *_, text in found(lint_pitch.instrument_range, usual, range=(60, 90))]
    assert texts == ["C7 is out of range"]
    assert found(lint_pitch.instrument_range, usual) == []


def test_a_key_signature_suits_the_notes():
    names = ("E4", "B4", "G#4", "C#5")
    scale = [sign("quarter", name) for name in names]
    assert found(lint_pitch.key_signature, bar(scale, key=Key(4))) == []
    ((_, _, text),) = found(lint_pitch.key_signature, bar(scale, key=Key(-2)))
    assert text == "0% of the time is in the scale of the key signature"
    minor = [sign("quarter", name) for name in ("A4", "G#4", "F#4", "E4")]
    assert found(lint_pitch.key_signature, bar(minor, key=Key(0, "minor"))) == []
