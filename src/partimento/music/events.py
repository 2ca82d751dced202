"""Cut a piece into events: one chord between any two neighboring note boundaries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from partimento.short_repr import short_repr


@short_repr
@dataclass(frozen=True, slots=True)
class Event:
    """All pitches that sound between two neighboring boundaries.

    A boundary is a time at which any note starts or ends.

    Parameters
    ----------
    chord : tuple of int
        The MIDI pitches that sound, ascending; empty for a rest.
    duration : Fraction
        In quarters.
    held : tuple of int
        The pitches of `chord` that continue from the event before, without a new attack.
    """

    chord: tuple[int, ...]
    duration: Fraction
    held: tuple[int, ...] = ()


@short_repr
class Sweep(NamedTuple):
    """T events as arrays.

    Event t lasts from ``times[t]`` to ``times[t + 1]``. Its pitches are
    ``pitch[first[t]:first[t + 1]]``.

    Attributes
    ----------
    times : (T + 1,) int64
        In steps.
    first : (T + 1,) int64
        Where the pitches of each event begin.
    pitch : (M,) int64
        The pitches of all events, ascending within an event.
    held : (M,) bool
        Whether the pitch continues from the event before.
    """

    times: np.ndarray
    first: np.ndarray
    pitch: np.ndarray
    held: np.ndarray


def distinct(values: np.ndarray) -> np.ndarray:
    """Return each value once, ascending.

    `numpy.unique` uses hashing, which takes three times as long for an array as short as this.
    """
    ordered = np.sort(values)
    is_new = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=is_new[1:])
    unique: np.ndarray = ordered[is_new]
    return unique


def sweep(
    onset: np.ndarray, end: np.ndarray, pitch: np.ndarray, extra: Iterable[int] = (0,)
) -> Sweep:
    """Cut notes into events, at every start and end of a note and at `extra` times.

    Parameters
    ----------
    onset, end, pitch : (N,) int64
        Times in steps of one grid.
    extra : iterable of int
        In steps.

    Returns
    -------
    Sweep
    """
    times = distinct(np.concatenate([onset, end, np.fromiter(extra, np.int64)]))
    start, stop = np.searchsorted(times, onset), np.searchsorted(times, end)
    spans = stop - start
    # Within each note, count the events that it lasts: 0, 1, …
    inside = np.arange(spans.sum()) - np.repeat(np.cumsum(spans) - spans, spans)
    # Each sounding pair (event, pitch) as one integer: sorting sorts by event, then pitch, and a
    # pitch that two voices share is counted once.
    cells = distinct((np.repeat(start, spans) + inside) * 128 + np.repeat(pitch, spans))
    held = np.ones(len(cells), bool)
    held[np.searchsorted(cells, start * 128 + pitch)] = False
    first = np.searchsorted(cells, np.arange(len(times)) * 128)
    return Sweep(times, first, cells % 128, held)


def events_from_sweep(cut: Sweep, divisions: int) -> tuple[Event, ...]:
    """Convert arrays of events to `Event` objects; `divisions` is steps per quarter."""
    steps = np.diff(cut.times).tolist()
    lengths = {step: Fraction(step, divisions) for step in set(steps)}
    pitch, held, first = cut.pitch.tolist(), cut.held.tolist(), cut.first.tolist()
    events = []
    for t, step in enumerate(steps):
        begin, end = first[t], first[t + 1]
        chord, is_held = tuple(pitch[begin:end]), held[begin:end]
        # The test costs less than building an empty tuple, which is the usual case.
        held_pitches = (
            tuple(p for p, h in zip(chord, is_held, strict=True) if h) if True in is_held else ()
        )
        events.append(Event(chord, lengths[step], held_pitches))
    return tuple(events)


def merge_held(events: Iterable[Event]) -> list[Event]:
    """Join each event that only continues the event before to it.

    Such an event has the same chord, with all its pitches held. Successive rests are joined, too.
    """
    merged: list[Event] = []
    for event in events:
        if merged and event.chord == merged[-1].chord and len(event.held) == len(event.chord):
            merged[-1] = replace(merged[-1], duration=merged[-1].duration + event.duration)
        else:
            merged.append(event)
    return merged
