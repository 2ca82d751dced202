"""Chains the writers: which of them a file name needs, in which order."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from partimento.config import UserError
from partimento.files import refuse_existing, write_atomically
from partimento.piece import Piece

# Suffix → "module:function" in this package; the function takes a Chain and the paths to write. Adding a format is a line here.
WRITERS: dict[str, str] = {
    ".mid": "render:_midi",
    ".midi": "render:_midi",
    ".musicxml": "render:_musicxml",
    ".xml": "render:_musicxml",
    ".mxl": "render:_musicxml",
    ".svg": "render:_svg",
    ".png": "render:_png",
    ".pdf": "render:_pdf",
    ".wav": "render:_wav",
    ".json": "render:_json",
    ".html": "render:_html",
}
PAGED = (".svg", ".png")  # formats with a file a page: name.svg, name-2.svg …


@dataclass(frozen=True)
class Chain:
    """One piece on its way to files; what several of them need is made once.

    Parameters
    ----------
    piece : Piece
    soundfont : Path or None
        See `audio.find_soundfont`.
    about : mapping
        What the page tells about how the piece came to be; see `page.to_page`.
    files : sequence of str
        Names of files beside the page that it links to.
    """

    piece: Piece
    soundfont: Path | str | None = None
    about: Mapping[str, Any] | None = None
    files: Sequence[str] = ()

    @cached_property
    def musicxml(self) -> str:
        from partimento.write.musicxml import to_musicxml

        return to_musicxml(self.piece)

    @cached_property
    def picture(self) -> str:
        """The MusicXML that is engraved: with played ornaments as grace notes."""
        from partimento.write.musicxml import to_musicxml

        return to_musicxml(self.piece, ornaments="grace")

    @cached_property
    def pages(self) -> tuple[str, ...]:
        """The engraved pages as SVG."""
        from partimento.write.svg import to_svg

        return to_svg(self.picture)


def write(
    piece: Piece,
    path: Path | str,
    *,
    force: bool = False,
    soundfont: Path | str | None = None,
    about: Mapping[str, Any] | None = None,
    files: Sequence[str] = (),
) -> list[Path]:
    """Write a piece in the format that the suffix of `path` names.

    Parameters
    ----------
    piece : Piece
    path : Path or str
        A score of several pages as SVG or PNG continues in ``name-2.svg``, ``name-3.svg`` …
    force : bool
        Replace what is there (further pages of an earlier, longer score go too).
    soundfont : Path or str, optional
        For ``.wav`` and ``.html``.
    about, files
        For ``.html``.

    Returns
    -------
    list of Path
        The files written, the asked one first.

    Raises
    ------
    UserError
        If the suffix is unknown, a file is there already, or the format cannot carry the piece.
    """
    path = Path(path)
    return write_all(Chain(piece, soundfont, about, files), [path], force=force)


def write_all(chain: Chain, paths: Sequence[Path | str], *, force: bool = False) -> list[Path]:
    """Write one piece to several files; the engraving and other steps in common are done once.

    Every name is checked before the first file is written. Raises as `write` does.
    """
    asked = [Path(path) for path in paths]
    writers = [_writer_for(path) for path in asked]
    for path in asked:
        if path.is_dir() and not path.is_symlink():
            raise UserError(f"{path} is a folder")
        refuse_existing(path, force=force)
    written: list[Path] = []
    for path, writer in zip(asked, writers, strict=True):
        targets = _page_paths(path, len(chain.pages), force=force) if path.suffix.lower() in PAGED else [path]
        writer(chain, targets)
        if path.suffix.lower() in PAGED:
            for stale in _further_pages(path):
                if force and stale not in targets:
                    stale.unlink()
        written += targets
    return written


def write_page(
    piece: Piece,
    path: Path | str,
    *,
    about: Mapping[str, Any] | None = None,
    files: Sequence[str] = (),
    soundfont: Path | str | None = None,
    force: bool = False,
) -> Path:
    """Write the self-contained web page; see `page.to_page` for `about`. Raises as `write` does."""
    if Path(path).suffix.lower() != ".html":
        raise UserError(f"a page is an .html file: {path}")
    return write(piece, path, force=force, soundfont=soundfont, about=about, files=files)[0]


def _writer_for(path: Path) -> Callable[[Chain, Sequence[Path]], None]:
    known = WRITERS.get(path.suffix.lower())
    if known is None:
        name = f"{path.suffix!r} of {path.name}" if path.suffix else f"{path.name} without a suffix"
        raise UserError(f"no such format: {name} (known: {' '.join(WRITERS)})")
    module, _, function = known.partition(":")
    writer: Callable[[Chain, Sequence[Path]], None] = getattr(import_module(f"partimento.write.{module}"), function)
    return writer


def _page_paths(path: Path, count: int, *, force: bool) -> list[Path]:
    paths = [path, *(path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(2, count + 1))]
    for further in paths[1:]:
        refuse_existing(further, force=force)
    return paths


def _further_pages(path: Path) -> list[Path]:
    """The files that this name's further pages would bear, in unbroken order: ``name-2``, ``name-3`` …; no others are ours."""
    found = []
    pattern = re.compile(re.escape(path.stem) + r"-([1-9]\d*)" + re.escape(path.suffix))
    numbers = {int(m[1]): other for other in path.parent.iterdir() if (m := pattern.fullmatch(other.name))}
    number = 2
    while number in numbers:
        found.append(numbers[number])
        number += 1
    return found


def _midi(chain: Chain, paths: Sequence[Path]) -> None:
    from partimento.write.midi import write_midi

    write_midi(chain.piece, paths[0])


def _musicxml(chain: Chain, paths: Sequence[Path]) -> None:
    from partimento.write.musicxml import to_mxl

    compressed = paths[0].suffix.lower() == ".mxl"
    write_atomically(paths[0], to_mxl(chain.musicxml) if compressed else chain.musicxml)


def _svg(chain: Chain, paths: Sequence[Path]) -> None:
    from partimento.write.svg import write_svg

    write_svg(chain.pages, paths)


def _png(chain: Chain, paths: Sequence[Path]) -> None:
    from partimento.write.png import write_png

    write_png(chain.pages, paths)


def _pdf(chain: Chain, paths: Sequence[Path]) -> None:
    from partimento.write.pdf import write_pdf

    write_pdf(chain.pages, paths[0], title=chain.piece.title, author=chain.piece.composer)


def _wav(chain: Chain, paths: Sequence[Path]) -> None:
    from partimento.write.audio import write_wav

    write_wav(chain.piece, paths[0], soundfont=chain.soundfont)


def _json(chain: Chain, paths: Sequence[Path]) -> None:
    write_atomically(paths[0], chain.piece.to_json() + "\n")


def _html(chain: Chain, paths: Sequence[Path]) -> None:
    from partimento.write.audio import to_wav
    from partimento.write.musicxml import note_times
    from partimento.write.page import PAGE_RATE, to_page
    from partimento.write.svg import to_svg

    wav = to_wav(chain.piece, chain.soundfont, sample_rate=PAGE_RATE, mono=True)
    page = to_page(
        chain.piece, to_svg(chain.picture, heading=False, crop=True), note_times(chain.piece), wav, about=chain.about, files=chain.files
    )
    write_atomically(paths[0], page)
