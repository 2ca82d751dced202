"""Define the file formats that are read, and read the content of a file."""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path, PurePosixPath
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
    ".abc": "partimento.io.abc.read:read_score",
    ".krn": "partimento.io.kern.read:read_score",
    ".mei": "partimento.io.mei.read:read_score",
    **dict.fromkeys(
        (".gp3", ".gp4", ".gp5", ".gp", ".gpx"), "partimento.io.guitar_pro.read:read_score"
    ),
}
SUFFIXES = tuple(READERS)
TUNES = ".abc"  # a file of this format may contain several tunes
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
        trusted. If the file contains several tunes (ABC): the name of one, such as ``12``; in a zip
        ``folder/tunes.abc/12``.

    Raises
    ------
    InvalidScoreError
        If the file is missing, too large or damaged.
    OSError
        If it cannot be read.
    """
    if tune := _tune_of(path, member):
        inner = member.removesuffix(tune).rstrip("/")
        return _tunes(path, inner, os.stat(path).st_mtime_ns).select(tune)  # noqa: PTH116
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


def suffix_of(path: Path | str, member: str = "") -> str:
    """Return the suffix of a score, in lower case; see `read_score_bytes`.

    >>> suffix_of("a.zip", "b.MID"), suffix_of("tunes.abc", "12"), suffix_of("a.zip", "t.abc/12")
    ('.mid', '.abc', '.abc')
    """
    if _tune_of(path, member):
        return TUNES
    return PurePosixPath(member or path).suffix.lower()


def split_tune_name(path: Path) -> tuple[Path, str]:
    """Split a path such as ``tunes.abc/12``: the file, and the name of the tune in it.

    The name is empty if the path does not have this form.
    """
    if path.parent.suffix.lower() == TUNES and not path.exists() and path.parent.is_file():
        return path.parent, path.name
    return path, ""


def _tune_of(path: Path | str, member: str) -> str:
    """Return the name of the tune that `member` states; empty if it states none."""
    if not member:
        return ""
    if PurePosixPath(path).suffix.lower() == TUNES:
        return member
    inner = PurePosixPath(member)
    return inner.name if inner.parent.suffix.lower() == TUNES else ""


class _Tunes(NamedTuple):
    data: bytes
    by_name: dict[str, bytes]

    def select(self, name: str) -> bytes:
        if name not in self.by_name:
            from partimento.io.abc.tunes import select_tune

            return select_tune(self.data, name)  # raises the error
        return self.by_name[name]


@lru_cache(maxsize=2)
def _tunes(path: str, member: str, changed_ns: int) -> _Tunes:
    """Return the tunes of an ABC file; the last two files are kept.

    Splitting the file again for every tune in it would take quadratic time.
    """
    from partimento.io.abc.tunes import split_tunes

    data = read_score_bytes(path, member)
    return _Tunes(data, {tune.name: tune.data for tune in split_tunes(data)})


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
