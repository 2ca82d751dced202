"""Build the frame that all web pages of Partimento share.

A page makes no requests: it contains its styles, scripts and data.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Sequence
from importlib.resources import files as package_files
from typing import Any

from partimento.music.text import check_text

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def asset(name: str) -> str:
    """Return a bundled style or script by its file name."""
    return (
        (package_files("partimento.export") / "assets" / name).read_text(encoding="utf-8").strip()
    )


def script_hash(script: str) -> str:
    """Return the hash by which a page's policy allows a script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def web_page(
    title: str,
    by: str,
    body: str,
    *,
    assets: Sequence[str] = ("page.css",),
    data: tuple[str, Any] | None = None,
    allowed: str = "img-src data:",
) -> str:
    """Build a complete page as HTML.

    Parameters
    ----------
    title, by : str
        The heading and the line below it, shown as text.
    body : str
        Markup.
    assets : sequence of str
        Names of bundled styles and scripts, in their order.
    data : (str, Any), optional
        The id of an element and its data for the scripts, stored as JSON.
    allowed : str
        Directives added to the policy, which otherwise allows only styles and bundled scripts.

    Raises
    ------
    PartimentoError
        If a text is not valid.
    """
    style = "\n".join(asset(name) for name in assets if name.endswith(".css"))
    script = "\n".join(asset(name) for name in assets if name.endswith(".js"))
    policy = f"{POLICY}; {allowed}"
    scripts = ""
    if data is not None:
        text = json.dumps(data[1], ensure_ascii=False, separators=(",", ":")).replace(
            "<", "\\u003c"
        )  # no text in it can end the element
        scripts += f'<script type="application/json" id="{data[0]}">{text}</script>\n'
    if script:
        policy += f"; script-src '{script_hash(script)}'"
        scripts += f"<script>{script}</script>\n"
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="Partimento">
<meta name="color-scheme" content="light dark">
<title>{html.escape(title)}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<header>
<h1>{html.escape(title)}</h1>
<p class="by">{html.escape(by)}</p>
</header>
{body}
{scripts}</body>
</html>
"""
    return check_text("the page", page)
