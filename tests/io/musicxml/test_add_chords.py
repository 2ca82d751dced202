"""Chord symbols in a score file, of which all else is kept."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from lxml import etree

import partimento as pt
from partimento.io.musicxml.add_chords import add_chords
from partimento.io.musicxml.document import ScoreDocument
from partimento.music.timelines import ChordSymbol

CASES = Path(__file__).parents[2] / "cases"


def edited(name: str, text: str) -> ScoreDocument:
    return ScoreDocument.from_bytes((CASES / name).read_bytes()).edited("chords", text)


@pytest.mark.parametrize("name", ["w-rich.musicxml", "w-theme-dminor.musicxml"])
def test_symbols_are_read_at_their_times_and_all_else_is_kept(name: str) -> None:
    before = ScoreDocument.from_bytes((CASES / name).read_bytes())
    after = edited(name, "0 Dm7/C;1/2 F#m7b5;3 Bb")
    symbols = after.piece().chord_symbols
    assert symbols == (
        ChordSymbol("Dm7/C"),
        ChordSymbol("F#m7b5", Fraction(1, 2)),
        ChordSymbol("Bb", Fraction(3)),
    )
    assert after.piece().notes == before.piece().notes
    first, second = (
        [element.tag for element in document.root.iter() if not etree_harmony(element)]
        for document in (before, after)
    )
    assert first == second


def etree_harmony(element: etree._Element) -> bool:
    parents = [element, *element.iterancestors()]
    return any(parent.tag == "harmony" for parent in parents)


def test_symbols_that_stood_there_are_replaced() -> None:
    root = edited("w-rich.musicxml", "0 Dm;2 G").root
    add_chords(root, "1 C")
    assert ScoreDocument(root).piece().chord_symbols == (ChordSymbol("C", Fraction(1)),)


def test_a_transposing_part_shows_written_chords(tmp_path: Path) -> None:
    piece = pt.Piece([pt.Note(0, 4, 60)])
    path = piece.save(tmp_path / "a.musicxml")[0]
    root = etree.fromstring(path.read_bytes())
    transpose = etree.SubElement(root.find(".//attributes"), "transpose")
    etree.SubElement(transpose, "diatonic").text = "-1"
    etree.SubElement(transpose, "chromatic").text = "-2"
    add_chords(root, "0 Bb7/D")
    harmony = root.find(".//harmony")
    assert harmony.findtext("root/root-step") == "C"
    assert harmony.findtext("bass/bass-step") == "E"
    assert ScoreDocument(root).piece().chord_symbols == (ChordSymbol("Bb7/D"),)


def test_a_symbol_may_stand_between_the_divisions(tmp_path: Path) -> None:
    path = pt.Piece([pt.Note(0, 4, 60)]).save(tmp_path / "a.musicxml")[0]
    root = etree.fromstring(path.read_bytes())
    assert root.findtext(".//divisions") == "1"
    add_chords(root, "0 C;1/2 Am;3/2 F")
    found = [(each.text, each.onset) for each in ScoreDocument(root).piece().chord_symbols]
    assert found == [("C", 0), ("Am", Fraction(1, 2)), ("F", Fraction(3, 2))]
