"""Implement ``partimento listen``: print properties of a sound file, and draw it."""

from __future__ import annotations

import math
from pathlib import Path

from partimento.cli import screen
from partimento.errors import PartimentoError
from partimento.files import refuse_existing


def run_listen(
    path: Path, *, out: Path | None, start_s: float, seconds: float, force: bool, as_json: bool
) -> None:
    """Print the properties of a sound file, and draw its waveform.

    Parameters
    ----------
    path : Path
        A WAV, FLAC, OGG or MP3 file.
    out : Path, optional
        The picture to write, ``.png`` or ``.svg``.
    start_s, seconds : float
        Start and length of the excerpt to draw.
    force : bool
        Replace an existing picture.
    as_json : bool
        Print JSON; the levels of silence are null.

    Raises
    ------
    PartimentoError
        If the file cannot be read as sound, or the picture cannot be written.
    """
    if out is not None:
        if out.suffix.lower() not in (".png", ".svg"):
            raise PartimentoError(f"{out}: the plot must be a .png or .svg file")
        refuse_existing(out, force=force)
    from partimento.plots.waveform import read_wave, waveform

    wave = read_wave(path)
    if out is not None:
        from partimento.plots.style import write_plot

        figure = waveform(
            wave.rate_hz,
            wave.signal,
            start_s=start_s,
            seconds=seconds,
            title=f"{path.name}, divided by its peak",
        )
        write_plot(figure, out, force=force)
    if as_json:
        levels = {
            name: level if math.isfinite(level) else None
            for name, level in (("peak", wave.peak_dbfs), ("rms", wave.rms_dbfs))
        }
        heard = wave.loudness_lufs
        facts = {
            "file": str(path),
            "rate_hz": wave.rate_hz,
            "channels": wave.channels,
            "samples": len(wave.signal),
            "seconds": wave.seconds,
            "kind": wave.kind,
            **{f"{name}_dbfs": level for name, level in levels.items()},
            "loudness_lufs": heard if math.isfinite(heard) else None,
            "written": [str(out)] if out is not None else [],
        }
        screen.print_json(facts)
        return
    rows = [
        ("rate", f"{wave.rate_hz:,} Hz"),
        ("channels", f"{wave.channels}"),
        ("duration", f"{_clock(wave.seconds)} ({len(wave.signal):,} samples)"),
        ("samples", wave.kind),
        ("peak", _level(wave.peak_dbfs)),
        ("RMS level", _level(wave.rms_dbfs)),
        ("loudness", _loudness(wave.loudness_lufs)),
    ]
    screen.print_facts(str(path), rows)
    if out is not None:
        screen.out().print(f"Waveform in {out}")


def _level(dbfs: float) -> str:
    return f"{dbfs:.1f} dBFS" if math.isfinite(dbfs) else "silence"


def _loudness(lufs: float) -> str:
    if math.isnan(lufs):
        return "not defined for more than two channels"
    return f"{lufs:.1f} LUFS" if math.isfinite(lufs) else "silence"


def _clock(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.2f} s"
    whole = round(seconds)
    return f"{whole // 60} min {whole % 60} s"
