"""Draw an animated GIF in which a score builds up, note by note.

Each page is drawn twice, complete and with empty staves. A frame shows the complete page up to the
next note, and the empty one after it.
"""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from partimento.errors import PartimentoError
from partimento.export.svg import SVG
from partimento.short_repr import short_repr

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTH = 900  # pixels
NO_DITHER: Any = 0  # PIL.Image.Dither.NONE
COLORS = 32  # in the palette: ink in shades, and the colors of notes
MOST_S, LAST_MS = 20.0, 3000  # duration of the animation, and of its last frame
LEAST_MS = 40  # browsers show shorter frames more slowly
MOST_FRAMES = 200
MOST_PAGES = 8  # a longer score gives a file that no page can show
MARGIN = 6  # pixels to the left of a note that appear with it
# Classes of verovio that stay on the empty staves; all others inside of a layer or bar are notes.
STAVES = frozenset(
    ("clef", "keySig", "meterSig", "meterSigGrp", "keyAccid", "barLine", "staff", "layer", "mNum")
)
TRANSLATE = re.compile(r"translate\(([-\d.]+)[, ]+([-\d.]+)\)")
PATH = re.compile(r"M([-\d.]+) ([-\d.]+) L([-\d.]+) ([-\d.]+)")


@short_repr
class Place(NamedTuple):
    """Where a note begins on a page: its system, and x as a share of the width."""

    page: int
    system: int
    x: float


@short_repr
class Band(NamedTuple):
    """The part of a page that belongs to a system, as shares of the page's height."""

    top: float
    bottom: float


def to_score_gif(
    pages: Sequence[str],
    onsets: Sequence[Fraction],
    seconds: Callable[[Fraction], Fraction],
    draw: Callable[[str, int], bytes],
    *,
    comment: str = "",
) -> bytes:
    """Draw the animation.

    Parameters
    ----------
    pages : sequence of str
        Engraved pages, cropped below the last system, whose notes have the ids ``n0``, ``n1``, ….
    onsets : sequence of Fraction
        The onset of each note, in quarters.
    seconds : callable
        Converts a time in quarters to seconds.
    draw : callable
        Draws an SVG page as PNG, given its width in pixels.
    comment : str
        A remark that the file carries.

    Raises
    ------
    PartimentoError
        If the score has too many pages.
    """
    if len(pages) > MOST_PAGES:
        raise PartimentoError(
            f"a GIF shows at most {MOST_PAGES} pages, and this score has {len(pages)}: cut some"
            " bars, or write a PDF"
        )
    roots = [ET.fromstring(page) for page in pages]  # noqa: S314 - engraved by this program
    places = [place for i, root in enumerate(roots) for place in _places(root, i).items()]
    steps = _steps(dict(places), onsets)
    frames = _frames(pages, roots, [place for _, place in steps], draw)
    durations = _durations([time for time, _ in steps], seconds)
    first, *more = frames
    data = io.BytesIO()
    extra = {"comment": comment.encode("ascii", "replace")} if comment else {}
    first.save(
        data,
        "GIF",
        save_all=True,
        append_images=more,
        duration=[*durations[: len(frames) - 1], LAST_MS],
        loop=0,
        disposal=1,
        optimize=False,
        **extra,
    )
    return data.getvalue()


def _places(root: ET.Element, page: int) -> dict[int, Place]:
    """Return where each note of a page stands."""
    margin, width = _geometry(root)
    places: dict[int, Place] = {}
    for number, system in enumerate(_systems(root)):
        for group in system.iter(f"{SVG}g"):
            match = re.fullmatch(r"n(\d+)", group.get("id", ""))
            if match is None:
                continue
            moved = (TRANSLATE.search(use.get("transform", "")) for use in group.iter(f"{SVG}use"))
            xs = [float(found[1]) for found in moved if found]
            if xs:
                places[int(match[1])] = Place(page, number, (min(xs) + margin) / width)
    return places


def _systems(root: ET.Element) -> list[ET.Element]:
    return [group for group in root.iter(f"{SVG}g") if group.get("class", "") == "system"]


def _geometry(root: ET.Element) -> tuple[float, float]:
    """Return the left margin and the width of a page, in the units of its notes."""
    view, moved = _frame(root)
    return moved[0], view[0]


