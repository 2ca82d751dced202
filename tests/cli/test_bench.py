"""``bench``: the table, the JSON, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.commands import run_checked as run
from tests.conftest import small_piece

from partimento.cli.bench import PUBLISHED_COLUMNS, published_rows
from partimento.corpus.benchmarks import read_benchmark
from partimento.evaluation.published_results import PUBLISHED
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


def tables(text: str) -> list[dict[str, dict[str, str]]]:
    """Return the printed tables, as model → column → cell."""
    found: list[dict[str, dict[str, str]]] = []
    header: list[str] = []
    for line in text.splitlines():
        cells = line.split("\t")
        if cells[0] == "model":
            header = cells
            found.append({})
        else:
            found[-1][cells[0]] = dict(zip(header, cells, strict=True))
    return found


def test_a_table_and_the_same_as_json(
    chorales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "figures.json"
    run("bench", "jsb", "--data", chorales, "-o", out)
    report = json.loads(out.read_text())
    assert (report["benchmark"], report["splits"], report["unit"]) == (
        "jsb",
        ["test", "valid"],
        "time step",
    )
    assert len(report["scores"]) == 2 * 2 * 2  # models, splits, all tunes and new ones
    assert report["means"] == []
    assert report["published"] == [each.to_json() for each in PUBLISHED["jsb"]]
    printed = capsys.readouterr()
    ours, published = tables(printed.out)
    assert list(ours) == ["markov", "unigram"]  # the best first
    for each in report["scores"]:
        row = ours[each["name"]]
        if (each["split"], each["tunes"]) == ("valid", "new"):
            continue
        heading = each["split"] if each["tunes"] == "all" else "test, new tunes"
        assert row[heading] == f"{each['nats']:.3f}"
        assert row[f"95 % of {heading}"] == f"{each['low']:.3f}–{each['high']:.3f}"
        if heading == "test":
            assert row["by pieces"] == f"{each['by_pieces']:.3f}"
    assert set(published) == {each.name for each in PUBLISHED["jsb"]}
    row = published["LSTM-RTRBM"]
    assert (row["nats"], row["per"], row["split"], row["kind"]) == (
        "4.720",
        "time step",
        "test",
        "estimate",
    )
    assert "annealed importance sampling" in row["remark"]
    assert "test: 77 pieces, 4,725 time steps; 38 with new tunes" in printed.err
    run("bench", "jsb", "--data", chorales, "-o", out, code=2)  # it is there
    assert "--force" in capsys.readouterr().err


def test_comparable_results_come_first() -> None:
    rows = published_rows(PUBLISHED["jsb16"])
    names = [column.name for column in PUBLISHED_COLUMNS]
    assert all(len(row) == len(names) for row in rows)
    comparable = [row[names.index("comparable")] for row in rows]
    assert comparable == sorted(comparable, reverse=True)
    assert set(comparable) == {"yes", "no"}
    bachbot = dict(zip(names, next(row for row in rows if row[0] == "BachBot"), strict=True))
    assert bachbot["per"] == "token"
    assert bachbot["in our unit"] == "about 0.600"
    assert "token" in bachbot["remark"]


def test_one_split_alone(
    chorales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "figures.json"
    run("bench", "jsb", "--data", chorales, "--split", "valid", "-o", out)
    ours, _ = tables(capsys.readouterr().out)
    assert set(ours) == {"unigram", "markov"}
    assert set(ours["markov"]) >= {"valid", "valid, new tunes"}
    assert not any("test" in column for column in ours["markov"])
    run("bench", "jsb", "--data", chorales, "--split", "valid", "--json")
    report = json.loads(capsys.readouterr().out)
    assert report["splits"] == ["valid"]
    assert [each["pieces"] for each in report["scores"]] == [76, 46, 76, 46]
    assert json.loads(out.read_text()) == report


def test_runs_that_differ_in_their_seed_have_a_mean(
    chorales: Path,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Runs of the same name are told apart by their paths."""
    corpus = read_benchmark(str(chorales))
    folders = []
    for seed in (1, 2):
        folder = tmp_path_factory.mktemp("runs") / "counts"
        settings = {
            "model": {"name": "markov"},
            "tokens": {"min_count": 1, "transpose": "none"},
            "train": {"seed": seed},
        }
        learn(corpus, settings=settings, out=folder)
        folders.append(folder)
    words = ("--data", chorales, "--split", "valid")
    run("bench", "jsb", *folders, *words, "--ensemble", "--json")
    report = json.loads(capsys.readouterr().out)
    names = [str(folder) for folder in folders]
    both = "ensemble of 2"
    assert {each["name"] for each in report["scores"]} == {*names, both, "unigram", "markov"}
    nats = {each["name"]: each["nats"] for each in report["scores"] if each["tunes"] == "all"}
    assert nats[both] == pytest.approx(nats[names[0]])  # the two runs are equal
    every, new = report["means"]
    assert (every["runs"], every["tunes"], new["tunes"]) == (names, "all", "new")
    assert every["nats"] == pytest.approx((nats[names[0]] + nats[names[1]]) / 2)
    assert every["deviation"] == pytest.approx(0)  # counting has no seed
    run("bench", "jsb", folders[0], *words)
    ours, _ = tables(capsys.readouterr().out)
    assert ours["counts"]["valid"] == f"{nats[names[0]]:.3f}"
    assert not any(name.startswith("mean") for name in ours)
    run("bench", "jsb", *folders, *words)
    ours, _ = tables(capsys.readouterr().out)
    assert ours[every["name"]]["valid"] == f"{every['nats']:.3f} ± 0.000"


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
