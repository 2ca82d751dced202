"""Transposing, cutting and describing score files."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from tests.commands import run_checked

import partimento as pt

CASES = Path(__file__).parents[1] / "cases"
RICH, THEME, FOLD = (
    CASES / f"{name}.musicxml" for name in ("w-rich", "w-theme-dminor", "r-segno-glyph")
)


def test_transpose_to_a_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "a.musicxml"
    run_checked("transpose", THEME, "--key", "e minor", "-o", out, "--json")
    assert json.loads(capsys.readouterr().out) == {
        "written": [str(out)], "semitones": 2, "key": "E minor", "warnings": [],
    }  # fmt: skip
    assert pt.read(out).notes == pt.read(THEME).transpose(2).notes


def test_transpose_by_an_interval_keeps_marks(tmp_path: Path) -> None:
    out = tmp_path / "a.mxl"
    run_checked("transpose", RICH, "--interval", "-m3", "-o", out)
    moved = pt.read(out)
    assert moved.keys[0].name == "F♯ major"
    assert "<slur" in moved.save(tmp_path / "b.musicxml")[0].read_text()


def test_cut_of_a_file_and_of_its_midi(tmp_path: Path) -> None:
    whole, part = tmp_path / "a.mid", tmp_path / "b.mid"
    run_checked("render", THEME, "-o", whole)
    run_checked("cut", whole, "--bars", "2-3", "-o", part)
    run_checked("cut", THEME, "--bars", "2-3", "-o", tmp_path / "c.musicxml")
    pitches = [[n.pitch for n in pt.read(p).notes] for p in (part, tmp_path / "c.musicxml")]
    assert pitches[0] == pitches[1] == [n.pitch for n in pt.read(THEME).cut(2, 3).notes]


def test_info_as_a_table_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    run_checked("info", RICH, THEME)
    text = capsys.readouterr().out
    assert all(word in text for word in ("A major", "slurs: 1", "D minor", "A2 to B4"))
    run_checked("info", RICH, THEME, "--json")
    assert json.loads(capsys.readouterr().out)[0]["title"] == "Rich"


def test_a_file_of_several_tunes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tunes, out = tmp_path / "a.abc", tmp_path / "b.mid"
    tunes.write_text("X:1\nT:One\nK:C\nCDEF|\n\nX:2\nT:Two\nK:G\nGABc|\n")
    run_checked("info", tunes, "--json")
    assert [facts["title"] for facts in json.loads(capsys.readouterr().out)] == ["One", "Two"]
    run_checked("transpose", f"{tunes}/2", "--semitones", "2", "-o", out)
    assert [n.pitch for n in pt.read(out).notes] == [69, 71, 73, 74]


def test_render_with_another_instrument_and_clef(tmp_path: Path) -> None:
    out = tmp_path / "a.musicxml"
    run_checked("render", RICH, "--program", "violin", "--clef", "treble", "-o", out)
    text = out.read_text()
    assert "<midi-program>41" in text
    assert "clef-octave-change" not in text
    assert "<slur" in text


def test_repeats_are_unfolded_in_sound_only(tmp_path: Path) -> None:
    midi, score = tmp_path / "a.mid", tmp_path / "a.musicxml"
    run_checked("render", FOLD, "--unfold", "-o", midi, "-o", score)
    assert len(pt.read(midi).notes) == 5
    assert len(pt.read(score).notes) == 3
    assert "segno" in score.read_text()


def test_lint_prints_a_line_per_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.musicxml", tmp_path / "bad.musicxml"
    pitches = (60, 64, 66, 67)
    pt.Piece([pt.Note(Fraction(i), Fraction(1), p) for i, p in enumerate(pitches)]).save(good)
    bad.write_text(good.read_text().replace("<accidental>sharp</accidental>", ""))
    run_checked("lint", good)
    assert capsys.readouterr().out == ""
    run_checked("lint", good, bad)
    line = "part 1, bar 1, voice 1: error accidental: F#4 needs an accidental"
    assert " ".join(capsys.readouterr().out.split()).endswith(f"bad.musicxml: {line}")
    run_checked("lint", bad, "--json")
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["file"], row["rule"], row["bar"]) == (str(bad), "accidental", "1")
