"""Layers of MEI."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.io.mei.documents import main_notes, measure, note, read

F = Fraction
HALF, THIRD = F(1, 2), F(1, 3)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (note("c4", 2) + '<rest dur="4"/>' + note("d4"), [(0, 2, 60), (3, 1, 62)]),
        (f"<beam>{note('c4', 8)}{note('d4', 8)}</beam>", [(0, HALF, 60), (HALF, HALF, 62)]),
        (
            f'<tuplet num="3" numbase="2"><beam>{note("c4", 8) * 3}</beam></tuplet>',
            [(0, THIRD, 60), (THIRD, THIRD, 60), (2 * THIRD, THIRD, 60)],
        ),
        (
            f'<tuplet num="3" numbase="2">{note("c4")}<tuplet num="3" numbase="2">'
            f"{note('d4', 8) * 3}</tuplet>{note('e4')}</tuplet>",
            [
                (0, 2 * THIRD, 60),
                *[(F(2 * i, 9) + 2 * THIRD, F(2, 9), 62) for i in range(3)],
                (4 * THIRD, 2 * THIRD, 64),
            ],
        ),
        (
            '<chord dur="2"><note pname="c" oct="4"/><note pname="e" oct="4"/></chord>',
            [(0, 2, 60), (0, 2, 64)],
        ),
        (
            f"<chord>{note('c4', 2)}{note('e4', 2)}</chord>{note('d4', 2)}",
            [(0, 2, 60), (0, 2, 64), (2, 2, 62)],
        ),
        (f'<bTrem unitdur="16">{note("c4", 2)}</bTrem>', [(0, 2, 60)]),
        (f'<fTrem unitdur="16">{note("c4", 2)}{note("e4", 2)}</fTrem>', [(0, 1, 60), (1, 1, 64)]),
        (f"{note('c4')}<beatRpt/>{note('d4', 2)}", [(0, 1, 60), (1, 1, 60), (2, 2, 62)]),
        (f"{note('c4', 2)}<halfmRpt/>", [(0, 2, 60), (2, 2, 60)]),
        (
            f"<choice><sic>{note('c4', 1)}</sic><corr>{note('d4', 1)}</corr></choice>",
            [(0, 4, 62)],
        ),
        (f"<app><rdg>{note('c4', 1)}</rdg><lem>{note('d4', 1)}</lem></app>", [(0, 4, 62)]),
        (f"<choice><orig>{note('c4', 1)}</orig></choice>", [(0, 4, 60)]),
        (f"<del>{note('c4', 2)}</del><supplied>{note('d4', 2)}</supplied>", [(0, 2, 62)]),
        (note("c4", 2, 'cue="true"') + note("d4", 2), [(2, 2, 62)]),
        ('<note pnum="61" dur="4"/>', [(0, 1, 61)]),
    ],
)
def test_layers(layer: str, expected: list[tuple[Fraction, Fraction, int]]) -> None:
    piece = read(measure(layer), measure(note("b4", 1)))
    assert [n for n in main_notes(piece) if n[2] != 71] == expected


def test_spans_of_tuplets() -> None:
    notes = (
        note("c4", 8, 'xml:id="a"') + note("d4", 8) + note("e4", 8, 'xml:id="b"') + note("f4", 2)
    )
    span = '<tupletSpan startid="#a" endid="#b" num="3" numbase="2"/>'
    piece = read(measure(notes, after=span))
    assert [n[0] for n in main_notes(piece)] == [0, THIRD, 2 * THIRD, 1]


def test_grace_notes_take_no_time() -> None:
    layer = (
        note("b3", 8, 'grace="unacc"')
        + note("c4", 2)
        + f'<graceGrp grace="acc"><beam>{note("e4", 16)}{note("f4", 16)}</beam></graceGrp>'
        + '<chord dur="2"><note pname="g" oct="4"/></chord>'
        + '<chord dur="8" grace="acc"><note pname="a" oct="4"/><note pname="c" oct="5"/></chord>'
    )
    piece = read(measure(layer))
    assert main_notes(piece) == [(0, 2, 60), (2, 2, 67)]
    step = F(1, 16)
    assert [(n.onset, n.pitch) for n in piece.notes if n.grace] == [
        (0, 59),
        (2 - 2 * step, 64),
        (2 - step, 65),
        (4 - step, 69),
        (4 - step, 72),
    ]


def test_ties_by_attribute_and_by_element() -> None:
    attributes = read(
        measure(note("c4", 1, 'tie="i"')),
        measure(note("c4", 1, 'tie="m"')),
        measure(note("c4", 1, 'tie="t"')),
    )
    assert main_notes(attributes) == [(0, 12, 60)]
    elements = read(
        measure(note("c4", 1, 'xml:id="a"'), after='<tie startid="#a" endid="#b"/>'),
        measure(note("c4", 1, 'xml:id="b"')),
    )
    assert main_notes(elements) == [(0, 8, 60)]
    chord = '<chord dur="1" tie="{}"><note pname="c" oct="4"/><note pname="e" oct="4"/></chord>'
    chords = read(measure(chord.format("i")), measure(chord.format("t")))
    assert main_notes(chords) == [(0, 8, 60), (0, 8, 64)]


def test_stated_accidentals_decide_if_there_are_any() -> None:
    piece = read(measure(note("f4", 2) + note("f4", 2, 'accid.ges="s"')), attributes='keysig="1s"')
    assert [n[2] for n in main_notes(piece)] == [65, 66]
    assert piece.warnings == ()


def test_without_stated_accidentals_the_signature_decides() -> None:
    piece = read(
        measure(
            note("f4")
            + note("f4", 4, 'accid="n"')
            + note("f4")
            + note("c5", 4, 'accid="s" tie="i"')
        ),
        measure(note("c5", 4, 'tie="t"') + note("c5") + note("f4", 2)),
        attributes='keysig="1s"',
    )
    assert [n[2] for n in main_notes(piece)] == [66, 65, 65, 73, 72, 66]
    assert piece.warnings == ("it states no sounding accidentals: the key signature decides",)


@pytest.mark.parametrize(
    ("layer", "warning"),
    [
        ('<note pname="h" oct="4" dur="4"/>', "measure 1: a note has no pitch: 'h'"),
        ('<note pname="c" oct="4"/>', "measure 1: a note has no duration"),
        (note("c9", 4, 'accid="tf"') + note("b9"), "measure 1: a pitch is outside 0 to 127: 131"),
    ],
)
def test_what_cannot_be_read_is_reported(layer: str, warning: str) -> None:
    piece = read(measure(layer + note("d4", 2)))
    assert piece.warnings == (warning,)
    assert main_notes(piece)[-1][2] in (62, 117)
