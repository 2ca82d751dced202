"""Report the progress of long operations to callbacks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """A callback ``progress(stage, done, total)``, called after each step of a stage."""

    def __call__(self, stage: str, done: int, total: int, /) -> None: ...


class NotedProgress(Protocol):
    """A callback ``progress(stage, done, total, note)``, called before each step.

    `note` describes the step that begins.
    """

    def __call__(self, stage: str, done: int, total: int, note: str, /) -> None: ...


def silent(stage: str, done: int, total: int, note: str = "", /) -> None:
    """Ignore all progress: the default callback."""


@contextmanager
def during(progress: Progress, stage: str) -> Iterator[None]:
    """Report the block as a stage that has a single step."""
    progress(stage, 0, 1)
    yield
    progress(stage, 1, 1)
