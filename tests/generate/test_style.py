"""Test the features that tell composed pieces from real ones."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import pytest

from partimento import Event, Piece
from partimento.analysis.part_writing import RATES, part_writing
from partimento.generate.style import style_of
from partimento.music.timelines import Key

QUARTER = Fraction(1)
C_MAJOR = Key(0)


def style(piece: Piece) -> dict[str, float]:
    return style_of(piece, part_writing(piece, C_MAJOR))


def test_features_of_a_scale_in_quarters() -> None:
    found = style(Piece.from_events([Event((60 + step,), QUARTER) for step in (0, 2, 4, 5) * 2]))
    assert found["pitch_range"] == 5
    assert found["notes_per_bar"] == 4
    assert found["inter_onset_interval"] == 1
    assert found["repeated_bars"] == found["repeated_rhythms"] == 0.5
    assert found["syncopation"] == 0
    assert found["polyphony"] == 1
    assert {*RATES} < {*found}


def test_offbeat_notes_are_syncopated() -> None:
    half = QUARTER / 2
    events = [Event((60,), half), *[Event((62,), QUARTER)] * 3, Event((60,), half)]
    assert style(Piece.from_events(events * 2))["syncopation"] > 0


def test_pitches_are_measured_as_they_sound() -> None:
    piece = Piece.from_events([Event((60, 64), QUARTER), Event((62,), QUARTER)] * 2)
    counts = part_writing(piece, C_MAJOR)
    composed, moved = style_of(piece, counts), style_of(piece, counts, shift=-12)
    assert (composed["mean_pitch"], composed["lowest_pitch"]) == (62, 60)
    assert (moved["mean_pitch"], moved["lowest_pitch"]) == (50, 48)
    assert all(
        moved[name] == value
        for name, value in composed.items()
        if name not in ("mean_pitch", "lowest_pitch") and not math.isnan(value)
    )


@pytest.mark.parametrize("piece", [Piece([]), Piece.from_events([Event((), QUARTER)])])
def test_music_without_notes_has_no_style(piece: Piece) -> None:
    assert style(piece) == {}


def test_a_single_note_leaves_intervals_undefined() -> None:
    assert math.isnan(style(Piece.from_events([Event((60,), QUARTER)]))["interval"])


def test_stated_phrases_are_measured_in_bars() -> None:
    """Two phrases, of one bar and of three."""
    piece = Piece.from_events([Event((60 + step,), QUARTER) for step in range(16)])
    assert "phrase_length" not in style(piece)
    found = style(replace(piece, phrase_ends=(Fraction(4), Fraction(16))))
    assert (found["phrase_length"], found["shortest_phrase"]) == (2, 1)
