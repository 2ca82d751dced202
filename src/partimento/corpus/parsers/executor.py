"""Choose the workers of a build: threads with parsers, or a dask cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, ThreadPoolExecutor
from contextlib import contextmanager

from partimento.corpus.parsers.pool import COMMAND, Answer, Parsers, Task, answers_here
from partimento.errors import PartimentoError

BATCH = 8  # scores that a thread takes at once
CLUSTER_BATCH = 64  # and a cluster's worker: going over the network takes longer
ANSWER_S, JOIN_S = 10, 60  # how long a scheduler may take to answer, and its first worker to join
Work = Callable[[Sequence[Task]], list[Answer]]


@contextmanager
def crew(
    workers: int | None, cluster: str, tasks: int, command: Sequence[str] = COMMAND
) -> Iterator[tuple[Executor, Work, int, int]]:
    """Yield an executor, its function, the batch size, and the batches in flight.

    Raises
    ------
    PartimentoError
        If there is no scheduler at the address `cluster`, or dask is not installed.
    """
    if cluster:
        with _dask(cluster) as (executor, size):
            yield executor, answers_here, max(1, min(CLUSTER_BATCH, tasks // (4 * size))), 4 * size
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
                f"the cluster at {address} was lost: the same command goes on from what it has read"
            ) from error
