"""Guitar music that stands an octave above its sound: recognised, and put where it sounds."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from partimento import Note, Part, Piece
from partimento.analysis.guitar_octave import guitar_parts, octave_notated, to_sounding
from partimento.corpus import read_piece
from partimento.music.notes import Notes

GUITAR = Part("", 24)
STUDY = (40, 55, 59, 64, 47, 55, 62, 67)  # sounding pitches, from the open sixth string up


def study(
    *, up: int = 0, part: int = 0, bars: int = 8, pitches: tuple[int, ...] = STUDY
) -> list[Note]:
    half = Fraction(1, 2)
    return [Note(i * half, half, pitch + up, part=part) for i, pitch in enumerate(pitches * bars)]


def test_a_study_notated_an_octave_high_is_recognized() -> None:
    high, sounding = (Piece(Notes(study(up=up)), parts=(GUITAR,)) for up in (12, 0))
    assert octave_notated(high)
    assert not octave_notated(sounding)
    assert to_sounding(high).notes == sounding.notes
    assert to_sounding(sounding) is sounding
    assert not octave_notated(to_sounding(high))


def test_a_sixth_string_tuned_down_is_recognized() -> None:
    tuned = (38, *STUDY[1:])
    assert octave_notated(Piece(Notes(study(up=12, pitches=tuned)), parts=(GUITAR,)))
    assert not octave_notated(
        Piece(Notes(study(up=12, pitches=(37, *STUDY[1:]))), parts=(GUITAR,))
    )  # below what a guitar has


def test_a_piece_in_the_middle_register_stays() -> None:
    middle = (
        52,
        55,
        59,
        60,
        57,
        62,
        59,
        64,
    )  # never below E3, yet a guitar an octave lower would hardly be heard
    assert not octave_notated(Piece(Notes(study(pitches=middle)), parts=(GUITAR,)))


def test_a_few_notes_are_too_little_evidence() -> None:
    assert not octave_notated(Piece(Notes(study(up=12, bars=2)), parts=(GUITAR,)))
    assert not octave_notated(Piece(Notes(()), parts=(GUITAR,)))


def test_only_guitars_move() -> None:
    flute = [Note(n.onset, n.duration, n.pitch, part=1) for n in study(up=24)]
    piece = Piece(Notes([*study(up=12), *flute]), parts=(GUITAR, Part("Flute", 73)))
    lower = to_sounding(piece)
    moved = piece.notes.pitch - lower.notes.pitch
    assert np.array_equal(moved, np.where(piece.notes.part == 0, 12, 0))
    assert np.array_equal(lower.notes.onset, piece.notes.onset)
    tune = Piece(Notes(study(up=24)), parts=(Part("Flute", 73),))
    assert not octave_notated(tune)
    assert to_sounding(tune, instrument="Guitar") is tune  # its program says what it is


def test_guitar_parts_are_recognized_by_name_and_program() -> None:
    piece = Piece(
        Notes([Note(Fraction(0), Fraction(1), 60, part=6)]),
        parts=(
            Part("", 24),
            Part("", 31),
            Part("", 32),
            Part("Gitarre 2"),
            Part("upper"),
            Part("Guitar", 73),
            Part("drums", 24, True),
        ),
    )
    assert guitar_parts(piece) == (0, 1, 3)
    assert guitar_parts(piece, instrument="Classical Guitar") == (0, 1, 3, 4)
    assert guitar_parts(piece, instrument="2 Guitars") == (0, 1, 3, 4)
    assert guitar_parts(piece, instrument="Flute and Guitar") == (0, 1, 3)


# From the clefs of the engraving sources: with or without the 8 below, or transposed.
HIGH = (
    "HoretzkyF/horetzky20",
    "HoretzkyF/horetzky34",
    "HoretzkyF/horetzky41",
    "HoretzkyF/horetzky56",
    "GiulianiM/giuliani-op50n04",
    "GiulianiM/giuliani-op50n08",
    "GiulianiM/giuliani-op50n19",
    "SorF/sor-op1-2",
    "SorF/sor-op-1-5-3",
    "SorF/sor-op60-01",
    "SorF/sor-op60-02",
    "BachJS/bach-siciliano-bmv-1031",
)
SOUNDING = (
    "SorF/sor-op60-04",
    "SorF/sor-op60-11",
    "SorF/sorf-op45n03-2",
    "SorF/sorf-op45n03-3",
    "BachJS/bach-bwv1087-bwv-1087-02-g",
    "BachJS/bach-bwv1087-bwv-1087-04-g",
    "GiulianiM/giuliani-op59n03",
    "GiulianiM/giuliani-o51-02",
    "AguadoD/aguadoop4no6",
    "SorF/sorf-op6n08",
)


def test_pieces_of_the_guitar_set_are_recognized(guitar: Path) -> None:
    with (guitar / "manifest.csv").open(encoding="utf-8") as file:
        instruments = {row["path"]: row["instrument"] for row in csv.DictReader(file)}
    for name in HIGH + SOUNDING:
        path = f"{name}.mid"
        assert octave_notated(read_piece(guitar / path), instrument=instruments[path]) == (
            name in HIGH
        ), name


@pytest.mark.parametrize("composer", ["HoretzkyF", "AguadoD"])
def test_whole_composers_of_the_guitar_set_are_consistent(guitar: Path, composer: str) -> None:
    found = {
        path.name: octave_notated(read_piece(path))
        for path in sorted((guitar / composer).glob("*.mid"))[::3]
    }
    assert set(found.values()) == {composer == "HoretzkyF"}, found


@pytest.mark.parametrize(("octave", "is_high"), [(0, False), (12, True)])
def test_frets_state_the_octave(octave: int, is_high: bool) -> None:
    notes = [
        Note(Fraction(i), Fraction(1), 64 + i % 12 + octave, string=1, fret=i % 12)
        for i in range(48)
    ]
    piece = Piece(notes, parts=(Part("Lead", 30),))
    assert octave_notated(piece) == is_high
    without = Piece([Note(n.onset, n.duration, n.pitch) for n in notes], parts=(Part("Lead", 30),))
    assert octave_notated(without)
