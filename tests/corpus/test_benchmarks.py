"""Benchmark sets: recognized by their hash, each with its published split."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.files import of_set

from partimento.corpus import Corpus
from partimento.corpus.benchmarks import is_benchmark, name_of, read_benchmark
from partimento.corpus.load import load_corpus
from partimento.errors import PartimentoError
from partimento.evaluation.benchmarks import pieces_of, units_of
from partimento.tokens.notes import NoteTokenizer


def check_sides(corpus: Corpus, train: int, valid: int, test: int) -> None:
    assert [entry.split for entry in corpus] == ["train"] * train + ["valid"] * valid + [
        "test"
    ] * test
    assert not corpus.rejects
    assert len({piece.source.path for piece in corpus.pieces}) == len(corpus.pieces)


def test_the_chorales_equal_their_file(chorales: tuple[Path, Corpus]) -> None:
    path, corpus = chorales
    check_sides(corpus, 229, 76, 77)
    content = json.loads(path.read_text())
    wanted = [frames for side in ("train", "valid", "test") for frames in content[side]]
    for piece, frames in zip(corpus.pieces, wanted, strict=True):
        assert [event.chord for event in NoteTokenizer.read(piece.events, Fraction(1))] == [
            tuple(sorted(chord)) for chord in frames
        ]
        assert piece.keys[0].name == "C major"
    assert name_of(path.read_bytes()) == "jsb"
    assert units_of("jsb", pieces_of(corpus, "test")).sum() == sum(map(len, content["test"]))
    assert load_corpus(path).entries == corpus.entries  # as a training reads it


def test_the_name_of_the_file_does_not_matter(
    chorales: tuple[Path, Corpus], tmp_path: Path
) -> None:
    """Its hash says which set it is: a run that was trained on a copy fits."""
    path, corpus = chorales
    copy = tmp_path / "copy.json"
    copy.write_bytes(path.read_bytes())
    again = read_benchmark(str(copy))
    assert [piece.source.path for piece in again.pieces] == [
        piece.source.path for piece in corpus.pieces
    ]


def test_the_chorales_in_sixteenths_equal_their_file(data_folder: Path) -> None:
    path = of_set(data_folder, "jsb/Jsb16thSeparated.json")
    corpus, content = read_benchmark(str(path)), json.loads(path.read_text())
    check_sides(corpus, 229, 76, 77)
    wanted = [frames for side in ("train", "valid", "test") for frames in content[side]]
    for piece, frames in zip(corpus.pieces, wanted, strict=True):
        chords = [tuple(sorted({int(pitch) for pitch in row if pitch >= 0})) for row in frames]
        assert [event.chord for event in NoteTokenizer.read(piece.events, Fraction(1, 4))] == chords
        assert [part.name for part in piece.parts] == ["Soprano", "Alto", "Tenor", "Bass"]
    for piece, frames in zip(corpus.pieces[::40], wanted[::40], strict=True):  # who sings what
        for part in range(4):
            notes = [note for note in piece.notes if note.part == part]
            line = [
                [note.pitch for note in notes if note.onset <= Fraction(t, 4) < note.end]
                for t in range(40)
            ]
            assert line == [[int(row[part])] if row[part] >= 0 else [] for row in frames[:40]]
    assert units_of("jsb16", corpus.pieces).sum() == 4 * sum(map(len, wanted))


@pytest.mark.slow
def test_nottingham_equals_its_file(data_folder: Path) -> None:
    from scipy.io import loadmat

    path = of_set(data_folder, "nottingham/Nottingham.mat")
    corpus = read_benchmark(str(path))
    check_sides(corpus, 694, 173, 170)
    rolls = loadmat(str(path))
    wanted = [roll for key in ("traindata", "validdata", "testdata") for roll in rolls[key][0]]
    for piece, roll in zip(corpus.pieces, wanted, strict=True):
        chords = [tuple((np.flatnonzero(row) + 21).tolist()) for row in roll]
        assert [event.chord for event in NoteTokenizer.read(piece.events, Fraction(1, 2))] == chords


def test_a_file_of_another_hash_is_refused(tmp_path: Path) -> None:
    for name in ("jsb.json", "Nottingham.mat"):
        path = tmp_path / name
        path.write_text('{"train": [], "valid": [], "test": []}')
        assert is_benchmark(str(path))
        assert name_of(path.read_bytes()) is None
        for read in (read_benchmark, load_corpus):
            with pytest.raises(PartimentoError, match="its hash differs") as refusal:
                read(str(path))
            assert "\n" not in str(refusal.value)
    with pytest.raises(PartimentoError, match="cannot read"):
        read_benchmark(str(tmp_path / "none.json"))
    assert not is_benchmark(str(tmp_path / "none.json"))
    assert not is_benchmark("bundled:chorales")
