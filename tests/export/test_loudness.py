"""Loudness by ITU-R BS.1770, compared with pyloudnorm."""

from __future__ import annotations

import math

import numpy as np
import pytest

from partimento.export.loudness import CEILING, limited, loudness, with_loudness

RATE = 48_000


def noise(seconds: float = 3, *, level: float = 0.1, rate: int = RATE) -> np.ndarray:
    rng = np.random.default_rng(1)
    return rng.normal(0, level, (round(rate * seconds), 2)).astype(np.float32)


def plucked(rate: int = RATE) -> np.ndarray:
    """Short loud notes with long quiet tails, as of a guitar."""
    time = np.arange(rate * 4) / rate
    tone = sum(np.sin(2 * np.pi * 220 * k * time) / k for k in range(1, 6))
    envelope = np.exp(-12 * (time % 0.5))
    return np.stack([tone * envelope] * 2, axis=1).astype(np.float32)


@pytest.mark.parametrize("rate", [48_000, 44_100, 22_050])
def test_equal_to_pyloudnorm(rate: int) -> None:
    pyloudnorm = pytest.importorskip("pyloudnorm")
    pause = noise(rate=rate)
    pause[rate : 2 * rate] *= 0.01  # the gate leaves it out
    for sound in (noise(rate=rate), pause, plucked(rate), plucked(rate)[:, :1]):
        meter = pyloudnorm.Meter(rate, filter_class="DeMan")  # the filter of the standard
        assert loudness(sound, rate) == pytest.approx(meter.integrated_loudness(sound), abs=0.01)


def test_a_sine_wave_has_the_level_of_the_standard() -> None:
    tone = np.sin(2 * np.pi * 997 * np.arange(RATE * 2) / RATE)[:, None]
    assert loudness(tone, RATE) == pytest.approx(-3.01, abs=0.01)
    assert loudness(np.concatenate([tone, tone], axis=1), RATE) == pytest.approx(0.0, abs=0.01)


def test_silence_and_very_short_sound_have_no_loudness() -> None:
    assert loudness(np.zeros((RATE, 2)), RATE) == -math.inf
    assert loudness(noise(0.3), RATE) == -math.inf
    assert not with_loudness(np.zeros((RATE, 2), np.float32), RATE).any()
    assert np.abs(with_loudness(noise(0.3), RATE)).max() <= CEILING + 1e-6


@pytest.mark.parametrize("level", [0.0005, 0.1, 0.9])
def test_every_level_becomes_the_target(level: float) -> None:
    for sound in (noise(level=level), plucked() * np.float32(level)):
        result = with_loudness(sound, RATE)
        assert loudness(result, RATE) == pytest.approx(-16, abs=0.1)
        assert np.abs(result).max() <= CEILING + 1e-6


def test_limiting_lowers_peaks_smoothly_and_nothing_else() -> None:
    sound = np.full((RATE, 2), 0.5, np.float32)
    sound[RATE // 2] = 2.0
    result = limited(sound, RATE)
    assert np.abs(result).max() <= CEILING + 1e-6
    far = np.abs(np.arange(RATE) - RATE // 2) > RATE // 40
    assert (result[far] == sound[far]).all()
    steps = np.abs(np.diff(np.delete(result[:, 0], RATE // 2)))
    assert steps.max() < 0.005
    assert limited(sound * np.float32(0.1), RATE).max() == pytest.approx(0.2)
