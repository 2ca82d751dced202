"""Define the file formats that are read, and read the content of a file."""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
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
# Suffixes of formats whose files may contain several tunes → the function that splits them.
TUNES = {
    ".abc": "partimento.io.abc.tunes:split_tunes",
    ".krn": "partimento.io.kern.segments:split_tunes",
}
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
        trusted. If the file contains several tunes (ABC, kern): the name of one, such as ``12``; in
        a zip ``folder/tunes.abc/12``.

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
        holder = PurePosixPath(member).parent
        return (holder.suffix or PurePosixPath(path).suffix).lower()
    return PurePosixPath(member or path).suffix.lower()


def split_tune_name(path: Path) -> tuple[Path, str]:
    """Split a path such as ``tunes.abc/12``: the file, and the name of the tune in it.

    The name is empty if the path does not have this form.
    """
    if path.parent.suffix.lower() in TUNES and not path.exists() and path.parent.is_file():
        return path.parent, path.name
    return path, ""


def _tune_of(path: Path | str, member: str) -> str:
    """Return the name of the tune that `member` states; empty if it states none."""
    if not member:
        return ""
    if PurePosixPath(path).suffix.lower() in TUNES:
        return member
    inner = PurePosixPath(member)
    return inner.name if inner.parent.suffix.lower() in TUNES else ""


class Tune(NamedTuple):
    """One tune of a file: its name in the file, and its lines."""

    name: str
    data: bytes


def tunes_of(data: bytes, suffix: str) -> list[Tune]:
    """Split the content of a file into its tunes; most formats have a single one."""
    if suffix not in TUNES:
        return [Tune("1", data)]
    module, _, name = TUNES[suffix].partition(":")
    tunes: list[Tune] = getattr(import_module(module), name)(data)
    return tunes


def tune_names(tunes: Sequence[Tune]) -> str:
    """Return the names of tunes for a message.

    >>> tune_names([Tune("1", b""), Tune("2", b"")])
    'it has the tunes 1, 2'
    """
    names = [tune.name for tune in tunes]
    shown = ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:3])} … {names[-1]}"
    return f"it has the tunes {shown}"


class _Tunes(NamedTuple):
    by_name: dict[str, bytes]

    def select(self, name: str) -> bytes:
        if name not in self.by_name:
            tunes = [Tune(known, b"") for known in self.by_name]
            raise InvalidScoreError(f"it has no tune {name[:20]}: {tune_names(tunes)}")
        return self.by_name[name]


@lru_cache(maxsize=2)
def _tunes(path: str, member: str, changed_ns: int) -> _Tunes:
    """Return the tunes of a file; those of the last two files are kept.

    Splitting the file again for every tune in it would take quadratic time.
    """
    data = read_score_bytes(path, member)
    tunes = tunes_of(data, PurePosixPath(member or path).suffix.lower())
    return _Tunes({tune.name: tune.data for tune in tunes})


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
