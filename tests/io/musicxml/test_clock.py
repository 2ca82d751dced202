"""The exact time in bars whose written durations are rounded."""

from partimento.io.musicxml.clock import Clock


def test_a_return_finds_the_exact_times_of_notes():
    clock = Clock(0, 10)  # a division is 10 ticks, and a third of 100 ticks is written as 3 of them
    for exact in (33, 67, 100):
        clock.advance(30, exact)
    assert clock.back(30) == 67
    clock.advance(30, 100)
    assert clock.back(90) == 0


def test_a_return_to_the_beginning_may_be_exact_or_rounded():
    for ticks in (90, 100, 200):
        clock = Clock(0, 10)
        clock.advance(90, 100)
        assert clock.back(ticks) == 0


def test_a_return_to_a_time_without_a_note_is_as_written():
    clock = Clock(0, 1)
    clock.advance(90, 100)
    assert clock.back(50) == 40


def test_a_short_skip_leads_to_the_written_time_and_a_long_one_lasts_as_written():
    clock = Clock(0, 10)
    clock.advance(80, 85)
    assert clock.skip(20) == 100
    clock.advance(30, 133)
    assert clock.skip(50) == 183
