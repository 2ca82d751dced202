"""Elements are placed in the order of the standard."""

from __future__ import annotations

from lxml import etree

from partimento.io.musicxml.elements import ATTRIBUTES, child_of, insert, parts_of, remove


def test_elements_keep_the_order() -> None:
    attributes = etree.fromstring("<attributes><divisions/><time/><clef/></attributes>")
    insert(attributes, etree.Element("key"), ATTRIBUTES)
    insert(attributes, etree.Element("clef"), ATTRIBUTES)
    assert child_of(attributes, "time", ATTRIBUTES) is attributes[2]
    assert [e.tag for e in attributes] == ["divisions", "key", "time", "clef", "clef"]


def test_empty_containers_are_removed() -> None:
    note = etree.fromstring(
        "<note><notations><technical><fret/></technical><slur/></notations></note>"
    )
    remove(note.find(".//fret"))
    assert [e.tag for e in note.iter()] == ["note", "notations", "slur"]
    remove(note.find(".//slur"))
    assert [e.tag for e in note.iter()] == ["note"]


def test_parts_without_a_description() -> None:
    root = etree.fromstring(
        '<score-partwise><part-list><score-part id="A"/></part-list><part id="A"/><part id="B"/>'
        "</score-partwise>"
    )
    assert [listed is None for listed, _ in parts_of(root)] == [False, True]
