"""Build self-contained web pages: the frame that all pages of Partimento share.

A page makes no requests, because it contains its styles, scripts and data.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Sequence
from importlib.resources import files as package_files
from typing import Any

from partimento.music.provenance import FIELD
from partimento.music.text import check_text

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def asset(name: str) -> str:
    """Return a bundled style or script by its file name."""
    return (
        (package_files("partimento.export") / "assets" / name).read_text(encoding="utf-8").strip()
    )


def script_hash(script: str) -> str:
    """Return the hash of a script, by which the content security policy allows it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def web_page(
    title: str,
    by: str,
    body: str,
    *,
    assets: Sequence[str] = ("page.css",),
    data: tuple[str, Any] | None = None,
    allowed: str = "img-src data:",
    remark: str = "",
) -> str:
    """Build a complete page as HTML.

    Parameters
    ----------
    title, by : str
        The heading and the line below it, as plain text.
    body : str
        HTML.
    assets : sequence of str
        File names of bundled styles and scripts, in order.
    data : (str, Any), optional
        Data for the scripts: the id of an element, and its content as JSON values.
    allowed : str
        Directives to add to the content security policy, which otherwise allows only styles and the
        bundled scripts.
    remark : str
        A text for the page's metadata.

    Raises
    ------
    PartimentoError
        If the page has invalid characters, such as unpaired surrogates.
    """
    style = "\n".join(asset(name) for name in assets if name.endswith(".css"))
    script = "\n".join(asset(name) for name in assets if name.endswith(".js"))
    policy = f"{POLICY}; {allowed}"
    scripts = ""
    if data is not None:
        # Escaped, so that no text in the data can close the script element.
        text = json.dumps(data[1], ensure_ascii=False, separators=(",", ":")).replace(
            "<", "\\u003c"
        )
        scripts += f'<script type="application/json" id="{data[0]}">{text}</script>\n'
    if script:
        policy += f"; script-src '{script_hash(script)}'"
        scripts += f"<script>{script}</script>\n"
    meta = f'<meta name="{FIELD}" content="{html.escape(remark)}">\n' if remark else ""
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="Partimento">
<meta name="color-scheme" content="light dark">
{meta}<title>{html.escape(title)}</title>
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
