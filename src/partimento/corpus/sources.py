"""What a person means by sources: files, folders, zips, collected folders and bundled collections
become a list of scores.

Each score keeps the name by which it will be known (its source's own name and the way inside it,
nothing of this machine) and what a manifest, where there is one, says of it.
"""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from partimento.collect import read_manifest, resolve
from partimento.collect.bundled import collections, license_note
from partimento.collect.manifest import MANIFEST
from partimento.errors import PartimentoError, UnfitError
from partimento.files import check_exists
from partimento.io.formats import SUFFIXES, ZIP_FAULTS
from partimento.music.limits import MAX_BYTES

MAX_MEMBERS = 1_000_000
MAX_RATIO = 200  # scores shrink to a fortieth at best; what shrinks more is no score
SMALL = 2**20  # of what is smaller, any ratio is harmless
BUNDLED = "bundled:"
Known = Mapping[str, str]


@dataclass(frozen=True)
class Score:
    """A file to read.

    Attributes
    ----------
    name : str
        As ``mutopia-guitar/SorF/sor-op1-1.mid``: the source's name and the way from it, on every
        machine the same.
    place : Path
        The file, or the zip that holds it.
    member : str
        Its name inside the zip; else empty.
    known : mapping
        What a manifest says of it, by the manifest's columns; empty without one.
    """

    name: str
    place: Path
    member: str = ""
    known: Known = field(default_factory=dict)

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.member or self.place.name).suffix.lower()

    @property
    def path(self) -> str:
        """Where it lies here, for messages."""
        return f"{self.place}/{self.member}" if self.member else str(self.place)


def find_scores(sources: Iterable[Path | str]) -> tuple[list[Score], list[tuple[str, str]]]:
    """Scores in the order of the sources and of names within each, and what could not be looked
    into with its reason.

    The same file reached twice is one score.

    Raises
    ------
    PartimentoError
        If a source does not exist, or two different files would bear one name.
    """
    faults: list[tuple[str, str]] = []
    found: dict[tuple[Path, str], Score] = {}
    for source in sources:
        for score in _scores_of(str(source), faults):
            where = (absolute(score.place), score.member)
            # Of two ways to one file the longer name says more, whichever source comes first.
            found[where] = max(
                score, found.get(where, score), key=lambda each: (each.name.count("/"), each.name)
            )
    named: dict[str, Score] = {}
    for score in found.values():
        other = named.setdefault(score.name, score)
        if other is not score and not _same(other, score):
            raise PartimentoError(
                f"{other.path} and {score.path} would both be known as {score.name}: name the folder above both"
            )
    return list(named.values()), faults


def check_source(source: str) -> None:
    """Raise PartimentoError if a source is neither bundled nor a file or folder that exists."""
    if not source.startswith(BUNDLED):
        check_exists(source, known=lambda: [BUNDLED + name for name in collections()])


def _same(a: Score, b: Score) -> bool:
    try:
        return a.member == b.member and a.place.samefile(b.place)
    except OSError:
        return False


def _scores_of(source: str, faults: list[tuple[str, str]]) -> Iterator[Score]:
    if source.startswith(BUNDLED):
        paths = resolve(source)
        top = Path(os.path.commonpath([path.parent for path in paths]))
        known = {
            "license": "see note",
            "license_note": license_note(source.removeprefix(BUNDLED)),
            "source_url": source,
        }
        for path in paths:
            yield Score(
                _storable(f"{source}/{path.relative_to(top).as_posix()}"), path, known=known
            )
        return
    given = Path(source)
    check_source(source)
    files, unread = find_files([given])
    faults += [(str(path), reason) for path, reason in unread]
    whole = is_folder(given)
    top = given if whole else given.parent
    own = absolute(given).name if whole else ""
    manifests = _Manifests(absolute(top), faults)
    for path in files:
        name = _storable(PurePosixPath(own, path.relative_to(top).as_posix()).as_posix())
        if path.suffix.lower() == ".zip":
            yield from _members(path, name, faults)
        else:
            yield Score(name, path, known=manifests.row(path))


def absolute(path: Path) -> Path:
    """The whole path, ``..`` resolved by name: links keep the names that the person gave them."""
    return Path(os.path.normpath(path.absolute()))


class _Manifests:
    """The rows of the manifests that lie in a score's folder or above it; each is read once."""

    def __init__(self, top: Path, faults: list[tuple[str, str]]) -> None:
        """What is wrong with a manifest in the folder `top` or below is told; above it may lie some
        other program's.
        """
        self._read: dict[Path, dict[str, Known]] = {}
        self._top, self._faults = top, faults

    def row(self, path: Path) -> Known:
        path = absolute(path)
        for folder in path.parents:
            if folder not in self._read:
                self._read[folder] = self._rows(folder)
            if row := self._read[folder].get(path.relative_to(folder).as_posix()):
                return row
        return {}

    def _rows(self, folder: Path) -> dict[str, Known]:
        try:
            return {row["path"]: row for row in read_manifest(folder)}
        except (PartimentoError, OSError) as error:
            if folder.is_relative_to(self._top):
                self._faults.append((str(folder / MANIFEST), f"what it says is lost: {error}"))
            return {}


