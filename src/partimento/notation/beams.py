"""Decide which flagged notes share a beam."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from partimento.music.timelines import Meter
from partimento.notation.meter import Node, beam_spans
from partimento.notation.rhythm import TYPES
from partimento.notation.symbol import Symbol

EIGHTH = TYPES.index("eighth")


def flags(symbol: Symbol) -> int:
    """Return the number of flags or beams that a note of this value has."""
    return max(0, EIGHTH + 1 - TYPES.index(symbol.value.type))


def beams_of(symbols: list[Symbol], root: Node, meter: Meter, ticks: int) -> list[Symbol]:
    """Add beams to the symbols of one voice in one bar.

    Beams stay within beats. Plain eighths are joined within half bars. No beam crosses a rest.
    """
    beamed = list(symbols)
    for run in _runs(symbols, root, meter, ticks):
        levels = [flags(symbols[i]) for i in run]
        for place, i in enumerate(run):
            beamed[i] = replace(
                symbols[i],
                beams=tuple(_word(levels, place, level) for level in range(1, levels[place] + 1)),
            )
    return beamed


def _runs(symbols: Sequence[Symbol], root: Node, meter: Meter, ticks: int) -> Iterator[list[int]]:
    """Yield the indices of the notes under each beam (at least two)."""
    groups: list[object] = [None] * len(symbols)
    for wide, narrow in beam_spans(root, meter, ticks):
        inside = [i for i, s in enumerate(symbols) if wide.start <= s.value.start < wide.end]
        plain = all(
            (symbols[i].value.type == "eighth" and symbols[i].value.tuplet is None)
            or flags(symbols[i]) == 0
            for i in inside
        )
        for i in inside:
            start = symbols[i].value.start
            span = (
                wide if plain else next(node for node in narrow if node.start <= start < node.end)
            )
            groups[i] = symbols[i].value.tuplet or (span.start, span.end)
    run: list[int] = []
    for i, symbol in enumerate(symbols):
        joins = bool(symbol.notes) and flags(symbol) > 0
        if run and (not joins or groups[i] != groups[run[-1]]):
            if len(run) > 1:
                yield run
            run = []
        if joins:
            run.append(i)
    if len(run) > 1:
        yield run


def _word(levels: Sequence[int], place: int, level: int) -> str:
    before = place > 0 and levels[place - 1] >= level
    after = place + 1 < len(levels) and levels[place + 1] >= level
    if before and after:
        return "continue"
    if before:
        return "end"
    if after:
        return "begin"
    # A lone short note points to its partner: back to a longer one before it, except at the head of
    # the group.
    return "backward hook" if place > 0 else "forward hook"
