"""What changes while a model learns, as GIFs and as self-contained web pages: its latent space, and one reconstructed window as a score.

No request leaves a page: style, script and data stand inside it, and its policy forbids all else. Equal data give equal bytes.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import html
import io
import json
import re
import xml.etree.ElementTree as ET
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from importlib.resources import files as package_files
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from partimento.config import UserError
from partimento.files import refuse_existing, write_atomically
from partimento.piece import Note, Part, Piece
from partimento.write.figure import COLOURS, FAINT, INK, QUIET, plain_title, style
from partimento.write.learning import check_groups, group_points, latent_artists, square_limits
from partimento.write.text import check_text

if TYPE_CHECKING:
    from PIL.Image import Image

FRAME_MS, LAST_MS = 120, 2000  # how long a frame of a GIF is shown, and the last one
SCORE_MS = 700  # a score is read
LATENT_RATE, SCORE_RATE = 8, 1.5  # frames a second on a page, at its usual speed
GIF_DPI = 90
GIF_WIDTH = 1000  # of a score, in pixels
COLUMNS = 18  # onsets in a system, at most, but for bars that have more
WRONG = COLOURS[1]
LABELS = ("original", "model")  # of the staves
PAGE_WIDTH, CAPTION_HEIGHT = 2100, 110  # in tenths of a millimetre
SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"
STROKES = "".join(f".engraved {tag} {{ stroke: currentColor }}" for tag in ("ellipse", "path", "polygon", "polyline", "rect"))
LAYOUT = {
    "unit": 9,
    "header": "none",
    "adjustPageHeight": True,
    "breaks": "encoded",
    "spacingStaff": 14,
    "spacingSystem": 12,
    "systemDivider": "none",
    "pageHeight": 50_000,
    "pageMarginLeft": 260,
    "pageMarginRight": 40,
    "pageMarginTop": 50,
    "pageMarginBottom": 50,
}


@dataclass(frozen=True, eq=False)
class LatentHistory:
    """The latent states of the training windows over the epochs.

    Parameters
    ----------
    frames : (F, N, 2) array
        Their first two dimensions, or two principal ones, as long as these are the same ones in all frames.
    epochs : sequence of int
        Of each frame.
    groups : sequence of str, optional
        Whose each point is, a piece's title or a key's name; see `learning.group_points`.
    names : sequence of str, optional
        What each point is, shown on the page where the pointer is; the groups by default.
    prior : bool
        Draw rings one and two standard deviations about 0.
    title : str

    Raises
    ------
    UserError
        If frames are no pairs of numbers, or epochs, groups or names are not as many as frames or points.
    """

    frames: np.ndarray
    epochs: Sequence[int]
    groups: Sequence[str] = ()
    names: Sequence[str] = ()
    prior: bool = False
    title: str = "Latent space"

    def __post_init__(self) -> None:
        frames = np.asarray(self.frames, float)
        if frames.ndim != 3 or not len(frames):
            raise UserError(f"an animation takes frames of points, not an array of shape {frames.shape}")
        if len(self.epochs) != len(frames):
            raise UserError(f"{len(frames)} frames, but {len(self.epochs)} epochs")
        groups = check_groups(self.groups or None, frames.shape[1])
        if self.names and len(self.names) != frames.shape[1]:
            raise UserError(f"{frames.shape[1]} points, but {len(self.names)} names")
        for name, value in (("frames", frames), ("groups", groups), ("names", self.names or groups)):
            object.__setattr__(self, name, value)
        square_limits(frames)  # refuses what is no number

    @property
    def limits(self) -> tuple[float, float, float, float]:
        """Left, right, bottom, top around the points of all frames."""
        return square_limits(self.frames, prior=self.prior)


def latent_gif(history: LatentHistory) -> bytes:
    """The latent states moving over the epochs, on axes that stay, so that drift is seen; the path of their mean is drawn faintly."""
    means = history.frames.mean(axis=1)
    with style():
        artists = latent_artists(history.groups, history.limits, prior=history.prior, title=history.title)
        figure = artists.figure
        figure.set_dpi(GIF_DPI)
        for artist in artists.moving:
            artist.set_animated(True)
        canvas: Any = figure.canvas
        canvas.draw()
        ground = canvas.copy_from_bbox(figure.bbox)  # all that stays is drawn once
        pictures = []
        for number, (points, epoch) in enumerate(zip(history.frames, history.epochs, strict=True)):
            artists.show(points, means[: number + 1], f"epoch {epoch}")
            canvas.restore_region(ground)
            for artist in artists.moving:
                figure.draw_artist(artist)
            pictures.append(_picture(np.asarray(canvas.buffer_rgba())))
    return to_gif(pictures, [INK, QUIET, FAINT, *dict.fromkeys(group_points(history.groups).colours)])


def _picture(pixels: np.ndarray) -> Image:
    from PIL import Image

    return Image.fromarray(pixels[..., :3].copy())


def to_gif(pictures: Sequence[Image], inks: Sequence[str], *, frame_ms: int = FRAME_MS, last_ms: int = LAST_MS) -> bytes:
    """Pictures of one size as an endless GIF of one palette, without dithering: flat colours stay flat, and the file small.

    Parameters
    ----------
    pictures : sequence of Image
        RGB, drawn on white.
    inks : sequence of str
        The colours drawn with; the palette is they and their blends with white, which the soft edges are made of.
    frame_ms, last_ms : int
        How long each picture is shown, and the last one.
    """
    from PIL import ImageColor

    steps = np.linspace(0, 1, max(3, min(9, 240 // len(inks))))[1:, None]
    ladders = [255 - steps * (255 - np.array(ImageColor.getrgb(ink))) for ink in inks]
    palette = np.round(np.concatenate([np.full((1, 3), 255.0), *ladders]))
    first, *more = [_indexed(picture, palette) for picture in pictures]
    data = io.BytesIO()
    durations = [frame_ms] * len(more) + [last_ms]
    first.save(data, "GIF", save_all=True, append_images=more, duration=durations, loop=0, optimize=False, disposal=1)
    return data.getvalue()


def _indexed(picture: Image, palette: np.ndarray) -> Image:
    """The picture in the nearest colours of a palette (K, 3), whose first one is white. (Pillow's own search takes near ones.)"""
    from PIL import Image

    pixels = np.asarray(picture)
    drawn = (pixels != 255).any(axis=2)
    colours, which = np.unique(pixels[drawn] @ np.array([65536, 256, 1]), return_inverse=True)
    parts = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1)
    nearest = ((parts[:, None] - palette) ** 2).sum(axis=2).argmin(axis=1)
    index = np.zeros(drawn.shape, np.uint8)
    index[drawn] = nearest[which]
    found = Image.fromarray(index)
    found.putpalette(palette.astype(np.uint8).tobytes())
    return found


