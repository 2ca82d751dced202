"""Make file names and archives from the web safe, or reject them with a reason."""

from __future__ import annotations

import hashlib
import io
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from partimento.collect.errors import RefusedError

MAX_MIDI = 8 * 2**20  # bytes
MAX_ZIP = 16 * 2**20  # bytes
MAX_MEMBERS = 500  # files in a zip
MAX_UNPACKED = 64 * 2**20  # bytes of a zip's files together
MAX_RATIO = 200  # of unpacked to packed size; for MIDI it is about 10
MAX_NAME = 120  # bytes; file systems allow 255, and Windows 260 for a whole path
MAX_DEPTH = 8
MIDI_SUFFIXES = (".mid", ".midi")
DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    f"{port}{number}" for port in ("com", "lpt") for number in range(10)
}


def safe_path(raw: str) -> PurePosixPath:
    """Convert an untrusted path to a relative path that is valid on all systems.

    Characters that some systems do not allow become ``_``. Device names and names that are too long
    are changed. A changed name gets a hash of the original one, so that no two collide.

    Raises
    ------
    RefusedError
        If `raw` is absolute, leaves its folder (``..``), has a backslash or a control character, or
        has more than `MAX_DEPTH` names. No honest archive has such paths.

    Examples
    --------
    >>> safe_path("SorF/O35/étude 1.mid").as_posix()
    'SorF/O35/étude 1.mid'
    >>> safe_path("SorF/aux.mid").as_posix()
    'SorF/_aux-d94496e6.mid'
    >>> safe_path("../sor.mid")
    Traceback (most recent call last):
    ...
    partimento.collect.errors.RefusedError: the path '../sor.mid' leaves its folder
    """
    shown = repr(raw[:80])
    if raw.startswith("/") or re.match(r"[A-Za-z]:", raw):
        raise RefusedError(f"the path {shown} is absolute")
    parts = raw.split("/")
    if ".." in parts:
        raise RefusedError(f"the path {shown} leaves its folder")
    if "\\" in raw or any(unicodedata.category(char) in ("Cc", "Cs") for char in raw):
        raise RefusedError(f"the path {shown} has a backslash or a control character")
    if len(parts) > MAX_DEPTH or any(part in ("", ".") for part in parts):
        raise RefusedError(f"the path {shown} is not a plain path of at most {MAX_DEPTH} names")
    return PurePosixPath(*(_safe_name(part) for part in parts))


def _safe_name(raw: str) -> str:
    normal = unicodedata.normalize("NFC", raw)
    name = re.sub(r"[^\w.,+()'&=@ -]", "_", normal).strip(" .").lstrip("-") or "_"
    if name.partition(".")[0].rstrip(" ").casefold() in DEVICES:
        name = f"_{name}"
    if name == normal and len(name.encode()) <= MAX_NAME:
        return name
    return add_hash(PurePosixPath(name), raw).name


def add_hash(path: PurePosixPath, text: str) -> PurePosixPath:
    """Add a short hash of `text` to the name of a path, cut to `MAX_NAME` bytes.

    >>> add_hash(PurePosixPath("a/b.mid"), "other").as_posix()
    'a/b-d9298a10.mid'
    """
    digest = hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:8]
    suffix = path.suffix if len(path.suffix.encode()) <= 16 else ""
    room = MAX_NAME - len(suffix.encode()) - len(digest) - 1
    stem = path.name.removesuffix(suffix).encode()[:room].decode(errors="ignore").rstrip(" .")
    return path.with_name(f"{stem}-{digest}{suffix}")


def inside(folder: Path, path: PurePosixPath) -> Path:
    """Return the location of a relative path in a folder.

    Raises
    ------
    RefusedError
        If a symbolic link would lead out of the folder.
    """
    target = folder / path
    if not target.parent.resolve().is_relative_to(folder.resolve()) or target.is_symlink():
        raise RefusedError(f"{path} is a symbolic link, or in a folder that is one")
    return target


def check_midi(data: bytes) -> None:
    """Check that `data` begins like a standard MIDI file.

    Raises
    ------
    RefusedError
        If it does not.
    """
    if data[:4] != b"MThd" or len(data) < 14:
        raise RefusedError("it is not a MIDI file")


