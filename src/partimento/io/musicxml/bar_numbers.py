"""Find bars by the numbers that a MusicXML document prints."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from partimento.errors import PartimentoError
from partimento.io.musicxml.document import ScoreDocument
from partimento.io.musicxml.note_ids import bar_starts
from partimento.io.musicxml.read import read_notes
from partimento.io.splice import is_midi
from partimento.music.excerpt import cut_between
from partimento.music.piece import Piece

Element = Any


def cut_bars(piece: Piece, first: int, last: int) -> Piece:
    """Return the bars with the numbers `first` to `last`, as they are printed.

    Bars without a number of their own belong to the numbered bar before them; a pickup is bar 0.
    If the numbers of the file are not usable, or there is no file, bars are counted as
    `Piece.bars` does.

    Raises
    ------
    PartimentoError
        If the piece has no such bars.
    """
    return cut_between(piece, *span_of_bars(piece, first, last))


def span_of_bars(piece: Piece, first: int, last: int) -> tuple[Fraction, Fraction]:
    """Return where the bars `first` to `last` begin and end, in quarters.

    Numbers and errors are those of `cut_bars`. The last bar of a piece ends with the piece.
    """
    starts = (
        {}
        if piece.score is None or is_midi(piece.score)
        else printed_starts(ScoreDocument.load(piece.score).root)
    )
    if not starts:
        bars = [bar for bar in piece.bars() if bar.onset < piece.length] or piece.bars()
        starts = {bar.number: bar.onset for bar in bars}
    numbers = list(starts)
    if first not in starts or last not in starts or first > last:
        raise PartimentoError(
            f"no bars {first}-{last}: the piece has bars {numbers[0]}-{numbers[-1]}"
        )
    at = numbers.index(last) + 1
    return starts[first], starts[numbers[at]] if at < len(numbers) else piece.length


def printed_starts(root: Element) -> dict[int, Fraction]:
    """Return the time in quarters at which each numbered bar begins.

    It is empty if the numbers do not increase from bar to bar.
    """
    readers, grid = read_notes(root)
    part = next(root.iterchildren("part"), None)
    measures = [] if part is None else list(part.iterchildren("measure"))
    starts: dict[int, Fraction] = {}
    for index, (measure, tick) in enumerate(zip(measures, bar_starts(readers, grid), strict=False)):
        text = measure.get("number", "")
        if measure.get("implicit") == "yes" or not text.isascii() or not text.isdigit():
            if index:
                continue
            text = "0"
        if starts and int(text) <= max(starts):
            return {}
        starts[int(text)] = Fraction(tick, grid)
    return starts
