"""Read a MIDI file as music21 10.5.1 does by ``converter.parse(path).chordify()``.

This view is for comparison with music21 and with what was learned from its chords. For everything
else the exact reading is better. Its rules:

1. A note ends at the first release of its pitch, even if that belongs to a note struck later.
2. In each track, notes become one chord if they start and end within a quarter of a quarter of a
   first one. The chord starts with the first note and is as long as the last one by itself.
3. Onsets go to the nearest multiple of 1/4 or 1/3 of a quarter. If two are equally near, the lower
   one counts; if the grids tie, the finer one.
4. Lengths go to the nearest multiple, too, but leave no gap before the next onset of the track. A
   key signature counts as an onset. Nothing gets shorter than a step.
5. Everything is cut at every start and end, and at the bar lines. A meter begins with the first bar
   line at or after its mark.

music21 stops where its first part does; here the music continues to its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import numpy as np

from partimento.errors import UnfitError
from partimento.music.events import sweep
from partimento.music.limits import MAX_BARS, check_density
from partimento.music.notes import Notes
from partimento.music.performed import Midi, until
from partimento.music.piece import Piece
from partimento.music.timelines import Meter, Part, Tempo

GRID = 12  # steps per quarter that carry both quarters and thirds of it
BAR_GRID = GRID * 32  # steps per quarter that also carry the shortest bar there is, 1/128
STEPS = (3, 4)  # of GRID: a quarter of a quarter, a third of it
DECIMALS = 7  # to which music21 rounds errors before it compares them
MAX_PAIRS = 5_000_000  # of notes that start nearly together, in one track


def music21_view(midi: Midi) -> Piece:
    """Return a MIDI file as music21 chordifies it.

    The piece has one part, whose `events` are music21's chords and durations.

    Raises
    ------
    UnfitError
        If it has more bars or more notes at once than any score.
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
    finer = (
        BAR_GRID // GRID if (bars % (BAR_GRID // GRID)).any() else 1
    )  # only where bars last an odd number of tiny notes
    lines = bars // (BAR_GRID // GRID // finer)
    if len(lines) > MAX_BARS:
        raise UnfitError(f"{len(lines)} bars: more than {MAX_BARS} are not read")
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
        # All releases in the order of pitch, then time: the first after a note's onset is its end.
        base = int(end.max()) + 1
        releases = np.sort(pitch * base + end)
        end = releases[np.searchsorted(releases, pitch * base + onset, side="right")] - pitch * base
        yield onset, end, pitch, midi.velocity[a:b]


def _group(
    onset: np.ndarray, end: np.ndarray, pitch: np.ndarray, velocity: np.ndarray, tolerance: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Group the notes of one track into chords (rule 2).

    Returns onsets, lengths and sizes of the chords, and all pitches and velocities, chord after
    chord.
    """
    starts, ends = onset.tolist(), end.tolist()
    count = len(starts)
    if count**2 > MAX_PAIRS:
        near = np.searchsorted(onset, onset + tolerance) - np.arange(count)
        if int(near.sum()) > MAX_PAIRS:
            raise UnfitError(f"up to {near.max()} of its notes begin together: more than is read")
    taken = bytearray(count)
    firsts, lasts, sizes, order = [], [], [], []
    for i in range(count):
        if taken[i]:
            continue
        start, stop, last, size = starts[i], ends[i], i, 1
        order.append(i)
        for j in range(i + 1, count):
            if starts[j] - start >= tolerance:
                break
            if (
                abs(ends[j] - stop) <= tolerance
            ):  # taken or not: music21 puts a note into several chords
                taken[j] = 1
                order.append(j)
                last = j
                size += 1
        firsts.append(i)
        lasts.append(last)
        sizes.append(size)
    return onset[firsts], (end - onset)[lasts], np.array(sizes), pitch[order], velocity[order]


def _nearest(times: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest multiples of `step`, in steps of GRID, and the distances.

    The arithmetic is music21's own, in floating point.
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
    """Convert onsets and lengths in quarters to steps of GRID (rules 3 and 4).

    `keys` are in these steps already.
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
        # music21 divides floats: three thirds of a quarter do not fill a quarter exactly, and that
        # decides some cases.
        fills = np.fmod(gap / GRID, 0.25 if step == 3 else 1 / 3) == 0
        left = np.where(fills, 0, np.maximum(gap - match, 0))
        candidates.append((left, error, match))
    (left_a, error_a, match_a), (left_b, error_b, match_b) = candidates
    finer = (left_a < left_b) | ((left_a == left_b) & (error_a <= error_b))
    return at, np.where(finer, match_a, match_b)


def _quantized_meters(meters: tuple[Meter, ...]) -> dict[int, Meter]:
    """Return meters by their quantized onsets; 4/4 if none is given at the start."""
    onsets = _to_grid(np.array([float(meter.onset) for meter in meters]))
    return {0: Meter(), **dict(zip(onsets.tolist(), meters, strict=True))}


def _bar_lines(marks: dict[int, Meter], end: int) -> np.ndarray:
    """Return bar lines up to the first at or after `end`, in steps of BAR_GRID.

    A meter counts from the next bar line on (rule 5).
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
    """Return notes that sound together as the input does and never overlap in pitch.

    The second value has further times that cut them.
    """
    cut = sweep(onset, end, pitch, bars.tolist())
    event = np.repeat(np.arange(len(cut.times)), np.diff(cut.first, append=len(cut.pitch)))
    loudness = np.zeros(len(event), np.int64)
    np.maximum.at(
        loudness,
        np.searchsorted(event * 128 + cut.pitch, np.searchsorted(cut.times, onset) * 128 + pitch),
        velocity,
    )
    order = np.lexsort(
        (event, cut.pitch)
    )  # one pitch after another: each strike begins a note that lasts to the next, or to a gap
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
