"""GIFs by the colors of their frames."""

from __future__ import annotations

import numpy as np
from PIL import Image
from tests.plots.frames import frames_of

from partimento.plots.gif import to_gif


def test_palette_keeps_flat_colors() -> None:
    pixels = np.full((8, 8, 3), 255, np.uint8)
    pixels[:4, :4], pixels[4:, 4:] = (0, 0, 0), (214, 95, 1)
    (picture,), (duration,) = frames_of(
        to_gif([Image.fromarray(pixels)], ["#000000", "#D55E00"], frame_ms=50, last_ms=700)
    )
    assert duration == 700
    assert picture[0, 0].tolist() == [0, 0, 0]
    assert picture[7, 7].tolist() == [213, 94, 0]
    assert picture[0, 7].tolist() == [255, 255, 255]
