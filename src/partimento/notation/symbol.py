"""A written note, chord or rest with everything attached to it."""

from __future__ import annotations

from dataclasses import dataclass

from partimento.notation.rhythm import Value


@dataclass(frozen=True, slots=True)
class Symbol:
    """A written note, chord or rest.

    Attributes
    ----------
    onset, duration : int
        In ticks, from the beginning of the piece. They are exact, even where the symbol is only
        near (see `rhythm.snap`).
    notes : tuple of (index, tied from before, tied to the next)
        By rising pitch. A rest has none.
    value : Value
        The symbol that is drawn.
    whole_bar, hidden : bool
        For rests.
    beams : tuple of str
        One word for each beam: ``begin``, ``continue``, ``end``, ``forward hook`` or
        ``backward hook``.
    graces : tuple of int
        Indices of the grace notes before it, in playing order.
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
