"""``partimento harmonise`` writes parts to a melody, and the melody stays."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from tests.commands import run_checked

import partimento as pt
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Part


@pytest.fixture
def song(tmp_path: Path) -> Path:
    notes = [Note(Fraction(n), Fraction(1), p) for n, p in enumerate((67, 69, 71, 69))]
    piece = Piece([*notes, Note(4, 4, 67)], keys=(Key(1),), parts=(Part("Voice"),), title="Song")
    piece.save(tmp_path / "song.musicxml")
    return tmp_path / "song.musicxml"


def test_parts_are_written_and_reported(
    song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = [tmp_path / "out.musicxml", tmp_path / "out.mid"]
    words = [word for path in outputs for word in ("-o", path)]
    run_checked(
        "harmonise", song, *words, "--seed", "1", "--particles", "4", "--chords", "G | G", "--json"
    )
    report = json.loads(capsys.readouterr().out)
    assert report["written"] == [str(path) for path in outputs]
    assert report["chords"] == [["0", "G"]]
    assert all(row["holds"] for row in report["constraints"])
    for path in outputs:
        piece = pt.read(path)
        assert [part.name for part in piece.parts] == ["Voice", "Alto", "Tenor", "Bass"]
        assert piece.part(0).notes.pitch.tolist() == [67, 69, 71, 69, 67]


def test_candidates_go_to_a_folder_and_can_be_made_again(song: Path, tmp_path: Path) -> None:
    out = tmp_path / "versions"
    run_checked(
        "harmonise", song, "--candidates", "2", "-o", out, "--seed", "1", "--particles", "3"
    )
    assert sorted(path.name for path in out.iterdir()) == [
        "1.mid", "1.musicxml", "2.mid", "2.musicxml", "candidates.csv",
    ]  # fmt: skip
    run_checked("again", out / "2.mid", "--start", song)


def test_the_chords_are_printed(
    song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_checked("harmonise", song, "-o", tmp_path / "a.mid", "--seed", "2", "--particles", "3")
    text = capsys.readouterr().out
    assert text.startswith("seed 2: G major\n")
    assert "5 of 5 notes" in text
    assert text.count("|") == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--part", "Flute"], "no part named 'Flute'"),
        (["--part", "0"], "--part counts parts from 1"),
        (["--role", "alto"], "there is no role of a part alto"),
        (["--key", "H moll moll"], "no such key"),
        (["--chords", "Xm"], "no such chord"),
        (["--chords", "own"], "needs a score with chord symbols"),
        (["--seed", "-1"], "--seed must be at least 0"),
        (["--model", "nothing"], "nothing"),
        (["--range", "C2:C3"], "cannot meet|contradict"),
    ],
)
def test_invalid_options_are_refused_in_one_line(
    song: Path, tmp_path: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    import re

    run_checked("harmonise", song, "-o", tmp_path / "a.mid", *words, code=2)
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert re.search(message, error), error
    assert not (tmp_path / "a.mid").exists()
