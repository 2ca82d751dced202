"""Read a MIDI file as music21 10.5.1 does by ``converter.parse(path).chordify()``.

This view is for comparison with music21 and with models that were trained on its chords. For
everything else the exact reading is better. music21's rules are:

1. A note ends at the first release of its pitch, even if that belongs to a note struck later.
2. In each track, a note and those that start and end within a sixteenth note of it become one
   chord. The chord starts with the first of these notes and has the duration of the last.
3. Onsets are quantized to the nearest multiple of 1/4 or 1/3 of a quarter. Between two equally near
   multiples, the lower one is used; between the two grids, the finer one.
4. Durations are quantized to these multiples, too, where possible without a gap before the next
   onset of the track. A key signature counts as an onset. No duration is less than a step.
5. Chords are cut at every start and end of a note, and at the bar lines. A meter begins with the
   first bar line at or after its mark.

music21 stops where the first part ends; this reader continues to the end of the music.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import numpy as np

from partimento.errors import InvalidScoreError
from partimento.music.events import sweep
from partimento.music.limits import MAX_BARS, check_density
from partimento.music.notes import Notes
from partimento.music.performed import Midi, until
from partimento.music.piece import Piece
from partimento.music.timelines import Meter, Part, Tempo

GRID = 12  # steps per quarter: represents both 1/4 and 1/3 of a quarter
BAR_GRID = GRID * 32  # steps per quarter: also represents the shortest bar, 1/128
STEPS = (3, 4)  # the two units of quantization, 1/4 and 1/3 of a quarter, in steps of GRID
DECIMALS = 7  # music21 rounds errors to this before it compares them
MAX_PAIRS = 5_000_000  # pairs of notes in one track that start nearly together


def music21_view(midi: Midi) -> Piece:
    """Return a MIDI file as music21 chordifies it.

    The piece has one part, whose `events` are music21's chords and durations.

    Raises
    ------
    InvalidScoreError
        If it has more bars or more simultaneous notes than any score.
    """
    groups = [_group(*track, midi.divisions / 4) for track in _tracks(midi)]
    keys = _to_grid(np.array([float(key.onset) for key in midi.keys]))
    quantized = [
        (*_quantize(first / midi.divisions, length / midi.divisions, keys), size)
        for first, length, size, *_ in groups
    ]
    onset, duration = (np.concatenate([np.repeat(q[i], q[2]) for q in quantized]) for i in (0, 1))
    pitch = np.concatenate([group[3] for group in groups])
    velocity = np.concatenate([group[4] for group in groups])
    meters = _quantized_meters(midi.meters)
    bars = _bar_lines(meters, int((onset + duration).max()))
    # The finer grid is only needed by bars whose length is not a multiple of a step of GRID.
    finer = BAR_GRID // GRID if (bars % (BAR_GRID // GRID)).any() else 1
    lines = bars // (BAR_GRID // GRID // finer)
    if len(lines) > MAX_BARS:
        raise InvalidScoreError(f"{len(lines)} bars: more than {MAX_BARS} are not read")
    check_density(onset * finer, (onset + duration) * finer, len(lines))
    length = Fraction(int(bars[-1]), BAR_GRID)
    marks = tuple(
        Meter(m.numerator, m.denominator, Fraction(at, GRID)) for at, m in sorted(meters.items())
    )
    notes, cuts = _notes_of_sweep(
        onset * finer, (onset + duration) * finer, pitch, velocity, lines, GRID * finer
    )
    return Piece(
        notes,
        meters=until(length, marks),
        keys=until(length, midi.keys),
        tempos=until(length, midi.tempos) or (Tempo(),),
        length=length,
        parts=(Part("", midi.parts[0].program, midi.parts[0].is_drum),),
        title=midi.title,
        cuts=tuple(Fraction(cut, GRID * finer) for cut in cuts),
    )


Track = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _tracks(midi: Midi) -> Iterator[Track]:
    """Yield (onset, end, pitch, velocity) of each part.

    Every note ends at the first release of its pitch (rule 1).
    """
    edges = np.searchsorted(midi.part, np.arange(len(midi.parts) + 1))
    for a, b in pairwise(edges.tolist()):
        onset, pitch = midi.onset[a:b], midi.pitch[a:b]
        end = onset + midi.duration[a:b]
        # Sort all releases by pitch, then time: a note ends at the first one after its onset.
        base = int(end.max()) + 1
        releases = np.sort(pitch * base + end)
        end = releases[np.searchsorted(releases, pitch * base + onset, side="right")] - pitch * base
        yield onset, end, pitch, midi.velocity[a:b]


def _group(
    onset: np.ndarray, end: np.ndarray, pitch: np.ndarray, velocity: np.ndarray, tolerance: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Group the notes of one track into chords (rule 2).

    Parameters
    ----------
    onset, end, pitch, velocity : (N,) int64
        Times in ticks.
    tolerance : float
        In ticks.

    Returns
    -------
    onset, duration, size : (C,) int64
        For each chord: its times in ticks and its number of notes.
    pitch, velocity : (M,) int64
        The notes of all chords. A note may belong to several chords.
    """
    starts, ends = onset.tolist(), end.tolist()
    count = len(starts)
    if count**2 > MAX_PAIRS:
        near = np.searchsorted(onset, onset + tolerance) - np.arange(count)
        if int(near.sum()) > MAX_PAIRS:
            raise InvalidScoreError(
                f"up to {near.max()} of its notes begin together: more than is read"
            )
    in_chord = bytearray(count)
    firsts, lasts, sizes, order = [], [], [], []
    for i in range(count):
        if in_chord[i]:
            continue
        start, stop, last, size = starts[i], ends[i], i, 1
        order.append(i)
        for j in range(i + 1, count):
            if starts[j] - start >= tolerance:
                break
            # Notes that are in a chord are not left out: music21 puts a note into several chords.
            if abs(ends[j] - stop) <= tolerance:
                in_chord[j] = 1
                order.append(j)
                last = j
                size += 1
        firsts.append(i)
        lasts.append(last)
        sizes.append(size)
    return onset[firsts], (end - onset)[lasts], np.array(sizes), pitch[order], velocity[order]


