"""The demo: what it learns, writes and says of its sources."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from partimento import Key


@pytest.mark.slow
def test_the_demo_learns_and_replaces_only_its_own(tmp_path: Path) -> None:
    """The whole demo, twice: it beats both baselines, and leaves what is not its own alone."""
    out = tmp_path / "demo"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-m", "partimento", "demo", "-o", str(out)],
            check=True,
            capture_output=True,
        )
        figures = json.loads((out / "run" / "held_out.json").read_text())
        assert (
            figures["notewise"]["total"] < figures["markov"]["total"] < figures["unigram"]["total"]
        )
    names = {path.name for path in out.iterdir()}
    assert names >= {
        "chorale.mid",
        "chorale.musicxml",
        "chorale.svg",
        "chorale.png",
        "chorale.pdf",
        "chorale.wav",
        "index.html",
        "run",
    }
    assert (out / "mine.txt").read_text() == "mine"


def test_the_demo_names_the_keys_of_its_sources_as_people_do(trained: Path) -> None:
    from partimento.cli.demo import _about
    from partimento.models.likelihood import Likelihood
    from partimento.training.trained_model import load_model

    loaded = load_model(trained)
    table = {"lstm": Likelihood({"chord": 10.0}, events=10)}
    sources = _about(loaded, table)["sources"]
    learned = [piece for piece in loaded.pieces if piece.split == "train"]
    assert [source.rpartition("(")[2] for source in sources] == [
        f"{Key.from_name(piece.key).name})" for piece in learned
    ]
    assert any("♭" in source or "♯" in source for source in sources)
