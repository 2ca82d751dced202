"""The report of what is installed."""

from __future__ import annotations

import json

import pytest
from tests.commands import run


def test_doctor(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("doctor", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["missing"] == []
    assert ".sf2" in told["soundfont"]
    assert {"keras", "symusic", "verovio"} <= set(told["packages"])
    assert run("doctor") == 0
    assert "nothing is missing" in capsys.readouterr().out
