"""The public API: lazy, typed, complete; what the front page of the documentation shows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.commands import loaded_by

import partimento as pt
from partimento.files import write_atomically

HEAVY = (
    "keras",
    "jax",
    "tensorflow",
    "torch",
    "music21",
    "verovio",
    "pyarrow",
    "scipy",
    "pydantic",
    "matplotlib",
    "typer",
    "rich",
    "pandas",
)


def test_every_name_of_the_api_can_be_had_and_is_documented():
    for name in set(pt.__all__) - {"__version__"}:
        assert getattr(pt, name).__doc__, name
    assert "train" in dir(pt)
    with pytest.raises(AttributeError):
        pt.no_such_name  # noqa: B018


def test_importing_the_package_loads_no_heavy_library():
    assert loaded_by("import partimento", HEAVY) == ("", [])


@pytest.mark.slow
def test_types_of_the_api_are_real_types(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import partimento as pt\n"
        "reveal_type(pt.read('a.mid').transpose(2))\n"
        "reveal_type(pt.load_corpus('scores', composer='Sor'))\n"
        "model = pt.train('scores', out='run')\n"
        "reveal_type(model)\n"
        "reveal_type(model.compose(bars=16))\n"
        "reveal_type(model.compose(bars=16, n=3))\n"
        "reveal_type(pt.evaluate([], against=pt.load_corpus('scores')))\n"
        "model.compose(barz=16)\n"
    )
    source = Path(pt.__file__).parents[1]
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--no-error-summary",
            "--cache-dir",
            tmp_path / "cache",
            script,
        ],
        capture_output=True,
        text=True,
        env={"MYPYPATH": str(source), "PATH": ""},
        check=False,
    )
    revealed = [
        line.partition("note: Revealed type is ")[2].strip('"')
        for line in result.stdout.splitlines()
    ]
    assert [kind.rpartition(".")[2] for kind in revealed if kind] == [
        "Piece",
        "Corpus",
        "TrainedModel",
        "Piece",
        "Piece]",
        "Evaluation",
    ]
    assert "barz" in result.stdout


def test_read_transpose_and_save(pieces, tmp_path):
    path = tmp_path / "a.mid"
    pieces[0].save(path)
    piece = pt.read(path)
    assert isinstance(piece, pt.Piece)
    (moved,) = piece.transpose(-2).save(tmp_path / "b.musicxml")
    assert pt.read(moved).notes.pitch.min() == piece.notes.pitch.min() - 2
    write_atomically(tmp_path / "c.mid", "no music")
    with pytest.raises(pt.ReadError, match=r"c\.mid"):
        pt.read(tmp_path / "c.mid")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory, pieces):
    folder = tmp_path_factory.mktemp("scores")
    for number, piece in enumerate(pieces):
        piece.save(folder / f"{number}.mid")
    return pt.load_corpus(folder)


@pytest.fixture(scope="module")
def model(tmp_path_factory, corpus):
    out = tmp_path_factory.mktemp("runs") / "mine"
    return pt.train(corpus, settings={"model": {"name": "markov"}}, out=out)


def test_train_evaluate_and_compose(model, corpus):
    results = model.evaluate()
    assert results["markov"].total < results["unigram"].total
    assert "nats per event" in str(results)
    again = model.evaluate(corpus)
    assert again["markov"].total == pytest.approx(results["markov"].total)
    with pytest.raises(pt.PartimentoError, match="another corpus"):
        model.evaluate(pt.Corpus.of(corpus.pieces[:4]))
    piece = model.compose(bars=4, seed=3, candidates=2)
    several = model.compose(bars=4, n=2, seed=3, candidates=2)
    assert several[0].notes == piece.notes
    assert several[1].notes != piece.notes
    assert "markov" in repr(model)


def test_what_was_saved_composes_the_same(model, tmp_path):
    loaded = pt.load_model(model.save(tmp_path / "copy").folder)
    options = {"bars": 4, "seed": 5, "candidates": 2, "sampling": pt.Sampling(top_p=0.9)}
    assert loaded.compose(**options).notes == model.compose(**options).notes


def test_evaluation_and_originality_report_themselves(model, corpus, tmp_path):
    composed = model.compose(bars=4, n=4, candidates=1)
    evaluation = pt.evaluate(composed, against=corpus, draws=2)
    page = evaluation.to_html(tmp_path / "report.html")
    assert "data:image/" in page.read_text(encoding="utf-8")
    assert "generated pieces compared with" in str(evaluation)
    report = pt.originality(composed, corpus)
    assert report.table().startswith("| piece |")
