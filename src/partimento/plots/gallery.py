"""Write web pages about training: animations, and a gallery of pictures."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from partimento.errors import PartimentoError
from partimento.export.page import web_page
from partimento.files import refuse_existing, write_atomically

STYLES = ("page.css", "animation.css")
SPEEDS = ((0.25, "¼"), (0.5, "½"), (1, "1"), (2, "2"), (4, "4"))
FOOTER = "\n<footer>Made by Partimento.</footer>"
SHOWN = (".png", ".svg", ".gif")


def moving_page(title: str, by: str, body: str, *, data: Mapping[str, Any], script: str) -> str:
    """Return a page with playback controls, a body, and a script that draws frames."""
    return web_page(
        title,
        by,
        _player() + body + FOOTER,
        assets=(*STYLES, "animation.js", script),
        data=("data", data),
    )


def _player() -> str:
    speeds = "".join(
        f'<option value="{rate}"{" selected" * (rate == 1)}>× {shown}</option>'
        for rate, shown in SPEEDS
    )
    return f"""<div class="player" role="group" aria-label="Player">
<button id="play" type="button" aria-pressed="false" aria-keyshortcuts="Space">
<span class="icon" aria-hidden="true"></span><span class="word">Play</span>
</button>
<input id="seek" type="range" min="0" max="1" step="1" value="0" aria-label="Frame">
<output id="clock" for="seek"></output>
<select id="speed" aria-label="Speed">{speeds}</select>
</div>
"""


def write_animation(data: bytes | str, path: Path | str, *, force: bool = False) -> Path:
    """Write a GIF (bytes) or a page (text), complete or not at all.

    Raises
    ------
    PartimentoError
        If the suffix is not .gif for bytes or .html for text, or the file already exists and
        `force` is not set.
    """
    suffix = ".html" if isinstance(data, str) else ".gif"
    if Path(path).suffix.lower() != suffix:
        raise PartimentoError(f"this animation must be a {suffix} file, not {path}")
    refuse_existing(path, force=force)
    return write_atomically(path, data)


def write_learning_page(
    folder: Path | str,
    title: str,
    sections: Mapping[str, Sequence[tuple[str, str]]],
    *,
    name: str = "index.html",
    force: bool = False,
) -> Path:
    """Write a page that shows the pictures of a folder and links to its other files.

    Parameters
    ----------
    folder : Path or str
    title : str
    sections : mapping
        Heading → list of (name of a file in the folder, caption). The page shows ``.png``, ``.svg``
        and ``.gif`` files, and has links to others.
    name : str
        The file name of the page.
    force : bool
        Replace an existing page.

    Raises
    ------
    PartimentoError
        If a file is missing or outside the folder, or the page exists and `force` is not set.
    """
    folder = Path(folder)
    refuse_existing(folder / name, force=force)
    body = ""
    for number, (heading, entries) in enumerate(sections.items()):
        shown = "\n".join(
            _exhibit(folder, file, caption)
            for file, caption in entries
            if Path(file).suffix.lower() in SHOWN
        )
        linked = "".join(
            _link(folder, file, caption)
            for file, caption in entries
            if Path(file).suffix.lower() not in SHOWN
        )
        files = f'<ul class="files">{linked}</ul>' if linked else ""
        body += (
            f'<section aria-labelledby="s{number}">\n<h2'
            f' id="s{number}">{html.escape(heading)}</h2>\n{shown}{files}\n</section>\n'
        )
    page = web_page(
        title,
        "",
        f"<main>\n{body}</main>{FOOTER}",
        assets=STYLES,
        allowed="img-src 'self' file: data:",
    )
    return write_atomically(folder / name, page)


def _exhibit(folder: Path, file: str, caption: str) -> str:
    from PIL import Image

    size = ""
    if _existing_file(folder, file).suffix.lower() != ".svg":
        with Image.open(folder / file) as picture:
            size = ' width="{}" height="{}"'.format(*picture.size)
    link, words = html.escape(quote(file)), html.escape(caption)
    return (
        f'<figure><a href="{link}"><img src="{link}" alt="{words}"{size}'
        f' loading="lazy"></a><figcaption>{words}</figcaption></figure>'
    )


def _link(folder: Path, file: str, caption: str) -> str:
    _existing_file(folder, file)
    return (
        f'<li><a href="{html.escape(quote(file))}">{html.escape(file)}</a>'
        f" <span>{html.escape(caption)}</span></li>"
    )


def _existing_file(folder: Path, file: str) -> Path:
    if (
        PurePosixPath(file).is_absolute()
        or ".." in PurePosixPath(file).parts
        or not (folder / file).is_file()
    ):
        raise PartimentoError(f"no such file in {folder}: {file}")
    return folder / file
