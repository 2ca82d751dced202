"""Encode pictures as an animated GIF with one palette, without dithering.

The output is deterministic: equal pictures give equal bytes.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

FRAME_MS, LAST_MS = 120, 2000  # duration of a frame, and of the last frame


def to_gif(
    pictures: Sequence[Image],
    inks: Sequence[str],
    *,
    frame_ms: int = FRAME_MS,
    last_ms: int = LAST_MS,
) -> bytes:
    """Encode pictures of the same size as a looping GIF with one palette.

    Without dithering, flat colors stay flat and the file is small.

    Parameters
    ----------
    pictures : sequence of Image
        RGB, drawn on white.
    inks : sequence of str
        The colors in the pictures. The palette consists of them and of their blends with white, for
        antialiased edges.
    frame_ms, last_ms : int
        Milliseconds that each picture is shown, and the last one.
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
    """Convert a picture to the nearest colors of a palette (K, 3).

    The palette begins with white. Pillow's own search does not always return the nearest color.
    """
    from PIL import Image

    pixels = np.asarray(picture)
    drawn = (pixels != 255).any(axis=2)
    colors, which = np.unique(pixels[drawn] @ np.array([65536, 256, 1]), return_inverse=True)
    parts = np.stack([colors >> 16, colors >> 8 & 255, colors & 255], axis=1)
    nearest = ((parts[:, None] - palette) ** 2).sum(axis=2).argmin(axis=1)
    index = np.zeros(drawn.shape, np.uint8)
    index[drawn] = nearest[which]
    indexed = Image.fromarray(index)
    indexed.putpalette(palette.astype(np.uint8).tobytes())
    return indexed
