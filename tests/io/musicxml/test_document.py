"""What a MusicXML file says stays, whatever else is done with it."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path

import pytest
from tests.io.musicxml.documents import START, note, score
from tests.io.musicxml.kept import CASES, RICH, content, schema_errors, scores_of_asap

import partimento as pt
from partimento import PartimentoError, Piece
from partimento.export.write import Chain
from partimento.io.musicxml.document import ScoreDocument
from partimento.io.musicxml.read import parse, piece_from_musicxml

# Those that we wrote from notes are written anew.
FILES = [
    path
    for path in sorted(CASES.glob("*.musicxml"))
    if not ScoreDocument.from_bytes(path.read_bytes()).says_only_notes
]
MARKS = ("slur", "fingering", "staccato", "fermata", "lyric", "harmony", "dynamics", "repeat")


def check_kept(path: Path) -> Piece:
    """Check that a file is written as it is, and reads back as the same piece."""
    piece = pt.read(path)
    written = Chain(piece).musicxml.encode()
    assert content(parse(written)) == content(parse(path.read_bytes()))
    again = piece_from_musicxml(written)
    assert again == piece.replace(source=again.source)
    return piece


def check_transposed(path: Path) -> None:
    """Check a transposed document against the transposed piece, there and back."""
    piece = pt.read(path)
    document = ScoreDocument.from_bytes(path.read_bytes())
    for semitones in (1, -3, 6, 12):
        moved, expected = document.transpose(semitones).piece(), piece.transpose(semitones)
        for name in ("onset", "duration", "pitch", "part", "grace"):
            assert (getattr(moved.notes, name) == getattr(expected.notes, name)).all()
        assert (moved.keys, moved.chord_symbols) == (expected.keys, expected.chord_symbols)
        assert moved.warnings == piece.warnings
    there_and_back = piece.transpose(5).transpose(-5)
    assert content(parse(Chain(there_and_back).musicxml.encode())) == content(document.root)


def check_valid(path: Path) -> None:
    """Check that edits bring no fault against the schema into a document."""
    piece, faults = pt.read(path), schema_errors(path.read_bytes())
    first = next(bar.number for bar in piece.bars())
    edited = [piece.transpose(-4), piece.cut(first, first + 1) if len(piece.bars()) > 1 else piece]
    edited += [piece.with_program(24), piece.replace(title="New", composer="Somebody")]
    for each in edited:
        assert schema_errors(Chain(each).musicxml.encode()) <= faults


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_cases(path: Path) -> None:
    check_kept(path)
    check_transposed(path)
    check_valid(path)


@pytest.mark.slow
def test_all_scores_of_a_data_set(data_folder: Path) -> None:
    paths = scores_of_asap(data_folder)
    if not paths:
        pytest.skip("no scores of the data set")
    for path in paths:
        check_kept(path)
        check_transposed(path)
        check_valid(path)


def test_nothing_of_a_rich_score_vanishes(tmp_path: Path) -> None:
    piece = pt.read(RICH).transpose(3)
    text = piece.save(tmp_path / "a.musicxml")[0].read_text()
    assert all(f"<{mark}" in text for mark in MARKS)
    assert "metronome" not in text
    svg = piece.save(tmp_path / "a.svg")[0].read_text()
    classes = ("slur", "fing", "artic", "fermata", "syl", "harm", "dynam", "tuplet")
    assert all(f'class="{name}' in svg for name in classes)


def test_the_notes_of_a_picture_are_those_of_the_piece(tmp_path: Path) -> None:
    piece = pt.read(RICH)
    svg = piece.save(tmp_path / "a.svg")[0].read_text()
    assert all(f'id="n{number}"' in svg for number in range(len(piece.notes)))


def test_titles_are_edits() -> None:
    changed = pt.read(RICH).replace(title="Other", composer="Somebody")
    again = piece_from_musicxml(Chain(changed).musicxml.encode())
    assert (again.title, again.composer) == ("Other", "Somebody")
    assert "<slur" in Chain(changed).musicxml


def test_a_changed_or_missing_file_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "a.musicxml"
    path.write_bytes(RICH.read_bytes())
    piece = pt.read(path)
    path.write_bytes(RICH.read_bytes() + b"\n")
    with pytest.warns(UserWarning, match="changed since it was read"):
        assert "<slur" not in Chain(piece).musicxml
    path.unlink()
    with pytest.warns(UserWarning, match="no such file"):
        assert "<pitch>" in Chain(piece).musicxml


def test_unfolded_repeats_are_new_notes() -> None:
    assert pt.read(RICH, unfold=True).score is None


def test_timewise_documents_become_partwise() -> None:
    bar = START + note("C4", 16)
    timewise = (
        '<score-timewise><part-list><score-part id="P0"><part-name>0</part-name></score-part>'
        f'</part-list><measure number="1"><part id="P0">{bar}</part></measure></score-timewise>'
    )
    document = ScoreDocument.from_bytes(timewise.encode())
    assert document.root.tag == "score-partwise"
    assert document.piece() == piece_from_musicxml(timewise.encode())


def test_edits_of_a_reference_are_repeated(tmp_path: Path) -> None:
    path = tmp_path / "a.musicxml"
    path.write_text(score([START + note("C4", 16), note("D4", 16)]))
    piece = pt.read(path)
    assert piece.score is not None
    assert piece.score.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    edited = piece.cut(1, 1).transpose(2).with_program(40)
    assert edited.score is not None
    again = ScoreDocument.load(edited.score).piece()
    assert again.notes == edited.notes
    assert again.parts[0].program == 40


def test_an_impossible_edit_has_one_line(tmp_path: Path) -> None:
    piece = pt.read(RICH)
    assert piece.score is not None
    with pytest.raises(PartimentoError, match="where it is cut"):
        ScoreDocument.load(piece.score.edited("cut", str(Fraction(1)), "3"))