def latent_page(history: LatentHistory) -> str:
    """The same as a web page: to play, to step through, and to point at a window and see whose it is."""
    frames, limits = history.frames, history.limits
    told, names = group_points(history.groups), list(dict.fromkeys(history.names))
    decimals = max(0, 3 - int(np.floor(np.log10(np.abs(limits).max()))))  # a thousandth of the axes is less than a pixel
    places = {name: place for place, name in enumerate(names)}
    data = {
        "rate": LATENT_RATE,
        "epochs": [int(epoch) for epoch in history.epochs],
        "limits": [round(limit, decimals) for limit in limits],
        "prior": history.prior,
        "decimals": decimals,
        "groups": [
            {"name": name, "colour": colour, "dark": _lighter(colour), "triangle": triangle}
            for name, colour, triangle in zip(*told[:3], strict=True)
        ],
        "of": told.of.tolist(),
        "names": names,
        "name_of": [places[name] for name in history.names],
        "frames": [[round(value, decimals) for value in frame.ravel().tolist()] for frame in frames],
    }
    chips = "".join(
        f'<li{" class=triangle" if triangle else ""}><button type="button" aria-pressed="false"><i></i>{html.escape(name)}</button></li>'
        for name, _, triangle in zip(*told[:3], strict=True)
    )
    about = f"Latent states of {frames.shape[1]:,} windows, first against second dimension, in {len(frames):,} epochs"
    body = f"""<main class="stage">
<div class="chart"><canvas id="map" role="img" aria-label="{about}"></canvas><div id="tip" class="tip" hidden></div></div>
<div><ul class="groups" aria-label="Whose windows: press one to light it up">{chips}</ul>
<dl class="figures"><dt>mean</dt><dd id="mean"></dd>
<dt>widest spread</dt><dd id="wide"></dd><dt>narrowest</dt><dd id="narrow"></dd></dl>
</div>
</main>
<p class="hint">Space plays and pauses, the arrow keys step through the epochs. The cross is the mean of all, the line its path.
{RINGS * history.prior}</p>"""
    return _page(history.title, f"{frames.shape[1]:,} training windows", _player() + body, data, ("animation.js", "latent.js"))


