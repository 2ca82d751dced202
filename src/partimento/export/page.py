"""What all our web pages share: a frame around what they show. No request leaves a page: style,
script and data stand inside it.
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
    """One of our own styles or scripts, by the name of its file."""
    return (
        (package_files("partimento.export") / "assets" / name).read_text(encoding="utf-8").strip()
    )


def script_hash(script: str) -> str:
    """What a page's policy knows a script by: no other one runs."""
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
    """A whole page as HTML.

    Parameters
    ----------
    title, by : str
        The heading and what stands under it; shown as text.
    body : str
        Markup.
    assets : sequence of str
        Names of our styles and scripts, in their order.
    data : (str, Any), optional
        Of the scripts, as JSON, in an element of that id.
    allowed : str
        What the policy allows beside styles and our scripts.

    Raises
    ------
    PartimentoError
        If a text is none.
    """
    style = "\n".join(asset(name) for name in assets if name.endswith(".css"))
    script = "\n".join(asset(name) for name in assets if name.endswith(".js"))
    policy = f"{POLICY}; {allowed}"
    scripts = ""
    if data is not None:
        text = json.dumps(data[1], ensure_ascii=False, separators=(",", ":")).replace(
            "<", "\\u003c"
        )  # nothing in it ends the element
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
