"""The command that prints and writes chord symbols."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from tests.commands import run_checked

import partimento as pt
from partimento.music.timelines import ChordSymbol


@pytest.fixture
def song(tmp_path: Path) -> Path:
    chords = [(48, 55, 64, 72), (47, 55, 62, 67), (48, 55, 64, 72)]
    piece = pt.Piece.from_events([pt.Event(chord, Fraction(4)) for chord in chords])
    return piece.save(tmp_path / "song.mid")[0]


def test_symbols_are_printed(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_checked("chords", song)
    assert "| C | G/B | C |" in capsys.readouterr().out
    run_checked("chords", song, "--roots")
    assert "| C | G | C |" in capsys.readouterr().out


def test_the_score_is_written_with_them(
    song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "sheet.musicxml"
    run_checked("chords", song, "-o", out, "--json")
    report = json.loads(capsys.readouterr().out)
    assert report["symbols"] == [["0", "C"], ["4", "G/B"], ["8", "C"]]
    assert report["written"] == [str(out)]
    assert [symbol.text for symbol in pt.read(out).chord_symbols] == ["C", "G/B", "C"]
    run_checked("chords", song, "-o", out, code=2)


def test_a_score_keeps_its_own_symbols(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    piece = pt.Piece([pt.Note(0, 4, 60)], chord_symbols=(ChordSymbol("Am7"),))
    path = piece.save(tmp_path / "a.musicxml")[0]
    run_checked("chords", path)
    assert "| Am7 |" in capsys.readouterr().out
    run_checked("chords", path, "--estimate", "--json")
    assert json.loads(capsys.readouterr().out)["estimated"]
