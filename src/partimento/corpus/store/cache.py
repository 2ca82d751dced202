"""Rows that were read before: in the store that is to be built anew or added to, and in the parts
of an unfinished build.

A row is known by the SHA-256 of its file, the kind of file and the manifest's word for what plays.
It stands in a *box*: a row group of the store, or a part.
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

PARTS = "part-*.arrow"
MARK = b"partimento"
PART_ROWS = 512
FLUSH_S = 5.0  # rows that wait longer are written: no kill costs more
KEY = ("sha256", "format", "instrument")  # all that a row is made from
Key = tuple[str, str, str]


class Place(NamedTuple):
    """Where a row stands."""

    box: int
    row: int


class Shelf:
    """All boxes of a build; tables are loaded as they are asked for, and few are kept."""

    def __init__(self, mark: str) -> None:
        """`mark` says how its rows were made; parts with another one are not taken."""
        self._mark = mark.encode()
        self._boxes: list[
            tuple[Path, int | None]
        ] = []  # a part, or a store and one of its row groups
        self.places: dict[Key, Place] = {}
        self._load = lru_cache(maxsize=8)(self._read)

    def add_store(self, path: Path) -> None:
        """Every row group of a store."""
        for group in range(pq.read_metadata(path).num_row_groups):
            self._add((path, group))

    def _add_part(self, path: Path) -> None:
        with pa.memory_map(str(path)) as source:
            if (pa.ipc.open_file(source).schema.metadata or {}).get(MARK) != self._mark:
                raise ValueError("rows made in another way")
        self._add((path, None))

    def add_parts(self, folder: Path) -> None:
        """The parts that an unfinished build left in `folder`; damaged ones and those made in
        another way are taken away.
        """
        for path in sorted(folder.glob(PARTS)):
            try:
                self._add_part(path)
            except (pa.ArrowException, OSError, ValueError, KeyError):  # its scores are read again
                path.unlink(missing_ok=True)

    def write_part(self, path: Path, rows: Sequence[Row]) -> list[Place]:
        """A new part with these rows; where they stand now."""
        table = table_of(rows).replace_schema_metadata({MARK: self._mark})
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        # Not durable: a damaged part is read again.
        with (
            new_file(path, durable=False) as work,
            pa.OSFile(str(work), "wb") as sink,
            pa.ipc.new_file(sink, table.schema, options=options) as writer,
        ):
            writer.write_table(table)
        return self._add((path, None))

    def _add(self, box: tuple[Path, int | None]) -> list[Place]:
        keys = self._read_box(box, KEY).to_pydict()
        self._boxes.append(box)
        places = [Place(len(self._boxes) - 1, row) for row in range(len(keys["sha256"]))]
        self.places |= zip(zip(*(keys[name] for name in KEY), strict=True), places, strict=True)
        return places

    def take(self, places: Sequence[Place], columns: Iterable[str]) -> pa.Table:
        """These rows in this order."""
        wanted, order, tables, taken = tuple(columns), np.arange(len(places)), [], []
        boxes = np.array([place.box for place in places])
        rows = np.array([place.row for place in places])
        for box in sorted(set(boxes.tolist())):
            here = order[boxes == box]
            tables.append(self._load(box, wanted).take(pa.array(rows[here])))
            taken.append(here)
        table = pa.concat_tables(tables)
        inverse = np.argsort(np.concatenate(taken))
        return table if (inverse == order).all() else table.take(pa.array(inverse))

    def metadata(self, place: Place) -> dict[str, Any]:
        """The metadata of a row of the store."""
        row: dict[str, Any] = self._load(place.box, METADATA).slice(place.row, 1).to_pylist()[0]
        return row

    def _read(self, box: int, columns: tuple[str, ...]) -> pa.Table:
        return self._read_box(self._boxes[box], columns)

    @staticmethod
    def _read_box(box: tuple[Path, int | None], columns: tuple[str, ...]) -> pa.Table:
        path, group = box
        if group is not None:
            with pq.ParquetFile(path) as file:
                return file.read_row_group(group, columns=list(columns)).select(list(columns))
        with pa.memory_map(str(path)) as source:
            names = pa.ipc.open_file(source).schema.names
            options = pa.ipc.IpcReadOptions(
                included_fields=sorted(names.index(name) for name in columns), use_threads=False
            )
            return pa.ipc.open_file(source, options=options).read_all().select(list(columns))


class Parts:
    """Rows on their way to the shelf: written together, and never kept waiting for long."""

    def __init__(self, shelf: Shelf, folder: Path) -> None:
        self._shelf, self._folder = shelf, folder
        self._waiting: list[tuple[str, Row]] = []
        self._number = sum(1 for _ in folder.glob(PARTS))
        self._since = time.monotonic()
        self.places: dict[str, Place] = {}

    def add(self, name: str, row: Row) -> None:
        """Take the row of the score `name`; its place is known when it has been written."""
        self._waiting.append((name, row))
        if len(self._waiting) >= PART_ROWS or time.monotonic() - self._since > FLUSH_S:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            names, rows = zip(*self._waiting, strict=True)
            self._waiting.clear()
            mark = hashlib.sha256(names[0].encode(errors="surrogateescape")).hexdigest()[:8]
            path = self._folder / PARTS.replace("*", f"{self._number:06}-{mark}")
            self.places.update(zip(names, self._shelf.write_part(path, rows), strict=True))
            self._number += 1
        self._since = time.monotonic()


@contextmanager
def workshop(out: Path) -> Iterator[Path]:
    """The folder in which one process at a time builds `out`.

    It is cleared away when the build is whole; when it is not, it stays for the next try, if
    anything was read.
    """
    shop = out.with_name(f".{out.name}.build")
    try:
        shop.mkdir(parents=True, exist_ok=True)
        with exclusive(shop / "lock", busy=f"another process is building {out}"):
            for path in [*shop.glob(".*.part"), *out.parent.glob(f".{out.name}.????????.part")]:
                path.unlink(missing_ok=True)  # half-written by a build that was killed
            try:
                yield shop
            except BaseException:
                if not any(shop.glob(PARTS)):
                    shutil.rmtree(shop, ignore_errors=True)
                raise
            shutil.rmtree(shop, ignore_errors=True)
    except OSError as error:
        raise PartimentoError(f"cannot write {out}: {error.strerror or error}") from error
