"""Pieces of several parts as a strategy, and what the tests of rows ask of notes and arrays."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from partimento import Note, Part, Piece
from partimento.music.notes import Notes

TIMES = [
    Fraction(0),
    Fraction(1, 3),
    Fraction(1, 2),
    Fraction(1),
    Fraction(3, 2),
    Fraction(2),
    Fraction(3),
]
PITCHES = [0, 59, 60, 61, 64, 127]
LASTING = ("divisions", "onset", "duration", "pitch", "part")
quick = settings(deadline=None, max_examples=80)


@st.composite
def pieces_of_parts(draw: st.DrawFn) -> Piece:
    """Up to four parts that double one another, hold, fall silent, and may be drums; perhaps with a
    rest at the end, or no note at all.
    """
    parts = draw(
        st.lists(st.booleans().map(lambda drum: Part(is_drum=drum)), min_size=1, max_size=4)
    )
    notes = draw(
        st.lists(
            st.builds(
                Note,
                st.sampled_from(TIMES),
                st.sampled_from(TIMES[1:]),
                st.sampled_from(PITCHES),
                part=st.integers(0, len(parts) - 1),
            ),
            max_size=12,
        )
    )
    cuts = tuple(draw(st.sets(st.sampled_from(TIMES[:4]), max_size=2)))
    return Piece(
        notes,
        parts=tuple(parts),
        length=draw(st.sampled_from([Fraction(0), Fraction(2), Fraction(13, 2)])),
        cuts=cuts,
    )


def durations_of(parts: Any) -> list[Fraction]:
    return [event.duration for event in parts[0]]


def assert_same_notes(notes: Notes, others: Notes) -> None:
    """All but velocity, tablature and graces, which no encoding carries."""
    for name in LASTING:
        assert np.array_equal(getattr(notes, name), getattr(others, name)), name


def assert_copies_are_transposed(tokenizer: Any, piece: Piece, shifts: list[int]) -> None:
    """Check that a tokenizer makes the tokens of transposed copies as if it read them."""
    first = tokenizer.encode_all([piece])[0]
    wanted = tokenizer.encode_all([piece.transpose(shift) for shift in shifts])
    for copy, other in zip(tokenizer.transposed(piece, first, shifts), wanted, strict=True):
        for ours, theirs in (
            (copy.ids, other.ids),
            (copy.context["features"], other.context["features"]),
        ):
            np.testing.assert_array_equal(ours, theirs)
            assert ours.dtype == theirs.dtype
