"""The content decides which version a file is."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.io.guitar_pro.songs import (
    add_beat,
    binary,
    compressed,
    file_system,
    fretted,
    gpif,
    song,
    value,
    zipped,
)

from partimento.errors import InvalidScoreError, ReadError
from partimento.io.formats import ReadOptions
from partimento.io.guitar_pro.read import read_score
from partimento.io.read import read_piece

XML = gpif([["|".join([value("Whole"), fretted(5, 3)])]])


def old() -> bytes:
    made = song()
    add_beat(made, 0, (1, 3), value=1)
    return binary(made)


@pytest.mark.parametrize(
    "data", [old(), zipped(XML), file_system(XML), compressed(file_system(XML))]
)
@pytest.mark.parametrize("suffix", [".gp5", ".gp", ".gpx"])
def test_all_containers_under_all_names(data: bytes, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(data)
    (note,) = read_piece(path).notes
    assert (note.pitch, note.duration, note.string, note.fret) == (67, 4, 1, 3)


@pytest.mark.parametrize(
    ("data", "reason"), [(b"", "empty"), (b"MThd", "not a Guitar Pro file"), (b"PK\3\4", "archive")]
)
def test_other_content_has_a_reason(data: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidScoreError, match=reason):
        read_score(data, ReadOptions(".gp5"))
    (tmp_path / "a.gp5").write_bytes(data)
    with pytest.raises(ReadError, match=reason):
        read_piece(tmp_path / "a.gp5")
