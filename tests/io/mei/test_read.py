"""MEI files as pieces."""

from __future__ import annotations

import zipfile
from collections import Counter
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import pytest
from benchmarks.kern import new_toolkit
from tests.io.mei.documents import document, main_notes, measure, note, read

from partimento import Key, Meter
from partimento.collect import resolve
from partimento.corpus import read_piece
from partimento.errors import ReadError
from partimento.io.mei.read import piece_from_mei
from partimento.io.musicxml.read import piece_from_musicxml
from partimento.music.piece import Piece


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


COLLECTIONS = (
    "bach mozart haydn schubert beethoven schumann_clara schumann_robert joplin demos corelli weber"
    " monteverdi handel verdi"
)


def differences(paths: list[Path]) -> dict[str, tuple[int, int]]:
    """Compare scores that verovio converts to MEI with our reading of their MusicXML.

    Returns the number of notes that only the first and only the second has, by name.
    """
    toolkit = new_toolkit()
    different = {}
    for path in paths:
        data = path.read_bytes()
        xml = unpacked(data) if path.suffix == ".mxl" else data
        if not toolkit.loadData(xml.decode("utf-8", "replace")) or not toolkit.getMEI():
            continue  # verovio cannot read it
        mei = Counter(notes(piece_from_mei(toolkit.getMEI().encode("utf-8", "replace"))))
        written = Counter(notes(piece_from_musicxml(data, path.suffix)))
        if mei != written:
            lost = (mei - written).total(), (written - mei).total()
            different[f"{path.parent.name}/{path.stem}"] = lost
    return different


def notes(piece: Piece) -> list[tuple[Fraction, Fraction, int, bool]]:
    return [(note.onset, note.duration, note.pitch, note.grace) for note in piece.notes]


def unpacked(data: bytes) -> bytes:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        names = [name for name in archive.namelist() if not name.startswith("META-INF")]
        return archive.read(next(name for name in names if name.endswith("xml")))


def scores(collection: str, count: int) -> list[Path]:
    paths = resolve(f"bundled:{collection}")
    return sorted(path for path in paths if path.suffix in (".xml", ".mxl"))[:count]


def test_scores_that_verovio_exports_equal_their_musicxml() -> None:
    assert differences([*scores("bach", 2), *scores("joplin", 1), *scores("handel", 1)]) == {}


@pytest.mark.slow
def test_many_exported_scores_equal_their_musicxml() -> None:
    """Read 27 scores with 41,039 notes.

    In four of them, written values and durations of the MusicXML disagree, as in bars that are
    longer than their meter. MEI has the written values only.
    """
    paths = [path for name in COLLECTIONS.split() for path in scores(name, 3)]
    assert differences(paths) == {
        "opus18no1/movement1": (3, 3),
        "opus17/movement3": (4, 4),
        "opus41no1/movement1": (905, 1013),
        "weber/concertino_clarinet": (24, 24),
    }


def test_a_document_agrees_with_the_timemap_of_verovio() -> None:
    content = (
        measure(note("c4", 8, 'dots="1"') + note("d4", 16) + note("e4") + note("f4", 2)),
        measure(f'<tuplet num="3" numbase="2">{note("c4") * 3}</tuplet>', note("c3", 1)),
    )
    toolkit = new_toolkit()
    assert toolkit.loadData(document(*content).decode())
    onsets = {entry["qstamp"] for entry in toolkit.renderToTimemap() if entry.get("on")}
    assert {round(float(onset), 6) for onset, _, _ in main_notes(read(*content))} == {
        round(onset, 6) for onset in onsets
    }
