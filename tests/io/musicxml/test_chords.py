"""Chord symbols, as the elements of MusicXML and as people write them."""

import pytest
from lxml import etree
from tests.io.musicxml.documents import REPEAT, START, F, note, read, transpose

from partimento.io.musicxml.chords import chord_text, harmony_of
from partimento.io.musicxml.read import piece_from_musicxml
from partimento.io.musicxml.write import to_musicxml
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import ChordSymbol


def harmony(root="C", kind="major", *more, alter="", text=None):
    alter = f"<root-alter>{alter}</root-alter>" if alter else ""
    text = "" if text is None else f' text="{text}"'
    return (
        f"<harmony><root><root-step>{root}</root-step>{alter}</root><kind{text}>{kind}</kind>"
        f"{''.join(more)}</harmony>"
    )


def degree(value, alter, kind, attributes=""):
    return (
        f"<degree {attributes}><degree-value>{value}</degree-value>"
        f"<degree-alter>{alter}</degree-alter><degree-type>{kind}</degree-type></degree>"
    )


BASS = "<bass><bass-step>{}</bass-step></bass>".format


@pytest.mark.parametrize(
    ("element", "text"),
    [
        (harmony(), "C"),
        (harmony("D", "minor-seventh"), "Dm7"),
        (harmony("G", "dominant", BASS("B")), "G7/B"),
        (harmony("B", "major", alter="-1"), "Bb"),
        (harmony("F", "half-diminished", alter="1"), "F#m7b5"),
        (harmony("F", "half-diminished", alter="1", text="\u00f87"), "F#\u00f87"),
        (harmony("E", "suspended-fourth"), "Esus4"),
        (harmony("E", "power"), "E5"),
        (harmony("C", "major-seventh", text="Maj7"), "CMaj7"),
        (harmony("C", "dominant", degree(9, -1, "add")), "C7b9"),
        (harmony("C", "dominant", degree(9, -1, "add"), text="7b9"), "C7b9"),
        (harmony("C", "dominant", degree(9, -1, "add"), text="7(\u266d9)"), "C7(b9)"),
        (harmony("C", "dominant", degree(5, 1, "alter")), "C7#5"),
        (harmony("C", "major", degree(9, 0, "add")), "Cadd9"),
        (harmony("C", "major", degree(9, -1, "add")), "C(b9)"),
        (harmony("C", "major", degree(3, 0, "subtract")), "Cno3"),
        (harmony("C", "dominant", degree(9, 0, "add", 'print-object="no"'), text="9"), "C9"),
        (harmony("C", "other", text="riff"), "Criff"),
        (harmony("C", "none"), "N.C."),
        (harmony("C", "none", text="NC"), "NC"),
        (harmony("C", "none").replace("<root-step>", '<root-step text="">'), "N.C."),
        (harmony("C", "major", "<inversion>1</inversion>"), "C/E"),
        (harmony("C", "minor", "<inversion>1</inversion>"), "Cm/Eb"),
        (harmony("F", "major", "<inversion>2</inversion>", alter="1"), "F#/C#"),
        (harmony("G", "dominant", "<inversion>3</inversion>"), "G7/F"),
        (harmony("B", "diminished-seventh", "<inversion>3</inversion>"), "Bdim7/Ab"),
        ("<harmony><function>V</function><kind>dominant</kind></harmony>", "V7"),
        ("<harmony><root><root-step>X</root-step></root></harmony>", ""),
        ("<harmony/>", ""),
    ],
)
def test_harmonies_are_read_as_people_write_them(element, text):
    assert chord_text(etree.fromstring(element)) == text


@pytest.mark.parametrize(
    ("fifths", "text"), [(0, "F#m7/E"), (-2, "Em7/D"), (3, "D#m7/C#"), (-5, "Gm7/F")]
)
def test_chords_of_transposing_parts_are_read_at_sounding_pitch(fifths, text):
    element = harmony("F", "minor-seventh", BASS("E"), alter="1")
    assert chord_text(etree.fromstring(element), fifths) == text


def test_chord_symbols_have_their_times_and_follow_repeats():
    offset = "<offset>2</offset></harmony>"
    bars = [
        START + harmony() + note("C4", 8) + harmony("G", "dominant") + note("D4", 8),
        harmony("F").replace("</harmony>", offset) + note("F4", 16) + REPEAT,
    ]
    expected = [("C", 0), ("G7", 2), ("F", F(9, 2))]
    assert [(c.text, c.onset) for c in read(bars).chord_symbols] == expected
    unfolded = read(bars, unfold=True).chord_symbols
    assert [(c.text, c.onset) for c in unfolded] == [*expected, *((t, o + 8) for t, o in expected)]


def test_two_chord_symbols_at_one_time_are_one():
    bar = START + harmony() + harmony("D") + note("C4", 16)
    assert read([bar], [START + harmony("G") + note("C3", 16)]).chord_symbols == (ChordSymbol("C"),)
    clarinet = START.replace(
        "</attributes>", transpose(diatonic=-1, chromatic=-2) + "</attributes>"
    )
    assert read([clarinet + harmony("D") + note("D4", 16)]).chord_symbols == (ChordSymbol("C"),)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("C", "major"), ("Dm7", "minor-seventh"), ("G7/B", "dominant"), ("N.C.", "none"),
        ("Bbmaj7", "major-seventh"), ("Ebsus4", "suspended-fourth"), ("A7b9", "dominant"),
        ("C7#9b13", "dominant"), ("Cadd9", "major"), ("C(b9)", "major"), ("C6/9", "major-sixth"),
        ("Cno3", "major"), ("E-7", "minor-seventh"), ("A\u00f8", "half-diminished"),
        ("Bb/D", "major"), ("d minor", "none"), ("IV6", "none"), ("Am7(9)", "minor-seventh"),
        ("Cxyz", "other"), ("F#m7b5", "half-diminished"), ("C/E/G", "none"),
        ("C##dim7", "diminished-seventh"), ("riff <1> & 2", "none"), ("G7sus4", "other"),
    ],
)  # fmt: skip
def test_chord_symbols_survive_a_round_trip(text, kind):
    element = harmony_of(text)
    assert element.findtext("kind") == kind
    piece = Piece([Note(F(0), F(4), 60)], chord_symbols=(ChordSymbol(text, F(3, 2)),))
    assert piece_from_musicxml(to_musicxml(piece).encode()) == piece


def test_alterations_are_written_for_other_programs():
    written = harmony_of("C7#9b5")
    assert [d.findtext("degree-alter") for d in written.findall("degree")] == ["1", "-1"]
    assert [d.findtext("degree-type") for d in written.findall("degree")] == ["add", "alter"]
