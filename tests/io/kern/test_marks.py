"""Interpretations and reference records."""

from __future__ import annotations

from fractions import Fraction

import pytest

from partimento.io.kern import marks
from partimento.music.timelines import Key


@pytest.mark.parametrize(
    ("token", "bar"),
    [
        ("*M3/4", 3),
        ("*M3/1", 12),
        ("*M3/0", 24),
        ("*M2/00", 32),
        ("*M2+3/8", Fraction(5, 2)),
        ("*M3/8+3/4", Fraction(9, 2)),
        ("*M4/3%2", None),
        ("*met(C)", None),
        ("*M?", None),
        ("*MX", None),
        ("*MM60", None),
    ],
)
def test_meters(token: str, bar: Fraction | None) -> None:
    if token == "*M4/3%2":
        with pytest.raises(ValueError, match="no such meter"):
            marks.meter_of(token)
        return
    meter = marks.meter_of(token)
    assert (meter.bar_ql if meter else None) == bar


@pytest.mark.parametrize(
    "token", ["*M300/4", "*M4/1024", "*M99999/4", "*M0/4", "*M3/7", "*M-3/4", "*M4"]
)
def test_impossible_meters_have_a_reason(token: str) -> None:
    with pytest.raises(ValueError, match="no such meter: "):
        marks.meter_of(token)


def test_key_signatures() -> None:
    tokens = ("*k[f#c#]", "*k[c#f#]", "*k[b-]", "*k[bn]", "*k[c#]", "*k[x]", "*clefG2")
    assert [marks.signature_of(token) for token in tokens] == [2, 2, -1, 0, None, None, None]


@pytest.mark.parametrize(
    ("token", "name"),
    [
        ("*d:", "D minor"),
        ("*B-:", "B♭ major"),
        ("*f#:", "F♯ minor"),
        ("*d:dor", "A minor"),  # its signature, with a minor third
        ("*F:lyd", "C major"),
        ("*E:phr", "A minor"),
        ("*G:mix", "C major"),
        ("*A:aeo", "A minor"),
        ("*C:ion", "C major"),
    ],
)
def test_keys(token: str, name: str) -> None:
    key = marks.designation_of(token)
    assert key is not None
    assert key.name == name


def test_what_is_no_key() -> None:
    tokens = ("*?:", "*?:X", "*X:", "*a:xyz", "*F##:", "*A#:", "*", "*I:[BASSO]")
    assert [marks.designation_of(token) for token in tokens] == [None] * len(tokens)


def test_transpositions() -> None:
    assert marks.transposition_of("*Trd1c2") == (-2, -2)
    assert marks.transposition_of("*Trd-4c-7") == (7, 1)
    assert marks.transposition_of("*Trd7c12") == (-12, 0)
    assert marks.transposition_of("*Trd8c14") == (-14, -2)
    assert marks.transposition_of("*ITrd1c2") is None
    assert marks.transposed_key(Key(7), 2) == Key(-3)


def test_tempos() -> None:
    texts = ("*MM96", "*MM80.5", "*MM[132]", "*MM80-90")
    tempos = [marks.tempo_of(token) for token in texts]
    assert [round(tempo.bpm, 1) for tempo in tempos if tempo] == [96, 80.5, 132, 80]
    assert marks.tempo_of("*MM[Allegro]") is None
    with pytest.raises(ValueError, match=r"no such tempo: 0\.001 quarter"):
        marks.tempo_of("*MM0.001")
    with pytest.raises(ValueError, match="no such tempo: 0 quarter"):
        marks.tempo_of("*MM0")
    printed = marks.printed_tempo("!!LO:TX:t=Andante [quarter-dot]=60")
    assert printed is not None
    assert round(printed.bpm) == 90


def test_reference_records() -> None:
    records: dict[str, list[str]] = {}
    for line in (
        "!!!OTL@@DE: F&uuml;r Elise",
        "!!!OTL@EN: For Elise",
        "!!!COM1: Beethoven, Ludwig van",
        "!!!COM2: Anonymous",
        "!!!ONM:",
        "!!!not a record",
    ):
        marks.add_record(records, line)
    assert marks.title_and_composer(records) == ("Für Elise", "Ludwig van Beethoven, Anonymous")
    assert marks.title_and_composer({"OPR": ["Suite"]}) == ("Suite", "")
