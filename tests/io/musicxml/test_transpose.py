"""Transposed documents are spelled as a musician would."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.io.musicxml.documents import START, attributes, note, score, time_

from partimento.io.musicxml.document import ScoreDocument
from partimento.io.musicxml.transpose import Interval

KEY = "<key><fifths>{}</fifths><mode>{}</mode></key>"


def transposed(bar: str, semitones: int, **more):
    return ScoreDocument.from_bytes(score([bar], **more).encode()).transpose(semitones).root


def names(root) -> list[str]:
    return [
        f"{p.findtext('step')}{p.findtext('alter') or ''}{p.findtext('octave')}"
        for p in root.iter("pitch")
    ]


@pytest.mark.parametrize(
    ("semitones", "fifths", "name", "expected"),
    [
        (2, 2, ("B", -1, 3), ("C", 0, 4)),
        (1, -5, ("B", 0, 3), ("C", 0, 4)),
        (1, 7, ("B", 0, 3), ("B", 1, 3)),
        (-12, 0, ("F", 1, 4), ("F", 1, 3)),
    ],
)
def test_intervals(semitones, fifths, name, expected) -> None:
    step, alter, octave = name
    assert Interval(semitones, fifths).moved(step, Fraction(alter), octave) == expected


def test_keys_and_accidentals_follow() -> None:
    bar = attributes(KEY.format(0, "minor"), time_(4)) + note("G14", 16, tail="")
    bar = bar.replace("</note>", "<accidental>sharp</accidental></note>")
    root = transposed(bar, 3)  # A minor to C minor
    assert root.findtext(".//fifths") == "-3"
    assert names(root) == ["B4"]
    assert root.findtext(".//accidental") == "natural"


def test_keys_that_change_are_each_the_simplest() -> None:
    bar = attributes(KEY.format(0, "major"), time_(4)) + note("C4", 16)
    second = attributes(KEY.format(5, "major")) + note("B4", 16)
    root = ScoreDocument.from_bytes(score([bar, second]).encode()).transpose(1).root
    assert [key.text for key in root.iter("fifths")] == ["-5", "0"]
    assert names(root) == ["D-14", "C5"]


def test_transposing_instruments_keep_their_interval() -> None:
    clarinet = "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose>"
    bar = attributes(KEY.format(2, "major"), time_(4), clarinet) + note("D4", 16)
    root = transposed(bar, 3)
    assert root.findtext(".//fifths") == "-1"
    assert names(root) == ["F4"]
    assert root.findtext(".//chromatic") == "-2"


def test_chord_symbols_and_their_basses() -> None:
    harmony = (
        "<harmony><root><root-step>B</root-step><root-alter>-1</root-alter></root>"
        "<kind>major</kind><bass><bass-step>D</bass-step></bass></harmony>"
    )
    root = transposed(START + harmony + note("C4", 16), 2)
    assert root.findtext(".//root-step") == "C"
    assert root.find(".//root-alter") is None
    assert root.findtext(".//bass-step") == "E"


TECHNICAL = "<notations><technical><string>{}</string><fret>{}</fret></technical></notations>"
TUNING = "<staff-details><staff-lines>6</staff-lines>{}</staff-details>".format(
    "".join(
        f'<staff-tuning line="{line}"><tuning-step>{name[0]}</tuning-step>'
        f"<tuning-octave>{name[1]}</tuning-octave></staff-tuning>"
        for line, name in enumerate(("E2", "A2", "D3", "G3", "B3", "E4"), 1)
    )
)


@pytest.mark.parametrize(
    ("semitones", "tuning", "expected"),
    [
        (2, "", ("1", "2")),
        (-1, TUNING, ("2", "4")),
        (-1, "", ("2", "4")),
        (-64, TUNING, (None, None)),
    ],
)
def test_frets_move_while_they_fit(semitones, tuning, expected) -> None:
    played = note("E4", 16).replace("</note>", TECHNICAL.format(1, 0) + "</note>")
    root = transposed(attributes(time_(4), tuning) + played, semitones)
    assert (root.findtext(".//string"), root.findtext(".//fret")) == expected


def test_drums_stay() -> None:
    listed = (
        '<score-part id="P0"><part-name>Kit</part-name><midi-instrument id="I">'
        "<midi-channel>10</midi-channel></midi-instrument></score-part>"
    )
    assert names(transposed(START + note("C4", 16), 2, listed=listed)) == ["C4"]
