"""Names of chords: every name is read back, and the lowest note comes first where none fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partimento.music.chord_names import (
    CLASSES,
    NAME_OF_CLASSES,
    chord_name,
    classes_named,
    spelling,
    voicing,
)


def test_every_name_is_read_back_as_its_pitch_classes() -> None:
    for name, classes in CLASSES.items():
        assert classes_named(name) == classes
        assert CLASSES[chord_name([60 + pitch for pitch in classes])] == classes
        assert classes_named(name.replace("♭", "b").replace("♯", "#")) == classes


@pytest.mark.parametrize(
    ("chord", "name"),
    [
        ((60, 64, 67), "C"),
        ((61, 64, 68), "C♯m"),
        ((61, 65, 68), "D♭"),
        ((62, 65, 68), "Ddim"),
        ((63, 67, 71), "E♭aug"),
        ((64, 69, 71), "Esus4"),
        ((65, 69, 72, 75), "F7"),
        ((65, 69, 72, 76), "Fmaj7"),
        ((66, 69, 73, 76), "F♯m7"),
        ((67, 70, 73, 77), "Gm7♭5"),
        ((62, 65, 68, 71), "Ddim7"),
        ((59, 60), "B+C"),
        ((58, 59, 69), "B♭+B+A"),
    ],
)
def test_chords_have_the_names_of_musicians(chord: tuple[int, ...], name: str) -> None:
    assert chord_name(chord) == name
    assert chord_name([pitch - 24 for pitch in chord]) == name


@pytest.mark.parametrize(
    ("quality", "steps"), [("dim7", (0, 3, 6, 9)), ("aug", (0, 4, 8))], ids=str
)
@pytest.mark.parametrize("root", range(12))
def test_symmetric_chords_are_named_after_their_bass(
    quality: str, steps: tuple[int, ...], root: int
) -> None:
    low = 48 + root
    name = chord_name([low, *(low + 12 + step for step in steps[:0:-1])])
    letter = name.removesuffix(quality)
    assert name.endswith(quality)
    assert voicing(f"{letter}{3 if letter != 'C♭' else 4}") == (low,)
    assert classes_named(name) == frozenset((low + step) % 12 for step in steps)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Cmaj", "C"),
        ("Amin", "Am"),
        ("A-", "Am"),
        ("CM7", "Cmaj7"),
        ("Emin7", "Em7"),
        ("Bø", "Bm7♭5"),
        ("G#°", "G♯dim"),
        ("Ab°7", "G♯dim7"),
        ("F+", "Faug"),
        (" Dbsus4 ", "D♭sus4"),
        ("B#", "C"),
        ("Cb7", "B7"),
    ],
)
def test_names_are_read_as_people_type_them(typed: str, name: str) -> None:
    assert classes_named(typed) == CLASSES[name]


@pytest.mark.parametrize("typed", ["", "H", "c", "C13", "rest", "C E G", "Cm7b9"])
def test_no_name_gives_no_chord(typed: str) -> None:
    assert classes_named(typed) is None


def test_octaves_and_doublings_do_not_change_a_name() -> None:
    assert chord_name((40, 47, 52, 56, 64)) == chord_name((52, 56, 59)) == "E"
    assert chord_name((45, 48, 52, 55)) == chord_name((48, 52, 55, 57)) == "Am7"  # not C6
    assert chord_name((64, 60)) == "C+E"  # from the lowest note, however they are sorted


@given(st.sets(st.integers(0, 127), max_size=6))
def test_a_spelled_chord_is_read_back(chord: set[int]) -> None:
    ordered = tuple(sorted(chord))
    assert voicing(spelling(ordered)) == (ordered or None)


def test_voicings_are_sorted_and_need_an_octave() -> None:
    assert voicing("G4 + C4+C4") == (60, 67)
    assert voicing("C-1+G9") == (0, 127)
    assert voicing("E3+C") is None
    assert voicing("E3++C4") is None


def test_no_two_chords_share_a_name() -> None:
    assert len(set(NAME_OF_CLASSES.values())) == len(NAME_OF_CLASSES)
    assert all(CLASSES[name] == classes for classes, name in NAME_OF_CLASSES.items())
