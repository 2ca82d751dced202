"""Build a corpus store, in which every score is a row.

A build has three passes. Each pass has only a few rows in memory at a time, so that the memory
hardly depends on the number of files:

1. *read*: parsers read the scores that have no row in an earlier store or an unfinished build. The
   new rows are written to parts.
2. *compare*: rows are selected, near-duplicates are grouped, and the groups are split into
   training, validation and test.
3. *write*: the rows, sorted by name and with their provenance, are written to the store, which
   appears complete or not at all.

If a build is stopped, its parts are kept, and the next build continues from them. The same scores
give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from partimento.analysis.similarity.duplicates import group
from partimento.analysis.similarity.fingerprints import Fingerprint
from partimento.corpus.parsers.executor import worker_pool
from partimento.corpus.parsers.pool import COMMAND, Task, batched, in_order
from partimento.corpus.reading import Reject, empty_message, partly_read, timeout_of, unpack_answer
from partimento.corpus.select import Selection
from partimento.corpus.settings import DataSettings
from partimento.corpus.sources import BUNDLED, Score, absolute, find_scores, provenance
from partimento.corpus.splits import TRAIN, split
from partimento.corpus.store.cache import (
    ROW_KEY,
    RowCache,
    RowKey,
    RowLocation,
    RowWriter,
    build_directory,
)
from partimento.corpus.store.rows import Row, unpack_row
from partimento.corpus.store.schema import MEASURED, PROVENANCE, SCHEMA, SPLIT, digest
from partimento.corpus.store.store import HEAD, ROWS, Head, Store, open_store
from partimento.errors import InvalidScoreError, PartimentoError
from partimento.files import new_file, refuse_existing, write_atomically
from partimento.io.formats import STORE, is_store, read_score_bytes
from partimento.progress import Progress, silent
from partimento.short_repr import short_repr

PLAN = "plan.json"


@short_repr
@dataclass(frozen=True)
class Plan:
    """How a store is built.

    Parameters
    ----------
    config : DataSettings
        How pieces are prepared for the columns ``chords``, ``held`` and ``durations``.
    selection : Selection
        Criteria that the pieces must meet.
    validation, test : float
        Shares of the pieces that are held out.
    seed : int
        Determines the split.
    workers : int, optional
        Number of parsing processes; by default one per core.
    cluster : str
        Address of a dask scheduler whose workers have access to the same files; empty for this
        machine.

    Raises
    ------
    PartimentoError
        If a value is invalid.
    """

    config: DataSettings = field(default_factory=DataSettings)
    selection: Selection = field(default_factory=Selection)
    validation: float = 0.1
    test: float = 0.1
    seed: int = 0
    workers: int | None = None
    cluster: str = ""

    def __post_init__(self) -> None:
        if not (0 < self.validation < 1 and 0 <= self.test < 1 and self.validation + self.test < 1):
            raise PartimentoError(
                "validation and test must be shares between 0 and 1, and less than 1 together"
            )
        if self.seed < 0:
            raise PartimentoError("the seed must be at least 0")
        if self.selection.split:
            raise PartimentoError(
                "scores cannot be selected by split: the split is made when the store is built"
            )

    @property
    def head(self) -> Head:
        return Head(self.config, self.validation, self.test, self.seed, self.selection)


@short_repr
@dataclass(frozen=True)
class Built:
    """The result of a build.

    Attributes
    ----------
    store : Store
    rejects : list of Reject
        The files that could not be read.
    partly_read : list of Reject
        The files that were read only in part, with what was left out.
    read, kept, left_out : int
        Numbers of rows that are new, that come from an earlier build, and that were not selected.
    """

    store: Store
    rejects: list[Reject]
    partly_read: list[Reject]
    read: int
    kept: int
    left_out: int


@dataclass(frozen=True)
class _Entry:
    """A row of the new store: of a score, or (without a score) of the old store."""

    name: str
    location: RowLocation
    score: Score | None


def build_store(
    sources: Iterable[Path | str],
    out: Path | str,
    *,
    plan: Plan | None = None,
    append: bool = False,
    force: bool = False,
    progress: Progress = silent,
    command: Sequence[str] = COMMAND,
) -> Built:
    """Build a store, append to one, or rebuild one; only changed scores are read.

    Parameters
    ----------
    sources : iterable of paths
        Files, folders, zips, collected folders and names such as ``bundled:bach``.
    out : path
        The store; its name must end in ``.parquet``.
    plan : Plan, optional
        By default, all pieces are selected, and a tenth each is held out for validation and test.
    append : bool
        Append to an existing store. Pieces with the same name are replaced, the others kept.
    force : bool
        Rebuild an existing store. Rows of unchanged files are copied from it.
    progress : Progress, optional
    command : sequence of str
        The command that starts a parser; for tests.

    Returns
    -------
    Built

    Raises
    ------
    PartimentoError
        If `out` already exists and neither `append` nor `force` is set, the sources contain no
        music, or no piece meets the criteria.

    See Also
    --------
    load_corpus : Load the pieces of a store.
    """
    plan, out = plan or Plan(), Path(out)
    names = (
        [str(sources)] if isinstance(sources, (str, Path)) else [str(source) for source in sources]
    )
    if not is_store(out):
        raise PartimentoError(f"a corpus store is a file that ends in {STORE}, not {out}")
    if stores := [name for name in names if is_store(name)]:
        raise PartimentoError(f"a store is built from scores, not from another store ({stores[0]})")
    if append and force:
        raise PartimentoError("use either --append or force=True: add to the store, or rebuild it")
    with build_directory(out) as directory:
        old = _old_store(
            out,
            directory,
            plan,
            _plan_text(plan, names, append=append, force=force),
            append=append,
            force=force,
        )
        cache = RowCache(plan.head.of_rows)
        if old is not None and old.head.of_rows == plan.head.of_rows:
            cache.add_store(out)
        cache.add_parts(directory)
        scores, faults = find_scores(names)
        scores.sort(key=lambda score: score.name)
        entries, unread, read = _read_all(
            scores, cache, RowWriter(cache, directory), plan, progress, command
        )
        rejects = sorted(
            [*unread, *(Reject(path, reason) for path, reason in faults)],
            key=lambda reject: reject.path,
        )
        kept = len(entries) - read
        if append and old is not None:
            entries = _with_old(entries, old)
        selected, splits = _compare(entries, cache, plan, progress)
        if not selected:
            where = ", ".join(names[:3])
            message = (
                f"an empty corpus: none of {len(entries):,} pieces in {where} is {plan.selection}"
            )
            raise PartimentoError(message if entries else empty_message(names, rejects))
        _write(selected, splits, cache, out, replace(plan.head, rejects=len(rejects)), progress)
    store = open_store(out)
    partly = [reject for row in store.rows for reject in partly_read(row["path"], row["warnings"])]
    return Built(store, rejects, partly, read, kept, len(entries) - len(selected))


def _old_store(
    out: Path, directory: Path, plan: Plan, mark: str, *, append: bool, force: bool
) -> Store | None:
    """Open the existing store, if there is one, and check that it may be changed.

    `mark` describes the build. It is written into the directory, by which a resumed build is
    recognized.
    """
    stopped = directory / PLAN
    if not (append or (stopped.is_file() and stopped.read_text(errors="replace") == mark)):
        refuse_existing(out, force=force)
    old = open_store(out) if out.exists() else None  # raises an error if it is not a store
    if append and old is not None:
        if old.head.config != plan.config:
            different = {
                name: value
                for name, value in old.head.config.model_dump().items()
                if getattr(plan.config, name) != value
            }
            settings = ", ".join(f"data.{name}={value}" for name, value in different.items())
            raise PartimentoError(f"{out} was built with {settings}: append with the same settings")
        if old.head.reader != plan.head.reader:
            raise PartimentoError(
                f"{out} was built by another version of the readers: rebuild it from all its"
                " sources, with force=True"
            )
    write_atomically(stopped, mark)
    return old


def _plan_text(plan: Plan, names: list[str], *, append: bool, force: bool) -> str:
    locations = [name if name.startswith(BUNDLED) else str(absolute(Path(name))) for name in names]
    request = {"head": plan.head.to_json(), "sources": locations, "append": append, "force": force}
    return json.dumps(request)  # escapes invalid characters of file names


def _read_all(
    scores: list[Score],
    cache: RowCache,
    parts: RowWriter,
    plan: Plan,
    progress: Progress,
    command: Sequence[str] = COMMAND,
) -> tuple[list[_Entry], list[Reject], int]:
    """Find or read a row for every score.

    Returns the entries, the files that cannot be read, and the number of new rows.
    """
    locations = _look_up(scores, cache, progress)
    todo = [score for score in scores if score.name not in locations]
    rejects: list[Reject] = []
    view = plan.config.model_dump()
    if todo:
        progress("read", 0, len(todo))
    try:
        with worker_pool(plan.workers, plan.cluster, len(todo), command) as (
            executor,
            work,
            size,
            ahead,
        ):
            batches = in_order(
                executor, work, batched((_task(score, view) for score in todo), size), ahead=ahead
            )
            for done, (score, answer) in enumerate(
                zip(todo, chain.from_iterable(batches), strict=True), 1
            ):
                try:
                    parts.add(score.name, _checked(unpack_answer(answer, unpack_row), score))
                except InvalidScoreError as error:
                    rejects.append(Reject(score.path, str(error)))
                progress("read", done, len(todo))
    finally:
        parts.flush()  # keep the rows that were read, even if the build is stopped
    locations |= parts.locations
    entries = [
        _Entry(score.name, locations[score.name], score)
        for score in scores
        if score.name in locations
    ]
    return entries, rejects, len(todo) - len(rejects)


def _look_up(scores: list[Score], cache: RowCache, progress: Progress) -> dict[str, RowLocation]:
    """Find the rows of scores that were read earlier and have not changed."""
    locations: dict[str, RowLocation] = {}
    if cache.locations:
        for done, score in enumerate(scores, 1):
            if location := cache.locations.get(_key_of(score)):
                locations[score.name] = location
            progress("look", done, len(scores))
    return locations


def _key_of(score: Score) -> RowKey:
    try:
        digest = hashlib.sha256(read_score_bytes(str(score.place), score.member)).hexdigest()
        return digest, score.suffix.lstrip("."), score.known.get("instrument", "")
    except (OSError, InvalidScoreError):
        return "", "", ""  # the parser will report the reason


def _checked(row: Row, score: Score) -> Row:
    """Return the row if it belongs to this score.

    A malicious file that has taken control of its parser must not write the row of another file.
    """
    if tuple(row.plain[name] for name in ROW_KEY) != _key_of(score):
        raise InvalidScoreError(
            "it changed while it was read, or the parser answered for another file"
        )
    return row


def _task(score: Score, view: dict[str, Any]) -> Task:
    instrument = score.known.get("instrument", "")
    request = {
        "path": str(score.place.absolute()),
        "member": score.member,
        "row": view,
        "instrument": instrument,
    }
    return Task(json.dumps(request), timeout_of(score))


def _with_old(entries: list[_Entry], old: Store) -> list[_Entry]:
    """Add the rows of the old store that no entry replaces, and sort all by name."""
    new = {entry.name for entry in entries}
    table = pq.read_table(old.path, columns=["path"]).column("path").to_pylist()
    kept = [
        _Entry(name, RowLocation(at // ROWS, at % ROWS), None)
        for at, name in enumerate(table)
        if name not in new
    ]
    return sorted([*entries, *kept], key=lambda entry: entry.name)


def _compare(
    entries: list[_Entry], cache: RowCache, plan: Plan, progress: Progress
) -> tuple[list[_Entry], list[tuple[int, str]]]:
    """Return the selected entries, and the group and split of each of them."""
    selected: list[_Entry] = []
    composers: list[str] = []

    def fingerprints() -> Iterator[Fingerprint]:
        for done, batch in _described(entries, cache, (*METADATA_READ, "fingerprint")):
            for entry, row in batch:
                if entry.score is None or plan.selection.matches(row):
                    selected.append(entry)
                    composers.append(row["composer"])
                    yield Fingerprint.from_bytes(row["fingerprint"])
            progress("compare", done, len(entries))

    groups = group(fingerprints()).tolist()
    if len(set(groups)) < 2:  # nothing can be held out
        return selected, [(number, TRAIN) for number in groups]
    names = [entry.name for entry in selected]
    splits = split(
        groups, composers, names, validation=plan.validation, test=plan.test, seed=plan.seed
    )
    return selected, list(zip(groups, splits, strict=True))


# Columns that selection and provenance need.
METADATA_READ = (
    "title_in_file",
    "composer_in_file",
    "key",
    "meter",
    "events",
    "solo",
    "instrument",
    "instruments",
)


def _described(
    entries: list[_Entry], cache: RowCache, columns: Iterable[str]
) -> Iterator[tuple[int, list[tuple[_Entry, dict[str, Any]]]]]:
    """Yield batches of entries with the given columns and their provenance.

    The first value of a batch is the number of entries so far.
    """
    done = 0
    for batch in batched(entries, ROWS):
        measured = cache.take([entry.location for entry in batch], columns).to_pylist()
        rows = [
            row | _origin(entry, row, cache) for entry, row in zip(batch, measured, strict=True)
        ]
        done += len(batch)
        yield done, list(zip(batch, rows, strict=True))


def _origin(entry: _Entry, measured: dict[str, Any], cache: RowCache) -> dict[str, Any]:
    if entry.score is not None:
        return provenance(entry.name, entry.score.known, measured)
    row = cache.metadata(entry.location)
    return {name: row[name] for name in PROVENANCE.names}


def _write(
    entries: list[_Entry],
    splits: list[tuple[int, str]],
    cache: RowCache,
    out: Path,
    head: Head,
    progress: Progress,
) -> None:
    """Write the store, which appears complete or not at all."""
    fingerprint = hashlib.sha256()
    with new_file(out) as work, ExitStack() as stack:
        writer = stack.enter_context(
            pq.ParquetWriter(work, SCHEMA, compression="zstd", write_statistics=False)
        )
        done = 0
        for batch in batched(list(zip(entries, splits, strict=True)), ROWS):
            measured = cache.take([entry.location for entry, _ in batch], MEASURED.names)
            titles = measured.select(["title_in_file", "composer_in_file"]).to_pylist()
            origins = [
                _origin(entry, row, cache) for (entry, _), row in zip(batch, titles, strict=True)
            ]
            drawn = [{"group": group, "split": name} for _, (group, name) in batch]
            tables = (
                pa.Table.from_pylist(origins, PROVENANCE),
                pa.Table.from_pylist(drawn, SPLIT),
                measured,
            )
            table = pa.Table.from_arrays(
                [column for part in tables for column in part.columns], schema=SCHEMA
            )
            digest(table, fingerprint)
            writer.write_table(table, row_group_size=ROWS)
            done += len(batch)
            progress("write", done, len(entries))
        writer.add_key_value_metadata(
            {HEAD.decode(): replace(head, fingerprint=fingerprint.hexdigest()).to_json()}
        )
