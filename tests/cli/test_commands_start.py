"""Wrong words on the command lines to begin with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["demo", "--seed", "-1", "-o", "{new}"], "invalid value"),
        (["demo", "-o", "{folder}/0.mid"], "is not a folder"),
    ],
)
def test_demo_refuses_in_one_line(
    words: list[str], message: str, refused: Callable[[Sequence[str], str], None]
) -> None:
    refused(words, message)
