"""What is written: a note, chord or rest with all that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass

from partimento.write.notation.rhythm import Value


@dataclass(frozen=True, slots=True)
class Symbol:
    """A written note, chord or rest.

    Attributes
    ----------
    onset, duration : int
        In ticks, from the beginning of the piece; exact, even where the symbol only comes near (see `rhythm.snap`).
    notes : tuple of (index, tied from before, tied to the next)
        By rising pitch; empty: a rest.
    value : Value
        What is drawn.
    whole_bar, hidden : bool
        For rests.
    beams : tuple of str
        ``begin``, ``continue``, ``end``, ``forward hook`` or ``backward hook``, a word for each beam.
    graces : tuple of int
        Indices of the grace notes before it, in their order.
    tuplet_starts, tuplet_stops : bool
    """

    onset: int
    duration: int
    notes: tuple[tuple[int, bool, bool], ...]
    value: Value
    whole_bar: bool = False
    hidden: bool = False
    beams: tuple[str, ...] = ()
    graces: tuple[int, ...] = ()
    tuplet_starts: bool = False
    tuplet_stops: bool = False
