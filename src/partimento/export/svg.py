"""Engrave MusicXML as SVG pages with verovio.

Verovio draws the title and the metronome mark as nested text with font glyphs, which not all
programs display. They are redrawn as plain text and outlines. Browsers, resvg (PNG) and typst (PDF)
then show the same page.
"""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from partimento.errors import PartimentoError
from partimento.export.heading import (
    Heading,
    draw_heading,
    lay_out_heading,
    needs_lines,
    page_number,
    texts_of,
    with_narrow_names,
    with_placeholders,
)
from partimento.export.marker import SVG_MARK
from partimento.export.systems import balanced, widths_by_system, with_systems

SVG = "{http://www.w3.org/2000/svg}"
FONTS = "'STIX Two Text', STIXGeneral, 'Libertinus Serif', 'Times New Roman', Times, serif"
GLYPHS = "Leipzig"
# The glyphs of accidentals in chord symbols, which are drawn as signs of a text font.
ACCIDENTALS = dict(zip("\uea63\uea64\uea65\uea66\uea67", ("♭♭", "♭", "♮", "♯", "♯♯"), strict=True))
TEXT_SIZE = 405.0
PAPER = {"pageWidth": 2100, "pageHeight": 2970}  # A4 in verovio's unit, tenths of a millimeter
OPTIONS: dict[str, Any] = {
    "breaks": "auto",
    "footer": "none",
    "header": "auto",
    "pageMarginTop": 130,
    "pageMarginBottom": 130,
    "pageMarginLeft": 150,
    "pageMarginRight": 150,
    "bottomMarginHeader": 8.0,
    "spacingSystem": 6,
    "smuflTextFont": "none",
    "svgViewBox": True,
    "xmlIdSeed": 1,
    **PAPER,
}
# A tablature belongs to the staff above it: the space between them, in half staff spaces.
WITH_TABLATURE = {"spacingBraceGroup": 7}
TABLATURE = "<sign>TAB"
SIZES = {*PAPER, "pageMarginTop", "pageMarginBottom", "pageMarginLeft", "pageMarginRight"}
# Maximum factor by which a page is drawn larger and then shrunk, to fit tall systems. It gives
# staves of 3.6 mm, the smallest that are easy to read. Taller systems get taller pages.
LARGEST_PAPER = 2.0


def to_svg(
    musicxml: str, *, unit: float = 9.0, heading: bool = True, crop: bool = False
) -> tuple[str, ...]:
    """Engrave a score.

    Parameters
    ----------
    musicxml : str
        A MusicXML document. The ``id`` of each note is the ``id`` of its group in the SVG.
    unit : float
        Half the distance between staff lines, in tenths of a millimeter. It is reduced if a system
        would not fit on the page.
    heading : bool
        Whether to write title and composer on the first page.
    crop : bool
        Whether to end each page below its last system, instead of at the paper's height.

    Returns
    -------
    tuple of str
        The pages; equal scores give equal pages.

    Raises
    ------
    PartimentoError
        If the engraver cannot read the score.
    """
    toolkit, resources = _engraver()
    title, composer = texts_of(musicxml)
    musicxml = with_narrow_names(musicxml)
    paper = 1.0  # for systems taller than the page: larger paper, which is shrunk to A4 afterwards
    while True:
        # Let verovio adjust the page height. Otherwise it would silently cut off tall systems.
        options = {
            name: round(value * paper) if name in SIZES else value
            for name, value in OPTIONS.items()
        }
        if TABLATURE in musicxml:
            options |= WITH_TABLATURE
        options |= {"unit": unit, "header": "auto" if heading else "none", "adjustPageHeight": True}
        right = 10.0 * (
            options["pageWidth"] - options["pageMarginLeft"] - options["pageMarginRight"]
        )
        lines = (
            lay_out_heading(title, composer, right, unit)
            if heading and needs_lines(title, composer, right, unit)
            else None
        )
        document = with_placeholders(musicxml, lines.placeholders) if lines else musicxml
        pages = _balanced(toolkit, document, options, _engraved(toolkit, document, options))
        tallest = max(_height(page) for page in pages)
        if crop or tallest <= options["pageHeight"] or paper == LARGEST_PAPER:
            break
        paper = min(
            LARGEST_PAPER, max(math.ceil(10 * tallest / OPTIONS["pageHeight"]) / 10, paper + 0.1)
        )
    height = None if crop else max(tallest, options["pageHeight"])
    for number, page in enumerate(pages, 1):
        _resize(page, height, paper)
        _plain(page, resources, "" if lines or number > 1 else composer, right)
        if lines:
            _replace_header(page, lines, number, right, unit)
        mark = ET.Element(f"{SVG}metadata")
        mark.text = SVG_MARK.format(number)
        page.insert(0, mark)
    return tuple(ET.tostring(page, encoding="unicode") for page in pages)


