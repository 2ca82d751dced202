"""The help of the commands that work with harmony."""

from __future__ import annotations

import pytest
from tests.commands import run_checked


@pytest.mark.parametrize("name", ["chords"])
def test_help_shows_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    run_checked(name, "--help")
    assert f"partimento {name}" in capsys.readouterr().out
