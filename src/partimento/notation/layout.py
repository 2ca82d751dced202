"""Lay out a part, bar by bar, as the symbols that write it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from partimento.errors import PartimentoError
from partimento.music.piece import Piece
from partimento.music.timelines import Bar
from partimento.notation import rhythm, voices
from partimento.notation.beams import beams_of
from partimento.notation.graces import Written, by_target
from partimento.notation.meter import Node, bar_tree, beat_length
from partimento.notation.rhythm import Tuplet, Value
from partimento.notation.symbol import Symbol
from partimento.notation.voices import Clef, Span

MOST_BARS = 20_000  # a longer score is a mistake: a note at tick 2**31, not music


@dataclass(frozen=True, slots=True)
class StaffBar:
    """One staff in one bar.

    Attributes
    ----------
    voices : tuple of tuple of Symbol
        The symbols of each voice.
    stems : bool
        Whether the voices need stems up and down.
    """

    voices: tuple[tuple[Symbol, ...], ...]
    stems: bool


@dataclass(frozen=True, slots=True)
class PartLayout:
    """The staves of a part.

    Attributes
    ----------
    clefs : tuple of Clef
        One for each staff.
    bars : tuple of tuple of StaffBar
        For each bar of `Piece.bars` the bar of each staff.
    """

    clefs: tuple[Clef, ...]
    bars: tuple[tuple[StaffBar, ...], ...]


def ticks_for(piece: Piece) -> int:
    """Return the ticks per quarter that carry every time and note value of a piece."""
    marks = (
        piece.pickup,
        piece.length,
        *(m.onset for line in (piece.meters, piece.keys, piece.tempos) for m in line),
    )
    return math.lcm(
        piece.notes.divisions, 4 * rhythm.SMALLEST, *(mark.denominator for mark in marks)
    )


def bars_of(piece: Piece) -> list[Bar]:
    """Return the bars of a piece.

    Raises
    ------
    PartimentoError
        If there are more bars than any score has.
    """
    shortest = min((m.bar_ql for m in piece.meters), default=4)
    if piece.length / shortest > MOST_BARS:
        raise PartimentoError(
            f"the piece is too long to engrave: up to {int(piece.length / shortest):,} bars (at"
            f" most {MOST_BARS:,})"
        )
    return piece.bars()


def lay_out(
    piece: Piece,
    written_as: Written,
    part: int,
    bars: Sequence[Bar],
    ticks: int,
    drawn: Sequence[dict[int, int]],
) -> PartLayout:
    """Write one part.

    Parameters
    ----------
    piece : Piece
    written_as : Written
        From `graces.written_notes`.
    part : int
        Index into ``piece.parts``.
    bars : sequence of Bar
        From `bars_of`.
    ticks : int
        From `ticks_for`.
    drawn : sequence of dict
        From `drawn_times`, one for each bar.
    """
    notes = piece.notes
    mine = np.flatnonzero((notes.part == part) & ~written_as.is_grace)
    onset, end, pitch = written_as.onset[mine], written_as.end[mine], notes.pitch[mine]
    scale = ticks // notes.divisions
    spans = [
        Span(a * scale, b * scale, p, i)
        for a, b, p, i in zip(
            onset.tolist(), end.tolist(), pitch.tolist(), mine.tolist(), strict=True
        )
    ]
    texture = voices.texture_of(piece.parts[part], onset, end, pitch)
    place: dict[int, int] = {}
    if texture == "single":
        clefs: tuple[Clef, ...] = (voices.clef_of(piece.parts[part], pitch, notes.duration[mine]),)
    else:
        clefs = (voices.TREBLE, voices.BASS)
        place = voices.sequences_of(spans) if texture == "lines" else voices.hands_of(spans)
    graces = {
        to * scale: found for to, found in by_target(written_as, notes.part.tolist(), part).items()
    }
    written = []
    before: dict[int, int] = {}
    for bar, inside, where in zip(bars, _by_bar(spans, bars, ticks), drawn, strict=True):
        staves = []
        for staff in range(len(clefs)):
            if texture == "lines":
                here = [s for s in inside if place[s.note] // 2 == staff]
                voice = {s.note: place[s.note] % 2 for s in here}
            else:
                here = [s for s in inside if place.get(s.note, 0) == staff]
                voice = voices.voices_on_staff(here, before, int(bar.onset * ticks))
                before |= voice
            staves.append(_staff_bar(bar, here, voice, ticks, where, in_lines=texture == "lines"))
        written.append(tuple(_with_graces(staves, graces, notes.pitch)))
    return PartLayout(clefs, tuple(written))


def _with_graces(
    staves: Sequence[StaffBar], graces: dict[int, list[int]], pitch: np.ndarray
) -> list[StaffBar]:
    """Attach grace notes to the nearest chord struck where they lead."""
    if not graces:
        return list(staves)
    table = [[list(voice) for voice in staff.voices] for staff in staves]
    places = {
        (i, j, k): s
        for i, staff in enumerate(table)
        for j, voice in enumerate(staff)
        for k, s in enumerate(voice)
    }
    struck = {place: s for place, s in places.items() if any(not tied for _, tied, _ in s.notes)}
    for onset in sorted({s.onset for s in struck.values()} & graces.keys()):
        for grace in graces[onset]:
            here = [place for place, s in struck.items() if s.onset == onset]
            i, j, k = min(
                here,
                key=lambda place: min(
                    abs(int(pitch[n]) - int(pitch[grace])) for n, _, _ in struck[place].notes
                ),
            )
            table[i][j][k] = replace(table[i][j][k], graces=(*table[i][j][k].graces, grace))
    return [
        replace(staff, voices=tuple(tuple(voice) for voice in voices))
        for staff, voices in zip(staves, table, strict=True)
    ]


def drawn_times(
    piece: Piece, written_as: Written, bars: Sequence[Bar], ticks: int
) -> list[dict[int, int]]:
    """Return where the boundaries of each bar are drawn, the same for all parts.

    Each mapping goes from sounding to drawn times, in ticks from the beginning of the bar.
    """
    scale = ticks // piece.notes.divisions
    full = ~written_as.is_grace
    times = np.unique(np.concatenate([written_as.onset[full], written_as.end[full]])) * scale
    out = []
    for bar in bars:
        start, length = int(bar.onset * ticks), int(bar.duration * ticks)
        low, high = np.searchsorted(times, [start, start + length])
        shift = _lead(
            bar, ticks
        )  # odd times are odd against the beat: count from where the whole bar would begin
        snapped = rhythm.snap(
            [shift, shift + length, *(int(t) - start + shift for t in times[low:high])], ticks
        )
        out.append({t - shift: d - shift for t, d in snapped.items()})
    return out


def _lead(bar: Bar, ticks: int) -> int:
    """Return how much of a whole bar is missing before a pickup, in ticks."""
    return int(-bar.duration % bar.meter.bar_ql * ticks) if bar.number == 0 else 0


def _by_bar(spans: Sequence[Span], bars: Sequence[Bar], ticks: int) -> Iterator[list[Span]]:
    """Yield the notes of each bar, clipped to it.

    A note that lasts into the next bar appears there again, as continuing.
    """
    ordered = sorted(spans, key=lambda s: s.start)
    at, open_spans = 0, []
    for bar in bars:
        low, high = int(bar.onset * ticks), int((bar.onset + bar.duration) * ticks)
        while at < len(ordered) and ordered[at].start < high:
            open_spans.append(ordered[at])
            at += 1
        yield [
            Span(max(s.start, low), min(s.end, high), s.pitch, s.note, s.start < low, s.end > high)
            for s in open_spans
        ]
        open_spans = [s for s in open_spans if s.end > high]


def _staff_bar(
    bar: Bar,
    spans: Sequence[Span],
    voice: dict[int, int],
    ticks: int,
    drawn: dict[int, int],
    *,
    in_lines: bool,
) -> StaffBar:
    low = int(bar.onset * ticks)
    size = int(bar.duration * ticks)
    used = sorted(set(voice.values())) or [0]
    sounding = [(s.start - low, s.end - low) for s in spans]
    written = []
    for number in used:
        mine = [s for s in spans if voice.get(s.note) == number]
        symbols = _voice_bar(bar, mine, ticks, drawn)
        hide = (
            _hides_all_rests
            if number != used[0]
            else _hides_rests_under_sound
            if in_lines
            else None
        )
        if hide:
            symbols = [
                replace(s, hidden=True) if not s.notes and hide(s, low, sounding) else s
                for s in symbols
            ]
        written.append(tuple(symbols))
    if (
        not spans and bar.duration == bar.meter.bar_ql
    ):  # readers take the rest of a whole bar to be as long as the meter says
        written = [(Symbol(low, size, (), Value(0, size, "whole", 0), whole_bar=True),)]
    return StaffBar(tuple(written), stems=in_lines or len(used) > 1)


def _hides_all_rests(rest: Symbol, low: int, sounding: Sequence[tuple[int, int]]) -> bool:
    return True


def _hides_rests_under_sound(rest: Symbol, low: int, sounding: Sequence[tuple[int, int]]) -> bool:
    start = rest.onset - low
    return any(a < start + rest.duration and start < b for a, b in sounding)


def _voice_bar(bar: Bar, spans: Sequence[Span], ticks: int, drawn: dict[int, int]) -> list[Symbol]:
    """Write one voice in one bar as symbols, with beams and tuplets.

    Chords are cut at each boundary of the voice, and rests fill the gaps.
    """
    low, size = int(bar.onset * ticks), int(bar.duration * ticks)
    shift = _lead(bar, ticks)
    root = bar_tree(bar.meter, ticks)
    while (
        root.end < shift + size
    ):  # a bar longer than its meter (a pickup may be): let the tree cover it
        root = Node(0, root.end * 2, (2, *root.shape))
    edges = sorted({0, size, *(t - low for s in spans for t in (s.start, s.end))})
    tuplets = rhythm.find_tuplets(
        root, [drawn[e] + shift for e in edges], beat_length(bar.meter, ticks), ticks
    )
    symbols: list[Symbol] = []
    for a, b in pairwise(edges):
        chord = sorted(
            (s for s in spans if s.start - low <= a and b <= s.end - low), key=lambda s: s.pitch
        )
        values = rhythm.values_of(
            root, drawn[a] + shift, drawn[b] + shift, tuplets, ticks, rest=not chord
        )
        bounds = _exact_bounds(a, b, [v.end - shift for v in values[:-1]])
        if len(bounds) != len(values) + 1:
            name, dots = rhythm.nearest_type(drawn[b] - drawn[a], ticks)
            values, bounds = [Value(drawn[a] + shift, drawn[b] + shift, name, dots)], [a, b]
        for value, start, stop in zip(values, bounds[:-1], bounds[1:], strict=True):
            ties = tuple(
                (s.note, s.continues or start > s.start - low, s.goes_on or stop < s.end - low)
                for s in chord
            )
            symbols.append(Symbol(low + start, stop - start, ties, value))
    return beams_of(_bracketed(symbols), root, bar.meter, ticks)


def _exact_bounds(start: int, end: int, cuts: Iterable[int]) -> list[int]:
    """Return the sounding times of the ties drawn at `cuts`, strictly rising.

    A tie sounds where it is drawn, unless a snapped note ends before.
    """
    bounds = [start]
    for cut in cuts:
        if bounds[-1] < cut < end:
            bounds.append(cut)
        elif bounds[-1] + 1 < end:
            bounds.append(bounds[-1] + 1)
    return [*bounds, end]


def _bracketed(symbols: Sequence[Symbol]) -> list[Symbol]:
    def differ(a: Tuplet | None, i: int) -> bool:
        return not 0 <= i < len(symbols) or symbols[i].value.tuplet != a

    return [
        (
            replace(
                s,
                tuplet_starts=differ(s.value.tuplet, i - 1),
                tuplet_stops=differ(s.value.tuplet, i + 1),
            )
            if s.value.tuplet
            else s
        )
        for i, s in enumerate(symbols)
    ]
