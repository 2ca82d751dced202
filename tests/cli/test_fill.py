"""partimento fill and partimento continue."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.commands import run, run_checked

from partimento import read
from partimento.training.trained_model import load_model

CHORALES = ("--model", "chorales", "--seed", "4")


@pytest.fixture(scope="module")
def hymn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hymn") / "hymn.mid"
    piece = load_model("chorales").compose(bars=4, seed=3, candidates=4)
    piece.save(path)
    piece.save(path.with_suffix(".musicxml"))
    return path


@pytest.mark.parametrize("suffix", [".mid", ".musicxml"])
def test_fill_writes_the_piece_and_again_makes_it(
    hymn: Path, tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = hymn.with_suffix(suffix), tmp_path / f"out{suffix}"
    words = ("--bars", "2-3", "--keep", "Soprano", "--weighed", "6", "-o", out)
    run_checked("fill", source, *words, *CHORALES)
    shown = capsys.readouterr().out
    assert "seed 4: composed bars 2-3; 6 candidates were weighed" in shown
    before, after = read(source), read(out)
    assert after.part("Soprano").notes == before.part("Soprano").notes
    assert after.part("Tenor").notes != before.part("Tenor").notes
    run_checked("again", out, "--start", source)
    assert "bytes are the same" in capsys.readouterr().out


def test_continue_adds_bars_in_every_format(
    hymn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = [tmp_path / f"out{suffix}" for suffix in (".mid", ".musicxml", ".svg")]
    words = [word for out in outputs for word in ("-o", out)]
    run_checked("continue", hymn, "--bars", "2", "--ending", "open", *CHORALES, *words, "--json")
    report = json.loads(capsys.readouterr().out)
    assert report["seed"] == 4
    assert report["bars"][1] - report["bars"][0] in (1, 2)
    assert report["written"] == [str(out) for out in outputs]
    before, after = read(hymn), read(outputs[0])
    assert [*after.notes][: len(before.notes)] == [*before.notes]
    assert read(outputs[1]).notes.pitch.tolist() == after.notes.pitch.tolist()


def test_new_notes_are_colored_and_made_again(
    hymn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.svg"
    words = ("fill", hymn, "--bars", "2", "--weighed", "2", *CHORALES, "--show-new")
    run_checked(*words, "-o", out)
    assert out.read_text(encoding="utf-8").count('fill="#3b6fd4"') > 2
    run_checked("again", out, "--start", hymn)
    assert "bytes are the same" in capsys.readouterr().out
    assert run(*words, "-o", tmp_path / "out.mid") == 2


def test_candidates_are_written_with_a_table(
    hymn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--bars", "3", "--weighed", "8", "--candidates", "2", "--against", hymn)
    run_checked("fill", hymn, *words, *CHORALES, "-o", tmp_path / "takes")
    table = (tmp_path / "takes" / "candidates.csv").read_text(encoding="utf-8")
    head = table.splitlines()[0].split(",")
    assert {"distance", "weighed", "effective", "shared_chords", "shared_from"} <= {*head}
    assert "changed" in capsys.readouterr().out


def test_without_a_name_the_result_is_named_after_the_score(
    hymn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run_checked("fill", hymn, "--bars", "2", "--weighed", "2", *CHORALES)
    assert (tmp_path / "hymn-filled.mid").is_file()
    assert run("fill", hymn, "--bars", "2", *CHORALES) == 2  # it exists


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fill", "{folder}/0.mid", "--bars", "x"], "bars are a number or a span"),
        (["fill", "{folder}/0.mid", "--bars", "90"], "no bars 90-90"),
        (["fill", "{folder}/0.mid", "--bars", "1", "--keep", "Tuba"], "no part 'Tuba' to keep"),
        (["fill", "{folder}/0.mid", "--bars", "1", "--weighed", "0"], "--weighed must be"),
        (["fill", "{folder}/0.mid", "--bars", "1", "--model", "nobody"], "nobody does not exist"),
        (["continue", "nowhere.mid"], "does not exist"),
        (["continue", "{folder}/0.mid", "--ending", "sad"], "no such ending: 'sad'"),
        (["continue", "{folder}/0.mid", "--seed", "-1"], "--seed must be at least 0"),
    ],
)
def test_refused_in_one_line(words, message, refused) -> None:
    refused([*words, "-o", "{new}.mid"], message)
