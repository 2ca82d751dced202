"""One option per constraint."""

from __future__ import annotations

import inspect

from partimento.cli.constraint_options import constrain
from partimento.generate.constraints.words import EXAMPLES


def test_every_constraint_has_an_option() -> None:
    options = constrain(max_voices="3", in_key="own")
    assert set(options) == set(EXAMPLES)
    assert {name: value for name, value in options.items() if value} == {
        "MaxVoices": "3",
        "InKey": "own",
    }
    assert len(inspect.signature(constrain).parameters) == len(EXAMPLES)
