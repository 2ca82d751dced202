"""The places of elements in the bytes of a document."""

from __future__ import annotations

import pytest

from partimento.errors import PartimentoError
from partimento.io.musicxml.tags import tags_of

DATA = (
    b'<?xml version="1.0"?>\n<!-- <part> --><score-partwise a="&gt;">\r\n<part id="P1">'
    b'<measure number="1>2"><note/><note><rest/></note >\n</measure><measure  /></part>'
    b"</score-partwise>"
)


def test_elements_are_found_with_their_tags() -> None:
    root = tags_of(DATA)
    (part,) = root.named("part")
    first, second = part.named("measure")
    assert first.attributes == {"number": "1>2"}
    assert [DATA[each.begin : each.end] for each in first.children] == [
        b"<note/>",
        b"<note><rest/></note >",
    ]
    assert DATA[first.inner : first.inner_end] == b"<note/><note><rest/></note >\n"
    assert DATA[second.begin : second.end] == b"<measure  />"
    assert (second.inner, second.inner_end) == (second.end, second.end)
    assert DATA[root.begin : root.end].startswith(b"<score-partwise")
    assert root.end == len(DATA)


def test_places_are_those_of_bytes_in_any_encoding() -> None:
    text = '<?xml version="1.0" encoding="ISO-8859-1"?><a>é<part>ü</part></a>'
    data = text.encode("latin-1")
    (part,) = tags_of(data).named("part")
    assert data[part.begin : part.end] == "<part>ü</part>".encode("latin-1")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<a><b></a>", "damaged"),
        ("<a/>".encode("utf-16"), "UTF-16"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "entities"),
    ],
)
def test_other_documents_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(PartimentoError, match=message):
        tags_of(data)
