"""Places in a written score."""

from dataclasses import replace

from tests.notation.lint_scores import bar, score, sign

from partimento.notation.lint_place import bars_of, voices_of

ONE = score(bar([sign("half")] * 2, [sign("whole")]), bar([sign("whole")]))


def test_bars_and_voices_are_visited_in_order():
    assert [(place.bar, place.number) for place, _, _ in bars_of(ONE)] == [(0, "1"), (1, "2")]
    voices = [(v.place.bar, v.place.voice, len(v.symbols)) for v in voices_of(ONE)]
    assert voices == [(0, "1", 2), (0, "2", 1), (1, "1", 1)]


def test_grace_notes_are_no_full_symbols():
    voice = next(voices_of(ONE))
    grace = replace(voice.symbols[0], is_grace=True)
    assert len(voice._replace(symbols=[grace, *voice.symbols]).full) == 2
