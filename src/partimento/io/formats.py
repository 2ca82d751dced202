"""Define the file formats that are read, and read the content of a file."""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from partimento.errors import InvalidScoreError
from partimento.music.limits import MAX_BYTES

try:
    from lzma import LZMAError
except ImportError:  # a Python built without it
    LZMAError = zlib.error  # type: ignore[assignment, misc]

# Suffix → reader. A reader takes the content of a file and `ReadOptions`, and returns a Piece. To
# add a format, add one line.
READERS = {
    ".mid": "partimento.io.midi.read:read_score",
    ".midi": "partimento.io.midi.read:read_score",
    ".smf": "partimento.io.midi.read:read_score",
    ".kar": "partimento.io.midi.read:read_score",
    ".rmi": "partimento.io.midi.read:read_score",
    ".musicxml": "partimento.io.musicxml.read:read_score",
    ".mxl": "partimento.io.musicxml.read:read_score",
    ".xml": "partimento.io.musicxml.read:read_score",
    ".abc": "partimento.io.abc_kern:read_score",
    ".krn": "partimento.io.kern.read:read_score",
    ".mei": "partimento.io.mei.read:read_score",
    **dict.fromkeys(
        (".gp3", ".gp4", ".gp5", ".gp", ".gpx"), "partimento.io.guitar_pro.read:read_score"
    ),
}
SUFFIXES = tuple(READERS)
MIDI_SUFFIXES = (".mid", ".midi", ".smf", ".kar", ".rmi")
STORE = ".parquet"
# All exceptions that zipfile raises for damaged archives; RuntimeError means that it is encrypted.
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

Quantize = Literal["music21"] | None


class ReadOptions(NamedTuple):
    """How the content of a file is read.

    Attributes
    ----------
    suffix : str
        The suffix of the file, in lower case.
    quantize : None or "music21"
        See `read.read_piece`.
    unfold : bool
        Whether repeats are written out as they are played.
    encoding : str
        The encoding of the text in the file, if it states none; empty to detect it.
    """

    suffix: str
    quantize: Quantize = None
    unfold: bool = False
    encoding: str = ""


def read_score_bytes(path: str, member: str = "") -> bytes:
    """Read the content of a score file, whose size is limited to `MAX_BYTES`.

    Parameters
    ----------
    path : str
    member : str
        If `path` is a zip: the name of the file inside it. The size that the zip states is not
        trusted.

    Raises
    ------
    InvalidScoreError
        If the file is missing, too large or damaged.
    OSError
        If it cannot be read.
    """
    if not member:
        try:
            # os.stat takes half the time of Path.stat, which matters for a million files.
            if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116
                raise InvalidScoreError("not a file")  # reading a named pipe would never end
        except FileNotFoundError:
            raise InvalidScoreError("no such file") from None
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            data = file.read(MAX_BYTES + 1)
    else:
        try:
            with _opened(path, Path(path).stat().st_mtime_ns).open(member) as unpacked:
                data = unpacked.read(MAX_BYTES + 1)
        except ZIP_FAULTS as error:
            raise InvalidScoreError(f"it cannot be unpacked: {error}") from error
    if len(data) > MAX_BYTES:
        raise InvalidScoreError(f"larger than {MAX_BYTES // 2**20} MiB")
    return data


@lru_cache(maxsize=1)
def _opened(path: str, changed_ns: int) -> zipfile.ZipFile:
    """Open a zip file, or return the last one if it is the same and has not changed.

    Reading the zip's directory again for every file in it would take quadratic time.
    """
    return zipfile.ZipFile(path)


def is_store(source: Path | str) -> bool:
    """Return whether a source of pieces is a store (a Parquet file), by its suffix.

    >>> is_store("guitar.parquet"), is_store("scores")
    (True, False)
    """
    return str(source).lower().endswith(STORE)
