"""GPIF, the XML of Guitar Pro 6 to 8, written by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.io.guitar_pro.songs import fretted, gpif, value

from partimento.errors import InvalidScoreError
from partimento.io.guitar_pro.gpif import song_of_gpif
from partimento.io.guitar_pro.song import piece_of_song
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter, Part

TIE = '<Tie origin="false" destination="true"/>'


def read(xml: bytes, *, unfold: bool = False) -> Piece:
    return piece_of_song(song_of_gpif(xml), unfold=unfold)


def beat(kind: str, *notes: str, more: str = "", extra: str = "") -> str:
    rhythm = value(kind, more)
    return "|".join([f"{extra}#{rhythm}" if extra else rhythm, *notes])


def test_notes_dots_tuplets_and_rests() -> None:
    third = '<PrimaryTuplet num="3" den="2"/>'
    beats = [
        beat("Quarter", fretted(5, 0), fretted(0, 3), more='<AugmentationDot count="1"/>'),
        beat("Eighth"),
        *(beat("Quarter", fretted(3, fret), more=third) for fret in (0, 2, 4)),
    ]
    piece = read(gpif([beats]))
    assert [(n.onset, n.duration, n.pitch, n.string, n.fret) for n in piece.notes] == [
        (0, Fraction(3, 2), 43, 6, 3),
        (0, Fraction(3, 2), 64, 1, 0),
        (2, Fraction(2, 3), 55, 3, 0),
        (Fraction(8, 3), Fraction(2, 3), 57, 3, 2),
        (Fraction(10, 3), Fraction(2, 3), 59, 3, 4),
    ]
    assert piece.parts == (Part("Guitar"),)


def test_ties_grace_notes_and_dynamics() -> None:
    beats = [
        beat("Half", fretted(5, 0), extra="<Dynamic>PP</Dynamic>"),
        beat("Quarter", fretted(5, 0, TIE)),
        beat("Eighth", fretted(5, 2), extra="<GraceNotes>BeforeBeat</GraceNotes>"),
        beat("Quarter", fretted(5, 3)),
    ]
    piece = read(gpif([beats]))
    assert [(n.onset, n.duration, n.pitch, n.grace) for n in piece.notes] == [
        (0, 3, 64, False),
        (Fraction(47, 16), Fraction(1, 16), 66, True),
        (3, 1, 67, False),
    ]
    assert piece.notes[0].velocity == 31


def test_head() -> None:
    head = (
        "<Score><Title>A <![CDATA[& B]]></Title><Music>Sor</Music></Score><MasterTrack>"
        "<Automations><Automation><Type>Tempo</Type><Bar>0</Bar><Position>0</Position>"
        "<Value>60 3</Value></Automation></Automations><Anacrusis/></MasterTrack>"
    )
    key = "<Key><AccidentalCount>-1</AccidentalCount><Mode>Minor</Mode></Key><Time>6/8</Time>"
    bars = [[beat("Eighth", fretted(5, 1))], [beat("Half", fretted(5, 5))], []]
    piece = read(gpif(bars, head=head, masters=[key] * 3))
    assert (piece.title, piece.composer) == ("A & B", "Sor")
    assert piece.keys == (Key(-1, "minor"),)
    assert piece.meters == (Meter(6, 8),)
    assert piece.pickup == Fraction(1, 2)
    assert [round(tempo.bpm) for tempo in piece.tempos] == [90]


def test_repeats_endings_and_jumps() -> None:
    masters = [
        '<Repeat start="true" end="false" count="0"/>',
        '<Repeat start="false" end="true" count="2"/><AlternateEndings>1</AlternateEndings>',
        "<AlternateEndings>2</AlternateEndings><Directions><Jump>DaCapoAlFine</Jump></Directions>",
    ]
    bars = [[beat("Whole", fretted(5, fret))] for fret in range(3)]
    xml = gpif(bars, masters=masters)
    assert [n.fret for n in read(xml).notes] == [0, 1, 2]
    assert [n.fret for n in read(xml, unfold=True).notes][:4] == [0, 1, 0, 2]


def test_simile_marks_repeat_bars() -> None:
    xml = gpif([[beat("Whole", fretted(5, 1))], [beat("Whole", fretted(5, 2))], []])
    marked = xml.replace(b"<Voices>-1</Voices>", b"<SimileMark>Simple</SimileMark>")
    assert [n.fret for n in read(marked).notes] == [1, 2, 2]


def test_drums_have_the_numbers_of_their_articulations() -> None:
    track = (
        "<InstrumentSet><Type>drumKit</Type><Elements><Element><Articulations><Articulation>"
        "<OutputMidiNumber>38</OutputMidiNumber></Articulation></Articulations></Element>"
        "</Elements></InstrumentSet>"
    )
    note = "<InstrumentArticulation>0</InstrumentArticulation>"
    piece = read(gpif([[beat("Whole", note)]], track=track))
    assert [n.pitch for n in piece.notes] == [38]
    assert piece.parts[0].is_drum


def test_notes_without_strings() -> None:
    pitch = (
        "<Properties><Property name='ConcertPitch'><Pitch><Step>B</Step><Accidental>b</Accidental>"
        "<Octave>4</Octave></Pitch></Property></Properties>"
    )
    number = "<Properties><Property name='Midi'><Number>72</Number></Property></Properties>"
    assert [n.pitch for n in read(gpif([[beat("Whole", pitch, number)]])).notes] == [70, 72]


def test_dead_notes_and_bends_are_told() -> None:
    muted = fretted(5, 1).replace("</Properties>", "<Property name='Muted'/></Properties>")
    bent = fretted(4, 1).replace("</Properties>", "<Property name='Bended'/></Properties>")
    piece = read(gpif([[beat("Whole", muted, bent)]]))
    assert piece.warnings == ("left out: 1 bend, 1 dead note",)
    assert len(piece.notes) == 1


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        (b"<GPIF", "damaged XML"),
        (b"<score/>", "no score"),
        (b"<GPIF/>", "no notes"),
        (gpif([[beat("Longest", fretted(5, 0))]]), "no duration"),
        (gpif([[beat("Whole", fretted(9, 0))]]), "string that its track lacks"),
        (gpif([[beat("Whole", fretted(0, 0))]]).replace(b'id="0"', b'id="7"'), "missing|no notes"),
        (gpif([[beat("Whole", fretted(5, 0), more='<PrimaryTuplet num="0" den="2"/>')]]), "tuplet"),
        (gpif([[beat("Whole", fretted(5, 0))]], masters=["<Time>x/4</Time>"]), "no number"),
    ],
)
def test_damage_has_a_reason(xml: bytes, reason: str) -> None:
    with pytest.raises(InvalidScoreError, match=reason):
        read(xml)


def test_fermatas_hold_all_voices() -> None:
    one = fretted(5, 0)
    bars = [[beat("Half", one), beat("Quarter", one), beat("Quarter", one)], [beat("Whole", one)]]
    fermata = "<Fermatas><Fermata><Type>Medium</Type><Offset>{}</Offset></Fermata></Fermatas>"
    piece = read(gpif(bars, masters=[fermata.format("2/1"), fermata.format("0/1")]))
    assert (piece.fermatas, piece.phrase_ends) == ((2, 4), (3, 8))
