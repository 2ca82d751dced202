"""The workers of a build: threads, each with its parser, or a cluster that must be there."""

from __future__ import annotations

import socket
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from partimento.corpus.parsers import executor
from partimento.corpus.parsers.executor import BATCH, worker_pool
from partimento.corpus.parsers.pool import Task
from partimento.errors import PartimentoError

ECHO = (
    sys.executable,
    "-c",
    (
        "import struct, sys\n"
        "def say(body): sys.stdout.buffer.write(struct.pack('>Q', len(body)) + body);"
        " sys.stdout.flush()\n"
        "say(b'')\n"
        "for line in sys.stdin: say(line.strip().encode())\n"
    ),
)


def test_threads_and_batches_follow_the_number_of_tasks() -> None:
    for workers, tasks, threads, size in (
        (8, 3, 3, 1),
        (2, 0, 1, 1),
        (2, 8 * BATCH - 1, 2, 1),
        (2, 8 * BATCH, 2, BATCH),
    ):
        with worker_pool(workers, "", tasks, ECHO) as (threads_of, _, batch, in_flight):
            assert isinstance(threads_of, ThreadPoolExecutor)
            assert threads_of._max_workers == threads
            assert (batch, in_flight) == (size, 8 * threads)


def test_answers_come_in_order_and_parsers_end_with_the_block() -> None:
    with worker_pool(1, "", 2, ECHO) as (threads, work, _, _):
        answers = threads.submit(work, [Task("one", 20), Task("two", 20)]).result()
    assert [answer.body for answer in answers] == [b"one", b"two"]
    with pytest.raises(RuntimeError, match="closed"):
        work([Task("three", 20)])


def test_an_unreachable_cluster_is_reported_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "ANSWER_S", 0.2)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"  # nobody listens
        with (
            pytest.raises(PartimentoError, match=f"^no dask scheduler answers at {address}$"),
            worker_pool(None, address, 1),
        ):
            pass


def test_a_cluster_needs_dask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)  # as if it were not installed
    with (
        pytest.raises(PartimentoError, match=r"pip install 'partimento\[cluster\]'"),
        worker_pool(None, "tcp://127.0.0.1:1", 1),
    ):
        pass
