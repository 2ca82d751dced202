"""Dynamics: arches over phrases, accents of bars, and the melody above the rest."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from tests.tokens.plan_pieces import phrased_pieces

from partimento import Meter, Note, Piece
from partimento.generate.dynamics import (
    ACCENT,
    ARCH,
    MELODY,
    PEAK,
    SOFT,
    phrase_bounds,
    with_dynamics,
)
from partimento.music.notes import Notes


def eighths(bars: int = 8, **rest: object) -> Piece:
    """Return a melody in eighths, with its length in bars of 4/4."""
    notes = [Note(Fraction(n, 2), Fraction(1, 2), 60 + n % 7) for n in range(8 * bars)]
    return Piece(notes, **rest)  # type: ignore[arg-type]


@given(phrased_pieces("notes"))
@settings(deadline=None, max_examples=60)
def test_only_velocities_change_and_they_are_midi_velocities(piece: Piece) -> None:
    loud = with_dynamics(piece)
    velocity = loud.notes.velocity
    assert ((velocity >= 1) & (velocity <= 127)).all()
    for name in set(Notes.COLUMNS) - {"velocity"}:
        np.testing.assert_array_equal(getattr(loud.notes, name), getattr(piece.notes, name))
    assert loud.replace(notes=piece.notes) == piece
    assert with_dynamics(loud) == loud


def test_music_without_notes_has_no_dynamics() -> None:
    assert with_dynamics(Piece([])) == Piece([])


def test_phrases_end_at_fermatas_or_after_four_bars() -> None:
    assert phrase_bounds(eighths(10)) == [0, 16, 32, 40]
    ended = eighths(8, phrase_ends=(Fraction(12), Fraction(32)))
    assert phrase_bounds(ended) == [0, 12, 32]
    assert phrase_bounds(eighths(3)) == [0, 12]
    pickup = eighths(8, pickup=Fraction(1))
    assert phrase_bounds(pickup) == [0, 17, 32]


def test_a_phrase_rises_to_its_peak_and_falls() -> None:
    piece = with_dynamics(eighths(4))
    time = piece.notes.onset / piece.notes.divisions
    beats = np.isin(time, [0, 4, 8, 12])
    arch = piece.notes.velocity - ACCENT * beats - MELODY
    peak = int(np.argmax(arch))
    assert abs(time[peak] / 16 - PEAK) < 0.1
    assert (np.diff(arch[: peak + 1]) >= 0).all()
    assert (np.diff(arch[peak:]) <= 0).all()
    assert arch[0] == SOFT
    assert SOFT + ARCH - 1 <= arch.max() <= SOFT + ARCH


def test_the_highest_note_of_a_chord_is_louder() -> None:
    notes = [Note(Fraction(beat), Fraction(1), pitch) for beat in range(4) for pitch in (48, 60)]
    velocity = with_dynamics(Piece(notes)).notes.velocity
    assert (velocity[1::2] - velocity[::2] == MELODY).all()


def accented(piece: Piece) -> list[float]:
    """Return the onsets at which a repeated pitch is louder than its neighbors suggest."""
    loud = with_dynamics(piece)
    velocity = loud.notes.velocity.astype(float)
    onset = loud.notes.onset / loud.notes.divisions
    middle = (velocity[:-2] + velocity[2:]) / 2
    return [float(onset[n + 1]) for n in np.flatnonzero(velocity[1:-1] - middle > ACCENT / 2)]


def test_bars_are_accented_where_they_begin_and_a_pickup_is_not() -> None:
    assert accented(eighths(2)) == [4.0]
    assert accented(eighths(2, meters=(Meter(3, 4),))) == [3.0, 6.0]
    assert accented(eighths(2, pickup=Fraction(1))) == [1.0, 5.0]
    first = with_dynamics(eighths(2, pickup=Fraction(1))).notes.velocity[0]
    assert first == SOFT + MELODY
    # Bars that begin between the steps of the grid have no note on their first beat.
    quarters = Piece([Note(Fraction(n), Fraction(1), 60) for n in range(8)], pickup=Fraction(1, 2))
    assert with_dynamics(quarters).notes.velocity[0] == SOFT + MELODY
