"""Songs of all versions become pieces."""

from __future__ import annotations

from fractions import Fraction

import pytest

from partimento.errors import InvalidScoreError
from partimento.io.guitar_pro.song import BarHead, Beat, Song, Tone, Track, piece_of_song
from partimento.music.timelines import Meter, Part


def made(*bars: list[Beat], meters: tuple[Meter, ...] = ()) -> Song:
    meters = meters or (Meter(),) * len(bars)
    return Song([BarHead(meter) for meter in meters], [Track(Part(), [[bar] for bar in bars])])


def beat(quarters: int | Fraction, *pitches: int) -> Beat:
    return Beat(Fraction(quarters), [Tone(pitch) for pitch in pitches])


def test_an_incomplete_first_bar_is_a_pickup() -> None:
    piece = piece_of_song(made([beat(1, 60)], [beat(4, 62)], [beat(2, 64)]), unfold=False)
    assert piece.pickup == 1
    assert [note.onset for note in piece.notes] == [0, 1, 5]
    assert piece.meters == (Meter(),)
    assert piece.length == 9  # the last bar is filled up, as Guitar Pro does


def test_a_shorter_first_meter_is_a_pickup() -> None:
    song = made([beat(1, 60)], [beat(4, 62)], [], meters=(Meter(1, 4), Meter(), Meter()))
    piece = piece_of_song(song, unfold=False)
    assert (piece.pickup, piece.meters) == (1, (Meter(),))


def test_later_bars_are_as_long_as_their_meter() -> None:
    piece = piece_of_song(made([beat(4, 60)], [beat(1, 62)], [beat(1, 64)]), unfold=False)
    assert [note.onset for note in piece.notes] == [0, 4, 8]


def test_a_bar_that_is_too_long_keeps_its_notes() -> None:
    piece = piece_of_song(made([beat(4, 60), beat(1, 61)], [beat(4, 62)]), unfold=False)
    assert [note.onset for note in piece.notes] == [0, 4, 5]
    assert piece.pickup == 0


def test_grace_notes_in_a_row_at_the_start() -> None:
    graces = [Beat(Fraction(1), [Tone(pitch)], grace=True) for pitch in (59, 61)]
    piece = piece_of_song(made([*graces, beat(4, 60)]), unfold=False)
    assert [(n.onset, n.pitch) for n in piece.notes if n.grace] == [(0, 59), (Fraction(1, 16), 61)]
    assert [(n.onset, n.duration) for n in piece.notes if not n.grace] == [(0, 4)]


def test_chord_symbols_are_kept() -> None:
    song = made(
        [Beat(Fraction(2), [Tone(60)], chord="C"), Beat(Fraction(2), [Tone(57)], chord="Am7")]
    )
    chords = piece_of_song(song, unfold=False).chord_symbols
    assert [(chord.text, chord.onset) for chord in chords] == [("C", 0), ("Am7", 2)]


@pytest.mark.parametrize(
    ("bars", "reason"),
    [
        ([[beat(4)]], "no notes"),
        ([[beat(4, 200)]], "outside 0 to 127"),
        ([[beat(0, 60)]], "no duration"),
    ],
)
def test_what_cannot_be_read_has_a_reason(bars: list[list[Beat]], reason: str) -> None:
    with pytest.raises(InvalidScoreError, match=reason):
        piece_of_song(made(*bars), unfold=False)