RINGS = "The rings are one and two standard deviations of the normal distribution that latent states are drawn from."


def _lighter(colour: str) -> str:
    """For a dark page: a third of the way to white."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return "#" + "".join(f"{part + (255 - part) // 3:02X}" for part in (red, green, blue))


@dataclass(frozen=True)
class Reconstruction:
    """One training window and how a model gave it back while it learned.

    Parameters
    ----------
    original : Piece
        The window; its first metre, its key and its first instrument are those of all pictures.
    snapshots : sequence of Piece
        What the model made of it, one after another. All their notes stand on one part; what lasts longer than the original is cut off.
    captions : sequence of str
        As ``epoch 25, 18 of 32 chords right``.
    title : str

    Raises
    ------
    UserError
        If there is no snapshot, captions are not as many, or the original is empty.
    """

    original: Piece
    snapshots: Sequence[Piece]
    captions: Sequence[str]
    title: str = "Reconstruction"

    def __post_init__(self) -> None:
        if not self.snapshots or not self.original.length:
            raise UserError("an animated score takes an original that has notes, and at least one snapshot")
        if len(self.captions) != len(self.snapshots):
            raise UserError(f"{len(self.snapshots)} snapshots, but {len(self.captions)} captions")

    @cached_property
    def pairs(self) -> list[Piece]:
        """Original and snapshot as two parts of a piece."""
        return [self._pair(snapshot) for snapshot in self.snapshots]

    def _pair(self, snapshot: Piece) -> Piece:
        first = self.original.parts[0]
        end = self.original.length
        notes = [Note(note.onset, note.duration, note.pitch) for note in self.original.notes]
        notes += [Note(n.onset, min(n.end, end) - n.onset, n.pitch, part=1) for n in snapshot.notes if n.onset < end]
        part = Part("", first.program, first.is_drum)
        return self.original.replace(notes=notes, parts=(part, part), tempos=(), cuts=())

    @cached_property
    def breaks(self) -> frozenset[int]:
        """The bars that begin a system after the first one: the same in every frame, with room for the fullest of them."""
        bars = self.original.bars()
        starts = [bar.onset for bar in bars]
        full = 1
        for pair in self.pairs:
            counts = np.bincount([bisect_right(starts, onset) for onset in {note.onset for note in pair.notes}], minlength=1)
            full = max(full, int(counts.max()))
        systems = -(-len(bars) // max(1, COLUMNS // full))
        each = -(-len(bars) // systems)
        return frozenset(range(each, len(bars), each))

    @cached_property
    def pages(self) -> list[ET.Element]:
        """An engraved picture a snapshot, equal ones being one object."""
        known: dict[Any, ET.Element] = {}
        for pair in self.pairs:
            if pair.notes not in known:
                known[pair.notes] = _engrave(pair, self.breaks)
        return [known[pair.notes] for pair in self.pairs]


def chords_right(original: Piece, snapshot: Piece) -> tuple[int, int]:
    """At how many of the original's events the snapshot sounds the same chord at the same time, and of how many."""
    there, now, right = _sounding(snapshot), Fraction(0), 0
    for event in original.events:
        right += there(now) == event.chord
        now += event.duration
    return right, len(original.events)


def _sounding(piece: Piece) -> Callable[[Fraction], tuple[int, ...]]:
    """Which chord a piece sounds at a time."""
    starts, chords, now = [], [], Fraction(0)
    for event in piece.events:
        starts.append(now)
        chords.append(event.chord)
        now += event.duration
    return lambda time: chords[bisect_right(starts, time) - 1] if starts and time < now else ()


