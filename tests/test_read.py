"""One file read from Python: exactly as it is written, or played out."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.io.musicxml.documents import REPEAT, START, note, score

import partimento as pt


def test_a_score_is_read_as_it_is_written_or_played_out(tmp_path: Path) -> None:
    path = tmp_path / "a.musicxml"
    path.write_text(score([START + note("C4", 16) + REPEAT]))
    assert pt.read(path).length == 4
    assert pt.read(str(path), unfold=True).length == 8
    assert pt.read(path).source.path == str(path)


def test_what_is_saved_is_read_back(pieces: list[pt.Piece], tmp_path: Path) -> None:
    for suffix in (".mid", ".musicxml", ".mxl"):
        (path,) = pieces[0].save(tmp_path / f"a{suffix}")
        assert pt.read(path).notes == pieces[0].notes


def test_what_is_no_music_is_refused_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(pt.ReadError, match=r"no\.mid: no such file"):
        pt.read(tmp_path / "no.mid")
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    with pytest.raises(pt.ReadError, match=r"a\.pdf: pictures of notes"):
        pt.read(tmp_path / "a.pdf")
