"""Build a web page with the score, a player and the origin of the piece.

The player highlights the sounding notes. The page contains its styles, scripts, score and sound,
and its content security policy forbids all requests.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from partimento.export.note_colors import NoteColors, legend_html
from partimento.export.page import web_page
from partimento.export.page_sounds import PageSound
from partimento.music.piece import Piece
from partimento.music.text import check_text

LABELS = {
    ".mid": "MIDI, to play and edit",
    ".midi": "MIDI, to play and edit",
    ".musicxml": "MusicXML, for notation programs",
    ".mxl": "MusicXML, compressed",
    ".xml": "MusicXML, for notation programs",
    ".pdf": "PDF, to print",
    ".svg": "SVG, the engraved page",
    ".png": "PNG, a picture",
    ".wav": "WAV, to hear",
    ".flac": "FLAC, to hear",
    ".ogg": "OGG, to hear",
    ".mp3": "MP3, to hear",
    ".gif": "GIF, the score building up",
    ".abc": "ABC, as text",
    ".json": "JSON, for programs",
}


def to_page(
    piece: Piece,
    svg_pages: Sequence[str],
    note_times: Sequence[tuple[Fraction, Fraction]],
    sounds: Sequence[PageSound],
    *,
    about: Mapping[str, Any] | None = None,
    files: Sequence[str] = (),
    colors: NoteColors | None = None,
) -> str:
    """Build the player page as HTML.

    Parameters
    ----------
    piece : Piece
    svg_pages : sequence of str
        Engraved pages whose notes have the ids ``n0``, ``n1``, … (``n1.2`` is tied to ``n1``).
    note_times : sequence of (start, end)
        In seconds, for each note in the order of the piece.
    sounds : sequence of PageSound
        One of the whole piece, or one per part (see `page_sounds`). Each part can then be muted.
    about : mapping, optional
        The origin of the piece, as plain text. Keys: ``heading`` (default "Training music"),
        ``corpus``, ``license``; ``text``, a sentence or a list of sentences; ``figures``, a list of
        ``(name, value)``, or of mappings for a table; ``remark``, a text for the page's metadata;
        ``sources``, a list of titles, or of mappings
        with ``title``, ``url`` and ``license``; ``sections``, a list of further mappings of this
        kind, which are shown first.
    files : sequence of str
        Names of files in the same folder, which can be downloaded.
    colors : NoteColors, optional
        The colors of the notes, which `svg_pages` have, for a legend and the texts of the notes.

    Raises
    ------
    PartimentoError
        If a text has invalid characters.
    """
    for name in files:
        check_text("the name of a file", name)
    times: list[list[float]] = [[round(float(a), 3), round(float(b), 3)] for a, b in note_times]
    is_mixed = len(sounds) > 1
    if is_mixed:  # each note with the number of its sound
        numbers = {sound.part: number for number, sound in enumerate(sounds)}
        for time, part in zip(times, piece.notes.part.tolist(), strict=True):
            time.append(numbers[part])
    title = piece.title or "Untitled"
    sheets = "\n".join(
        f'<div class="sheet" role="img" aria-label="{html.escape(title)}, page {n} of'
        f' {len(svg_pages)}">{_inline(svg, n)}</div>'
        for n, svg in enumerate(svg_pages, 1)
    )
    body = f"""<div class="player{" many" if is_mixed else ""}" role="group" aria-label="Player">
