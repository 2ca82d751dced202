"""Lay out a part, bar by bar, as notes, chords and rests on staves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from partimento.errors import PartimentoError
from partimento.music.piece import Piece
from partimento.music.timelines import Bar
from partimento.notation import rhythm, staves
from partimento.notation.beams import beams_of, without_brackets
from partimento.notation.grace_layout import Graces, StaffSpans
from partimento.notation.graces import WrittenNotes, by_target
from partimento.notation.keyboard import clefs_by_bar, has_hands
from partimento.notation.meter import Node, bar_tree, beat_length
from partimento.notation.part_voices import PartVoices
from partimento.notation.rests import Kind, SharedStaff, with_rests
from partimento.notation.rhythm import Tuplet, Value
from partimento.notation.staves import Clef
from partimento.notation.symbol import Symbol
from partimento.notation.tuplet_marks import with_single_marks
from partimento.notation.voices import Span

MOST_BARS = 20_000  # a longer piece is a mistake, such as a note at tick 2**31


@dataclass(frozen=True, slots=True)
class StaffBar:
    """One staff in one bar.

    Attributes
    ----------
    voices : tuple of tuple of Symbol
        The symbols of each voice.
    stems : bool
        Whether the voices need stems up and down.
    clef : Clef
        The clef that is valid in this bar.
    """

    voices: tuple[tuple[Symbol, ...], ...]
    stems: bool
    clef: Clef


@dataclass(frozen=True, slots=True)
class PartLayout:
    """The staves of a part.

    Attributes
    ----------
    clefs : tuple of Clef
        The first one of each staff.
    bars : tuple of tuple of StaffBar
        For each bar of `Piece.bars` the bar of each staff.
    """

    clefs: tuple[Clef, ...]
    bars: tuple[tuple[StaffBar, ...], ...]


def ticks_for(piece: Piece) -> int:
    """Return ticks per quarter that represent all times and note values of a piece."""
    marks = (
        piece.pickup,
        piece.length,
        *(
            mark.onset
            for line in (piece.meters, piece.keys, piece.tempos, piece.chord_symbols)
            for mark in line
        ),
    )
    return math.lcm(
        piece.notes.divisions, 4 * rhythm.SMALLEST, *(mark.denominator for mark in marks)
    )


def bars_of(piece: Piece) -> list[Bar]:
    """Return the bars of a piece as they are written.

    The last bar has its full length. But if the piece ends where the pickup and the last bar make a
    whole one, the last bar ends there, too.

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
    bars = piece.bars()
    last = bars[-1]
    remaining = piece.length - last.onset
    if piece.pickup and last.number and remaining + piece.pickup == last.duration:
        bars[-1] = last._replace(duration=remaining)
    return bars


def lay_out(
    piece: Piece,
    written: WrittenNotes,
    part: int,
    bars: Sequence[Bar],
    ticks: int,
    drawn: Sequence[dict[int, int]],
) -> PartLayout:
    """Lay out one part.

    Parameters
    ----------
    piece : Piece
    written : WrittenNotes
        From `graces.written_notes`.
    part : int
        Index into ``piece.parts``.
    bars : sequence of Bar
        From `bars_of`.
    ticks : int
        Ticks per quarter, from `ticks_for`.
    drawn : sequence of dict
        From `drawn_times`, one for each bar.

    Returns
    -------
    PartLayout
    """
    notes = piece.notes
    indices = np.flatnonzero((notes.part == part) & ~written.is_grace)
    onset, end, pitch = written.onset[indices], written.end[indices], notes.pitch[indices]
    scale = ticks // notes.divisions
    spans = spans_of(piece, written, part, ticks)
    is_hand = has_hands(piece)
    texture: staves.Texture = "single"
    if not is_hand:
        texture = staves.texture_of(
            piece.parts[part], onset, end, pitch, is_alone=len(piece.parts) == 1
        )
    is_drum = piece.parts[part].is_drum
    kind: Kind = "drums" if is_drum else "lines" if texture == "lines" else "instrument"
    pitches = notes.pitch.tolist()
    if is_hand:
        clefs: tuple[Clef, ...] = (staves.BASS if part else staves.TREBLE,)
    elif texture == "single":
        clefs = (staves.clef_of(piece.parts[part], pitch, notes.duration[indices]),)
    else:
        clefs = (staves.TREBLE, staves.BASS)
    division = PartVoices(
        spans,
        texture,
        kind,
        {span.note: int(notes.voice[span.note]) for span in spans},
        [int(bar.onset * ticks) for bar in bars],
        ticks,
    )
    by_time = by_target(written, notes.part.tolist(), part)
    graces = Graces(
        {to * scale: group for to, group in by_time.items()}, spans, written.onset, notes.pitch
    )
    bar_clefs = [clefs] * len(bars)
    if is_hand or texture == "hands":
        bar_clefs = clefs_by_bar(spans, division.place, bars, ticks, clefs)
    part_bars = []
    for bar, in_bar, drawn_in_bar, own_clefs in zip(
        bars, by_bar(spans, bars, ticks), drawn, bar_clefs, strict=True
    ):
        staff_spans = division.in_bar(in_bar, int(bar.onset * ticks), beat_length(bar.meter, ticks))
        graces.add_loose(bar, ticks, staff_spans, last=bar is bars[-1])
        drawn_staves = [
            _staff_bar(bar, staff, ticks, drawn_in_bar, SharedStaff(kind, clef, pitches))
            for staff, clef in zip(staff_spans, own_clefs, strict=True)
        ]
        part_bars.append(
            tuple(
                replace(staff, voices=tuple(tuple(voice) for voice in with_graces))
                for staff, with_graces in zip(
                    drawn_staves,
                    graces.attach([staff.voices for staff in drawn_staves], staff_spans),
                    strict=True,
                )
            )
        )
    return PartLayout(bar_clefs[0] if bars else clefs, tuple(part_bars))


