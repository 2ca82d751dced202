"""Maps of chords by what is in them: colors, sizes, and that no two names lie over one another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex
from tests.plots.texts import overlaps

from partimento.errors import PartimentoError
from partimento.plots import chord_map
from partimento.plots.chords import root_of
from partimento.plots.style import FIFTHS_COLORS, QUIET, write_plot


@pytest.mark.parametrize(
    "points", [np.zeros((0, 2)), np.zeros((3, 3)), np.array([[0.0, np.nan]]), np.zeros(2)[:0]]
)
def test_what_is_no_map_is_refused(points: np.ndarray) -> None:
    with pytest.raises(PartimentoError):
        chord_map(points, ["C"] * len(points))


def test_chords_are_as_many_as_points() -> None:
    with pytest.raises(PartimentoError, match="2 points, 1 names"):
        chord_map(np.zeros((2, 2)), ["C"])


def test_no_two_chords_are_written_over_one_another() -> None:
    rng = np.random.default_rng(1)
    roots = ["C", "G", "D", "A", "E", "B", "F♯", "D♭", "A♭", "E♭", "B♭", "F"]
    labels = [root + kind for root in roots for kind in ("", "m", "7", "m7", "maj7", "dim")]
    figure = chord_map(rng.normal(size=(72, 2)) ** 3, labels, rng.random(72))
    axes = figure.axes[0]
    assert overlaps(figure, axes) == []
    shown = {text.get_text(): text for text in axes.texts}
    assert {"C", "Am"} <= shown.keys()  # the tonic triads come first
    assert shown["C"].get_fontweight() == "bold"
    assert shown["C"].get_fontsize() > min(text.get_fontsize() for text in shown.values())
    assert 20 < len(shown) <= 72
    boxes = [text.get_window_extent().extents for text in axes.texts]
    assert np.min(boxes) >= 0
    assert (np.max(boxes, axis=0)[2:] <= (figure.bbox.width, figure.bbox.height)).all()


def test_chords_are_colored_by_root_and_sized_by_weight() -> None:
    figure = chord_map(
        np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), ["C", "Gm7", "rest"], [4.0, 1.0, 0.0]
    )
    dots, rings = figure.axes[0].collections
    assert [to_hex(color).upper() for color in dots.get_facecolors()] == [
        FIFTHS_COLORS[0],
        FIFTHS_COLORS[1],
        QUIET,
    ]
    sizes = dots.get_sizes()
    assert sizes[0] - sizes[2] == pytest.approx(
        2 * (sizes[1] - sizes[2])
    )  # the area by the root of the weight
    assert rings.get_offsets().tolist() == [[0.0, 0.0]]


def test_roots() -> None:
    assert [root_of(name) for name in ("C", "C#m", "D♭", "Bb7", "B-", "Am", "?", "")] == [
        0,
        1,
        1,
        10,
        10,
        9,
        None,
        None,
    ]


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_equal_figures_are_equal_files(tmp_path: Path, suffix: str) -> None:
    points = np.random.default_rng(0).normal(size=(20, 2))
    one, other = (
        write_plot(chord_map(points, ["C", "Am"] * 10), tmp_path / f"{turn}{suffix}")
        for turn in "ab"
    )
    assert one.read_bytes() == other.read_bytes()
