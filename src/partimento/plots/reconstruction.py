"""Animate the reconstruction of one training window over the epochs, as scores.

The result is a GIF or a web page.
"""

from __future__ import annotations

import copy
import html
import io
import xml.etree.ElementTree as ET
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from partimento.errors import PartimentoError
from partimento.export import write as render
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.text import check_text
from partimento.music.timelines import Part
from partimento.plots.gallery import moving_page
from partimento.plots.gif import to_gif
from partimento.plots.score_pair import PAGE_WIDTH, SVG, WRONG, engrave_pair
from partimento.plots.style import plain_title

SCORE_MS = 700  # milliseconds per picture of a GIF; reading a score takes time
SCORE_RATE = 1.5  # pictures per second on a page, at normal speed
GIF_WIDTH = 1000  # in pixels
COLUMNS = 18  # maximum number of onsets per system, except for bars that have more
CAPTION_HEIGHT = 110  # in tenths of a millimeter
STROKES = "".join(
    f".engraved {tag} {{ stroke: currentColor }}"
    for tag in ("ellipse", "path", "polygon", "polyline", "rect")
)


@dataclass(frozen=True)
class Reconstruction:
    """One training window, and its reconstructions over the epochs.

    Parameters
    ----------
    original : Piece
        The window; all pictures have its first meter, its key and its first instrument.
    snapshots : sequence of Piece
        The reconstructions, in order. Their notes are written in one part, and cut off at the end
        of the original.
    captions : sequence of str
        For example ``epoch 25, 18 of 32 chords right``.
    title : str

    Raises
    ------
    PartimentoError
        If there is no snapshot, `captions` differs in length, or the original is empty.
    """

    original: Piece
    snapshots: Sequence[Piece]
    captions: Sequence[str]
    title: str = "Reconstruction"

    def __post_init__(self) -> None:
        if not self.snapshots or not self.original.length:
            raise PartimentoError(
                "an animated score needs an original with notes, and at least one snapshot"
            )
        if len(self.captions) != len(self.snapshots):
            raise PartimentoError(
                f"{len(self.snapshots)} snapshots, but {len(self.captions)} captions"
            )

    @cached_property
    def pairs(self) -> list[Piece]:
        """For each snapshot, a piece with the original and the snapshot as its parts."""
        return [self._pair(snapshot) for snapshot in self.snapshots]

    def _pair(self, snapshot: Piece) -> Piece:
        first = self.original.parts[0]
        end = self.original.length
        notes = [Note(note.onset, note.duration, note.pitch) for note in self.original.notes]
        notes += [
            Note(n.onset, min(n.end, end) - n.onset, n.pitch, part=1)
            for n in snapshot.notes
            if n.onset < end
        ]
        part = Part("", first.program, first.is_drum)
        return self.original.replace(notes=notes, parts=(part, part), tempos=(), cuts=())

    @cached_property
    def breaks(self) -> frozenset[int]:
        """Indices of the bars that begin a system, except the first.

        They are the same in all pictures, and have space for the one with the most onsets.
        """
        bars = self.original.bars()
        starts = [bar.onset for bar in bars]
        full = 1
        for pair in self.pairs:
            counts = np.bincount(
                [bisect_right(starts, onset) for onset in {note.onset for note in pair.notes}],
                minlength=1,
            )
            full = max(full, int(counts.max()))
        systems = -(-len(bars) // max(1, COLUMNS // full))
        each = -(-len(bars) // systems)
        return frozenset(range(each, len(bars), each))

    @cached_property
    def pages(self) -> list[ET.Element]:
        """The engraved picture of each snapshot; equal snapshots share one object."""
        known: dict[Any, ET.Element] = {}
        for pair in self.pairs:
            if pair.notes not in known:
                known[pair.notes] = engrave_pair(pair, self.breaks)
        return [known[pair.notes] for pair in self.pairs]


def _height(page: ET.Element) -> float:
    return float(page.get("viewBox", "").split()[3])


def score_gif(reconstruction: Reconstruction) -> bytes:
    """Animate the window and its reconstruction below it as a GIF.

    Wrong chords are colored. All pictures have the same size and the same line breaks.
    """
    from PIL import Image

    pages = reconstruction.pages
    height = max(map(_height, pages)) + CAPTION_HEIGHT
    pictures = []
    for page, caption in zip(pages, reconstruction.captions, strict=True):
        with Image.open(
            io.BytesIO(
                render.rasterize(
                    _captioned(page, reconstruction.title, caption, height), width=GIF_WIDTH
                )
            )
        ) as picture:
            pictures.append(picture.convert("RGB"))
    return to_gif(pictures, ["#000000", WRONG], frame_ms=SCORE_MS, last_ms=3 * SCORE_MS)


def _captioned(page: ET.Element, title: str, caption: str, height: float) -> str:
    def text(x: float, anchor: str, words: str, weight: str) -> str:
        return (
            f'<text x="{x:g}" y="72" font-size="44" text-anchor="{anchor}"'
            f' font-weight="{weight}">{html.escape(words)}</text>'
        )

    words = text(60, "start", plain_title(title, 40), "bold") + text(
        PAGE_WIDTH - 40, "end", plain_title(caption, 50), "normal"
    )
    size = f'width="{PAGE_WIDTH}" height="{_height(page):g}"'
    inner = ET.tostring(page, encoding="unicode").replace(
        "<svg", f'<svg y="{CAPTION_HEIGHT}" {size}', 1
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {PAGE_WIDTH}'
        f' {height:g}"><style>{STROKES}</style>'
    )
    return check_text("a caption", f"{head}{words}{inner}</svg>")


def score_page(reconstruction: Reconstruction) -> str:
    """Return the window and its reconstructions as a web page with playback controls.

    Glyphs are stored only once for all pictures.
    """
    pages = {id(page): page for page in reconstruction.pages}
    height = max(map(_height, pages.values()))
    glyphs: dict[str, str] = {}
    texts = []
    for page in pages.values():
        page = copy.deepcopy(page)
        for defs in page.findall(f"{SVG}defs"):
            glyphs.update(
                {glyph.get("id", ""): ET.tostring(glyph, encoding="unicode") for glyph in defs}
            )
            page.remove(defs)
        page.set("viewBox", f"0 0 {PAGE_WIDTH} {height:g}")
        texts.append(ET.tostring(page, encoding="unicode"))
    order = list(pages)
    captions = list(reconstruction.captions)
    page_of = [order.index(id(page)) for page in reconstruction.pages]
    data = {"rate": SCORE_RATE, "captions": captions, "page_of": page_of, "pages": texts}
    body = f"""<p class="caption" id="caption">{html.escape(captions[-1])}</p>
<main id="score" class="sheet" role="img" aria-label="Original and reconstruction, {html.escape(captions[-1])}">{texts[page_of[-1]]}</main>
<p class="hint">Space plays and pauses, the arrow keys step through the pictures. Colored chords differ from the original.</p>
<svg class="glyphs" aria-hidden="true"><defs>{"".join(glyphs[name] for name in sorted(glyphs))}</defs></svg>"""  # noqa: E501
    by = (
        f"{reconstruction.original.title}, reconstructed by a model during training"
        if reconstruction.original.title
        else ""
    )
    return moving_page(reconstruction.title, by, body, data=data, script="score.js")
