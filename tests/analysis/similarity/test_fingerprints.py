"""Fingerprints: they depend on the music alone, and bytes give them back."""

from __future__ import annotations

import hashlib
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analysis.similarity.tunes import changed, music, piece

from partimento import Note, Part, Piece, Tempo
from partimento.analysis.similarity.fingerprints import Fingerprint, fingerprint, fingerprint_of
from partimento.music.notes import Notes


def test_tempo_loudness_instruments_drums_and_graces_are_ignored() -> None:
    notes = music(2)
    drums = [Note(Fraction(t, 4), Fraction(1, 8), 36 + t % 5, part=3) for t in range(300)]
    graces = [
        Note(n.onset + Fraction(3, 4), Fraction(1, 16), n.pitch + 1, grace=True)
        for n in notes
        if n.part == 0
    ]
    other = Piece(
        Notes([*(changed(n, velocity=30) for n in notes), *drums, *graces]),
        parts=(
            Part("Flute", 73),
            Part("Violin", 40),
            Part("Bassoon", 70),
            Part("Drums", is_drum=True),
        ),
        tempos=(Tempo.from_bpm(200),),
        title="Another",
    )
    ours, theirs = fingerprint(piece(notes)), fingerprint(other)
    assert np.array_equal(ours.notes, theirs.notes)
    assert np.array_equal(ours.anchors, theirs.anchors)


def test_drums_alone_give_an_empty_fingerprint() -> None:
    drums = Piece(
        Notes([Note(Fraction(t), Fraction(1), 36) for t in range(9)]), parts=(Part(is_drum=True),)
    )
    assert len(fingerprint(drums).notes) == 0


def test_sustained_notes_take_bounded_time() -> None:
    """Each of 5,000 notes lasts until the end: 12 million pairs if all were looked at."""
    count = 5000
    onset = np.arange(count) // 2
    wide = fingerprint_of(4, onset, np.full(count, count), 30 + np.arange(count) * 7 % 60)
    assert len(wide.notes) == count


def test_absurdly_late_notes_are_left_out() -> None:
    late = fingerprint_of(1, np.array([0, 10**6]), np.array([1, 10**6 + 1]), np.array([60, 62]))
    assert len(late.notes) == 1


@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(1, 30), st.integers(20, 100)),
        min_size=1,
        max_size=120,
    ),
    st.integers(1, 960),
    st.integers(-20, 20),
    st.integers(0, 5000),
)
def test_fingerprints_do_not_depend_on_key_tempo_or_start(
    notes: list[tuple[int, int, int]], divisions: int, semitones: int, later: int
) -> None:
    onset, duration, pitches = np.array(notes, np.int64).T
    one = fingerprint_of(4, onset, onset + duration, pitches)
    onset = (onset + later) * divisions
    other = fingerprint_of(4 * divisions, onset, onset + duration * divisions, pitches + semitones)
    assert np.array_equal(one.anchors, other.anchors)
    assert np.array_equal(one.notes >> 9, (other.notes >> 9) - 12 * later)


@given(
    st.lists(st.tuples(st.integers(0, 9999), st.integers(1, 99), st.integers(0, 127)), max_size=80)
)
def test_a_fingerprint_survives_conversion_to_bytes(notes: list[tuple[int, int, int]]) -> None:
    onset, duration, pitches = np.array(notes, np.int64).reshape(-1, 3).T
    one = fingerprint_of(480, onset, onset + duration, pitches)
    other = Fingerprint.from_bytes(one.to_bytes())
    for column, again in zip(one, other, strict=True):
        assert np.array_equal(column, again)
        assert column.dtype == again.dtype


def test_a_damaged_fingerprint_is_refused() -> None:
    good = fingerprint(piece(music(1)))
    assert len(good.anchors) > 8
    beyond = Fingerprint(good.notes[:3], good.anchors)
    backward = Fingerprint(good.notes, good.anchors[::-1])
    too_many = Fingerprint(good.notes, np.repeat(good.anchors[:1], 5))
    for bad in (beyond, backward, too_many):
        with pytest.raises(ValueError, match="anchors"):
            Fingerprint.from_bytes(bad.to_bytes())
    for data in (b"", good.to_bytes()[:-1], good.to_bytes() + b"\0"):
        with pytest.raises(ValueError, match="length"):
            Fingerprint.from_bytes(data)


def test_fingerprints_stay_equal_to_stored_ones() -> None:
    """Other fingerprints would not meet those in stores already written: a new version of the store
    goes with any change here.
    """
    assert hashlib.sha256(fingerprint(piece(music(1))).to_bytes()).hexdigest() == STORED


STORED = "979b3676e6418fd0b85a642db4a148a2ecfc9ba9a1aa56cffeca756a1b50a2b8"
