"""``evaluate``: folders of scores, and a run, beside real pieces; the table, the JSON and the
report.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.commands import run_checked as run

from partimento import Piece
from partimento.analysis.features.table import FEATURES
from partimento.export.write import write
from partimento.training.train import learn


@pytest.fixture(scope="module")
def folders(
    real: list[Piece], dull: list[Piece], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    made, corpus = tmp_path_factory.mktemp("made"), tmp_path_factory.mktemp("corpus")
    for folder, pieces in ((made, dull), (corpus, real)):
        for number, piece in enumerate(pieces):
            write(piece, folder / f"{number}.mid")
    (made / "broken.mid").write_text("not music")
    return made, corpus


def test_a_folder(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, corpus = folders
    report = tmp_path / "report.html"
    run("evaluate", made, "--against", corpus, "-o", report)
    shown = capsys.readouterr()
    assert "5 generated pieces compared with 12 real ones" in shown.out
    assert re.search(r"polyphony +2.000 ", shown.out)
    assert "Frechet distance on Partimento's features" in shown.out
    assert re.search(r"notes in the key +\d\.\d+ ", shown.out)
    assert "Not all pieces have voices" in shown.out
    lines = shown.out.splitlines()
    music = next(number for number, line in enumerate(lines) if line.startswith("Part-writing"))
    assert max(map(len, lines[:30] + lines[music : music + 20])) <= 80
    assert "1 not read" in shown.err
    page = report.read_text()
    assert page.count("data:image/svg+xml;base64,") == 3
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "url(" not in page
    run("evaluate", made, "--against", corpus, "-o", report, code=2)
    assert "already exists" in capsys.readouterr().err


def test_json_has_everything(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    made, corpus = folders
    run("evaluate", made, "--against", corpus, "--bars", 8, "--seed", 3, "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["generated"], told["real"], told["bars"], told["seed"]) == (5, 12, 8, 3)
    assert {row["name"] for row in told["rows"]} == set(FEATURES)
    assert told["rejected"] == [str(made / "broken.mid")]
    assert set(told["frechet"]) == {"mean", "deviation"}
    assert told["music"]["method"] == "chords"
    measures = {row["name"]: row for row in told["music"]["rows"]}
    assert measures["bar_runs"]["generated"] == 1  # of the eight bars
    assert len(measures["in_key"]["halves"]) == 2
    assert told["music"]["classifier"] is None  # five pieces are too few


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-o", "report.pdf"], "must be an .html file"),
        (["--bars", 0], "--bars must be between"),
        (["--pieces", 0], "--pieces must be between"),
    ],
)
def test_wishes_that_cannot_be(
    words: list[object],
    message: str,
    folders: tuple[Path, Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    run("evaluate", folders[0], "--against", folders[1], *words, code=2)
    assert message in capsys.readouterr().err


def test_a_run_composes_what_is_measured(
    real: list[Piece],
    folders: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = learn(real, settings={"model": {"name": "markov"}}, out=tmp_path / "run")[0].folder
    assert made is not None
    (made / "held_out.json").write_text('{"markov": {"total": 3.25}, "reconstruction": null}')
    run("evaluate", made, "--against", folders[1], "--pieces", 5, "--bars", 4, "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["generated"], told["bars"]) == (5, 4)
    assert told["figures"]["nats per event of held-out pieces"] == {"markov": 3.25}
    shared = told["figures"]["longest passage of chords shared with the corpus"]
    assert 0 <= shared["median"] <= shared["95 %"] <= shared["most"]
    assert shared["real median"] <= shared["real most"]
    assert 0.5 < told["overlap"] <= 1


def test_a_bundled_model_is_known_by_name(
    folders: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)  # where no folder has this name
    run("evaluate", "guitar", "--against", folders[1], "--pieces", 4, "--bars", 1, "--json")
    results = json.loads(capsys.readouterr().out)
    assert (results["evaluated"], results["generated"]) == ("guitar", 4)
