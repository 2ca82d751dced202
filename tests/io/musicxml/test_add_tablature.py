"""A tablature in a score file, of which all else is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

import partimento as pt
from partimento.guitar.fingerings import fingering
from partimento.io.musicxml.add_tablature import add_tablature, positions_text
from partimento.io.musicxml.document import ScoreDocument

CASES = Path(__file__).parents[2] / "cases"
RICH, THEME, LINKED = (
    CASES / f"{name}.musicxml" for name in ("w-rich", "w-theme-dminor", "t-linked-tab")
)
STANDARD = "64 59 55 50 45 40"


def saved(source: Path, folder: Path) -> tuple[pt.Piece, Path]:
    piece = fingering(pt.read(source))
    return piece, piece.save(folder / source.name)[0]


@pytest.mark.parametrize("source", [RICH, THEME])
def test_all_notes_and_marks_are_kept(source: Path, tmp_path: Path) -> None:
    piece, path = saved(source, tmp_path)
    again = pt.read(path)
    assert again.notes == piece.notes
    assert again.parts[0].strings == piece.parts[0].strings
    tags = ("slur", "lyric", "dynamics", "fingering", "staccato", "fermata", "repeat", "grace")
    before, after = (etree.parse(str(file)).getroot() for file in (source, path))
    for tag in tags:
        kept = len(list(before.iter(tag)))
        added = sum(
            n.find(tag) is not None for n in after.iter("note") if n.findtext("staff") == "2"
        )
        assert len(list(after.iter(tag))) - added * (tag == "grace") == kept, tag


def content(note) -> list[tuple[str, str, dict[str, str]]]:
    return [(e.tag, (e.text or "").strip(), dict(e.attrib)) for e in note.iter()]


def test_the_notation_is_that_of_the_file(tmp_path: Path) -> None:
    _, path = saved(THEME, tmp_path)
    before, after = (etree.parse(str(file)).getroot() for file in (THEME, path))
    upper = [note for note in after.iter("note") if note.findtext("staff") != "2"]
    assert [content(note) for note in upper] == [content(note) for note in before.iter("note")]


def test_bars_stay_full(tmp_path: Path) -> None:
    _, path = saved(RICH, tmp_path)
    for measure in etree.parse(str(path)).getroot().iter("measure"):
        now, ends = 0, []
        for element in measure:
            size = int(element.findtext("duration") or 0)
            if element.tag == "backup":
                ends.append(now)
                now -= size
            elif element.tag == "forward" or (
                element.tag == "note" and element.find("chord") is None
            ):
                now += size
        assert now >= max([0, *ends])


def test_the_score_can_be_drawn(tmp_path: Path) -> None:
    piece = fingering(pt.read(RICH))
    text = piece.save(tmp_path / "rich.svg")[0].read_text()
    assert 'class="tabGrp"' in text
    assert 'class="slur"' in text


def test_a_tablature_that_stands_is_not_added_again() -> None:
    piece = pt.read(LINKED)
    fingered = fingering(piece)
    assert fingered.notes == piece.notes
    assert fingered.score == piece.score
    assert fingered.warnings == ()


def test_a_second_tablature_is_refused() -> None:
    document = ScoreDocument.from_bytes(THEME.read_bytes())
    piece = document.piece()
    places = positions_text([1] * len(piece.notes), [0] * len(piece.notes))
    root = document.root
    add_tablature(root, 0, STANDARD, 0, places)
    with pytest.raises(ValueError, match="already"):
        add_tablature(root, 0, STANDARD, 0, places)
    with pytest.raises(ValueError, match="other notes"):
        add_tablature(document.root, 0, STANDARD, 0, "1.0 2.0")


def test_marks_that_must_go_are_announced(tmp_path: Path) -> None:
    _, path = saved(THEME, tmp_path)
    anew = fingering(pt.read(path), keep=False, tuning="dadgad")
    assert "only the notes are kept" in anew.warnings[-1]
    assert anew.score is None
