"""Archives on the loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.collect.archive import Archive, FakeClock, shared_archive

from partimento.collect import Collected, MutopiaQuery, collect_mutopia


@pytest.fixture
def archive() -> Iterator[Archive]:
    """An empty archive."""
    archive = Archive()
    yield archive
    archive.close()


@pytest.fixture
def mutopia(data_folder: Path) -> Iterator[Archive]:
    """The guitar music of Mutopia."""
    archive = shared_archive(data_folder)
    yield archive
    archive.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def collect(archive: Archive, tmp_path: Path, clock: FakeClock) -> Callable[..., Collected]:
    """Collect from `archive` into tmp_path/out."""

    def run(**wishes: Any) -> Collected:
        dry_run = wishes.pop("dry_run", False)
        query = MutopiaQuery(**{"instrument": "Guitar", "base_url": archive.url, **wishes})
        return collect_mutopia(query, tmp_path / "out", dry_run=dry_run, clock=clock)

    return run
