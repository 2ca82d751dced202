"""Parts are added to a MusicXML document, and its own part stays as it is."""

from __future__ import annotations

from fractions import Fraction

import pytest
from lxml import etree

from partimento.io.musicxml.add_parts import add_parts
from partimento.io.musicxml.read import piece_of_document
from partimento.io.musicxml.write import to_musicxml
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Part


def score(*pitches: int, bars: int = 2) -> Piece:
    notes = [
        Note(Fraction(4 * bar), Fraction(4), pitch, part=number)
        for number, pitch in enumerate(pitches)
        for bar in range(bars)
    ]
    return Piece(notes, parts=tuple(Part(f"Part {pitch}") for pitch in pitches))


def document(piece: Piece) -> etree._Element:
    root = etree.fromstring(to_musicxml(piece).encode())
    for number, note in enumerate(root.iter("note")):
        lyric = etree.SubElement(note, "lyric")
        etree.SubElement(lyric, "text").text = f"la{number}"
    return root


@pytest.mark.parametrize("place", [0, 1, 2])
def test_parts_stand_around_the_kept_one(place: int) -> None:
    root = document(score(60, 72))
    before = etree.tostring(root.findall("part")[1])
    add_parts(root, 1, place, score(48, 55).to_json())
    piece = piece_of_document(root)
    names = ["Part 48", "Part 55"]
    names.insert(place, "Part 72")
    assert [part.name for part in piece.parts] == names
    assert [piece.part(name).notes.pitch[0] for name in names] == [int(n[5:]) for n in names]
    kept = root.findall("part")[place]
    assert etree.tostring(kept).split() == before.split()
    ids = [part.get("id") for part in root.findall("part")]
    assert ids == [listed.get("id") for listed in root.findall("part-list/score-part")]
    assert len(set(ids)) == 3


def test_repeats_and_bar_numbers_are_those_of_the_kept_part() -> None:
    root = document(score(72))
    first = root.find("part/measure")
    first.set("number", "17")
    first.append(etree.fromstring('<barline><repeat direction="backward"/></barline>'))
    add_parts(root, 0, 0, score(48).to_json())
    added = root.findall("part")[1].find("measure")
    assert added.get("number") == "17"
    assert added.find("barline/repeat") is not None


def test_other_bars_are_refused() -> None:
    with pytest.raises(ValueError, match="the score has 3 bars, and the added parts 2"):
        add_parts(document(score(72, bars=3)), 0, 0, score(48).to_json())
    with pytest.raises(ValueError, match="no part 2"):
        add_parts(document(score(72)), 1, 0, score(48).to_json())


def test_added_parts_are_printed_as_the_kept_one() -> None:
    """They have its kind of signature and of names, and are inside its bracket."""
    root = document(score(72))
    root.find("part/measure/attributes/time").set("symbol", "common")
    listing = root.find("part-list")
    etree.SubElement(listing.find("score-part"), "part-abbreviation").text = "S."
    group = '<part-group number="2" type="start"><group-symbol>bracket</group-symbol></part-group>'
    listing.insert(0, etree.fromstring(group))
    listing.append(etree.fromstring('<part-group number="2" type="stop"/>'))
    add_parts(root, 0, 0, score(48).to_json())
    assert [each.get("symbol") for each in root.iter("time")] == ["common", "common"]
    assert [each.text for each in root.iter("part-abbreviation")] == ["S.", "P."]
    listed = [each.get("type", each.tag) for each in root.find("part-list")]
    assert listed == ["start", "score-part", "score-part", "stop"]
    three = document(score(72))
    add_parts(three, 0, 0, score(48).to_json())
    assert three.find("part-list/part-group") is None
    assert all(each.get("symbol") is None for each in three.iter("time"))
