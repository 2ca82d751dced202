"""Relate fermatas to the ends of phrases."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from partimento.music.notes import Notes

# Flags of written notes: a fermata on a note, and another end of a phrase after it.
FERMATA, BREATH = 1, 2


def ends_under_fermatas(notes: Notes, fermatas: Iterable[Fraction]) -> tuple[Fraction, ...]:
    """Return the ends of the notes that begin at fermatas, as ends of phrases.

    Where several notes begin, the highest one decides. The other parts may move on below it, and
    have fermatas of their own. Readers, which know the notes of each fermata, do not need this.

    Parameters
    ----------
    notes : Notes
    fermatas : iterable of Fraction
        Onsets in quarters. Fermatas at which no note begins are ignored.

    Returns
    -------
    tuple of Fraction
        Sorted, without duplicates.

    Examples
    --------
    >>> from partimento.music.notes import Note, Notes
    >>> half, quarter = Fraction(2), Fraction(1)
    >>> notes = Notes([Note(half, half, 72), Note(half, quarter, 60), Note(half * 2, half, 71)])
    >>> ends_under_fermatas(notes, [half])
    (Fraction(4, 1),)
    """
    ends: dict[int, int] = {}
    main = notes.grace == 0
    # Notes are sorted by onset and pitch: the highest one of an onset comes last.
    for onset, end in zip(notes.onset[main].tolist(), notes.end[main].tolist(), strict=True):
        ends[onset] = end
    steps = {time * notes.divisions for time in fermatas}
    found = sorted({ends[int(step)] for step in steps if step in ends})
    return tuple(Fraction(step, notes.divisions) for step in found)


def checked_times(times: Iterable[Fraction], name: str, length: Fraction) -> tuple[Fraction, ...]:
    """Return times sorted and without duplicates, up to the end of a piece.

    Raises
    ------
    ValueError
        If a time is negative; `name` says of what.
    """
    ordered = sorted(set(times))
    if ordered and ordered[0] < 0:
        raise ValueError(f"a {name} is before the piece begins")
    return tuple(time for time in ordered if time <= length)
