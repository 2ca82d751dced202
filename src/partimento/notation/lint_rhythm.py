"""Check bars, values, tuplets, ties and beams of a written score; see `lint`.

Some rules look at how values lie in the bar. They skip bars that are shorter than their meter, but
for a pickup at the beginning, which counts from the end of a whole bar. They also skip voices with
values that are wrong already.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from partimento.music.timelines import Meter
from partimento.notation.lint_place import Place, Voice, bars_of, voices_of
from partimento.notation.meter import Node, bar_tree, beam_spans
from partimento.notation.rhythm import SMALLEST, TYPES, cut_note, note_type
from partimento.notation.written import WrittenBar, WrittenScore, WrittenSymbol

TICKS = 4 * SMALLEST  # per quarter
# Durations of other programs are rounded to their divisions.
ROUNDING = Fraction(1, 64)
SHORTEST = TYPES.index("64th")
EIGHTH = TYPES.index("eighth")
BEAM_WORDS = ("begin", "continue", "end", "forward hook", "backward hook")
USUAL_RATIOS = {
    *((3, 2), (6, 4), (5, 4), (7, 4), (9, 8), (10, 8), (11, 8), (12, 8), (13, 8), (15, 8)),
    *((2, 3), (4, 3), (8, 6), (4, 6), (5, 3), (7, 6), (5, 6), (7, 8), (10, 6), (11, 6), (12, 8)),
}


class _Laid(NamedTuple):
    """A symbol and its place in the bar, in ticks from where a whole bar begins."""

    symbol: WrittenSymbol
    start: Fraction
    end: Fraction

    @property
    def is_plain(self) -> bool:
        """Whether it lies on the grid of note values, outside of tuplets."""
        return self.symbol.ratio is None and self.start % 1 == 0 and self.end % 1 == 0


def bar_length(score: WrittenScore) -> Iterator[tuple[Place, str]]:
    """Find bars that are longer or shorter than their meter."""
    counts = [len(part.bars) for part in score.parts]
    for index in range(max(counts, default=0)):
        for number, part in enumerate(score.parts):
            if index >= len(part.bars):
                continue
            bar = part.bars[index]
            ends = [p.bars[index].end for p in score.parts if index < len(p.bars)]
            difference = bar.end - bar.meter.bar_ql
            place = Place(number, index, bar.number)
            if difference > ROUNDING and bar.is_counted:
                yield place, f"{difference} quarters too long for {_signature(bar.meter)}"
            elif (
                difference < -ROUNDING
                and bar.end == max(ends)
                and bar.is_counted
                and 0 < index < counts[number] - 1
                and any(True for _ in bar.symbols())
                and not _is_divided(part.bars, index)
            ):
                yield place, f"{-difference} quarters too short for {_signature(bar.meter)}"


def _is_divided(bars: Sequence[WrittenBar], index: int) -> bool:
    """Return whether a bar and a neighbor make a whole one, as at a repeat."""
    bar = bars[index]
    return any(bar.end + bars[i].end == bar.meter.bar_ql for i in (index - 1, index + 1))


def _signature(meter: Meter) -> str:
    return f"{meter.numerator}/{meter.denominator}"


def voice_gap(score: WrittenScore) -> Iterator[tuple[Place, str]]:
    """Find voices that begin late, end early, or have a hole inside."""
    for voice in voices_of(score):
        symbols = voice.full
        if not symbols:
            continue
        edges = [Fraction(0)]
        for symbol in symbols:
            if symbol.onset - edges[-1] > ROUNDING:
                yield voice.place, f"nothing for {symbol.onset - edges[-1]} quarters"
            edges.append(max(edges[-1], symbol.end))
        if voice.bar.end - edges[-1] > ROUNDING:
            yield voice.place, f"nothing for {voice.bar.end - edges[-1]} quarters at the end"


def voice_overlap(score: WrittenScore) -> Iterator[tuple[Place, str]]:
    """Find notes that begin before the note before them ends."""
    for voice in voices_of(score):
        for before, after in pairwise(sorted(voice.full, key=lambda s: s.onset)):
            if before.end - after.onset > ROUNDING:
                yield voice.place, f"{before.end - after.onset} quarters overlap"


def value(score: WrittenScore) -> Iterator[tuple[Place, str]]:
    """Find notes that last another time than their value says."""
    for voice in voices_of(score):
        for symbol in voice.full:
            if _is_wrong(symbol):
                shown = symbol.type + ("" if symbol.ratio is None else " in a tuplet")
                yield voice.place, f"a {shown} lasts {symbol.duration} quarters"


def _is_wrong(symbol: WrittenSymbol) -> bool:
    return symbol.value is not None and abs(symbol.value - symbol.duration) > ROUNDING


def short_value(score: WrittenScore) -> Iterator[tuple[Place, str]]:
    """Find very short values."""
    for voice in voices_of(score):
        short = [s for s in voice.full if s.type in TYPES[:SHORTEST]]
        if short:
            yield voice.place, f"a {short[0].type}"


def tuplet(score: WrittenScore) -> Iterator[tuple[Place, str]]:
    """Find tuplets whose notes do not add up to a value."""
    for voice in voices_of(score):
        for group in _tuplets(voice.full):
            total = sum((s.value or s.duration for s in group), Fraction(0))
            ticks = total * TICKS
            if abs(ticks - round(ticks)) > ROUNDING or not note_type(round(ticks), TICKS):
                actual, normal = group[0].ratio or (0, 0)
                yield voice.place, f"a tuplet {actual}:{normal} fills {total} quarters"


def tuplet_ratio(score: WrittenScore) -> Iterator[tuple[Place, str]]:
    """Find tuplets of unusual ratios."""
    for voice in voices_of(score):
        for actual, normal in dict.fromkeys(s.ratio for s in voice.full if s.ratio):
            if (actual, normal) not in USUAL_RATIOS:
                yield voice.place, f"a tuplet {actual}:{normal}"


def tuplet_tie(score: WrittenScore) -> Iterator[tuple[Place, str]]:
    """Find ties inside of a tuplet between notes that one value can write."""
    for voice in voices_of(score):
        for group in _tuplets(voice.full):
            for before, after in pairwise(group):
                if _are_tied(before, after) and _joined_type(before, after):
                    yield voice.place, "a tie inside a tuplet"


def _joined_type(before: WrittenSymbol, after: WrittenSymbol) -> bool:
    """Return whether one plain or dotted value lasts as long as two of a tuplet."""
    if before.value is None or after.value is None or before.ratio is None:
        return False
    actual, normal = before.ratio
    written = (before.value + after.value) * actual / normal * TICKS
    kind = note_type(int(written), TICKS) if written.denominator == 1 else None
    return kind is not None and kind[1] < 2


def _tuplets(symbols: Sequence[WrittenSymbol]) -> Iterator[list[WrittenSymbol]]:
    """Yield the symbols of each tuplet, as far as its marks or its ratio tell."""
    group: list[WrittenSymbol] = []
    for symbol in symbols:
        if group and (symbol.ratio != group[0].ratio or symbol.tuplet_starts):
            yield group
            group = []
        if symbol.ratio is not None:
            group.append(symbol)
        if group and symbol.tuplet_stops:
            yield group
            group = []
    if group:
        yield group


def _are_tied(before: WrittenSymbol, after: WrittenSymbol) -> bool:
    """Return whether all notes of a symbol, and no others, are tied to the next one."""
    first = [p.name for p in before.pitches if p.tied_to]
    second = [p.name for p in after.pitches if p.tied_from]
    return bool(first) and len(before.pitches) == len(first) == len(second) == len(after.pitches)


def needless_tie(score: WrittenScore) -> Iterator[tuple[Place, str]]:
    """Find ties between notes that one value can write without hiding a beat."""
    for voice, laid in _laid_voices(score):
        tree = bar_tree(voice.bar.meter, TICKS)
        for before, after in pairwise(laid):
            if not (before.is_plain and after.is_plain and before.end == after.start):
                continue
            if _are_tied(before.symbol, after.symbol):
                start, end = int(before.start), int(after.end)
                if _is_syncopation(tree, start, end):
                    continue  # some engravers show the middle of the bar there, too
                if cut_note(tree, start, end, TICKS) == [(start, end)]:
                    yield voice.place, f"a {before.symbol.type} tied to a {after.symbol.type}"


def _is_syncopation(tree: Node, start: Fraction | int, end: Fraction | int) -> bool:
    """Return whether a note is as the half note in quarter, half, quarter."""
    return start + end == tree.end == 2 * (end - start)


def hidden_beat(score: WrittenScore) -> Iterator[tuple[Place, str]]:
    """Find notes that hide the middle of the bar or a beat."""
    yield from _across_beats(score, rests=False)


def rest_beat(score: WrittenScore) -> Iterator[tuple[Place, str]]:
    """Find rests that cross groups of beats."""
    yield from _across_beats(score, rests=True)


def _across_beats(score: WrittenScore, *, rests: bool) -> Iterator[tuple[Place, str]]:
    for voice, laid in _laid_voices(score):
        tree = bar_tree(voice.bar.meter, TICKS)
        for symbol, start, end in laid:
            is_plain = symbol.ratio is None and symbol.value is not None
            if symbol.is_hidden or not is_plain or bool(symbol.pitches) == rests:
                continue
            if start % 1 or end % 1 or (not rests and _is_syncopation(tree, start, end)):
                continue
            hides = len(cut_note(tree, int(start), int(end), TICKS)) > 1
            if hides or _is_syncopation(tree, start, end):
                kind = "rest" if rests else "note"
                yield voice.place, f"a {symbol.type} {kind} after {start / TICKS} quarters"


def beam_group(score: WrittenScore) -> Iterator[tuple[Place, str]]:
    """Find beams over the boundary of two groups of beats."""
    for voice, laid in _laid_voices(score):
        meter = voice.bar.meter
        spans = [node for node, _ in beam_spans(bar_tree(meter, TICKS), meter, TICKS)]
        start = None
        for symbol, begin, end in laid:
            word = symbol.beams[0] if symbol.beams else ""
            if word == "begin":
                start = begin
            if word == "end" and start is not None:
                if not any(node.start <= start and end <= node.end for node in spans):
                    yield voice.place, f"a beam after {start / TICKS} quarters"
                start = None


def beam(score: WrittenScore) -> Iterator[tuple[Place, str]]:
    """Find beams without begin or end, and notes that lack a level of their beam."""
    for voice in voices_of(score):
        is_open = False
        for symbol in voice.full:
            word = symbol.beams[0] if symbol.beams else ""
            if word and word not in BEAM_WORDS:
                yield voice.place, f"an unknown beam: {word[:20]}"
            if is_open != (word in ("continue", "end")) and (symbol.pitches or word):
                yield (
                    voice.place,
                    "a beam that does not begin" if word else "a beam that breaks off",
                )
            is_open = word in ("begin", "continue") or (is_open and not symbol.pitches)
            flags = max(0, EIGHTH + 1 - TYPES.index(symbol.type)) if symbol.type in TYPES else 0
            if word and flags != len(symbol.beams):
                yield voice.place, f"a {symbol.type} with {len(symbol.beams)} beams"
        if is_open:
            yield voice.place, "a beam without an end"


def _laid_voices(score: WrittenScore) -> Iterator[tuple[Voice, list[_Laid]]]:
    """Yield the voices of regular bars, with the place of each symbol in the bar."""
    lengths: dict[int, Fraction] = {}
    for place, _, bar in bars_of(score):
        lengths[place.bar] = max(lengths.get(place.bar, Fraction(0)), bar.end)
    for voice in voices_of(score):
        index = voice.place.bar
        missing = voice.bar.meter.bar_ql - lengths[index]
        is_last = index == len(voice.part.bars) - 1
        if missing < 0 or (missing and index and not is_last) or any(map(_is_wrong, voice.full)):
            continue
        shift = missing if index == 0 and (not voice.bar.is_counted or missing) else Fraction(0)
        # Written values count, which may differ from rounded times.
        laid, now, end = [], Fraction(0), Fraction(0)
        for symbol in voice.full:
            now += symbol.onset - end  # a gap
            lasts = symbol.duration if symbol.value is None else symbol.value
            laid.append(_Laid(symbol, (now + shift) * TICKS, (now + lasts + shift) * TICKS))
            now, end = now + lasts, symbol.end
        yield voice, laid
