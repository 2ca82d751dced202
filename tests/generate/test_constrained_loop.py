"""The compiled loop within constraints gives what the loop on NumPy gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.generate.chromatic import LIMITS, compose, pitches

from partimento.generate.autoregressive import LOOPS
from partimento.generate.constraints import (
    ChordSize,
    Durations,
    InKey,
    PartWriting,
    Range,
    StepLeap,
)


def test_a_product_of_constraints_holds_at_every_step(model: Any) -> None:
    generated = compose(model, Range(55, 66), InKey("D major"))
    assert not generated.dead_ends.any()
    assert pitches(model, generated) <= {55, 57, 59, 61, 62, 64, 66}
    assert pitches(model, generated)


def test_without_constraints_the_whole_range_comes(model: Any) -> None:
    sounding = pitches(model, compose(model))
    assert min(sounding) < 55
    assert len({pitch % 12 for pitch in sounding}) > 8


def test_a_second_range_changes_nothing(model: Any) -> None:
    once, twice = compose(model, Range(55, 66)), compose(model, Range(55, 66), Range(0, 127))
    np.testing.assert_array_equal(once.ids, twice.ids)


def test_what_allows_nothing_is_given_up(model: Any) -> None:
    generated = compose(model, Range(20, 30), ChordSize(1, 1))
    expected = model.tokenizer.name == "chords"  # the others can write any pitch
    assert generated.dead_ends.all() == expected


@pytest.mark.parametrize("model", ["notes"], indirect=True)
def test_moving_values_compiles_nothing(model: Any) -> None:
    compose(model, StepLeap(4), PartWriting(), Durations([1]))
    before = len(LOOPS)
    generated = compose(model, StepLeap(5), PartWriting(), Durations([1, 1]))
    assert len(LOOPS) == before
    assert LIMITS.events == 12
    assert generated.ids.shape[0] == 6