def _nearest(times: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest multiples of `step` in steps of GRID, and the distances.

    `times` and distances are in quarters. The arithmetic repeats music21's, in floating point.
    """
    unit = 3 / GRID if step == 3 else 1 / 3
    whole = np.floor(times / unit)
    up = times > unit * whole + unit / 2
    error = np.round(np.where(up, unit * (whole + 1) - times, times - unit * whole), DECIMALS)
    return ((whole + up) * step).astype(np.int64), error


def _to_grid(onset: np.ndarray) -> np.ndarray:
    """Convert onsets in quarters to steps of GRID (rule 3)."""
    if not onset.any():
        return np.zeros(len(onset), np.int64)
    (fine, fine_error), (coarse, coarse_error) = (_nearest(onset, step) for step in STEPS)
    return np.where(fine_error <= coarse_error, fine, coarse)


def _quantize(
    onset: np.ndarray, length: np.ndarray, keys: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Quantize onsets and durations in quarters to steps of GRID (rules 3 and 4).

    `keys` are the onsets of key signatures, in these steps.
    """
    at = _to_grid(onset)
    onsets = np.unique(np.concatenate([at, keys]))
    after = np.searchsorted(onsets, at, side="right")
    gap = np.where(after < len(onsets), onsets[np.minimum(after, len(onsets) - 1)] - at, 0)
    candidates = []
    for step in STEPS:
        match, error = _nearest(length, step)
        error = np.where(match == 0, np.round(np.abs(length - step / GRID), DECIMALS), error)
        match = np.where(match == 0, step, match)
        # music21 divides floats, in which three thirds of a quarter do not exactly fill a quarter.
        # This rounding error decides some cases, so it is repeated here.
        fills = np.fmod(gap / GRID, 0.25 if step == 3 else 1 / 3) == 0
        gap_left = np.where(fills, 0, np.maximum(gap - match, 0))
        candidates.append((gap_left, error, match))
    (gap_a, error_a, match_a), (gap_b, error_b, match_b) = candidates
    finer = (gap_a < gap_b) | ((gap_a == gap_b) & (error_a <= error_b))
    return at, np.where(finer, match_a, match_b)


def _quantized_meters(meters: tuple[Meter, ...]) -> dict[int, Meter]:
    """Return meters by their quantized onsets; 4/4 if none is given at the start."""
    onsets = _to_grid(np.array([float(meter.onset) for meter in meters]))
    return {0: Meter(), **dict(zip(onsets.tolist(), meters, strict=True))}


def _bar_lines(marks: dict[int, Meter], end: int) -> np.ndarray:
    """Return bar lines up to the first at or after `end`, in steps of BAR_GRID.

    `marks` and `end` are in steps of GRID. A meter begins at the next bar line (rule 5).
    """
    finer = BAR_GRID // GRID
    onsets = sorted(marks)
    now, lines = 0, [np.zeros(1, np.int64)]
    for onset, following in pairwise([*onsets, max(end, 1)]):
        bar = 4 * BAR_GRID * marks[onset].numerator // marks[onset].denominator
        count = -(-(min(following, max(end, 1)) * finer - now) // bar)
        if count > 0:
            lines.append(now + bar * np.arange(1, count + 1))
            now = int(lines[-1][-1])
    return np.concatenate(lines)


def _notes_of_sweep(
    onset: np.ndarray,
    end: np.ndarray,
    pitch: np.ndarray,
    velocity: np.ndarray,
    bars: np.ndarray,
    divisions: int,
) -> tuple[Notes, list[int]]:
    """Merge overlapping notes of one pitch.

    Parameters
    ----------
    onset, end, pitch, velocity : (N,) int64
    bars : (B,) int64
        Bar lines.
    divisions : int
        Steps per quarter of all times.

    Returns
    -------
    notes : Notes
        Together they sound as the given notes do.
    cuts : list of int
        The boundaries of events at which none of these notes starts or ends, in steps.
    """
    cut = sweep(onset, end, pitch, bars.tolist())
    event = np.repeat(np.arange(len(cut.times)), np.diff(cut.first, append=len(cut.pitch)))
    loudness = np.zeros(len(event), np.int64)
    np.maximum.at(
        loudness,
        np.searchsorted(event * 128 + cut.pitch, np.searchsorted(cut.times, onset) * 128 + pitch),
        velocity,
    )
    # Sort by pitch: a note lasts from one attack of its pitch to the next one, or to a gap.
    order = np.lexsort((event, cut.pitch))
    begins = ~cut.held[order]
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(order)) - 1
    from_time, to_time = event[order][first], event[order][last] + 1
    start, stop = cut.times[from_time], cut.times[to_time]
    between = np.ones(len(cut.times), bool)
    between[from_time] = between[to_time] = False
    notes = Notes.from_columns(
        divisions, start, stop - start, cut.pitch[order][first], velocity=loudness[order][first]
    )
    return notes, cut.times[between].tolist()
