"""Wrong words on the command line of ``tab``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tab", "nowhere.mid"], "does not exist"),
        (["tab", "{folder}"], "is a folder"),
        (["tab", "{folder}/0.mid", "-o", "{new}.doc"], "cannot write .doc"),
        (["tab", "{folder}/0.mid", "--tuning", "drop q"], "did you mean"),
        (["tab", "{folder}/0.mid", "--capo", "30"], "a capo is at"),
        (["tab", "{folder}/0.mid", "--part", "Oboe"], "no part named 'Oboe'"),
        (["tab", "{folder}/0.mid", "--format", "pdf"], "--format is for a folder"),
        (["tab", "{folder}/0.mid", "{folder}/1.mid", "-o", "{new}.pdf"], "need a folder"),
        (["tab", "{folder}/0.mid", "-o", "{new}", "-o", "{new}2"], "give one folder"),
        (["tab", "{folder}/0.mid", "{folder}/0.mid", "-o", "{new}"], "written as 0"),
    ],
)
def test_refused_in_one_line(
    words: list[str], message: str, refused: Callable[[Sequence[str], str], None]
) -> None:
    refused(words, message)
