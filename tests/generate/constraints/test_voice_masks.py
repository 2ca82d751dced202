"""The voices of an event are completed without a dead end."""

from __future__ import annotations

from tests.generate.constrained import compose_within

import partimento as pt


def test_voices_rest_where_few_may_sound() -> None:
    composed = compose_within("voices", [pt.MaxVoices(1)], candidates=4)
    assert len(composed.pieces) == 4
    assert all(len(event.chord) <= 1 for piece in composed.pieces for event in piece.events)


def test_a_voice_below_moves_while_others_are_fixed() -> None:
    held = [(0, 16, pitch, part) for part, pitch in enumerate(("D5", "A4", "F4"))]
    composed = compose_within("voices", [pt.FixedNotes(held)], candidates=2)
    assert composed.pieces
    for piece in composed.pieces:
        assert set(piece.notes.part[piece.notes.duration < piece.notes.divisions * 16]) == {3}
