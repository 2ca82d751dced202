"""The generated pages of the documentation are those that the program would write now."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
spec = importlib.util.spec_from_file_location("docs_make", DOCS / "make.py")
assert spec
assert spec.loader
make = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make)


@pytest.mark.parametrize("name", make.PAGES)
def test_reference_page_is_up_to_date(name: str) -> None:
    text = (DOCS / "reference" / f"{name}.md").read_text(encoding="utf-8")
    assert text == make.MADE + make.PAGES[name](), "run `python docs/make.py reference`"
