"""Find the scores in sources: files, folders, zips and bundled collections.

Every score has a name that is the same on every machine: the name of its source, and the path
inside it. It also has its row in a manifest, if there is one.
"""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from partimento.collect import read_manifest, resolve
from partimento.collect.bundled import collections, license_note
from partimento.collect.manifest import MANIFEST
from partimento.errors import InvalidScoreError, PartimentoError
from partimento.files import check_exists
from partimento.io.formats import (
    SUFFIXES,
    TUNES,
    ZIP_FAULTS,
    read_score_bytes,
    split_tune_name,
    suffix_of,
    tunes_of,
)
from partimento.io.kinds import advice_for
from partimento.music.limits import MAX_BYTES
from partimento.short_repr import short_repr

MAX_MEMBERS = 1_000_000  # files in a zip
MAX_RATIO = 200  # of unpacked to packed size; for scores it is at most about 40
SMALL = 2**20  # bytes; the ratio of smaller files is not checked
BUNDLED = "bundled:"
Known = Mapping[str, str]


@short_repr
@dataclass(frozen=True)
class Score:
    """A score file to read.

    Attributes
    ----------
    name : str
        The name of the source and the path in it, such as ``mutopia-guitar/SorF/sor-op1-1.mid``. It
        is the same on every machine.
    place : Path
        The file, or the zip that contains it.
    member : str
        Its name inside the zip; empty if it is not in a zip.
    known : mapping
        Its row in a manifest, by column; empty if there is none.
    """

    name: str
    place: Path
    member: str = ""
    known: Known = field(default_factory=dict)

    @property
    def suffix(self) -> str:
        return suffix_of(self.place, self.member)

    @property
    def path(self) -> str:
        """The path on this machine, for messages."""
        return f"{self.place}/{self.member}" if self.member else str(self.place)


def find_scores(sources: Iterable[Path | str]) -> tuple[list[Score], list[tuple[str, str]]]:
    """Find the scores in sources, in the order of the sources, then of names.

    Returns
    -------
    scores : list of Score
        A file that is in several sources is one score.
    faults : list of (str, str)
        Paths that are not read, and the reasons.

    Raises
    ------
    PartimentoError
        If a source does not exist, or two different files would have the same name.
    """
    faults: list[tuple[str, str]] = []
    by_place: dict[tuple[Path, str], Score] = {}
    for source in sources:
        for score in _scores_of(str(source), faults):
            key = (absolute(score.place), score.member)
            # If a file is in several sources, keep the longest name, which says most.
            by_place[key] = max(
                score,
                by_place.get(key, score),
                key=lambda candidate: (candidate.name.count("/"), candidate.name),
            )
    by_name: dict[str, Score] = {}
    for score in by_place.values():
        other = by_name.setdefault(score.name, score)
        if other is not score and not _same(other, score):
            raise PartimentoError(
                f"{other.path} and {score.path} would have the same name {score.name}: give the"
                " folder above both as the source"
            )
    return list(by_name.values()), faults


def check_source(source: str) -> None:
    """Raise PartimentoError unless a source is bundled or exists."""
    if not source.startswith(BUNDLED) and not split_tune_name(Path(source))[1]:
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
            name = _storable(f"{source}/{path.relative_to(top).as_posix()}")
            score = Score(name, path, known=known)
            yield from _tunes_of(score) if score.suffix in TUNES else (score,)
        return
    path, tune = split_tune_name(Path(source))
    if tune:
        yield Score(_storable(f"{path.name}/{tune}"), path, tune)
        return
    check_source(source)
    files, unread = find_files([path])
    faults += [(str(path), reason) for path, reason in unread]
    is_whole_folder = is_folder(path)
    top = path if is_whole_folder else path.parent
    source_name = absolute(path).name if is_whole_folder else ""
    manifests = _Manifests(absolute(top), faults)
    for path in files:
        name = _storable(PurePosixPath(source_name, path.relative_to(top).as_posix()).as_posix())
        if path.suffix.lower() == ".zip":
            yield from _members(path, name, faults)
        else:
            score = Score(name, path, known=manifests.row(path))
            yield from _tunes_of(score) if score.suffix in TUNES else (score,)


def absolute(path: Path) -> Path:
    """Return the absolute path, with ``..`` resolved by name.

    Symbolic links are not resolved: they keep the names that the user gave.
    """
    return Path(os.path.normpath(path.absolute()))


class _Manifests:
    """Find the rows of scores in manifests, in their folder or any one above it.

    Each manifest is read once.
    """

    def __init__(self, top: Path, faults: list[tuple[str, str]]) -> None:
        """Initialize without reading.

        Errors in manifests in the folder `top` or below are added to `faults`. A manifest above it
        may belong to another program, so that errors in it are ignored.
        """
        self._read: dict[Path, dict[str, Known]] = {}
        self._top, self._faults = top, faults

    def row(self, path: Path) -> Known:
        """Return the row of a score; empty if no manifest has one."""
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
                self._faults.append((str(folder / MANIFEST), f"it is ignored: {error}"))
            return {}


