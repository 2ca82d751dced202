# ruff: noqa: E501 - tables of cases, one in a line
"""Lines of a tune: fields, directives, voices, and signs that are left out."""

import pytest

from partimento.io.abc.tune_reader import TuneReader


def read(text):
    reader = TuneReader()
    reader.read(text)
    return reader


def pitches(reader):
    return [[row.pitch for row in voice.rows] for voice in reader.heard]


def test_fields_of_the_header_and_the_body():
    reader = read(
        "X:1\nT:One\nT:Two\nC:Sor\nM:3/4\nL:1/4\nQ:1/4=90\nK:G\nFGA|\nM:2/4\nK:C\nFG|[L:1/8]F2G2|\n"
    )
    assert (reader.title, reader.composer) == ("One", "Sor")
    assert pitches(reader) == [[66, 67, 69, 65, 67, 65, 67]]
    assert [(time, meter.numerator) for time, meter in reader.meters.items()] == [(0, 3), (3, 2)]
    assert [(time, key.fifths) for time, key in reader.keys.items()] == [(0, 1), (3, 0)]
    assert reader.voices["1"].now == 7


def test_voices_before_and_in_the_body():
    text = 'X:1\nL:1/4\nV:A name="Flute"\nV:B name="Lute" clef=bass transpose=-12\nK:C\nC|\n[V:B]D|\nV:C\nE|\nV:A\nF|\n'
    reader = read(text)
    assert [voice.name for voice in reader.heard] == ["Flute", "Lute", ""]
    assert pitches(reader) == [[60, 65], [50], [64]]


def test_programs_channels_and_transpositions():
    text = "X:1\n%%MIDI program 24\nK:C\nV:1\nC|\nV:2\n%%MIDI program 2 40\nI:MIDI transpose 12\nC|\nV:3\n%%MIDI channel 10\nC|\n"
    reader = read(text)
    assert [(voice.program, voice.is_drum) for voice in reader.heard] == [
        (24, False),
        (40, False),
        (24, True),
    ]
    assert pitches(reader) == [[60], [72], [60]]


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ('"Am"C "G7/B"D', ["Am", "G7/B"]),
        ('"^rit."C "_low"D "<x"E ">y"F "@1,2 z"G', []),
        ('"Fine"C "D.C. al Fine"D', []),
        ('"(Am)"C "Bb;B"D "F#m7b5"E "N.C."F', ["Am", "Bb", "F#m7b5", "N.C."]),
    ],
)
def test_chord_symbols_are_kept_and_text_is_not(text, symbols):
    assert [
        symbol.text for symbol in read(f"X:1\nK:C\n{text}|\n").chord_symbols.values()
    ] == symbols


def test_what_is_no_music_is_not_read_as_notes():
    text = "X:1\nK:C\nA [r:remark A B] B % comment C\nw: ly-rics A B\nW: words\ns: !p!\nN:ABC\n%%text ABC\nr:ABC\nC\\\n|\n"
    assert pitches(read(text)) == [[69, 71, 60]]
    assert read(text).warnings() == []


def test_macros_are_replaced():
    assert pitches(read("X:1\nm:~G3 = G{A}G{F}G\nK:C\n~G3|\n")) == [[67, 69, 67, 65, 67]]


def test_faults_are_listed_and_the_rest_is_read():
    reader = read("X:1\nM:4/7\nL:1/x\nK:C\nA § 7 B0 B|[M:3/0]c|\n")
    assert pitches(reader) == [[69, 71, 72]]
    warnings = reader.warnings()
    assert [warning.split(":")[0] for warning in warnings] == [
        "no such meter",
        "no such unit of length",
        "no such meter",
        "3 signs that are no ABC, left out",
    ]
