"""Read a sound file, compute its levels and draw its waveform.

This follows the tutorial's appendix "Continuous Representation".
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from partimento.errors import PartimentoError
from partimento.export.loudness import loudness
from partimento.plots.style import COLORS, FAINT, QUIET, new_figure, plain_title, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LARGEST = 2**30  # maximum file size in bytes: 90 minutes in CD quality, about 3 GB of memory
COLUMNS = 1500  # columns of the envelope: about one per pixel
BANDS = 120  # time intervals for levels: of three seconds, 25 ms, a period of the lowest notes
ENCODED = (".flac", ".ogg", ".mp3")  # formats of libsndfile
SIDES = {1: ("",), 2: ("left", "right")}  # number of channels → their names
SHOWN = 8  # maximum number of channels to draw


@dataclass(frozen=True, eq=False)
class Wave:
    """The samples of a sound file.

    Parameters
    ----------
    rate_hz : int
        Samples per second.
    signal : (S, C) float32 array
        S samples of C channels, divided by the peak: between -1 and 1. Silence is 0.
    peak : float
        The largest absolute sample, by which the signal was divided, as a share of full scale. It
        is 0 for silence. It can exceed 1 only in files of floats.
    kind : str
        The sample format: ``16-bit``, ``32-bit float``.
    """

    rate_hz: int
    signal: np.ndarray
    peak: float
    kind: str

    @property
    def channels(self) -> int:
        return int(self.signal.shape[1])

    @property
    def seconds(self) -> float:
        return len(self.signal) / self.rate_hz

    @property
    def peak_dbfs(self) -> float:
        """The peak level in dBFS (decibels relative to full scale); -inf for silence."""
        return decibels(self.peak)

    @property
    def loudness_lufs(self) -> float:
        """The integrated loudness by ITU-R BS.1770; -inf for silence, NaN if not defined.

        It is defined for one or two channels.
        """
        if self.channels > 2:
            return float("nan")
        return loudness(self.signal * np.float32(self.peak), self.rate_hz)

    @property
    def rms_dbfs(self) -> float:
        """The root mean square of all samples in dBFS.

        A sine wave at full scale has -3.01 dBFS, a square wave 0 dBFS.
        """
        blocks = np.array_split(self.signal, len(self.signal) // 2**20 + 1)
        power = sum(float(np.square(block, dtype=np.float64).sum()) for block in blocks)
        return decibels(self.peak * float(np.sqrt(power / max(self.signal.size, 1))))


def decibels(share: float) -> float:
    """Convert a share of full scale to decibels.

    >>> decibels(1.0), round(decibels(0.5), 2), decibels(0.0)
    (0.0, -6.02, -inf)
    """
    return float(20 * np.log10(share)) if share > 0 else -np.inf


def read_wave(path: Path | str) -> Wave:
    """Read a sound file: WAV of 8 to 64 bits or of floats, FLAC, OGG or MP3.

    Raises
    ------
    PartimentoError
        If the file is missing, not a sound file, truncated or too large, or has values that are not
        finite.
    """
    path = Path(path)
    if not path.is_file():
        raise PartimentoError(f"no such file: {path}")
    if path.stat().st_size > LARGEST:
        raise PartimentoError(
            f"{path} is larger than {LARGEST / 2**30:.0f} GB: too large to measure"
        )
    is_encoded = path.suffix.lower() in ENCODED
    rate_hz, samples, kind = _read_encoded(path) if is_encoded else _read(path)
    samples = samples[:, None] if samples.ndim == 1 else samples
    signal = samples.astype(np.float32)
    if samples.dtype == np.uint8:
        signal -= 128  # 8-bit samples are unsigned: silence is 128
    full = (
        1.0
        if samples.dtype.kind == "f"
        else 128.0
        if samples.dtype == np.uint8
        else -float(np.iinfo(samples.dtype).min)
    )
    if not np.isfinite(signal).all():
        raise PartimentoError(f"{path} has samples that are not finite numbers")
    peak = float(max(signal.max(initial=0), -signal.min(initial=0)))
    if peak > 0:
        signal /= np.float32(peak)
    return Wave(rate_hz, signal, peak / full, kind)


def _read_encoded(path: Path) -> tuple[int, np.ndarray, str]:
    """Return the sample rate, the samples and the format of an encoded file."""
    try:
        import soundfile

        with soundfile.SoundFile(path) as file:
            return int(file.samplerate), file.read(dtype="float32"), str(file.format)
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise PartimentoError(f"{path} cannot be read as sound: {reason}") from error


def _read(path: Path) -> tuple[int, np.ndarray, str]:
    """Return the sample rate, the samples in their own type, and the sample format."""
    wavfile: Any = import_module("scipy.io.wavfile")  # imported this way because it has no types
    try:
        with warnings.catch_warnings(), path.open("rb") as file:
            # SciPy only warns about truncated files, and about chunks such as labels.
            warnings.simplefilter("error", wavfile.WavFileWarning)
            warnings.filterwarnings("ignore", message="Chunk .* not understood")
            rate_hz, samples = wavfile.read(file)
            bits = _bits(file)
    except OSError as error:
        raise PartimentoError(f"cannot read {path}: {error.strerror}") from error
    except wavfile.WavFileWarning as error:
        raise PartimentoError(f"{path} is truncated") from error
    except Exception as error:  # SciPy raises many types of exceptions for malformed files
        with path.open("rb") as file:
            known = file.read(4) in (b"RIFF", b"RIFX", b"RF64")
        raise PartimentoError(
            f"{path} is a damaged or truncated WAV file" if known else f"{path} is not a WAV file"
        ) from error
    if rate_hz <= 0:
        raise PartimentoError(f"{path} is a damaged WAV file: its sample rate is {rate_hz}")
    return (
        int(rate_hz),
        samples,
        f"{bits}-bit float" if samples.dtype.kind == "f" else f"{bits}-bit",
    )


def _bits(file: Any) -> int:
    """Return the bits per sample from the format chunk of a file that SciPy has read.

    SciPy itself reports 24 bits as 32.
    """
    file.seek(0)
    order: Any = "big" if file.read(4) == b"RIFX" else "little"
    file.seek(12)
    while len(head := file.read(8)) == 8:
        size = int.from_bytes(head[4:], order)
        if head[:4] == b"fmt ":
            return int.from_bytes(file.read(16)[14:16], order)
        file.seek(size + size % 2, 1)
    raise ValueError("no format chunk")


@styled
def waveform(
    rate_hz: int,
    signal: np.ndarray,
    *,
    start_s: float = 0.0,
    seconds: float = 3.0,
    title: str = "Waveform",
) -> Figure:
    """Draw a signal between -1 and 1 against time, one row per channel.

    Where there are more samples than pixels, each column reaches from the least to the largest of
    its samples: no peak is lost. In a view of a second or more, a darker band shows one root mean
    square either way. It is nearer to the perceived loudness.

    Parameters
    ----------
    rate_hz : int
        Samples per second.
    signal : (S, C) or (S,) array
        Normalized, as `read_wave` returns it.
    start_s, seconds : float
        The visible time; less if the signal ends earlier.

    Raises
    ------
    PartimentoError
        If the signal ends before `start_s`, or there is nothing to see.
    """
    signal = np.asarray(signal)
    signal = signal[:, None] if signal.ndim == 1 else signal
    if not (np.isfinite(start_s) and np.isfinite(seconds) and start_s >= 0 and seconds > 0):
        raise PartimentoError(
            "a waveform needs a start of at least 0 seconds and a length above 0 seconds"
        )
    first = round(start_s * rate_hz)
    view = signal[first : first + max(2, round(seconds * rate_hz))]
    if not len(view):
        raise PartimentoError(
            f"the sound ends after {len(signal) / rate_hz:.3g} seconds: there is nothing from"
            f" {start_s:g} on"
        )
    rows = min(view.shape[1], SHOWN)
    figure = new_figure(11, 1.0 + (2.6 if rows == 1 else 1.9 if rows == 2 else 1.2) * rows)
    names = SIDES.get(view.shape[1]) or tuple(f"channel {number + 1}" for number in range(rows))
    panels = figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0]
    for axes, channel, name in zip(panels, view.T, names, strict=False):
        _draw(axes, (first + np.arange(len(view))) / rate_hz, channel)
        axes.set_ylabel(name)
    panels[0].set_title(plain_title(title))
    panels[-1].set_xlabel("seconds")
    panels[-1].set_xlim(first / rate_hz, (first + len(view)) / rate_hz)
    return figure


def _draw(axes: Axes, time: np.ndarray, channel: np.ndarray) -> None:
    axes.axhline(0, color=FAINT, linewidth=0.8, zorder=0)
    if len(channel) <= 2 * COLUMNS:
        few = len(channel) <= COLUMNS / 15
        axes.plot(
            time,
            channel,
            color=COLORS[0],
            linewidth=1.1,
            marker="o" if few else "",
            markersize=3.5,
        )
    else:
        left, low, high = envelope(channel)
        axes.fill_between(
            time[left],
            low,
            high,
            step="post",
            color=COLORS[5],
            linewidth=0,
            label="least to largest",
        )
        if time[-1] - time[0] >= 0.99:
            edges = np.linspace(0, len(channel), BANDS + 1).round().astype(int)
            rms = np.sqrt(
                np.add.reduceat(np.square(channel, dtype=np.float64), edges[:-1]) / np.diff(edges)
            )
            middle = time[(edges[:-1] + edges[1:]) // 2]
            axes.fill_between(
                middle,
                -rms,
                rms,
                color=COLORS[0],
                alpha=0.75,
                linewidth=0,
                label="root mean square",
            )
    axes.set_ylim(-1.05, 1.05)
    axes.set_yticks([-1, -0.5, 0, 0.5, 1], ["−1", "", "0", "", "1"])
    axes.grid(axis="y", visible=True)
    axes.spines["bottom"].set_color(QUIET)


def envelope(
    channel: np.ndarray, columns: int = COLUMNS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return columns of a long signal (S,): first sample, minimum and maximum of each.

    The last column is repeated, to close the outline. A column includes the first sample of the
    next one, because a jump between them would otherwise leave a gap.
    """
    edges = np.linspace(0, len(channel), columns + 1).round().astype(int)
    left = edges[:-1]
    following = channel[np.minimum(edges[1:], len(channel) - 1)]
    low = np.minimum(np.minimum.reduceat(channel, left), following)
    high = np.maximum(np.maximum.reduceat(channel, left), following)
    return np.append(left, len(channel) - 1), np.append(low, low[-1]), np.append(high, high[-1])
