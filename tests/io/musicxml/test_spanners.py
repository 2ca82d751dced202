"""Marks of which one end is cut off are closed."""

from __future__ import annotations

from fractions import Fraction

from tests.io.musicxml.documents import START, note, score, tie

from partimento.io.musicxml.document import ScoreDocument
from partimento.io.musicxml.spanners import ends_of, pairs_of


def marked(*marks: str, **more) -> str:
    text = "<notations>" + "".join(marks) + "</notations>"
    return note("C4", 16, **more).replace("</note>", f"{text}</note>")


def slur(kind: str) -> str:
    return f'<slur type="{kind}" number="1"/>'


def wedge(kind: str) -> str:
    return f'<direction><direction-type><wedge type="{kind}"/></direction-type></direction>'


def second_bar(*bars: str):
    document = ScoreDocument.from_bytes(score(list(bars)).encode())
    return document.cut(Fraction(4), Fraction(8)).root


def test_slurs_to_the_outside_are_removed() -> None:
    root = second_bar(
        START + marked(slur("start")), marked(slur("stop"), slur("start")), marked(slur("stop"))
    )
    assert root.find(".//slur") is None
    assert root.find(".//notations") is None


def test_slurs_inside_stay() -> None:
    inside = note("C4", 8).replace("</note>", f"<notations>{slur('start')}</notations></note>")
    end = note("D4", 8).replace("</note>", f"<notations>{slur('stop')}</notations></note>")
    root = second_bar(START + note("C4", 16), inside + end)
    assert [mark.get("type") for mark in root.iter("slur")] == ["start", "stop"]


def test_hairpins_begin_and_end_with_the_excerpt() -> None:
    root = second_bar(
        START + wedge("crescendo") + note("C4", 16), note("C4", 16), note("C4", 16) + wedge("stop")
    )
    assert [mark.get("type") for mark in root.iter("wedge")] == ["crescendo", "stop"]
    bar = next(root.iter("measure"))
    assert [child.tag for child in bar] == ["attributes", "direction", "note", "direction"]


def test_ties_to_the_outside_are_removed() -> None:
    root = second_bar(
        START + note("C4", 16, tail=tie("start")),
        note("C4", 16, tail=tie("stop", "start")),
        note("C4", 16, tail=tie("stop")),
    )
    assert root.find(".//tie") is None


def test_ends_on_one_note_are_paired_in_time() -> None:
    bars = [
        START + marked(slur("start")),
        marked(slur("start"), slur("stop")),
        marked(slur("stop")),
    ]
    part = ScoreDocument.from_bytes(score(bars).encode()).root.find("part")
    assert [(a.bar, b.bar) for a, b in pairs_of(ends_of(part))] == [(0, 1), (1, 2)]
