"""Colors of notes, their legend and their texts."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from tests.browser import open_browser
from tests.pieces import chorale

from partimento.export.note_colors import COLORS, NoteColors, color_page, legend_html, level_of
from partimento.export.write import Chain, write_all

LABELS = ("low", "middle & more", "high", "higher", "highest")


def example() -> NoteColors:
    count = len(chorale(1).notes)
    levels = np.arange(count) % 5
    levels[0] = -1
    texts = {1: 'As in "A" <b> & C', 4: "Four"}
    return NoteColors("A value", LABELS, levels, texts, {"kind": "test"})


def test_levels_are_the_bounds_that_are_reached() -> None:
    values = np.array([0, 3.99, 4, 8, 100, np.nan])
    assert level_of(values, (4, 8, 12, 16)).tolist() == [0, 0, 1, 2, 4, -1]


def test_every_note_has_its_color_and_text() -> None:
    colors = example()
    (page,) = Chain(chorale(1), colors=colors).pages
    plain = Chain(chorale(1)).pages[0]
    root = ET.fromstring(page)
    notes = {g.get("id"): g for g in root.iter() if re.fullmatch(r"n\d+", g.get("id", ""))}
    assert len(notes) == len(colors.levels)
    for i, level in enumerate(colors.levels.tolist()):
        assert notes[f"n{i}"].get("fill", "") == (COLORS[level] if level > 0 else "")
    (title,) = [g for g in notes["n1"] if g.tag.endswith("title")]
    assert title.text == 'As in "A" <b> & C'
    words = "".join(root.itertext())
    assert all(label in words for label in (*LABELS, "A value:"))
    assert color_page(plain, colors, legend=False).count("<circle") == 0


def test_a_note_beyond_the_piece_has_no_color() -> None:
    assert example().color(10_000) == ""
    assert color_page('<svg><g id="n99999" class="note"></g></svg>', example())


def test_a_picture_has_the_colors(tmp_path: Path) -> None:
    from PIL import Image, ImageColor

    (path,) = write_all(Chain(chorale(1), colors=example()), [tmp_path / "a.png"])
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    for color in COLORS[1:]:
        assert (pixels == ImageColor.getrgb(color)).all(axis=1).sum() > 100


def test_the_legend_of_a_page_escapes_its_texts() -> None:
    shown = legend_html(example())
    assert "middle &amp; more" in shown
    assert 'id="told"' in shown


@pytest.mark.slow
def test_a_click_on_a_note_says_more(tmp_path: Path) -> None:
    (path,) = write_all(Chain(chorale(1), colors=example()), [tmp_path / "a.html"])
    with open_browser() as browser:
        page = browser.new_page()
        page.goto(path.as_uri())
        page.locator("#n4 .notehead").click()
        assert page.locator("#told").text_content() == "Four"
        page.locator("#n3 .notehead").click()
        assert "Nothing is known" in page.locator("#told").text_content()
