"""The analysed key."""

from fractions import Fraction

import pytest

from partimento import Key, Note, Part, Piece
from partimento.corpus import analyze_key, read_piece

C_MAJOR = (60, 62, 64, 65, 67, 64, 60, 69, 67, 71, 72)  # a scale alone fits several keys
A_MINOR = (57, 59, 60, 62, 64, 60, 57, 65, 64, 68, 69)


def line(pitches, *, part=0):
    return [Note(Fraction(i), Fraction(1), pitch, part=part) for i, pitch in enumerate(pitches)]


@pytest.mark.parametrize("shift", range(12))
def test_every_transposition_of_a_scale_has_its_key(shift):
    assert analyze_key(Piece(line(p + shift for p in C_MAJOR)))[0] == Key.from_tonic(shift, "major")
    assert analyze_key(Piece(line(p + shift for p in A_MINOR)))[0] == Key.from_tonic(
        (9 + shift) % 12, "minor"
    )


def test_longer_notes_weigh_more():
    notes = [Note(Fraction(0), Fraction(9), 69), Note(Fraction(0), Fraction(9), 64), *line(C_MAJOR)]
    assert analyze_key(Piece(notes))[0].name == "A minor"
    assert analyze_key(Piece(notes[2:]))[0].name == "C major"


def test_declared_key_and_drums_are_ignored():
    drums = [Note(Fraction(i), Fraction(4), 42, part=1) for i in range(0, 40, 4)]
    piece = Piece([*line(C_MAJOR), *drums], keys=(Key(5),), parts=(Part(), Part(is_drum=True)))
    assert analyze_key(piece)[0].name == "C major"


def test_a_piece_without_notes_has_a_default_key():
    assert analyze_key(Piece([])) == (Key(), 0.0)
    assert analyze_key(Piece(line(range(60, 72)))) == (Key(), 0.0)


def test_the_correlation_equals_that_of_music21(guitar):
    from music21 import converter

    path = guitar / "SorF" / "sor-op60-01.mid"
    theirs = converter.parse(path, forceSource=True).analyze("key")
    key, correlation = analyze_key(read_piece(path))
    assert key.code == str(theirs)
    assert correlation == pytest.approx(
        theirs.correlationCoefficient, abs=0.005
    )  # it weighs quantized durations
