"""Reconstructions by what is in them: notes, marks, bars, frames; and a page that asks nothing of
the network.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from tests.plots.frames import frames_of
from tests.plots.pages import data_in, is_self_contained, opened
from tests.plots.studies import CHORDS, GUITAR, SVG, Q, learned, study, wrong_and_right

from partimento import Event, Meter, Piece
from partimento.errors import PartimentoError
from partimento.plots import Reconstruction, score_gif, score_page, write_animation
from partimento.plots.reconstruction import CAPTION_HEIGHT, GIF_WIDTH


@pytest.fixture(scope="module")
def again() -> Reconstruction:
    """The same, made once more."""
    return learned(title="Window <3>")


def staff_lines(page: ElementTree.Element) -> list[str]:
    """The lines of all staves: where they begin and end."""
    staves = [group for group in page.iter(f"{SVG}g") if group.get("class") == "staff"]
    return [path.get("d", "") for staff in staves for path in staff if path.tag == f"{SVG}path"]


def test_lines_break_at_the_same_bars_in_every_frame(reconstruction: Reconstruction) -> None:
    counts = []
    for page in reconstruction.pages:
        systems = [group for group in page.iter(f"{SVG}g") if group.get("class") == "system"]
        counts.append(
            [sum(child.get("class") == "measure" for child in system) for system in systems]
        )
    assert counts == [[4]] * 3
    first, *others = map(staff_lines, reconstruction.pages)
    for other in others:  # staves and bars stand where they stood
        at, now = (
            np.array([re.findall(r"[-\d.]+", line) for line in lines], float)
            for lines in (first, other)
        )
        assert np.abs(at - now)[:, 1::2].max() < 20  # a staff is 720 high
        assert (
            np.abs(at - now)[:, ::2].max() < 400
        )  # and 18,000 wide: an accidental takes some room
    fuller = Reconstruction(study(CHORDS * 2), [study(CHORDS), study([(40,)] * 40)], ["a", "b"])
    assert fuller.breaks == {4}
    assert (
        len([group for group in fuller.pages[1].iter(f"{SVG}g") if group.get("class") == "measure"])
        == 8
    )  # no longer than the original


def test_staves_say_whose_they_are(reconstruction: Reconstruction) -> None:
    for page in reconstruction.pages:
        assert [text.text for text in page.iter(f"{SVG}text")] == ["original", "model"]


def test_upbeats_triplets_and_notes_beyond_the_end() -> None:
    lengths = [Q, Q / 3, Q / 3, Q / 3, 2 * Q, Q / 2, Q / 2, Q]
    original = Piece.from_events(
        [Event((57 + n,), length) for n, length in enumerate(lengths)],
        parts=GUITAR,
        pickup=Q,
        meters=(Meter(3, 4),),
    )
    late = Piece.from_events([Event((), 3 * Q), Event((57,), 90 * Q)])
    made = Reconstruction(original, [original, late], ["a", "b"])
    assert made.pairs[1].length == original.length
    assert len(made.pages) == 2
    beyond = Reconstruction(
        original, [Piece.from_events([Event((), 50 * Q), Event((57,), Q)])], ["a"]
    )
    assert len(beyond.pairs[0].notes) == len(original.notes)
    assert beyond.pages[0].get("viewBox")


def test_equal_snapshots_are_engraved_once() -> None:
    piece = study(CHORDS)
    one, other, same = Reconstruction(
        piece, [piece, study([(45,)] * 16), piece], ["a", "b", "c"]
    ).pages
    assert one is same
    assert one is not other


def test_the_gif_of_scores(reconstruction: Reconstruction, again: Reconstruction) -> None:
    data = score_gif(reconstruction)
    pictures, durations = frames_of(data)
    assert durations == [700, 700, 2100]
    assert {picture.shape[1] for picture in pictures} == {GIF_WIDTH}
    assert len({picture.shape for picture in pictures}) == 1
    orange = [int(((picture[..., 0] - picture[..., 2]) > 150).sum()) for picture in pictures]
    assert orange[0] > 500
    assert orange[1] > 500
    assert orange[2] == 0
    head = round(CAPTION_HEIGHT * GIF_WIDTH / 2100)
    assert (pictures[0][:head, 500:] != pictures[2][:head, 500:]).any()  # the captions differ
    assert (pictures[0][:head, :400] == pictures[2][:head, :400]).all()
    assert (pictures[0][:head, :400] < 100).any()  # the title
    assert len(data) < 20_000 * 3
    assert score_gif(again) == data


def test_the_page_of_scores(reconstruction: Reconstruction, again: Reconstruction) -> None:
    page = score_page(reconstruction)
    is_self_contained(page)
    data = data_in(page)
    assert data["captions"] == list(reconstruction.captions)
    assert data["page_of"] == [0, 1, 2]
    parsed = [ElementTree.fromstring(svg) for svg in data["pages"]]
    assert [wrong_and_right(svg) for svg in parsed] == [[16, 0], [9, 7], [0, 16]]
    assert len({svg.get("viewBox") for svg in parsed}) == 1
    (defs,) = re.findall(r'<svg class="glyphs".*?</svg>', page, re.DOTALL)
    known = set(re.findall(r'id="([0-9A-F]+)"', defs))
    used = {name for svg in data["pages"] for name in re.findall(r'href="#([^"]+)"', svg)}
    assert used
    assert used <= known  # the glyphs stand in the page once
    assert "Window &lt;3&gt;" in page
    assert "epoch 10, 16 of 16 chords right</p>" in page  # what is seen without scripts
    assert score_page(again) == page


def test_what_is_no_reconstruction_is_refused() -> None:
    piece = study(CHORDS)
    with pytest.raises(PartimentoError, match="at least one snapshot"):
        Reconstruction(piece, [], [])
    with pytest.raises(PartimentoError, match="original with notes"):
        Reconstruction(Piece([]), [piece], ["a"])
    with pytest.raises(PartimentoError, match="1 snapshots, but 2 captions"):
        Reconstruction(piece, [piece], ["a", "b"])


@pytest.mark.slow
def test_the_score_page_steps(tmp_path: Path, browser: Any, reconstruction: Reconstruction) -> None:
    write_animation(score_page(reconstruction), tmp_path / "a.html")
    tab = opened(browser, tmp_path / "a.html")
    assert tab.locator("#caption").inner_text() == reconstruction.captions[0]
    assert tab.locator("#score .wrong").count() == 16
    tab.keyboard.press("End")
    assert tab.locator("#caption").inner_text() == reconstruction.captions[2]
    assert tab.locator("#score .wrong").count() == 0
    assert reconstruction.captions[2] in tab.locator("#score").get_attribute("aria-label")
    box = tab.evaluate(
        "document.querySelector('#score .notehead use').getBoundingClientRect().width"
    )
    assert box > 3  # the shared glyphs are found
    assert tab.problems == []
