"""Names of pitches: by the key, and by the note that follows."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from tests.io.musicxml.documents import root_of
from tests.pieces import melody, pieces

from partimento.music.piece import Piece
from partimento.music.timelines import Key, Part
from partimento.notation.spelling import on_line, spell


@pytest.mark.parametrize(
    ("key", "pitches", "names"),
    [
        (Key(0), (60, 61, 62), ["C", "C#", "D"]),
        (Key(0), (62, 61, 60), ["D", "Db", "C"]),
        (Key(-3, "minor"), (60, 68, 71, 72), ["C", "Ab", "B", "C"]),
        (Key(0, "minor"), (69, 68, 69, 66), ["A", "G#", "A", "F#"]),
        (Key(6), (66, 71, 65, 66), ["F#", "B", "E#", "F#"]),
        (Key(-6), (66, 71, 65), ["Gb", "Cb", "F"]),
        (Key(0), (70,), ["Bb"]),
    ],
)
def test_spelling_follows_the_key(key, pitches, names):
    root = root_of(Piece(melody(*[1] * len(pitches), pitches=pitches), keys=(key,)))
    signs = {"-2": "bb", "-1": "b", "1": "#", "2": "##", None: ""}
    found = [
        pitch.findtext("step") + signs[pitch.findtext("alter")] for pitch in root.iter("pitch")
    ]
    assert found == names


def test_the_octave_of_a_name_is_that_of_its_letter():
    assert on_line(60, 0) == ("C", 0, 4)
    assert on_line(60, 12) == ("B", 1, 3)  # B sharp belongs to the octave below
    assert on_line(59, -7) == ("C", -1, 4)
    assert on_line(62, 14) == ("C", 2, 4)


@settings(max_examples=30, deadline=None)
@given(pieces())
def test_every_name_sounds_as_its_pitch_and_has_at_most_two_accidentals(piece):
    for name, note in zip(spell(piece), piece.notes, strict=True):
        assert "C D EF G A B".index(name.step) + name.alter + 12 * (name.octave + 1) == note.pitch
        assert abs(name.alter) <= 2


def test_without_a_key_the_likeliest_scale_decides():
    def names(*pitches):
        return [
            name.step + "b#"[name.alter > 0] * abs(name.alter)
            for name in spell(Piece(melody(*[1] * len(pitches), pitches=pitches)))
        ]

    assert names(69, 71, 73, 74, 76, 78, 80, 81)[2] == "C#"
    assert names(68, 70, 72, 73, 75, 77, 79, 80)[3] == "Db"
    assert spell(Piece([])) == []


def test_spelling_follows_key_changes_and_ignores_keys_for_drums():
    notes = melody(1, 1, pitches=(66, 66))
    changed = Piece(notes, keys=(Key(1), Key(-5, onset=Fraction(1))))
    assert [(name.step, name.alter) for name in spell(changed)] == [("F", 1), ("G", -1)]
    drums = Piece(notes, keys=(Key(-6),), parts=(Part("Kit", None, True),))
    assert [(name.step, name.alter) for name in spell(drums)] == [("F", 1), ("F", 1)]
