"""What is in a web page, for a browser and in one."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest


def data_in(page: str) -> dict[str, Any]:
    (text,) = re.findall(
        r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL
    )
    return dict(json.loads(text))


class Markup(HTMLParser):
    """What a browser would take from a page: addresses, handlers, the policy and the script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: set[str] = set()
        self.handlers: list[str] = []
        self.policy, self.script, self.inside = "", "", False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.addresses |= {
            value or ""
            for name, value in attrs
            if name in ("src", "href", "srcset", "action", "data")
        }
        self.handlers += [name for name in given if name.startswith("on")]
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"] or ""
        self.inside = tag == "script" and "type" not in given

    def handle_data(self, data: str) -> None:
        self.script += data if self.inside else ""
        self.inside = False


def is_self_contained(page: str) -> None:
    """Nothing is loaded, no markup comes from texts, and the only script is the one that the policy
    knows.
    """
    markup = Markup(page)
    assert markup.policy.startswith("default-src 'none';")
    assert (
        "script-src"
        f" 'sha256-{base64.b64encode(hashlib.sha256(markup.script.encode()).digest()).decode()}'"
        in markup.policy
    )
    assert markup.addresses == {"data:,"}
    assert markup.handlers == []
    without = page.replace("http://www.w3.org/2000/svg", "").replace(
        "http://www.w3.org/1999/xlink", ""
    )
    assert not re.search(r"https?://|@import|url\(", without)


def opened(browser: Any, path: Path) -> Any:
    tab = browser.new_page(viewport={"width": 1000, "height": 1000})
    tab.problems = []
    tab.on(
        "console",
        lambda message: (
            tab.problems.append(message.text) if message.type in ("error", "warning") else None
        ),
    )
    tab.on("pageerror", lambda error: tab.problems.append(str(error)))
    tab.on(
        "request",
        lambda request: (
            tab.problems.append(request.url)
            if not request.url.startswith(("file:", "data:"))
            else None
        ),
    )
    tab.goto(path.as_uri())
    return tab


def until(tab: Any, condition: str) -> None:
    for _ in range(100):
        if tab.evaluate(condition):
            return
        time.sleep(0.1)
    pytest.fail(f"never: {condition}")
