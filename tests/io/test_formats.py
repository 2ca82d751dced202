"""Which files are read, and their bytes: from a file or from inside a zip."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from partimento.errors import InvalidScoreError
from partimento.io import formats
from partimento.io.formats import MIDI_SUFFIXES, SUFFIXES, is_store, read_score_bytes


def test_suffixes_are_lower_case_and_unique() -> None:
    assert len(set(SUFFIXES)) == len(SUFFIXES)
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in SUFFIXES)
    assert set(MIDI_SUFFIXES) < set(SUFFIXES)


def test_bytes_come_from_a_file_or_from_inside_a_zip(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.mid", tmp_path / "a.zip"
    plain.write_bytes(b"MThd")
    assert read_score_bytes(str(plain)) == b"MThd"
    for content in (b"first", b"second, later"):
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("b.mid", content)
        os.utime(packed, ns=(len(content), len(content)))
        assert read_score_bytes(str(packed), "b.mid") == content  # a zip that changed is read again


def test_missing_files_folders_and_pipes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidScoreError, match="no such file"):
        read_score_bytes(str(tmp_path / "no.mid"))
    with pytest.raises(InvalidScoreError, match="not a file"):
        read_score_bytes(str(tmp_path))
    pipe = tmp_path / "pipe.mid"
    os.mkfifo(pipe)
    with pytest.raises(InvalidScoreError, match="not a file"):
        read_score_bytes(str(pipe))


def test_a_damaged_archive_has_a_reason(tmp_path: Path) -> None:
    packed = tmp_path / "a.zip"
    packed.write_bytes(b"no zip")
    with pytest.raises(InvalidScoreError, match="it cannot be unpacked"):
        read_score_bytes(str(packed), "a.mid")
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.mid", b"MThd")
    with pytest.raises(InvalidScoreError, match=r"it cannot be unpacked.*b\.mid"):
        read_score_bytes(str(packed), "b.mid")


def test_a_file_larger_than_any_score_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "MAX_BYTES", 2**20)
    packed, plain = tmp_path / "a.zip", tmp_path / "a.mid"
    plain.write_bytes(bytes(2**20))
    assert len(read_score_bytes(str(plain))) == 2**20
    plain.write_bytes(bytes(2**20 + 1))
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.mid", bytes(2**20 + 1))
    with pytest.raises(InvalidScoreError, match="larger than 1 MiB"):
        read_score_bytes(str(plain))
    with pytest.raises(InvalidScoreError, match="larger than 1 MiB"):
        read_score_bytes(str(packed), "a.mid")


def test_a_store_is_recognized_by_its_suffix() -> None:
    assert is_store(Path("scores") / "GUITAR.PARQUET")
    assert not is_store("guitar.parquet/a.mid")
    assert not is_store("parquet")


def test_a_tune_is_selected_by_its_name(tmp_path: Path) -> None:
    book = tmp_path / "book.abc"
    book.write_bytes(b"".join(b"X:%d\nK:C\nC|\n\n" % number for number in range(1, 30)))
    assert read_score_bytes(str(book), "7") == b"X:7\nK:C\nC|\n"
    with pytest.raises(InvalidScoreError, match="no tune 30: it has the tunes 1, 2, 3 … 29"):
        read_score_bytes(str(book), "30")
    packed = tmp_path / "a.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(book, "in/book.abc")
    assert read_score_bytes(str(packed), "in/book.abc/7") == b"X:7\nK:C\nC|\n"


def test_formats_without_tunes_are_one() -> None:
    assert formats.tunes_of(b"data", ".mid") == [formats.Tune("1", b"data")]
    assert formats.suffix_of("book.krn", "2") == ".krn"
    assert formats.suffix_of("a.zip", "in/book.krn/2") == ".krn"
    assert formats.suffix_of("a.zip", "in/a.mid") == ".mid"