def engrave(musicxml: str, layout: Mapping[str, Any]) -> list[ET.Element]:
    """Engrave pages as verovio draws them, for pictures that are derived from them.

    `layout` overrides options of verovio. The exceptions are those of `to_svg`.
    """
    return _engraved(_engraver()[0], musicxml, {**OPTIONS, **layout})


def _engraver() -> tuple[Any, Path]:
    """Return a verovio toolkit and the folder of its resources."""
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit(False)
    resources = Path(verovio.__file__).parent / "data"
    toolkit.setResourcePath(str(resources))
    return toolkit, resources


def _engraved(toolkit: Any, musicxml: str, options: Mapping[str, Any]) -> list[ET.Element]:
    # Otherwise ElementTree would write prefixes such as ns0.
    ET.register_namespace("", SVG[1:-1])
    ET.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    toolkit.setOptions(options)
    if not toolkit.loadData(_without_frets(musicxml)):
        raise PartimentoError("the engraver cannot read this score")
    pages = [toolkit.renderToSVG(page) for page in range(1, toolkit.getPageCount() + 1)]
    return [ET.fromstring(page) for page in pages]  # noqa: S314 - written by verovio


def _balanced(
    toolkit: Any, musicxml: str, options: Mapping[str, Any], pages: list[ET.Element]
) -> list[ET.Element]:
    """Engrave a score again, with other breaks, if its last system is nearly empty."""
    counts = balanced(widths_by_system(pages))
    document = None if counts is None else with_systems(musicxml, counts)
    if document is None:
        return pages
    again = _engraved(toolkit, document, {**options, "breaks": "line"})
    return again if len(again) <= len(pages) else pages


def _without_frets(musicxml: str) -> str:
    """Return a document without frets, unless it has a tablature.

    Verovio draws no tie to or from a note with a fret.
    """
    return musicxml if TABLATURE in musicxml else re.sub(r"<fret>[^<]*</fret>", "", musicxml)


def _height(root: ET.Element) -> float:
    return float(root.get("viewBox", "").split()[3])


def _resize(root: ET.Element, height: float | None, paper: float) -> None:
    """Set the size of a page in millimeters, `paper` times smaller than it was drawn.

    If `height` is not None, it becomes the height of the drawing first.
    """
    for element, scale in (
        (root, 1),
        (root.find(f"{SVG}svg"), 10),
    ):  # verovio nests the drawing, in tenths of its units
        if element is not None and height is not None:
            *place, _ = element.get("viewBox", "").split()
            element.set("viewBox", " ".join([*place, f"{height * scale:g}"]))
    width, tall = (float(side) / 10 / paper for side in root.get("viewBox", "").split()[2:])
    root.set("width", f"{width:.4g}mm")
    root.set("height", f"{tall:.6g}mm")


def _replace_header(
    root: ET.Element, heading: Heading, number: int, right: float, unit: float
) -> None:
    """Draw a heading of several lines on the first page, and numbers on the others."""
    margin = root.find(f".//{SVG}g[@class='page-margin']")
    if margin is None:
        return
    for group in [g for g in margin if g.get("class", "").startswith("pgHead")]:
        margin.remove(group)
    header = ET.SubElement(margin, f"{SVG}g", {"class": "pgHead"})
    header.extend(
        draw_heading(heading, right) if number == 1 else [page_number(number, right, unit)]
    )


def _plain(root: ET.Element, resources: Path, composer: str, right: float) -> None:
    inner = root.find(f"{SVG}svg")
    if inner is not None:
        inner.set("font-family", FONTS)
        inner.attrib.pop("color", None)  # inherit: a page in dark mode sets its own
    for group in root.iter(f"{SVG}g"):
        kind = group.get("class", "")
        texts = [child for child in group if child.tag == f"{SVG}text"]
        for text in texts:
            index = list(group).index(text)
            if kind.startswith("harm"):
                _write_signs(text)
            drawn = _flat_texts(text, resources, is_header=kind.startswith("pgHead"))
            group.remove(text)
            for offset, element in enumerate(drawn):
                group.insert(index + offset, element)
        if kind.startswith("pgHead") and composer and len(group):
            group.append(_composer_text(composer, float(group[0].get("y") or 0), right))


