"""Tablature under the notation: one part, two staves."""

from __future__ import annotations

from fractions import Fraction

import pytest
from lxml import etree
from tests.guitar.scores import GUITAR, line, study

import partimento as pt
from partimento import Note, Piece
from partimento.export.svg import to_svg
from partimento.guitar.fingerings import fingering
from partimento.io.lint import lint
from partimento.io.musicxml.read import piece_from_musicxml
from partimento.io.musicxml.tablature import has_tablature, strings_of
from partimento.io.musicxml.write import to_musicxml


def root_of(piece: Piece):
    return etree.fromstring(to_musicxml(piece).encode())


def on_staff(root, staff: str):
    return [note for note in root.iter("note") if note.findtext("staff") == staff]


def test_one_part_has_two_staves_and_the_lower_one_is_the_alternate() -> None:
    root = root_of(fingering(line(60, 62, 64, 65), tuning="drop d", capo=2))
    assert len(root.findall("part")) == 1
    assert root.findtext(".//staves") == "2"
    details = root.find(".//staff-details")
    assert details.get("number") == "2"
    assert [details.findtext(tag) for tag in ("staff-type", "staff-lines", "capo")] == [
        "alternate",
        "6",
        "2",
    ]
    lowest = details.find("staff-tuning[@line='1']")
    assert (lowest.findtext("tuning-step"), lowest.findtext("tuning-octave")) == ("D", "2")
    assert [clef.findtext("sign") for clef in root.iter("clef")] == ["G", "TAB"]


def test_each_note_is_written_twice_and_has_its_place_on_the_tablature() -> None:
    root = root_of(fingering(study()))
    notation, tablature = (
        [note for note in on_staff(root, staff) if note.find("pitch") is not None] for staff in "12"
    )
    assert len(notation) == len(tablature)
    assert not any(note.find(".//fret") is not None for note in notation)
    assert all(note.find(".//fret") is not None for note in tablature)
    ids = [note.get("id") for note in root.iter("note") if note.get("id")]
    assert len(ids) == len(set(ids))


def test_staves_fill_their_bars() -> None:
    for measure in root_of(fingering(study(3))).iter("measure"):
        now = furthest = 0
        for element in measure:
            if element.tag == "note" and element.find("chord") is None:
                now += int(element.findtext("duration", "0"))
            elif element.tag == "backup":
                now -= int(element.findtext("duration"))
            furthest = max(furthest, now)
        assert now == furthest == 3 * int(root_divisions(measure))


def root_divisions(measure) -> str:
    return measure.getroottree().findtext(".//divisions")


@pytest.mark.parametrize("capo", [0, 3])
def test_reading_gives_the_same_piece_and_writing_the_same_document(capo: int) -> None:
    piece = fingering(study().transpose(capo), capo=capo)
    text = to_musicxml(piece)
    again = piece_from_musicxml(text.encode())
    assert again.notes == piece.notes
    assert (again.parts[0].strings, again.parts[0].capo) == (piece.parts[0].strings, capo)
    assert to_musicxml(again) == text
    assert lint(again) == lint(study().transpose(capo))


def test_a_unison_of_two_voices_is_one_number() -> None:
    notes = [Note(0, 1, 64, voice=0), Note(0, 4, 64, voice=1), Note(1, 3, 67, voice=0)]
    root = root_of(fingering(Piece(notes, parts=(GUITAR,))))
    struck = [
        note.findtext(".//string")
        for note in on_staff(root, "2")
        if note.find(".//string") is not None and note.find("tie[@type='stop']") is None
    ]
    assert len(struck) == 2


def test_pictures_show_no_number_under_a_tie_and_no_meter_on_the_tablature() -> None:
    piece = fingering(Piece([Note(0, 6, 60), Note(6, 2, 64)], parts=(GUITAR,)))
    exact, picture = (to_musicxml(piece, ornaments=o) for o in ("exact", "grace"))
    assert exact.count("<fret>") == 3  # with that of the tie
    assert picture.count("<fret>") == 2
    assert picture.count('<time number="2" print-object="no">') == 1
    (page,) = to_svg(picture)
    assert 'class="tabGrp"' in page


def test_pictures_state_the_capo_and_an_unusual_tuning() -> None:
    def words(piece: Piece) -> list[str]:
        picture = etree.fromstring(to_musicxml(piece, ornaments="grace").encode())
        return [element.text for element in picture.iter("words")]

    assert words(fingering(study())) == []
    assert words(fingering(study(), capo=2)) == ["Capo 2"]
    assert words(fingering(study(), tuning="open e", capo=1)) == ["Tuning E B E A♭ B E, Capo 1"]
    assert "<words>" not in to_musicxml(fingering(study(), capo=2))


def test_grace_notes_have_their_place() -> None:
    notes = [
        Note(Fraction(7, 8), Fraction(1, 8), 62, grace=True),
        Note(0, 1, 60),
        Note(1, 3, 64),
    ]
    root = root_of(fingering(Piece(notes, parts=(GUITAR,))))
    graces = [note for note in on_staff(root, "2") if note.find("grace") is not None]
    assert len(graces) == 1
    assert graces[0].findtext(".//fret") == "3"


def test_a_piece_without_strings_or_frets_has_no_tablature() -> None:
    piece = fingering(study())
    assert has_tablature(piece, 0)
    assert not has_tablature(study(), 0)
    moved = piece.transpose(2)  # frets of the old pitches are wrong
    assert not has_tablature(moved, 0)
    assert "TAB" not in to_musicxml(moved)


def test_damaged_strings_are_passed_over() -> None:
    right = (
        "<staff-tuning line='1'><tuning-step>E</tuning-step><tuning-octave>2</tuning-octave>"
        "</staff-tuning>"
    )
    for text, expected in (
        (right, (40,)),
        (right.replace("E", "H"), ()),
        (right.replace(">2<", ">two<"), ()),
        (right.replace(">2<", ">99<"), ()),
        (right.replace("line='1'", ""), ()),
    ):
        details = etree.fromstring(f"<staff-details>{text}<capo>x</capo></staff-details>")
        assert strings_of(details) == (expected, 0)


def test_a_fingered_piece_is_drawn_in_all_formats(tmp_path) -> None:
    piece = fingering(study())
    for suffix in (".svg", ".png", ".pdf", ".html"):
        (path,) = piece.save(tmp_path / f"study{suffix}")
        assert path.stat().st_size > 1000
    assert pt.read(piece.save(tmp_path / "study.mxl")[0]).notes == piece.notes
