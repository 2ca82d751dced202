"""Events: the chords between neighboring starts and ends of notes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np


@dataclass(frozen=True, slots=True)
class Event:
    """The sound between two neighboring boundaries.

    A boundary is any start or end of a note. `held` are the pitches of `chord` that sound on from
    the event before without a new strike. A rest is an empty chord.
    """

    chord: tuple[int, ...]
    duration: Fraction
    held: tuple[int, ...] = ()


class Sweep(NamedTuple):
    """Events as arrays.

    Event t lasts from ``times[t]`` to ``times[t + 1]``. Its pitches are the entries
    ``first[t]:first[t + 1]``.
    """

    times: np.ndarray  # (T + 1,) int64, in steps
    first: np.ndarray  # (T + 1,) int64
    pitch: np.ndarray  # (M,) ascending within an event
    held: np.ndarray  # (M,) bool


def distinct(values: np.ndarray) -> np.ndarray:
    """Return each value once, ascending.

    `numpy.unique` hashes, and takes three times as long on the few numbers of a piece.
    """
    ordered = np.sort(values)
    once = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=once[1:])
    found: np.ndarray = ordered[once]
    return found


def sweep(
    onset: np.ndarray, end: np.ndarray, pitch: np.ndarray, extra: Iterable[int] = (0,)
) -> Sweep:
    """Cut time at every start and end of a note, and at `extra` times.

    This is the exact chordify, on integer arrays of one grid.
    """
    times = distinct(np.concatenate([onset, end, np.fromiter(extra, np.int64)]))
    start, stop = np.searchsorted(times, onset), np.searchsorted(times, end)
    spans = stop - start
    inside = np.arange(spans.sum()) - np.repeat(
        np.cumsum(spans) - spans, spans
    )  # 0, 1, … within each note
    cells = distinct(
        (np.repeat(start, spans) + inside) * 128 + np.repeat(pitch, spans)
    )  # (event, pitch) pairs that sound
    held = np.ones(len(cells), bool)
    held[np.searchsorted(cells, start * 128 + pitch)] = False
    first = np.searchsorted(cells, np.arange(len(times)) * 128)
    return Sweep(times, first, cells % 128, held)


def events_from_sweep(cut: Sweep, divisions: int) -> tuple[Event, ...]:
    """Convert arrays of events to `Event` objects; `divisions` are steps per quarter."""
    steps = np.diff(cut.times).tolist()
    lengths = {step: Fraction(step, divisions) for step in set(steps)}
    pitch, held, first = cut.pitch.tolist(), cut.held.tolist(), cut.first.tolist()
    events = []
    for t, step in enumerate(steps):
        a, b = first[t], first[t + 1]
        chord = tuple(pitch[a:b])
        keep = held[a:b]
        on = () if True not in keep else tuple(p for p, k in zip(chord, keep, strict=True) if k)
        events.append(Event(chord, lengths[step], on))
    return tuple(events)


def merge_held(events: Iterable[Event]) -> list[Event]:
    """Join each event that strikes nothing new to the event before.

    Such an event has the same chord, wholly held. Two successive rests are joined, too.
    """
    merged: list[Event] = []
    for event in events:
        if merged and event.chord == merged[-1].chord and len(event.held) == len(event.chord):
            merged[-1] = replace(merged[-1], duration=merged[-1].duration + event.duration)
        else:
            merged.append(event)
    return merged
