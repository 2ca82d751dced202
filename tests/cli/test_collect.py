"""Collect scores and list data sets on the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["collect", "mutopia", "-o", "{new}"], "an instrument or a composer"),
        (["collect", "fetch", "maestro", "-o", "{new}"], "cannot be fetched"),
    ],
)
def test_collect_refuses_in_one_line(
    words: list[str], message: str, refused: Callable[[Sequence[str], str], None]
) -> None:
    refused(words, message)