<button id="play" type="button" aria-pressed="false" aria-keyshortcuts="Space">
<span class="icon" aria-hidden="true"></span><span class="word">Play</span>
</button>
<input id="seek" type="range" min="0" max="1" step="0.01" value="0" aria-label="Position">
<output id="clock" for="seek">0:00</output>
{_voices(sounds) if is_mixed else ""}</div>
{_sound_data(sounds)}
{legend_html(colors) if colors else ""}
<main id="score">
{sheets}
</main>
<p class="hint">Space plays and pauses, the arrow keys move by two seconds,
a click on a note plays from there.</p>
{_downloads(files)}
{_about(about or {})}
<footer>Composed with Partimento.</footer>"""
    allowed = "media-src data:; img-src data:"
    return web_page(
        title,
        _byline(piece),
        body,
        assets=("page.css", *(["voices.js"] if is_mixed else []), "page.js"),
        data=("times", times),
        allowed=allowed,
        remark=str((about or {}).get("remark", "")),
    )


def _voices(sounds: Sequence[PageSound]) -> str:
    """Return the buttons by which each part is muted, or heard alone."""
    voices = ""
    for sound in sounds:
        name = html.escape(sound.name)
        buttons = "".join(
            f'<button type="button" class="toggle {kind.lower()}" aria-pressed="false"'
            f' aria-label="{kind} {name}">{kind[0]}<span>{kind[1:]}</span></button>'
            for kind in ("Mute", "Solo")
        )
        label = f'<span class="name" title="{name}">{name}</span>'
        voices += f'<div class="voice">{label}{buttons}</div>\n'
    return f'<div class="voices" role="group" aria-label="Voices">\n{voices}</div>\n'


def _sound_data(sounds: Sequence[PageSound]) -> str:
    texts = [base64.b64encode(sound.wav).decode() for sound in sounds]
    if len(texts) == 1:
        source = f"data:audio/wav;base64,{texts[0]}"
        return f'<audio id="sound" preload="auto" src="{source}"></audio>'
    # Scripts of this type are not run, but only hold data.
    return "\n".join(f'<script type="audio/wav" class="sound">{text}</script>' for text in texts)


def _inline(svg: str, number: int) -> str:
    """Remove prologue, metadata and size of an SVG page, to embed it in HTML."""
    body = re.sub(r"^\s*<\?xml[^>]*\?>\s*", "", svg)
    body = re.sub(r"<metadata>.*?</metadata>", "", body, count=1)
    body = re.sub(r"<desc>.*?</desc>", "", body, count=1)
    body = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", body, count=1)
    return re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", body, count=1)


def _byline(piece: Piece) -> str:
    instruments = ", ".join(part.name for part in piece.parts if part.name)
    key = piece.keys[0].name if piece.keys else ""
    if key in piece.title:
        key = ""
    return " · ".join(word for word in (piece.composer, instruments, key) if word)


def _downloads(files: Sequence[str]) -> str:
    if not files:
        return ""
    from pathlib import PurePath
    from urllib.parse import quote

    items = ""
    for name in files:
        label = LABELS.get(PurePath(name).suffix.lower(), "")
        items += (
            f'<li><a href="{html.escape(quote(name))}" download>{html.escape(name)}</a>'
            f" <span>{label}</span></li>"
        )
    return (
        '<section aria-labelledby="files"><h2 id="files">Downloads</h2><ul'
        f' class="files">{items}</ul></section>'
    )


def _about(about: Mapping[str, Any]) -> str:
    sections = [_section(section) for section in (*about.get("sections", ()), about)]
    return "\n".join(section for section in sections if section)


def _section(about: Mapping[str, Any]) -> str:
    parts = []
    text = about.get("text", ())
    parts += [
        f"<p>{html.escape(str(line))}</p>" for line in ([text] if isinstance(text, str) else text)
    ]
    facts = [(name.capitalize(), about[name]) for name in ("corpus", "license") if about.get(name)]
    if facts:
        parts.append(
            "<dl>"
            + "".join(f"<dt>{html.escape(n)}</dt><dd>{html.escape(str(v))}</dd>" for n, v in facts)
            + "</dl>"
        )
    parts.append(_table(about.get("figures", ())))
    sources = [_source(source) for source in about.get("sources", ())]
    if sources:
        summary = f"{len(sources)} training piece{'s' if len(sources) > 1 else ''}"
        shown = "" if len(sources) > 12 else " open"
        parts.append(
            f"<details{shown}><summary>{summary}</summary><ol"
            f' class="sources">{"".join(sources)}</ol></details>'
        )
    body = "\n".join(part for part in parts if part)
    heading = str(about.get("heading", "Training music"))
    name = "about" if "heading" not in about else "about-" + re.sub(r"\W+", "-", heading.lower())
    return (
        f'<section aria-labelledby="{name}"><h2 id="{name}">{html.escape(heading)}</h2>\n'
        f"{body}</section>"
        if body
        else ""
    )


def _table(figures: Sequence[Any] | Mapping[str, Any]) -> str:
    rows: list[Any] = list(figures.items()) if isinstance(figures, Mapping) else list(figures)
    if not rows:
        return ""
    if isinstance(rows[0], Mapping):
        names = list(rows[0])
        head = (
            "<thead><tr>"
            + "".join(f'<th scope="col">{html.escape(str(name))}</th>' for name in names)
            + "</tr></thead>"
        )
        cells = [[row.get(name, "") for name in names] for row in rows]
    else:
        head, cells = "", [list(row) for row in rows]
    lines = "".join(
        f'<tr><th scope="row">{html.escape(str(first))}</th>'
        + "".join(f"<td>{html.escape(_figure(value))}</td>" for value in rest)
        + "</tr>"
        for first, *rest in cells
    )
    return f'<div class="scroll"><table>{head}<tbody>{lines}</tbody></table></div>'


def _figure(value: Any) -> str:
    return (
        f"{value:,.3g}"
        if isinstance(value, float)
        else f"{value:,}"
        if isinstance(value, int)
        else str(value)
    )


def _source(source: Any) -> str:
    if not isinstance(source, Mapping):
        return f"<li>{html.escape(str(source))}</li>"
    title, url, license = (str(source.get(key, "") or "") for key in ("title", "url", "license"))
    name = html.escape(title or url)
    if re.match(r"https?://", url):
        name = f'<a href="{html.escape(url)}" rel="noreferrer">{name}</a>'
    return f"<li>{name}{f' <span>{html.escape(license)}</span>' if license else ''}</li>"
