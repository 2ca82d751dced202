"""Parsers in processes of their own, which may crash or hang without harm.

A worker is a fresh Python (never a fork) that takes paths on its standard input and answers on its standard output. Requests are lines
of JSON; an answer is a length, a line of JSON and the notes as plain integers. Nothing a worker says can run code here: a file that
took a worker over could only lie about its own music.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import partimento

COMMAND = (sys.executable, "-P", "-m", "partimento.corpus.worker")
MAX_ANSWER = 64 * 2**20  # far more than MAX_NOTES take
START_S = 60.0  # a cold disk is slow, a broken installation does not answer at all
LENGTH = struct.Struct(">Q")


@dataclass(frozen=True)
class Task:
    """A line to send to a worker, and how long its answer may take."""

    request: str
    timeout_s: float


@dataclass(frozen=True)
class Answer:
    """What came back: the bytes of an answer, or why there is none."""

    body: bytes = b""
    failure: str = ""


@dataclass(eq=False)
class _Worker:
    process: subprocess.Popen[bytes]
    deadline: float
    task: int | None = None  # None: it is starting
    heard: bytearray = field(default_factory=bytearray)


class WorkerPool:
    """Workers that are killed and replaced when they crash or outlast their time.

    Parameters
    ----------
    workers : int
    command : sequence of str
        What starts a worker.

    Examples
    --------
    >>> with WorkerPool(1) as pool:
    ...     [answer.body[:2] for answer in pool.run([Task('{"path": "no-such-file.mid"}', 20)])]
    [b'{"']
    """

    def __init__(self, workers: int, *, command: Sequence[str] = COMMAND) -> None:
        self._command = tuple(command)
        self._selector = selectors.DefaultSelector()
        self._workers: list[_Worker] = []
        self._wanted = workers

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in list(self._workers):
            self._end(worker)
        self._selector.close()

    def run(self, tasks: Sequence[Task], *, progress: Callable[[int, int], None] | None = None) -> Iterator[Answer]:
        """Answers in the order of the tasks, each as soon as it and those before it are there."""
        answers: dict[int, Answer] = {}
        waiting = list(range(len(tasks)))[::-1]
        given = done = 0
        while given < len(tasks):
            while len(self._workers) < min(self._wanted, len(waiting) + self._busy()):
                self._start()
            for index, answer in self._step(tasks, waiting):
                answers[index] = answer
                done += 1
                if progress:
                    progress(done, len(tasks))
            while given in answers:
                yield answers.pop(given)
                given += 1

    def _busy(self) -> int:
        return sum(worker.task is not None for worker in self._workers)

    def _start(self) -> None:
        home = str(Path(partimento.__file__).parents[1])
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")  # many processes, small arrays
        before = [os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else []
        environment = {**os.environ, **threads, "PYTHONPATH": os.pathsep.join([home, *before])}
        process = subprocess.Popen(  # noqa: S603 - our own command
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, bufsize=0
        )  # fmt: skip
        worker = _Worker(process, time.monotonic() + START_S)
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        self._selector.register(process.stdout, selectors.EVENT_READ, worker)
        self._workers.append(worker)

    def _end(self, worker: _Worker) -> int:
        process = worker.process
        assert process.stdin is not None
        assert process.stdout is not None
        self._workers.remove(worker)
        self._selector.unregister(process.stdout)
        process.kill()
        process.stdin.close()
        process.stdout.close()
        return process.wait()

    def _step(self, tasks: Sequence[Task], waiting: list[int]) -> Iterator[tuple[int, Answer]]:
        """Wait until a worker says something or is late; give what was finished by it."""
        patience = min(worker.deadline for worker in self._workers) - time.monotonic()
        for key, _ in self._selector.select(max(patience, 0)):
            worker: _Worker = key.data
            try:
                heard = os.read(key.fd, 2**20)
            except BlockingIOError:
                continue
            worker.heard += heard
            if not heard:
                yield from self._lost(worker, "the parser crashed")
            else:
                yield from self._listen(worker, tasks, waiting)
        for worker in [w for w in self._workers if w.deadline <= time.monotonic()]:
            limit = tasks[worker.task].timeout_s if worker.task is not None else START_S
            yield from self._lost(worker, f"reading it took longer than {limit:g} s")

    def _listen(self, worker: _Worker, tasks: Sequence[Task], waiting: list[int]) -> Iterator[tuple[int, Answer]]:
        if len(worker.heard) < LENGTH.size:
            return
        (size,) = LENGTH.unpack_from(worker.heard)
        if size > MAX_ANSWER:
            yield from self._lost(worker, "the parser gave more than a score can hold")
        elif len(worker.heard) >= LENGTH.size + size:
            body, index = bytes(worker.heard[LENGTH.size : LENGTH.size + size]), worker.task
            worker.heard.clear()
            self._next(worker, tasks, waiting)
            if index is not None:  # the first word of a worker only says that it is ready
                yield index, Answer(body)

    def _next(self, worker: _Worker, tasks: Sequence[Task], waiting: list[int]) -> None:
        if not waiting:
            self._end(worker)
            return
        worker.task = waiting.pop()
        task = tasks[worker.task]
        worker.deadline = time.monotonic() + task.timeout_s
        assert worker.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it died between two tasks: its silence will be heard
            worker.process.stdin.write(task.request.encode() + b"\n")

    def _lost(self, worker: _Worker, reason: str) -> Iterator[tuple[int, Answer]]:
        code = self._end(worker)
        if worker.task is None:
            raise RuntimeError(f"a reading process could not start (exit code {code}): {json.dumps(self._command)}")
        yield worker.task, Answer(failure=reason)
