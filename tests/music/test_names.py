"""Names of pitches and durations, and pitches from their names."""

from __future__ import annotations

from fractions import Fraction

import pytest

from partimento.music.names import duration_name, pitch_from_name, pitch_name


def test_every_pitch_has_a_name_that_is_read_back() -> None:
    names = [pitch_name(pitch) for pitch in range(128)]
    assert [pitch_from_name(name) for name in names] == list(range(128))
    assert (names[0], names[21], names[127]) == ("C-1", "A0", "G9")


@pytest.mark.parametrize(
    ("name", "pitch"), [("Cb4", 59), ("B#3", 60), ("e2", 40), (" A♭3 ", 56), ("E#4", 65)]
)
def test_names_are_read_as_people_type_them(name: str, pitch: int) -> None:
    assert pitch_from_name(name) == pitch


@pytest.mark.parametrize("name", ["", "H4", "C", "C##4", "4", "Cb-1", "G#9", "C10", "E 2"])
def test_invalid_pitch_names_are_refused_with_examples(name: str) -> None:
    with pytest.raises(ValueError, match=r"is not a pitch: write, for example, E2, F#4 or Bb3"):
        pitch_from_name(name)


@pytest.mark.parametrize(
    ("duration", "name"),
    [
        ("16", "longa"),
        ("8", "breve"),
        ("1/4", "sixteenth"),
        ("1/8", "32nd"),
        ("1/16", "64th"),
        ("1/5", "sixteenth quintuplet"),
        ("4", "whole"),
        ("1/32", "128th"),
        ("3/4", "dotted eighth"),
        ("7/2", "double-dotted half"),
        ("7/4", "double-dotted quarter"),
        ("2/3", "quarter triplet"),
        ("1/7", "sixteenth septuplet"),
        ("5", "whole + quarter"),
        ("5/2", "half + eighth"),
        ("9/8", "quarter + 32nd"),
        ("4/3", "half triplet"),
    ],
)
def test_durations_have_the_names_of_notation(duration: str, name: str) -> None:
    assert duration_name(Fraction(duration)) == name


@pytest.mark.parametrize("duration", ["1/64", "3/64", "1/11", "17/16", "0", "33"])
def test_durations_without_notation_have_no_name(duration: str) -> None:
    assert duration_name(Fraction(duration)) == ""