def _engrave(pair: Piece, breaks: frozenset[int]) -> ET.Element:
    """A picture of both parts; what is wrong in the second one has the class ``wrong``."""
    import verovio

    from partimento.write.svg import OPTIONS

    score, wrong = _marked_score(pair, breaks)
    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit(False)
    toolkit.setResourcePath(str(Path(verovio.__file__).parent / "data"))
    bars = len(pair.bars())
    short = bars - max(breaks, default=0) < 0.75 * min(breaks, default=bars)  # a last system that is not drawn out to the margin
    toolkit.setOptions({**OPTIONS, **LAYOUT, "minLastJustification": 1 if short else 0})
    if not toolkit.loadData(ET.tostring(score, encoding="unicode")):
        raise UserError("the engraver cannot read this score")
    ET.register_namespace("", SVG[1:-1])
    ET.register_namespace("xlink", XLINK[1:-1])
    page = ET.fromstring(re.sub(r">\s+<", "><", toolkit.renderToSVG(1)))  # noqa: S314 - our own engraver's
    for parent in list(page.iter()):
        for child in list(parent):
            if child.tag in (f"{SVG}desc", f"{SVG}style") or {"mNum", "placeholder"} & {*child.get("class", "").split()}:
                parent.remove(child)
    _label_staves(page, [len(part.findall(".//attributes/clef")) for part in score.findall("part")])
    for element in page.iter():
        _tidy(element, wrong)
    page.attrib = {"class": "engraved", "viewBox": page.get("viewBox", "")}
    return page


def _marked_score(pair: Piece, breaks: frozenset[int]) -> tuple[ET.Element, set[str]]:
    """The pair as MusicXML with line breaks and with ids for rests; and the ids of notes and rests in the second part that are wrong.

    A note is wrong if the chord at its onset is not the original's, a rest if it stands for a chord.
    """
    from partimento.write.musicxml import to_musicxml

    original, made = (_sounding(pair.replace(notes=[note for note in pair.notes if note.part == part])) for part in (0, 1))
    wrong = {f"n{i}" for i, note in enumerate(pair.notes) if note.part == 1 and made(note.onset) != original(note.onset)}
    text = to_musicxml(pair)
    score = ET.fromstring(text[text.index("<score-partwise") :])  # noqa: S314 - our own
    for number, part in enumerate(score.findall("part")):
        for place, (bar, measure) in enumerate(zip(pair.bars(), part.findall("measure"), strict=True)):
            for rank, (rest, time) in enumerate(_rests(measure, bar.onset, int(part.findtext(".//divisions", "1")))):
                rest.set("id", f"r{number}-{place}-{rank}")
                if number == 1 and original(time) and not made(time):
                    wrong.add(rest.get("id", ""))
            if place in breaks:
                measure.insert(0, ET.Element("print", {"new-system": "yes"}))
    return score, wrong


def _rests(measure: ET.Element, start: Fraction, divisions: int) -> Iterator[tuple[ET.Element, Fraction]]:
    """The rests of a measure, and when they begin."""
    now = start
    for element in measure:
        lasts = Fraction(int(element.findtext("duration", "0")), divisions)
        if element.find("rest") is not None:
            yield element, now
        if element.find("chord") is None:
            now += -lasts if element.tag == "backup" else lasts


def _tidy(element: ET.Element, wrong: set[str]) -> None:
    """Colour what is wrong, a chord as a whole, stem and all (so chords come before their notes); keep no ids but those of glyphs."""
    name, kind = element.get("id", ""), element.get("class", "")
    inside = [note.get("id", "") for note in element if note.get("class") == "note"] if kind == "chord" else [name]
    if kind in ("note", "rest", "chord") and inside and all(one.partition(".")[0] in wrong for one in inside):
        element.attrib.update({"class": f"{kind} wrong", "color": WRONG, "fill": WRONG})
    element.attrib.pop("id", None)
    if kind == "definition-scale":
        del element.attrib["color"]  # inherited: a page in dark mode has its own
    if re.match(r"[0-9A-F]{4,5}-", name):
        element.set("id", name.partition("-")[0])  # the same in all pictures
    if link := element.get(f"{XLINK}href"):
        element.set(f"{XLINK}href", link.partition("-")[0])


def _label_staves(page: ET.Element, staves: Sequence[int]) -> None:
    """Say at the left of each system which staves are the original's."""
    for margin in page.iter(f"{SVG}g"):
        for system in [child for child in margin if child.get("class") == "system"]:
            measure = next(child for child in system if child.get("class") == "measure")
            lines = [_lines(staff) for staff in measure if staff.get("class") == "staff"]
            for label, own in zip(LABELS, (lines[: staves[0]], lines[staves[0] :]), strict=True):
                x, y = own[0][0] - (220 if len(own) == 1 else 520), (own[0][1] + own[-1][2]) / 2 + 110  # left of a brace
                attributes = {"x": f"{x:g}", "y": f"{y:g}", "text-anchor": "end", "font-size": "360px", "font-style": "italic"}
                ET.SubElement(margin, f"{SVG}text", {**attributes, "fill": "currentColor"}).text = label


