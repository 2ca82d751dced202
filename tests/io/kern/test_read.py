"""Kern files as pieces."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from benchmarks.kern import Notes, corpus_files, new_toolkit, our_reading, verovio_reading
from tests.pieces import spans

from partimento import Key, Meter
from partimento.corpus import read_piece
from partimento.errors import ReadError
from partimento.io.kern.read import piece_from_kern

F = Fraction
CASES = Path(__file__).parents[2] / "cases"
LOW, HALF = (0, 4, 48), F(1, 2)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("appog", [(0, HALF, 74), (HALF, HALF, 72), (1, 1, 71), (2, 2, 69)]),
        ("clefyy", [(0, 1, 48), (0, 1, 60), (1, 1, 50), (1, 1, 62), (2, 2, 52), (2, 2, 64)]),
        ("key", [(0, 4, 62), (4, 4, 67)]),
        (
            "merge3",
            [
                *[(0, 2, 60), (0, 2, 64), (0, 2, 67), LOW, (2, 2, 62), (2, 2, 65), (2, 2, 69)],
                *[(4, 4, 50), (4, 4, 71), (8, 4, 52), (8, 4, 72)],
            ],
        ),
        (
            "split-dynam",
            [
                *[(0, 2, 60), (0, 2, 64), LOW, (2, 2, 62), (2, 2, 65), (4, 2, 60), (4, 2, 64)],
                *[(4, 2, 67), (4, 4, 50), (6, 2, 62), (6, 2, 65), (6, 2, 69), (8, 4, 52)],
                (8, 4, 60),
            ],
        ),
    ],
)
def test_cases(name: str, expected: list[tuple[Fraction, Fraction, int]]) -> None:
    piece = read_piece(CASES / f"krn-{name}.krn")
    assert sorted(spans(piece)) == sorted(expected)
    assert piece.warnings == ()


def test_a_grace_note_of_the_same_pitch_cuts_nothing() -> None:
    piece = read_piece(CASES / "krn-grace-same.krn")
    main = [(note.onset, note.duration, note.pitch) for note in piece.notes if not note.grace]
    assert main == [(0, 1, 72), (1, 1, 71), (2, 2, 69)]
    assert [note.pitch for note in piece.notes if note.grace] == [72]


def test_declared_keys() -> None:
    assert read_piece(CASES / "krn-key.krn").keys == (Key(-1, "minor"), Key(1, "major", F(4)))


def test_a_whole_file(write) -> None:
    head = "!!!OTL: Fuga\n!!!COM: Bach, Johann Sebastian\n**kern\t**kern\n*k[f#]\t*k[f#]\n"
    kern = (
        head + "*M3/4\t*M3/4\n=1\t=1\n2.GG\t4g\n.\t8a\n.\t8b\n.\t4cc\n=2\t=2\n[2.D\t2.dd\n"
        "=3\t=3\n2.D]\t2.b\n==\t==\n*-\t*-\n"
    )
    piece = read_piece(write("a.krn", kern))
    assert sorted(spans(piece)) == [
        (0, 1, 67),
        (0, 3, 43),
        (1, HALF, 69),
        (F(3, 2), HALF, 71),
        (2, 1, 72),
        (3, 3, 74),
        (3, 6, 50),
        (6, 3, 71),
    ]
    assert piece.meters == (Meter(3, 4),)
    assert piece.keys == (Key(1),)
    assert (piece.title, piece.composer) == ("Fuga", "Johann Sebastian Bach")


def test_only_the_tied_notes_of_a_chord_are_sustained(write) -> None:
    piece = read_piece(
        write("a.krn", "**kern\n*M4/4\n=1\n[2c 2e\n2c] 2e\n=2\n[2d [2f\n2d] 2f]\n==\n*-\n")
    )
    assert spans(piece) == [(0, 4, 60), (0, 2, 64), (2, 2, 64), (4, 4, 62), (4, 4, 65)]


def test_line_ends_and_encodings_of_old_files() -> None:
    text = "!!!COM: Dvořák, Antonín\r\n**kern\r\n4c\r\n4d\r\n*-\r\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert piece_from_kern(text.encode(encoding)).composer == "Antonín Dvořák"
    latin = text.replace("ř", "r").encode("latin-1")
    assert piece_from_kern(latin).composer == "Antonín Dvorák"
    assert len(piece_from_kern(text.replace("\r\n", "\r").encode()).notes) == 2
    cyrillic = "!!!OTL: Подмосковные вечера\n**kern\n4c\n*-\n".encode("cp1251")
    assert piece_from_kern(cyrillic, encoding="cp1251").title == "Подмосковные вечера"


def test_repeats_are_unfolded_on_request() -> None:
    kern = b"**kern\n*>[A,B,A]\n*>A\n*M4/4\n1c\n=2\n*>B\n*M3/4\n2.d\n=3\n*-\n"
    assert [note.pitch for note in piece_from_kern(kern).notes] == [60, 62]
    piece = piece_from_kern(kern, unfold=True)
    assert [note.onset for note in piece.notes] == [0, 4, 7]
    assert piece.meters == (Meter(4, 4), Meter(3, 4, F(4)), Meter(4, 4, F(7)))


def differences(files: list[Path]) -> dict[str, tuple[Notes, Notes]]:
    """Return the notes that only we read, and those that only verovio reads."""
    toolkit = new_toolkit()
    different = {}
    for path in files:
        ours, theirs = our_reading(path), verovio_reading(path, toolkit)
        if ours != theirs:
            different[path.name] = (ours.notes - theirs.notes, theirs.notes - ours.notes)
    return different


def test_some_files_equal_the_reading_of_verovio() -> None:
    files = [path for path in corpus_files() if path.parent.name in ("bach", "chopin")]
    assert len(files) == 4
    assert differences(files) == {}


@pytest.mark.slow
def test_all_files_of_the_corpus_equal_the_reading_of_verovio() -> None:
    """Read 1,326 files with 684,212 notes as verovio does."""
    files = corpus_files()
    assert len(files) == 1326
    assert differences(files) == {}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("plain words", "not kern"),
        ("", "it is empty"),
        ("**kern\n4r\n*-\n", "it has no notes"),
        ("**kern\n4c\n*-\n**kern\n4c\n*-\n", "it has the tunes 1, 2: add the name of one"),
    ],
)
def test_what_is_no_piece_has_a_reason(data: str, reason: str, write) -> None:
    with pytest.raises(ReadError, match=reason):
        read_piece(write("a.krn", data))
