"""The features of MusPy, one number per piece.

Source: H.-W. Dong, K. Chen, J. McAuley and T. Berg-Kirkpatrick, "MusPy", ISMIR 2020. On the same
music, each feature equals the result of MusPy 0.5.0's function of the same name, with these
exceptions:

- No feature raises an error if there is nothing to measure. The features of time are NaN in a piece
  without notes (MusPy raises ValueError). A piece for drums alone has a pitch range of 0 (MusPy:
  -127).
- MusPy's beats and measures begin at step 0. A piece with a pickup is therefore moved first, so
  that the pickup ends a whole beat (or measure).
- In MusPy all measures have one length ("only works for songs with a constant time signature").
  Here they are the bars of the piece. `groove_consistency` compares only neighbors of equal length.

Three peculiarities of MusPy are kept. A note that ends on a beat (or bar line) also fills the beat
(or measure) that begins there. The beat after the last one counts as one. `polyphony_rate` counts
steps with *more than* the threshold.

Times are rounded to whole steps (halves up), `resolution` per quarter, and a note lasts at least
one step. Only `groove_consistency` depends on the resolution; the default is MusPy's own.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from partimento.analysis.keys import analyze_key
from partimento.music.events import distinct, sweep
from partimento.music.piece import Piece
from partimento.music.timelines import Key
from partimento.short_repr import short_repr

RESOLUTION = 24  # steps per quarter
THRESHOLD = 2  # simultaneous pitches
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}


@short_repr
class Steps(NamedTuple):
    """Notes in whole steps, all parts together."""

    onset: np.ndarray  # (N,) int64
    end: np.ndarray  # (N,) int64
    pitch: np.ndarray  # (N,) int64
    drum: np.ndarray  # (N,) bool


def on_grid(piece: Piece, resolution: int = RESOLUTION, *, lead: Fraction = Fraction(0)) -> Steps:
    """Return the notes rounded to a grid of steps.

    Parameters
    ----------
    piece : Piece
    resolution : int
        Steps per quarter.
    lead : Fraction
        Quarters by which all notes are moved to a later time.
    """
    notes = piece.notes
    grid = math.lcm(notes.divisions, lead.denominator)
    shift, scale = int(lead * grid), grid // notes.divisions

    def rounded(times: np.ndarray) -> np.ndarray:
        steps: np.ndarray = (2 * resolution * (times * scale + shift) + grid) // (2 * grid)
        return steps

    onset = rounded(notes.onset)
    return Steps(onset, np.maximum(rounded(notes.end), onset + 1), notes.pitch, piece.drums)


def _pitches(piece: Piece) -> np.ndarray:
    """Return the pitches of all notes but drums."""
    pitches: np.ndarray = piece.notes.pitch[~piece.drums]
    return pitches


def n_pitches_used(piece: Piece) -> int:
    """Count the different pitches; like all features of pitch, this excludes drums."""
    return len(distinct(_pitches(piece)))


def n_pitch_classes_used(piece: Piece) -> int:
    """Count the different pitch classes, 0 to 12."""
    return len(distinct(_pitches(piece) % 12))


def pitch_range(piece: Piece) -> int:
    """Return the semitones from the lowest to the highest pitch; 0 without notes."""
    pitches = _pitches(piece)
    return int(pitches.max() - pitches.min()) if len(pitches) else 0


def pitch_entropy(piece: Piece) -> float:
    """Return the Shannon entropy of the pitches in bits, at most 7; NaN without notes."""
    return _entropy(_pitches(piece))


def pitch_class_entropy(piece: Piece) -> float:
    """Return the Shannon entropy of the pitch classes in bits; NaN without notes.

    It is at most log2 12 = 3.585.
    """
    return _entropy(_pitches(piece) % 12)


def _entropy(values: np.ndarray) -> float:
    if not len(values):
        return math.nan
    counts = np.bincount(values)
    shares = counts[counts > 0] / len(values)
    return abs(float(-(shares * np.log2(shares)).sum()))  # abs: a single value gives -0


def pitch_in_scale_rate(piece: Piece, key: Key) -> float:
    """Return the share of notes in the scale of a key, major or natural minor.

    NaN without notes.
    """
    pitches = _pitches(piece)
    if not len(pitches):
        return math.nan
    scale = (np.array(SCALES[key.mode]) + key.tonic) % 12
    return int(np.isin(pitches % 12, scale).sum()) / len(pitches)


def scale_consistency(piece: Piece) -> float:
    """Return the largest `pitch_in_scale_rate` of the 24 keys; NaN without notes."""
    return max(
        pitch_in_scale_rate(piece, Key.from_tonic(tonic, mode))
        for mode in ("major", "minor")
        for tonic in range(12)
    )


def polyphony(piece: Piece, *, resolution: int = RESOLUTION) -> float:
    """Return the mean number of pitches that sound at once; NaN without notes.

    The mean is over the steps in which any pitch sounds.
    """
    sounding, lengths, _ = _sounding(on_grid(piece, resolution))
    busy = lengths[sounding > 0].sum()
    return float((sounding * lengths).sum() / busy) if busy else math.nan


def polyphony_rate(
    piece: Piece, *, resolution: int = RESOLUTION, threshold: int = THRESHOLD
) -> float:
    """Return the share of steps in which more than `threshold` pitches sound.

    Steps count up to the end of the last note. NaN without notes.
    """
    sounding, lengths, total = _sounding(on_grid(piece, resolution))
    return float(lengths[sounding > threshold].sum() / total) if total else math.nan


def _sounding(steps: Steps) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the number of pitches and the length of each event, and the total length.

    The total length, in steps, is the end of the last note, drums included.
    """
    pitched = ~steps.drum
    cut = sweep(steps.onset[pitched], steps.end[pitched], steps.pitch[pitched])
    return np.diff(cut.first), np.diff(cut.times), int(steps.end.max(initial=0))


