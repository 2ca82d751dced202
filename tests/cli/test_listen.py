"""Facts and pictures of a sound."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.commands import run
from tests.waves import RATE, SINE, written

from partimento.cli.listen import run_listen
from partimento.errors import PartimentoError


def test_listen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path / "a.wav", (SINE * 16000).astype(np.int16))
    assert run("listen", tmp_path / "a.wav", "-o", tmp_path / "a.png", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rate_hz"] == 8000
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
    (tmp_path / "b.wav").write_text("no sound")
    assert run("listen", tmp_path / "b.wav") == 2


def test_listen_prints_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "a.wav", np.round(SINE * 16384).astype(np.int16))
    run_listen(path, out=tmp_path / "a.png", start_s=0, seconds=3, force=False, as_json=False)
    shown = capsys.readouterr().out
    for word in ("8,000 Hz", "1.00 s", "16-bit", "-6.0 dBFS", "-9.0 dBFS", "LUFS", "a.png"):
        assert word in shown
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(PartimentoError, match="already exists"):
        run_listen(path, out=tmp_path / "a.png", start_s=0, seconds=3, force=False, as_json=False)
    with pytest.raises(PartimentoError, match=r"\.png or \.svg"):
        run_listen(path, out=tmp_path / "a.gif", start_s=0, seconds=3, force=False, as_json=False)


def test_listen_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_listen(
        written(tmp_path / "a.wav", np.zeros((90, 2), np.int16)),
        out=None,
        start_s=0,
        seconds=3,
        force=False,
        as_json=True,
    )
    told = json.loads(capsys.readouterr().out)
    assert (told["rate_hz"], told["channels"], told["samples"], told["kind"]) == (
        RATE,
        2,
        90,
        "16-bit",
    )
    assert told["peak_dbfs"] is None
    assert told["rms_dbfs"] is None
    assert told["loudness_lufs"] is None
    assert told["written"] == []
