"""The information fields of ABC: meter, length, tempo, key, clef, voice."""

from fractions import Fraction

import pytest

from partimento import Key, Meter
from partimento.errors import InvalidScoreError
from partimento.io.abc.fields import (
    Shift,
    default_length,
    has_key,
    parse_key,
    parse_length,
    parse_meter,
    parse_name,
    parse_shift,
    parse_tempo,
    signature,
)

F = Fraction


@pytest.mark.parametrize(
    ("text", "meter"),
    [
        ("4/4", Meter()),
        ("C", Meter()),
        ("C|", Meter(2, 2)),
        ("2+3/8", Meter(5, 8)),
        ("(2+3+2)/8", Meter(7, 8)),
        ("2 3/8", Meter(5, 8)),
        (" 12/8 ", Meter(12, 8)),
        ("none", None),
        ("", None),
    ],
)
def test_meters(text, meter):
    assert parse_meter(text) == meter


def test_impossible_meters_and_lengths_are_refused():
    for text in ("3/0", "3/7", "0/4", "x", "C3"):
        with pytest.raises(ValueError, match="no such meter"):
            parse_meter(text)
    for text in ("1/0", "0/8", "eighth", ""):
        with pytest.raises(InvalidScoreError, match="no such unit of length"):
            parse_length(text)


def test_the_unit_of_length_depends_on_the_meter():
    assert [default_length(meter) for meter in (None, Meter(), Meter(3, 4), Meter(6, 8))] == [
        F(1, 8)
    ] * 4
    assert [default_length(meter) for meter in (Meter(2, 4), Meter(5, 8))] == [F(1, 16)] * 2
    assert [parse_length(text) for text in ("1/8", " 1/16", "1", "3/4")] == [
        F(1, 8),
        F(1, 16),
        1,
        F(3, 4),
    ]


@pytest.mark.parametrize(
    ("text", "bpm"),
    [
        ("1/4=96", 96),
        ("1/2=100", 200),
        ('"Allegro" 1/4=120', 120),
        ('3/8=50 "Slowly"', 75),
        ("1/4 3/8 1/4 3/8=40", 200),
        ("1/4=66.5", 66.5),
        ("C=100", 50),
        ("C3=100", 150),
        ("120", 60),
        ('"Andante"', None),
        ("1/4=0", None),
        ("", None),
    ],
)
def test_tempos(text, bpm):
    tempo = parse_tempo(text, F(1, 8))
    assert (tempo and round(tempo.bpm, 2)) == bpm


@pytest.mark.parametrize(
    ("text", "fifths", "mode"),
    [
        ("C", 0, "major"),
        ("Bb", -2, "major"),
        ("F#m", 3, "minor"),
        ("Am", 0, "minor"),
        ("A minor", 0, "minor"),
        ("AMin", 0, "minor"),
        ("D Dorian", 0, "minor"),
        ("Edor", 2, "minor"),
        ("GMix", 0, "major"),
        ("Flydian", 0, "major"),
        ("Ephr", 0, "minor"),
        ("Bloc", 0, "minor"),
        ("C major clef=bass", 0, "major"),
        ("Eb treble-8", -3, "major"),
        ("G octave=-1", 1, "major"),
        ("HP", 2, "major"),
        ("Hp", 2, "major"),
    ],
)
def test_keys(text, fifths, mode):
    key = parse_key(text)
    assert key.key == Key(fifths, mode)
    assert key.alters == signature(fifths)


def test_further_accidentals_modify_a_key_or_make_it():
    assert parse_key("D =c").alters == {"F": 1, "C": 0}
    assert parse_key("Dphr ^f").alters == {"B": -1, "E": -1, "F": 1}
    assert parse_key("D exp _b _e ^f") == type(parse_key("C"))({"B": -1, "E": -1, "F": 1}, None)
    assert parse_key("G exp ^f").key == Key(1)
    assert parse_key("A ^g middle=d").alters == {"F": 1, "C": 1, "G": 1}
    for text in ("none", "", "clef=bass", "treble"):
        assert (parse_key(text).key, parse_key(text).alters) == (None, {})
        assert has_key(text) == (text == "none")


@pytest.mark.parametrize(
    ("text", "semitones"),
    [
        ("C", 0),
        ("C clef=bass", 0),
        ("C bass", 0),
        ("C clef=treble-8", -12),
        ("C treble+8", 12),
        ("C clef=bass-8", -12),
        ("C treble-15", -24),
        ("C octave=-1", -12),
        ("C clef=treble-8 octave=1", 0),
        ("C transpose=-2", -2),
        ("C octave=1 transpose=3", 15),
        ('1 name="treble-8 octave=3"', 0),
        ("C middle=d", 0),
    ],
)
def test_a_clef_moves_nothing_but_by_its_octave(text, semitones):
    assert parse_shift(text, Shift()).semitones == semitones


def test_names_of_voices():
    assert parse_name('1 name="Violin I" snm="Vl."') == "Violin I"
    assert parse_name("2 nm=Cello clef=bass") == "Cello"
    assert parse_name('3 subname="x"') is None
