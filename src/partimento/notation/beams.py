"""Decide which eighth notes and shorter ones share a beam."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from partimento.music.timelines import Meter
from partimento.notation.meter import Node, beam_spans
from partimento.notation.rhythm import TYPES
from partimento.notation.symbol import Symbol

EIGHTH = TYPES.index("eighth")


def flags(symbol: Symbol) -> int:
    """Return the number of flags or beams of a note; 0 from a quarter note on."""
    return max(0, EIGHTH + 1 - TYPES.index(symbol.value.type))


def beams_of(symbols: list[Symbol], root: Node, meter: Meter, ticks: int) -> list[Symbol]:
    """Return the symbols of one voice in one bar with beams.

    Beams stay within beats, but beams of plain eighth notes may cover half a bar. No beam crosses a
    rest.

    Parameters
    ----------
    symbols : list of Symbol
    root : Node
        The bar as a tree of metrical spans.
    meter : Meter
    ticks : int
        Ticks per quarter.
    """
    beamed = list(symbols)
    for group in _beam_groups(symbols, root, meter, ticks):
        levels = [flags(symbols[i]) for i in group]
        for place, i in enumerate(group):
            beamed[i] = replace(
                symbols[i],
                beams=tuple(
                    _beam_type(levels, place, level) for level in range(1, levels[place] + 1)
                ),
            )
    return beamed


def _beam_groups(
    symbols: Sequence[Symbol], root: Node, meter: Meter, ticks: int
) -> Iterator[list[int]]:
    """Yield the indices of the notes under each beam (at least two)."""
    spans: list[object] = [None] * len(symbols)  # symbols with equal entries may share a beam
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
            spans[i] = symbols[i].value.tuplet or (span.start, span.end)
    group: list[int] = []
    for i, symbol in enumerate(symbols):
        can_beam = bool(symbol.notes) and flags(symbol) > 0
        if group and (not can_beam or spans[i] != spans[group[-1]]):
            if len(group) > 1:
                yield group
            group = []
        if can_beam:
            group.append(i)
    if len(group) > 1:
        yield group


def _beam_type(levels: Sequence[int], place: int, level: int) -> str:
    """Return the MusicXML word for one level of a note's beams."""
    before = place > 0 and levels[place - 1] >= level
    after = place + 1 < len(levels) and levels[place + 1] >= level
    if before and after:
        return "continue"
    if before:
        return "end"
    if after:
        return "begin"
    # A partial beam points to the note before, or to the next one at the beginning of the group.
    return "backward hook" if place > 0 else "forward hook"


def without_brackets(symbols: Sequence[Symbol]) -> list[Symbol]:
    """Return the symbols, without the brackets of tuplets that a beam covers exactly.

    A beam over a portion of a tuplet would make it look smaller: its bracket stays.
    """
    result: list[Symbol] = []
    words: list[str] = []
    first = 0
    for i, symbol in enumerate(symbols):
        result.append(symbol)
        if symbol.value.tuplet is None:
            continue
        if symbol.tuplet_starts:
            first, words = i, []
        words.append(symbol.beams[0] if symbol.beams else "")
        if symbol.tuplet_stops and words == ["begin", *["continue"] * (len(words) - 2), "end"]:
            result[first] = replace(result[first], bracket=False)
    return result
