"""Figures of training by what is in them: curves, marks, names, and that no two names lie over one another."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from partimento.config import UserError
from partimento.write.figure import COLOURS, FIFTHS_COLOURS, QUIET, spread, write_plot
from partimento.write.learning import chord_map, group_points, latent_map, loss_comparison, loss_curves, root_of, square_limits


def names(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def lines(axes: Axes) -> dict[str, list[float]]:
    """Label → y of the curves."""
    return {str(line.get_label()): list(np.asarray(line.get_ydata(), float)) for line in axes.lines if line.get_label()[0] != "_"}


def overlaps(figure: Figure, axes: Axes) -> list[tuple[str, str]]:
    """Which pairs of the written names cover one another."""
    figure.draw_without_rendering()
    boxes = [(text.get_text(), text.get_window_extent()) for text in axes.texts if text.get_text()]
    return [(a, b) for (a, one), (b, other) in combinations(boxes, 2) if one.overlaps(other)]


def test_the_best_epoch_is_marked_and_curves_bear_their_names() -> None:
    figure = loss_curves({"epoch": [1, 2, 3, 4], "loss": [4.0, 3.0, 2.0, 1.0], "val_loss": [4.1, 3.2, 2.5, 2.75], "seconds": [1, 2, 3, 4]})
    (axes,) = figure.axes  # seconds are no loss
    assert lines(axes)["training"] == [4, 3, 2, 1]
    assert lines(axes)["validation"] == [4.1, 3.2, 2.5, 2.75]
    (best,) = [line for line in axes.lines if line.get_label() == "best"]
    assert (best.get_xdata()[0], best.get_ydata()[0]) == (3, 2.5)
    assert set(names(axes)) == {"training", "validation", "best: 2.5 in epoch 3"}
    assert axes.get_legend() is None
    assert axes.get_yscale() == "linear"


def test_terms_stand_beside_their_sum() -> None:
    history = {"loss": [9.0, 3.0], "val_loss": [9.0, 4.0], "kl": [0.01, 2.0], "val_kl": [0.02, 2.5], "val_chord": [8.0, 1.0]}
    whole, terms = loss_curves(history, unit="nats a step").axes
    assert lines(terms) == {"kl": [0.02, 2.5], "kl in training": [0.01, 2.0], "chord": [8.0, 1.0]}
    assert set(names(terms)) == {"kl", "chord"}
    assert terms.get_yscale() == "log"  # from 0.01 to 8
    assert whole.get_yscale() == "linear"
    assert whole.get_ylabel() == "nats a step"
    assert "dashed in training" in terms.get_title(loc="left")


def test_losses_of_an_adversary_need_no_total() -> None:
    (axes,) = loss_curves({"discriminator": [0.7, 0.6], "generator": [-0.1, 0.2]}).axes
    assert set(names(axes)) == {"discriminator", "generator"}
    assert axes.get_yscale() == "linear"  # a loss may be negative


def test_one_epoch_and_gaps_are_drawn() -> None:
    (axes,) = loss_curves({"loss": [3.0], "val_loss": [3.5]}).axes
    assert axes.get_xlim() == (0, 2)
    (axes,) = loss_curves({"loss": [3.0, 2.0, 1.0], "val_loss": [None, float("nan"), 2.0]}).axes
    assert "best: 2 in epoch 3" in names(axes)


def test_no_history_is_refused() -> None:
    with pytest.raises(UserError, match="no loss to draw"):
        loss_curves({"epoch": [1, 2], "loss": [float("nan"), None]})
    with pytest.raises(UserError, match="differ in length"):
        loss_curves({"loss": [1.0], "val_loss": [1.0, 2.0]})
    with pytest.raises(UserError, match="no loss to draw"):
        loss_comparison({"lstm": ([], [])})


def test_runs_are_compared_by_name_with_their_best() -> None:
    runs = {"lstm": ([1, 2, 3], [3.0, 2.0, 2.5]), "vae": ([1, 2], [3.0, 2.51])}
    figure = loss_comparison(runs, levels={"markov": 2.52})
    (axes,) = figure.axes
    assert set(names(axes)) == {"lstm: 2", "vae: 2.51", "markov: 2.52"}
    assert overlaps(figure, axes) == []
    assert axes.get_xscale() == "linear"
    (axes,) = loss_comparison({"quick": ([0.5, 1], [3.0, 2.0]), "slow": ([50, 5000], [3.0, 2.0])}, x_label="seconds").axes
    assert axes.get_xscale() == "log"
    assert axes.get_xlabel() == "seconds"


def test_names_are_spread_no_farther_than_needed() -> None:
    assert spread([0, 10, 20], [1, 1, 1]) == [0, 10, 20]
    assert spread([5, 5, 5], [2, 2, 2]) == [3, 5, 7]
    assert spread([0, 0, 9], [2, 4, 2]) == [-1.5, 1.5, 9]
    assert spread([], []) == []


def test_the_commonest_groups_have_colours_and_the_others_are_grey() -> None:
    told = group_points(["a"] * 3 + ["b"] * 2 + list("cdefgh"))
    assert told.names == ["a", "b", "c", "d", "e", "f", "2 others"]
    assert told.colours == [*COLOURS[:6], QUIET]
    assert told.of.tolist() == [0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 6]


def test_many_keys_go_around_the_circle_of_fifths() -> None:
    keys = ["C major", "G major", "F major", "a minor", "B- major", "D major", "e minor"]
    told = group_points(keys)
    assert told.names == ["B♭ major", "F major", "C major", "G major", "D major", "A minor", "E minor"]
    colour = dict(zip(told.names, told.colours, strict=True))
    assert colour["A minor"] == colour["C major"] == FIFTHS_COLOURS[0]
    assert colour["F major"] == FIFTHS_COLOURS[-1]
    assert told.triangle == [False] * 5 + [True] * 2
    assert [told.names[k] for k in told.of] == ["C major", "G major", "F major", "A minor", "B♭ major", "D major", "E minor"]
    assert group_points(["C major", "a minor"]).colours == list(COLOURS[:2])  # two are told apart with ease


def test_a_latent_map_shows_each_window_in_its_colour() -> None:
    points = np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 1.0]])
    figure = latent_map(points, ["x", "y", "x"], trail=np.array([[5.0, 5.0]]), caption="epoch 7")
    (axes,) = figure.axes
    (dots,) = axes.collections
    assert dots.get_offsets().tolist() == points.tolist()
    assert [to_hex(colour).upper() for colour in dots.get_facecolors()] == [COLOURS[0], COLOURS[1], COLOURS[0]]
    trail = [line for line in axes.lines if len(line.get_xdata()) == 2 and line.get_alpha()][-1]
    assert trail.get_xydata().tolist() == [[5.0, 5.0], [pytest.approx(4 / 3), 1.0]]
    assert "epoch 7" in names(axes)
    assert axes.get_xlim()[1] - axes.get_xlim()[0] == pytest.approx(axes.get_ylim()[1] - axes.get_ylim()[0])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["x", "y", "mean and its path"]


def test_limits_hold_all_points_and_the_rings() -> None:
    left, right, bottom, top = square_limits(np.array([[[0.0, 0.0]], [[10.0, 1.0]]]))
    assert left < 0 < 10 < right
    assert right - left == pytest.approx(top - bottom)
    left, right, bottom, top = square_limits(np.zeros((1, 2)), prior=True)
    assert max(left, bottom) < -2 < 2 < min(right, top)
    assert latent_map(np.zeros((3, 2))).axes[0].get_xlim()[0] < 0  # all in one point


@pytest.mark.parametrize("points", [np.zeros((0, 2)), np.zeros((3, 3)), np.array([[0.0, np.nan]]), np.zeros(2)[:0]])
def test_what_is_no_map_is_refused(points: np.ndarray) -> None:
    with pytest.raises(UserError):
        latent_map(points)
    with pytest.raises(UserError):
        chord_map(points, ["C"] * len(points))


def test_groups_are_as_many_as_points() -> None:
    with pytest.raises(UserError, match="2 points, but 1 names"):
        latent_map(np.zeros((2, 2)), ["a"])
    with pytest.raises(UserError, match="2 points, 1 names"):
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


def test_chords_are_coloured_by_root_and_sized_by_weight() -> None:
    figure = chord_map(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), ["C", "Gm7", "rest"], [4.0, 1.0, 0.0])
    dots, rings = figure.axes[0].collections
    assert [to_hex(colour).upper() for colour in dots.get_facecolors()] == [FIFTHS_COLOURS[0], FIFTHS_COLOURS[1], QUIET]
    sizes = dots.get_sizes()
    assert sizes[0] - sizes[2] == pytest.approx(2 * (sizes[1] - sizes[2]))  # the area by the root of the weight
    assert rings.get_offsets().tolist() == [[0.0, 0.0]]


def test_roots() -> None:
    assert [root_of(name) for name in ("C", "C#m", "D♭", "Bb7", "B-", "Am", "?", "")] == [0, 1, 1, 10, 10, 9, None, None]


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_equal_figures_are_equal_files(tmp_path: Path, suffix: str) -> None:
    points = np.random.default_rng(0).normal(size=(20, 2))
    for plot in (
        lambda: latent_map(points, ["a", "b"] * 10, prior=True),
        lambda: chord_map(points, ["C", "Am"] * 10),
        lambda: loss_curves({"loss": [3.0, 1.0], "kl": [1.0, 2.0]}),
    ):
        one, other = (write_plot(plot(), tmp_path / f"{turn}{suffix}", force=True).read_bytes() for turn in "ab")
        assert one == other
