"""Transposition: there and back, to a common key and octave, and all over the range."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import small_piece

from partimento import Key, Meter, Note, Part, Piece, Tempo
from partimento.errors import PartimentoError
from partimento.music.events import Event, merge_held
from partimento.music.notes import Notes
from partimento.music.timelines import ChordSymbol
from partimento.music.transpose import (
    interval_to_common_key,
    interval_to_common_octave,
    interval_to_key,
    semitones_of_interval,
    shifts_within,
    transpose,
    transpose_back,
)
from partimento.tokens.settings import TokenSettings
from partimento.tokens.windows import windows
from partimento.training.dataset import Dataset, in_common_key, prepare

MODES = ("none", "key", "key-octave", "all")
TIMES = st.fractions(min_value=0, max_value=12, max_denominator=12)
KEYS = st.builds(Key, st.integers(-7, 7), st.sampled_from(["major", "minor"]), TIMES)
NOTES = st.builds(
    Note,
    TIMES,
    TIMES.filter(bool),
    st.integers(36, 96),
    st.integers(1, 127),
    st.integers(0, 2),
    st.none() | st.integers(1, 6),
    st.none() | st.integers(0, 19),
    st.booleans(),
)


@st.composite
def any_pieces(draw: st.DrawFn) -> Piece:
    """Notes in three parts, the last of drums, with fingerings, grace notes and keys in any
    spelling.
    """
    return Piece(
        draw(st.lists(NOTES, max_size=12)),
        keys=tuple(draw(st.lists(KEYS, max_size=4, unique_by=lambda key: key.onset))),
        meters=(Meter(3, 8),),
        tempos=(Tempo(400_000, Fraction(1, 3)),),
        pickup=Fraction(1, 2),
        length=Fraction(30),
        parts=(Part("Guitar", 24), Part("Bass", 32), Part("Kit", None, is_drum=True)),
        title="Any",
        cuts=(Fraction(5),),
    )


@given(any_pieces(), st.integers(-30, 30))
@settings(deadline=None, max_examples=200)
def test_transposing_there_and_back_restores_every_field(piece: Piece, semitones: int) -> None:
    moved = transpose(piece, semitones)
    assert transpose_back(moved, semitones, piece) == piece
    # Without the original at hand, all but the fingering and the spelling of a key comes back.
    back = transpose(moved, -semitones)
    bare = [replace(note, string=None, fret=None) for note in back.notes]
    assert bare == [replace(note, string=None, fret=None) for note in piece.notes]
    assert [(key.tonic, key.mode, key.onset) for key in back.keys] == [
        (key.tonic, key.mode, key.onset) for key in piece.keys
    ]
    assert back.replace(notes=piece.notes, keys=piece.keys) == piece


@given(any_pieces(), st.integers(-30, 30))
@settings(deadline=None, max_examples=100)
def test_every_pitch_moves_by_the_same_interval(piece: Piece, semitones: int) -> None:
    moved = transpose(piece, semitones)
    drums = [note.part == 2 for note in piece.notes]
    want = Counter(
        (n.onset, n.duration, n.pitch + (0 if drum else semitones), n.part)
        for n, drum in zip(piece.notes, drums, strict=True)
    )
    assert Counter((n.onset, n.duration, n.pitch, n.part) for n in moved.notes) == want
    assert [key.tonic for key in moved.keys] == [(key.tonic + semitones) % 12 for key in piece.keys]
    if semitones:
        assert all(
            note.string is None and note.fret is None for note in moved.notes if note.part != 2
        )


@pytest.mark.parametrize("fifths", range(-7, 8))
@pytest.mark.parametrize("mode", ["major", "minor"])
def test_keys_survive_a_round_trip_unless_respelled(fifths: int, mode: str) -> None:
    key = Key(fifths, mode)
    usual = key == Key.from_tonic(key.tonic, key.mode)
    piece = Piece((), keys=(key,))
    for semitones in range(-11, 12):
        if semitones:
            assert (transpose(transpose(piece, semitones), -semitones) == piece) == usual
    assert transpose(piece, 12).keys == (key,)  # an octave renames nothing


def test_changes_made_between_two_transpositions_are_kept() -> None:
    piece = Piece(
        [Note(Fraction(i), Fraction(1), 60 + i, string=2, fret=i) for i in range(4)],
        keys=(Key(-6),),
    )
    moved = transpose(piece, 6)
    longer = moved.replace(notes=[*moved.notes, Note(Fraction(9), Fraction(1), 70)])
    back = transpose_back(longer, 6, piece)
    assert list(back.notes) == [*piece.notes, Note(Fraction(9), Fraction(1), 64)]
    assert back.keys == piece.keys


def test_pitches_outside_midi_are_refused() -> None:
    with pytest.raises(ValueError, match="outside 0 to 127"):
        transpose(small_piece(0), 80)


# ---------------------------------------------------------------------- common key and octave


@pytest.mark.parametrize("how", MODES)
def test_prepared_pieces_have_their_exact_inverse(how: str) -> None:
    piece = small_piece(3, shift=5).replace(keys=(Key(-1), Key(-6, onset=Fraction(8))))
    piece = piece.replace(notes=[replace(note, string=3, fret=2) for note in piece.notes])
    item = in_common_key(piece, how)
    assert transpose_back(item.moved, item.interval, item.piece) == piece
    assert (item.interval == 0) == (how in ("none", "all"))


@given(
    st.lists(st.tuples(st.integers(36, 91), st.integers(1, 8)), min_size=1, max_size=12),
    st.integers(-36, 36),
)
@settings(deadline=None, max_examples=200)
def test_pieces_in_other_keys_and_octaves_become_equal(
    rows: list[tuple[int, int]], shift: int
) -> None:
    def of(by: int) -> Notes:
        return Notes(
            [
                Note(Fraction(i), Fraction(length, 3), pitch + by)
                for i, (pitch, length) in enumerate(rows)
            ]
        )

    key = Key.from_tonic(7, "minor")
    other = Key.from_tonic((7 + shift) % 12, "minor")
    here, there = interval_to_common_octave(of(0), key), interval_to_common_octave(of(shift), other)
    assert there + shift == here
    assert (here - interval_to_common_key(key)) % 12 == 0
    moved = of(here)
    mean = Fraction(int(moved.duration @ moved.pitch), int(moved.duration.sum()))
    assert 58 <= mean < 70


def test_guitar_notated_an_octave_high_equals_guitar_at_sounding_pitch() -> None:
    low, high = small_piece(2, shift=-7), small_piece(2, shift=5)
    by_key = [in_common_key(piece, "key") for piece in (low, high)]
    by_octave = [in_common_key(piece, "key-octave") for piece in (low, high)]
    assert by_key[0].events != by_key[1].events
    assert by_octave[0].events == by_octave[1].events
    assert by_octave[0].interval == by_octave[1].interval + 12


def test_empty_pieces_and_pieces_at_the_edge_of_the_range_are_prepared() -> None:
    assert in_common_key(Piece(()), "key-octave").moved == Piece(())
    for high in (
        100,
        112,
        124,
    ):  # all but the last note ask for three octaves up, for which the last leaves no room
        pitches = (24, 28, 31, 29, 26, 24, 23, 24) * 3 + (high,)
        item = in_common_key(
            Piece([Note(Fraction(i), Fraction(1), p) for i, p in enumerate(pitches)]), "key-octave"
        )
        assert interval_to_common_octave(item.piece.notes, item.key) > 127 - high >= item.interval
        assert (item.interval - interval_to_common_key(item.key)) % 12 == 0


# ---------------------------------------------------------------------- all over the range


def test_shifts_keep_to_the_range() -> None:
    notes = Notes([Note(Fraction(0), Fraction(1), pitch) for pitch in (45, 70)])
    shifts = shifts_within(notes, 40, 83)
    assert shifts[0] == 0
    assert sorted(shifts) == list(range(-5, 14))
    assert shifts_within(notes, 50, 60) == (0,)
    assert shifts_within(notes, 46, 72) == (0, 1, 2)
    assert shifts_within(Notes(), 40, 83) == (0,)


def _prepared(how: str, **more: int) -> Dataset:
    pieces = [small_piece(number, shift=number % 4) for number in range(9)]
    return prepare(
        pieces,
        TokenSettings(**{"transpose": how, "min_count": 1, **more}),
        validation=0.3,
        test=0.2,
        seed=1,
    )


def test_copies_equal_transposed_pieces() -> None:
    data = _prepared("all", low=40, high=83)
    made = iter(data.training_tokens())
    for item in data.train:
        low, high = int(item.piece.notes.pitch.min()), int(item.piece.notes.pitch.max())
        assert len(item.copies) == len(set(item.copies)) == 83 - 40 - (high - low) + 1
        for shift in item.copies:
            encoded, moved = next(made), transpose(item.moved, shift)
            assert 40 <= moved.notes.pitch.min() <= moved.notes.pitch.max() <= 83
            assert data.tokenizer.decode_events(encoded.ids) == merge_held(moved.events)
            want = data.tokenizer.encode_events(moved.events, pickup=moved.pickup)
            assert np.array_equal(encoded.ids, want.ids)
            assert np.array_equal(encoded.context["holdable"], want.context["holdable"])
    assert not list(made)


def test_a_chord_unknown_in_one_key_may_be_known_in_another() -> None:
    data = _prepared("all", low=40, high=83)
    once = replace(
        data.tokenizer,
        chords=replace(data.tokenizer.chords, symbols=data.tokenizer.chords.symbols[::2]),
    )
    data = replace(data, tokenizer=once)
    made = iter(data.training_tokens())
    for item in data.train:
        for shift in item.copies:
            assert np.array_equal(
                next(made).ids, once.encode_events(transpose(item.moved, shift).events).ids
            )


def test_only_training_pieces_have_copies() -> None:
    plain, data = _prepared("none"), _prepared("all")
    for side in ("valid", "test"):
        mine, theirs = data.splits[side], plain.splits[side]
        assert [item.piece for item in mine] == [item.piece for item in theirs]
        assert all(item.interval == 0 and item.copies == (0,) for item in mine)
        assert windows(data.encode(mine)).inputs.shape == windows(plain.encode(theirs)).inputs.shape
    assert [item.piece for item in data.train] == [item.piece for item in plain.train]
    assert (
        len(data.training_tokens())
        == sum(len(item.copies) for item in data.train)
        > 2 * len(data.train)
    )
    assert len(plain.training_tokens()) == len(plain.train)
    assert data.fingerprint == plain.fingerprint


def test_no_copy_is_held_out_music() -> None:
    """Pieces that are each other's transposition share a side, hence no copy of a training piece is
    a validation or test piece.
    """
    pieces = [small_piece(number, shift=shift) for number in range(6) for shift in (0, 3, -4)]
    data = prepare(
        pieces, TokenSettings(transpose="all", min_count=1), validation=0.3, test=0.2, seed=1
    )
    learned = {
        replace(item, piece=transpose(item.moved, shift)).signature
        for item in data.train
        for shift in item.copies
    }
    held = {item.signature for item in (*data.valid, *data.test)}
    assert len(learned) + len(held) == 6
    assert not learned & held


def test_the_vocabulary_counts_the_copies() -> None:
    data = _prepared("all", low=40, high=83)
    want = Counter(
        event.chord
        for item in data.train
        for s in item.copies
        for event in merge_held(transpose(item.moved, s).events)
    )
    assert set(data.tokenizer.chords.symbols) == set(want)
    assert [want[chord] for chord in data.tokenizer.chords.symbols] == sorted(
        want.values(), reverse=True
    )
    middle = sorted(want.values())[len(want) // 2]
    often = _prepared("all", low=40, high=83, min_count=middle).tokenizer.chords.symbols
    assert set(often) == {chord for chord, count in want.items() if count >= middle} < set(want)
    plain = _prepared("none")
    assert data.tokenizer.patterns == plain.tokenizer.patterns
    assert data.tokenizer.durations == plain.tokenizer.durations
    assert (
        len(plain.tokenizer.chords)
        < len(_prepared("all").tokenizer.chords)
        < len(data.tokenizer.chords)
    )


def test_copies_do_not_count_as_evidence_of_a_duration() -> None:
    """Seen once, a duration stays below a `min_count` of two, however many copies its piece has."""
    odd = [
        Event((60, 64), Fraction(1)),
        Event((62, 65), Fraction(5, 7)),
        Event((60, 64), Fraction(1)),
    ]
    pieces = [
        Piece.from_events([*odd, *small_piece(n).events]) if n == 0 else small_piece(n)
        for n in range(4)
    ]
    for seed in range(8):
        data = prepare(
            pieces,
            TokenSettings(transpose="all", low=30, high=90),
            validation=0.3,
            test=0.1,
            seed=seed,
        )
        assert Fraction(5, 7) not in data.tokenizer.durations.symbols


def test_a_range_that_no_piece_fits_is_refused() -> None:
    with pytest.raises(
        PartimentoError,
        match=r"fits into the pitches 60 to 65: widen tokens\.low",
    ):
        _prepared("all", low=60, high=65)
    assert all(item.copies == (0,) for item in _prepared("key", low=60, high=65).train)


# ---------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    "wrong", [{"transpose": "octave"}, {"low": -1}, {"high": 128}, {"low": 60, "high": 60}]
)
def test_invalid_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(PartimentoError, match=r"tokens\.(transpose|low|high)"):
        TokenSettings(**wrong)


def test_which_modes_have_a_common_key() -> None:
    assert [TokenSettings(transpose=how).to_common_key for how in MODES] == [
        False,
        True,
        True,
        False,
    ]
    assert TokenSettings().transpose == "key"


def test_chord_symbols_follow():
    piece = Piece(
        [Note(Fraction(0), Fraction(4), 60)], keys=(Key(),), chord_symbols=(ChordSymbol("Am7/G"),)
    )
    assert piece.transpose(1).chord_symbols == (ChordSymbol("Bbm7/Ab"),)


@pytest.mark.parametrize("name", ["", "M4", "P3", "X2", "P100", "-"])
def test_unknown_intervals(name):
    with pytest.raises(PartimentoError, match="no such interval"):
        semitones_of_interval(name)


def test_the_mode_does_not_change():
    with pytest.raises(PartimentoError, match="give a minor key"):
        interval_to_key(Key(0, "minor"), Key())
