"""Attach grace notes to the symbols of a bar next to which they are drawn.

Most grace notes lead to a chord. Others stand before a rest, or between the last note of a bar and
its bar line: they are called loose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from partimento.music.timelines import Bar
from partimento.notation.graces import shared_out, slots_of
from partimento.notation.symbol import Symbol
from partimento.notation.voices import Span

MIDDLE_C = 60


@dataclass(slots=True)
class StaffSpans:
    """The notes of one staff in one bar, and the voice of each by its index.

    Attributes
    ----------
    spans : list of Span
        Loose grace notes are spans without duration. They divide the rests of their voice.
    voice : dict of int to int
    """

    spans: list[Span]
    voice: dict[int, int]
    loose: dict[tuple[int, int], list[int]] = field(default_factory=dict)


class Graces:
    """The grace notes of one part.

    Parameters
    ----------
    by_target : mapping of int to list of int
        Time in ticks → indices of grace notes in playing order, from `graces.by_target`.
    spans : sequence of Span
        The other notes of the part.
    onset, pitch : (N,) int64
        The onsets in steps and pitches of all notes of the piece.
    """

    def __init__(
        self,
        by_target: Mapping[int, list[int]],
        spans: Sequence[Span],
        onset: np.ndarray,
        pitch: np.ndarray,
    ) -> None:
        self.by_target, self.onset, self.pitch = by_target, onset, pitch
        attacks = {span.start for span in spans}
        self.ends = {span.end for span in spans}
        self.loose = sorted(by_target.keys() - attacks)

    def add_loose(self, bar: Bar, ticks: int, staves: Sequence[StaffSpans], *, last: bool) -> None:
        """Add the loose grace notes of a bar to a staff and a silent voice.

        `last` is whether this is the last bar of the piece.
        """
        low, high = int(bar.onset * ticks), int((bar.onset + bar.duration) * ticks)
        for time in self.loose:
            # At a bar line, grace notes belong to the note that ends there, or to the next rest.
            if time == low:
                is_here = low == 0 or low not in self.ends
            else:
                is_here = low < time < high or (time == high and (last or high in self.ends))
            if not is_here:
                continue
            graces = self.by_target[time]
            staff = self._nearest(staves, time, graces[-1])
            voice = _free_voice(staff, time)
            staff.spans.append(Span(time, time, int(self.pitch[graces[-1]]), graces[-1]))
            staff.voice[graces[-1]] = voice
            staff.loose[voice, time] = graces

    def _nearest(self, staves: Sequence[StaffSpans], time: int, grace: int) -> StaffSpans:
        """Return the staff whose note before the grace note is nearest, or else its own."""
        pitch = int(self.pitch[grace])
        before = [
            (abs(span.pitch - pitch), i)
            for i, staff in enumerate(staves)
            for span in staff.spans
            if span.end == time
        ]
        return staves[min(before)[1]] if before else staves[0 if pitch >= MIDDLE_C else -1]

    def attach(
        self, voices: Sequence[Sequence[Sequence[Symbol]]], staves: Sequence[StaffSpans]
    ) -> list[list[list[Symbol]]]:
        """Return the symbols of staves and their voices with the bar's grace notes."""
        table = [[list(voice) for voice in staff] for staff in voices]
        if not self.by_target:
            return table
        places = [
            (i, j, k)
            for i, staff in enumerate(table)
            for j, voice in enumerate(staff)
            for k, symbol in enumerate(voice)
            if any(not tied for _, tied, _ in symbol.notes)
        ]
        by_onset: dict[int, list[tuple[int, int, int]]] = {}
        for i, j, k in places:
            by_onset.setdefault(table[i][j][k].onset, []).append((i, j, k))
        for onset in by_onset.keys() & self.by_target.keys():
            chords = [[n for n, _, _ in table[i][j][k].notes] for i, j, k in by_onset[onset]]
            shares = shared_out(self._slots(onset), chords, self.pitch)
            for (i, j, k), share in zip(by_onset[onset], shares, strict=True):
                in_order = sorted(share, key=lambda n: (int(self.onset[n]), n))
                table[i][j][k] = replace(table[i][j][k], graces=tuple(in_order))
        for staff, content in zip(staves, table, strict=True):
            for (number, time), graces in staff.loose.items():
                _attach_loose(
                    content[sorted(set(staff.voice.values())).index(number)], time, tuple(graces)
                )
        return table

    def _slots(self, target: int) -> list[list[int]]:
        """Return the slots of the grace notes of a target, those first that all rows have."""
        slots = slots_of(self.by_target[target], self.onset)
        # At the start of the piece, rows begin together. Elsewhere they end together.
        return slots if target == 0 else slots[::-1]


def _free_voice(staff: StaffSpans, time: int) -> int:
    """Return a voice that is silent at a time, if possible one that ends then."""
    by_voice: dict[int, list[Span]] = {}
    for span in staff.spans:
        by_voice.setdefault(staff.voice[span.note], []).append(span)
    free = [
        (all(span.end != time for span in spans), number)
        for number, spans in by_voice.items()
        if all(span.end <= time or span.start >= time for span in spans)
    ]
    return min(free)[1] if free else max(by_voice, default=-1) + 1


def _attach_loose(symbols: list[Symbol], time: int, graces: tuple[int, ...]) -> None:
    """Add grace notes before the symbol at a time, or after the last symbol."""
    for k, symbol in enumerate(symbols):
        if symbol.onset == time:
            symbols[k] = replace(symbol, graces=graces)
            return
    symbols[-1] = replace(symbols[-1], graces_after=graces)
