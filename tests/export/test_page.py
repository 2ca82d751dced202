"""The frame of all web pages: texts stay texts, and only its own script may run."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest

from partimento.errors import PartimentoError
from partimento.export.page import asset, web_page


def test_texts_are_no_markup() -> None:
    page = web_page("<b>A & B</b>", "<i>me</i>", "<main></main>")
    assert "<b>" not in page
    assert "<i>" not in page
    assert page.count("&lt;b&gt;A &amp; B&lt;/b&gt;") == 2  # title and heading
    assert "<main></main>" in page


def test_a_page_without_scripts_allows_none() -> None:
    page = web_page("A", "", "", allowed="media-src data:")
    assert "script-src" not in page
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert "media-src data:" in page


def test_only_the_bundled_script_is_allowed() -> None:
    page = web_page("A", "", "", assets=("page.css", "animation.js"))
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert script == asset("animation.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page


def test_data_cannot_end_its_element() -> None:
    page = web_page("A", "", "", data=("data", {"text": "</script><b>é"}))
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    assert json.loads(text) == {"text": "</script><b>é"}
    assert "<b>" not in page


def test_a_broken_text_or_name_is_refused() -> None:
    with pytest.raises(PartimentoError, match="cannot be written"):
        web_page("A", "", "\ud800")
    with pytest.raises(FileNotFoundError):
        asset("nothing.css")
