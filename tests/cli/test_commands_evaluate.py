"""Wrong words on the command lines that measure models and pieces."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["bench"], "missing argument 'set'"),
        (["bench", "jsb", "{new}"], "does not exist"),
        (["compare"], "missing argument 'run...'"),
        (["compare", "{run}", "-o", "{new}.doc"], "written as .csv, .json, .md, .tex"),
        (["evaluate", "{run}"], "missing option '--against'"),
        (["evaluate", "{run}", "--against", "{folder}", "--seed", "-1"], "invalid value"),
        (["originality", "{folder}/0.mid"], "missing option '--against'"),
        (["originality", "--against", "{folder}"], "missing argument 'file...'"),
        (["neighbours"], "missing argument 'run'"),
        (["neighbours", "{run}", "--most", "0"], "at least 1"),
        (["neighbours", "{run}", "C", "-o", "{new}.pdf"], "the map must be a .png or .svg file"),
        (["neighbours", "{run}"], "which has no chord vectors"),
    ],
)
def test_a_wrong_command_line_is_refused_in_one_line(
    words: list[str], message: str, refused: Callable[[Sequence[str], str], None]
) -> None:
    refused(words, message)
