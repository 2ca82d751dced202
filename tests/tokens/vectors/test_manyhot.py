"""Many-hot rows, of one part or several, come back as they were."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from tests.tokens.rows import (
    assert_same_notes,
    durations_of,
    pieces_of_parts,
    quick,
)

from partimento import Event, Piece
from partimento.errors import PartimentoError
from partimento.music.events import merge_held
from partimento.tokens.vectors.manyhot import (
    from_many_hot,
    from_multi_many_hot,
    many_hot,
    multi_many_hot,
)
from partimento.tokens.vectors.parts import from_part_events, part_events


def test_many_hot_by_hand() -> None:
    events = [
        Event((0, 127), Fraction(1)),
        Event((0, 60), Fraction(1, 2), (0,)),
        Event((), Fraction(1)),
        Event((60,), Fraction(1)),
    ]
    rows = many_hot(events)
    assert rows.dtype == np.float32
    assert [np.flatnonzero(row).tolist() for row in rows] == [[0, 127], [0, 60, 128], [], [60]]
    assert np.array_equal(many_hot(events, held=False), rows[:, :128])
    struck = [Event(event.chord, event.duration) for event in events]
    assert from_many_hot(rows[:, :128], [event.duration for event in events], held=False) == struck
    assert (
        from_many_hot(rows * 0.6, [event.duration for event in events]) == events
    )  # a model's probabilities
    assert many_hot([]).shape == (0, 256)


@given(pieces_of_parts())
@quick
def test_many_hot_comes_back(piece: Piece) -> None:
    events, durations = list(piece.events), [event.duration for event in piece.events]
    rows = many_hot(events)
    assert rows.shape == (len(events), 256)
    assert from_many_hot(rows, durations) == events
    assert np.array_equal(many_hot(events, held=False), rows[:, :128])
    assert merge_held(Piece.from_events(from_many_hot(rows, durations)).events) == merge_held(
        events
    )


def test_what_is_no_many_hot_music() -> None:
    held_alone = np.zeros((1, 256), np.float32)
    held_alone[0, 128 + 60] = 1
    quarter = Fraction(1)
    for wrong, words in (
        (lambda: many_hot([Event((60, 128), quarter)]), "outside 0 to 127"),
        (lambda: many_hot([Event((-1,), quarter)]), "outside 0 to 127"),
        (lambda: many_hot([Event((60,), quarter, (61,))]), "a held pitch does not sound"),
        (lambda: from_many_hot(held_alone, [quarter]), "a held pitch does not sound"),
        (lambda: from_many_hot(held_alone, [quarter, quarter]), "shape"),
        (lambda: from_many_hot(held_alone, [quarter], held=False), "shape"),
    ):
        with pytest.raises(PartimentoError, match=words):
            wrong()


@given(pieces_of_parts())
@quick
def test_multi_many_hot_comes_back(piece: Piece) -> None:
    parts = part_events(piece)
    rows = multi_many_hot(parts)
    assert rows.shape == (len(piece.events), len(parts) * 256)
    back = from_multi_many_hot(rows, durations_of(parts), parts=len(parts))
    assert back == parts
    assert_same_notes(from_part_events(back, parts=piece.parts).notes, piece.notes)
    sounding = multi_many_hot(parts, held=False)
    struck = tuple(tuple(Event(event.chord, event.duration) for event in own) for own in parts)
    assert (
        from_multi_many_hot(sounding, durations_of(parts), parts=len(parts), held=False) == struck
    )
    assert np.array_equal(np.hstack([many_hot(own) for own in parts]), rows)
