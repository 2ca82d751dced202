"""The drifting latent space by what is in it: frames, times, data; and a page that asks nothing of
the network.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.plots.frames import frames_of
from tests.plots.pages import data_in, is_self_contained, opened, until

from partimento.errors import PartimentoError
from partimento.plots import LatentHistory, latent_gif, latent_page, write_animation


def drift(frames: int = 4, points: int = 6, **more: Any) -> LatentHistory:
    """A cloud that moves to the right."""
    cloud = np.random.default_rng(0).normal(size=(points, 2))
    moved = np.stack([cloud * 0.1 + (step, 0.5) for step in range(frames)])
    return LatentHistory(moved, [5 * step for step in range(frames)], **more)


def test_a_frame_an_epoch_and_the_last_one_stays() -> None:
    data = latent_gif(drift(4))
    pictures, durations = frames_of(data)
    assert len(pictures) == 4
    assert durations == [120, 120, 120, 2000]
    assert {picture.shape for picture in pictures} == {(531, 720, 3)}
    assert (pictures[0][:5, :5] == 255).all()
    assert latent_gif(drift(4)) == data


def test_axes_stay_so_that_drift_is_seen() -> None:
    pictures, _ = frames_of(latent_gif(drift(3)))
    plot = slice(60, 460), slice(80, 500)  # inside the axes
    centres = []
    for picture in pictures:
        blue = (picture[plot][..., 2] - picture[plot][..., 0]) > 80
        centres.append(float(np.nonzero(blue)[1].mean()))
    assert centres[1] - centres[0] == pytest.approx(centres[2] - centres[1], abs=4)
    assert centres[1] - centres[0] > 50
    for picture in pictures[1:]:
        assert (picture[465:] == pictures[0][465:]).all()  # the numbers at the axis
        assert (picture[:, :60] == pictures[0][:, :60]).all()
        assert (picture[:50, 320:510] != pictures[0][:50, 320:510]).any()  # the epoch
    grey = [
        int(
            (
                (picture[plot].max(axis=2) - picture[plot].min(axis=2) < 12)
                & (picture[plot].min(axis=2) < 235)
            ).sum()
        )
        for picture in pictures
    ]
    assert grey[0] < grey[1] < grey[2]  # the path of the mean grows


def test_groups_have_their_colors_in_a_gif() -> None:
    pictures, _ = frames_of(latent_gif(drift(1, groups=["x"] * 3 + ["y"] * 3)))
    colors = {tuple(color) for color in pictures[0].reshape(-1, 3).tolist()}
    assert {(0, 114, 178), (213, 94, 0)} <= colors  # exactly those of the legend
    assert len(colors) <= 256


def test_a_gif_of_a_hundred_epochs_stays_small() -> None:
    rng = np.random.default_rng(0)
    cloud, groups = rng.normal(size=(512, 2)), [f"piece {k % 9}" for k in range(512)]
    moving = np.stack(
        [cloud * (1 - 0.9**step) + rng.normal(0, 0.02, (512, 2)) for step in range(1, 11)]
    )
    data = latent_gif(LatentHistory(moving, range(10), groups, prior=True))
    assert len(data) < 200_000  # a tenth of 2 MB for a tenth of the frames


def test_the_page_holds_the_points() -> None:
    history = drift(
        5,
        7,
        groups=["C major"] * 4 + ["a minor"] * 3,
        names=[f"Étude {n}" for n in (1, 1, 2, 2, 3, 3, 3)],
        prior=True,
    )
    page = latent_page(history)
    is_self_contained(page)
    data = data_in(page)
    np.testing.assert_allclose(
        np.array(data["frames"]).reshape(5, 7, 2), history.frames, atol=0.0005001
    )
    assert data["decimals"] == 3
    assert data["epochs"] == [0, 5, 10, 15, 20]
    assert [data["names"][k] for k in data["name_of"]] == ["Étude 1"] * 2 + ["Étude 2"] * 2 + [
        "Étude 3"
    ] * 3
    assert [data["groups"][k]["name"] for k in data["of"]] == ["C major"] * 4 + ["A minor"] * 3
    assert data["prior"] is True
    left, right, bottom, top = data["limits"]
    assert left < -2
    assert right > history.frames[..., 0].max()
    assert top - bottom == pytest.approx(right - left, abs=0.01)
    assert latent_page(history) == page
    for label in (
        'aria-label="Player"',
        'aria-label="Speed"',
        'role="img" aria-label="Latent points of 7 windows',
        "color-scheme",
    ):
        assert label in page


def test_small_latent_spaces_keep_their_digits() -> None:
    data = data_in(latent_page(LatentHistory(np.array([[[0.00123, 0.0], [0.002, 0.001]]]), [1])))
    assert data["frames"] == [[0.00123, 0.0, 0.002, 0.001]]


def test_names_are_text_and_no_markup() -> None:
    wild = "</script><img src=x onerror=alert(1)>&\"'"
    page = latent_page(drift(2, 2, groups=[wild, "b"], title=wild))
    is_self_contained(page)
    assert wild not in page
    assert data_in(page)["groups"][0]["name"] == wild
    with pytest.raises(PartimentoError, match="cannot be written"):
        latent_page(drift(2, 2, title="\ud800"))


@pytest.mark.parametrize(
    ("frames", "epochs", "more", "message"),
    [
        (np.zeros((0, 3, 2)), [], {}, "animation needs points"),
        (np.zeros((3, 2)), [1, 2, 3], {}, "animation needs points"),
        (np.zeros((2, 3, 4)), [1, 2], {}, "needs points of shape"),
        (np.zeros((2, 0, 2)), [1, 2], {}, "needs points of shape"),
        (np.zeros((2, 3, 2)), [1], {}, "2 frames, but 1 epochs"),
        (np.full((2, 3, 2), np.inf), [1, 2], {}, "diverged"),
        (np.zeros((2, 3, 2)), [1, 2], {"groups": ["a"]}, "3 points, but 1"),
        (np.zeros((2, 3, 2)), [1, 2], {"names": ["a"]}, "3 points, but 1"),
    ],
)
def test_what_is_no_history_is_refused(
    frames: np.ndarray, epochs: list[int], more: dict[str, Any], message: str
) -> None:
    with pytest.raises(PartimentoError, match=message):
        LatentHistory(frames, epochs, **more)


@pytest.mark.slow
def test_the_latent_page_plays_steps_and_tells_names(tmp_path: Path, browser: Any) -> None:
    frames = np.array(
        [[[-1.0, 0.0], [1.0, 0.5]], [[-0.5, 0.0], [1.0, 1.0]], [[0.0, 0.0], [1.0, 1.5]]]
    )
    write_animation(
        latent_page(LatentHistory(frames, [0, 5, 10], ["a", "b"], ["Étude 1", "Étude 2"])),
        tmp_path / "a.html",
    )
    tab = opened(browser, tmp_path / "a.html")
    assert tab.locator("#clock").inner_text() == "epoch 0"
    assert tab.locator("#mean").inner_text() == "0.000, 0.250"
    tab.keyboard.press("ArrowRight")
    assert tab.locator("#clock").inner_text() == "epoch 5"
    assert tab.locator("#seek").get_attribute("aria-valuetext") == "epoch 5"
    tab.keyboard.press("End")
    assert tab.locator("#mean").inner_text() == "0.500, 0.750"
    tab.evaluate(
        "(() => { const seek = document.getElementById('seek'); seek.value = 1;"
        " seek.dispatchEvent(new Event('input')); })()"
    )
    assert tab.locator("#clock").inner_text() == "epoch 5"
    tab.keyboard.press("Space")
    until(tab, "document.getElementById('clock').textContent === 'epoch 10'")
    until(tab, "document.getElementById('play').getAttribute('aria-label') === 'Play'")
    left, right, bottom, top = data_in((tmp_path / "a.html").read_text(encoding="utf-8"))["limits"]
    box = tab.locator("#map").bounding_box()
    em = min(14, box["width"] / 42)
    span = box["width"] - 4.8 * em  # the axes, as the script lays them out
    for (x, y), name in zip(frames[2], ("Étude 1", "Étude 2"), strict=True):
        at = 3.8 * em + (x - left) / (right - left) * span, em + (top - y) / (top - bottom) * span
        tab.mouse.move(box["x"] + at[0] + 3, box["y"] + at[1] - 3)
        assert tab.locator("#tip").inner_text() == name
    tab.mouse.move(box["x"] + 3.8 * em + span, box["y"] + em)
    assert tab.locator("#tip").is_hidden()
    tab.locator(".groups button").nth(1).click()
    assert tab.locator(".groups button").nth(1).get_attribute("aria-pressed") == "true"
    assert tab.problems == []
