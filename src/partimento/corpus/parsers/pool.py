"""Run parsers in separate processes, which may crash or hang without harm.

A parser is a new Python process (never a fork) that reads requests from its standard input, and
writes answers to its standard output. Requests are lines of JSON. An answer is a length, a line of
JSON, and integers. No answer can execute code in this process. A malicious file that has taken
control of its parser can therefore only lie about its own music.

A `Parser` is one process. `Parsers` provides a parser to every thread of an executor, which
distributes the work.
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
from partimento.short_repr import short_repr

COMMAND = (sys.executable, "-P", "-m", "partimento.corpus.parsers.worker")
MAX_ANSWER = 64 * 2**20  # bytes; far more than a piece of MAX_NOTES notes takes
START_S = 60.0  # time limit for the start of a process, which a slow disk may delay
LENGTH = struct.Struct(">Q")
IN_FLIGHT = 2  # requests sent to a parser, so that it works while an answer is processed
CRASHED = "the parser crashed"
T = TypeVar("T")
R = TypeVar("R")


@short_repr
@dataclass(frozen=True)
class Task:
    """A request to a parser (a line of JSON), and the time limit for its answer."""

    request: str
    timeout_s: float


@short_repr
@dataclass(frozen=True)
class Answer:
    """The bytes that a parser returned, or the reason why there are none."""

    body: bytes = b""
    failure: str = ""


class _NoAnswerError(Exception):
    """The process gave no answer; the message is the reason."""


@short_repr
class Parser:
    """One parsing process, which is replaced when it crashes or exceeds a time limit.

    Only one thread at a time may use it, but any thread may call `stop`. A task that crashes it is
    tried again in a new process, because the file before may have been the cause.

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
        self._received = bytearray()
        self._closed = False

    def run(self, tasks: Sequence[Task]) -> Iterator[Answer]:
        """Yield the answers in the order of the tasks."""
        sent = answered = 0
        retried = -1
        while answered < len(tasks):
            try:
                self._start()
                while sent < min(answered + IN_FLIGHT, len(tasks)):
                    self._send(tasks[sent].request)
                    sent += 1
                yield Answer(self._receive(tasks[answered].timeout_s))
            except _NoAnswerError as error:
                self._end()
                if self._closed:
                    raise RuntimeError("the parser was closed while at work") from None
                sent = answered
                if str(error) == CRASHED and retried != answered:
                    retried = answered
                    continue
                sent += 1
                yield Answer(failure=str(error))
            answered += 1

    def stop(self) -> None:
        """Kill the process; a thread that waits for an answer wakes up immediately."""
        self._closed = True
        if (process := self._process) is not None:
            process.kill()

    def close(self) -> None:
        """End the process and release its resources."""
        self._closed = True
        self._end()

    def _start(self) -> None:
        if self._closed:
            raise RuntimeError("the parser is closed")
        if self._process is not None:
            return
        home = str(Path(partimento.__file__).parents[1])
        # Many processes with small arrays: threads in each of them would only compete.
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        existing = [os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else []
        environment = {**os.environ, **threads, "PYTHONPATH": os.pathsep.join([home, *existing])}
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            bufsize=0,
        )
        self._received.clear()
        self._selector = selectors.DefaultSelector()
        if self._process.stdout is not None:
            self._selector.register(self._process.stdout, selectors.EVENT_READ)
        try:
            if self._closed:  # in the meantime, by another thread
                raise _NoAnswerError(CRASHED)
            self._receive(START_S)  # the first, empty answer signals that the parser is ready
        except _NoAnswerError:
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
            raise _NoAnswerError(CRASHED)
        # A broken pipe means that it died between two tasks; `_receive` will report that.
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(request.encode() + b"\n")

    def _receive(self, timeout_s: float) -> bytes:
        deadline = time.monotonic() + timeout_s
        process = self._process
        if process is None or process.stdout is None:
            raise _NoAnswerError(CRASHED)
        while (body := self._complete_answer()) is None:
            if not self._selector.select(max(deadline - time.monotonic(), 0)):
                raise _NoAnswerError(f"reading it took longer than {timeout_s:g} s")
            data = os.read(process.stdout.fileno(), 2**20)
            if not data:
                raise _NoAnswerError(CRASHED)
            self._received += data
        return body

    def _complete_answer(self) -> bytes | None:
        """Return the next answer, or None if it is incomplete."""
        if len(self._received) < LENGTH.size:
            return None
        (size,) = LENGTH.unpack_from(self._received)
        if size > MAX_ANSWER:
            raise _NoAnswerError("the parser gave an answer that is too large for a score")
        if len(self._received) < LENGTH.size + size:
            return None
        body = bytes(memoryview(self._received)[LENGTH.size : LENGTH.size + size])
        del self._received[: LENGTH.size + size]
        return body


@short_repr
class Parsers:
    """A pool of parsers: one for each thread that uses it at the same time.

    At the end of the ``with`` block all parsers are ended, including busy ones.
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
        """Run tasks in a parser that no other thread is using."""
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


def answers_in_process(tasks: Sequence[Task]) -> list[Answer]:
    """Run tasks with parsers that live as long as this process.

    The workers of a cluster execute this function.
    """
    return _OF_THIS_PROCESS.answers(tasks)


def in_order(
    executor: Executor, work: Callable[[T], R], items: Iterable[T], *, ahead: int
) -> Iterator[R]:
    """Yield the results of `work` for each item, in the order of the items.

    At most `ahead` results are being computed or waiting to be yielded at once.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(2) as executor:
    ...     list(in_order(executor, abs, [-3, 1, -2], ahead=2))
    [3, 1, 2]
    """
    pending: deque[Future[R]] = deque()
    try:
        for item in items:
            pending.append(executor.submit(work, item))
            if len(pending) >= ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of `size` items; the last one may be shorter."""
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