def _members(place: Path, name: str, faults: list[tuple[str, str]]) -> Iterator[Score]:
    """The scores inside a zip, in the order of their names; with what a manifest inside says of
    them.
    """
    try:
        with zipfile.ZipFile(place) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS:
                raise UnfitError(
                    f"{len(members):,} files inside: more than {MAX_MEMBERS:,} are not read"
                )
            known = _manifest_inside(archive, place, faults)
    except (OSError, UnfitError, *ZIP_FAULTS) as error:
        faults.append((str(place), f"no zip that can be read: {error}"))
        return
    taken: set[str] = set()
    for member in sorted(members, key=lambda member: member.filename):
        path = PurePosixPath(member.filename)
        hidden = any(
            part.startswith(".") or part == "__MACOSX" for part in path.parts if part != ".."
        )
        if member.is_dir() or hidden or path.suffix.lower() not in (*SUFFIXES, ".zip"):
            continue
        if reason := _not_taken(member, taken):
            faults.append((f"{place}/{member.filename}", reason))
            continue
        taken.add(member.filename)
        yield Score(
            _storable(f"{name}/{member.filename}"),
            place,
            member.filename,
            known.get(member.filename, {}),
        )


def _not_taken(member: zipfile.ZipInfo, taken: set[str]) -> str:
    if member.filename.lower().endswith(".zip"):
        return "a zip inside a zip is not read"
    if member.filename in taken:
        return "its name is in the zip twice"
    if (
        not member.filename.isprintable()
        or member.filename.startswith("/")
        or ".." in PurePosixPath(member.filename).parts
    ):
        return "its name is no plain path"
    if member.file_size > max(SMALL, member.compress_size * MAX_RATIO):
        return "it is packed more tightly than any score (a zip bomb?)"
    if member.file_size > MAX_BYTES:
        return f"larger than {MAX_BYTES // 2**20} MiB"
    return ""


def _manifest_inside(
    archive: zipfile.ZipFile, place: Path, faults: list[tuple[str, str]]
) -> dict[str, Known]:
    """Of the manifests in a zip, the one nearest to its top; paths in it are relative to its
    folder.
    """
    names = sorted(
        (name for name in archive.namelist() if PurePosixPath(name).name == MANIFEST),
        key=lambda name: name.count("/"),
    )
    if not names:
        return {}
    try:
        if archive.getinfo(names[0]).file_size > MAX_BYTES:
            raise UnfitError(f"larger than {MAX_BYTES // 2**20} MiB")
        text = archive.read(names[0]).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), restval="", strict=True))
    except (csv.Error, OSError, UnfitError, *ZIP_FAULTS) as error:
        faults.append((f"{place}/{names[0]}", f"what it says is lost: {error}"))
        return {}
    top = PurePosixPath(names[0]).parent
    return {
        (top / row["path"]).as_posix(): {k: v for k, v in row.items() if k is not None}
        for row in rows
        if "path" in row
    }


def _storable(name: str) -> str:
    """A name as text: bytes of a file's name that are none come out as escapes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def provenance(name: str, known: Mapping[str, str], measured: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of where a piece came from: a manifest's word, and else the file's own."""
    alone = known.get("guitar_alone", "")
    license = " ".join(
        word
        for word in (
            known.get("license") or known.get("licence") or "",
            known.get("license_version", ""),
        )
        if word
    )
    return {
        "path": name,
        "title": known.get("title") or measured["title_in_file"],
        "composer": known.get("composer") or measured["composer_in_file"],
        "opus": known.get("opus", ""),
        "style": known.get("style", ""),
        "license": license,
        "url": known.get("source_url", ""),
        "contributor": known.get("contributor") or known.get("maintainer") or "",
        "date": known.get("published") or known.get("year") or "",
        "solo_said": {"yes": True, "no": False}.get(alone),
        "manifest": sorted(known.items()),
    }


def find_files(sources: Iterable[Path | str]) -> tuple[list[Path], list[tuple[Path, str]]]:
    """Files to read, and what could not be looked into with its reason.

    A folder gives its music files (known suffixes, and zips) and those of its folders, in the order
    of names; hidden ones are passed over. A file named by the caller is always taken, whatever its
    suffix. A folder reached twice (a loop of links) is entered once.
    """
    files: list[Path] = []
    faults: list[tuple[Path, str]] = []
    entered: set[tuple[int, int]] = set()
    for source in sources:
        path = Path(source)
        if is_folder(path, faults):
            _walk(path, files, faults, entered)
        else:
            files.append(path)
    return files, faults


def _walk(
    top: Path, files: list[Path], faults: list[tuple[Path, str]], entered: set[tuple[int, int]]
) -> None:
    waiting = [top]  # not recursion: a hostile tree may be deeper than Python's stack
    while waiting:
        folder = waiting.pop()
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in entered:
                continue
            entered.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as found:
                entries = sorted(
                    (entry for entry in found if not entry.name.startswith(".")),
                    key=lambda entry: entry.name,
                )
        except OSError as error:
            faults.append((folder, (error.strerror or str(error)).lower()))
            continue
        folders = []
        for entry in entries:
            path = Path(entry.path)
            if is_folder(path, faults):
                folders.append(path)
            elif path.suffix.lower() in (*SUFFIXES, ".zip"):
                files.append(path)
        waiting += reversed(folders)


def is_folder(path: Path, faults: list[tuple[Path, str]] | None = None) -> bool:
    """Whether `path` is a folder, through links too; a dangling link or a loop of links is none,
    nor is what cannot be looked at.
    """
    try:
        return path.is_dir()
    except OSError as error:
        if faults is not None:
            faults.append((path, (error.strerror or str(error)).lower()))
        return False