def midi_defect(data: bytes) -> str:
    """Return why a MIDI file is incomplete, or an empty string.

    HTTP does not always report an interrupted connection.

    >>> header = b"MThd" + bytes([0, 0, 0, 6, 0, 0, 0, 1, 1, 128])
    >>> midi_defect(header + b"MTrk" + bytes([0, 0, 0, 9]))
    'a MIDI file that ends before the end of its 1 track'
    """
    if data[:4] != b"MThd":
        return ""
    is_complete, at = False, 0
    tracks = struct.unpack_from(">H", data, 10)[0] if len(data) >= 14 else 1
    count = 0
    while at + 8 <= len(data) and count < tracks:
        count += data[at : at + 4] == b"MTrk"
        at += 8 + int(struct.unpack_from(">I", data, at + 4)[0])
        is_complete = at <= len(data)
    return (
        ""
        if is_complete and count >= tracks
        else f"a MIDI file that ends before the end of its {tracks} track{'s' * (tracks > 1)}"
    )


def zip_defect(data: bytes) -> str:
    """Return why a zip is incomplete, or an empty string."""
    return (
        "a zip that ends too early"
        if data[:2] == b"PK" and not zipfile.is_zipfile(io.BytesIO(data))
        else ""
    )


def unpack_midis(data: bytes) -> tuple[list[tuple[PurePosixPath, bytes]], list[tuple[str, str]]]:
    """Return the MIDI files of a zip in the order of movements, and rejected members.

    Returns
    -------
    files : list of (PurePosixPath, bytes)
        Safe relative paths, and contents.
    rejected : list of (str, str)
        Names of members, and reasons.

    Raises
    ------
    RefusedError
        If the archive is damaged, or unpacks to far more than its size. None of its files is then
        used.
    """
    if data.count(b"PK\x01\x02") > MAX_MEMBERS:  # before zipfile creates an object for each
        raise RefusedError(f"a zip of more than {MAX_MEMBERS} members")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.infolist() if not member.filename.endswith("/")]
            _check_sizes(members)
            files: list[tuple[PurePosixPath, bytes]] = []
            rejected: list[tuple[str, str]] = []
            for member in members:
                try:
                    files.append((_member_path(member), _read_member(archive, member)))
                except RefusedError as error:
                    rejected.append((member.filename, str(error)))
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        ArithmeticError,
        EOFError,
        RuntimeError,
        ValueError,
        OSError,
    ) as error:
        raise RefusedError(f"a zip that cannot be read: {error or type(error).__name__}") from error
    return sorted(files, key=lambda file: _natural(file[0])), rejected


def _check_sizes(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_MEMBERS:
        raise RefusedError(f"a zip of more than {MAX_MEMBERS} members")
    total = sum(member.file_size for member in members)
    if total > MAX_UNPACKED:
        raise RefusedError(f"a zip that unpacks to more than {MAX_UNPACKED // 2**20} MiB")
    packed = sum(member.compress_size for member in members)
    if total > 2**20 and total > MAX_RATIO * packed:
        raise RefusedError(f"a zip that unpacks to more than {MAX_RATIO} times its size")


def _member_path(member: zipfile.ZipInfo) -> PurePosixPath:
    # `filename` is cut at a NUL, and has the system's separator replaced by a slash. The name as
    # written is `orig_filename`.
    path = safe_path(member.orig_filename)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise RefusedError("a link" if kind == stat.S_IFLNK else "not a plain file")
    if path.suffix.lower() not in MIDI_SUFFIXES:
        raise RefusedError("it is not a MIDI file")
    if member.flag_bits & 1:
        raise RefusedError("it is encrypted")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise RefusedError("an unusual compression")
    if member.file_size > MAX_MIDI:
        raise RefusedError(f"larger than {MAX_MIDI // 2**20} MiB")
    return path


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with archive.open(member) as file:
        # zipfile reads at most the size that the zip states, and verifies the checksum.
        data = file.read(MAX_MIDI + 1)
    check_midi(data)
    if reason := midi_defect(data):
        raise RefusedError(reason)
    return data


def _natural(path: PurePosixPath) -> tuple[list[str | int], ...]:
    """Return a sort key for paths that sorts the numbers in names by their value.

    LilyPond names movements NAME.mid, NAME-1.mid … NAME-10.mid.

    >>> names = ["bwv-988-10.mid", "bwv-988-2.mid", "bwv-988.mid"]
    >>> [path.name for path in sorted(map(PurePosixPath, names), key=_natural)]
    ['bwv-988.mid', 'bwv-988-2.mid', 'bwv-988-10.mid']
    """
    words = (*path.parent.parts, path.stem)
    return tuple(
        [int(word) if word.isdecimal() else word.casefold() for word in re.split(r"(\d+)", part)]
        for part in words
    )
