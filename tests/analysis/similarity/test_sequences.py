"""The chords and the top line of a piece, in any key."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from partimento import Event, Meter, Note, Part, Piece
from partimento.analysis.similarity.sequences import NOTE, REST, sequences_of
from partimento.music.events import merge_held

QUARTER = Fraction(1)


def test_chords_are_events_joined_where_wholly_held(pieces: list[Piece]) -> None:
    for piece in pieces:
        line = sequences_of(piece).chords
        assert [event.chord for event in merge_held(piece.events)] == [
            tuple(low + above for above in shape)
            for low, shape in zip(line.reference.tolist(), line.shapes, strict=True)
        ]
        assert line.onset[0] == 0


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 24), st.integers(1, 8), st.integers(60, 66), st.integers(0, 2)),
        max_size=12,
    ),
    st.integers(0, 40),
)
def test_sequences_of_any_notes_equal_plain_events(
    rows: list[tuple[int, int, int, int]], length: int
) -> None:
    notes = [
        Note(Fraction(onset, 3), Fraction(duration, 4), pitch, part=part)
        for onset, duration, pitch, part in rows
    ]
    piece = Piece(
        notes, parts=(Part(), Part(), Part("Drums", None, is_drum=True)), length=Fraction(length, 7)
    )  # type: ignore[arg-type]
    pitched = Piece(
        [note for note in notes if note.part < 2], parts=piece.parts, length=piece.length
    )  # type: ignore[arg-type]
    found, now, tops, begins = sequences_of(piece), Fraction(0), [], []
    events = merge_held(pitched.events)
    for event in events:
        begins.append(now)
        if event.chord and event.chord[-1] not in event.held:
            tops.append((event.chord[-1], now))
        now += event.duration
    assert found.chords.shapes == [
        bytes(p - event.chord[0] for p in event.chord) for event in events
    ]
    assert [Fraction(int(t), found.chords.divisions) for t in found.chords.onset] == begins
    assert found.melody.shapes == [NOTE] * len(tops)
    line = found.melody
    assert [
        (p, Fraction(t, line.divisions))
        for p, t in zip(line.reference.tolist(), line.onset.tolist(), strict=True)
    ] == tops


def test_elements_know_their_bar_and_interval() -> None:
    events = [Event(chord, QUARTER) for chord in [(60,), (64, 67), (), (57, 60), (57, 60)]]
    piece = Piece.from_events(events, meters=(Meter(3, 4),), pickup=QUARTER)
    line = sequences_of(piece).chords
    assert line.bar.tolist() == [0, 1, 1, 1, 2]
    assert line.steps.tolist() == [0, 4, 0, -7, 0]
    assert line.shapes[2] == REST
    assert sequences_of(piece).melody.bar.tolist() == [0, 1, 1, 2]


def test_drums_are_in_neither_sequence() -> None:
    kit = Part("Kit", is_drum=True)
    tune = [Note(QUARTER * t, QUARTER, 60 + t) for t in range(3)]
    drums = [Note(QUARTER * t / 2, QUARTER / 2, 81, part=1) for t in range(6)]
    mixed = sequences_of(Piece([*tune, *drums], parts=(Part(), kit)))
    plain = sequences_of(Piece(tune, parts=(Part(), kit)))
    for one, other in zip(mixed, plain, strict=True):
        assert one.shapes == other.shapes
        assert one.reference.tolist() == other.reference.tolist() == [60, 61, 62]


def test_a_rest_keeps_the_reference_pitch_of_the_chord_before_it() -> None:
    events = [Event(chord, QUARTER) for chord in [(), (60, 64), (), (), (65,)]]
    line = sequences_of(Piece.from_events(events)).chords
    assert line.sounding.tolist() == [False, True, False, True]
    assert line.steps.tolist() == [0, 0, 0, 5]
