"""Each written note has the id of the sounding note that it belongs to."""

from __future__ import annotations

from tests.io.musicxml.documents import CHORD, GRACE, START, back, note, score, tie

from partimento.io.musicxml.document import ScoreDocument
from partimento.io.musicxml.note_ids import add_note_ids, bar_starts
from partimento.io.musicxml.read import read_notes


def ids(*parts: list[str]) -> list[str | None]:
    document = ScoreDocument.from_bytes(score(*parts).encode())
    root = document.root
    add_note_ids(root, document.piece())
    return [element.get("id") for element in root.iter("note")]


def test_ties_chords_and_rests() -> None:
    first = START + note("E4", 8) + note("C4", 8, head=CHORD) + note("G4", 8, tail=tie("start"))
    second = note("G4", 4, tail=tie("stop")) + note("r", 12)
    assert ids([first, second]) == ["n1", "n0", "n2", "n2.2", None]


def test_grace_notes_before_the_same_pitch() -> None:
    bar = START + note("C4", 8) + note("C4", None, head=GRACE) + note("C4", 8)
    assert ids([bar]) == ["n0", "n1", "n2"]


def test_voices_and_parts() -> None:
    upper = START + note("C5", 16) + back(16) + note("C4", 16, voice=2)
    assert ids([upper], [START + note("C4", 16)]) == ["n2", "n0", "n1"]


def test_bars_begin_together() -> None:
    document = ScoreDocument.from_bytes(score([START + note("C4", 4), note("C4", 16)]).encode())
    readers, grid = read_notes(document.root)
    assert [tick // grid for tick in bar_starts(readers, grid)] == [0, 1, 5]
