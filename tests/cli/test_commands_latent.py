"""The commands on latent spaces have help and examples."""

from __future__ import annotations

import pytest
from tests.commands import run_checked


@pytest.mark.parametrize("command", ["morph", "reconstruct", "steer", "sample"])
def test_help_shows_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    run_checked(command, "--help")
    text = capsys.readouterr().out
    assert f"partimento {command}" in text
    assert "--model" in text
