"""Chord names move along the line of fifths."""

from __future__ import annotations

import pytest

from partimento.music.chord_spelling import moved_place, name_at, place_of, transposed_chord


@pytest.mark.parametrize("letter", "CDEFGAB")
@pytest.mark.parametrize("alter", [-2, -1, 0, 1, 2])
def test_places_and_names_are_inverse(letter: str, alter: int) -> None:
    assert name_at(place_of(letter, alter)) == (letter, alter)


@pytest.mark.parametrize(
    ("text", "fifths", "expected"),
    [
        ("Bbm7b5/Ab", 2, "Cm7b5/Bb"),
        ("F♯dim", -1, "Bdim"),
        ("C6/9/E", 7, "C#6/9/E#"),
        ("riff", 2, "riff"),
    ],
)
def test_chords(text: str, fifths: int, expected: str) -> None:
    assert transposed_chord(text, fifths) == expected


def test_no_name_has_more_than_two_accidentals() -> None:
    assert all(abs(name_at(moved_place(p, 12))[1]) <= 2 for p in range(-15, 16))
