"""Unpack the containers of Guitar Pro 6 to 8.

Files of versions 7 and 8 (``.gp``) are zips. A ``.gpx`` file is a file system in sectors of 4 KiB
(``BCFS``), compressed bit by bit (``BCFZ``).
"""

from __future__ import annotations

import io
import zipfile

from partimento.errors import InvalidScoreError
from partimento.io.formats import ZIP_FAULTS
from partimento.music.limits import MAX_BYTES

SCORE = "score.gpif"
SECTOR = 4096
FILE = 2  # the kind of a sector that describes a file
NAME, SIZE, POINTERS = 4, 0x8C, 0x94  # offsets in it
MOST_NAME = 127


def gpif_of_zip(data: bytes) -> bytes:
    """Return the XML document inside a file of Guitar Pro 7 or 8."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(SCORE)]
            if not names:
                raise InvalidScoreError("the archive contains no score")
            with archive.open(names[0]) as file:
                return _bounded(file.read(MAX_BYTES + 1))
    except InvalidScoreError:
        raise
    except (OSError, *ZIP_FAULTS) as error:
        raise InvalidScoreError("damaged: not a complete archive") from error


def _bounded(data: bytes) -> bytes:
    if len(data) > MAX_BYTES:
        raise InvalidScoreError(f"larger than {MAX_BYTES // 2**20} MiB when unpacked")
    return data


def gpif_of_gpx(data: bytes) -> bytes:
    """Return the XML document inside a file of Guitar Pro 6."""
    system = _decompressed(data[4:]) if data.startswith(b"BCFZ") else data
    if not system.startswith(b"BCFS"):
        raise InvalidScoreError("damaged: it cannot be decompressed")
    sectors = system[4:]
    for start in range(SECTOR, len(sectors) - POINTERS, SECTOR):
        head = sectors[start : start + SECTOR]
        name = head[NAME : NAME + MOST_NAME].split(b"\0")[0].decode("latin-1")
        if _number(head, 0) == FILE and name.lower() == SCORE:
            return _file(sectors, head)
    raise InvalidScoreError("the archive contains no score")


def _number(data: bytes, offset: int) -> int:
    return int.from_bytes(data[offset : offset + 4], "little")


def _file(sectors: bytes, head: bytes) -> bytes:
    content = bytearray()
    for offset in range(POINTERS, len(head), 4):
        sector = _number(head, offset)
        if not sector:
            break
        content += sectors[sector * SECTOR : (sector + 1) * SECTOR]
    if len(content) < _number(head, SIZE):
        raise InvalidScoreError("damaged: it ends too early")
    return bytes(content[: _number(head, SIZE)])


class _Bits:
    """Read bits, the highest one of each byte first."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.end = data, 0, 8 * len(data)

    def read(self, count: int) -> int:
        """Return a number of which the first bit counts most."""
        value = 0
        for _ in range(count):
            if self.at >= self.end:
                raise InvalidScoreError("damaged: it ends too early")
            value = value << 1 | self.data[self.at >> 3] >> (7 - (self.at & 7)) & 1
            self.at += 1
        return value

    def read_reversed(self, count: int) -> int:
        """Return a number of which the last bit counts most."""
        return sum(self.read(1) << place for place in range(count))


def _decompressed(data: bytes) -> bytes:
    """Expand data that consists of bytes and repetitions of earlier bytes."""
    length = _number(data, 0)
    if length > MAX_BYTES:
        raise InvalidScoreError(f"larger than {MAX_BYTES // 2**20} MiB when unpacked")
    bits, content = _Bits(data[4:]), bytearray()
    while len(content) < length and bits.at + 8 < bits.end:
        if bits.read(1):
            width = bits.read(4)
            offset, count = bits.read_reversed(width), bits.read_reversed(width)
            start = len(content) - offset
            if start < 0:
                raise InvalidScoreError("damaged: it cannot be decompressed")
            content += content[start : start + min(offset, count)]
        else:
            for _ in range(bits.read_reversed(2)):
                content.append(bits.read(8))
    return bytes(content[:length])
