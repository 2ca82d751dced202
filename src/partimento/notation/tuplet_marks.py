"""Leave out the marks of tuplets that another voice of the staff shows already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from partimento.notation.symbol import Symbol
from partimento.notation.voices import UPPER


def with_single_marks(voices: Mapping[int, Sequence[Symbol]]) -> dict[int, list[Symbol]]:
    """Return the voices of a staff in one bar, with one mark per tuplet and side.

    The brackets and numbers of the upper voice stand above the staff, and those of all others
    below. Two of these with the same tuplet would draw one bracket into the other.

    Parameters
    ----------
    voices : mapping of int to sequence of Symbol
        By number, as in `rests.with_rests`.
    """
    shown: set[object] = set()
    result: dict[int, list[Symbol]] = {}
    # The lowest voice comes first: its bracket is farthest away from the staff.
    for number in sorted(voices):
        symbols = []
        for symbol in voices[number]:
            tuplet = symbol.value.tuplet
            if number != UPPER and tuplet is not None and symbol.tuplet_starts:
                if tuplet in shown:
                    symbol = replace(symbol, bracket=False, tuplet_number=False)
                shown.add(tuplet)
            symbols.append(symbol)
        result[number] = symbols
    return {number: result[number] for number in voices}
