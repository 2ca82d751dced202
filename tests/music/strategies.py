"""Strategies for pieces of any notes, meters, keys, tempos and parts."""

from fractions import Fraction

from hypothesis import strategies as st

from partimento import Event, Key, Meter, Note, Part, Piece, Source, Tempo
from partimento.music.notes import Notes

F = Fraction
times = st.builds(F, st.integers(0, 96), st.sampled_from([1, 2, 3, 4, 5, 7, 12, 40]))
durations = st.builds(F, st.integers(1, 24), st.sampled_from([1, 2, 3, 4, 5, 7, 12, 40]))
maybe = st.none() | st.integers(0, 24)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
notes = st.builds(
    Note,
    times,
    durations,
    st.integers(0, 127),
    st.integers(1, 127),
    st.integers(0, 2),
    st.none() | st.integers(1, 8),
    maybe,
    st.booleans(),
)


def timeline(mark):
    return st.lists(mark, max_size=3, unique_by=lambda one: one.onset).map(tuple)


meters = st.builds(
    Meter, st.integers(1, 255), st.sampled_from([1, 2, 4, 8, 16, 32, 64, 128]), times
)
keys = st.builds(Key, st.integers(-7, 7), st.sampled_from(["major", "minor"]), times)
tempos = st.builds(Tempo, st.integers(1, 2**24 - 1), times)
parts = st.builds(Part, words, st.none() | st.integers(0, 127), st.booleans())
pieces = st.builds(
    Piece,
    st.lists(notes, max_size=20).map(Notes),
    timeline(meters),
    timeline(keys),
    timeline(tempos),
    times,
    times,
    st.tuples(parts, parts, parts),
    words,
    words,
    st.builds(Source, words, words, words, words),
    st.lists(times, max_size=3).map(tuple),
)


@st.composite
def event_lists(draw):
    """Chords of a few pitches, each of which may be held from the one before."""
    events, before = [], ()
    for _ in range(draw(st.integers(1, 12))):
        chord = tuple(sorted(draw(st.sets(st.integers(58, 64), max_size=4))))
        held = tuple(p for p in chord if p in before and draw(st.booleans()))
        events.append(Event(chord, draw(durations), held))
        before = chord
    return events