def empty_beat_rate(piece: Piece, *, resolution: int = RESOLUTION) -> float:
    """Return the share of beats (quarters) in which no note sounds; NaN without notes.

    Drums count as notes.
    """
    steps = on_grid(piece, resolution, lead=-piece.pickup % 1)
    return _empty_rate(steps, steps.onset // resolution, steps.end // resolution)


def empty_measure_rate(piece: Piece, *, resolution: int = RESOLUTION) -> float:
    """Return the share of bars in which no note sounds; NaN without notes."""
    steps, lines = on_measures(piece, resolution)
    return _empty_rate(steps, _measure(lines, steps.onset), _measure(lines, steps.end))


def _empty_rate(steps: Steps, first: np.ndarray, last: np.ndarray) -> float:
    """Return the share of units (beats or bars) in which no note sounds.

    Parameters
    ----------
    steps : Steps
    first, last : (N,) int64
        The first and the last unit of each note.
    """
    if not len(steps.end):
        return math.nan
    order = np.argsort(first, kind="stable")
    first, last = first[order], last[order]
    earlier_last = np.concatenate([[-1], np.maximum.accumulate(last)[:-1]])
    # A note adds the units beyond those that earlier notes fill.
    filled = int(np.maximum(last - np.maximum(first - 1, earlier_last), 0).sum())
    return 1 - filled / (int(last.max()) + 1)


def groove_consistency(piece: Piece, *, resolution: int = RESOLUTION) -> float:
    """Return the mean similarity of the onsets in neighboring bars.

    The similarity of two bars is one minus the share of steps at which exactly one of them has an
    onset. NaN without notes, or without two neighbors of equal length. As in MusPy, a piece that
    ends with its first bar has two bars, the second without onsets.

    Source: S.-L. Wu and Y.-H. Yang, "The Jazz Transformer on the Front Line", ISMIR 2020.
    """
    steps, lines = on_measures(piece, resolution)
    if not len(steps.end):
        return math.nan
    count = int(_measure(lines, steps.end).max()) + 1
    lengths = np.diff(lines)[:count]
    is_comparable = lengths[:-1] == lengths[1:]  # each bar with the next one
    if not is_comparable.any():
        return math.nan
    onsets = distinct(steps.onset)
    measure = _measure(lines, onsets)
    begins = np.bincount(measure, minlength=count)
    in_next_bar = np.isin(onsets + lengths[measure], onsets)
    common = int((np.append(is_comparable, False)[measure] & in_next_bar).sum())
    differ = int((begins[:-1] + begins[1:])[is_comparable].sum()) - 2 * common
    return 1 - differ / int(lengths[:-1][is_comparable].sum())


def on_measures(piece: Piece, resolution: int = RESOLUTION) -> tuple[Steps, np.ndarray]:
    """Return the notes on the grid, and the bar lines in steps.

    All notes are moved so that a pickup ends a whole bar. One empty bar follows the last one.
    """
    bars = piece.bars()
    lead = -piece.pickup % bars[0].meter.bar_ql if bars else Fraction(0)
    times = [Fraction(0), *(bar.onset + bar.duration + lead for bar in bars)]
    times.append(times[-1] + (bars[-1].duration if len(bars) > 1 else times[-1]))
    lines = np.array([math.floor(time * resolution + Fraction(1, 2)) for time in times], np.int64)
    return on_grid(piece, resolution, lead=lead), lines


def _measure(lines: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the index of the measure in which each time lies."""
    measure: np.ndarray = np.searchsorted(lines, times, side="right") - 1
    return measure


def muspy_features(piece: Piece, *, resolution: int = RESOLUTION) -> dict[str, float]:
    """Return all features by name; `pitch_in_scale_rate` uses the estimated key."""
    return {
        "pitch_range": pitch_range(piece),
        "n_pitches_used": n_pitches_used(piece),
        "n_pitch_classes_used": n_pitch_classes_used(piece),
        "pitch_entropy": pitch_entropy(piece),
        "pitch_class_entropy": pitch_class_entropy(piece),
        "scale_consistency": scale_consistency(piece),
        "pitch_in_scale_rate": pitch_in_scale_rate(piece, analyze_key(piece)[0]),
        "polyphony": polyphony(piece, resolution=resolution),
        "polyphony_rate": polyphony_rate(piece, resolution=resolution),
        "empty_beat_rate": empty_beat_rate(piece, resolution=resolution),
        "empty_measure_rate": empty_measure_rate(piece, resolution=resolution),
        "groove_consistency": groove_consistency(piece, resolution=resolution),
    }
