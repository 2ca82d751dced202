"""A browser for the pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.browser import open_browser


@pytest.fixture
def browser() -> Iterator[Any]:
    with open_browser() as browser:
        yield browser
