"""Engraved pages: what is on them, and their size."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from tests.pieces import LONG, PIECES, Q, chorale

from partimento.errors import PartimentoError
from partimento.export.svg import to_svg
from partimento.export.write import write
from partimento.io.musicxml.write import to_musicxml
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import ChordSymbol, Part

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", PIECES)
def test_every_kind_of_piece_is_engraved(name, tmp_path):
    picture = write(PIECES[name], tmp_path / "a.png")[0].read_bytes()
    svg = (write(PIECES[name], tmp_path / "a.svg")[0]).read_text()
    assert len(picture) > 5_000
    assert all(f'id="n{i}"' in svg for i in range(len(PIECES[name].notes)))


def test_title_and_composer_stand_on_the_first_page_alone(tmp_path):
    first, second, *_ = (
        page.read_text() for page in write(LONG.replace(composer="A & B"), tmp_path / "score.svg")
    )
    assert ">Long</text>" in first
    assert ">A &amp; B</text>" in first
    assert ">Long</text>" not in second
    assert ">A &amp; B</text>" not in second
    assert 'font-family="Leipzig"' not in first  # glyphs as text vanish without the font


@pytest.mark.parametrize(("parts", "higher"), [(4, False), (20, False), (60, True)])
def test_a_tall_score_is_wholly_on_the_page(parts, higher, tmp_path):
    notes = [Note(Q * i, Q, 60 + i % 12, 80, part) for part in range(parts) for i in range(8)]
    piece = Piece(
        notes,
        parts=tuple(Part(f"Part {i + 1}", i) for i in range(parts)),
        composer="A Learner",
        title="Tall",
    )
    root = ET.fromstring(write(piece, tmp_path / "a.svg")[0].read_text())
    assert root.get("width") == "210mm"
    height = float(root.get("height").removesuffix("mm"))
    assert (height > 297) if higher else (height == 297)
    staves = [group for group in root.iter(f"{SVG}g") if group.get("class") == "staff"]
    lowest = max(
        float(line.get("d").split()[1]) for staff in staves for line in staff.findall(f"{SVG}path")
    )
    assert (
        lowest < float(root.find(f"{SVG}svg").get("viewBox").split()[3]) - 1300
    )  # the margin above
    assert _dark_lines(write(piece, tmp_path / "a.png")[0]) >= 4 * parts


def _dark_lines(path: Path) -> int:
    """How many runs of rows are mostly dark: staff lines."""
    import matplotlib.image

    dark = (matplotlib.image.imread(path)[..., :3].mean(axis=2) < 0.95).mean(axis=1) > 0.1
    return int((dark[1:] & ~dark[:-1]).sum())


def test_a_cropped_page_ends_below_its_music():
    score = to_musicxml(chorale())
    (whole,), (cropped,) = to_svg(score), to_svg(score, crop=True)
    whole_mm, cropped_mm = (
        float(ET.fromstring(page).get("height").removesuffix("mm")) for page in (whole, cropped)
    )
    assert whole_mm == 297
    assert cropped_mm < 200


def test_a_heading_can_be_left_out():
    score = to_musicxml(chorale())
    assert ">Chorale</text>" in to_svg(score)[0]
    assert ">Chorale</text>" not in to_svg(score, heading=False)[0]


def test_what_is_no_score_is_refused():
    with pytest.raises(PartimentoError, match="cannot read this score"):
        to_svg("no score")


def test_chord_symbols_are_drawn_with_signs_for_accidentals(tmp_path):
    texts = ("C", "F#m7b5", "Bbmaj7", "C7#9b13", "Eb/Bb", "N.C.", "IV6")
    piece = Piece(
        [Note(Q * i, Q, 60) for i in range(len(texts))],
        chord_symbols=tuple(ChordSymbol(text, Q * i) for i, text in enumerate(texts)),
    )
    root = ET.parse(write(piece, tmp_path / "a.svg")[0]).getroot()
    drawn = [(text.text or "").strip() for text in root.iter(f"{SVG}text")]
    signs = ["C", "F♯m7♭5", "B♭maj7", "C7♯9♭13", "E♭/B♭", "N.C.", "IV6"]
    assert drawn[1:] == signs  # after the metronome mark


def test_ties_of_notes_with_frets_are_drawn():
    held = Note(2 * Q, 4 * Q, 62, string=2, fret=3)
    notes = [Note(0 * Q, 2 * Q, 60, string=2, fret=1), held, Note(6 * Q, 2 * Q, 64)]
    (page,) = to_svg(to_musicxml(Piece(notes, parts=(Part("Guitar", 24),))))
    ties = [tie for tie in ET.fromstring(page).iter(f"{SVG}g") if tie.get("class") == "tie"]
    assert [len(tie) for tie in ties] == [1]
