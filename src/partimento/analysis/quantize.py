"""Quantize played music to the grid of notation, so that it can be read.

The beats are tracked first (see `beats`). In each beat, the onsets choose the simplest division
that fits them: halves, thirds, fourths, sixths or eighths of the beat. A note lasts to the next
onset of its part if it nearly does, else to the nearest point of the grid.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from partimento.analysis.beats import Beats, track_beats
from partimento.music.notes import Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Meter, Tempo

GRID = 24  # steps per beat: represents all divisions
# Divisions of a beat, and what each costs: the simpler one is chosen unless the other fits better.
DIVISIONS = {1: 0.0, 2: 0.6, 4: 1.6, 3: 1.8, 6: 3.6, 8: 4.2}
ERROR = 0.055  # usual distance of an onset from its written place, in beats
FILLED = 0.6  # share of the time to the next onset from which a note lasts until it
NEAR = 6  # steps: an end this near to an onset of the part ends there
METERS = (Meter(4, 4), Meter(3, 4), Meter(2, 4))
FEWEST_BEATS = 12  # to estimate a meter
TEMPO_CHANGE = 0.08  # relative; smaller changes from bar to bar are not written


def quantize(piece: Piece, beats: Beats | None = None) -> Piece:
    """Return played music with written onsets and durations.

    Parameters
    ----------
    piece : Piece
        As it was read from a MIDI file.
    beats : Beats, optional
        From `beats.track_beats`; tracked here by default. A beat becomes a quarter.

    Returns
    -------
    Piece
        The tempo follows the beats. If the file was played to a click, it keeps its meters and
        tempos; else the meter is estimated.
    """
    if not len(piece.notes):
        return piece
    beats = track_beats(piece) if beats is None else beats
    divisions = piece.notes.divisions
    onset = _positions(piece.notes.onset / divisions, beats.times)
    end = _positions(piece.notes.end / divisions, beats.times)
    divided = _divisions_of_beats(onset)
    start = _snap(onset, divided)
    stop = _ends(start, _snap(end, np.maximum(divided, 2)), end, piece.notes.part)
    first = 0 if beats.own else int(start.min()) // GRID * GRID
    notes = Notes.from_columns(
        GRID,
        start - first,
        stop - start,
        piece.notes.pitch,
        velocity=piece.notes.velocity,
        part=piece.notes.part,
    )
    # In the new quarters, which begin with the first beat.
    fermatas, ends = (
        _positions(np.array([float(time) for time in times]), beats.times) - first / GRID
        for times in (piece.fermatas, piece.phrase_ends)
    )
    fermatas_ql = _nearest(fermatas, notes.onset, notes.divisions)
    ends_ql = _nearest(ends, notes.end, notes.divisions)
    if beats.own:
        return piece.replace(
            notes=notes,
            length=Fraction(0),
            fermatas=fermatas_ql,
            phrase_ends=ends_ql,
            lyrics=(),
            score=None,
        )
    meter, phase = estimate_meter(notes)
    shift = -phase % meter.numerator
    pickup = Fraction(meter.numerator - shift if shift else 0)
    length = Fraction(int(notes.end.max()), GRID)
    return Piece(
        notes,
        meters=(meter,),
        tempos=_tempos(piece, beats, first // GRID, length, meter),
        pickup=pickup,
        parts=piece.parts,
        title=piece.title,
        composer=piece.composer,
        source=piece.source,
        fermatas=fermatas_ql,
        phrase_ends=ends_ql,
        warnings=piece.warnings,
    )


def _positions(times: np.ndarray, beats: np.ndarray) -> np.ndarray:
    """Return times in beats: 2.5 is between beats 2 and 3."""
    positions: np.ndarray = np.interp(times, beats, np.arange(len(beats)))
    return positions


def _nearest(positions: np.ndarray, times: np.ndarray, divisions: int) -> tuple[Fraction, ...]:
    """Return, for each position in quarters, the nearest of the given times in steps."""
    candidates = np.unique(times)
    chosen = [candidates[np.argmin(np.abs(candidates - at * divisions))] for at in positions]
    return tuple(Fraction(int(step), divisions) for step in chosen)


def _divisions_of_beats(onset: np.ndarray) -> np.ndarray:
    """Return the division of each beat, chosen by the onsets in it."""
    place = np.floor(onset + 1 / 2 / GRID).astype(np.int64)
    chosen = np.full(int(place.max()) + 3, 2, np.int64)
    for beat in np.unique(place).tolist():
        times = np.unique(np.round(onset[place == beat] - beat, 3))
        costs = {
            parts: cost + _misfit(times, parts) / (2 * ERROR**2)
            for parts, cost in DIVISIONS.items()
        }
        chosen[beat] = min(costs, key=costs.__getitem__)
    return chosen


def _misfit(times: np.ndarray, parts: int) -> float:
    return float(np.sum((times - np.round(times * parts) / parts) ** 2))


def _snap(times: np.ndarray, divided: np.ndarray) -> np.ndarray:
    """Return times in steps, each on the division of its beat."""
    beat = np.clip(np.floor(times + 1 / 2 / GRID).astype(np.int64), 0, len(divided) - 1)
    parts = divided[beat]
    steps: np.ndarray = np.round(times * parts).astype(np.int64) * (GRID // parts)
    return steps


def _ends(start: np.ndarray, snapped: np.ndarray, end: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Return the written ends of the notes, in steps."""
    stop = np.empty_like(start)
    for number in np.unique(part).tolist():
        chosen = np.flatnonzero(part == number)
        slots = np.unique(start[chosen])
        after = np.searchsorted(slots, start[chosen], side="right")
        following = np.append(slots, np.iinfo(np.int64).max)[after]
        played = end[chosen] * GRID
        gap = following - start[chosen]
        nearest = slots[np.clip(np.searchsorted(slots, played), 0, len(slots) - 1)]
        before = slots[np.clip(np.searchsorted(slots, played) - 1, 0, len(slots) - 1)]
        nearest = np.where(np.abs(before - played) < np.abs(nearest - played), before, nearest)
        ends = np.where(np.abs(nearest - played) <= NEAR, nearest, snapped[chosen])
        fills = (played - start[chosen] >= FILLED * gap) & (played <= following + NEAR)
        ends = np.where(fills, following, ends)
        shortest = np.minimum(gap, GRID // 4)
        stop[chosen] = np.maximum(ends, start[chosen] + shortest)
    return stop


def estimate_meter(notes: Notes) -> tuple[Meter, int]:
    """Estimate the meter, and the beat with which the first whole bar begins.

    Loud, low, long and many notes are expected on the first beat of a bar.

    Parameters
    ----------
    notes : Notes
        Quantized; a quarter is a beat.

    Returns
    -------
    meter : Meter
    phase : int
        Index of the first downbeat, less than the number of beats in a bar.
    """
    beats = int(notes.end.max()) // notes.divisions + 1
    if beats < FEWEST_BEATS:
        return METERS[0], 0
    on_beat = notes.onset % notes.divisions == 0
    weight = notes.velocity / 64 * (1 + np.clip((60 - notes.pitch) / 24, 0, 1.5))
    weight = weight * np.minimum(notes.duration / notes.divisions, 2) ** 0.5
    accent = np.bincount(notes.onset[on_beat] // notes.divisions, weight[on_beat], beats)
    accent = (accent - accent.mean()) / max(float(accent.std()), 1e-9)
    best = (-math.inf, METERS[0], 0)
    for meter in METERS:
        size = meter.numerator
        means = [float(accent[phase::size].mean()) for phase in range(size)]
        phase = int(np.argmax(means))
        # Longer bars have fewer downbeats: their mean is larger by chance.
        score = means[phase] * math.sqrt(len(accent) / size) - (0.5 if phase else 0.0)
        best = max(best, (score, meter, phase), key=lambda found: found[0])
    return best[1], best[2]


def _tempos(
    piece: Piece, beats: Beats, first: int, length: Fraction, meter: Meter
) -> tuple[Tempo, ...]:
    """Return a tempo for each bar in which it changes."""
    seconds = [float(piece.tempo_map.seconds(Fraction(max(time, 0.0)))) for time in beats.times]
    tempos: list[Tempo] = []
    for beat in range(0, int(length) + 1, meter.numerator):
        begin, end = first + beat, min(first + beat + meter.numerator, len(seconds) - 1)
        if end <= begin:
            break
        per_beat = (seconds[end] - seconds[begin]) / (end - begin)
        if per_beat <= 0:
            continue
        us = min(max(round(per_beat * 1e6), 1), 2**24 - 1)
        if not tempos or abs(us / tempos[-1].us_per_quarter - 1) > TEMPO_CHANGE:
            tempos.append(Tempo(us, Fraction(beat)))
    return tuple(tempos) or (Tempo(),)
