"""Piece: what goes in comes out, for any music."""

import json
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partimento import Event, Key, Meter, Note, Part, Piece, Source, Tempo
from partimento.corpus import read_piece
from partimento.errors import PartimentoError
from partimento.music.events import merge_held
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


@given(pieces)
def test_a_piece_survives_a_dict_and_json(piece):
    assert Piece.from_json(piece.to_json()) == piece
    plain = piece.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert Piece.from_dict(plain) == piece


@given(event_lists())
def test_from_events_is_the_inverse_of_events(events):
    piece = Piece.from_events(events)
    assert list(piece.events) == merge_held(events)


@given(pieces)
def test_events_fill_the_piece_and_say_what_sounds(piece):
    events = piece.events
    assert sum((event.duration for event in events), F(0)) >= piece.length
    now = F(0)
    for event in events:
        sounding = {n.pitch for n in piece.notes if n.onset <= now < n.end}
        struck = {n.pitch for n in piece.notes if n.onset == now}
        assert event.chord == tuple(sorted(sounding))
        assert event.held == tuple(sorted(sounding - struck))
        assert event.duration > 0
        now += event.duration


@given(st.lists(notes, max_size=20))
def test_notes_never_overlap_in_their_part_and_pitch(some):
    lines = {}
    for note in Notes(some):
        lines.setdefault((note.part, note.pitch), []).append(note)
    for line in lines.values():
        assert all(a.end <= b.onset for a, b in pairwise(line))
    assert {(n.part, n.pitch, n.onset) for n in Notes(some)} == {
        (n.part, n.pitch, n.onset) for n in some
    }


def test_all_real_files_survive_json_and_events(data_folder):
    paths = sorted((data_folder / "mutopia-guitar").glob("*/*.mid"))
    assert len(paths) == 415
    for path in paths:
        piece = read_piece(path)
        assert Piece.from_json(piece.to_json()) == piece
        events = list(piece.events)
        again = Piece.from_events(events)
        assert list(again.events) == merge_held(events)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("C major", "C major"),
        ("C", "C major"),
        ("a minor", "A minor"),
        ("Dm", "D minor"),
        ("d minor", "D minor"),
        ("DMaj", "D major"),
        ("DM", "D major"),
        ("d-minor", "D minor"),
        ("d-moll", "D minor"),
        ("D-Dur", "D major"),
        ("ddur", "D major"),
        ("Bb", "B♭ major"),
        ("B♭", "B♭ major"),
        ("B-", "B♭ major"),
        ("B- major", "B♭ major"),
        ("bb minor", "B♭ minor"),
        ("B flat minor", "B♭ minor"),
        ("e- minor", "E♭ minor"),
        ("F#m", "F♯ minor"),
        ("f♯ minor", "F♯ minor"),
        ("C sharp minor", "C♯ minor"),
        ("es-moll", "E♭ minor"),
        ("Es-Dur", "E♭ major"),
        ("As-Dur", "A♭ major"),
        ("fis-moll", "F♯ minor"),
        ("Ges Dur", "G♭ major"),
        ("H-moll", "B minor"),
        ("h moll", "B minor"),
        ("B-Dur", "B♭ major"),
        ("b-moll", "B♭ minor"),
        ("B major", "B major"),
        ("b minor", "B minor"),
        ("Bm", "B minor"),
        ("Bb-Dur", "B♭ major"),
        (" Ces-dur ", "C♭ major"),
    ],
)
def test_a_key_is_read_as_people_write_it(words: str, name: str) -> None:
    assert Key.from_name(words).name == name


@pytest.mark.parametrize(
    "words", ["", "J major", "D dorian", "Bbb", "ds-moll", "minor", "C-is-moll", "7"]
)
def test_what_is_no_key_is_refused_with_examples(words: str) -> None:
    with pytest.raises(ValueError, match=r"no such key.*es-moll"):
        Key.from_name(words)


def test_a_key_without_a_signature_names_the_one_to_write() -> None:
    with pytest.raises(ValueError, match=r"so many accidentals: .G# major. \(write A♭ major\)"):
        Key.from_name("G# major")


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("fifths", range(-7, 8))
def test_both_names_of_every_key_are_read_back(fifths: int, mode: str) -> None:
    key = Key(fifths, mode)
    assert Key.from_name(key.name) == key
    assert Key.from_name(key.code) == key
    assert key.name.isascii() == (key.code.translate({45: None, 35: None}) == key.code)


def band():
    notes = [
        Note(Fraction(0), Fraction(1), 60, part=0),
        Note(Fraction(0), Fraction(2), 36, part=1),
        Note(Fraction(1), Fraction(1), 64, part=2),
    ]
    parts = (Part("Melody", 73), Part("Kit", is_drum=True), Part("melody 2", 40))
    return Piece(notes, parts=parts, meters=(Meter(3, 4, Fraction(4)),))


def test_drums_go_and_the_rest_stays():
    piece = band()
    assert piece.drums.tolist() == [True, False, False]
    assert [note.part for note in piece.without_drums().notes] == [0, 2]
    assert piece.without_drums().parts == piece.parts
    quiet = piece.without_drums()
    assert quiet.without_drums() is quiet


@pytest.mark.parametrize("which", ["melody 2", "Melody 2", 2, -1])
def test_a_part_is_found_by_name_and_by_number(which):
    alone = band().part(which)
    assert alone.parts == (Part("melody 2", 40),)
    assert [(note.pitch, note.part) for note in alone.notes] == [(64, 0)]
    assert alone.length == band().length


@pytest.mark.parametrize(
    ("which", "said"), [("Oboe", "'Melody', 'Kit'"), (3, "has 3 parts"), (-4, "has 3 parts")]
)
def test_a_part_that_is_not_there_is_one_line(which, said):
    with pytest.raises(PartimentoError, match=said):
        band().part(which)


def test_parts_of_one_name_are_not_guessed():
    piece = band().replace(parts=(Part("A"), Part("B"), Part("a")))
    with pytest.raises(PartimentoError, match="2 parts named 'A'"):
        piece.part("A")


def test_transposing_leaves_drums():
    assert sorted(band().transpose(2).notes.pitch.tolist()) == [36, 62, 66]


def test_the_first_meter_is_four_quarters_unless_one_stands_at_the_start():
    assert band().first_meter == Meter(4, 4)
    assert Piece((), meters=(Meter(6, 8),)).first_meter == Meter(6, 8)


def test_the_sweep_is_the_events():
    cut, grid = band().sweep()
    assert [Fraction(int(step), grid) for step in cut.times] == [0, 1, 2]
    assert cut.pitch.tolist() == [36, 60, 36, 64]
    assert cut.held.tolist() == [False, False, True, False]


def test_seconds_follow_the_tempos():
    piece = band().replace(tempos=(Tempo(1_000_000, Fraction(1)),))
    assert piece.seconds == 1.5
    assert piece.note_seconds()[2] == (Fraction(1, 2), Fraction(3, 2))
