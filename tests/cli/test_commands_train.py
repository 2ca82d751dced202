"""Wrong words on the command lines that train."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "{folder}x", "-o", "{new}"], "does not exist; did you mean"),
        (["train", "chorales", "-o", "{new}"], "did you mean bundled:chorales"),
        (["train", "{empty}", "-o", "{new}"], "empty corpus"),
        (["train", "{folder}", "--model", "lsmt", "-o", "{new}"], "did you mean lstm"),
        (
            ["train", "{folder}", "--set", "train.epoch=5", "-o", "{new}"],
            "did you mean train.epochs",
        ),
        (["train", "{folder}", "--recipe", "lsmt", "-o", "{new}"], "did you mean lstm"),
        (["train", "{folder}", "-o", "{run}"], "already exists"),
        (["train", "{folder}/0.mid", "-o", "{new}"], "at least two different pieces"),
        (["train", "{folder}", "-o", "{folder}", "--force"], "so it is something else"),
        (["train", "{folder}", "-o", "{folder}/0.mid/run"], "is not a folder"),
        (["train", "{folder}", "--set", "train.seed=-1", "-o", "{new}"], "train.seed"),
    ],
)
def test_train_refuses_in_one_line(
    words: list[str], message: str, refused: Callable[[Sequence[str], str], None]
) -> None:
    refused(words, message)
