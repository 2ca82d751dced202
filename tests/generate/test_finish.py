"""A candidate gets its length, key, range and instruments."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from partimento import Event, Note, Part, Piece
from partimento.generate.finish import with_length

DURATIONS = [Fraction(1, 2), Fraction(1), Fraction(1, 3), Fraction(5, 4)]


@st.composite
def event_lists(draw: st.DrawFn) -> list[Event]:
    events: list[Event] = []
    for _ in range(draw(st.integers(1, 8))):
        chord = tuple(sorted(draw(st.sets(st.integers(60, 64), max_size=3))))
        sounding = events[-1].chord if events else ()
        held = tuple(pitch for pitch in chord if pitch in sounding and draw(st.booleans()))
        events.append(Event(chord, draw(st.sampled_from(DURATIONS)), held))
    return events


def cut(events: list[Event], length: Fraction) -> list[Event]:
    """Do the same by events: cut the last one, or let it sound on."""
    kept: list[Event] = []
    now = Fraction(0)
    for event in events:
        if now < length:
            kept.append(replace(event, duration=min(event.duration, length - now)))
            now += kept[-1].duration
    kept[-1] = replace(kept[-1], duration=kept[-1].duration + length - now)
    return kept


@given(event_lists(), st.sampled_from([Fraction(n, 6) for n in range(1, 60, 5)]))
def test_a_length_cuts_or_extends_the_last_event(events: list[Event], length: Fraction) -> None:
    piece = with_length(Piece.from_events(events), length)
    assert piece.length == length
    assert piece == Piece.from_events(cut(events, length))


def test_a_length_keeps_parts_and_voices_apart() -> None:
    notes = [Note(Fraction(0), Fraction(2), 60, part=0), Note(Fraction(0), Fraction(2), 60, part=1)]
    notes += [Note(Fraction(2), Fraction(1), 62, velocity=99, part=1)]
    piece = with_length(Piece(notes, parts=(Part("a"), Part("b", 7))), Fraction(4))
    assert [(n.onset, n.duration, n.pitch, n.velocity, n.part) for n in piece.notes] == [
        (0, 2, 60, 80, 0),
        (0, 2, 60, 80, 1),
        (2, 2, 62, 99, 1),
    ]
    assert piece.parts == (Part("a"), Part("b", 7))
