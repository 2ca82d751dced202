"""How long work reports how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """Called as ``progress(stage, done, total)`` whenever a step of a stage is done."""

    def __call__(self, stage: str, done: int, total: int, /) -> None: ...


class NotedProgress(Protocol):
    """Called as ``progress(stage, done, total, note)``, before each step."""

    def __call__(self, stage: str, done: int, total: int, note: str, /) -> None: ...


def silent(stage: str, done: int, total: int, note: str = "", /) -> None:
    """Report nothing."""


@contextmanager
def during(progress: Progress, stage: str) -> Iterator[None]:
    """Report a stage of one step, which lasts as long as the block."""
    progress(stage, 0, 1)
    yield
    progress(stage, 1, 1)
