"""Compose and render on the command line."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from tests.commands import loaded_by, run, run_checked

from partimento import Note, Part, Piece, read
from partimento.cli.compose import _with_corpus
from partimento.corpus import read_piece
from partimento.errors import PartimentoError
from partimento.export.write import WRITERS, write


def test_compose_to_every_format_at_once(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = [tmp_path / f"piece{suffix}" for suffix in WRITERS]
    words = [word for path in outputs for word in ("-o", path)]
    assert (
        run(
            "compose",
            trained,
            "--bars",
            4,
            "--seed",
            3,
            "--key",
            "D major",
            "--title",
            "Étude",
            *words,
            "--json",
        )
        == 0
    )
    told = json.loads(capsys.readouterr().out)
    assert told["seed"] == 3
    assert told["key"] == "D major"
    assert {Path(path) for path in told["written"]} >= set(outputs)
    assert all(path.stat().st_size > 100 for path in outputs)
    midi = read_piece(tmp_path / "piece.mid")
    assert midi.title == "Étude"
    assert midi.keys[0].name == "D major"
    assert midi.parts[0].program == 24
    assert midi.length == 16
    assert read_piece(tmp_path / "piece.musicxml").notes.pitch.tolist() == midi.notes.pitch.tolist()


def test_the_same_seed_the_same_file_and_a_drawn_seed_is_told(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("compose", trained, "--events", 9, "-o", tmp_path / "a.mid", "--json") == 0
    seed = json.loads(capsys.readouterr().out)["seed"]
    assert run("compose", trained, "--events", 9, "--seed", seed, "-o", tmp_path / "b.mid") == 0
    assert f"seed {seed}" in capsys.readouterr().out
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()
    assert len(read_piece(tmp_path / "a.mid").events) == 9


def test_begin_from_a_file_and_render_it(trained: Path, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "on.musicxml"
    assert (
        run(
            "compose",
            trained,
            "--bars",
            4,
            "--seed",
            1,
            "--start",
            folder / "2.mid",
            "--prompt-events",
            4,
            "-o",
            out,
        )
        == 0
    )
    assert read_piece(out).events[:4] == read_piece(folder / "2.mid").events[:4]
    assert run("render", out, "-o", tmp_path / "on.svg", "-o", tmp_path / "on.mid") == 0
    assert (tmp_path / "on.svg").read_text().lstrip().startswith("<")


@pytest.mark.parametrize("wrong", ["999", "nowhere.mid", "{folder}/text.mid"])
def test_a_wrong_start_is_refused_before_the_framework_is_loaded(
    wrong: str, trained: Path, folder: Path, tmp_path: Path
) -> None:
    words = [
        "compose",
        str(trained),
        "--start",
        wrong.format(folder=folder),
        "-o",
        str(tmp_path / "a.mid"),
    ]
    code = f"from partimento.cli.cli import main\nmain({words})"
    assert loaded_by(code, ("keras", "jax"), status=2) == ("", [])


def test_bars_are_counted_without_the_pickup(
    trained: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    piece = read_piece(folder / "2.mid")
    write(piece.replace(pickup=Fraction(1), length=piece.length + 1), tmp_path / "upbeat.musicxml")
    out = tmp_path / "a.musicxml"
    words = [
        "compose",
        trained,
        "--bars",
        16,
        "--seed",
        1,
        "--start",
        tmp_path / "upbeat.musicxml",
        "--prompt-events",
        4,
        "-o",
        out,
    ]
    assert run(*words, "--json") == 0
    assert json.loads(capsys.readouterr().out)["bars"] == 16
    made = read_piece(out)
    assert (made.pickup, made.length) == (1, 16 * 4)  # the last bar lacks what the pickup took
    assert run(*words, "--force") == 0
    assert "16 bars" in capsys.readouterr().out


def test_an_instrument_by_its_name(trained: Path, tmp_path: Path) -> None:
    assert (
        run(
            "compose",
            trained,
            "--bars",
            2,
            "--seed",
            1,
            "--program",
            "Orgel",
            "-o",
            tmp_path / "a.mid",
        )
        == 0
    )
    assert read_piece(tmp_path / "a.mid").parts[0].program == 19


def test_force_replaces(trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.mid"
    out.write_text("old")
    assert run("compose", trained, "--bars", 2, "--seed", 1, "-o", out) == 2
    assert out.read_text() == "old"
    assert run("compose", trained, "--bars", 2, "--seed", 1, "-o", out, "--force") == 0
    assert read_piece(out).length == 8


@pytest.mark.parametrize("backend", ["nonsense", "numpy", "torch"])
def test_a_backend_that_is_not_there(backend: str, trained: Path, tmp_path: Path) -> None:
    if importlib.util.find_spec(backend) and backend == "torch":
        pytest.skip("PyTorch is installed here")
    words = [
        sys.executable,
        "-m",
        "partimento",
        "compose",
        str(trained),
        "-o",
        str(tmp_path / "a.mid"),
    ]
    done = subprocess.run(
        words,
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "backend" in done.stderr.lower()
    assert "Traceback" not in done.stderr


def test_compose_between_two_pieces(
    latent: Path, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--events", 8, "--seed", 2, "--start", 0]
    assert run("compose", latent, *words, "--towards", 1, "-o", tmp_path / "between.mid") == 0
    assert run("compose", latent, *words, "-o", tmp_path / "near.mid") == 0
    assert len(read_piece(tmp_path / "between.mid").events) == 8
    assert run("compose", trained, "--towards", 1, "-o", tmp_path / "no.mid") == 2
    assert "latent space" in capsys.readouterr().err
    assert run("compose", latent, "--towards", 99, "-o", tmp_path / "no.mid") == 2


def test_render_separates_voices_where_asked(tmp_path: Path) -> None:
    """Two lines in chords are one voice, or two."""
    chords = tmp_path / "chords.mid"
    pitches = (72, 60), (74, 62), (76, 64)
    notes = [Note(Fraction(i), Fraction(1), p) for i, pair in enumerate(pitches) for p in pair]
    Piece(notes, parts=(Part("Guitar", 24),)).save(chords)
    for options, voices in (((), {0}), (("--voices",), {0, 1})):
        out = tmp_path / f"{len(options)}.musicxml"
        assert run("render", chords, *options, "-o", out) == 0
        found = read(out).notes
        assert {note.voice for note in found} == voices
        assert [(n.onset, n.pitch) for n in found] == [
            (n.onset, n.pitch) for n in read(chords).notes
        ]


def test_render_reads_note_ends_and_performances_as_asked(tmp_path: Path) -> None:
    """Staccato that lasts half of the time to the next note, and a performance."""
    cases = Path(__file__).parents[1] / "cases"
    out = tmp_path / "out.musicxml"
    assert run("render", cases / "notes-played.mid", "--quantise", "-o", out) == 0
    assert [note.duration for note in read(out).notes][:4] == [
        1,
        Fraction(1, 2),
        Fraction(1, 2),
        Fraction(3, 2),
    ]
    short, full = tmp_path / "short.mid", tmp_path / "full.musicxml"
    notes = [Note(Fraction(i), Fraction(1, 2), 60 + i) for i in range(8)]
    Piece(notes).save(short)
    assert run("render", short, "--note-ends", "full", "-o", full) == 0
    assert [note.duration for note in read(full).notes] == [1] * 7 + [Fraction(1, 2)]
    assert run("render", short, "--note-ends", "long", "-o", tmp_path / "x.mid") == 2


def test_candidates_are_printed_in_lines_of_their_own(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "takes"
    run_checked("compose", trained, "--bars", "4", "--candidates", "3", "--seed", "1", "-o", out)
    heading, *rows, seed = capsys.readouterr().out.splitlines()
    assert heading.split()[:2] == ["score", "cadence"]
    assert [row.split()[0] for row in rows] == ["1", "2", "3"]
    assert seed == "seed 1"
    assert len(list(out.iterdir())) == 7  # MIDI and MusicXML of each, and the table


def test_a_demand_without_a_corpus_gets_that_of_against() -> None:
    assert _with_corpus({"MaxBorrowed": "8"}, ["scores/"]) == {"MaxBorrowed": "8:scores/"}
    named: dict[str, str | None] = {"MaxBorrowed": "8:other/"}
    assert _with_corpus(named, ["scores/"]) == named
    with pytest.raises(PartimentoError, match="--against once"):
        _with_corpus({"MaxBorrowed": "8"}, ["a/", "b/"])
