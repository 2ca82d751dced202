"""Provide the workers that read files: threads with parsers, or a dask cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, ThreadPoolExecutor
from contextlib import contextmanager

from partimento.corpus.parsers.pool import COMMAND, Answer, Parsers, Task, answers_in_process
from partimento.errors import PartimentoError

BATCH = 8  # scores that a thread processes at once
CLUSTER_BATCH = 64  # scores that a cluster's worker processes at once, because of the network
ANSWER_S, JOIN_S = 10, 60  # time limits for the scheduler's answer, and for its first worker
Work = Callable[[Sequence[Task]], list[Answer]]


@contextmanager
def worker_pool(
    workers: int | None, cluster: str, tasks: int, command: Sequence[str] = COMMAND
) -> Iterator[tuple[Executor, Work, int, int]]:
    """Yield an executor with its workers, which are stopped at the end of the block.

    Parameters
    ----------
    workers : int or None
        Number of parsing processes on this machine; by default one per core.
    cluster : str
        Address of a dask scheduler; empty for this machine.
    tasks : int
        Number of scores to read.
    command : sequence of str
        The command that starts a parser; for tests.

    Yields
    ------
    executor : Executor
    work : callable
        The function to submit: it returns the answers to a batch of tasks.
    batch : int
        Tasks per batch.
    ahead : int
        Batches to submit before waiting for the first one.

    Raises
    ------
    PartimentoError
        If there is no scheduler at the address `cluster`, or dask is not installed.
    """
    if cluster:
        with _dask(cluster) as (executor, threads):
            batch = max(1, min(CLUSTER_BATCH, tasks // (4 * threads)))
            yield executor, answers_in_process, batch, 4 * threads
        return
    count = min(workers or os.cpu_count() or 1, max(tasks, 1))
    with ThreadPoolExecutor(count) as executor, Parsers(tuple(command)) as parsers:
        yield executor, parsers.answers, BATCH if tasks >= 4 * BATCH * count else 1, 8 * count


@contextmanager
def _dask(address: str) -> Iterator[tuple[Executor, int]]:
    try:
        from distributed import Client, KilledWorker
        from distributed.comm import CommClosedError
    except ImportError as error:
        raise PartimentoError("a cluster needs dask: pip install 'partimento[cluster]'") from error
    try:
        client = Client(address, timeout=f"{ANSWER_S}s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise PartimentoError(f"no dask scheduler answers at {address}") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=JOIN_S)
        except TimeoutError as error:
            raise PartimentoError(f"the dask scheduler at {address} has no workers") from error
        try:
            yield client.get_executor(pure=False), max(1, sum(client.nthreads().values()))
        except (KilledWorker, CommClosedError, CancelledError) as error:
            raise PartimentoError(
                f"the cluster at {address} was lost: run the same command again to continue"
            ) from error
