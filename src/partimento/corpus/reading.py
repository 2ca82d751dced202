"""Read many files in worker processes, and report why files are rejected."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from partimento.corpus.entries import Corpus, CorpusEntry
from partimento.corpus.parsers.pool import COMMAND, Answer, Parsers, Task, batched, in_order
from partimento.corpus.parsers.wire import unpack
from partimento.corpus.settings import DataSettings
from partimento.corpus.sources import Score, find_scores, provenance
from partimento.corpus.store.rows import Values
from partimento.errors import InvalidScoreError, PartimentoError
from partimento.files import write_atomically
from partimento.io.formats import MIDI_SUFFIXES, Quantize
from partimento.music.piece import Piece
from partimento.music.score_reference import ScoreReference
from partimento.progress import Progress, silent
from partimento.short_repr import short_repr
from partimento.tables import csv_table

T = TypeVar("T")
MIDI_TIMEOUT_S, SCORE_TIMEOUT_S = 20.0, 60.0
BATCH = 4  # files that a thread processes at once


@short_repr
@dataclass(frozen=True)
class Reject:
    """A file that could not be read, or only in part, and the reason.

    `read` is ``no`` or ``in part``.
    """

    path: str
    reason: str
    read: str = "no"


def read_pieces(
    sources: Iterable[Path | str] | Path | str,
    *,
    config: DataSettings | None = None,
    quantize: Quantize = None,
    unfold: bool = False,
    encoding: str = "",
    workers: int | None = None,
    timeout_s: float | None = None,
    progress: Progress = silent,
    command: Iterable[str] = COMMAND,
) -> Corpus:
    """Read files and folders in worker processes.

    Parameters
    ----------
    sources : path or iterable of paths
        Files, folders, zips (see `sources.find_scores`) or names such as ``bundled:chorales`` (see
        `collect.resolve`).
    config : DataSettings, optional
        How pieces are prepared (this happens in the worker); by default they are not changed.
    quantize : None or "music21"
        As for `read_piece`; ignored if `config` is given.
    unfold : bool
        As for `read_piece`; ignored if `config` is given.
    encoding : str
        As for `read_piece`; ignored if `config` is given.
    workers : int, optional
        Number of processes; by default one per core.
    timeout_s : float, optional
        Seconds that reading a file may take; by default 20 for MIDI files, 60 for others.
    progress : Progress, optional
        Called after every file, in the stage ``read``.
    command : iterable of str
        The command that starts a worker; for tests.

    Returns
    -------
    Corpus
        Pieces and rejects are both in the order of the files.

    Raises
    ------
    PartimentoError
        If there is no file, or none could be read.
    """
    names = [sources] if isinstance(sources, (str, Path)) else list(sources)
    scores, faults = find_scores(names)
    rejects = [Reject(path, reason) for path, reason in faults]
    entries: list[CorpusEntry] = []
    count = min(workers or os.cpu_count() or 1, max(len(scores), 1))
    progress("read", 0, len(scores))
    request: dict[str, Any] = {"quantize": quantize or "", "unfold": unfold, "encoding": encoding}
    if config is not None:
        request = {"view": config.model_dump()}
    tasks = [_task(score, request, timeout_s) for score in scores]
    with ThreadPoolExecutor(count) as executor, Parsers(tuple(command)) as parsers:
        batches = in_order(executor, parsers.answers, batched(tasks, BATCH), ahead=8 * count)
        for done, (score, answer) in enumerate(
            zip(scores, chain.from_iterable(batches), strict=True), 1
        ):
            try:
                entries.append(_entry(score, *unpack_answer(answer, unpack)))
            except InvalidScoreError as error:
                rejects.append(Reject(score.path, str(error)))
            progress("read", done, len(scores))
    if not entries:
        raise PartimentoError(empty_message(names, rejects))
    return Corpus(tuple(entries), tuple(rejects), config)


def _task(score: Score, how: Mapping[str, Any], timeout_s: float | None) -> Task:
    request = {
        "path": str(score.place),
        "member": score.member,
        "instrument": score.known.get("instrument", ""),
        **how,
    }
    return Task(json.dumps(request), timeout_s or timeout_of(score))


def _entry(score: Score, piece: Piece, facts: Values | None) -> CorpusEntry:
    hint = score.known.get("instrument", "")
    if piece.score is not None:
        # The answer of a parser must not refer to another file.
        trusted = ScoreReference(str(score.place), score.member, piece.score.sha256)
        piece = piece.replace(score=trusted)
    return CorpusEntry(with_known(piece, score), "", hint, score.suffix.lstrip("."), facts=facts)


def timeout_of(score: Score) -> float:
    """Return the number of seconds that reading a score may take."""
    return MIDI_TIMEOUT_S if score.suffix in MIDI_SUFFIXES else SCORE_TIMEOUT_S


def unpack_answer(answer: Answer, unpack: Callable[[bytes], T]) -> T:
    """Unpack the answer of a parser, which is not trusted.

    A malicious file may have taken control of the parser.

    Parameters
    ----------
    answer : Answer
    unpack : callable
        Converts the bytes of the answer, and raises an error if they are invalid.

    Raises
    ------
    InvalidScoreError
        If the file could not be read, or the answer is invalid; the message gives the reason.
    """
    if answer.failure:
        raise InvalidScoreError(answer.failure)
    try:
        if answer.body.startswith(b'{"reason"'):
            reason = str(json.loads(answer.body)["reason"])
        else:
            return unpack(answer.body)
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        raise InvalidScoreError(f"the parser gave an invalid answer ({error})") from error
    raise InvalidScoreError(" ".join(reason.encode(errors="backslashreplace").decode().split()))


def with_known(piece: Piece, score: Score) -> Piece:
    """Return the piece with the title, composer and source that a manifest states."""
    if not score.known:
        return piece
    known = provenance(
        score.name, score.known, {"title_in_file": piece.title, "composer_in_file": piece.composer}
    )
    source = replace(piece.source, url=known["url"], license=known["license"])
    return piece.replace(title=known["title"], composer=known["composer"], source=source)


def partly_read(path: str, warnings: Sequence[str]) -> list[Reject]:
    """Return the row in the table of rejects for a file that was read in part, if any.

    >>> partly_read("a.mid", ["a note without duration was left out"])
    [Reject(path='a.mid', reason='a note without duration was left out', read='in part')]
    """
    return [Reject(path, "; ".join(warnings), "in part")] if warnings else []


def empty_message(names: Sequence[Path | str], rejects: Sequence[Reject]) -> str:
    """Return the error message for sources from which nothing could be read."""
    where = ", ".join(str(name) for name in names[:3]) or "no source given"
    if not rejects:
        return f"an empty corpus: no music files in {where}"
    first = rejects[0]
    if len(names) == len(rejects) == 1 and first.path == str(names[0]):
        return f"{first.path}: {first.reason}"
    return (
        f"an empty corpus: none of {len(rejects)} files in {where} could be read (the first,"
        f" {first.path}: {first.reason})"
    )


def write_rejects(rejects: Iterable[Reject], path: Path | str) -> Path:
    """Write a table of rejected files (columns path, reason, read) as CSV, atomically."""
    return write_atomically(path, csv_table(("path", "reason", "read"), map(asdict, rejects)))
