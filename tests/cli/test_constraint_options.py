"""One option per constraint."""

from __future__ import annotations

import inspect

import pytest

from partimento.cli.constraint_options import constrain
from partimento.errors import PartimentoError
from partimento.generate.constraints.words import (
    EXAMPLES,
    asks_for_hand,
    constraints_from_options,
)
from partimento.music.piece import Piece


def test_every_constraint_has_an_option() -> None:
    options = constrain(max_voices="3", in_key="own")
    assert set(options) == set(EXAMPLES)
    assert {name: value for name, value in options.items() if value} == {
        "MaxVoices": "3",
        "InKey": "own",
    }
    assert len(inspect.signature(constrain).parameters) == len(EXAMPLES) + 1  # --no-playable


def test_the_default_demand_is_switched_off() -> None:
    options = constrain(no_playable=True)
    assert not asks_for_hand(options)
    assert asks_for_hand(constrain())
    assert constraints_from_options(options, read=lambda path: Piece([])) == []


def test_a_demand_that_is_also_switched_off_is_refused() -> None:
    with pytest.raises(PartimentoError, match="contradict"):
        constrain(playable="guitar", no_playable=True)
