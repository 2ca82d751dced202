"""Open a corpus store: one Parquet file with one row per piece.

A row has the music, its metadata and its provenance. The file can be opened with any reader of
Parquet. Times are in integer steps. The column ``divisions`` states the steps per quarter of notes
and timelines, ``event_divisions`` those of ``durations``.
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
from partimento.short_repr import short_repr

FORMAT = 4  # the version of the columns
READER = 1  # the version of the readers; increased if the same file would give another row
HEAD = b"partimento"  # the metadata key of the store's head
ROWS = 512  # in every row group except the last


@short_repr
@dataclass(frozen=True)
class Head:
    """How a store was built; stored in its metadata.

    Attributes
    ----------
    config, validation, test, seed, selection
        As in `build.Plan`.
    fingerprint : str
        A hash of all rows.
    rejects : int
        Number of files that could not be read.
    format, reader : int
        Versions of the columns and of the readers.
    """

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
        """Everything that a row depends on besides its file, as JSON."""
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


@short_repr
@dataclass(frozen=True)
class Store:
    """An open store, or pieces selected from it; `open_store` returns one.

    Notes are read only when they are iterated over, and not kept: a store may have millions of
    rows. `load` reads the pieces into memory, as a `Corpus`.

    Attributes
    ----------
    path : Path
    head : Head
    selections : tuple of Selection
        A piece must meet all of them.
    """

    path: Path
    head: Head
    selections: tuple[Selection, ...] = ()

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The metadata of the selected pieces: all columns except the music."""
        return [row for _, row in self._numbered]

    @cached_property
    def _numbered(self) -> list[tuple[int, dict[str, Any]]]:
        with _readable(self.path):
            rows = plain_rows(pq.read_table(self.path, columns=list(METADATA)))
        return [
            (number, row)
            for number, row in enumerate(rows)
            if all(selection.matches(row) for selection in self.selections)
        ]

    def _column(self, name: str) -> list[Any]:
        """Return one column of the selected pieces."""
        if self.selections:  # selecting needs the other columns, too
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
        """The number of pieces that are a near-duplicate of another one."""
        return sum(count for count in Counter(self._column("group")).values() if count > 1)

    def select(self, selection: Selection | None = None, **criteria: Any) -> Store:
        """Return the store restricted to the pieces that meet all criteria.

        Parameters
        ----------
        selection : Selection, optional
        **criteria
            The fields of `Selection`, instead of `selection`.

        Examples
        --------
        ``store.select(composer="giuliani", solo=True)``
        """
        selection = Selection.of(**criteria) if criteria else selection
        return Store(self.path, self.head, (*self.selections, selection)) if selection else self

    def entries(self, config: DataSettings | None = None) -> Iterator[CorpusEntry]:
        """Read the selected pieces one after another, sorted by path.

        Parameters
        ----------
        config : DataSettings, optional
            How pieces are prepared; by default as when the store was built. They are prepared from
            the exact notes. Its ``repeats`` is ignored, because repeats were read when the store
            was built.

        Raises
        ------
        PartimentoError
            If `config` has ``quantize="music21"`` and the store was built without it, or the store
            is damaged.
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
            for group, rows in groupby(self._numbered, key=lambda numbered: numbered[0] // ROWS):
                with _readable(self.path):
                    table = file.read_row_group(
                        group, columns=[name for name in MUSIC if name != "fingerprint"]
                    )
                for number, row in rows:
                    with _readable(self.path):
                        entry = _entry(row, table, number % ROWS, config)
                    yield entry

    def load(self, config: DataSettings | None = None, *, progress: Progress = silent) -> Corpus:
        """Load the selected pieces with their splits; `config` is as for `entries`."""
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
    """Build the view whose events the store has; all else is taken from `piece`."""
    chords, held, steps = (
        table.column(name)[0].as_py() for name in ("chords", "held", "durations")
    )
    lengths = [Fraction(step, row["event_divisions"]) for step in steps]
    events = [
        Event(tuple(chord), length, tuple(held_pitches))
        for chord, length, held_pitches in zip(chords, lengths, held, strict=True)
    ]
    other = {
        name: getattr(piece, name)
        for name in (
            "meters",
            "keys",
            "tempos",
            "pickup",
            "title",
            "composer",
            "source",
            "chord_symbols",
            "fermatas",
            "phrase_ends",
            "warnings",
        )
    }
    return Piece.from_events(
        events, parts=piece.parts[:1], cuts=tuple(accumulate(lengths)), **other
    )


def source_of(row: dict[str, Any]) -> Source:
    """Return the source of a row's piece."""
    return Source(
        path=row["path"], sha256=row["sha256"], url=row["url"] or "", license=row["license"] or ""
    )


def open_store(path: Path | str) -> Store:
    """Open a store that was built by `build_store` or ``partimento corpus build``.

    Raises
    ------
    PartimentoError
        If the file does not exist, is not a store, is damaged, or has another format.
    """
    path = Path(path)
    check_exists(path)
    try:
        metadata = pq.read_metadata(path)
        head = (metadata.metadata or {}).get(HEAD)
        if head is None:
            raise PartimentoError(
                f"{path} is not a corpus store (a Parquet file, but not of this program)"
            )
        file_format = json.loads(head).get("format")
        if file_format != FORMAT:
            raise PartimentoError(
                f"{path} is a corpus store of format {file_format}; this program reads format"
                f" {FORMAT}: build it again"
            )
        if metadata.schema.to_arrow_schema().names != SCHEMA.names:
            raise PartimentoError(f"{path}: a damaged corpus store: it has other columns")
        return Store(path, Head.from_json(head))
    except OSError as error:
        raise PartimentoError(f"{path}: {error.strerror or error}") from error
    except (pa.ArrowException, ValueError, TypeError, LookupError) as error:
        raise PartimentoError(f"{path} is not a corpus store: {error}") from error
