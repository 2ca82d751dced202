"""Many files become Pieces, each in safety; what is not read is told with its reason."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from partimento.collect import resolve
from partimento.config import UserError
from partimento.corpus.read import MIDI_SUFFIXES, Quantise
from partimento.corpus.walk import find_files
from partimento.corpus.worker import unpack
from partimento.corpus.workers import COMMAND, Answer, Task, WorkerPool
from partimento.files import write_atomically
from partimento.piece import Piece

MIDI_TIMEOUT_S, SCORE_TIMEOUT_S = 20.0, 60.0
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Reject:
    """A file that was not read, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Reading:
    """What came of reading: pieces and rejects, each in the order of the files."""

    pieces: list[Piece]
    rejects: list[Reject]


def read_pieces(
    sources: Iterable[Path | str] | Path | str,
    *,
    quantise: Quantise | Literal["auto"] = None,
    workers: int | None = None,
    timeout_s: float | None = None,
    progress: Progress | None = None,
    command: Iterable[str] = COMMAND,
) -> Reading:
    """Read files and folders in worker processes.

    Parameters
    ----------
    sources : path or iterable of paths
        Files, folders (see `walk.find_files`) or names such as ``bundled:chorales`` (see `collect.resolve`).
    quantise : None, "music21" or "auto"
        As for `read_piece`; ``"auto"`` takes the view of music21 for MIDI files and leaves scores as written.
    workers : int, optional
        How many processes; by default one a core.
    timeout_s : float, optional
        Seconds a file may take; by default 20 for MIDI, 60 for scores.
    progress : callable, optional
        Called as ``progress(done, total)`` after every file.
    command : iterable of str
        What starts a worker; for tests.

    Returns
    -------
    Reading

    Raises
    ------
    UserError
        If there is no file to read, or none could be read: an empty corpus is no corpus.
    """
    names = [sources] if isinstance(sources, (str, Path)) else list(sources)
    files, faults = find_files(path for name in names for path in resolve(str(name)))
    rejects = [Reject(str(path), reason) for path, reason in faults]
    pieces: list[Piece] = []
    count = min(workers or os.cpu_count() or 1, max(len(files), 1))
    tasks = [Task(_request(path, quantise), timeout_s or _timeout(path)) for path in files]
    with WorkerPool(count, command=tuple(command)) as pool:
        for path, answer in zip(files, pool.run(tasks, progress=progress), strict=True):
            outcome = _outcome(path, answer)
            if isinstance(outcome, Piece):
                pieces.append(outcome)
            else:
                rejects.append(outcome)
    if not pieces:
        raise UserError(_why_empty(names, rejects))
    return Reading(pieces, rejects)


def _request(path: Path, quantise: Quantise | Literal["auto"]) -> str:
    if quantise == "auto":
        quantise = "music21" if path.suffix.lower() in MIDI_SUFFIXES else None
    return json.dumps({"path": str(path), "quantise": quantise or ""})


def _timeout(path: Path) -> float:
    return MIDI_TIMEOUT_S if path.suffix.lower() in MIDI_SUFFIXES else SCORE_TIMEOUT_S


def _outcome(path: Path, answer: Answer) -> Piece | Reject:
    if answer.failure:
        return Reject(str(path), answer.failure)
    try:
        if answer.body.startswith(b'{"reason"'):
            return Reject(str(path), str(json.loads(answer.body)["reason"]))
        return unpack(answer.body)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        return Reject(str(path), f"the parser gave no sensible answer ({error})")


def _why_empty(names: list[Path | str], rejects: list[Reject]) -> str:
    where = ", ".join(str(name) for name in names[:3]) or "no place given"
    if not rejects:
        return f"an empty corpus: no music files in {where}"
    first = rejects[0]
    if len(names) == len(rejects) == 1 and first.path == str(names[0]):
        return f"{first.path}: {first.reason}"
    return f"an empty corpus: none of {len(rejects)} files in {where} could be read (the first, {first.path}: {first.reason})"


def write_rejects(rejects: Iterable[Reject], path: Path | str) -> Path:
    """Write a table of rejected files (columns path, reason) as CSV, atomically."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["path", "reason"])
    table.writerows([reject.path, reject.reason] for reject in rejects)
    return write_atomically(path, text.getvalue())
