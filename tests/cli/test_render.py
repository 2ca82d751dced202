"""Convert one score, or many at once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.commands import run, run_checked
from tests.pieces import chorale, marked

from partimento.export.write import write
from partimento.io.read import read_piece

CASES = Path(__file__).parents[1] / "cases"


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    """Return a folder with scores of equal names, several tunes, and a damaged file."""
    folder = tmp_path / "scores"
    for name in ("a.mid", "a.musicxml", "sub/a.mid"):
        write(chorale(1), folder / name)
    shutil.copy(CASES / "abc-two-tunes.abc", folder / "sub")
    (folder / "bad.mid").write_text("no music")
    return folder


def test_all_scores_of_a_folder(
    scores: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run("render", scores, "--to", "mid", "--to", ".json", "-o", out) == 2
    shown = capsys.readouterr()
    names = ["a-mid", "a-musicxml", "sub/a", "sub/abc-two-tunes-1", "sub/abc-two-tunes-2"]
    expected = sorted(out / f"{name}.{suffix}" for name in names for suffix in ("mid", "json"))
    assert sorted(path for path in out.rglob("*") if path.is_file()) == expected
    assert read_piece(out / "sub/a.mid").notes == chorale(1).notes
    assert "10 files of 5 scores" in shown.out
    assert "bad.mid" in shown.err
    assert "1 file was not rendered" in shown.err
    # Nothing is replaced, and nothing is written then.
    (out / "a-mid.mid").unlink()
    assert run("render", scores, "--to", "mid", "-o", out) == 2
    assert not (out / "a-mid.mid").exists()


def test_as_json(scores: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (scores / "bad.mid").unlink()
    words = ("render", scores / "a.mid", scores / "sub", "--to", "mid", "-o", tmp_path / "out")
    run_checked(*words, "--json")
    report = json.loads(capsys.readouterr().out)
    assert len(report["written"]) == 4
    assert report["rejected"] == []


def test_one_score_that_a_format_cannot_represent_is_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = chorale(1).replace(length=chorale(1).length + 40_000)
    write(long, tmp_path / "in/long.mid")
    write(chorale(1), tmp_path / "in/short.mid")
    assert run("render", tmp_path / "in", "--to", "wav", "-o", tmp_path / "out") == 2
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["short.wav"]
    assert "long.mid" in capsys.readouterr().err


def test_unfolded_and_changed(tmp_path: Path) -> None:
    words = ("--to", "mid", "--unfold", "--program", "flute", "-o", tmp_path / "out")
    run_checked("render", CASES / "w-rich.musicxml", *words)
    piece = read_piece(tmp_path / "out/w-rich.mid")
    assert piece.length > read_piece(CASES / "w-rich.musicxml").length
    assert piece.parts[0].program == 73


def test_humanized_sound_and_midi_but_no_score(tmp_path: Path) -> None:
    score = write(marked(), tmp_path / "a.mid")[0]
    outputs = [tmp_path / f"b.{suffix}" for suffix in ("mid", "musicxml", "html")]
    words = [word for path in outputs for word in ("-o", path)]
    run_checked("render", score, "--humanise", "--seed", "3", *words)
    played, written = read_piece(outputs[0]), read_piece(outputs[1])
    assert len(played.tempos) > len(written.tempos) == len(marked().tempos)
    assert written.notes.onset.tolist() == read_piece(score).notes.onset.tolist()
    run_checked("render", score, "--humanise", "--seed", "3", "-o", tmp_path / "c.mid")
    assert (tmp_path / "c.mid").read_bytes() == outputs[0].read_bytes()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["{folder}/0.mid", "{folder}/1.mid", "-o", "{new}.pdf"], "--to pdf"),
        (["{folder}", "--to", "pdf", "-o", "{new}.pdf"], "names one folder"),
        (["{folder}", "--to", "doc", "-o", "{new}"], "cannot write .doc"),
        (["nowhere", "--to", "pdf", "-o", "{new}"], "does not exist"),
        (["{folder}", "--to", "pdf", "-o", "{folder}/0.mid"], "names one folder"),
        (["{folder}/0.mid", "--humanise", "--seed", "-1", "-o", "{new}.mid"], "--seed"),
    ],
)
def test_refused_in_one_line(words, message, refused) -> None:
    refused(["render", *words], message)
