"""Implement the methods of `Piece` that need packages from higher layers.

This file is the one exception to the direction of imports. Each function imports what it needs
when it is called, so that importing `Piece` loads no engraver and no synthesizer.
"""

from __future__ import annotations

import sys
import tempfile
import webbrowser
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from partimento.errors import import_extra

if TYPE_CHECKING:
    from partimento.music.piece import Piece

FRAME_HEIGHT = 640  # height of the score page in a notebook, in pixels


def save(
    piece: Piece, path: Path | str, *, force: bool, soundfont: Path | str | None
) -> list[Path]:
    """Write a piece in the format that the suffix of `path` names."""
    from partimento.export.write import write

    return write(piece, path, force=force, soundfont=soundfont)


def show(piece: Piece, *, soundfont: Path | str | None) -> None:
    """Show the score and a player: inside a notebook, else in the web browser."""
    from partimento.export.write import Chain

    page = Chain(piece, soundfont).page
    if in_notebook():
        display = import_extra("IPython.display", extra="notebook")
        style = f'width="100%" height="{FRAME_HEIGHT}" style="border: 0"'
        display.display(display.HTML(f'<iframe srcdoc="{escape(page)}" {style}></iframe>'))
        return
    path = Path(tempfile.mkdtemp(prefix="partimento-")) / "score.html"
    path.write_text(page, encoding="utf-8")
    webbrowser.open(path.as_uri())


def play(piece: Piece, *, soundfont: Path | str | None) -> Any:
    """Return a player in a notebook, else open score and player in the web browser."""
    if not in_notebook():
        return show(piece, soundfont=soundfont)
    from partimento.export.audio import to_wav

    display = import_extra("IPython.display", extra="notebook")
    return display.Audio(data=to_wav(piece, soundfont))


def separate_voices(piece: Piece) -> Piece:
    """Return the piece with a voice for each note."""
    from partimento.analysis.voice_separation import separate_voices

    return separate_voices(piece)


def description(piece: Piece) -> str:
    """Return the `repr` of a piece: title, composer, bars, meter, key and parts."""
    title = f" {_cut(piece.title, 60)!r}" if piece.title else ""
    composer = f" by {_cut(piece.composer, 40)}" if piece.composer else ""
    meter = piece.first_meter
    bars = f"{_count(len(piece.bars()), 'bar')} in {meter.numerator}/{meter.denominator}"
    if len(piece.meters) > 1:
        bars += " and other meters"
    keys = [piece.keys[0].name] if piece.keys else []
    named = [part.name for part in piece.parts if part.name]
    names = f" ({_cut(', '.join(named), 60)})" if named else ""
    facts = (bars, *keys, _count(len(piece.parts), "part") + names)
    warnings = [_count(len(piece.warnings), "warning")] if piece.warnings else []
    facts = (*facts, _count(len(piece.notes), "note"), *warnings)
    return f"<Piece{title}{composer}: {', '.join(facts)}>"


def _cut(text: str, length: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else f"{text[:length]}…"


def _count(number: int, name: str) -> str:
    return f"{number:,} {name}" if number == 1 else f"{number:,} {name}s"


def to_dataframe(piece: Piece) -> Any:
    """Return the notes of a piece as a pandas DataFrame."""
    pandas = import_extra("pandas", extra="dataframe")
    notes = piece.notes
    columns = {name: getattr(notes, name) for name in notes.COLUMNS}
    steps = {f"{name}_steps": columns.pop(name) for name in ("onset", "duration")}
    quarters = {name: steps[f"{name}_steps"] / notes.divisions for name in ("onset", "duration")}
    frame = pandas.DataFrame({**quarters, **steps, **columns})
    frame.attrs["divisions"] = notes.divisions
    return frame


def to_html(piece: Piece) -> str:
    """Return the engraved score as SVG for a notebook."""
    from partimento.export.write import Chain

    return "\n".join(Chain(piece).pages)


def in_notebook() -> bool:
    """Return whether the code runs in a notebook, which can display HTML."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and shell.has_trait("kernel")
