"""Runs cases in isolated processes and tells what came of them."""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import signal
import tempfile
import threading
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tests.fuzz.cases import Case, make_case
from tests.fuzz.outcomes import CONTAINED, check_piece, fault_of_reason
from tests.fuzz.spoil_midi import END, Song

from partimento.corpus import read_piece, read_pieces
from partimento.corpus.settings import DataSettings
from partimento.corpus.store.measure import read_row
from partimento.corpus.store.rows import pack_row, piece_of, unpack_row
from partimento.corpus.store.schema import table_of
from partimento.errors import ReadError
from partimento.io.formats import split_tune_name, tunes_of
from partimento.music.notes import Notes
from partimento.music.piece import Piece

UNFOLDED = (".musicxml", ".xml", ".mxl", ".krn", ".mei")
TIMEOUT_S = 60  # for what is done with a piece here; reading has its own limit
MEMORY = 4 * 2**30
GOOD = Song(tracks=[[(0, b"\x90\x3c\x50"), (480, b"\x80\x3c\0"), (0, END)]]).to_bytes()


@dataclass(frozen=True)
class Outcome:
    """What came of a case: a piece (`reason` is empty) or a reason; `fault` is what must not be,
    empty if all is well.
    """

    number: int
    kind: str
    seconds: float
    reason: str = ""
    fault: str = ""


@dataclass
class Tally:
    """What came of all cases; `peak` is the memory of the largest reading process, in bytes."""

    outcomes: list[Outcome] = field(default_factory=list)
    peak: int = 0

    def faults(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.fault]


class TooSlowError(Exception):
    """It took longer than it may."""


@contextlib.contextmanager
def limited(seconds: int) -> Iterator[None]:
    """End what takes longer (in the main thread, where the system can)."""
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(*_: object) -> None:
        raise TooSlowError(f"took longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run_cases(seed: int, numbers: Sequence[int]) -> Tally:
    """Read the cases in a process of their own, then look here at what came of them."""
    cases = [make_case(seed, number) for number in numbers]
    tally = Tally()
    with (
        tempfile.TemporaryDirectory() as folder,
        warnings.catch_warnings(),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")  # music21 warns and murmurs
        for viewed in (False, True):
            chosen = {
                Path(folder) / f"{case.number}{case.suffix}": case
                for case in cases
                if case.viewed == viewed
            }
            if chosen:
                tally.outcomes += _read_all(chosen, Path(folder) / "good.mid", viewed=viewed)
    tally.peak = _peak()
    return tally


def _read_all(cases: dict[Path, Case], good: Path, *, viewed: bool) -> Iterator[Outcome]:
    good.write_bytes(GOOD)  # where nothing can be read, `read_pieces` says no
    for path, case in cases.items():
        path.write_bytes(case.data)
    reading = read_pieces([good, *cases], quantize="music21" if viewed else None, workers=1)
    pieces = {piece.source.path: piece for piece in reading.pieces}
    reasons = {reject.path: reject.reason for reject in reading.rejects}
    for file, case in cases.items():
        tunes = tunes_of(case.data, case.suffix)
        # Of a file that was split into tunes, the first one is looked at.
        path = file / tunes[0].name if len(tunes) > 1 else file
        yield _look(case, path, pieces.get(str(path)), reasons.get(str(path), ""))


def _look(case: Case, path: Path, piece: Piece | None, reason: str) -> Outcome:
    """Check what the reading process gave; unless that was harmful, read the file here too, which
    shows how long it takes.
    """
    if (piece is None) == (not reason):
        return Outcome(
            case.number,
            case.kind,
            0,
            reason,
            "neither a piece nor a reason" if piece is None else "both a piece and a reason",
        )
    if CONTAINED.fullmatch(reason):
        return Outcome(case.number, case.kind, 0, reason, fault_of_reason(reason))
    began = time.perf_counter()
    seconds = 0.0
    try:
        with limited(TIMEOUT_S):
            again, why = _read_here(path, case)
            seconds = time.perf_counter() - began
            assert (again, why) == (piece, reason), (
                f"read again, it is another: {why or 'a piece'} for {reason or 'a piece'}"
            )
            if piece is not None:
                check_piece(piece, one_view=case.viewed)
                if not case.viewed:
                    _look_at_row(path, piece)
            if case.suffix in UNFOLDED and not case.viewed:
                _look_unfolded(path)
    except Exception as error:  # any exception here is a fault to report
        where = traceback.extract_tb(error.__traceback__)[-1]
        return Outcome(
            case.number,
            case.kind,
            seconds,
            reason,
            f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})",
        )
    return Outcome(
        case.number, case.kind, seconds, reason, fault_of_reason(reason) if reason else ""
    )


def _read_here(path: Path, case: Case) -> tuple[Piece | None, str]:
    try:
        return read_piece(path, quantize="music21" if case.viewed else None), ""
    except ReadError as error:
        return None, error.reason
    except RecursionError:
        return None, "it is nested too deeply"  # as a reading process says


def _look_at_row(path: Path, piece: Piece) -> None:
    """What reads becomes a row of a store that our own checks take, and a piece again."""
    place, tune = split_tune_name(path)
    row = unpack_row(pack_row(read_row(str(place), tune, DataSettings())))
    assert table_of([row]).num_rows == 1
    again = piece_of(row.plain, row.arrays)
    assert all(
        np.array_equal(getattr(again.notes, name), getattr(piece.notes, name))
        for name in Notes.COLUMNS
        if name != "grace"
    )
    assert (again.meters, again.keys, again.tempos, again.length) == (
        piece.meters,
        piece.keys,
        piece.tempos,
        piece.length,
    )


def _look_unfolded(path: Path) -> None:
    try:
        piece, why = read_piece(path, unfold=True), ""
    except ReadError as error:
        piece, why = None, error.reason
    assert not fault_of_reason(why or "it is empty"), f"unfolded: {fault_of_reason(why)}"
    if piece is not None:
        check_piece(piece, one_view=True)


def _peak() -> int:
    with contextlib.suppress(ImportError):  # not on Windows
        import resource

        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return 0


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def run(
    seed: int,
    blocks: Sequence[Sequence[int]],
    *,
    workers: int = 2,
    progress: Callable[[int, Tally], None] = lambda *_: None,
) -> Tally:
    """Run blocks of cases, several at a time; a block whose process dies is a fault of all its
    cases.
    """
    total = Tally()
    with ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), initializer=_limit_memory
    ) as pool:
        waiting = {pool.submit(run_cases, seed, block): block for block in blocks}
        for done in as_completed(waiting):
            try:
                tally = done.result()
            except BrokenProcessPool:
                tally = Tally(
                    [
                        Outcome(number, "unknown", 0, "", "its whole block died")
                        for number in waiting[done]
                    ]
                )
            total.outcomes += tally.outcomes
            total.peak = max(total.peak, tally.peak)
            progress(len(waiting[done]), total)
    return total


def kinds_and_outcomes(tally: Tally) -> Counter[tuple[str, str]]:
    """How many cases of each kind became a piece or a reason, or broke a parser."""
    return Counter((outcome.kind, _column(outcome)) for outcome in tally.outcomes)


def _column(outcome: Outcome) -> str:
    if CONTAINED.fullmatch(outcome.reason):
        return {"the": "crashed", "took": "late"}.get(
            outcome.reason.split()[2 if outcome.reason.startswith("reading") else 0], "memory"
        )
    return (
        "failed"
        if outcome.reason.startswith("the parser failed")
        else "reason"
        if outcome.reason
        else "piece"
    )
