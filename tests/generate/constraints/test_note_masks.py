"""An event of notes is completed without a dead end."""

from __future__ import annotations

from tests.generate.constrained import compose_within

import partimento as pt


def test_notes_that_must_follow_leave_room() -> None:
    """Three fixed notes in an event of at most three notes."""
    chord = pt.FixedNotes([(0, 4, "E4", 0), (0, 4, "C4", 0), (0, 4, "A3", 0)], others="free")
    composed = compose_within("notes", [chord, pt.ChordSize(3, 3)], candidates=4)
    assert composed.failed == 0
    for piece in composed.pieces:
        assert piece.events[0].chord == (57, 60, 64)


def test_the_bass_is_reached_from_above() -> None:
    composed = compose_within("notes", [pt.End("tonic"), pt.MaxVoices(2)], candidates=4)
    assert composed.failed == 0
    for piece in composed.pieces:
        assert piece.events[-1].chord[0] % 12 == 2
