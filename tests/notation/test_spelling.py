"""Names of pitches: by the key, and by the note that follows."""

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from tests.io.musicxml.documents import root_of
from tests.pieces import melody, pieces

from partimento.collect import chorales
from partimento.io.musicxml.note_ids import add_note_ids
from partimento.io.musicxml.read import parse, piece_from_musicxml, piece_of_document
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Part
from partimento.notation.spelling import STEPS, Spelling, on_line, spell


def spelled(name):
    return name.step + "b#"[name.alter > 0] * abs(name.alter)


@pytest.mark.parametrize(
    ("key", "pitches", "names"),
    [
        (Key(0), (60, 61, 62), ["C", "C#", "D"]),
        (Key(0), (69, 68, 67, 64, 63, 62), ["A", "Ab", "G", "E", "Eb", "D"]),
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
        return [spelled(name) for name in spell(Piece(melody(*[1] * 8, pitches=pitches)))]

    assert names(69, 71, 73, 74, 76, 78, 80, 81)[2] == "C#"
    assert names(68, 70, 72, 73, 75, 77, 79, 80)[3] == "Db"
    assert spell(Piece([])) == []


def test_spelling_follows_key_changes_and_ignores_keys_for_drums():
    notes = melody(1, 1, pitches=(66, 66))
    changed = Piece(notes, keys=(Key(1), Key(-5, onset=Fraction(1))))
    assert [(name.step, name.alter) for name in spell(changed)] == [("F", 1), ("G", -1)]
    drums = Piece(notes, keys=(Key(-6),), parts=(Part("Kit", None, True),))
    assert [(name.step, name.alter) for name in spell(drums)] == [("F", 1), ("F", 1)]


@pytest.mark.parametrize(
    ("key", "pitches", "names"),
    [
        (Key(2, "minor"), (71, 70, 71), ["B", "A#", "B"]),  # a leading note
        (Key(5, "minor"), (68, 67, 68), ["G#", "F##", "G#"]),
        (Key(5, "minor"), (63, 67, 70), ["D#", "F##", "A#"]),  # the dominant chord
        (Key(6, "minor"), (63, 62, 60, 62), ["D#", "C##", "B#", "C##"]),
        (Key(7, "minor"), (70, 69, 67, 70), ["A#", "G##", "F##", "A#"]),
        (Key(-7, "minor"), (68, 70, 69, 68), ["Ab", "Bb", "Bbb", "Ab"]),
        (Key(7), (68, 69, 68), ["G#", "A", "G#"]),  # a double sharp would not rise
        (Key(-3), (75, 74, 73, 72), ["Eb", "D", "Db", "C"]),
        (Key(-5), (73, 71, 70), ["Db", "Cb", "Bb"]),
        (Key(0, "minor"), (69, 75, 76), ["A", "D#", "E"]),
        (Key(0), (63,), ["Eb"]),
        (Key(0), (64, 68, 71), ["E", "G#", "B"]),
        (Key(0), (65, 68, 72), ["F", "Ab", "C"]),
        (Key(0), (66,), ["F#"]),
        (Key(7), (65, 72), ["E#", "B#"]),
        (Key(-7), (64, 71), ["Fb", "Cb"]),
    ],
)
def test_notes_outside_the_scale_are_named_as_musicians_do(key, pitches, names):
    piece = Piece(melody(*[1] * len(pitches), pitches=pitches), keys=(key,))
    assert [spelled(name) for name in spell(piece)] == names


def test_without_a_key_no_note_is_called_f_flat_or_b_sharp_without_a_reason():
    case = Path(__file__).parents[1] / "cases" / "eng-e06-quint.musicxml"
    names = [spelled(name) for name in spell(piece_from_musicxml(case.read_bytes()))]
    # Only the first E falls to E flat.
    assert names[5:11] == ["C", "Db", "D", "Eb", "E", "F"]
    minor = Piece(melody(*[1] * 8, pitches=(61, 60, 61, 64, 68, 69, 71, 73)))
    assert [spelled(name) for name in spell(minor)][:3] == ["C#", "B#", "C#"]


def test_only_the_next_note_of_the_same_part_within_a_quarter_raises_a_note():
    def name_of_the_first(*notes):
        return spelled(spell(Piece(notes, keys=(Key(0),), parts=(Part(""), Part(""))))[0])

    low = Note(Fraction(0), Fraction(1), 63)
    assert name_of_the_first(low, Note(Fraction(1), Fraction(1), 64)) == "D#"
    assert name_of_the_first(low, Note(Fraction(2), Fraction(1), 64)) == "D#"
    assert name_of_the_first(low, Note(Fraction(5, 2), Fraction(1), 64)) == "Eb"
    assert name_of_the_first(low, Note(Fraction(1), Fraction(1), 64, part=1)) == "Eb"
    assert name_of_the_first(low, Note(Fraction(1, 2), Fraction(1), 64)) == "Eb"  # they overlap


@pytest.mark.parametrize("fifths", range(-5, 7))
def test_a_scale_without_a_key_is_spelled_in_its_own(fifths):
    scale = [60 + (degree + 7 * fifths) % 12 for degree in (0, 2, 4, 5, 7, 9, 11)]
    names = spell(Piece(melody(*[1] * 7, pitches=scale)))
    assert len({name.step for name in names}) == 7
    assert sum(name.alter for name in names) == fifths


def test_the_third_of_d_major_is_f_sharp_in_d_minor_even_where_it_falls():
    pitches = (62, 66, 69, 74, 66, 65, 62, 69, 66, 62, 66, 65, 62)
    piece = Piece(melody(*[1] * len(pitches), pitches=pitches), keys=(Key(-1, "minor"),))
    assert {spelled(name) for name in spell(piece)} == {"D", "F", "F#", "A"}


def test_a_chromatic_scale_has_sharps_up_and_flats_down():
    up = tuple(range(60, 73))
    sharp = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "B", "C"]  # and one of B flat
    rising = Piece(melody(*[1] * 13, pitches=up), keys=(Key(0),))
    names = [spelled(name) for name in spell(rising)]
    assert [name for name in names if name not in ("A#", "Bb")] == sharp
    falling = Piece(melody(*[1] * 13, pitches=up[::-1]), keys=(Key(0),))
    assert {"Bb", "Ab", "Eb"} < {spelled(name) for name in spell(falling)}


def written_names(path):
    """Return a piece, and the position on the line of fifths of each note that its file states."""
    root = parse(path.read_bytes(), path.suffix)
    piece = piece_of_document(root)
    add_note_ids(root, piece)
    fifths = [0] * len(piece.notes)
    for note in root.iter("note"):
        if (name := note.get("id", "n")[1:]).isdigit():
            alter = int(note.findtext("pitch/alter") or 0)
            fifths[int(name)] = STEPS.index(note.findtext("pitch/step")) - 1 + 7 * alter
    return piece, fifths


@pytest.mark.parametrize("has_key", [True, False])
def test_chorales_of_bach_are_spelled_as_they_are_printed(has_key):
    right = total = 0
    for path in sorted(chorales())[::40]:
        piece, fifths = written_names(path)
        names = spell(piece if has_key else piece.replace(keys=()))
        found = [STEPS.index(name.step) - 1 + 7 * name.alter for name in names]
        # Without a key signature, a piece may be a diminished second higher or lower.
        shifts = (0,) if has_key else (0, 12, -12)
        right += max(
            sum(a + shift == b for a, b in zip(found, fifths, strict=True)) for shift in shifts
        )
        total += len(fifths)
    assert total > 1000
    assert right >= 0.995 * total


def test_a_leading_note_that_falls_keeps_its_name() -> None:
    """The leading note of G minor is F sharp, also where F follows."""
    quarter = Fraction(1)
    chords = [(43, 50, 62, 66), (41, 50, 62, 65), (43, 50, 58, 67), (43, 50, 58, 67)]
    notes = [
        Note(time * quarter, quarter, pitch) for time, chord in enumerate(chords) for pitch in chord
    ]
    piece = Piece(notes, keys=(Key(-2, "minor"),))
    names = dict(zip([(n.onset, n.pitch) for n in piece.notes], spell(piece), strict=True))
    assert names[Fraction(0), 66] == Spelling("F", 1, 4)


def test_the_third_of_a_chord_outside_the_scale_has_its_own_letter() -> None:
    """B, D sharp and F sharp in G major, although the third falls a semitone to D."""
    chords = [
        (55, 59, 62, 67),
        (45, 57, 60, 64),
        (47, 54, 63, 71),
        (47, 55, 62, 67),
        (50, 54, 62, 69),
    ]
    notes = [
        Note(Fraction(beat), Fraction(1), pitch, part=part)
        for beat, chord in enumerate(chords)
        for part, pitch in enumerate(chord)
    ]
    parts = tuple(Part(name) for name in "BTAS")
    piece = Piece(notes, parts=parts, keys=(Key(1),))
    thirds = {
        spelled(n) for n, note in zip(spell(piece), piece.notes, strict=True) if note.pitch == 63
    }
    assert thirds == {"D#"}
