"""``bench``: the table, the JSON, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.commands import run_checked as run
from tests.conftest import small_piece

from partimento.evaluation.benchmarks import PUBLISHED
from partimento.training.train import learn


@pytest.fixture(scope="module")
def chorales(data_folder: Path) -> Path:
    path = data_folder / "jsb" / "jsb-chorales-quarter.json"
    if not path.is_file():
        pytest.skip(f"no {path}")
    return path


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was trained on other pieces."""
    out = tmp_path_factory.mktemp("runs") / "elsewhere"
    settings = {"model": {"name": "markov"}, "tokens": {"min_count": 1, "transpose": "none"}}
    learn([small_piece(number) for number in range(3)], settings=settings, out=out)
    return out


def test_a_table_and_the_same_as_json(
    chorales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "figures.json"
    run("bench", "jsb", "--data", chorales, "-o", out)
    report = json.loads(out.read_text())
    assert (report["benchmark"], report["split"], report["unit"]) == ("jsb", "test", "time step")
    assert [each["name"] for each in report["scores"]] == ["unigram", "markov"]
    assert report["published"] == [each._asdict() for each in PUBLISHED["jsb"]]
    header, *rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert header == ["model", "nats", "95 %", "by pieces", "source"]
    assert len(rows) == 2 + len(PUBLISHED["jsb"])
    figures = [float(row[1]) for row in rows]
    assert figures == sorted(figures)
    table = {row[0]: row for row in rows}
    for each in report["scores"]:
        want = [
            f"{each['nats']:.3f}",
            f"{each['low']:.3f}–{each['high']:.3f}",
            f"{each['by_pieces']:.3f}",
            "measured now",
        ]
        assert table[each["name"]][1:] == want
    assert table["LSTM-RTRBM"][1] == "4.720"
    assert "Lyu" in table["LSTM-RTRBM"][4]
    run("bench", "jsb", "--data", chorales, "-o", out, code=2)  # it is there
    assert "--force" in capsys.readouterr().err


def test_on_the_validation_pieces_there_are_no_published_figures(
    chorales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "figures.json"
    run("bench", "jsb", "--data", chorales, "--split", "valid", "-o", out)
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert {row[0] for row in rows[1:]} == {"unigram", "markov"}
    run("bench", "jsb", "--data", chorales, "--split", "valid", "--json")
    report = json.loads(capsys.readouterr().out)
    assert report["split"] == "valid"
    assert [each["pieces"] for each in report["scores"]] == [76, 76]
    assert json.loads(out.read_text()) == report


def refused(capsys: pytest.CaptureFixture[str], message: str, *words: object) -> None:
    run("bench", *words, code=2)
    said = [
        line
        for line in capsys.readouterr().err.splitlines()
        if line.startswith("error") or message in line
    ]
    assert len(said) == 1, said
    assert message in said[0]


def test_a_run_of_other_pieces_is_refused(
    elsewhere: Path, chorales: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(
        capsys, "was not trained on this set and its split", "jsb", elsewhere, "--data", chorales
    )


def test_what_makes_no_sense(
    elsewhere: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.json"
    other.write_text("{}")
    refused(capsys, "its hash differs", "jsb", "--data", other)
    refused(capsys, "none.json does not exist", "jsb", "--data", tmp_path / "none.json")
    refused(capsys, "--ensemble needs at least two runs", "jsb", elsewhere, "--ensemble")
    refused(capsys, "--ensemble needs at least two runs", "jsb", "--ensemble")
    refused(capsys, "there is no benchmark jbs; did you mean jsb?", "jbs")
    refused(capsys, "there is no split train", "jsb", "--split", "train")
    refused(capsys, "is not a run", "jsb", tmp_path)
    refused(capsys, "written as .json", "jsb", "-o", tmp_path / "figures.csv")


def test_a_set_is_not_another(chorales: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused(
        capsys,
        "is not the file of the benchmark nottingham",
        "nottingham",
        "--data",
        chorales,
    )