def spans_of(piece: Piece, written: WrittenNotes, part: int, ticks: int) -> list[Span]:
    """Return the notes of a part as spans, without grace notes."""
    notes = piece.notes
    indices = np.flatnonzero((notes.part == part) & ~written.is_grace)
    scale = ticks // notes.divisions
    columns = (
        written.onset[indices] * scale,
        written.end[indices] * scale,
        notes.pitch[indices],
        indices,
    )
    return [Span(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def drawn_times(
    piece: Piece, written: WrittenNotes, bars: Sequence[Bar], ticks: int
) -> list[dict[int, int]]:
    """Return the times at which the note boundaries of each bar are drawn.

    They are the same for all parts, so that simultaneous notes stay aligned.

    Returns
    -------
    list of dict of int to int
        For each bar a mapping from sounding to drawn times, in ticks from the beginning of the bar.
    """
    scale = ticks // piece.notes.divisions
    full = ~written.is_grace
    targets = np.array(list(written.leads_to.values()), np.int64)
    times = np.unique(np.concatenate([written.onset[full], written.end[full], targets])) * scale
    drawn = []
    for bar in bars:
        start, length = int(bar.onset * ticks), int(bar.duration * ticks)
        low, high = np.searchsorted(times, [start, start + length])
        # Count from where a whole bar would begin: a pickup may begin off the beat.
        shift = _missing_before(bar, ticks)
        snapped = rhythm.snap(
            [shift, shift + length, *(int(t) - start + shift for t in times[low:high])], ticks
        )
        drawn.append({t - shift: d - shift for t, d in snapped.items()})
    return drawn


def _missing_before(bar: Bar, ticks: int) -> int:
    """Return how much of a whole bar is missing before a pickup, in ticks."""
    return int(-bar.duration % bar.meter.bar_ql * ticks) if bar.number == 0 else 0


def by_bar(spans: Sequence[Span], bars: Sequence[Bar], ticks: int) -> Iterator[list[Span]]:
    """Yield the notes of each bar, cut at its bar lines.

    A note that lasts into the next bar appears there again.
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
    staff: StaffSpans,
    ticks: int,
    drawn: dict[int, int],
    style: SharedStaff,
) -> StaffBar:
    low, size = int(bar.onset * ticks), int(bar.duration * ticks)
    spans, voice = staff.spans, staff.voice
    used = sorted(set(voice.values())) or [0]
    by_number = {
        number: voice_bar(bar, [s for s in spans if voice.get(s.note) == number], ticks, drawn)
        for number in used
    }
    staff_voices = [tuple(symbols) for symbols in with_rests(with_single_marks(by_number), style)]
    # A whole-bar rest lasts as long as the meter says, so that it fits no shortened bar.
    rests = all(span.start == span.end in (low, low + size) for span in spans)
    if rests and bar.duration == bar.meter.bar_ql:
        staff_voices = [(whole_bar_rest(bar, ticks),)]
    stems = style.kind != "instrument" or len(used) > 1
    return StaffBar(tuple(staff_voices), stems, style.clef)


def whole_bar_rest(bar: Bar, ticks: int) -> Symbol:
    """Return the rest that fills a whole bar of any meter."""
    size = int(bar.duration * ticks)
    value = Value(0, size, "whole", 0)
    return Symbol(int(bar.onset * ticks), size, (), value, whole_bar=True)


def voice_bar(bar: Bar, spans: Sequence[Span], ticks: int, drawn: dict[int, int]) -> list[Symbol]:
    """Return the symbols of one voice in one bar, with beams and tuplets.

    Chords are cut wherever a note of the voice starts or ends. Rests fill the gaps.
    """
    low, size = int(bar.onset * ticks), int(bar.duration * ticks)
    shift = _missing_before(bar, ticks)
    root = bar_tree(bar.meter, ticks)
    # A bar may be longer than its meter says (a pickup): double the tree until it covers the bar.
    while root.end < shift + size:
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
                (
                    s.note,
                    s.from_previous_bar or start > s.start - low,
                    s.into_next_bar or stop < s.end - low,
                )
                for s in chord
            )
            symbols.append(Symbol(low + start, stop - start, ties, value))
    return without_brackets(beams_of(_with_tuplets(symbols), root, bar.meter, ticks))


def _exact_bounds(start: int, end: int, cuts: Iterable[int]) -> list[int]:
    """Return `start`, the sounding times of the ties drawn at `cuts`, and `end`.

    The times rise strictly. A tie sounds where it is drawn, if that lies within the note: the drawn
    times of a snapped note differ from its sounding ones.
    """
    bounds = [start]
    for cut in cuts:
        if bounds[-1] < cut < end:
            bounds.append(cut)
        elif bounds[-1] + 1 < end:
            bounds.append(bounds[-1] + 1)
    return [*bounds, end]


def _with_tuplets(symbols: Sequence[Symbol]) -> list[Symbol]:
    """Return the symbols with the starts and stops of tuplets marked."""

    def is_outside(tuplet: Tuplet | None, i: int) -> bool:
        return not 0 <= i < len(symbols) or symbols[i].value.tuplet != tuplet

    return [
        (
            replace(
                s,
                tuplet_starts=is_outside(s.value.tuplet, i - 1),
                tuplet_stops=is_outside(s.value.tuplet, i + 1),
            )
            if s.value.tuplet
            else s
        )
        for i, s in enumerate(symbols)
    ]
