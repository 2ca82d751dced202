"""MEI files as pieces."""

from __future__ import annotations

import pytest
from tests.io.mei.documents import document, main_notes, measure, note, read

from partimento import Key, Meter
from partimento.corpus import read_piece
from partimento.errors import ReadError


def test_a_whole_file(write) -> None:
    head = "<fileDesc><titleStmt><title>Song</title><composer>C</composer></titleStmt></fileDesc>"
    data = document(
        measure(note("c4", 2) + note("d4", 2)), head=head, attributes='keysig="1f" key.mode="minor"'
    )
    piece = read_piece(write("a.mei", data))
    assert main_notes(piece) == [(0, 2, 60), (2, 2, 62)]
    assert (piece.title, piece.composer) == ("Song", "C")
    assert piece.keys == (Key(-1, "minor"),)
    assert piece.meters == (Meter(4, 4),)
    assert piece.source.path.endswith("a.mei")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b" ", "it is empty"),
        (b"<mei/>", "it has no notes"),
        (b"<mei", "damaged XML"),
        (b"<x/>", "XML, but not MEI"),
    ],
)
def test_what_is_no_piece_has_a_reason(data: bytes, reason: str, write) -> None:
    with pytest.raises(ReadError, match=reason):
        read_piece(write("a.mei", data))


def test_a_document_agrees_with_verovio() -> None:
    verovio = pytest.importorskip("verovio")
    toolkit = verovio.toolkit()
    content = (
        measure(note("c4", 8, 'dots="1"') + note("d4", 16) + note("e4") + note("f4", 2)),
        measure(f'<tuplet num="3" numbase="2">{note("c4") * 3}</tuplet>', note("c3", 1)),
    )
    assert toolkit.loadData(document(*content).decode())
    onsets = {entry["qstamp"] for entry in toolkit.renderToTimemap() if entry.get("on")}
    assert {round(float(n[0]), 6) for n in main_notes(read(*content))} == {
        round(onset, 6) for onset in onsets
    }
