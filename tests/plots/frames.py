"""What is in a GIF."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def frames_of(data: bytes) -> tuple[list[np.ndarray], list[int]]:
    """The pictures (H, W, 3) and how long each is shown, in milliseconds."""
    pictures, durations = [], []
    with Image.open(io.BytesIO(data)) as gif:
        assert gif.format == "GIF"
        assert gif.info["loop"] == 0  # without end
        for number in range(gif.n_frames):
            gif.seek(number)
            durations.append(gif.info["duration"])
            pictures.append(np.asarray(gif.convert("RGB")).astype(int))
    return pictures, durations
