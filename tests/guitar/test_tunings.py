"""Tunings by name and by strings, the capo, and the tuning that suits a piece."""

from __future__ import annotations

import pytest

from partimento import Note, PartimentoError, Piece
from partimento.guitar.tunings import STANDARD, TUNINGS, Tuning, tuning_named, tuning_of


def test_every_tuning_has_its_name_and_a_range() -> None:
    assert all(tuning_named(name) == tuning for name, tuning in TUNINGS.items())
    assert STANDARD.range == (40, 83)
    assert tuning_named("ukulele").range == (60, 84)  # its lowest string is not the last one


def test_names_are_read_as_people_write_them() -> None:
    assert tuning_named("Drop-D") == tuning_named("drop_d") == TUNINGS["drop d"]
    assert tuning_named("D2 A2 D3 G3 B3 E4") == TUNINGS["drop d"]
    assert tuning_named("C2, G2, D3, G3, B3, D#4").strings == (63, 59, 55, 50, 43, 36)


def test_a_capo_raises_the_strings_and_takes_frets() -> None:
    capo = tuning_named("standard", capo=3)
    assert capo.open_pitches == tuple(pitch + 3 for pitch in STANDARD.strings)
    assert capo.highest_fret == STANDARD.frets - 3
    assert capo.range == (43, 83)


@pytest.mark.parametrize(
    ("text", "hint"),
    [("drop e", "did you mean drop d"), ("xyz", "choose from standard"), ("E2 A2", "4 to 7")],
)
def test_other_names_are_refused_with_a_hint(text: str, hint: str) -> None:
    with pytest.raises(PartimentoError, match=hint):
        tuning_named(text)


def test_impossible_instruments_are_refused() -> None:
    with pytest.raises(PartimentoError, match="capo"):
        tuning_named("standard", capo=13)
    with pytest.raises(PartimentoError, match="too low or too high"):
        Tuning("high", (120, 64, 59, 55))


@pytest.mark.parametrize(
    ("lowest", "name"),
    [
        (40, "standard"),
        (39, "drop d"),
        (38, "drop d"),
        (36, "drop c"),
        (35, "seven strings"),
        (20, "standard"),
    ],
)
def test_the_lowest_note_of_a_piece_chooses_the_tuning(lowest: int, name: str) -> None:
    assert tuning_of(Piece([Note(0, 1, lowest), Note(0, 1, 64)])).name == name


def test_with_a_capo_the_strings_are_higher() -> None:
    piece = Piece([Note(0, 1, 40)])
    assert tuning_of(piece).name == "standard"
    assert tuning_of(piece, capo=2).strings[-1] == 38