def _write_signs(chord: ET.Element) -> None:
    """Replace the letters of accidentals before numbers in a chord symbol by signs."""
    for element in chord.iter():
        if element.text:
            element.text = re.sub(r"[b#](?=\d)", lambda m: "♭♯"["b#".index(m[0])], element.text)


def _composer_text(composer: str, title_y: float, right: float) -> ET.Element:
    """Draw the composer's name below the title, at the right margin.

    Verovio's own header omits it.
    """
    attributes = {
        "x": f"{right:g}",
        "y": f"{title_y + 620:g}",
        "text-anchor": "end",
        "font-size": "405px",
        "font-style": "italic",
        "fill": "currentColor",
    }
    element = ET.Element(f"{SVG}text", attributes)
    element.text = composer
    return element


def _flat_texts(text: ET.Element, resources: Path, *, is_header: bool) -> list[ET.Element]:
    """Split nested text into runs, and return the elements that draw them.

    A new run begins at each element with its own position.
    """
    runs: list[tuple[dict[str, str], list[tuple[str, float, str]]]] = [
        ({k: text.get(k, "") for k in ("x", "y", "text-anchor")}, [])
    ]

    def walk(element: ET.Element, family: str, size: float) -> None:
        family = element.get("font-family", family)
        size = float((element.get("font-size") or f"{size}px").removesuffix("px")) or size
        if element.get("x") and element is not text:
            runs.append(
                ({k: element.get(k) or runs[0][0][k] for k in ("x", "y", "text-anchor")}, [])
            )
        if (
            element.tag != f"{SVG}title"
            and element.text
            and (element.text.strip() or len(element) == 0)
        ):
            content = element.text
            if family == GLYPHS and set(content.strip()) <= ACCIDENTALS.keys():
                letters = "".join(ACCIDENTALS[glyph] for glyph in content.strip())
                runs[-1][1].append(("", TEXT_SIZE, letters))
            else:
                runs[-1][1].append((family, size, content))
        for child in element:
            walk(child, family, size)

    walk(text, "", TEXT_SIZE)
    return [
        element
        for where, pieces in runs
        if any(t.strip() for _, _, t in pieces)
        for element in _draw_run(where, pieces, resources, is_header)
    ]


def _draw_run(
    where: dict[str, str],
    pieces: Sequence[tuple[str, float, str]],
    resources: Path,
    is_header: bool,
) -> list[ET.Element]:
    x, drawn, words = float(where["x"] or 0), [], ""
    size = TEXT_SIZE
    for family, height, content in pieces:
        if family == GLYPHS:
            for glyph in content.strip():
                outline, advance = _glyph(resources, f"{ord(glyph):04X}")
                if outline:
                    scale = height * 0.8 / 1000
                    path = ET.Element(
                        f"{SVG}path",
                        d=outline,
                        transform=f"translate({x:g}, {where['y']}) scale({scale:g}, {-scale:g})",
                    )
                    path.set("fill", "currentColor")
                    path.set("style", "stroke:none")
                    drawn.append(path)
                    x += (advance + 70) * scale
        else:
            words, size = words + content, height
    if words.strip():
        element = ET.Element(f"{SVG}text", x=f"{x + (size / 5 if drawn else 0):g}", y=where["y"])
        element.set("font-size", f"{size:g}px")
        element.set("fill", "currentColor")
        if where["text-anchor"]:
            element.set("text-anchor", where["text-anchor"])
        element.text = words.strip() if is_header or drawn else words
        drawn.append(element)
    return drawn


@cache
def _glyph(resources: Path, code: str) -> tuple[str, float]:
    """Return the outline (y upwards) and the advance width of a music glyph.

    Both are in thousandths of the font size.
    """
    file = resources / GLYPHS / f"{code}.xml"
    if not file.is_file():
        return "", 0.0
    path = ET.parse(file).getroot().find("path")  # noqa: S314 - a file of verovio
    table = (resources / f"{GLYPHS}.xml").read_text()
    width = re.search(rf'c="{code}"[^>]*h-a-x="([\d.]+)"', table)
    return (path.get("d", "") if path is not None else ""), float(width[1]) if width else 300.0
