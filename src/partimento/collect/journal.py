"""Record every answer as a line of JSON, so that a stopped collection can resume.

A *run* is one collection, from its listing to its last file. It may take several starts of the
program. Within a run, nothing is requested twice. A later run requests everything again, with the
recorded entity tags and dates: the archive then only has to send what has changed.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from partimento.files import exclusive, write_atomically
from partimento.short_repr import short_repr

JOURNAL = ".collect.jsonl"
LOCK = ".collect.lock"
RESUME_DAYS = 30  # an older run is not resumed
Record = dict[str, Any]


@short_repr
class Journal:
    """The journal of the collections in a folder.

    Parameters
    ----------
    folder : path
    query : mapping
        The query of the collection. A run is resumed only for the same query.
    now : datetime
    write : bool
        If False, nothing is written, and new records are kept in memory only.

    Attributes
    ----------
    run : int
        The number of the current run.
    resumed : bool
        Whether it was begun by an earlier start of the program.
    """

    def __init__(
        self, folder: Path, query: Mapping[str, str], *, now: datetime, write: bool = True
    ) -> None:
        self._known: dict[str, Record] = {}
        self._open: dict[int, Record] = {}
        self._file: IO[bytes] | None = None
        last = self._read(folder / JOURNAL)
        self.run = self._find(query, now)
        self.resumed = self.run > 0
        if not self.resumed:
            self.run = last + 1
            self._open[self.run] = {
                "start": self.run,
                "query": dict(query),
                "time": now.isoformat(),
            }
        if write:
            records = [*self._open.values(), *self._known.values()]
            write_atomically(folder / JOURNAL, "".join(map(_line, records)))
            self._file = (folder / JOURNAL).open("ab")

    def _read(self, path: Path) -> int:
        last = 0
        for record in _records(path):
            if isinstance(record.get("key"), str):
                self._known[record["key"]] = record
            elif isinstance(record.get("start"), int):
                self._open[record["start"]] = record
            elif isinstance(record.get("end"), int):
                self._open.pop(record["end"], None)
            last = max(
                [
                    last,
                    *(
                        record[name]
                        for name in ("run", "start", "end")
                        if isinstance(record.get(name), int)
                    ),
                ]
            )
        return last

    def _find(self, query: Mapping[str, str], now: datetime) -> int:
        for run, record in sorted(self._open.items(), reverse=True):
            with contextlib.suppress(KeyError, TypeError, ValueError):
                if record["query"] == dict(query) and now - datetime.fromisoformat(
                    record["time"]
                ) < timedelta(days=RESUME_DAYS):
                    return run
        return 0

    def known(self, key: str) -> Record:
        """Return the latest record of `key` in any run; empty if there is none."""
        return self._known.get(key, {})

    def settled(self, key: str) -> bool:
        """Return whether `key` was answered in this run and needs no retry."""
        record = self.known(key)
        return record.get("run") == self.run and not record.get("again")

    def records(self) -> list[Record]:
        """Return the latest record of every key."""
        return list(self._known.values())

    def add(self, key: str, **fields: Any) -> None:
        """Record an answer; it is on disk when this returns."""
        record = {"key": key, "run": self.run, **fields}
        self._known[key] = record
        self._append(record)

    def finish(self) -> None:
        """Record that this run is complete."""
        self._open.pop(self.run, None)
        self._append({"end": self.run})

    def close(self) -> None:
        if self._file:
            self._file.close()

    def _append(self, record: Record) -> None:
        if self._file:
            self._file.write(_line(record).encode())
            self._file.flush()
            os.fsync(self._file.fileno())


def _line(record: Record) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"


def _records(path: Path) -> Iterator[Record]:
    """Yield the records of a journal.

    Incomplete lines, from a killed process or a full disk, are ignored: their requests are then
    repeated.
    """
    if not path.is_file():
        return
    for line in path.read_bytes().splitlines():
        with contextlib.suppress(ValueError):
            record = json.loads(line)
            if isinstance(record, dict):
                yield record


def remove_partial_files(folder: Path) -> None:
    """Remove temporary files that a killed process left.

    These are the files of `files.write_atomically`. No other process may be writing to the folder.
    """
    for path in folder.rglob(".*.part"):
        if (
            re.fullmatch(r"\..+\.(midi?|csv|jsonl)\.[a-z0-9_]{8}\.part", path.name, re.IGNORECASE)
            and path.is_file()
        ):
            path.unlink()


@contextlib.contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Let only one process at a time collect into a folder.

    The lock is released when the block ends or the process dies.

    Raises
    ------
    PartimentoError
        If another process holds the lock.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with exclusive(folder / LOCK, busy=f"another process is collecting into {folder}"):
        yield
