"""The colors that --show asks for."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.commands import run, run_checked
from tests.pieces import chorale

from partimento.export.write import write

COMPOSE = ("compose", "--model", "chorales", "--bars", "2", "--seed", "4")


def test_a_composed_piece_is_colored_and_made_again(tmp_path: Path) -> None:
    for show in ("surprise", "originality"):
        path = tmp_path / f"{show}.svg"
        run_checked(*COMPOSE, "--show", show, "-o", path)
        assert path.read_text().count("<circle") == 5
        run_checked("again", path)


def test_a_score_is_colored_by_a_named_model_and_corpus(tmp_path: Path, folder: Path) -> None:
    score = write(chorale(), tmp_path / "a.mid")[0]
    page, picture = tmp_path / "a.html", tmp_path / "a.svg"
    run_checked("render", score, "--show", "surprise", "--model", "guitar", "-o", page)
    assert "for the model guitar" in page.read_text()
    run_checked("render", score, "--show", "originality", "--against", folder, "-o", picture)
    assert "in the corpus" in picture.read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--show", "beauty", "-o", "{new}.svg"], "surprise"),
        (["--show", "surprise", "-o", "{new}.svg"], "name it with --model"),
        (["--show", "surprise", "--model", "guitar", "-o", "{new}.mid"], "colors only"),
        (["--show", "surprise", "--model", "nowhere", "-o", "{new}.svg"], "does not exist"),
        (["--show", "originality", "-o", "{new}.svg"], "with --against"),
        (["--show", "surprise", "--against", "x", "-o", "{new}.svg"], "of --show originality"),
        (["--model", "guitar", "-o", "{new}.svg"], "belong to --show"),
    ],
)
def test_refused_in_one_line(words, message, refused) -> None:
    refused(["render", "{folder}/0.mid", *words], message)


def test_composing_many_has_no_colors(tmp_path: Path) -> None:
    assert run(*COMPOSE, "--candidates", "2", "--humanise", "-o", tmp_path / "f") == 2
    assert not (tmp_path / "f").exists()
