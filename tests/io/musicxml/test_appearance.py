"""Instrument, clef and texts of a document are changed where asked, and nothing else."""

from __future__ import annotations

import pytest
from lxml import etree
from tests.io.musicxml.documents import START, attributes, back, note, score, time_
from tests.io.musicxml.kept import RICH, content

from partimento.errors import PartimentoError
from partimento.io.musicxml.document import ScoreDocument

CLEF = "<clef><sign>F</sign><line>4</line></clef>"


def document(*bars: str, **more) -> ScoreDocument:
    return ScoreDocument.from_bytes(score(list(bars), **more).encode())


def test_a_program_is_added_in_its_place() -> None:
    changed = document(START + note("C4", 16)).edited("program", 40)
    listed = changed.root.find(".//score-part")
    assert [child.tag for child in listed] == ["part-name", "score-instrument", "midi-instrument"]
    assert changed.piece().parts[0].program == 40
    assert changed.piece().parts[0].name == "0"


def test_a_clef_replaces_all_clefs_of_a_staff() -> None:
    plain = document(attributes(time_(4), CLEF) + note("C4", 16), attributes(CLEF) + note("C4", 16))
    changed = plain.edited("clef", "treble-8")
    assert [sign.text for sign in changed.root.iter("sign")] == ["G"]
    assert changed.root.findtext(".//clef-octave-change") == "-1"
    assert changed.piece().notes == plain.piece().notes


def test_a_clef_needs_a_single_staff() -> None:
    piano = document(attributes(time_(4), "<staves>2</staves>") + note("C4", 16))
    with pytest.raises(PartimentoError, match="one staff"):
        piano.edited("clef", "bass")


def test_only_the_title_changes() -> None:
    before = ScoreDocument.from_bytes(RICH.read_bytes())
    after = before.edited("title", "New")
    assert [
        (a[2], b[2])
        for a, b in zip(content(before.root), content(after.root), strict=True)
        if a != b
    ] == [("Rich", "New")]


def test_credits_follow() -> None:
    words = "<credit-type>composer</credit-type><credit-words>A</credit-words>"
    credit = f'<credit page="1">{words}</credit>'
    changed = document(START + note("C4", 16), head=credit).edited("composer", "B")
    assert changed.root.findtext("credit/credit-words") == "B"
    assert [child.tag for child in changed.root] == [
        "identification",
        "credit",
        "part-list",
        "part",
    ]


def test_stems_of_a_melody_turn_with_the_clef() -> None:
    up = note("C5", 16).replace("</note>", "<stem>up</stem></note>")
    melody = document(attributes(time_(4), CLEF) + up)
    assert melody.edited("clef", "treble").root.find(".//stem") is None
    two = document(attributes(time_(4), CLEF) + up + back(16) + note("C4", 16, voice=2))
    assert two.edited("clef", "treble").root.find(".//stem") is not None


@pytest.mark.parametrize(
    ("more", "pitch", "signs"),
    [
        ("", "C5", [("G", None)]),
        ("", "C2", [("F", None)]),
        ("<staves>2</staves>", "C4", [("G", "1"), ("F", "2")]),
        (CLEF, "C5", [("F", None)]),
    ],
)
def test_a_picture_has_a_clef_where_the_document_states_none(more, pitch, signs) -> None:
    plain = document(attributes(time_(4), more) + note(pitch, 16))
    root = etree.fromstring(plain.picture(plain.piece()).encode())
    assert [(clef.findtext("sign"), clef.get("number")) for clef in root.iter("clef")] == signs
    assert "<clef>" in plain.to_xml() or not more.startswith("<clef>")
    assert plain.to_xml().count("<clef") == more.count("<clef>")  # the file itself stays as it is
