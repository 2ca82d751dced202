"""The pictures of a training."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.commands import run


def test_watch_makes_the_pictures_of_a_training(
    latent: Path, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = {path.name for path in (latent / "watch").iterdir()}
    assert made >= {
        "index.html",
        "losses.png",
        "latent.gif",
        "latent.html",
        "window.gif",
        "window.html",
        "network.png",
        "encodings.png",
    }
    page = (latent / "watch" / "index.html").read_text()
    assert f"<title>{latent.name}: vae" in page
    assert ".training" not in page
    assert run("watch", trained, "-o", tmp_path / "pictures", "--json") == 0
    told = json.loads(capsys.readouterr().out)["written"]
    assert told[0].endswith("index.html")
    assert all(Path(path).stat().st_size > 100 for path in told)
    assert "latent.gif" not in {Path(path).name for path in told}  # an LSTM has no latent space
    assert run("watch", trained, "-o", tmp_path / "pictures") == 0  # again, over the old ones
    assert run("watch", tmp_path / "nowhere") == 2
    assert run("watch", trained, "-o", latent / "run.json") == 2
