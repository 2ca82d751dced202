"""Define the symbol: a written note, chord or rest with its beams and grace notes."""

from __future__ import annotations

from dataclasses import dataclass

from partimento.notation.rhythm import Value


@dataclass(frozen=True, slots=True)
class Symbol:
    """A written note, chord or rest.

    Attributes
    ----------
    onset, duration : int
        In ticks, from the beginning of the piece. They are exact, even if the drawn value is only
        close (see `rhythm.snap`).
    notes : tuple of (int, bool, bool)
        Index of the note, whether it is tied to the symbol before, whether to the next one. Sorted
        by pitch; empty for a rest.
    value : Value
        The note value that is drawn.
    whole_bar : bool
        Whether this is a whole-bar rest.
    hidden : bool
        Whether this is a rest that is not drawn.
    place : int or None
        The position on the staff at which a rest is drawn, seven per octave, C0 is 0. It is given
        where the engraver's own choice would meet other notes.
    beams : tuple of str
        One MusicXML word for each level of beams: ``begin``, ``continue``, ``end``,
        ``forward hook`` or ``backward hook``.
    graces, graces_after : tuple of int
        Indices of the grace notes before it, and of those between it and the bar line after it, in
        playing order.
    tuplet_starts, tuplet_stops : bool
        Whether the symbol is the first or the last one of its tuplet.
    bracket : bool
        Whether its tuplet needs a bracket, because no beam covers exactly the tuplet.
    tuplet_number : bool
        Whether its tuplet shows its number.
    """

    onset: int
    duration: int
    notes: tuple[tuple[int, bool, bool], ...]
    value: Value
    whole_bar: bool = False
    hidden: bool = False
    place: int | None = None
    beams: tuple[str, ...] = ()
    graces: tuple[int, ...] = ()
    graces_after: tuple[int, ...] = ()
    tuplet_starts: bool = False
    tuplet_stops: bool = False
    bracket: bool = True
    tuplet_number: bool = True
