"""WAV files that SciPy wrote, whose values are known; and files that are none."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from tests.waves import RATE, SINE, written

from partimento.errors import PartimentoError
from partimento.export.audio import wav_bytes
from partimento.export.sound_files import encode
from partimento.plots.waveform import envelope, read_wave, waveform


@pytest.mark.parametrize(
    ("samples", "kind", "step"),
    [
        (np.round(128 + SINE * 63.5).astype(np.uint8), "8-bit", 1 / 63),
        (np.round(SINE * 16384).astype(np.int16), "16-bit", 1e-4),
        (np.round(SINE * 2**30).astype(np.int32), "32-bit", 1e-6),
        ((SINE * 0.5).astype(np.float32), "32-bit float", 1e-6),
        (SINE * 0.5, "64-bit float", 1e-6),
    ],
)
def test_a_sine_of_half_the_scale(
    tmp_path: Path, samples: np.ndarray, kind: str, step: float
) -> None:
    wave = read_wave(written(tmp_path / "a.wav", samples))
    assert (wave.rate_hz, wave.channels, wave.seconds, wave.kind) == (RATE, 1, 1.0, kind)
    assert wave.signal.shape == (RATE, 1)
    assert wave.signal.dtype == np.float32
    np.testing.assert_allclose(wave.signal[:, 0], SINE / np.abs(SINE).max(), atol=step)
    assert np.abs(wave.signal).max() == 1
    assert wave.peak == pytest.approx(0.5, abs=0.01)
    assert wave.peak_dbfs == pytest.approx(-6.02, abs=0.15)
    assert wave.rms_dbfs == pytest.approx(
        -9.03, abs=0.15
    )  # a sine's root mean square is 3.01 dB below its peak


def test_24_bits(tmp_path: Path) -> None:
    values = np.round(SINE * 2**22).astype(np.int64)
    data = b"".join(int(value).to_bytes(3, "little", signed=True) for value in values)
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + len(data),
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        RATE,
        RATE * 3,
        3,
        24,
        b"data",
        len(data),
    )
    (tmp_path / "a.wav").write_bytes(head + data)
    wave = read_wave(tmp_path / "a.wav")
    assert wave.kind == "24-bit"
    assert wave.peak == pytest.approx(0.5, abs=0.001)
    np.testing.assert_allclose(wave.signal[:, 0], SINE / np.abs(SINE).max(), atol=1e-6)


def test_the_largest_sample_may_be_negative(tmp_path: Path) -> None:
    wave = read_wave(
        written(tmp_path / "a.wav", np.array([-32768, 100, 16384], np.int16))
    )  # the tutorial divides by the largest
    assert wave.signal[:, 0].tolist() == [-1, pytest.approx(100 / 32768), 0.5]
    assert wave.peak_dbfs == 0


def test_channels_are_columns(tmp_path: Path) -> None:
    both = np.stack([SINE, SINE / 4], axis=1)
    (tmp_path / "a.wav").write_bytes(wav_bytes(both.astype(np.float32), RATE))
    wave = read_wave(tmp_path / "a.wav")
    assert wave.channels == 2
    assert np.abs(wave.signal).max(axis=0).tolist() == [1, pytest.approx(0.25, abs=1e-3)]


@pytest.mark.parametrize(
    "samples", [np.zeros(50, np.int16), np.full(50, 128, np.uint8), np.zeros(50, np.float32)]
)
def test_silence_stays_silent(tmp_path: Path, samples: np.ndarray) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wave = read_wave(written(tmp_path / "a.wav", samples))
        assert not wave.signal.any()
        assert (wave.peak, wave.peak_dbfs, wave.rms_dbfs) == (0, -np.inf, -np.inf)


def test_an_empty_sound_has_no_length(tmp_path: Path) -> None:
    wave = read_wave(written(tmp_path / "a.wav", np.zeros(0, np.int16)))
    assert (wave.signal.shape, wave.seconds, wave.rms_dbfs) == ((0, 1), 0.0, -np.inf)


GOOD = wav_bytes(SINE[:, None].astype(np.float32), RATE)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (GOOD[:5000], "truncated"),
        (GOOD[:5001], "truncated"),
        (GOOD[:20], "damaged or truncated"),
        (GOOD[:36], "damaged or truncated"),
        (
            b"RIFF" + struct.pack("<I", 108) + b"WAVEjunk" + struct.pack("<I", 96) + b"x" * 96,
            "damaged",
        ),
        (GOOD[:24] + bytes(4) + GOOD[28:], "damaged"),  # no sample rate
        (b"", "not a WAV file"),
        (b"ID3\x03" + bytes(100), "not a WAV file"),
        (b"MThd and so on", "not a WAV file"),
    ],
)
def test_what_cannot_be_read_says_so_in_a_line(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "a.wav").write_bytes(data)
    with pytest.raises(PartimentoError, match=message) as caught:
        read_wave(tmp_path / "a.wav")
    assert "\n" not in str(caught.value)


def test_further_errors(tmp_path: Path) -> None:
    with pytest.raises(PartimentoError, match="no such file"):
        read_wave(tmp_path / "b.wav")
    with pytest.raises(PartimentoError, match="no such file"):
        read_wave(tmp_path)
    with pytest.raises(PartimentoError, match="not finite numbers"):
        read_wave(written(tmp_path / "a.wav", np.array([0, np.nan], np.float32)))


def test_labels_behind_the_sound_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(
        GOOD[:4]
        + struct.pack("<I", len(GOOD) + 4)
        + GOOD[8:]
        + b"odd "
        + struct.pack("<I", 4)
        + b"text"
    )
    assert read_wave(tmp_path / "a.wav").seconds == 1


def test_no_peak_is_lost_in_the_envelope() -> None:
    channel = np.zeros(100_000)
    channel[12_345], channel[77_777] = 0.9, -0.8
    left, low, high = envelope(channel, columns=500)
    assert len(left) == len(low) == len(high) == 501
    assert (high.max(), low.min()) == (0.9, -0.8)
    assert left[int(high.argmax())] <= 12_345 < left[int(high.argmax()) + 1]
    ramp = np.arange(1000.0)
    left, low, high = envelope(ramp, columns=10)
    assert low[:10].tolist() == [0, 100, 200, 300, 400, 500, 600, 700, 800, 900]
    assert high[:9].tolist() == low[1:10].tolist()  # one column reaches to the next


def test_a_long_view_is_an_envelope_and_a_short_one_the_samples() -> None:
    signal = np.tile(SINE, 5)
    (axes,) = waveform(RATE, signal, start_s=0.5).axes  # three seconds
    assert axes.get_xlim() == (0.5, 3.5)
    assert axes.get_ylim() == (-1.05, 1.05)
    peaks, loudness = [band for band in axes.collections if isinstance(band, PolyCollection)]
    assert peaks.get_datalim(axes.transData).extents[[1, 3]].tolist() == [
        pytest.approx(-1, abs=0.01),
        pytest.approx(1, abs=0.01),
    ]
    assert loudness.get_datalim(axes.transData).y1 == pytest.approx(np.sqrt(0.5), abs=0.01)
    (axes,) = waveform(RATE, signal, start_s=1, seconds=0.01).axes
    line = axes.lines[-1]
    assert line.get_xdata().tolist() == pytest.approx([1 + k / RATE for k in range(80)])
    assert line.get_ydata().tolist() == SINE[:80].tolist()


def test_a_row_a_channel() -> None:
    figure = waveform(RATE, np.stack([SINE, SINE], axis=1))
    assert [axes.get_ylabel() for axes in figure.axes] == ["left", "right"]
    assert figure.axes[-1].get_xlim() == (0, 1)  # no longer than the sound
    assert len(waveform(RATE, np.zeros((100, 12))).axes) == 8


@pytest.mark.parametrize("times", [(-1, 3), (0, 0), (0, float("nan")), (1, 3), (99, 3)])
def test_a_view_outside_the_sound_is_refused(times: tuple[float, float]) -> None:
    with pytest.raises(PartimentoError):
        waveform(RATE, SINE, start_s=times[0], seconds=times[1])


@pytest.mark.parametrize("suffix", [".flac", ".ogg", ".mp3", ".wav"])
def test_encoded_sound_and_its_loudness(tmp_path: Path, suffix: str) -> None:
    sound = np.stack([0.1 * np.sin(2 * np.pi * 997 * np.arange(48000) / 48000)] * 2, axis=1)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(encode(sound.astype(np.float32), 48000, suffix))
    wave = read_wave(path)
    assert (wave.rate_hz, wave.channels) == (48000, 2)
    assert wave.peak_dbfs == pytest.approx(-20, abs=2)  # the tone begins with a jump
    # -23.01 in each channel; lossy formats change it a little.
    assert wave.loudness_lufs == pytest.approx(-20, abs=0.3)
    if suffix != ".wav":
        path.write_bytes(b"no sound")
        with pytest.raises(PartimentoError, match="cannot be read as sound"):
            read_wave(path)


def test_loudness_is_defined_for_two_channels(tmp_path: Path) -> None:
    wave = read_wave(written(tmp_path / "a.wav", np.zeros((RATE, 3), np.int16)))
    assert np.isnan(wave.loudness_lufs)
