"""Find the rows of earlier builds, so that no file is read twice.

These are the rows of the store that is replaced or appended to, and those of the parts that an
unfinished build has written. The key of a row is the SHA-256 of its file, the file's format, and
the instruments stated in a manifest. A *chunk* is a row group of a store, or a part.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from partimento.corpus.store.rows import Row
from partimento.corpus.store.schema import METADATA, table_of
from partimento.errors import PartimentoError
from partimento.files import exclusive, new_file
from partimento.short_repr import short_repr

PARTS = "part-*.arrow"
MARK = b"partimento"  # the metadata key under which a part states how its rows were made
PART_ROWS = 512
FLUSH_S = 5.0  # rows are written after this time at the latest: a kill loses no more
ROW_KEY = ("sha256", "format", "instrument")  # the columns that determine a row
RowKey = tuple[str, str, str]


class RowLocation(NamedTuple):
    """The location of a row: the number of its chunk, and its number in the chunk."""

    chunk: int
    row: int


@short_repr
class RowCache:
    """Give access to all rows of a build, with only a few chunks in memory at a time."""

    def __init__(self, mark: str) -> None:
        """Start empty.

        `mark` describes how rows are made (`Head.of_rows`). Parts with another mark are not used.
        """
        self._mark = mark.encode()
        # A part and None, or a store and the number of a row group.
        self._chunks: list[tuple[Path, int | None]] = []
        self.locations: dict[RowKey, RowLocation] = {}
        self._load = lru_cache(maxsize=8)(self._read)

    def add_store(self, path: Path) -> None:
        """Add every row group of a store."""
        for group in range(pq.read_metadata(path).num_row_groups):
            self._add((path, group))

    def _add_part(self, path: Path) -> None:
        with pa.memory_map(str(path)) as source:
            if (pa.ipc.open_file(source).schema.metadata or {}).get(MARK) != self._mark:
                raise ValueError("the rows were made with other settings")
        self._add((path, None))

    def add_parts(self, folder: Path) -> None:
        """Add the parts that an unfinished build left in `folder`.

        Damaged parts, and those with another mark, are deleted: their files will be read again.
        """
        for path in sorted(folder.glob(PARTS)):
            try:
                self._add_part(path)
            except (pa.ArrowException, OSError, ValueError, KeyError):
                path.unlink(missing_ok=True)

    def write_part(self, path: Path, rows: Sequence[Row]) -> list[RowLocation]:
        """Write rows as a new part, and return their locations."""
        table = table_of(rows).replace_schema_metadata({MARK: self._mark})
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        # Not durable: if a power cut damages a part, its files are read again.
        with (
            new_file(path, durable=False) as work,
            pa.OSFile(str(work), "wb") as sink,
            pa.ipc.new_file(sink, table.schema, options=options) as writer,
        ):
            writer.write_table(table)
        return self._add((path, None))

    def _add(self, chunk: tuple[Path, int | None]) -> list[RowLocation]:
        keys = self._read_chunk(chunk, ROW_KEY).to_pydict()
        self._chunks.append(chunk)
        locations = [RowLocation(len(self._chunks) - 1, row) for row in range(len(keys["sha256"]))]
        self.locations |= zip(
            zip(*(keys[name] for name in ROW_KEY), strict=True), locations, strict=True
        )
        return locations

    def take(self, locations: Sequence[RowLocation], columns: Iterable[str]) -> pa.Table:
        """Return the rows at the given locations, in this order."""
        names, order, tables, positions = tuple(columns), np.arange(len(locations)), [], []
        chunks = np.array([location.chunk for location in locations])
        rows = np.array([location.row for location in locations])
        for chunk in sorted(set(chunks.tolist())):
            in_chunk = order[chunks == chunk]
            tables.append(self._load(chunk, names).take(pa.array(rows[in_chunk])))
            positions.append(in_chunk)
        table = pa.concat_tables(tables)
        inverse = np.argsort(np.concatenate(positions))
        return table if (inverse == order).all() else table.take(pa.array(inverse))

    def metadata(self, location: RowLocation) -> dict[str, Any]:
        """Return all columns of a row in a store except the music."""
        row: dict[str, Any] = (
            self._load(location.chunk, METADATA).slice(location.row, 1).to_pylist()[0]
        )
        return row

    def _read(self, chunk: int, columns: tuple[str, ...]) -> pa.Table:
        return self._read_chunk(self._chunks[chunk], columns)

    @staticmethod
    def _read_chunk(chunk: tuple[Path, int | None], columns: tuple[str, ...]) -> pa.Table:
        path, group = chunk
        if group is not None:
            with pq.ParquetFile(path) as file:
                return file.read_row_group(group, columns=list(columns)).select(list(columns))
        with pa.memory_map(str(path)) as source:
            names = pa.ipc.open_file(source).schema.names
            options = pa.ipc.IpcReadOptions(
                included_fields=sorted(names.index(name) for name in columns), use_threads=False
            )
            return pa.ipc.open_file(source, options=options).read_all().select(list(columns))


@short_repr
class RowWriter:
    """Collect new rows, and write them to the cache as parts.

    A part is written when `PART_ROWS` rows have been collected or `FLUSH_S` seconds have passed.
    """

    def __init__(self, cache: RowCache, folder: Path) -> None:
        self._cache, self._folder = cache, folder
        self._waiting: list[tuple[str, Row]] = []
        self._number = sum(1 for _ in folder.glob(PARTS))
        self._since = time.monotonic()
        self.locations: dict[str, RowLocation] = {}

    def add(self, name: str, row: Row) -> None:
        """Add the row of the score `name`; `locations` has it once it is written."""
        self._waiting.append((name, row))
        if len(self._waiting) >= PART_ROWS or time.monotonic() - self._since > FLUSH_S:
            self.flush()

    def flush(self) -> None:
        """Write the collected rows."""
        if self._waiting:
            names, rows = zip(*self._waiting, strict=True)
            self._waiting.clear()
            mark = hashlib.sha256(names[0].encode(errors="surrogateescape")).hexdigest()[:8]
            path = self._folder / PARTS.replace("*", f"{self._number:06}-{mark}")
            self.locations.update(zip(names, self._cache.write_part(path, rows), strict=True))
            self._number += 1
        self._since = time.monotonic()


@contextmanager
def build_directory(out: Path) -> Iterator[Path]:
    """Lock and yield the temporary directory for building the store `out`.

    The directory is deleted if the block succeeds. Otherwise it is kept for the next build, if any
    part was written.

    Raises
    ------
    PartimentoError
        If another process is building the same store, or the directory cannot be written.
    """
    directory = out.with_name(f".{out.name}.build")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with exclusive(directory / "lock", busy=f"another process is building {out}"):
            for path in [
                *directory.glob(".*.part"),
                *out.parent.glob(f".{out.name}.????????.part"),
            ]:
                path.unlink(missing_ok=True)  # incomplete files of a build that was killed
            try:
                yield directory
            except BaseException:
                if not any(directory.glob(PARTS)):
                    shutil.rmtree(directory, ignore_errors=True)
                raise
            shutil.rmtree(directory, ignore_errors=True)
    except OSError as error:
        raise PartimentoError(f"cannot write {out}: {error.strerror or error}") from error
