"""The kinds of files that are read, and their bytes."""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path

from partimento.errors import UnfitError
from partimento.music.limits import MAX_BYTES

try:
    from lzma import LZMAError
except ImportError:  # a Python built without it
    LZMAError = zlib.error  # type: ignore[assignment, misc]

MIDI_SUFFIXES = (".mid", ".midi")
MUSICXML_SUFFIXES = (".musicxml", ".mxl", ".xml")
SCORE_SUFFIXES = (*MUSICXML_SUFFIXES, ".abc", ".krn")
SUFFIXES = MIDI_SUFFIXES + SCORE_SUFFIXES
STORE = ".parquet"
# All that zipfile raises on hostile archives; RuntimeError is its word for a password.
ZIP_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    LZMAError,
    KeyError,
    RuntimeError,
    NotImplementedError,
    ValueError,
    EOFError,
)


def read_score_bytes(place: str, member: str = "") -> bytes:
    """Read the bytes of a score, at most `MAX_BYTES` whatever a zip's directory says.

    Raises
    ------
    UnfitError
        With a reason.
    """
    if not member:
        try:
            if not stat.S_ISREG(os.stat(place).st_mode):  # noqa: PTH116 - half the time of Path's way, a million times
                raise UnfitError("not a file")  # reading a named pipe would never end
        except FileNotFoundError:
            raise UnfitError("no such file") from None
        with open(place, "rb", buffering=0) as file:  # noqa: PTH123
            data = file.read(MAX_BYTES + 1)
    else:
        try:
            with _opened(place, Path(place).stat().st_mtime_ns).open(member) as packed:
                data = packed.read(MAX_BYTES + 1)
        except ZIP_FAULTS as error:
            raise UnfitError(f"it cannot be unpacked: {error}") from error
    if len(data) > MAX_BYTES:
        raise UnfitError(f"larger than {MAX_BYTES // 2**20} MiB")
    return data


@lru_cache(maxsize=1)
def _opened(place: str, changed_ns: int) -> zipfile.ZipFile:
    """Open a zip and keep the last one open.

    Reading its directory again for each of its files would take quadratic time.
    """
    return zipfile.ZipFile(place)


def is_store(source: Path | str) -> bool:
    """Return whether a SOURCE is a store.

    >>> is_store("guitar.parquet"), is_store("scores")
    (True, False)
    """
    return str(source).lower().endswith(STORE)
