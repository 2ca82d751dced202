"""A browser for the pages, and a reconstruction for scores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.browser import open_browser
from tests.plots.studies import learned

from partimento.plots import Reconstruction


@pytest.fixture
def browser() -> Iterator[Any]:
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def reconstruction() -> Reconstruction:
    """Return three snapshots of a study, of which the last is right."""
    return learned(title="Window <3>")
