"""Runs side by side, as tables and learning curves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.commands import run


def test_compare_puts_runs_side_by_side(
    latent: Path, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table.csv"
    assert run("compare", latent, trained, "-o", table, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    rows = {row["run"]: row for row in told["runs"]}
    figures = json.loads((trained / "held_out.json").read_text())
    assert rows["one"]["total"] == figures["lstm"]["total"]
    assert rows["one"]["accuracy"] is None
    assert 0 <= rows["vae"]["accuracy"] <= 1
    assert rows["vae"]["parts"]["kl"] > 0  # its total is a bound
    assert {
        "(unigram, transpose=key)",
        "(markov, transpose=key)",
        "(markov, transpose=all)",
    } <= set(rows)  # each view has its own
    assert len(table.read_text().splitlines()) == 1 + len(rows)
    assert (
        run(
            "compare", latent, trained, "-o", tmp_path / "table.md", "-o", tmp_path / "learning.svg"
        )
        == 0
    )
    told_beside = capsys.readouterr().err
    assert "learning.svg leaves out vae: the validation loss of vae is not in nats" in " ".join(
        told_beside.split()
    )
    drawn = (tmp_path / "learning.svg").read_text()
    assert "one: " in drawn  # the best value stands at the curve's end
    assert "vae: " not in drawn  # its loss is another
    assert "| (markov, transpose=key) |" in (tmp_path / "table.md").read_text()
    words = ["compare", latent, trained, "-o", tmp_path / "t.tex", "-o", tmp_path / "l.pdf"]
    assert run(*words, "--json") == 0
    assert set(json.loads(capsys.readouterr().out)["not_drawn"]) == {"vae"}
    assert (tmp_path / "l.pdf").read_bytes()[:5] == b"%PDF-"
    table_of_runs = (tmp_path / "t.tex").read_text()
    assert table_of_runs.count(r"\begin{tabular}") == table_of_runs.count(r"\end{tabular}") == 2
    assert "one & lstm & 0 & " in table_of_runs
    assert r"$\pm$" in table_of_runs
    assert run("compare", latent, "-o", tmp_path / "none.png") == 2
    assert "no run has a learning curve to draw" in capsys.readouterr().err
    for words in (
        [latent, latent],
        [latent, tmp_path],
        [latent, "-o", tmp_path / "table.doc"],
        [latent, "-o", table],
    ):
        assert run("compare", *words) == 2


def test_runs_of_other_pieces_do_not_compare(
    trained: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [folder / f"{number}.mid" for number in range(7)]
    assert run("train", *files, "--model", "markov", "-o", tmp_path / "other") == 0
    capsys.readouterr()
    assert run("compare", trained, tmp_path / "other") == 2
    assert "same pieces" in capsys.readouterr().err
    assert run("train", folder, "--model", "markov", "--seed", 5, "-o", tmp_path / "seed") == 0
    capsys.readouterr()
    assert run("compare", trained, tmp_path / "seed") == 2
    assert "train from a store" in capsys.readouterr().err
