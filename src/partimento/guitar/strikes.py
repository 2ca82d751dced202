"""Divide the notes of a guitar into strikes: the notes that begin together."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from partimento.guitar.path import SMALLEST_LEAP, Strike
from partimento.guitar.tunings import Tuning
from partimento.music.piece import Piece
from partimento.music.timelines import Tempo, from_start

OVERLAP_S = 0.05  # a note that ends so soon after the next strike does not ring on
MOST_RINGING = 4  # of the notes that ring, only the latest count


def strikes_of(
    piece: Piece, notes: np.ndarray, tuning: Tuning, *, keep: bool
) -> tuple[list[Strike], dict[int, int]]:
    """Return the strikes of some notes of a piece.

    Notes of one pitch that begin together are one. A note that is struck again rings no longer.

    Parameters
    ----------
    piece : Piece
    notes : (N,) int
        Indices of the notes, in the order of the piece. All are in the range of the instrument.
    tuning : Tuning
    keep : bool
        Whether strings that the piece states are kept.

    Returns
    -------
    strikes : list of Strike
    same : dict of int to int
        Index of a note that is not in a strike → the note with which it is one.
    """
    columns = piece.notes
    onset, end = columns.onset[notes], columns.end[notes]
    pitches = columns.pitch[notes].tolist()
    start_s, end_s = _seconds(piece, onset).tolist(), _seconds(piece, end).tolist()
    stated = _stated_strings(piece, notes, tuning) if keep else [None] * len(notes)
    order = notes.tolist()
    bounds = [*np.flatnonzero(np.diff(onset, prepend=-1)).tolist(), len(onset)]
    strikes: list[Strike] = []
    same: dict[int, int] = {}
    ringing: list[int] = []  # places in `notes`
    for low, high in pairwise(bounds):
        now = start_s[low]
        by_pitch: dict[int, int] = {}
        for place in range(low, high):
            first = by_pitch.setdefault(pitches[place], place)
            if first != place:
                same[order[place]] = order[first]
                end_s[first] = max(end_s[first], end_s[place])
        struck = sorted(by_pitch.values(), key=lambda place: pitches[place])
        ringing = [
            place
            for place in ringing
            if end_s[place] - now > OVERLAP_S and pitches[place] not in by_pitch
        ][-MOST_RINGING:]
        strings = tuple(stated[place] for place in struck)
        strikes.append(
            Strike(
                tuple(order[place] for place in struck),
                tuple(pitches[place] for place in struck),
                now,
                tuple(order[place] for place in ringing),
                tuple(pitches[place] for place in ringing),
                tuple(end_s[place] - now for place in ringing),
                strings if any(string is not None for string in strings) else (),
            )
        )
        ringing += struck
    return _with_broken_chords(strikes), same


def _with_broken_chords(strikes: list[Strike]) -> list[Strike]:
    """Mark the strikes that continue a broken chord."""
    pairs = pairwise([Strike((), (), 0.0), *strikes, Strike((), (), 0.0)])
    leaps = [_is_leap(before, after) for before, after in pairs]
    return [
        replace(strike, is_broken=True) if leaps[i] and (leaps[i - 1] or leaps[i + 1]) else strike
        for i, strike in enumerate(strikes)
    ]


def _is_leap(before: Strike, after: Strike) -> bool:
    """Return whether no note of a strike is near one of the strike before."""
    if not before.pitches or not after.pitches:
        return False
    return min(abs(a - b) for a in before.pitches for b in after.pitches) >= SMALLEST_LEAP


def _seconds(piece: Piece, steps: np.ndarray) -> np.ndarray:
    """Return times in seconds as floats, which suffice for costs."""
    tempos = from_start(piece.tempos, Tempo())
    marks = np.array([float(tempo.onset) for tempo in tempos])
    elapsed = np.array([float(piece.tempo_map.seconds(tempo.onset)) for tempo in tempos])
    rates = np.array([tempo.us_per_quarter / 1e6 for tempo in tempos])
    times = steps / piece.notes.divisions
    mark = np.searchsorted(marks, times, side="right") - 1
    return np.asarray(elapsed[mark] + (times - marks[mark]) * rates[mark])


def _stated_strings(piece: Piece, notes: np.ndarray, tuning: Tuning) -> list[int | None]:
    """Return the string of each note, from 0, where string and fret give its pitch."""
    columns, opens = piece.notes, tuning.open_pitches
    rows = zip(
        columns.string[notes].tolist(),
        columns.fret[notes].tolist(),
        columns.pitch[notes].tolist(),
        strict=True,
    )
    return [
        string - 1
        if 1 <= string <= len(opens) and fret >= 0 and opens[string - 1] + fret == pitch
        else None
        for string, fret, pitch in rows
    ]
