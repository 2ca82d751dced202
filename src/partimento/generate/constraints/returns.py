"""Let bars return: with the notes of an earlier bar, or with its rhythm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field

from partimento.analysis.bar_returns import (
    NOTES,
    RHYTHM,
    BarContent,
    BarReturns,
    bar_contents,
)
from partimento.errors import PartimentoError
from partimento.generate.constraints.base import (
    PITCHES,
    Constraint,
    Finding,
    Scene,
    set_values,
)
from partimento.generate.constraints.rules import ChordTables, Rule, View, row, wide
from partimento.generate.constraints.timetable import BLOCK, Timetable
from partimento.music.piece import Piece
from partimento.short_repr import short_repr

SLOTS = 12  # notes of an event that are remembered, if it is written without voices
SILENT = -1


@short_repr
@dataclass(frozen=True)
class BarsReturn(Constraint):
    """Let bars return: with the notes of an earlier bar, or with its rhythm alone.

    Parameters
    ----------
    bars : str
        ``5-8=1-4`` gives bars 5 to 8 the notes of bars 1 to 4, and ``9~1`` bar 9 the rhythm of
        bar 1. Several are separated by spaces.

    Examples
    --------
    >>> BarsReturn("5-8=1-4 9~1").demand
    'bars that return: 5-8=1-4 9~1'
    """

    needs_bars = True
    bars: Annotated[
        str, Field(description="5-8=1-4 for notes that return, 9~1 for a rhythm that does.")
    ]

    def __post_init__(self) -> None:
        returns = BarReturns.from_text(self.bars)
        if not returns.notes and not returns.rhythm:
            raise PartimentoError("BarsReturn needs bars, such as 5-8=1-4")
        set_values(self, bars=returns.text())

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        return f"bars that return: {self.bars}"

    @property
    def returns(self) -> BarReturns:
        """Return the bars that return, and what they return to."""
        return BarReturns.from_text(self.bars)

    def narrow(self, table: Timetable, scene: Scene) -> None:
        """Let events begin at the bar lines of all these bars; let none be tied over them."""
        for begin, source, size, is_notes in self._runs(table, scene):
            for line in (begin, begin + size, source, source + size):
                if line < table.last:
                    table.edge[line] = True
                    if is_notes:
                        table.hold[line] = False

    def rules(self, table: Timetable, scene: Scene) -> Sequence[Rule]:
        """Return the rule that remembers bars."""
        length = -(-table.last // BLOCK) * BLOCK
        write, read = np.full(length, -1, np.int32), np.full(length, -1, np.int32)
        exact, begins = np.zeros(length, bool), np.zeros(length, bool)
        count = 0
        for begin, source, size, is_notes in self._runs(table, scene):
            for step in range(size):
                if write[source + step] < 0:
                    write[source + step] = count
                    count += 1
                read[begin + step] = write[source + step]
                exact[begin + step] = is_notes
            begins[begin : begin + size : scene.bar] = not is_notes
        return [ReturnRule(Places(write, read, exact, begins), count, table)]

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Compare the bars."""
        contents = bar_contents(piece)
        returns = self.returns

        def is_same(at: int, of: int, notes: bool) -> bool:
            if max(at, of) > len(contents):
                return False
            one, other = contents[at - 1], contents[of - 1]
            if one is None or other is None:
                return one is other
            return one[:2] == other[:2] if notes else _has_rhythm(one, other)

        rows = [(at, is_same(at, of, True)) for at, of in returns.notes.items()]
        rows += [(at, is_same(at, of, False)) for at, of in returns.rhythm.items()]
        missed = [str(at) for at, same in sorted(rows) if not same]
        text = f"{len(rows) - len(missed)} of {len(rows)} bars"
        text += f", not bar {' '.join(missed[:8])}" if missed else ""
        return self._finding(text, not missed)

    def _runs(self, table: Timetable, scene: Scene) -> Iterator[tuple[int, int, int, bool]]:
        """Yield the first step of each run of bars, that of its source, and its steps."""
        lines = [*scene.bar_lines(table.last), table.last]
        if not scene.pickup:
            lines = [0, *lines]
        for word in self.bars.split():
            sign = NOTES if NOTES in word else RHYTHM
            target, source = (part.split("-") for part in word.split(sign))
            if int(target[-1]) >= len(lines):
                raise PartimentoError(f"{self!r}: the piece has {len(lines) - 1} bars")
            begin, end = lines[int(target[0]) - 1], lines[int(target[-1])]
            if end - begin != (int(target[-1]) - int(target[0]) + 1) * scene.bar:
                raise PartimentoError(f"{self!r}: the last bar is not whole")
            if lines[int(source[0]) - 1] < scene.start:
                raise PartimentoError(f"{self!r}: only composed bars return")
            yield begin, lines[int(source[0]) - 1], end - begin, sign == NOTES


