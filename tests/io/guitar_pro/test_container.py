"""Containers of Guitar Pro 6 to 8, packed in code."""

from __future__ import annotations

import pytest
from tests.io.guitar_pro.songs import compressed, file_system, zipped

from partimento.errors import InvalidScoreError
from partimento.io.guitar_pro.container import gpif_of_gpx, gpif_of_zip

XML = b"<GPIF>" + bytes(range(32, 127)) * 60 + b"aaaaaaaaaaaaaaaaaaaaaaaaaaaa</GPIF>"


def test_a_zip() -> None:
    assert gpif_of_zip(zipped(XML)) == XML


def test_a_file_system_of_several_sectors() -> None:
    assert len(XML) > 4096
    assert gpif_of_gpx(file_system(XML)) == XML


def test_a_compressed_file_system() -> None:
    packed = compressed(file_system(XML))
    assert len(packed) < len(file_system(XML))  # it has repetitions
    assert gpif_of_gpx(packed) == XML


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (compressed(file_system(XML))[:900], "damaged|no score"),
        (b"BCFZ", "damaged"),
        (b"BCFZ\xff\xff\xff\x7fabc", "larger than"),
        (b"BCFZ\x10\0\0\0\xf8\xff\xff\xff\xff\xff", "damaged"),
        (b"BCFS" + bytes(9000), "no score"),
    ],
)
def test_damage_has_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(InvalidScoreError, match=reason):
        gpif_of_gpx(data)


def test_damaged_zips_have_a_reason() -> None:
    with pytest.raises(InvalidScoreError, match="not a complete archive"):
        gpif_of_zip(zipped(XML)[:100])
