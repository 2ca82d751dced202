"""Parsers in processes of their own, which may crash or hang without harm.

A parser is a fresh Python (never a fork) that takes requests on its standard input and answers on
its standard output. Requests are lines of JSON; an answer is a length, a line of JSON and plain
integers. Nothing a parser says can run code here: a file that took a parser over could only lie
about its own music.

One `Parser` is one process. `Parsers` lends them to the threads or processes of an executor, which
is where the work is shared out.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import struct
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import partimento

COMMAND = (sys.executable, "-P", "-m", "partimento.corpus.parsers.worker")
MAX_ANSWER = 64 * 2**20  # far more than MAX_NOTES take
START_S = 60.0  # a cold disk is slow, a broken installation does not answer at all
LENGTH = struct.Struct(">Q")
IN_FLIGHT = 2  # requests that a parser has: while we look at one answer it is at work on the next
CRASHED = "the parser crashed"
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Task:
    """A line to send to a parser, and how long its answer may take."""

    request: str
    timeout_s: float


@dataclass(frozen=True)
class Answer:
    """The bytes that a parser returned, or why there are none."""

    body: bytes = b""
    failure: str = ""


class _LostError(Exception):
    """The process gave no answer; the reason is the message."""


class Parser:
    """One parsing process, replaced when it crashes or exceeds a task's time.

    It belongs to one thread at a time; any thread may call `stop`. A task that crashes it is tried
    once more in a fresh process, because the file before may have done the damage.

    Examples
    --------
    >>> parser = Parser()
    >>> [answer.body[:2] for answer in parser.run([Task('{"path": "no-such-file.mid"}', 20)])]
    [b'{"']
    >>> parser.close()
    """

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = tuple(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._heard = bytearray()
        self._closed = False

    def run(self, tasks: Sequence[Task]) -> Iterator[Answer]:
        """Yield the answers in the order of the tasks."""
        sent = answered = 0
        tried = -1
        while answered < len(tasks):
            try:
                self._start()
                while sent < min(answered + IN_FLIGHT, len(tasks)):
                    self._send(tasks[sent].request)
                    sent += 1
                yield Answer(self._receive(tasks[answered].timeout_s))
            except _LostError as lost:
                self._end()
                if self._closed:
                    raise RuntimeError("the parser was closed while at work") from None
                sent = answered
                if str(lost) == CRASHED and tried != answered:
                    tried = answered
                    continue
                sent += 1
                yield Answer(failure=str(lost))
            answered += 1

    def stop(self) -> None:
        """Kill the process; the thread that waits for it is woken at once."""
        self._closed = True
        if (process := self._process) is not None:
            process.kill()

    def close(self) -> None:
        """End the process and give back what it held."""
        self._closed = True
        self._end()

    def _start(self) -> None:
        if self._closed:
            raise RuntimeError("the parser is closed")
        if self._process is not None:
            return
        home = str(Path(partimento.__file__).parents[1])
        threads = dict.fromkeys(
            ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"
        )  # many processes, small arrays
        before = [os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else []
        environment = {**os.environ, **threads, "PYTHONPATH": os.pathsep.join([home, *before])}
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            bufsize=0,
        )
        self._heard.clear()
        self._selector = selectors.DefaultSelector()
        if self._process.stdout is not None:
            self._selector.register(self._process.stdout, selectors.EVENT_READ)
        try:
            if self._closed:  # in the meantime, by another thread
                raise _LostError(CRASHED)
            self._receive(START_S)  # the first word of a parser only says that it is ready
        except _LostError:
            code = self._end()
            if self._closed:
                raise
            raise RuntimeError(
                f"a reading process could not start (exit code {code}): {json.dumps(self._command)}"
            ) from None

    def _end(self) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        self._selector.close()
        process.kill()
        code = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        return code

    def _send(self, request: str) -> None:
        process = self._process
        if process is None or process.stdin is None:
            raise _LostError(CRASHED)
        with contextlib.suppress(
            BrokenPipeError
        ):  # it died between two tasks: its silence will be heard
            process.stdin.write(request.encode() + b"\n")

    def _receive(self, timeout_s: float) -> bytes:
        deadline = time.monotonic() + timeout_s
        process = self._process
        if process is None or process.stdout is None:
            raise _LostError(CRASHED)
        while (body := self._whole_answer()) is None:
            if not self._selector.select(max(deadline - time.monotonic(), 0)):
                raise _LostError(f"reading it took longer than {timeout_s:g} s")
            heard = os.read(process.stdout.fileno(), 2**20)
            if not heard:
                raise _LostError(CRASHED)
            self._heard += heard
        return body

    def _whole_answer(self) -> bytes | None:
        """Return the next answer, or None if it is incomplete."""
        if len(self._heard) < LENGTH.size:
            return None
        (size,) = LENGTH.unpack_from(self._heard)
        if size > MAX_ANSWER:
            raise _LostError("the parser gave more than a score can hold")
        if len(self._heard) < LENGTH.size + size:
            return None
        body = bytes(memoryview(self._heard)[LENGTH.size : LENGTH.size + size])
        del self._heard[: LENGTH.size + size]
        return body


class Parsers:
    """Parsers for as many threads as ask at once.

    Leaving the ``with`` block ends them all, busy ones included.
    """

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = tuple(command)
        self._lock = threading.Lock()
        self._all: list[Parser] = []
        self._idle: list[Parser] = []
        self._closed = threading.Event()

    def __enter__(self) -> Parsers:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._closed.set()
            for parser in self._all:
                parser.close() if parser in self._idle else parser.stop()

    def answers(self, tasks: Sequence[Task]) -> list[Answer]:
        """Run tasks in a parser that no other thread has."""
        with self._lock:
            if self._closed.is_set():
                raise RuntimeError("the parsers are closed")
            if not self._idle:
                self._all.append(Parser(self._command))
                self._idle.append(self._all[-1])
            parser = self._idle.pop()
        try:
            return list(parser.run(tasks))
        finally:
            with self._lock:
                self._idle.append(parser)
                if self._closed.is_set():
                    parser.close()


_OF_THIS_PROCESS = Parsers()


def answers_here(tasks: Sequence[Task]) -> list[Answer]:
    """Run tasks with parsers that live as long as this process.

    A cluster's workers call this.
    """
    return _OF_THIS_PROCESS.answers(tasks)


def in_order(
    executor: Executor, work: Callable[[T], R], items: Iterable[T], *, ahead: int
) -> Iterator[R]:
    """Yield the results of `work` for each item, in order.

    At most `ahead` items are under way or waiting at once.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(2) as executor:
    ...     list(in_order(executor, abs, [-3, 1, -2], ahead=2))
    [3, 1, 2]
    """
    under_way: deque[Future[R]] = deque()
    try:
        for each in items:
            under_way.append(executor.submit(work, each))
            if len(under_way) >= ahead:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        for future in under_way:
            future.cancel()


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of `size` items; the last one may be shorter."""
    batch: list[T] = []
    for each in items:
        batch.append(each)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
