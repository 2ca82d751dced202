"""Pictures in a row as a GIF: one palette, no dithering, small files. Equal pictures give equal
bytes.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

FRAME_MS, LAST_MS = 120, 2000  # how long a frame is shown, and the last one


def to_gif(
    pictures: Sequence[Image],
    inks: Sequence[str],
    *,
    frame_ms: int = FRAME_MS,
    last_ms: int = LAST_MS,
) -> bytes:
    """Pictures of one size as an endless GIF of one palette, without dithering: flat colors stay
    flat, and the file small.

    Parameters
    ----------
    pictures : sequence of Image
        RGB, drawn on white.
    inks : sequence of str
        The colors drawn with; the palette is they and their blends with white, which the soft
        edges are made of.
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
    first.save(
        data,
        "GIF",
        save_all=True,
        append_images=more,
        duration=durations,
        loop=0,
        optimize=False,
        disposal=1,
    )
    return data.getvalue()


def _indexed(picture: Image, palette: np.ndarray) -> Image:
    """The picture in the nearest colors of a palette (K, 3), whose first one is white. (Pillow's
    own search takes near ones.)
    """
    from PIL import Image

    pixels = np.asarray(picture)
    drawn = (pixels != 255).any(axis=2)
    colors, which = np.unique(pixels[drawn] @ np.array([65536, 256, 1]), return_inverse=True)
    parts = np.stack([colors >> 16, colors >> 8 & 255, colors & 255], axis=1)
    nearest = ((parts[:, None] - palette) ** 2).sum(axis=2).argmin(axis=1)
    index = np.zeros(drawn.shape, np.uint8)
    index[drawn] = nearest[which]
    found = Image.fromarray(index)
    found.putpalette(palette.astype(np.uint8).tobytes())
    return found
