"""Numbers, pitches, meters, keys, tempos and instruments of MusicXML."""

import pytest
from lxml import etree
from tests.io.musicxml.documents import CHORD, START, F, attributes, note, read, time_
from tests.pieces import spans

from partimento import Key, Meter, Tempo
from partimento.errors import InvalidScoreError
from partimento.io.musicxml.marks import (
    Instruments,
    exact,
    fingering_of,
    key_of,
    midi_of,
    tempo_of,
    transposition_of,
    whole,
)
from partimento.music.timelines import Part


def test_quarter_tones_go_to_the_nearest_pitch_upwards():
    assert spans(read([START + note("C0.54", 8) + note("C-0.54", 8)])) == [(0, 2, 61), (2, 2, 60)]


def test_string_and_fret_are_kept_for_each_note_of_a_chord():
    def tab(string, fret):
        return f"<notations><technical><string>{string}</string><fret>{fret}</fret></technical></notations>"  # noqa: E501

    piece = read(
        [
            START
            + note("C4", 16, tail=tab(2, 1))
            + note("E4", 16, head=CHORD, tail=tab(1, 0))
            + note("G4", 16, head=CHORD)
        ]
    )
    assert [(n.pitch, n.string, n.fret) for n in piece.notes] == [
        (60, 2, 1),
        (64, 1, 0),
        (67, None, None),
    ]


def test_parts_have_names_and_programs():
    listed = (
        '<score-part id="P0"><part-name> Oboe\n1 </part-name><midi-instrument'
        ' id="a"><midi-program>69</midi-program></midi-instrument></score-part><score-part'
        ' id="P1"><part-name/><score-instrument'
        ' id="b"><instrument-name>Guitar</instrument-name></score-instrument><midi-instrument'
        ' id="b"><midi-program>0</midi-program></midi-instrument></score-part>'
    )
    bars = [START + note("C4", 16)]
    assert read(bars, bars, bars, listed=listed).parts == (
        Part("Oboe 1", 68),
        Part("Guitar", 0),
        Part("", None),
    )


@pytest.mark.parametrize(
    ("time", "meter"),
    [
        (time_("3+2", 8), Meter(5, 8)),
        (
            "<time><beats>3</beats><beat-type>8</beat-type><beats>2</beats><beat-type>4</beat-type></time>",
            Meter(7, 8),
        ),
        ("<time><senza-misura/></time>", Meter()),
        (
            "<time><beats>2</beats><beat-type>2</beat-type><interchangeable><beats>9</beats></interchangeable></time>",
            Meter(2, 2),
        ),
    ],
)
def test_time_signatures_are_read(time, meter):
    assert read([attributes(time) + note("C4", 16)]).meters[0] == meter


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("<fifths>-3</fifths><mode>minor</mode>", (Key(-3, "minor"),)),
        ("<fifths>1</fifths>", (Key(1, "major"),)),
        ("<fifths>0</fifths><mode>dorian</mode>", (Key(0, "minor"),)),
        ("<fifths>0</fifths><mode>mixolydian</mode>", (Key(0, "major"),)),
        ("<fifths>9</fifths>", ()),
        ("<key-step>E</key-step><key-alter>-1</key-alter>", ()),
    ],
)
def test_key_signatures_are_read(key, expected):
    assert read([attributes(f"<key>{key}</key>") + note("C4", 16)]).keys == expected


@pytest.mark.parametrize(
    ("mark", "bpm"),
    [
        ("<beat-unit>quarter</beat-unit><beat-unit-dot/><per-minute>60</per-minute>", 90),
        ("<beat-unit>half</beat-unit><per-minute>c. 50</per-minute>", 100),
        ("<beat-unit>eighth</beat-unit><per-minute>120</per-minute>", 60),
        (
            "<beat-unit>eighth</beat-unit><beat-unit>quarter</beat-unit>",
            120,
        ),  # a relation of values says no tempo
        ("<beat-unit>quarter</beat-unit><per-minute>Allegro</per-minute>", 120),
    ],
)
def test_metronome_marks_are_read(mark, bpm):
    direction = (
        f"<direction><direction-type><metronome>{mark}</metronome></direction-type></direction>"
    )
    assert read([START + direction + note("C4", 16)]).tempos == (Tempo.from_bpm(bpm),)


def element(text):
    return etree.fromstring(text)


def test_numbers_are_exact_and_absurd_ones_are_refused():
    assert exact(" 2.5 ", "a duration") == F(5, 2)
    assert exact("0.3333333", "a duration") == F(1, 3)
    assert exact("1e3", "a duration") == 1000
    assert whole("12", "a key") == whole("12.0", "a key") == 12
    for text in (None, "", "x", "1/0", "9" * 51, "inf", "1e999999"):
        with pytest.raises(InvalidScoreError, match="a duration is not a number"):
            exact(text, "a duration")
    with pytest.raises(InvalidScoreError, match=r"a key is not a whole number: '1\.5'"):
        whole("1.5", "a key")