def _members(place: Path, name: str, faults: list[tuple[str, str]]) -> Iterator[Score]:
    """Yield the scores inside a zip, sorted by name, with rows of a manifest in it."""
    try:
        with zipfile.ZipFile(place) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS:
                raise InvalidScoreError(
                    f"{len(members):,} files inside: more than {MAX_MEMBERS:,} are not read"
                )
            known = _manifest_inside(archive, place, faults)
    except (OSError, InvalidScoreError, *ZIP_FAULTS) as error:
        faults.append((str(place), f"it cannot be read as a zip: {error}"))
        return
    accepted: set[str] = set()
    for member in sorted(members, key=lambda member: member.filename):
        path = PurePosixPath(member.filename)
        hidden = any(
            part.startswith(".") or part == "__MACOSX" for part in path.parts if part != ".."
        )
        if member.is_dir() or hidden:
            continue
        if path.suffix.lower() not in (*SUFFIXES, ".zip"):
            if advice := advice_for(path.name):
                faults.append((f"{place}/{_storable(member.filename)}", advice))
            continue
        if reason := _rejection(member, accepted):
            faults.append((f"{place}/{member.filename}", reason))
            continue
        accepted.add(member.filename)
        score = Score(
            _storable(f"{name}/{member.filename}"),
            place,
            member.filename,
            known.get(member.filename, {}),
        )
        yield from _tunes_of(score) if score.suffix in TUNES else (score,)


def _tunes_of(score: Score) -> Iterator[Score]:
    """Yield a score for each tune of a file, or the file if it has a single one."""
    try:
        tunes = tunes_of(read_score_bytes(str(score.place), score.member), score.suffix)
    except (OSError, InvalidScoreError):
        tunes = []  # reading it will give the reason
    if len(tunes) < 2:
        yield score
        return
    for tune in tunes:
        member = f"{score.member}/{tune.name}" if score.member else tune.name
        yield replace(score, name=f"{score.name}/{tune.name}", member=member)


def _rejection(member: zipfile.ZipInfo, accepted: set[str]) -> str:
    """Return why a file in a zip is not read; empty if it is."""
    if member.filename.lower().endswith(".zip"):
        return "a zip inside a zip is not read"
    if member.filename in accepted:
        return "its name is in the zip twice"
    if (
        not member.filename.isprintable()
        or member.filename.startswith("/")
        or ".." in PurePosixPath(member.filename).parts
    ):
        return "its name is not a plain path"
    if member.file_size > max(SMALL, member.compress_size * MAX_RATIO):
        return "it is packed more tightly than any score (a zip bomb?)"
    if member.file_size > MAX_BYTES:
        return f"larger than {MAX_BYTES // 2**20} MiB"
    return ""


def _manifest_inside(
    archive: zipfile.ZipFile, place: Path, faults: list[tuple[str, str]]
) -> dict[str, Known]:
    """Read the manifest nearest to the top of a zip, and return its rows by path.

    Paths in the manifest are relative to its folder.
    """
    names = sorted(
        (name for name in archive.namelist() if PurePosixPath(name).name == MANIFEST),
        key=lambda name: name.count("/"),
    )
    if not names:
        return {}
    try:
        if archive.getinfo(names[0]).file_size > MAX_BYTES:
            raise InvalidScoreError(f"larger than {MAX_BYTES // 2**20} MiB")
        text = archive.read(names[0]).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), restval="", strict=True))
    except (csv.Error, OSError, InvalidScoreError, *ZIP_FAULTS) as error:
        faults.append((f"{place}/{names[0]}", f"it is ignored: {error}"))
        return {}
    top = PurePosixPath(names[0]).parent
    return {
        (top / row["path"]).as_posix(): {k: v for k, v in row.items() if k is not None}
        for row in rows
        if "path" in row
    }


def _storable(name: str) -> str:
    """Return a file name as valid text; invalid bytes become escape sequences."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def provenance(name: str, known: Mapping[str, str], measured: Mapping[str, Any]) -> dict[str, Any]:
    """Return the provenance of a piece: a row of a store's columns `PROVENANCE`.

    Parameters
    ----------
    name : str
        `Score.name`.
    known : mapping
        The row of a manifest, which takes precedence.
    measured : mapping
        With the keys ``title_in_file`` and ``composer_in_file``.
    """
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
    """Find the files in sources, which are files or folders.

    In folders and the folders below, these are zips and files with the suffix of a score, sorted by
    name, without hidden ones. Every folder is entered once, even in a loop of symbolic links. A
    source that is a file is included with any suffix but those of `io.kinds`.

    Returns
    -------
    files : list of Path
    faults : list of (Path, str)
        Paths that could not be opened, and files with music in a format that is not read, with the
        reasons. Files that are plainly no music are passed over.
    """
    files: list[Path] = []
    faults: list[tuple[Path, str]] = []
    entered: set[tuple[int, int]] = set()
    for source in sources:
        path = Path(source)
        if is_folder(path, faults):
            _walk(path, files, faults, entered)
        elif advice := advice_for(path.name):
            faults.append((path, advice))
        else:
            files.append(path)
    return files, faults


def _walk(
    top: Path, files: list[Path], faults: list[tuple[Path, str]], entered: set[tuple[int, int]]
) -> None:
    waiting = [top]  # no recursion, because a tree of folders may be deeper than Python's stack
    while waiting:
        folder = waiting.pop()
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in entered:
                continue
            entered.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as scan:
                entries = sorted(
                    (entry for entry in scan if not entry.name.startswith(".")),
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
            elif advice := advice_for(path.name):
                faults.append((path, advice))
        waiting += reversed(folders)


def is_folder(path: Path, faults: list[tuple[Path, str]] | None = None) -> bool:
    """Return whether `path` is a folder, or a symbolic link to one.

    Returns False for dangling links, loops of links, and paths that cannot be examined. The latter
    are added to `faults`.
    """
    try:
        return path.is_dir()
    except OSError as error:
        if faults is not None:
            faults.append((path, (error.strerror or str(error)).lower()))
        return False
