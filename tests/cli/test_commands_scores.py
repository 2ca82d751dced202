"""Wrong words on the command lines for score files."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["transpose", "{folder}/0.mid", "-o", "{new}.mid"], "give one of --semitones"),
        (
            ["transpose", "{folder}/0.mid", "--semitones", "1", "--key", "C", "-o", "{new}.mid"],
            "give one of",
        ),
        (
            ["transpose", "{folder}/0.mid", "--key", "J", "-o", "{new}.mid"],
            "no such key",
        ),
        (["transpose", "{folder}/0.mid", "--interval", "M4", "-o", "{new}.mid"], "no such int"),
        (["transpose", "{folder}/0.mid", "--semitones", "99", "-o", "{new}.mid"], "0 to 127"),
        (["transpose", "nowhere.mid", "--semitones", "1", "-o", "{new}.mid"], "does not exist"),
        (["cut", "{folder}/0.mid", "--bars", "two", "-o", "{new}.mid"], "such as 5-8"),
        (["cut", "{folder}/0.mid", "--bars", "900-901", "-o", "{new}.mid"], "no bars 900-901"),
        (["cut", "{folder}/0.mid", "--bars", "1", "-o", "{new}.doc"], "cannot write .doc"),
        (["info", "{folder}"], "is a folder"),
        (["lint", "{folder}"], "is a folder"),
        (["lint", "nowhere.mid"], "does not exist"),
        (["render", "{folder}/0.mid", "--clef", "violin", "-o", "{new}.mid"], "no such clef"),
        (["render", "{folder}/0.mid", "--program", "200", "-o", "{new}.mid"], "0 to 127"),
    ],
)
def test_refused_in_one_line(
    words: list[str], message: str, refused: Callable[[Sequence[str], str], None]
) -> None:
    refused(words, message)
