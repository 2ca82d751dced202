"""Curves of losses by what is in them: values, marks, names, and that no two names lie over one
another.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from tests.plots.texts import names, overlaps

from partimento.errors import PartimentoError
from partimento.plots import loss_comparison, loss_curves
from partimento.plots.style import write_plot


def lines(axes: Axes) -> dict[str, list[float]]:
    """Label → y of the curves."""
    return {
        str(line.get_label()): list(np.asarray(line.get_ydata(), float))
        for line in axes.lines
        if line.get_label()[0] != "_"
    }


def test_the_best_epoch_is_marked_and_curves_bear_their_names() -> None:
    figure = loss_curves(
        {
            "epoch": [1, 2, 3, 4],
            "loss": [4.0, 3.0, 2.0, 1.0],
            "val_loss": [4.1, 3.2, 2.5, 2.75],
            "seconds": [1, 2, 3, 4],
        }
    )
    (axes,) = figure.axes  # seconds are no loss
    assert lines(axes)["training"] == [4, 3, 2, 1]
    assert lines(axes)["validation"] == [4.1, 3.2, 2.5, 2.75]
    (best,) = [line for line in axes.lines if line.get_label() == "best"]
    assert (best.get_xdata()[0], best.get_ydata()[0]) == (3, 2.5)
    assert set(names(axes)) == {"training", "validation", "best: 2.5 in epoch 3"}
    assert axes.get_legend() is None
    assert axes.get_yscale() == "linear"


def test_terms_stand_beside_their_sum() -> None:
    history = {
        "loss": [9.0, 3.0],
        "val_loss": [9.0, 4.0],
        "kl": [0.01, 2.0],
        "val_kl": [0.02, 2.5],
        "val_chord": [8.0, 1.0],
    }
    whole, terms = loss_curves(history, unit="nats per step").axes
    assert lines(terms) == {"kl": [0.02, 2.5], "kl in training": [0.01, 2.0], "chord": [8.0, 1.0]}
    assert set(names(terms)) == {"kl", "chord"}
    assert terms.get_yscale() == "log"  # from 0.01 to 8
    assert whole.get_yscale() == "linear"
    assert whole.get_ylabel() == "nats per step"
    assert "dashed in training" in terms.get_title(loc="left")


def test_losses_of_an_adversary_need_no_total() -> None:
    (axes,) = loss_curves({"discriminator": [0.7, 0.6], "generator": [-0.1, 0.2]}).axes
    assert set(names(axes)) == {"discriminator", "generator"}
    assert axes.get_yscale() == "linear"  # a loss may be negative


def test_no_epoch_is_best_where_validation_does_not_choose() -> None:
    (axes,) = loss_curves({"loss": [3.0, 2.0], "val_loss": [2.5, 3.0]}, mark_best=False).axes
    assert set(names(axes)) == {"training", "validation"}


def test_one_epoch_and_gaps_are_drawn() -> None:
    (axes,) = loss_curves({"loss": [3.0], "val_loss": [3.5]}).axes
    assert axes.get_xlim() == (0, 2)
    (axes,) = loss_curves({"loss": [3.0, 2.0, 1.0], "val_loss": [None, float("nan"), 2.0]}).axes
    assert "best: 2 in epoch 3" in names(axes)


def test_no_history_is_refused() -> None:
    with pytest.raises(PartimentoError, match="no loss to draw"):
        loss_curves({"epoch": [1, 2], "loss": [float("nan"), None]})
    with pytest.raises(PartimentoError, match="differ in length"):
        loss_curves({"loss": [1.0], "val_loss": [1.0, 2.0]})
    with pytest.raises(PartimentoError, match="no loss to draw"):
        loss_comparison({"lstm": ([], [])})


def test_runs_are_compared_by_name_with_their_best() -> None:
    runs = {"lstm": ([1, 2, 3], [3.0, 2.0, 2.5]), "vae": ([1, 2], [3.0, 2.51])}
    figure = loss_comparison(runs, levels={"markov": 2.52})
    (axes,) = figure.axes
    assert set(names(axes)) == {"lstm: 2", "vae: 2.51", "markov: 2.52"}
    assert overlaps(figure, axes) == []
    assert axes.get_xscale() == "linear"
    (axes,) = loss_comparison(
        {"quick": ([0.5, 1], [3.0, 2.0]), "slow": ([50, 5000], [3.0, 2.0])}, x_label="seconds"
    ).axes
    assert axes.get_xscale() == "log"
    assert axes.get_xlabel() == "seconds"


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_equal_figures_are_equal_files(tmp_path: Path, suffix: str) -> None:
    one, other = (
        write_plot(
            loss_curves({"loss": [3.0, 1.0], "kl": [1.0, 2.0]}), tmp_path / f"{turn}{suffix}"
        )
        for turn in "ab"
    )
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("most", [40.0, 900.0, 4e7])
def test_logarithmic_axes_bear_plain_numbers(most: float) -> None:
    by_epoch = loss_curves({"kl": [most, 5.0, 1.0], "chord": [most, 6.0, 1.1]})
    by_time = loss_comparison(
        {"quick": ([0.1, 0.2], [most, 1.0]), "slow": ([0.1, most], [most, 1.0])}
    )
    for axis in (by_epoch.axes[0].yaxis, by_time.axes[0].xaxis, by_time.axes[0].yaxis):
        assert axis.get_scale() == "log"
        axis.figure.draw_without_rendering()
        low, high = axis.get_view_interval()
        ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
        texts = [tick.label1.get_text() for tick in ticks if low <= tick.get_loc() <= high]
        shown = [float(text.replace(",", "")) for text in texts if text]
        assert 2 <= len(shown) <= 12
        assert shown == sorted(shown)
