"""Staves and parts of MEI."""

from __future__ import annotations

from tests.io.mei.documents import measure, note, read

from partimento import Key, Part

PIANO = '<staffGrp>{symbol}<label>Piano</label><staffDef n="{a}"/><staffDef n="{b}"/></staffGrp>'
BRACE = '<grpSym symbol="brace"/>'


def both(first: str, second: str) -> str:
    layers = "".join(
        f'<staff n="{i}"><layer n="1">{layer}</layer></staff>'
        for i, layer in enumerate((first, second), 1)
    )
    return f"<measure>{layers}</measure>"


def test_staves_in_a_brace_are_one_part() -> None:
    content = both(note("c5", 1), note("c3", 1))
    braced = PIANO.format(symbol=BRACE, a=1, b=2)
    assert read(content, definition=braced).parts == (Part("Piano", staves=2),)
    nested = f'<staffGrp symbol="brace"><label>Piano</label>{braced.replace(BRACE, "")}</staffGrp>'
    assert len(read(content, definition=nested).parts) == 1
    assert len(read(content, definition=PIANO.format(symbol="", a=1, b=2)).parts) == 2


def test_two_violins_in_a_brace_are_two_parts() -> None:
    group = (
        '<staffGrp symbol="brace"><staffDef n="1" label="Violin I"/>'
        '<staffDef n="2"><label>Violin II</label></staffDef></staffGrp>'
    )
    piece = read(both(note("c5", 1), note("c4", 1)), definition=group)
    assert [part.name for part in piece.parts] == ["Violin I", "Violin II"]
    assert [(n.pitch, n.part) for n in piece.notes] == [(60, 1), (72, 0)]


def test_instruments_and_percussion() -> None:
    group = (
        '<staffGrp><staffDef n="1"><instrDef midi.instrnum="40"/></staffDef>'
        '<staffDef n="2"><clef shape="perc"/></staffDef></staffGrp>'
    )
    piece = read(both(note("c5", 1), '<note loc="2" dur="1"/>'), definition=group)
    assert [(part.program, part.is_drum) for part in piece.parts] == [(40, False), (None, True)]
    assert [n.pitch for n in piece.notes] == [67, 72]


def test_transposing_staves_are_read_as_they_sound() -> None:
    definition = (
        '<staffGrp><staffDef n="1" trans.semi="-2" trans.diat="-1" key.sig="2s"/></staffGrp>'
    )
    piece = read(measure(note("d4", 1)), definition=definition)
    assert [n.pitch for n in piece.notes] == [60]
    assert piece.keys == (Key(0),)
    octave = '<staffGrp><staffDef n="1" trans.semi="-12" key.sig="2s"/></staffGrp>'
    assert read(measure(note("d4", 1)), definition=octave).keys == (Key(2),)


def test_definitions_change_within_the_piece() -> None:
    piece = read(
        measure(note("c4", 1)),
        '<scoreDef meter.count="3" meter.unit="4" keysig="1f"/>',
        measure(note("d4", 2, 'dots="1"')),
        '<staffDef n="1"><keySig sig="2s" mode="minor"/></staffDef>',
        measure(note("e4", 2, 'dots="1" accid.ges="n"')),
    )
    assert [(m.numerator, m.onset) for m in piece.meters] == [(4, 0), (3, 4)]
    assert piece.keys == (
        Key(-1, "major", piece.meters[1].onset),
        Key(2, "minor", piece.bars()[2].onset),
    )


def test_a_staff_without_definition_is_a_part() -> None:
    assert len(read(both(note("c5", 1), note("c4", 1)), definition="").parts) == 2


def test_defaults_of_a_staff() -> None:
    definition = '<staffGrp><staffDef n="1" dur.default="8" oct.default="5"/></staffGrp>'
    piece = read(measure('<note pname="c"/><note pname="d" dur="2"/>'), definition=definition)
    assert [(n.pitch, n.duration) for n in piece.notes] == [(72, piece.notes[1].onset), (74, 2)]
