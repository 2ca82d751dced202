"""Chords are chosen whose held notes can be written."""

from __future__ import annotations

from tests.generate.constrained import compose_within

import partimento as pt


def test_a_fixed_note_goes_on_through_several_chords() -> None:
    pedal = pt.FixedNotes([(0, 8, "A3", 0)], others="free")
    composed = compose_within("chords", [pedal], candidates=4)
    assert composed.pieces
    for piece in composed.pieces:
        assert (0, 8, 57) in {
            (int(note.onset), int(note.duration), note.pitch) for note in piece.notes
        }


def test_a_chord_has_few_new_notes_if_the_bar_is_nearly_full() -> None:
    composed = compose_within("chords", [pt.Density(0, 5)], candidates=4)
    assert composed.pieces
    for piece in composed.pieces:
        bars = [int(note.onset // 4) for note in piece.notes]
        assert all(bars.count(bar) <= 5 for bar in bars)