def _lines(staff: ET.Element) -> tuple[float, float, float]:
    """Left end, top and bottom of a staff's lines."""
    ends = [[float(number) for number in re.findall(r"[-\d.]+", path.get("d", ""))] for path in staff if path.tag == f"{SVG}path"]
    return ends[0][0], min(end[1] for end in ends), max(end[1] for end in ends)


def _height(page: ET.Element) -> float:
    return float(page.get("viewBox", "").split()[3])


def score_gif(reconstruction: Reconstruction) -> bytes:
    """The window on top and below it what the model made of it, in one picture a snapshot; wrong chords are coloured.

    All pictures have one size and break their lines at the same bars.
    """
    from PIL import Image

    from partimento.write.png import to_png

    pages = reconstruction.pages
    height = max(map(_height, pages)) + CAPTION_HEIGHT
    pictures = []
    for page, caption in zip(pages, reconstruction.captions, strict=True):
        with Image.open(io.BytesIO(to_png(_captioned(page, reconstruction.title, caption, height), width=GIF_WIDTH))) as picture:
            pictures.append(picture.convert("RGB"))
    return to_gif(pictures, ["#000000", WRONG], frame_ms=SCORE_MS, last_ms=3 * SCORE_MS)


def _captioned(page: ET.Element, title: str, caption: str, height: float) -> str:
    def text(x: float, anchor: str, words: str, weight: str) -> str:
        return f'<text x="{x:g}" y="72" font-size="44" text-anchor="{anchor}" font-weight="{weight}">{html.escape(words)}</text>'

    words = text(60, "start", plain_title(title, 40), "bold") + text(PAGE_WIDTH - 40, "end", plain_title(caption, 50), "normal")
    size = f'width="{PAGE_WIDTH}" height="{_height(page):g}"'
    inner = ET.tostring(page, encoding="unicode").replace("<svg", f'<svg y="{CAPTION_HEIGHT}" {size}', 1)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {PAGE_WIDTH} {height:g}"><style>{STROKES}</style>'
    return check_text("a caption", f"{head}{words}{inner}</svg>")


def score_page(reconstruction: Reconstruction) -> str:
    """The same as a web page, to step through; the glyphs that all pictures share stand in it once."""
    pages = {id(page): page for page in reconstruction.pages}
    height = max(map(_height, pages.values()))
    glyphs: dict[str, str] = {}
    texts = []
    for page in pages.values():
        page = copy.deepcopy(page)
        for defs in page.findall(f"{SVG}defs"):
            glyphs.update({glyph.get("id", ""): ET.tostring(glyph, encoding="unicode") for glyph in defs})
            page.remove(defs)
        page.set("viewBox", f"0 0 {PAGE_WIDTH} {height:g}")
        texts.append(ET.tostring(page, encoding="unicode"))
    order = list(pages)
    captions = list(reconstruction.captions)
    page_of = [order.index(id(page)) for page in reconstruction.pages]
    data = {"rate": SCORE_RATE, "captions": captions, "page_of": page_of, "pages": texts}
    body = f"""<p class="caption" id="caption">{html.escape(captions[-1])}</p>
<main id="score" class="sheet" role="img" aria-label="Original and reconstruction, {html.escape(captions[-1])}">{texts[page_of[-1]]}</main>
<p class="hint">Space plays and pauses, the arrow keys step through the pictures. Coloured chords are not the original's.</p>
<svg class="glyphs" aria-hidden="true"><defs>{"".join(glyphs[name] for name in sorted(glyphs))}</defs></svg>"""
    by = f"{reconstruction.original.title}, as a model gives it back while it learns" if reconstruction.original.title else ""
    return _page(reconstruction.title, by, _player() + body, data, ("animation.js", "score.js"))


