"""Play a piece with small deviations of time and loudness, as a person would.

The tempo breathes with the phrases and slows down at the end. Notes of a chord are not struck at
exactly one time, and the highest one a little earlier. The rules are simple ones of the literature,
and a random part is added. The notes stay those of the score.

References
----------
Friberg, A., Bresin, R. and Sundberg, J. (2006). Overview of the KTH rule system for musical
performance. Advances in Cognitive Psychology 2, 145-161.

Friberg, A. and Sundberg, J. (1999). Does music performance allude to locomotion? A model of final
ritardandi. Journal of the Acoustical Society of America 105, 1469-1484.

Goebl, W. (2001). Melody lead in piano performance: expressive device or artifact? Journal of the
Acoustical Society of America 110, 563-572.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from fractions import Fraction
from itertools import pairwise

import numpy as np

from partimento.analysis.phrases import phrases
from partimento.errors import PartimentoError
from partimento.music.notes import Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Tempo, from_start

GRID = 480  # least steps per quarter of the result
FINEST = 32_767  # steps per quarter that a MIDI file can have
ARCH = 0.06  # how much slower the ends of a phrase are than its middle
WANDER, KEPT = 0.012, 0.7  # random changes of tempo per beat, and the share kept at the next beat
SLOWEST = 0.65  # speed at the very end, as a share of the tempo
RITARDANDO = Fraction(6)  # quarters before the end in which it slows down, at most
CURVE = 3  # of the final ritardando: speed to this power falls evenly with time
LEAD_MS, SPREAD_MS, MOST_MS = 10.0, 6.0, 20.0  # of the highest note, random, and the limit
SWELL, BEAT, TOP, LOUDNESS = 8.0, 4.0, 4.0, 3.0  # velocities: phrase, first beat, melody, random
MOST_TEMPO = 2**24 - 1  # microseconds per quarter


def humanize(piece: Piece, seed: int = 0) -> Piece:
    """Return a piece as a person might play it, for sound and MIDI.

    Parameters
    ----------
    piece : Piece
    seed : int
        The same seed gives the same deviations.

    Returns
    -------
    Piece
        The same pitches in the same parts. Onsets deviate by at most 20 ms, velocities a little,
        and there is a tempo per beat. If all velocities are equal, phrases swell and first beats
        are accented.

    Raises
    ------
    PartimentoError
        If the seed is negative.

    Examples
    --------
    >>> from partimento.music.notes import Note
    >>> piece = Piece([Note(Fraction(i), Fraction(1), 60 + i) for i in range(4)])
    >>> humanize(piece, 1) == humanize(piece, 1), len(humanize(piece, 1).notes)
    (True, 4)
    """
    if seed < 0:
        raise PartimentoError("the seed must be at least 0")
    if not len(piece.notes):
        return piece
    rng = np.random.default_rng(seed)
    bounds = [(phrase.onset, phrase.end) for phrase in phrases(piece)]
    tempos = _tempos(piece, bounds, rng)
    velocity = _velocities(piece, bounds, rng)
    notes = _moved(piece, velocity, rng)
    return piece.replace(notes=notes, tempos=tempos)


def _tempos(
    piece: Piece, bounds: list[tuple[Fraction, Fraction]], rng: np.random.Generator
) -> tuple[Tempo, ...]:
    """Return a tempo for each beat, and where the score changes it."""
    written = from_start(piece.tempos, Tempo())
    starts = [mark.onset for mark in written]
    times = sorted({*_beats(piece), *(start for start in starts if start < piece.length)})
    last = Fraction(int(piece.notes.onset.max()), piece.notes.divisions)
    tempos, wander = list[Tempo](), 0.0
    for time in times:
        base = written[bisect_right(starts, time) - 1].us_per_quarter
        wander = KEPT * wander + float(rng.normal(0, WANDER))
        speed = _arch(time, bounds) * (1 + wander)
        if not piece.open_end:
            speed *= _final(time, last)
        tempos.append(Tempo(min(max(round(base / max(speed, 0.1)), 1), MOST_TEMPO), time))
    return tuple(tempos)


def _beats(piece: Piece) -> list[Fraction]:
    beats: list[Fraction] = []
    for bar in piece.bars():
        numerator, denominator = bar.meter.numerator, bar.meter.denominator
        is_compound = denominator >= 8 and numerator % 3 == 0 and numerator > 3
        step = Fraction(4 * (3 if is_compound else 1), denominator)
        count = math.ceil(bar.duration / step)
        beats += [bar.onset + number * step for number in range(count)]
    return [beat for beat in beats if beat < piece.length] or [Fraction(0)]


def _arch(time: Fraction, bounds: list[tuple[Fraction, Fraction]]) -> float:
    """Return the speed at a time of a phrase, 1 on average."""
    place = _place(time, bounds)
    if place is None:
        return 1.0
    return (1 - ARCH * (2 * place - 1) ** 2) / (1 - ARCH / 3)


def _place(time: Fraction, bounds: list[tuple[Fraction, Fraction]]) -> float | None:
    """Return where a time lies in its phrase, from 0 to 1; None between phrases."""
    for start, end in bounds:
        if start <= time < end:
            return float((time - start) / (end - start))
    return None


def _final(time: Fraction, last: Fraction) -> float:
    """Return the speed in the final ritardando, which ends with the last onset."""
    length = min(RITARDANDO, last / 4)
    if not length or time <= last - length:
        return 1.0
    place = min(float((time - (last - length)) / length), 1.0)
    return float((1 + (SLOWEST**CURVE - 1) * place) ** (1 / CURVE))


def _velocities(
    piece: Piece, bounds: list[tuple[Fraction, Fraction]], rng: np.random.Generator
) -> np.ndarray:
    notes = piece.notes
    velocity = notes.velocity + rng.normal(0, LOUDNESS, len(notes))
    if len(set(notes.velocity.tolist())) == 1:  # the score says nothing about loudness
        times = {onset: Fraction(onset, notes.divisions) for onset in set(notes.onset.tolist())}
        places = {onset: _place(time, bounds) for onset, time in times.items()}
        swell = {o: SWELL * math.sin(math.pi * (p or 0.0)) - SWELL / 2 for o, p in places.items()}
        velocity += [swell[onset] for onset in notes.onset.tolist()]
        bars = {bar.onset for bar in piece.bars() if bar.number > 0}
        velocity += [BEAT * (times[onset] in bars) for onset in notes.onset.tolist()]
        velocity += TOP * _is_top(notes)
    return np.clip(np.rint(velocity), 1, 127).astype(np.int64)


def _is_top(notes: Notes) -> np.ndarray:
    """Return which notes are the highest of several that begin together: (N,) bool."""
    _, group, sizes = np.unique(notes.onset, return_inverse=True, return_counts=True)
    highest = np.full(len(sizes), -1)
    np.maximum.at(highest, group, notes.pitch)
    top: np.ndarray = (notes.pitch == highest[group]) & (sizes[group] > 1)
    return top


def _moved(piece: Piece, velocity: np.ndarray, rng: np.random.Generator) -> Notes:
    """Return the notes, each moved by some milliseconds."""
    notes = piece.notes
    finer = math.lcm(notes.divisions, GRID) // notes.divisions
    divisions = notes.divisions * finer
    if divisions > FINEST:  # such a grid is fine enough, or has no room for a finer one
        finer, divisions = 1, notes.divisions
    onset, end = notes.onset * finer, notes.end * finer
    ms = np.clip(rng.normal(0, SPREAD_MS, len(notes)) - LEAD_MS * _is_top(notes), -MOST_MS, MOST_MS)
    ms[(notes.grace > 0) | (onset == 0)] = 0  # the first notes set the clock
    marks = from_start(piece.tempos, Tempo())
    starts = [int(mark.onset * divisions) for mark in marks]
    rate = np.array([mark.us_per_quarter for mark in marks])
    us = rate[np.searchsorted(starts, onset, side="right") - 1]
    shift = np.rint(ms * 1000 / us * divisions).astype(np.int64)
    # No note may move by half of its length, or so that it would begin before the piece.
    shift = np.clip(shift, -(end - onset) // 2, (end - onset) // 2)
    moved = np.maximum(onset + shift, 0)
    stop = np.minimum(end + shift, int(piece.length * divisions))
    _separate(notes, moved, stop)
    return notes.replace(
        divisions=divisions,
        onset=moved,
        duration=np.maximum(stop - moved, 1),
        velocity=velocity,
    )


def _separate(notes: Notes, onset: np.ndarray, stop: np.ndarray) -> None:
    """End each note where the next one of its pitch and part begins, in place."""
    order = np.lexsort((onset, notes.pitch, notes.part))
    for before, after in pairwise(order.tolist()):
        same = notes.pitch[before] == notes.pitch[after] and notes.part[before] == notes.part[after]
        if same and stop[before] > onset[after]:
            stop[before] = max(onset[after], onset[before] + 1)
