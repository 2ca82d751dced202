"""The rests of a staff of several voices."""

from partimento.notation.rests import SharedStaff, with_rests
from partimento.notation.rhythm import Value
from partimento.notation.staves import BASS, GUITAR, TREBLE
from partimento.notation.symbol import Symbol
from partimento.notation.voices import LOWER, MIDDLE, UPPER

PITCH = (60, 71, 84, 40, 67)  # of the notes 0 to 4
LENGTHS = {"eighth": 2, "quarter": 4, "half": 8, "whole": 16}


def row(*items):
    """Return a voice: names of values, with the number of a note or None for a rest."""
    symbols, now = [], 0
    for kind, note in items:
        size = LENGTHS[kind]
        notes = () if note is None else ((note, False, False),)
        symbols.append(Symbol(now, size, notes, Value(now, now + size, kind, 0)))
        now += size
    return symbols


def shown(voices, kind="instrument", clef=TREBLE):
    """Return for each voice: hidden or not for each rest, and where it is drawn."""
    return [
        [(symbol.hidden, symbol.place) for symbol in voice if not symbol.notes]
        for voice in with_rests(voices, SharedStaff(kind, clef, PITCH))
    ]


def test_a_voice_shows_its_rests_and_two_voices_that_rest_together_one():
    upper, lower = row(("half", 1), ("half", None)), row(("quarter", 0), ("quarter", None))
    assert shown({UPPER: upper, LOWER: lower}) == [[(False, None)], [(False, None)]]
    both = row(("half", 0), ("half", None))
    # The one rest is drawn on the middle line.
    assert shown({UPPER: upper, LOWER: both}) == [[(False, TREBLE.middle)], [(True, None)]]


def test_a_third_voice_shows_no_rests_and_stands_for_the_lower_one():
    voices = {
        UPPER: row(("whole", 2)),
        LOWER: row(("quarter", None), ("quarter", 3), ("half", None)),
        MIDDLE: row(("half", 1), ("half", None)),
    }
    assert shown(voices) == [[], [(True, None), (False, None)], [(True, None)]]
    # The middle voice begins before the rest of the lower one, and sounds on beside it.
    voices = {
        UPPER: row(("whole", 2)),
        LOWER: row(("half", 3), ("quarter", None), ("quarter", None)),
        MIDDLE: row(("quarter", None), ("half", 1), ("quarter", None)),
    }
    assert shown(voices)[1] == [(True, None), (False, None)]


def test_rests_avoid_the_notes_of_the_other_voice():
    high = {UPPER: row(("quarter", None), ("quarter", 2)), LOWER: row(("half", 2))}
    (((_, place),), _) = shown(high)
    assert place == 35 + 7 + 1 + 3  # above C6, and on a line
    low = {UPPER: row(("half", 4)), LOWER: row(("quarter", None), ("quarter", 3))}
    _, ((_, place),) = shown(low)
    assert place == 32 - 1 - 3  # below G4
    fits = {UPPER: row(("half", 2)), LOWER: row(("quarter", None), ("quarter", 0))}
    assert shown(fits) == [[], [(False, None)]]


def test_a_chord_that_reaches_down_leaves_no_rest_below_it():
    chord = Symbol(0, 4, ((3, False, False), (1, False, False)), Value(0, 4, "quarter", 0))
    lower = row(("quarter", None), ("quarter", 0))
    assert shown({UPPER: [chord], LOWER: lower}) == [[], [(True, None)]]
    assert shown({UPPER: row(("quarter", 3)), LOWER: lower})[1][0][0] is True
    assert shown({UPPER: row(("quarter", 1)), LOWER: lower})[1][0][0] is False
    late = row(("quarter", 1), ("quarter", 3))
    assert shown({UPPER: late, LOWER: row(("half", None))})[1] == [(True, None)]


def test_lines_and_drums_show_no_rests_under_sound():
    voices = {UPPER: row(("half", None), ("half", 1)), LOWER: row(("half", 0), ("half", None))}
    for kind in ("lines", "drums"):
        assert shown(voices, kind) == [[(True, None)], [(True, None)]]
    silent = {UPPER: row(("half", None), ("half", 1)), LOWER: row(("half", None), ("half", 0))}
    assert shown(silent, "lines") == [[(False, TREBLE.middle)], [(True, None)]]


def test_a_single_voice_is_left_alone():
    assert shown({UPPER: row(("half", None), ("half", 1))}) == [[(False, None)]]


def test_the_middle_line_depends_on_the_clef():
    assert [clef.middle for clef in (TREBLE, GUITAR, BASS)] == [34, 27, 22]
