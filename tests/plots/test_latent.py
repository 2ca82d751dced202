"""Maps of a latent space by what is in them: points, colors, limits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex
from tests.plots.texts import names

from partimento.errors import PartimentoError
from partimento.plots import latent_map
from partimento.plots.latent import group_points, square_limits
from partimento.plots.style import COLORS, FIFTHS_COLORS, QUIET, write_plot


def test_the_commonest_groups_have_colors_and_the_others_are_grey() -> None:
    told = group_points(["a"] * 3 + ["b"] * 2 + list("cdefgh"))
    assert told.names == ["a", "b", "c", "d", "e", "f", "2 others"]
    assert told.colors == [*COLORS[:6], QUIET]
    assert told.of.tolist() == [0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 6]


def test_many_keys_go_around_the_circle_of_fifths() -> None:
    keys = ["C major", "G major", "F major", "a minor", "B- major", "D major", "e minor"]
    told = group_points(keys)
    assert told.names == [
        "B♭ major",
        "F major",
        "C major",
        "G major",
        "D major",
        "A minor",
        "E minor",
    ]
    color = dict(zip(told.names, told.colors, strict=True))
    assert color["A minor"] == color["C major"] == FIFTHS_COLORS[0]
    assert color["F major"] == FIFTHS_COLORS[-1]
    assert told.triangle == [False] * 5 + [True] * 2
    assert [told.names[k] for k in told.of] == [
        "C major",
        "G major",
        "F major",
        "A minor",
        "B♭ major",
        "D major",
        "E minor",
    ]
    assert group_points(["C major", "a minor"]).colors == list(
        COLORS[:2]
    )  # two are told apart with ease


def test_a_latent_map_shows_each_window_in_its_color() -> None:
    points = np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 1.0]])
    figure = latent_map(points, ["x", "y", "x"], trail=np.array([[5.0, 5.0]]), caption="epoch 7")
    (axes,) = figure.axes
    (dots,) = axes.collections
    assert dots.get_offsets().tolist() == points.tolist()
    assert [to_hex(color).upper() for color in dots.get_facecolors()] == [
        COLORS[0],
        COLORS[1],
        COLORS[0],
    ]
    trail = [line for line in axes.lines if len(line.get_xdata()) == 2 and line.get_alpha()][-1]
    assert trail.get_xydata().tolist() == [[5.0, 5.0], [pytest.approx(4 / 3), 1.0]]
    assert "epoch 7" in names(axes)
    assert axes.get_xlim()[1] - axes.get_xlim()[0] == pytest.approx(
        axes.get_ylim()[1] - axes.get_ylim()[0]
    )
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "x",
        "y",
        "mean and its path",
    ]


def test_limits_hold_all_points_and_the_rings() -> None:
    left, right, bottom, top = square_limits(np.array([[[0.0, 0.0]], [[10.0, 1.0]]]))
    assert left < 0 < 10 < right
    assert right - left == pytest.approx(top - bottom)
    left, right, bottom, top = square_limits(np.zeros((1, 2)), prior=True)
    assert max(left, bottom) < -2 < 2 < min(right, top)
    assert latent_map(np.zeros((3, 2))).axes[0].get_xlim()[0] < 0  # all in one point
    left, right, *_ = square_limits(np.array([[-1.0, -1.0], [-0.9999, -1.0]]))
    assert right - left == pytest.approx(0.1)  # labels of two digits


@pytest.mark.parametrize(
    "points", [np.zeros((0, 2)), np.zeros((3, 3)), np.array([[0.0, np.nan]]), np.zeros(2)[:0]]
)
def test_what_is_no_map_is_refused(points: np.ndarray) -> None:
    with pytest.raises(PartimentoError):
        latent_map(points)


def test_groups_are_as_many_as_points() -> None:
    with pytest.raises(PartimentoError, match="2 points, but 1 names"):
        latent_map(np.zeros((2, 2)), ["a"])


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_equal_figures_are_equal_files(tmp_path: Path, suffix: str) -> None:
    points = np.random.default_rng(0).normal(size=(20, 2))
    one, other = (
        write_plot(latent_map(points, ["a", "b"] * 10, prior=True), tmp_path / f"{turn}{suffix}")
        for turn in "ab"
    )
    assert one.read_bytes() == other.read_bytes()
