"""Quarter notes and seconds."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partimento.music.tempo_map import TempoMap
from partimento.music.timelines import Tempo

TEMPOS = (Tempo(1_000_000, Fraction(1)), Tempo(250_000, Fraction(5, 2)))


@pytest.mark.parametrize(
    ("quarters", "seconds"),
    [
        (0, 0),
        (1, Fraction(1, 2)),
        (2, Fraction(3, 2)),
        (Fraction(5, 2), 2),
        (Fraction(9, 2), Fraction(5, 2)),
    ],
)
def test_seconds_follow_each_tempo_change(quarters, seconds):
    assert TempoMap(TEMPOS).seconds(Fraction(quarters)) == seconds


def test_the_default_tempo_is_120_quarters_per_minute():
    assert TempoMap(()).seconds(Fraction(120)) == 60


@given(st.lists(st.integers(1, 2**24 - 1), max_size=5), st.fractions(0, 100))
def test_quarters_invert_seconds(rates, time):
    tempos = [Tempo(rate, Fraction(3 * place)) for place, rate in enumerate(rates)]
    tempo_map = TempoMap(tempos)
    assert tempo_map.quarters(tempo_map.seconds(time)) == time
