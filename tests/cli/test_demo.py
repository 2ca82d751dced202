"""The demo: what it learns, writes and says of its sources."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from partimento import Key, Piece, read


@pytest.mark.slow
def test_the_demo_learns_and_replaces_only_its_own(tmp_path: Path) -> None:
    """The whole demo, twice: it beats both baselines, and leaves what is not its own alone."""
    out = tmp_path / "demo"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    for _ in range(2):
        output = subprocess.run(
            [sys.executable, "-m", "partimento", "demo", "-o", str(out)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
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
    measured = output[output.index("This chorale and its 7 runners-up") :].splitlines()
    assert re.fullmatch(r"This chorale .* beside the \d+ chorales by Bach .*:", measured[0])
    for line, name in zip(measured[1:3], ("fifths", "octaves"), strict=True):
        assert re.fullmatch(rf"  parallel {name} per 1,000 moves: \d+\.\d; Bach \d+\.\d", line)
    page = (out / "index.html").read_text()
    assert "Measured beside Bach" in page
    assert "parallel fifths per 1,000 moves" in page
    piece = read(out / "chorale.musicxml")
    assert piece.title == f"Chorale in {piece.keys[0].name}"
    assert piece.composer == "Partimento, after J. S. Bach"
    assert round(60_000_000 / piece.tempos[0].us_per_quarter) == 72


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


def test_only_pieces_that_were_learned_are_measured(trained: Path, folder: Path) -> None:
    from partimento.cli.demo import learned_pieces
    from partimento.cli.train import TrainingResult
    from partimento.corpus.load import load_corpus
    from partimento.training.trained_model import load_model

    loaded, corpus = load_model(trained), load_corpus(folder)
    learned = learned_pieces(TrainingResult(loaded, corpus, [], {}, None, None))
    names = [piece.source.path for piece in loaded.pieces if piece.split == "train"]
    assert 0 < len(names) < len(loaded.pieces)
    assert sorted(piece.source.path for piece in learned) == sorted(names)


def test_chorales_are_named_by_their_keys_and_credit_bach(trained: Path) -> None:
    from partimento.cli.demo import _compose, _counted
    from partimento.training.trained_model import load_model

    pieces = _compose(load_model(trained), bars=2, seed=1)
    assert len(pieces) == 8
    for piece in pieces:
        assert piece.title == f"Chorale in {piece.keys[0].name}"
        assert piece.composer == "Partimento, after J. S. Bach"
    assert _counted(pieces, [Piece([])] * 3) == (
        "This chorale and its 7 runners-up, beside the 3 chorales by Bach that the model learned"
        " from"
    )
