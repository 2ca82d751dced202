"""Animate the latent space over the epochs, as a GIF or a self-contained page.

The output is deterministic: equal data give equal bytes.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from partimento.errors import PartimentoError
from partimento.plots.gallery import moving_page
from partimento.plots.gif import to_gif
from partimento.plots.latent import check_groups, group_points, latent_artists, square_limits
from partimento.plots.style import FAINT, INK, QUIET, style

if TYPE_CHECKING:
    from PIL.Image import Image

LATENT_RATE = 8  # frames per second on a page, at normal speed
GIF_DPI = 90
RINGS = (
    "The rings show one and two standard deviations of the normal distribution from which points"
    " are drawn for composing."
)


@dataclass(frozen=True, eq=False)
class LatentHistory:
    """The latent points of the training windows over the epochs.

    Parameters
    ----------
    frames : (F, N, 2) array
        The first two dimensions, or two principal components that are the same in all frames.
    epochs : sequence of int
        The epoch of each frame.
    groups : sequence of str, optional
        The group of each point, such as a title or a key; see `latent.group_points`.
    names : sequence of str, optional
        The tooltip of each point on the page; the groups by default.
    prior : bool
        Whether to draw rings of one and two standard deviations around 0.
    title : str

    Raises
    ------
    PartimentoError
        If `frames` is not (F, N, 2) or not finite, or another argument has the wrong length.
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
            raise PartimentoError(
                f"an animation needs points of shape (F, N, 2), not {frames.shape}"
            )
        if len(self.epochs) != len(frames):
            raise PartimentoError(f"{len(frames)} frames, but {len(self.epochs)} epochs")
        groups = check_groups(self.groups or None, frames.shape[1])
        if self.names and len(self.names) != frames.shape[1]:
            raise PartimentoError(f"{frames.shape[1]} points, but {len(self.names)} names")
        for name, value in (
            ("frames", frames),
            ("groups", groups),
            ("names", self.names or groups),
        ):
            object.__setattr__(self, name, value)
        square_limits(frames)  # raises if a point is not finite

    @property
    def limits(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top of a square around the points of all frames."""
        return square_limits(self.frames, prior=self.prior)


def latent_gif(history: LatentHistory) -> bytes:
    """Animate the latent points over the epochs as a GIF.

    The axes are the same in all frames, so that movements of all points are visible. The path of
    the mean is a thin line.
    """
    means = history.frames.mean(axis=1)
    with style():
        artists = latent_artists(
            history.groups, history.limits, prior=history.prior, title=history.title
        )
        figure = artists.figure
        figure.set_dpi(GIF_DPI)
        for artist in artists.moving:
            artist.set_animated(True)
        canvas: Any = figure.canvas
        canvas.draw()
        ground = canvas.copy_from_bbox(figure.bbox)  # the fixed parts are drawn only once
        pictures = []
        for number, (points, epoch) in enumerate(zip(history.frames, history.epochs, strict=True)):
            artists.show(points, means[: number + 1], f"epoch {epoch}")
            canvas.restore_region(ground)
            for artist in artists.moving:
                figure.draw_artist(artist)
            pictures.append(_picture(np.asarray(canvas.buffer_rgba())))
    return to_gif(
        pictures, [INK, QUIET, FAINT, *dict.fromkeys(group_points(history.groups).colors)]
    )


def _picture(pixels: np.ndarray) -> Image:
    from PIL import Image

    return Image.fromarray(pixels[..., :3].copy())


def latent_page(history: LatentHistory) -> str:
    """Animate the latent points over the epochs as a web page.

    The page has controls to play and step through the epochs, and a tooltip with each window's
    piece.
    """
    frames, limits = history.frames, history.limits
    grouped, names = group_points(history.groups), list(dict.fromkeys(history.names))
    # A thousandth of the axes is less than a pixel; more digits would only enlarge the page.
    decimals = max(0, 3 - int(np.floor(np.log10(np.abs(limits).max()))))
    index = {name: number for number, name in enumerate(names)}
    data = {
        "rate": LATENT_RATE,
        "epochs": [int(epoch) for epoch in history.epochs],
        "limits": [round(limit, decimals) for limit in limits],
        "prior": history.prior,
        "decimals": decimals,
        "groups": [
            {"name": name, "color": color, "dark": _lighter(color), "triangle": triangle}
            for name, color, triangle in zip(*grouped[:3], strict=True)
        ],
        "of": grouped.of.tolist(),
        "names": names,
        "name_of": [index[name] for name in history.names],
        "frames": [
            [round(value, decimals) for value in frame.ravel().tolist()] for frame in frames
        ],
    }
    chips = "".join(
        f'<li{" class=triangle" if triangle else ""}><button type="button"'
        f' aria-pressed="false"><i></i>{html.escape(name)}</button></li>'
        for name, _, triangle in zip(*grouped[:3], strict=True)
    )
    about = (
        f"Latent points of {frames.shape[1]:,} windows in {len(frames):,} epochs, first and second"
        " dimension"
    )
    body = f"""<main class="stage">
<div class="chart"><canvas id="map" role="img" aria-label="{about}"></canvas><div id="tip" class="tip" hidden></div></div>
<div><ul class="groups" aria-label="Groups of windows: press one to highlight it">{chips}</ul>
<dl class="figures"><dt>mean</dt><dd id="mean"></dd>
<dt>widest spread</dt><dd id="wide"></dd><dt>narrowest</dt><dd id="narrow"></dd></dl>
</div>
</main>
<p class="hint">Space plays and pauses, the arrow keys step through the epochs. The cross is the mean of all windows, the line its path.
{RINGS * history.prior}</p>"""  # noqa: E501
    return moving_page(
        history.title, f"{frames.shape[1]:,} training windows", body, data=data, script="latent.js"
    )


def _lighter(color: str) -> str:
    """Lighten a color by a third towards white, for a dark page."""
    red, green, blue = (int(color[start : start + 2], 16) for start in (1, 3, 5))
    return "#" + "".join(f"{part + (255 - part) // 3:02X}" for part in (red, green, blue))
