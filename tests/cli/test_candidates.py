"""partimento compose --candidates: a folder with a table."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from tests.commands import run

from partimento import load_model, read
from partimento.cli.candidates import TABLE, check_candidates, with_originality
from partimento.errors import PartimentoError
from partimento.export import write as render


def test_candidates_are_written_with_a_table(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "takes"
    words = ["compose", trained, "--candidates", 3, "--bars", 4, "--seed", 2, "-o", out]
    assert run(*words) == 0
    shown = capsys.readouterr()
    assert "seed 2" in shown.out
    assert "parallels per 1,000" in shown.out
    assert "wrote 3 candidates" in shown.err
    names = sorted(path.name for path in out.iterdir())
    assert names == sorted(
        [TABLE, *(f"{n}{suffix}" for n in (1, 2, 3) for suffix in (".mid", ".musicxml"))]
    )
    rows = list(csv.DictReader((out / TABLE).read_text(encoding="utf-8").splitlines()))
    assert [row["number"] for row in rows] == ["1", "2", "3"]
    assert [row["file"] for row in rows] == ["1.mid", "2.mid", "3.mid"]
    scores = [float(row["score"]) for row in rows]
    assert scores == sorted(scores)
    pieces = [read(out / row["file"]) for row in rows]
    assert all(piece.length == 16 for piece in pieces)
    assert len({piece.notes.pitch.tobytes() for piece in pieces}) == 3
    for row in rows:
        total = sum(float(value) for name, value in row.items() if name.startswith("penalty_"))
        assert float(row["score"]) == pytest.approx(total, abs=0.05)

    assert run(*words) == 2  # it exists
    assert "already exists" in capsys.readouterr().err
    assert run(*words, "--json", "--force") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["seed"], told["folder"]) == (2, str(out))
    assert [row["score"] for row in told["candidates"]] == scores

    # Without candidates, the best one is the same.
    assert run(*words[:2], *words[4:-1], tmp_path / "best.mid", "--json") == 0
    best = json.loads(capsys.readouterr().out)["criteria"]
    assert best["score"] == scores[0]
    # The files differ in how they say that they were composed.
    assert read(tmp_path / "best.mid").notes == read(out / "1.mid").notes


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--candidates", "3", "-o", "{new}.mid"], "--candidates writes a folder"),
        (["--candidates", "3"], "--candidates writes a folder"),
        (["--candidates", "3", "-o", "{new}", "-o", "{empty}"], "--candidates writes a folder"),
        (["--candidates", "0", "-o", "{new}"], "--candidates must be between 1 and 1,000, not 0"),
        (["--candidates", "2", "-o", "{folder}"], "exists"),
        (["--candidates", "2", "-o", "{folder}", "--force"], f"contains no {TABLE}"),
        (["--ending", "sad", "-o", "{new}.mid"], "no such ending: 'sad'"),
        (["--meter", "12", "-o", "{new}.mid"], "no such meter: '12'"),
        (["--tempo", "1", "-o", "{new}.mid"], "--tempo must be between 4 and 1000"),
    ],
)
def test_wrong_arguments(refused, words: list[str], message: str) -> None:
    refused(["compose", "{run}", *words], message)


def test_a_failure_leaves_nothing_half_written(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []

    def fail(chain: object, paths: list[Path], *, force: bool) -> None:
        if written:
            raise PartimentoError("the disk is full")
        written.extend(paths)
        for path in paths:
            path.write_bytes(b"half")

    monkeypatch.setattr(render, "write_all", fail)
    out = tmp_path / "takes"
    assert run("compose", trained, "--candidates", 2, "--bars", 2, "-o", out) == 2
    assert written
    assert [*tmp_path.iterdir()] == []


def test_the_check_needs_no_model(tmp_path: Path) -> None:
    check_candidates(3, [tmp_path / "takes"], force=False)
    with pytest.raises(PartimentoError, match="writes a folder"):
        check_candidates(3, [], force=False)


def test_candidates_are_compared_with_the_music_that_was_learned_from(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["compose", trained, "--candidates", 2, "--bars", 2, "--seed", 2]
    known = [*words, "-o", tmp_path / "first"]
    assert run(*known) == 0
    assert "shared" not in capsys.readouterr().out  # the corpus is not known
    corpus = tmp_path / "first" / "1.mid"
    assert run(*words, "--against", corpus, "-o", tmp_path / "takes", "--json") == 0
    rows = json.loads(capsys.readouterr().out)["candidates"]
    assert rows[0]["shared_notes"] > rows[1]["shared_notes"]
    assert rows[0]["shared_from"].endswith("bar 1-2")
    table = (tmp_path / "takes" / TABLE).read_text(encoding="utf-8")
    assert "shared_from" in table.splitlines()[0]


def test_the_corpus_of_a_bundled_model_is_known() -> None:
    chorales = load_model("chorales")
    candidates = chorales.compose_candidates(best=1, bars=2, seed=1, candidates=1)
    (one,) = with_originality(candidates, chorales, [])
    assert one.originality is not None
    assert one.originality.chords.length >= 1
    (same,) = with_originality(candidates, load_model("guitar"), [])
    assert same.originality is None
