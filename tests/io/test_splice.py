"""Files of pieces of which some bars were composed anew."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from partimento import Note, Piece, read
from partimento.errors import PartimentoError
from partimento.io.splice import is_midi, spliced, with_change, with_changes
from partimento.music.change import Change
from partimento.music.notes import Notes

ONE = Fraction(1)


def source(path: Path) -> Piece:
    Piece([Note(ONE * i, ONE, 60 + i) for i in range(12)]).save(path)
    return read(path)


def change() -> Change:
    notes = Notes([Note(ONE * 4, ONE * 4, 72)])
    return Change(ONE * 4, ONE * 8, (0,), notes, frozenset(), ONE * 12)


@pytest.mark.parametrize("suffix", [".mid", ".musicxml", ".mxl"])
def test_a_file_of_the_same_kind_is_a_copy(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    piece = source(path)
    changed = with_change(piece, change())
    assert is_midi(changed.score) == (suffix == ".mid")
    copy = spliced(changed, ".mid" if suffix == ".mid" else ".musicxml")
    assert copy is not None
    changed.save(tmp_path / f"b{suffix}")
    assert read(tmp_path / f"b{suffix}").notes == changed.notes
    again = Piece.from_json(changed.to_json())
    assert spliced(again, ".mid" if suffix == ".mid" else ".musicxml") == copy


@pytest.mark.parametrize(("suffix", "other"), [(".mid", ".musicxml"), (".musicxml", ".mid")])
def test_another_format_is_written_from_the_notes(tmp_path: Path, suffix: str, other: str) -> None:
    changed = with_change(source(tmp_path / f"a{suffix}"), change())
    assert spliced(changed, other) is None
    changed.save(tmp_path / f"b{other}")
    assert read(tmp_path / f"b{other}").notes == changed.notes


def test_other_edits_end_the_copying(tmp_path: Path) -> None:
    changed = with_change(source(tmp_path / "a.mid"), change()).transpose(2)
    assert spliced(changed, ".mid") is None
    changed.save(tmp_path / "b.mid")
    assert read(tmp_path / "b.mid").notes == changed.notes
    score = with_change(source(tmp_path / "c.musicxml"), change()).transpose(2)
    score.save(tmp_path / "d.musicxml")
    assert read(tmp_path / "d.musicxml").notes == score.notes


def test_a_midi_file_is_not_copied_if_the_piece_was_edited_before(tmp_path: Path) -> None:
    piece = source(tmp_path / "a.mid").transpose(2)
    changed = with_change(piece, change())
    with pytest.warns(UserWarning, match=r"a\.mid was quantized or edited"):
        changed.save(tmp_path / "b.mid")
    assert read(tmp_path / "b.mid").notes == changed.notes


def test_two_changes_follow_one_another(tmp_path: Path) -> None:
    piece = source(tmp_path / "a.mid")
    later = Change(ONE * 8, ONE * 12, (0,), Notes([Note(ONE * 8, ONE, 50)]), frozenset(), ONE * 12)
    both = with_change(with_change(piece, change()), later)
    both.save(tmp_path / "b.mid")
    assert read(tmp_path / "b.mid").notes == both.notes


def test_a_file_that_has_changed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    changed = with_change(source(path), change())
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(PartimentoError, match=r"a\.mid has changed since it was read"):
        spliced(changed, ".mid")
    path.unlink()
    with pytest.raises(PartimentoError, match=r"a\.mid: "):
        spliced(changed, ".mid")


def test_a_piece_without_a_file_is_only_changed() -> None:
    piece = Piece([Note(ONE * i, ONE, 60) for i in range(12)])
    changed = with_change(piece, change())
    assert changed.score is None
    assert spliced(changed, ".mid") is None
    assert json.loads(changed.to_json())["length"]


def test_bars_that_stay_are_copied_when_others_differ(tmp_path: Path) -> None:
    piece = source(tmp_path / "a.musicxml")
    notes = [replace(n, pitch=n.pitch + 12 * (n.onset in (1, 9))) for n in piece.notes]
    varied = with_changes(piece, piece.replace(notes=Notes(notes), score=None))
    copy = spliced(varied, ".musicxml")
    assert copy is not None
    old, new = (
        re.findall(rb"<measure.*?</measure>", data, re.DOTALL)
        for data in ((tmp_path / "a.musicxml").read_bytes(), copy)
    )
    assert [a == b for a, b in zip(old, new, strict=True)] == [False, True, False]
    varied.save(tmp_path / "b.musicxml")
    assert read(tmp_path / "b.musicxml").notes == varied.notes


def test_a_piece_that_differs_in_more_is_written_anew(tmp_path: Path) -> None:
    piece = source(tmp_path / "a.musicxml")
    other = piece.replace(length=Fraction(16), score=None)
    assert with_changes(piece, other) is other
    same = piece.replace(score=None)
    assert with_changes(piece, same) is same
