"""Files of other kinds: what they are, and what would help."""

from __future__ import annotations

from pathlib import Path

import pytest

from partimento.errors import ReadError
from partimento.io.formats import READERS
from partimento.io.kinds import KINDS, advice_for
from partimento.io.read import read_piece


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("a.mscz", "MuseScore"),
        ("A.MSCX", "MuseScore"),
        (".mscz", ""),  # a hidden file without a suffix
        ("a.mscz,", "MuseScore"),  # MuseScore's own backup
        ("a.sib", "Sibelius"),
        ("a.musx", "Finale"),
        ("a.ly", r"\midi"),
        ("a.mp3", "sound, not notes"),
        ("a.Flac", "sound, not notes"),
        ("a.pdf", "pictures of notes"),
        ("a.jpeg", "pictures of notes"),
        ("a.mid.bak", "ending .bak"),
        ("a.musicxml~", "ending ~"),
        ("a.mscz.old", "MuseScore"),
        ("a.xml.gz", "packed"),
        ("a.mid.part", "unfinished"),
        ("a.txt.part", ""),
        ("a.gtp", "Guitar Pro 1 or 2"),
        ("a.mid", ""),
        ("a.mxl", ""),
        ("README", ""),
        ("a.txt", ""),
        ("manifest.csv", ""),
        ("a.json", ""),
        ("a.py", ""),
        ("notes.md.bak", ""),
    ],
)
def test_advice_by_name(name: str, advice: str) -> None:
    found = advice_for(name)
    assert advice in found
    assert bool(found) == bool(advice)


def test_no_suffix_has_two_meanings() -> None:
    suffixes = [suffix for group in KINDS for suffix in group.split()]
    assert len(set(suffixes)) == len(suffixes)
    assert not set(suffixes) & set(READERS)
    assert all(not advice_for(f"a{suffix}") for suffix in READERS)


def test_a_file_of_another_kind_is_told_when_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(b"ID3")
    with pytest.raises(ReadError, match="sound, not notes"):
        read_piece(tmp_path / "a.mp3")