def _player() -> str:
    speeds = "".join(f'<option value="{rate}"{" selected" * (rate == 1)}>× {shown}</option>' for rate, shown in SPEEDS)
    return f"""<div class="player" role="group" aria-label="Player">
<button id="play" type="button" aria-pressed="false" aria-keyshortcuts="Space">
<span class="icon" aria-hidden="true"></span><span class="word">Play</span>
</button>
<input id="seek" type="range" min="0" max="1" step="1" value="0" aria-label="Frame">
<output id="clock" for="seek"></output>
<select id="speed" aria-label="Speed">{speeds}</select>
</div>
"""


SPEEDS = ((0.25, "¼"), (0.5, "½"), (1, "1"), (2, "2"), (4, "4"))


def _page(title: str, by: str, body: str, data: Mapping[str, Any] | None = None, scripts: Sequence[str] = ()) -> str:
    """A whole page; `data` is there for the scripts."""
    script = "\n".join(_asset(name) for name in scripts)
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    policy += f"script-src '{_hash(script)}'; img-src data:" if script else "img-src 'self' file: data:"
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    told = f'<script type="application/json" id="data">{text}</script>\n<script>{script}</script>\n' if script else ""
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
<style>{_asset("page.css")}
{_asset("animation.css")}</style>
</head>
<body>
<header>
<h1>{html.escape(title)}</h1>
<p class="by">{html.escape(by)}</p>
</header>
{body}
<footer>Made by Partimento.</footer>
{told}</body>
</html>
"""
    return check_text("the page", page)


def _asset(name: str) -> str:
    return (package_files("partimento.write") / "assets" / name).read_text(encoding="utf-8").strip()


def _hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def write_animation(data: bytes | str, path: Path | str, *, force: bool = False) -> Path:
    """Write a GIF (bytes) or a page (text), whole or not at all.

    Raises
    ------
    UserError
        If the suffix is not .gif or .html, as the content is, or the file is there already and `force` is not set.
    """
    suffix = ".html" if isinstance(data, str) else ".gif"
    if Path(path).suffix.lower() != suffix:
        raise UserError(f"this animation is a {suffix} file: {path}")
    refuse_existing(path, force=force)
    return write_atomically(path, data)


def write_learning_page(
    folder: Path | str, title: str, sections: Mapping[str, Sequence[tuple[str, str]]], *, name: str = "index.html", force: bool = False
) -> Path:
    """Write a page into a folder that shows the pictures there and links to its other files.

    Parameters
    ----------
    folder : Path or str
    title : str
    sections : mapping
        Heading → (name of a file in the folder, caption) each: ``.png``, ``.svg`` and ``.gif`` are shown, others are linked to.
    name : str
        Of the page.
    force : bool
        Replace it.

    Raises
    ------
    UserError
        If a file is missing or outside the folder, or the page is there already and `force` is not set.
    """
    folder = Path(folder)
    refuse_existing(folder / name, force=force)
    body = ""
    for number, (heading, entries) in enumerate(sections.items()):
        shown = "\n".join(_exhibit(folder, file, caption) for file, caption in entries if Path(file).suffix.lower() in SHOWN)
        linked = "".join(_link(folder, file, caption) for file, caption in entries if Path(file).suffix.lower() not in SHOWN)
        files = f'<ul class="files">{linked}</ul>' if linked else ""
        body += f'<section aria-labelledby="s{number}">\n<h2 id="s{number}">{html.escape(heading)}</h2>\n{shown}{files}\n</section>\n'
    return write_atomically(folder / name, _page(title, "", f"<main>\n{body}</main>"))


SHOWN = (".png", ".svg", ".gif")


def _exhibit(folder: Path, file: str, caption: str) -> str:
    from PIL import Image

    size = ""
    if _there(folder, file).suffix.lower() != ".svg":
        with Image.open(folder / file) as picture:
            size = ' width="{}" height="{}"'.format(*picture.size)
    link, words = html.escape(quote(file)), html.escape(caption)
    return f'<figure><a href="{link}"><img src="{link}" alt="{words}"{size} loading="lazy"></a><figcaption>{words}</figcaption></figure>'


def _link(folder: Path, file: str, caption: str) -> str:
    _there(folder, file)
    return f'<li><a href="{html.escape(quote(file))}">{html.escape(file)}</a> <span>{html.escape(caption)}</span></li>'


def _there(folder: Path, file: str) -> Path:
    if PurePosixPath(file).is_absolute() or ".." in PurePosixPath(file).parts or not (folder / file).is_file():
        raise UserError(f"no such file in {folder}: {file}")
    return folder / file
