"""Measure the loudness of sound, and set it without clipping.

The measure is that of ITU-R BS.1770-4, which broadcasters and streaming services use. A filter
imitates the ear, the power of overlapping blocks is averaged, and a gate leaves out pauses.
"""

from __future__ import annotations

import math

import numpy as np

TARGET_LUFS = -16.0  # a usual level for music that is heard with headphones
CEILING = 10 ** (-1.5 / 20)  # -1.5 dBFS: peaks between samples then stay below full scale, too
BLOCK_S, OVERLAP = 0.4, 4  # length of a block in seconds; a new one begins every 0.1 s
SILENCE_LUFS = -70.0  # quieter blocks are never counted
GATE_LU = 10.0  # nor are blocks that are quieter than the others by more than this
OFFSET = -0.691  # with it, a sine wave of 997 Hz at full scale in one channel has -3.01 LUFS
LOOKAHEAD_S = 0.005  # how long before a peak the limiter begins to lower the sound
CLOSE_LU = 0.02
ROUNDS = 8  # limiting lowers the loudness, so that the gain is found by trial
MAX_GAIN = 10 ** (60 / 20)


def loudness(sound: np.ndarray, rate: int) -> float:
    """Return the integrated loudness of sound in LUFS, by ITU-R BS.1770-4.

    Parameters
    ----------
    sound : (samples, channels) float
        One or two channels, between -1 and 1.
    rate : int
        Samples per second.

    Returns
    -------
    float
        -inf for silence, and for sound shorter than 0.4 s.

    References
    ----------
    ITU-R BS.1770-4 (2015). Algorithms to measure audio programme loudness and true-peak audio
    level.
    """
    from scipy import signal

    size, step = round(BLOCK_S * rate), round(BLOCK_S * rate / OVERLAP)
    if len(sound) < size:
        return -math.inf
    weighted = signal.sosfilt(_ear_filter(rate), sound.astype(np.float64), axis=0)
    energy = np.concatenate([[0.0], np.cumsum(np.square(weighted).sum(axis=1))])
    starts = np.arange(0, len(sound) - size + 1, step)
    power = (energy[starts + size] - energy[starts]) / size
    power = power[_lufs(power) > SILENCE_LUFS]
    if not len(power):
        return -math.inf
    gate = float(_lufs(power.mean())) - GATE_LU
    return float(_lufs(power[_lufs(power) > gate].mean()))


def with_loudness(sound: np.ndarray, rate: int, target: float = TARGET_LUFS) -> np.ndarray:
    """Return sound at a loudness in LUFS; peaks are limited to `CEILING`.

    Silence stays as it is. Sound that consists of short peaks can stay quieter than the target.

    Parameters
    ----------
    sound : (samples, channels) float32
    rate : int
        Samples per second.
    target : float
        The loudness in LUFS.
    """
    loudest = float(np.abs(sound).max(initial=0))
    if not loudest:
        return sound
    sound = sound * np.float32(CEILING / loudest)  # the gate would leave out very quiet sound
    own = loudness(sound, rate)
    if not math.isfinite(own):
        return sound
    wanted = target
    for _ in range(ROUNDS):
        gain = min(10 ** ((wanted - own) / 20), MAX_GAIN)
        result = limited(sound * np.float32(gain), rate)
        missing = target - loudness(result, rate)
        if abs(missing) < CLOSE_LU:
            break
        wanted += missing
    return result


def limited(sound: np.ndarray, rate: int) -> np.ndarray:
    """Return sound whose samples do not exceed `CEILING`, without distorting it.

    Before a peak, the gain is lowered smoothly, and afterwards it returns as smoothly.
    """
    from scipy import ndimage

    peaks = np.abs(sound).max(axis=1, initial=0)
    if not len(peaks) or float(peaks.max()) <= CEILING:
        return sound
    width = 2 * round(LOOKAHEAD_S * rate) + 1
    gain = np.minimum(1.0, CEILING / np.maximum(peaks, 1e-9))
    # The minimum over a window holds the lowest gain, so that the mean over a window of the same
    # width reaches it in time. The mean is taken twice, as its corners would be audible.
    lowest = ndimage.minimum_filter1d(gain, 2 * width - 1, mode="nearest")
    smooth = ndimage.uniform_filter1d(lowest, width, mode="nearest")
    smooth = ndimage.uniform_filter1d(smooth, width, mode="nearest")
    limited: np.ndarray = (sound * np.minimum(smooth, gain)[:, None]).astype(sound.dtype)
    return limited


def _lufs(power: np.ndarray | float) -> np.ndarray:
    decibels: np.ndarray = OFFSET + 10 * np.log10(np.maximum(power, 1e-20))
    return decibels


def _ear_filter(rate: int) -> np.ndarray:
    """Return the filter of BS.1770 as second-order sections, for any sample rate.

    The standard states its coefficients for 48 kHz only. These formulas give the same ones there.

    References
    ----------
    De Man, B. (2014). Evaluation of implementations of the EBU R128 loudness measurement. AES 137.
    """
    k = math.tan(math.pi * 1681.974450955533 / rate)
    q, high = 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    band = high**0.4996667741545416
    a0 = 1 + k / q + k * k
    shelf = [
        (high + band * k / q + k * k) / a0,
        2 * (k * k - high) / a0,
        (high - band * k / q + k * k) / a0,
        *_poles(k, q),
    ]
    k, q = math.tan(math.pi * 38.13547087602444 / rate), 0.5003270373238773
    return np.array([shelf, [1.0, -2.0, 1.0, *_poles(k, q)]])


def _poles(k: float, q: float) -> list[float]:
    a0 = 1 + k / q + k * k
    return [1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
