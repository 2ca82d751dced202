"""Events of any kind for the tests of chords."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from partimento import Event

DURATIONS = [Fraction(1, 2), Fraction(1), Fraction(3, 2), Fraction(1, 3)]


@st.composite
def event_lists(draw: st.DrawFn) -> list[Event]:
    """Any events that music can be made of."""
    events, before = [], ()
    for _ in range(draw(st.integers(1, 12))):
        chord = tuple(sorted(draw(st.sets(st.integers(50, 62), max_size=4))))
        held = tuple(p for p in chord if p in before and draw(st.booleans()))
        events.append(Event(chord, draw(st.sampled_from(DURATIONS)), held))
        before = chord
    return events
