"""Find bars that return: those with the notes, or the rhythm, of an earlier bar."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from partimento.errors import PartimentoError
from partimento.music.piece import Piece
from partimento.short_repr import short_repr

MOST = 512  # the greatest number of a bar
NOTES, RHYTHM = "=", "~"
PART = re.compile(r"(\d{1,3})(?:-(\d{1,3}))?([=~])(\d{1,3})(?:-(\d{1,3}))?")

Times = tuple[Fraction, ...]
Notes = tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]  # struck and held, of each event


@short_repr
class BarContent(NamedTuple):
    """Hold what happens in a bar.

    Attributes
    ----------
    times : tuple of Fraction
        When notes begin or end, from the beginning of the bar.
    notes : tuple of (struck, held)
        The pitches that begin at each time, and those that go on.
    closed : (bool, bool)
        Whether no note is held into the bar, and none beyond it.
    """

    times: Times
    notes: Notes
    closed: tuple[bool, bool]

    @property
    def kinds(self) -> list[tuple[bool, bool]]:
        """Return whether notes begin at each time, and whether any go on.

        Notes that are held into the bar do not count.
        """
        return [(bool(s), bool(h) and at > 0) for at, (s, h) in enumerate(self.notes)]


@short_repr
@dataclass(frozen=True)
class BarReturns:
    """Say which bars have the notes, or only the rhythm, of which earlier bars.

    Bars count from 1; a pickup does not count.

    Attributes
    ----------
    notes, rhythm : mapping of int to int
        The number of the earlier bar for each bar that returns.
    bars : int
        The number of bars of the piece; 0 if it is not known.
    """

    notes: Mapping[int, int] = field(default_factory=dict)
    rhythm: Mapping[int, int] = field(default_factory=dict)
    bars: int = 0

    def first(self, bars: int) -> BarReturns:
        """Return what returns in the first bars."""
        notes, rhythm = (
            {at: of for at, of in each.items() if at <= bars} for each in (self.notes, self.rhythm)
        )
        return BarReturns(notes, rhythm, min(self.bars, bars))

    def text(self) -> str:
        """Return words such as ``5-8=1-4 9~1``: notes after ``=``, rhythm after ``~``."""
        runs: list[tuple[int, int, str, int]] = []  # first bar, number of bars, sign, first source
        for sign, each in ((NOTES, self.notes), (RHYTHM, self.rhythm)):
            for at, of in sorted(each.items()):
                if runs and runs[-1][2] == sign:
                    first, count, _, source = runs[-1]
                    # A run does not overlap its source: 3-4=1-2, but not 2-4=1-3.
                    if at == first + count and of == source + count < first:
                        runs[-1] = (first, count + 1, sign, source)
                        continue
                runs.append((at, 1, sign, of))
        return " ".join(
            f"{_span(first, count)}{sign}{_span(source, count)}"
            for first, count, sign, source in sorted(runs)
        )

    @classmethod
    def from_text(cls, text: str, bars: int = 0) -> BarReturns:
        """Read the result of `text`.

        Raises
        ------
        PartimentoError
            If a bar returns twice, or what returns is not earlier.

        Examples
        --------
        >>> BarReturns.from_text("3-4=1-2 5~1").notes
        {3: 1, 4: 2}
        """
        found: dict[str, dict[int, int]] = {NOTES: {}, RHYTHM: {}}
        words = re.sub(r"\s*([=~–-])\s*", r"\1", text.replace("–", "-")).split()
        for word in words:
            match = PART.fullmatch(word.strip(",;"))
            if match is None:
                raise PartimentoError(
                    f"{word!r} does not say which bars return: write, for example, 5-8=1-4,"
                    " or 5-8~1-4 for the rhythm alone"
                )
            first, source = int(match[1]), int(match[4])
            last, end = int(match[2] or first), int(match[5] or source)
            if not 1 <= source <= end < first <= last <= MOST or last - first != end - source:
                raise PartimentoError(
                    f"{word!r} does not say which bars return: as many bars must stand earlier"
                )
            for step in range(last - first + 1):
                if any(first + step in each for each in found.values()):
                    raise PartimentoError(f"bar {first + step} cannot return in two ways")
                found[match[3]][first + step] = source + step
        return cls(found[NOTES], found[RHYTHM], bars)


def _span(first: int, count: int) -> str:
    return str(first) if count == 1 else f"{first}-{first + count - 1}"


def bar_contents(piece: Piece) -> list[BarContent | None]:
    """Return what happens in each whole bar; drums are left out.

    None for bars in which nothing sounds, and for those at whose beginning no note begins or ends.
    """
    piece = piece.without_drums()
    events = piece.events
    bars = [bar for bar in piece.bars() if bar.number > 0]
    found: list[BarContent | None] = []
    at, now = 0, Fraction(0)
    for bar in bars:
        while at < len(events) and now < bar.onset:
            now += events[at].duration
            at += 1
        times: list[Fraction] = []
        notes = []
        stop, begins = bar.onset + bar.duration, now == bar.onset
        held_in = begins and at < len(events) and bool(events[at].held)
        while at < len(events) and now < stop:
            event = events[at]
            times.append(now - bar.onset)
            struck = tuple(pitch for pitch in event.chord if pitch not in event.held)
            notes.append((struck, event.held))
            now += event.duration
            at += 1
        held_out = now > stop or (at < len(events) and now == stop and bool(events[at].held))
        sounds = any(struck or held for struck, held in notes)
        content = BarContent(tuple(times), tuple(notes), (not held_in, not held_out))
        found.append(content if begins and sounds else None)
    return found


def bar_returns(piece: Piece, bars: int = MOST) -> BarReturns:
    """Find the bars of a piece that return.

    Each bar is compared with the earlier ones, the bar at the same distance as that of the bar
    before first, then the latest. Only bars of the same length are compared.

    Parameters
    ----------
    piece : Piece
    bars : int
        The number of bars to look at.
    """
    contents = bar_contents(piece)[:bars]
    lengths = [bar.duration for bar in piece.bars() if bar.number > 0]
    notes: dict[int, int] = {}
    rhythm: dict[int, int] = {}
    lag = 0
    for number, content in enumerate(contents, 1):
        if content is None:
            continue
        earlier = list(range(number - 1, 0, -1))
        if 0 < lag < number:
            earlier.insert(0, number - lag)
        same = [
            of
            for of in earlier
            if contents[of - 1] is not None and lengths[of - 1] == lengths[number - 1]
        ]
        for each, is_same in ((notes, _same_notes), (rhythm, _same_rhythm)):
            found = next((of for of in same if is_same(contents[of - 1], content)), 0)
            if found:
                each[number] = found
                lag = number - found
                break
    return BarReturns(notes, rhythm, len(contents))


def _same_notes(one: BarContent | None, other: BarContent) -> bool:
    return one is not None and one == other


def _same_rhythm(one: BarContent | None, other: BarContent) -> bool:
    return one is not None and one.times == other.times and one.kinds == other.kinds
