"""Wrong words on the command lines that write pieces."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["compose", "nowhere"],
            "no bundled model has this name: they are chorales and guitar",
        ),
        (["compose", "{folder}", "-o", "{new}.mid"], "no run"),
        (["compose", "{run}", "-o", "piece.doc"], "cannot write .doc"),
        (["compose", "{run}", "-o", "x.mid", "-o", "x.mid"], "twice"),
        (["compose", "{run}", "--bars", "4", "--events", "5", "-o", "{new}.mid"], "not both"),
        (["compose", "{run}", "--bars", "0", "-o", "{new}.mid"], "must be between 1"),
        (["compose", "{run}", "--key", "J major", "-o", "{new}.mid"], "no such key"),
        (["compose", "{run}", "--top-p", "2", "-o", "{new}.mid"], "top_p"),
        (["compose", "{run}", "--program", "128", "-o", "{new}.mid"], "program"),
        (
            ["compose", "{run}", "--start", "nowhere.mid", "-o", "{new}.mid"],
            "nowhere.mid does not exist",
        ),
        (["compose", "{run}", "--start", "silense", "-o", "{new}.mid"], "did you mean silence"),
        (
            ["compose", "{run}", "--start", "999", "-o", "{new}.mid"],
            "no training piece with this number: they are 0 to 7",
        ),
        (
            ["compose", "{run}", "--start", "-1", "-o", "{new}.mid"],
            "no training piece with this number",
        ),
        (
            ["compose", "{run}", "--start", "{folder}/text.mid", "-o", "{new}.mid"],
            "not a midi file",
        ),
        (["compose", "{run}", "--program", "guitr", "-o", "{new}.mid"], "did you mean guitar"),
        (["compose", "{run}", "-o", "{run}/run.json", "--seed", "1"], "already exists"),
        (["compose", "{run}", "--no-such-option"], "no such option"),
        (["compose", "{run}", "--start", "{folder}", "-o", "{new}.mid"], "is a folder"),
        (["compose", "{run}", "--key", "G# major", "-o", "{new}.mid"], "than seven accidentals"),
        (["compose", "{run}", "--title", "bad\udcff", "-o", "{new}.mid"], "printable"),
        (["compose", "{run}", "-o", "{new}.mid", "-o", "{new}/../new.mid"], "twice"),
        (["compose", "{run}", "-o", "{folder}/0.mid/x.mid"], "is not a folder"),
    ],
)
def test_compose_refuses_in_one_line(
    words: list[str], message: str, refused: Callable[[Sequence[str], str], None]
) -> None:
    refused(words, message)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["render", "{folder}/text.mid", "-o", "{new}.svg"], "text.mid: not a midi file"),
        (["render", "{folder}/0.mid", "-o", "{folder}/1.mid"], "already exists"),
        (["render", "{folder}", "-o", "{new}.mid"], "is a folder"),
        (["render", "{folder}/0.mid"], "missing option"),
    ],
)
def test_render_refuses_in_one_line(
    words: list[str], message: str, refused: Callable[[Sequence[str], str], None]
) -> None:
    refused(words, message)
