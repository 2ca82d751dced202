"""The commands fill and continue, as they are declared."""

from __future__ import annotations

import pytest
from tests.commands import run


@pytest.mark.parametrize("command", ["fill", "continue"])
def test_help_has_options_and_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command, "--help") == 0
    text = capsys.readouterr().out
    for option in ("--bars", "--model", "--candidates", "--seed", "--in-key", "--json", "Examples"):
        assert option in text


def test_fill_needs_bars(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fill", "a.mid") == 2
    assert "--bars" in capsys.readouterr().err