def test_a_key_moves_by_fifths_and_stays_within_the_circle():
    sharps = element("<key><fifths>5</fifths></key>")
    assert key_of(sharps, 0) == Key(5)
    assert key_of(sharps, 2) == Key(7)
    assert key_of(sharps, 3) == Key(-4)  # eight sharps are four flats
    assert key_of(element("<key><fifths>8</fifths></key>"), 0) is None
    assert key_of(element("<key><key-step>E</key-step></key>"), 0) is None


@pytest.mark.parametrize(
    ("inside", "semitones", "fifths"),
    [
        ("<diatonic>-1</diatonic><chromatic>-2</chromatic>", -2, -2),  # a clarinet in B flat
        ("<diatonic>4</diatonic><chromatic>7</chromatic>", 7, 1),
        ("<diatonic>-8</diatonic><chromatic>-14</chromatic>", -14, -2),  # the octave in both
        ("<diatonic>-1</diatonic><chromatic>-14</chromatic>", -14, -2),  # or in one of the two
        ("<chromatic>0</chromatic><octave-change>-1</octave-change>", -12, 0),
        ("<chromatic>6</chromatic>", 6, 6),
        ("<chromatic>-3</chromatic>", -3, 3),
        ("<chromatic>128</chromatic>", 128, -4),
    ],
)
def test_a_transposition_moves_pitches_and_keys(inside, semitones, fifths):
    assert transposition_of(element(f"<transpose>{inside}</transpose>")) == (semitones, fifths)


def test_transpositions_beyond_any_instrument_are_refused():
    for tag in ("chromatic", "diatonic", "octave-change"):
        for number in (-129, 129):
            with pytest.raises(InvalidScoreError, match="larger than 128"):
                transposition_of(element(f"<transpose><{tag}>{number}</{tag}></transpose>"))


@pytest.mark.parametrize(
    ("printed", "playback", "bpm"),
    [
        (60, 60.9, 60.9),  # the exact tempo of a rounded mark
        (60, 62, 60),
        (60, "", 60),
        ("", 62, 62),
        ("", "", None),
        ("", 0, None),
    ],
)
def test_a_printed_tempo_counts_unless_the_one_for_playback_is_nearly_the_same(
    printed, playback, bpm
):
    mark = (
        f"<metronome><beat-unit>quarter</beat-unit><per-minute>{printed}</per-minute></metronome>"
    )
    direction = element(
        f"<direction><direction-type>{mark if printed else '<words/>'}</direction-type>"
        f"<sound/><sound tempo='{playback}'/></direction>"
    )
    assert tempo_of(direction) == (None if bpm is None else Tempo.from_bpm(bpm))


def test_a_tempo_stands_in_a_sound_alone_too():
    assert tempo_of(element("<sound tempo='90'/>")) == Tempo.from_bpm(90)
    assert tempo_of(element("<sound dacapo='yes'/>")) is None
    with pytest.raises(InvalidScoreError, match=r"no such tempo: 0\.5 quarter notes per minute"):
        tempo_of(element("<sound tempo='0.5'/>"))


def test_written_pitches_are_converted_to_midi():
    assert [
        midi_of(*pitch) for pitch in (("C", "4", None), (" b ", "3", "1"), ("A", "0", "-2"))
    ] == [60, 60, 19]
    assert midi_of("G", "10", None) > 127  # the caller decides
    assert midi_of("E", "4", "-0.5") == 64
    for step, alter, reason in (("H", None, "not the name of a note"), ("C", "13", "accidental")):
        with pytest.raises(InvalidScoreError, match=reason):
            midi_of(step, "4", alter)


def test_instruments_are_read_from_the_list_of_parts():
    assert Instruments.of(None) == Instruments()
    listed = element(
        "<score-part><midi-instrument id='a'><midi-program>200</midi-program></midi-instrument>"
        "</score-part>"
    )
    assert Instruments.of(listed).program is None  # no such program
    drums = element(
        "<score-part><midi-instrument id='a'><midi-unpitched>36</midi-unpitched></midi-instrument>"
        "</score-part>"
    )
    assert Instruments.of(drums) == Instruments(None, True, {"a": 35})


def test_invalid_strings_and_frets_are_left_out():
    note = "<note><notations><technical><string>{}</string><fret>{}</fret></technical></notations></note>"  # noqa: E501
    assert fingering_of(element(note.format(" 6 ", "12"))) == (6, 12)
    assert fingering_of(element(note.format("x", "-3"))) == (-1, -1)
    assert fingering_of(element("<note/>")) == (-1, -1)
