"""Help of the commands on the origin of files."""

from __future__ import annotations

import pytest
from tests.commands import run_checked


@pytest.mark.parametrize("name", ["again", "credits"])
def test_help_has_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    run_checked(name, "--help")
    assert f"partimento {name} " in capsys.readouterr().out
