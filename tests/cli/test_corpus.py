"""``partimento corpus`` and training from a store, in this process."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.commands import SMALL, run
from tests.conftest import small_piece

from partimento.corpus.store.store import open_store
from partimento.export.write import write
from partimento.music.piece import Key


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scores") / "studies"
    folder.mkdir()
    for number in range(6):
        write(
            small_piece(number % 5, shift=number), folder / f"{number}.mid"
        )  # the last one is the first one, transposed
    (folder / "text.mid").write_text("not music")
    (folder / "manifest.csv").write_text(
        "path,title,composer,license,instrument\n"
        + "".join(
            f"{n}.mid,Study {n},{'Anna' if n % 2 else 'Bea'},{'PD' if n < 3 else 'CC-BY'},Guitar\n"
            for n in range(6)
        )
    )
    return folder


@pytest.fixture(scope="module")
def store(folder: Path) -> Path:
    out = folder.parent / "studies.parquet"
    assert run("corpus", "build", folder, "-o", out, "--validation", "0.2", "--test", "0.2") == 0
    return out


def test_build_tells_what_came_of_it(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        run(
            "corpus",
            "build",
            folder,
            "-o",
            tmp_path / "a.parquet",
            "--rejects",
            tmp_path / "r.csv",
            "--json",
        )
        == 0
    )
    said = json.loads(capsys.readouterr().out)
    assert (said["pieces"], said["read"], sum(said["split"].values())) == (6, 6, 6)
    assert [Path(each["path"]).name for each in said["rejected"]] == ["text.mid"]
    assert "text.mid" in (tmp_path / "r.csv").read_text()
    assert run("corpus", "build", folder, "-o", tmp_path / "a.parquet", "--force") == 0
    again = capsys.readouterr().out
    assert "6 known" in again
    assert said["fingerprint"] in again
    assert (
        run(
            "corpus",
            "build",
            folder,
            "-o",
            tmp_path / "b.parquet",
            "--composer",
            "anna",
            "--license",
            "PD",
        )
        == 0
    )
    assert "1 pieces" in capsys.readouterr().out


def test_both_spellings_of_options_are_understood(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("corpus", "list", store, "--license", "PD", "--meter", "4/4") == 0
    american = capsys.readouterr().out
    assert run("corpus", "list", store, "--license", "PD", "--meter", "4/4") == 0
    assert capsys.readouterr().out == american
    assert "Study 0" in american


def test_list_prints_keys_by_their_signs_and_json_by_their_codes(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("corpus", "list", store) == 0
    header, *rows = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    keys = [row[header.index("key")] for row in rows]
    assert run("corpus", "list", store, "--json") == 0
    codes = [row["key"] for row in json.loads(capsys.readouterr().out)]
    assert keys == [Key.from_name(code).name for code in codes]
    assert any("♭" in key or "♯" in key for key in keys)
    assert all(code.isascii() for code in codes)


def test_list_is_a_table_for_other_programs(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        run(
            "corpus",
            "list",
            store,
            "--composer",
            "bea",
            "--solo",
            "--instrument",
            "Gitarre",
            "--meter",
            "4/4",
            "--min-events",
            "10",
        )
        == 0
    )
    header, *rows = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert header[0] == "path"
    assert [row[0] for row in rows] == ["studies/0.mid", "studies/2.mid", "studies/4.mid"]
    assert run("corpus", "list", store, "--license", "PD", "--json") == 0
    assert [row["title"] for row in json.loads(capsys.readouterr().out)] == [
        "Study 0",
        "Study 1",
        "Study 2",
    ]


def test_duplicates_are_listed_and_on_one_side(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("corpus", "duplicates", store, "--json") == 0
    groups = json.loads(capsys.readouterr().out)
    assert groups
    assert all(len({row["split"] for row in group}) == 1 for group in groups)


def test_stats_of_a_selection_of_a_store(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("corpus", "stats", store, "--composer", "anna", "--json") == 0
    assert json.loads(capsys.readouterr().out)["pieces"] == 3


def test_training_keeps_the_split_of_the_store(store: Path, tmp_path: Path) -> None:
    assert run("train", store, "--model", "lstm", *SMALL, "-o", tmp_path / "run") == 0
    learned = json.loads((tmp_path / "run" / "pieces.json").read_text())
    stored = {row["title"]: row for row in open_store(store).rows}
    assert len(learned) == 6
    for piece in learned:
        assert piece["split"] == stored[piece["title"]]["split"]
        assert piece["source"]["license"] == stored[piece["title"]]["license"]


def test_training_on_a_selection_of_files(folder: Path, tmp_path: Path) -> None:
    assert (
        run(
            "train", folder, "--composer", "anna", "--model", "lstm", *SMALL, "-o", tmp_path / "run"
        )
        == 0
    )
    assert {
        piece["composer"] for piece in json.loads((tmp_path / "run" / "pieces.json").read_text())
    } == {"Anna"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["build", "{folder}", "-o", "x.csv"], "ends in .parquet"),
        (["build", "{store}", "-o", "x.parquet"], "built from scores"),
        (["build", "{folder}", "-o", "{store}"], "already exists"),
        (
            ["build", "{folder}", "-o", "{store}", "--force", "--append"],
            "either --append or --force",
        ),
        (
            ["build", "{folder}", "-o", "x.parquet", "--grace-notes", "swallow"],
            "remove, merge or keep",
        ),
        (["build", "{folder}", "-o", "x.parquet", "--key", "J dur"], "no such key"),
        (["build", "{folder}", "-o", "x.parquet", "--composer", "nobody"], "none of 6 pieces"),
        (
            ["build", "{folder}", "-o", "x.parquet", "--validation", "0.7", "--test", "0.4"],
            "less than 1 together",
        ),
        (
            ["build", "{folder}", "-o", "x.parquet", "--cluster", "tcp://127.0.0.1:9"],
            "no dask scheduler",
        ),
        (["list", "{folder}/0.mid"], "is not a corpus store"),
        (["list", "none.parquet"], "none.parquet does not exist"),
        (["stats", "{folder}", "--split", "train"], "has a split to select by"),
    ],
)
def test_one_clear_line(
    words: list[str],
    said: str,
    folder: Path,
    store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    before = store.read_bytes()
    monkeypatch.setattr("partimento.corpus.parsers.executor.ANSWER_S", 1)
    assert run("corpus", *(word.format(folder=folder, store=store) for word in words)) == 2
    shown = [
        line for line in capsys.readouterr().err.splitlines() if line.startswith("partimento: ")
    ]
    assert len(shown) == 1
    assert said in shown[0]
    assert store.read_bytes() == before
    # What was read is kept for the next try; a build that succeeds takes it away.
    assert not [path for path in tmp_path.iterdir() if path.name != ".x.parquet.build"]
    assert not list(tmp_path.iterdir()) or "nobody" in words
