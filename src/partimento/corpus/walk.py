"""Which files a person means by a list of files and folders."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from partimento.io.formats import SUFFIXES


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
