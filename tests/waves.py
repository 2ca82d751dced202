"""WAV files of a known sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.io import wavfile

RATE = 8000
SINE = np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)


def written(path: Path, samples: np.ndarray) -> Path:
    wavfile.write(path, RATE, samples)
    return path
