"""Sample the voices of a piece, or its sorted chords, on a regular grid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

import numpy as np

from partimento.music.events import sweep
from partimento.music.piece import Piece
from partimento.short_repr import short_repr

EIGHTH = Fraction(1, 2)
MOST_VOICES = 8  # more lines than this are an orchestra, whose chords are sorted
Method = Literal["voices", "chords"]


@short_repr
class Line(NamedTuple):
    """One voice: notes that never overlap.

    Attributes
    ----------
    part, voice : int
    onset, end, pitch : (N,) int64
        In steps of `Notes.divisions`, sorted by onset.
    """

    part: int
    voice: int
    onset: np.ndarray
    end: np.ndarray
    pitch: np.ndarray


@short_repr
@dataclass(frozen=True)
class VoiceGrid:
    """The pitches that sound at regular times.

    Attributes
    ----------
    pitch : (T, V) int64
        The pitch of each voice at each step, -1 where it is silent. Column 0 is the highest voice.
    comparable : (T - 1,) bool
        Whether the columns of a step and the next one are the same voices.
    method : str
        ``voices`` if the piece has real voices. ``chords`` if the sounding pitches are sorted, so
        that the highest pitch is in column 0. Then only chords of equal size are comparable.
    lines : tuple of Line
        The real voices, from the highest down; empty for sorted chords.
    """

    pitch: np.ndarray
    comparable: np.ndarray
    method: Method
    lines: tuple[Line, ...] = ()


def voice_lines(piece: Piece) -> tuple[Line, ...]:
    """Return the voices of a piece, from the highest down.

    A line is one voice of one part. Drums and grace notes are left out. The order is that of the
    score; it is reversed if the score has the lowest voice first.

    Returns
    -------
    tuple of Line
        Empty if a line has two notes at once, or if there are more than eight lines.
    """
    notes = piece.notes
    kept = ~piece.drums & (notes.grace == 0)
    onset, end, pitch = notes.onset[kept], notes.end[kept], notes.pitch[kept]
    part, voice = notes.part[kept], notes.voice[kept]
    lines: list[Line] = []
    for own_part, own_voice in sorted(set(zip(part.tolist(), voice.tolist(), strict=True))):
        mine = (part == own_part) & (voice == own_voice)
        line = Line(own_part, own_voice, onset[mine], end[mine], pitch[mine])
        if (line.onset[1:] < line.end[:-1]).any() or len(lines) == MOST_VOICES:
            return ()
        lines.append(line)
    if len(lines) > 1 and _mean_pitch(lines[0]) < _mean_pitch(lines[-1]):
        lines.reverse()
    return tuple(lines)


def _mean_pitch(line: Line) -> float:
    return float(np.average(line.pitch, weights=line.end - line.onset))


def voice_grid(piece: Piece, *, step: Fraction = EIGHTH, method: Method | None = None) -> VoiceGrid:
    """Sample a piece on a regular grid, by its voices if it has them.

    Parameters
    ----------
    piece : Piece
    step : Fraction
        Quarters between two samples; an eighth note by default.
    method : str, optional
        ``chords`` to sort the chords of a piece with voices, too.
    """
    grid = math.lcm(piece.notes.divisions, step.denominator, piece.length.denominator)
    scale = grid // piece.notes.divisions
    times = np.arange(0, int(piece.length * grid), int(step * grid))
    lines = voice_lines(piece) if method != "chords" else ()
    if lines:
        pitch = np.stack([_sample(line, times, scale) for line in lines], axis=1)
        return VoiceGrid(pitch, np.ones(max(len(times) - 1, 0), bool), "voices", lines)
    return _sorted_chords(piece, times, scale)


def _sample(line: Line, times: np.ndarray, scale: int) -> np.ndarray:
    """Return the pitch of a line at `times`, -1 where it is silent."""
    index = np.searchsorted(line.onset * scale, times, side="right") - 1
    sounds = (index >= 0) & (line.end[index] * scale > times)
    return np.where(sounds, line.pitch[index], -1)


def _sorted_chords(piece: Piece, times: np.ndarray, scale: int) -> VoiceGrid:
    notes = piece.notes
    kept = ~piece.drums & (notes.grace == 0)
    cut = sweep(notes.onset[kept] * scale, notes.end[kept] * scale, notes.pitch[kept])
    event = np.minimum(np.searchsorted(cut.times, times, side="right"), len(cut.times)) - 1
    first = np.append(cut.first, cut.first[-1])  # after the last note nothing sounds
    begin, end = first[event], first[event + 1]
    size = end - begin
    place = np.arange(int(size.max(initial=0)))
    index = np.maximum(end[:, None] - 1 - place, 0)
    known = place < size[:, None]
    pitch = np.where(known, cut.pitch[index] if len(cut.pitch) else -1, -1)
    return VoiceGrid(pitch, size[1:] == size[:-1], "chords")
