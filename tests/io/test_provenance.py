"""Every format carries how its piece was composed, and gives it back."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from tests.music.test_provenance import RECORD
from tests.pieces import chorale

from partimento.errors import PartimentoError
from partimento.export.write import WRITERS, write
from partimento.io.provenance import provenance_in, read_provenance
from partimento.io.read import read_piece

READ = (".mid", ".musicxml", ".mxl", ".abc", ".gp5")


@pytest.mark.parametrize("suffix", WRITERS)
def test_every_format_gives_it_back(suffix: str, tmp_path: Path) -> None:
    path = write(chorale(1).replace(provenance=RECORD), tmp_path / f"piece{suffix}")[0]
    assert read_provenance(path) == RECORD
    other = write(chorale(1), tmp_path / f"other{suffix}")[0]
    with pytest.raises(PartimentoError, match="does not say how it was composed"):
        read_provenance(other)


@pytest.mark.parametrize("suffix", READ)
def test_readers_attach_it_to_the_piece(suffix: str, tmp_path: Path) -> None:
    path = write(chorale().replace(provenance=RECORD), tmp_path / f"piece{suffix}")[0]
    assert read_piece(path).provenance == RECORD


def test_a_document_with_further_marks_keeps_them_and_gets_it(tmp_path: Path) -> None:
    path = Path(__file__).parents[1] / "cases/w-rich.musicxml"
    piece = read_piece(path)
    out = write(piece.replace(provenance=RECORD), tmp_path / "rich.musicxml")[0]
    assert read_provenance(out) == read_piece(out).provenance == RECORD
    assert out.read_text().count("<slur") == path.read_text().count("<slur") > 0
    again = write(read_piece(out), tmp_path / "again.musicxml")[0]
    assert again.read_text().count("miscellaneous-field") == 2  # one element


def test_a_mark_without_a_description_is_passed_over() -> None:
    line = RECORD.to_text().encode()
    assert provenance_in(b"\0partimento: {broken\0" + line + b"\0", ".mid") == RECORD
    assert provenance_in(b"partimento: {" * 500, ".mid") is None
    for suffix in (".json", ".gif", ".mxl", ".pdf", ".gp5"):
        assert provenance_in(b"partimento: {", suffix) is None
        assert provenance_in(b"PK\3\4 no zip", suffix) is None


def test_a_zip_without_a_score_says_nothing(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.mxl", "w") as archive:
        archive.writestr("META-INF/container.xml", RECORD.to_text())
    assert provenance_in((tmp_path / "a.mxl").read_bytes(), ".mxl") is None


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PartimentoError, match=r"none\.mid does not exist"):
        read_provenance(tmp_path / "none.mid")