def _frame(root: ET.Element) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the size of a page and its margins, in the units of its notes."""
    inner = root.find(f"{SVG}svg")
    view = (inner if inner is not None else root).get("viewBox", "0 0 1 1").split()
    margins = (group for group in root.iter(f"{SVG}g") if group.get("class") == "page-margin")
    margin = next(margins, None)
    moved = TRANSLATE.search(margin.get("transform", "")) if margin is not None else None
    across, down = (float(moved[1]), float(moved[2])) if moved else (0.0, 0.0)
    return (float(view[2]), float(view[3])), (across, down)


def _bands(root: ET.Element) -> list[Band]:
    """Return the part of the page that belongs to each system."""
    (_, height), (_, down) = _frame(root)
    extents = []
    for system in _systems(root):
        staves = [group for group in system.iter(f"{SVG}g") if group.get("class") == "staff"]
        paths = [path for staff in staves for path in staff.findall(f"{SVG}path")]
        lines = [PATH.match(path.get("d", "")) for path in paths]
        ys = [float(line[2]) + down for line in lines if line]
        extents.append((min(ys, default=0.0) / height, max(ys, default=0.0) / height))
    edges = [0.0, *((a[1] + b[0]) / 2 for a, b in pairwise(extents)), 1.0]
    return [Band(top, bottom) for top, bottom in pairwise(edges)]


def _steps(places: Mapping[int, Place], onsets: Sequence[Fraction]) -> list[tuple[Fraction, Place]]:
    """Return the times at which notes appear, in order, and where."""
    first: dict[Fraction, Place] = {}
    for note, place in places.items():
        if note < len(onsets):
            time = onsets[note]
            first[time] = min(first.get(time, place), place)
    steps: list[tuple[Fraction, Place]] = []
    for time, place in sorted(first.items()):
        # A grace note may stand to the right of notes that sound later.
        if not steps or place > steps[-1][1]:
            steps.append((time, place))
    every = -(-len(steps) // MOST_FRAMES)
    return steps[:: max(every, 1)]


def _frames(
    pages: Sequence[str],
    roots: Sequence[ET.Element],
    places: Sequence[Place],
    draw: Callable[[str, int], bytes],
) -> list[Image]:
    full = [_picture(draw(page, WIDTH)) for page in pages]
    palette = _palette(full[0])
    height = max(picture.height for picture in full)
    complete = [_indexed(picture, height, palette) for picture in full]
    empty = [_indexed(_picture(draw(_emptied(page), WIDTH)), height, palette) for page in pages]
    bands = [_bands(root) for root in roots]
    frames = [empty[0]]
    for number, place in enumerate(places):
        following = places[number + 1] if number + 1 < len(places) else None
        is_same = following is not None and following[:2] == place[:2]
        right = round(following.x * WIDTH) - MARGIN if is_same and following is not None else WIDTH
        frame = empty[place.page].copy()
        for system, band in enumerate(bands[place.page][: place.system + 1]):
            edge = WIDTH if system < place.system else right
            top, bottom = (round(edge_y * full[place.page].height) for edge_y in band)
            frame.paste(complete[place.page].crop((0, top, edge, bottom)), (0, top))
        frames.append(frame)
    if places:
        frames[-1] = complete[places[-1].page]
    return frames if len(frames) > 1 else [complete[0]]


def _palette(picture: Image) -> np.ndarray:
    """Return the colors of all frames, (K, 3); the first one is white."""
    indexed = picture.quantize(COLORS, dither=NO_DITHER)
    colors = np.array(indexed.getpalette(), float).reshape(-1, 3)
    return np.concatenate([np.full((1, 3), 255.0), colors])


def _indexed(picture: Image, height: int, palette: np.ndarray) -> Image:
    """Return a picture in the colors of the palette, extended to a height.

    Pillow's own search does not always return the nearest color.
    """
    import PIL.Image

    pixels = np.full((height, WIDTH, 3), 255, np.int64)
    pixels[: picture.height] = np.asarray(picture)
    colors, which = np.unique(pixels @ np.array([65536, 256, 1]), return_inverse=True)
    parts = np.stack([colors >> 16, colors >> 8 & 255, colors & 255], axis=1)
    nearest = ((parts[:, None] - palette) ** 2).sum(axis=2).argmin(axis=1).astype(np.uint8)
    indexed = PIL.Image.fromarray(nearest[which].reshape(height, WIDTH))
    indexed.putpalette(palette.astype(np.uint8).tobytes())
    return indexed


def _picture(png: bytes) -> Image:
    import PIL.Image

    return PIL.Image.open(io.BytesIO(png)).convert("RGB")


def _emptied(page: str) -> str:
    """Return a page with empty staves: without notes, rests, and the marks of a bar."""
    root = ET.fromstring(page)  # noqa: S314 - engraved by this program
    for bar in root.iter(f"{SVG}g"):
        if bar.get("class", "").split(" ")[0] == "measure":
            _remove_notes(bar)
    return ET.tostring(root, encoding="unicode")


def _remove_notes(group: ET.Element) -> None:
    for child in list(group):
        kind = child.get("class", "").split(" ")[0]
        if child.tag == f"{SVG}g" and kind not in STAVES:
            group.remove(child)
        elif kind in ("staff", "layer"):
            _remove_notes(child)


def _durations(times: Sequence[Fraction], seconds: Callable[[Fraction], Fraction]) -> list[int]:
    """Return how long each frame is shown, in milliseconds, empty staves first."""
    starts = [float(seconds(time)) for time in times]
    total = starts[-1] - starts[0] if len(starts) > 1 else 0.0
    scale = min(1.0, MOST_S / total) if total else 1.0
    waits = [max(LEAST_MS, round(1000 * scale * (b - a))) for a, b in pairwise(starts)]
    return [500, *waits, LAST_MS]
