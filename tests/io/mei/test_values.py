"""Values in the attributes of MEI."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.io.mei.documents import element

from partimento.io.mei import values

F = Fraction


@pytest.mark.parametrize(
    ("xml", "duration"),
    [
        ('<note dur="4"/>', 1),
        ('<note dur="4" dots="2"/>', F(7, 4)),
        ('<note dur="8"><dot/></note>', F(3, 4)),
        ('<note dur="breve"/>', 8),
        ('<note dur="long" dots="1"/>', 24),
        ("<note/>", 2),  # the default
        ('<note dur.ppq="240"/>', F(1, 2)),
        ('<note dur.ges="120p"/>', F(1, 4)),
        ('<note dur="4" dur.ppq="240"/>', 1),  # the note value takes precedence
        ('<note dur="x" dots="99999999999"/>', 2),
    ],
)
def test_durations(xml: str, duration: Fraction) -> None:
    assert values.duration_of(element(xml), "2", 480) == duration


def test_a_note_without_any_duration() -> None:
    assert values.duration_of(element("<note/>"), "", 0) == 0


@pytest.mark.parametrize(
    ("xml", "alteration"),
    [
        ("<note/>", None),
        ('<note accid="s"/>', 1),
        ('<note accid="s" accid.ges="n"/>', 0),
        ('<note><accid accid="ff"/></note>', -2),
        ('<note accid="n"><accid accid.ges="s"/></note>', 1),
        ('<note accid="1qs"/>', F(1, 2)),
        ('<note accid="?"/>', None),
    ],
)
def test_alterations(xml: str, alteration: Fraction | None) -> None:
    assert values.stated_alteration(element(xml)) == alteration


def test_pitches() -> None:
    pitches = [
        ('<note pname="c" oct="4"/>', 60),
        ('<note pname="c" oct="4" oct.ges="5"/>', 72),
        ('<note pname="b" oct="3"/>', 59),
        ('<note pname="a"/>', 81),
        ('<note loc="0"/>', 64),
        ('<note loc="-2"/>', 60),
        ('<note pname="h" oct="4"/>', None),
        ("<note/>", None),
    ]
    assert [values.natural_pitch(element(xml), "5") for xml, _ in pitches] == [
        p for _, p in pitches
    ]


@pytest.mark.parametrize(
    ("xml", "name"),
    [
        ('<keySig sig="2f"/>', "B♭ major"),
        ('<keySig sig="2f" mode="minor"/>', "G minor"),
        ('<keySig sig="1s" pname="e"/>', "E minor"),
        ('<keySig sig="3s" pname="f" accid="s"/>', "F♯ minor"),
        ('<keySig sig="0" pname="d" mode="dorian"/>', "A minor"),
        ('<scoreDef keysig="1s"/>', "G major"),
        ('<scoreDef key.sig="1s" key.mode="minor"/>', "E minor"),
        ('<staffDef key.sig="0"/>', "C major"),
    ],
)
def test_keys(xml: str, name: str) -> None:
    key = values.key_of(element(xml))
    assert key is not None
    assert key.name == name


def test_what_is_no_key() -> None:
    for xml in (
        '<keySig sig="mixed"/>',
        '<keySig sig="9s"/>',
        "<scoreDef/>",
        '<scoreDef sig="1s"/>',
    ):
        assert values.key_of(element(xml)) is None


def test_meters() -> None:
    def bar(xml: str) -> Fraction | None:
        meter = values.meter_of(element(xml))
        return meter.bar_ql if meter else None

    assert bar('<meterSig count="6" unit="8"/>') == 3
    assert bar('<meterSig count="3+2" unit="8"/>') == F(5, 2)
    assert bar('<meterSig sym="cut"/>') == 4
    assert bar('<scoreDef meter.count="3" meter.unit="2"/>') == 6
    assert bar('<scoreDef meter.sym="common"/>') == 4
    assert bar('<meterSig form="invis"/>') is None
    for wrong in ('count="0" unit="4"', 'count="4" unit="3"', 'count="x" unit="4"'):
        with pytest.raises(ValueError, match="no such meter"):
            values.meter_of(element(f"<meterSig {wrong}/>"))


def test_groups_of_meters() -> None:
    inner = '<meterSig count="3" unit="8"/><meterSig count="1" unit="4"/>'
    added = values.meter_of_group(element(f'<meterSigGrp func="additive">{inner}</meterSigGrp>'))
    first = values.meter_of_group(element(f'<meterSigGrp func="alternating">{inner}</meterSigGrp>'))
    assert added is not None
    assert first is not None
    assert (added.bar_ql, first.bar_ql) == (F(5, 2), F(3, 2))
    assert values.meter_of_group(element("<meterSigGrp/>")) is None


def test_tempos() -> None:
    def bpm(xml: str) -> float | None:
        tempo = values.tempo_of(element(xml))
        return round(tempo.bpm, 1) if tempo else None

    assert bpm('<tempo midi.bpm="90" mm="60"/>') == 90
    assert bpm('<tempo midi.mspb="500000"/>') == 120
    assert bpm('<tempo mm="60" mm.unit="2"/>') == 120
    assert bpm('<tempo mm="60" mm.unit="4" mm.dots="1"/>') == 90
    assert bpm("<tempo>Allegro</tempo>") is None
    with pytest.raises(ValueError, match="no such tempo: 0 quarter"):
        bpm('<tempo midi.bpm="0"/>')


def test_key_signatures_alter_steps() -> None:
    altered = {step: values.signature_alteration(step, -3) for step in "cdefgab"}
    assert altered == {"c": 0, "d": 0, "e": -1, "f": 0, "g": 0, "a": -1, "b": -1}
