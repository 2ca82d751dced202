"""Open a corpus on disk: one Parquet file with a row per piece.

A row has the music, its metadata and its source.

Any reader of Parquet opens it. Times are whole steps: ``divisions`` of a row are its steps per
quarter for notes and marks, ``event_divisions`` those for ``durations``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from partimento.corpus.entries import Corpus, CorpusEntry
from partimento.corpus.select import Selection
from partimento.corpus.settings import DataSettings
from partimento.corpus.splits import SPLITS
from partimento.corpus.store.rows import FACTS, piece_of
from partimento.corpus.store.schema import METADATA, MUSIC, SCHEMA, arrays_of, plain_rows
from partimento.corpus.views import as_configured
from partimento.errors import PartimentoError
from partimento.files import check_exists
from partimento.music.events import Event
from partimento.music.piece import Piece
from partimento.music.timelines import Source
from partimento.progress import Progress, silent

FORMAT = 1
READER = 1  # raised whenever the same bytes would give another row: older rows are then read anew
HEAD = b"partimento"
ROWS = 512  # in every row group but the last


@dataclass(frozen=True)
class Head:
    """Say how a store was built, and the fingerprint of its rows."""

    config: DataSettings
    validation: float
    test: float
    seed: int
    selection: Selection = field(default_factory=Selection)
    fingerprint: str = ""
    rejects: int = 0
    format: int = FORMAT
    reader: int = READER

    @property
    def of_rows(self) -> str:
        """All that a row depends on besides its file."""
        return json.dumps(
            {"config": self.config.model_dump(), "format": self.format, "reader": self.reader},
            sort_keys=True,
        )

    def to_json(self) -> str:
        return json.dumps({**asdict(self), "config": self.config.model_dump()}, sort_keys=True)

    @classmethod
    def from_json(cls, text: bytes | str) -> Head:
        values = json.loads(text)
        config = DataSettings(**values.pop("config"))
        return cls(config=config, selection=Selection(**values.pop("selection")), **values)


@dataclass(frozen=True)
class Store:
    """An open store, or the pieces selected from it; `open_store` makes one.

    It reads what it is asked for and keeps no notes: a store may have millions of rows. `load`
    brings the pieces into memory as a `Corpus`.

    Attributes
    ----------
    path : Path
    head : Head
    selections : tuple of Selection
        Each narrows what the ones before have left.
    """

    path: Path
    head: Head
    selections: tuple[Selection, ...] = ()

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The metadata of every piece selected: all columns but the music."""
        return [row for _, row in self._numbered]

    @cached_property
    def _numbered(self) -> list[tuple[int, dict[str, Any]]]:
        with _readable(self.path):
            rows = plain_rows(pq.read_table(self.path, columns=list(METADATA)))
        return [
            (number, row)
            for number, row in enumerate(rows)
            if all(each.takes(row) for each in self.selections)
        ]

    def _column(self, name: str) -> list[Any]:
        """Read one column of the selected pieces; of a whole store, only that."""
        if self.selections:
            return [row[name] for row in self.rows]
        with _readable(self.path):
            values: list[Any] = pq.read_table(self.path, columns=[name]).column(name).to_pylist()
        return values

    def __len__(self) -> int:
        return len(self._numbered) if self.selections else int(pq.read_metadata(self.path).num_rows)

    @property
    def splits(self) -> dict[str, int]:
        """The number of pieces in each split."""
        counts = Counter(self._column("split"))
        return {name: counts[name] for name in SPLITS}

    @property
    def duplicates(self) -> int:
        """How many pieces share their group of near-duplicates with another one."""
        return sum(count for count in Counter(self._column("group")).values() if count > 1)

    def select(self, selection: Selection | None = None, **criteria: Any) -> Store:
        """Narrow the store to the pieces that meet criteria: the fields of `Selection`.

        Examples
        --------
        ``store.select(composer="giuliani", solo=True)``
        """
        selection = Selection.of(**criteria) if criteria else selection
        return Store(self.path, self.head, (*self.selections, selection)) if selection else self

    def entries(self, config: DataSettings | None = None) -> Iterator[CorpusEntry]:
        """Read the pieces selected, one after another, in the order of their paths.

        Parameters
        ----------
        config : DataSettings, optional
            The view wanted; by default the one that the store was built with. It is made from the
            exact notes, with repeats as they were read. A store has music21's view only if it was
            built with it.
        """
        config = config or self.head.config
        if config.quantize == "music21" != self.head.config.quantize:
            raise PartimentoError(
                f"{self.path} does not have music21's view: build it with --quantize music21, or"
                " train with quantize=auto"
            )
        with _readable(self.path):
            opened = pq.ParquetFile(self.path)
        with opened as file:
            for group, here in groupby(self._numbered, key=lambda each: each[0] // ROWS):
                with _readable(self.path):
                    table = file.read_row_group(
                        group, columns=[name for name in MUSIC if name != "fingerprint"]
                    )
                for number, row in here:
                    with _readable(self.path):
                        entry = _entry(row, table, number % ROWS, config)
                    yield entry

    def load(self, config: DataSettings | None = None, *, progress: Progress = silent) -> Corpus:
        """Load the pieces selected, with their split."""
        entries, total = [], len(self)
        for done, entry in enumerate(self.entries(config), 1):
            entries.append(entry)
            if done % ROWS == 0 or done == total:
                progress("load", done, total)
        config = config or self.head.config
        sources = (str(self.path),)
        return Corpus(tuple(entries), (), config, sources, self.selections, self.head)

    def __iter__(self) -> Iterator[CorpusEntry]:
        return self.entries()


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, LookupError, TypeError) as error:
        raise PartimentoError(
            f"{path}: a damaged corpus store: {' '.join(str(error).split())}"
        ) from error


