"""MEI documents and their headers."""

from __future__ import annotations

import pytest
from tests.io.mei.documents import document, measure, note

from partimento.errors import InvalidScoreError
from partimento.io.mei.document import parse, scores_of, title_and_composer
from partimento.io.mei.read import piece_from_mei

PERSON = '<respStmt><persName role="editor">E</persName><persName role="composer">C</persName>'


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("<fileDesc><titleStmt><title>a\n b</title></titleStmt></fileDesc>", ("a b", "")),
        (
            "<fileDesc><titleStmt><title type='alternative'>x</title><title type='main'>a"
            "</title><composer>C</composer></titleStmt></fileDesc>",
            ("a", "C"),
        ),
        (f"<fileDesc><titleStmt>{PERSON}</respStmt></titleStmt></fileDesc>", ("", "C")),
        ("<workList><work><title>w</title><composer>C</composer></work></workList>", ("w", "C")),
        ("<fileDesc><titleStmt><title>a.mxl</title></titleStmt></fileDesc>", ("a", "")),
    ],
)
def test_titles_and_composers(head: str, expected: tuple[str, str]) -> None:
    assert title_and_composer(parse(document(head=head))) == expected


def test_the_printed_title_counts_without_another() -> None:
    page_head = '<pgHead><rend halign="right">C</rend><rend halign="center">Song</rend></pgHead>'
    assert title_and_composer(parse(document(definition=page_head)))[0] == "Song"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"plain words", "damaged XML"),
        (b"<score-partwise/>", "XML, but not MEI"),
        (b'<!DOCTYPE mei [<!ENTITY a "b">]><mei>&a;</mei>', "it declares XML entities"),
        (b"<mei>" + b"<a>" * 500 + b"</a>" * 500 + b"</mei>", "it is nested too deeply"),
        (b'<?xml version="1.0" encoding="nonsense"?><mei/>', "damaged XML"),
    ],
)
def test_other_documents_have_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(InvalidScoreError, match=reason):
        parse(data)


def test_odd_ids_and_old_encodings_are_no_faults() -> None:
    odd = document(measure(note("c4", 2, 'xml:id="1"') + note("d4", 2, 'xml:id="1"')))
    assert len(piece_from_mei(odd).notes) == 2
    title = "<fileDesc><titleStmt><title>Étude</title></titleStmt></fileDesc>"
    latin = document(head=title).decode().encode("latin-1")
    assert title_and_composer(parse(latin))[0] == "Étude"


def test_movements() -> None:
    root = parse(document(measure(note("c4"))))
    assert [[one.tag for one in movement] for movement in scores_of(root)] == [["score"]]
    assert scores_of(parse(b"<mei/>")) == []
    assert len(scores_of(parse(b"<score/>"))) == 1
    parts = b"<mei><mdiv><parts><part/><part/></parts></mdiv></mei>"
    assert [len(movement) for movement in scores_of(parse(parts))] == [2]