@short_repr
class Places(NamedTuple):
    """Say for each step where an earlier event is remembered.

    Attributes
    ----------
    write, read : (L,) int
        Where in the memory an event that begins at a step is written, and where the event is that
        it must equal; -1 for nowhere.
    exact : (L,) bool
        Whether the notes return, or only the rhythm.
    begins : (L,) bool
        Whether a bar begins whose rhythm returns: notes may be held into it.
    """

    write: np.ndarray
    read: np.ndarray
    exact: np.ndarray
    begins: np.ndarray


def _has_rhythm(one: BarContent, source: BarContent) -> bool:
    """Return True if notes begin at the same times, and none goes on where none does."""
    return one.times == source.times and all(
        begins == begins_there and (goes_on_there or not goes_on)
        for (begins, goes_on), (begins_there, goes_on_there) in zip(
            one.kinds, source.kinds, strict=True
        )
    )


class ReturnRule(Rule):
    """Give events the notes and the duration of earlier ones, or their duration alone.

    With the duration alone, notes begin where some did, and none goes on where none did.

    The state holds, of the steps that return, the notes ``(B, M, K)`` of the event that begins
    there and its rhythm ``(B, M)``. A note is twice its pitch, and one more if it is struck; SILENT
    without one. With voices, K are the voices; otherwise the pitches, the highest first. The rhythm
    is four times the duration, and two more if notes begin, and one more if notes go on.

    Parameters
    ----------
    places : Places
    size : int
        The number M of steps to remember.
    table : Timetable
    """

    def __init__(self, places: Places, size: int, table: Timetable) -> None:
        self.size = -(-(size + 1) // BLOCK) * BLOCK  # one more, for what is not remembered
        self.voices = table.voices.shape[1]
        self.is_voices = table.kind == "voices"
        self.kind = ("returns", self.size, self.voices, table.kind)
        self.slots = self.voices if self.is_voices else SLOTS
        write = np.where(places.write < 0, self.size - 1, places.write)
        self.parameters = (write, *places[1:])

    def start(self, batch: int, slots: int, xp: Any = np) -> tuple[Any, ...]:
        """Return an empty memory."""
        return (
            xp.full((batch, self.size, self.slots), SILENT, dtype="int32"),
            xp.zeros((batch, self.size), dtype="int32"),
        )

    def advance(self, state: Any, p: Sequence[Any], view: View, steps: Any, xp: Any = np) -> Any:
        """Remember an event."""
        here = wide(row(p[0], view.t, xp), xp) == np.arange(self.size)  # (B, M)
        notes = xp.expand_dims(self._notes(view, xp), 1)
        return (
            xp.where(xp.expand_dims(here, -1), notes, state[0]),
            xp.where(here, wide(4 * steps + _kind(view, xp), xp), state[1]),
        )

    def strike(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Let the same pitches begin, or any where some did."""
        notes, is_exact = self._wanted(state, p, view, xp)
        rhythm, is_same = self._rhythm(state, p, view, xp)
        some = (rhythm // 2 % 2 == 1) | ~is_same
        return (self._struck(notes, view, xp) | ~is_exact) & some

    def hold(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Let the same notes go on, or any where some did, and from before the bar."""
        notes, is_exact = self._wanted(state, p, view, xp)
        rhythm, is_same = self._rhythm(state, p, view, xp)
        begins = wide(row(p[3], view.t, xp), xp)
        some = (rhythm % 2 == 1) | ~is_same | begins
        return (self._held(notes, xp) | ~is_exact) & some

    def must_hold(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Make the same notes go on."""
        notes, is_exact = self._wanted(state, p, view, xp)
        return self._held(notes, xp) & is_exact & view.before

    def must_strike(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Make the same notes begin."""
        notes, is_exact = self._wanted(state, p, view, xp)
        if self.is_voices:
            return (notes >= 0) & (notes % 2 == 1) & is_exact
        return self._struck(notes, view, xp) & is_exact

    def closes(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Give the event the same duration, after notes have begun if some did."""
        rhythm, is_same = self._rhythm(state, p, view, xp)
        begun = xp.any(view.struck, axis=-1, keepdims=True)
        fits = (view.steps == rhythm // 4) & (begun | (rhythm // 2 % 2 == 0))
        return fits | ~is_same

    def chords(
        self, state: Any, p: Sequence[Any], view: View, tables: ChordTables, xp: Any = np
    ) -> Any:
        """Let the same chord come next."""
        notes, is_exact = self._wanted(state, p, view, xp)
        pitch = np.arange(PITCHES, dtype=np.int32)
        wanted = xp.any((xp.expand_dims(notes, -1) // 2 == pitch) & _has(notes, xp), axis=1)
        floats = wanted.astype(np.float32) if xp is np else xp.cast(wanted, "float32")
        common = xp.matmul(floats, tables.notes.T)
        size = xp.sum(floats, axis=-1, keepdims=True)
        same = (common > size - 0.5) & (common > tables.notes.sum(1) - 0.5)
        return same | ~is_exact

    def _wanted(self, state: Any, p: Sequence[Any], view: View, xp: Any) -> tuple[Any, Any]:
        """Return the notes ``(B, K)`` to repeat, and where they count, ``(B, 1)``."""
        read = row(p[1], view.t, xp)
        at = xp.reshape(xp.maximum(read, 0), (-1, 1, 1))
        at = at + np.zeros((1, 1, self.slots), np.int32)
        notes = xp.take_along_axis(state[0], at, axis=1)[:, 0]
        return notes, wide((read >= 0) & row(p[2], view.t, xp), xp)

    def _rhythm(self, state: Any, p: Sequence[Any], view: View, xp: Any) -> tuple[Any, Any]:
        """Return the rhythm ``(B, 1)`` to repeat, and where it counts."""
        read = row(p[1], view.t, xp)
        rhythm = xp.take_along_axis(state[1], wide(xp.maximum(read, 0), xp), axis=1)
        return rhythm, wide(read >= 0, xp) & (rhythm > 0)

    def _notes(self, view: View, xp: Any) -> Any:
        codes = xp.where(view.sounds, 2 * view.pitch + xp.where(view.struck, 1, 0), SILENT)
        return codes if self.is_voices else -xp.sort(-codes, axis=-1)[:, : self.slots]

    def _struck(self, notes: Any, view: View, xp: Any) -> Any:
        """Return ``(B, P)``: the pitches that begin, with voices in the next one."""
        if self.is_voices:
            here = wide(view.voice, xp) == np.arange(self.slots)
            notes = xp.max(xp.where(here, notes, SILENT), axis=-1, keepdims=True)
        return _among(2 * np.arange(PITCHES, dtype=np.int32) + 1, notes, xp)

    def _held(self, notes: Any, xp: Any) -> Any:
        """Return ``(B, S)``: the slots whose note goes on."""
        if self.is_voices:
            return (notes >= 0) & (notes % 2 == 0)
        return _among(2 * np.arange(PITCHES, dtype=np.int32), notes, xp)


def _among(codes: np.ndarray, notes: Any, xp: Any) -> Any:
    """Return ``(B, P)``: whether each code is one of the notes ``(B, K)``."""
    return xp.any(xp.expand_dims(notes, -1) == codes, axis=1)


def _kind(view: View, xp: Any) -> Any:
    """Return 2 if notes begin, and 1 more if notes go on, ``(B,)``."""
    begins = xp.any(view.struck, axis=-1)
    goes_on = xp.any(view.sounds & ~view.struck, axis=-1)
    return xp.where(begins, 2, 0) + xp.where(goes_on, 1, 0)


def _has(notes: Any, xp: Any) -> Any:
    return xp.expand_dims(notes, -1) >= 0