def _entry(row: dict[str, Any], table: pa.Table, number: int, config: DataSettings) -> CorpusEntry:
    facts = {name: row[name] for name in FACTS}
    return CorpusEntry(
        _piece(row, table, number, config),
        row["split"],
        row["instrument"],
        row["format"],
        row["group"],
        facts,
    )


def _piece(row: dict[str, Any], table: pa.Table, number: int, config: DataSettings) -> Piece:
    piece = piece_of(row, arrays_of(table, number))
    piece = piece.replace(title=row["title"], composer=row["composer"], source=source_of(row))
    if config.quantize == "music21":
        return _from_events(piece, row, table.slice(number, 1))
    pickup = (
        None
        if row["pickup_inferred"] is None
        else Fraction(row["pickup_inferred"], row["divisions"])
    )
    return as_configured(
        piece, config, suffix=f".{row['format']}", instrument=row["instrument"], pickup=pickup
    )


def _from_events(piece: Piece, row: dict[str, Any], table: pa.Table) -> Piece:
    """Make the view whose events the store has; marks and names are those of `piece`."""
    chords, held, steps = (
        table.column(name)[0].as_py() for name in ("chords", "held", "durations")
    )
    lengths = [Fraction(step, row["event_divisions"]) for step in steps]
    events = [
        Event(tuple(chord), length, tuple(on))
        for chord, length, on in zip(chords, lengths, held, strict=True)
    ]
    rest = {
        name: getattr(piece, name)
        for name in ("meters", "keys", "tempos", "pickup", "title", "composer", "source")
    }
    return Piece.from_events(events, parts=piece.parts[:1], cuts=tuple(accumulate(lengths)), **rest)


def source_of(row: dict[str, Any]) -> Source:
    """Return the source of the piece of a row."""
    return Source(
        path=row["path"], sha256=row["sha256"], url=row["url"] or "", license=row["license"] or ""
    )


def open_store(path: Path | str) -> Store:
    """Open a store that ``partimento corpus build`` made.

    Raises
    ------
    PartimentoError
        If it is none, or one of a newer format.
    """
    path = Path(path)
    check_exists(path)
    try:
        written = pq.read_metadata(path)
        head = (written.metadata or {}).get(HEAD)
        if head is None:
            raise PartimentoError(
                f"{path}: no corpus store (a Parquet file, but not of this program)"
            )
        about = json.loads(head)
        if about.get("format") != FORMAT:
            raise PartimentoError(
                f"{path}: a corpus store of format {about.get('format')}; this program reads format"
                f" {FORMAT}: build it again"
            )
        if written.schema.to_arrow_schema().names != SCHEMA.names:
            raise PartimentoError(f"{path}: a damaged corpus store: its columns are others")
        return Store(path, Head.from_json(head))
    except OSError as error:
        raise PartimentoError(f"{path}: {error.strerror or error}") from error
    except (pa.ArrowException, ValueError, TypeError, LookupError) as error:
        raise PartimentoError(f"{path}: no corpus store: {error}") from error
