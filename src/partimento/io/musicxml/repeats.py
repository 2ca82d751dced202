"""Unfold repeats and jumps: find the playing order of the bars of a score."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from partimento.errors import InvalidScoreError
from partimento.io.musicxml.turns import Turns

MOST_BARS = 100_000  # of the unfolded piece
TO_FINE = ("fine", "fine and coda")  # values of `Turns.until`


@dataclass(frozen=True)
class _Ending:
    first: int
    last: int
    passes: tuple[int, ...]


def playing_order(turns: Mapping[int, Turns], bars: int) -> list[int]:
    """Return the indices of the bars in playing order.

    Repeats, endings, da capo and dal segno are unfolded, to the end, to a fine or to a coda. After
    a jump, sections are not repeated, and the last ending is played, until the bar of the jump or
    the coda is reached.

    Parameters
    ----------
    turns : mapping of int to Turns
        By index of the bar.
    bars : int
        Number of written bars.

    Raises
    ------
    InvalidScoreError
        If the result has more than `MOST_BARS` bars, or none.
    """
    order = _Player(_with_signs(_moved(turns, bars)), bars).play()
    if not order:
        raise InvalidScoreError("its endings leave no bar to play")
    return order


def _moved(turns: Mapping[int, Turns], bars: int) -> Mapping[int, Turns]:
    """Move jumps that words state just before the end of a section to that end.

    In the first bar, there is nothing to return from. A sign at the end of the last bar is one of
    that bar.
    """
    moved = dict(turns)
    if beyond := moved.pop(bars, None):
        last = turns.get(bars - 1, Turns())
        coda, segno = last.coda or beyond.coda, last.segno or beyond.segno
        moved[bars - 1] = replace(last, coda=coda, segno=segno)
    for i, turn in list(moved.items()):
        after = moved.get(i + 1, Turns())
        ends = after.times and not (after.forward or after.coda or after.sign or after.endings)
        if turn.by_words and not turn.times and (ends or i == 0):
            names = ("dacapo", "dalsegno", "until", "second", "repeats", "passes")
            moved[i] = replace(turn, **{name: getattr(Turns, name) for name in names})
            if i and not after.jumps:
                moved[i + 1] = replace(after, **{name: getattr(turn, name) for name in names})
    return moved


def _with_signs(turns: Mapping[int, Turns]) -> dict[int, Turns]:
    """Decide what coda signs without words mean.

    Up to the last jump they mean *to coda*, and after it the coda itself.
    """
    last = max((i for i, turn in turns.items() if turn.jumps), default=-1)
    return {
        i: turn
        if not turn.sign
        else replace(turn, tocoda=turn.tocoda or "yes")
        if i <= last
        else replace(turn, coda=turn.coda or "yes")
        for i, turn in turns.items()
    }


class _Player:
    """Play the bars of a score.

    Attributes
    ----------
    start, number : int
        The first bar of the current section, and how often it was played, with this time.
    jump : int or None
        The bar of the last jump, until it is reached again or left for a coda.
    taken : set of int
        The bars whose jumps were made: each is made once.
    left : set of int
        The bars after which the music went to a coda.
    """

    def __init__(self, turns: Mapping[int, Turns], bars: int) -> None:
        self.turns, self.bars = turns, bars
        self.chains = _chains(turns, bars)
        self.endings: dict[int, tuple[_Ending, list[_Ending]]] = {
            i: (ending, chain)
            for chain in self.chains
            for ending in chain
            for i in range(ending.first, ending.last + 1)
        }
        self.passes = _passes(self.chains)
        self.codas, self.segnos, self.movements = (
            sorted(i for i in turns if getattr(turns[i], name))
            for name in ("coda", "segno", "movement")
        )
        self.section_ends = _section_ends(turns, bars)
        self.start, self.number = 0, 1
        self.jump: int | None = None
        self.taken: set[int] = set()
        self.left: set[int] = set()

    def play(self) -> list[int]:
        order: list[int] = []
        following: int | None = 0
        while following is not None and following < self.bars:
            i = following
            turn = self.turns.get(i, Turns())
            if turn.forward and i != self.start:
                self.start, self.number = i, 1
            ending, _ = self.endings.get(i, (None, []))
            if ending and i == ending.first and not self._is_played(ending):
                following = ending.last + 1
                continue
            if turn.segno and i and "segno" in self._until():
                following = self._coda_or_end(i - 1)
                continue
            order.append(i)
            if len(order) > MOST_BARS:
                raise InvalidScoreError(f"with its repeats it is longer than {MOST_BARS} bars")
            following = self._after(i, turn)
        return order

    def _until(self) -> str:
        return self.turns[self.jump].until if self.jump is not None else ""

    def _coda_or_end(self, i: int) -> int | None:
        """Return the bar of the coda after bar `i`; None if the music ends without one."""
        coda = self._coda(i, "") if "coda" in self._until() else None
        if coda is not None:
            self._go_on_at(coda)
        return coda

    def _after(self, i: int, turn: Turns) -> int | None:
        """Return the bar that is played after bar `i`; None if the music ends."""
        jumped, until = self.jump is not None, self._until()
        in_pass = self.number in turn.passes
        if turn.fine and (in_pass if turn.passes else jumped and until in ("", *TO_FINE)):
            return self._coda_or_end(i)
        if turn.tocoda and (in_pass if turn.passes else jumped and until in ("", "coda")):
            coda = self._coda(i, turn.tocoda)
            if coda is not None and not self._is_used(i):
                self.left.add(i)
                self._go_on_at(coda)
                return coda
        repeats = self._repeats(turn)
        if turn.jumps and i not in self.taken and self._is_last_time(i, turn, repeats=repeats):
            self.taken.add(i)
            self.jump, self.start, self.number = i, self._target(i, turn), 1
            return self.start
        if self.jump is not None and i == (self.section_ends[self.jump] or self.jump):
            self.jump = None
        # Some documents lack the repeat between two endings.
        ending, chain = self.endings.get(i, (None, []))
        is_before_another = ending is not None and i == ending.last and ending != chain[-1]
        if (turn.times or is_before_another) and repeats:
            if self.number < self.passes.get(i, turn.times):
                self.number += 1
                return self.start
            self.start, self.number = i + 1, 1
        elif turn.times or (ending is not None and i == ending.last):
            self.start, self.number = i + 1, 1
        return i + 1

    def _is_used(self, i: int) -> bool:
        """Return whether bar `i` was left for a coda before, and a later one was not."""
        return i in self.left and any(
            turn.tocoda and bar > i and bar not in self.left for bar, turn in self.turns.items()
        )

    def _go_on_at(self, bar: int) -> None:
        self.jump, self.start, self.number = None, bar, 1

    def _repeats(self, turn: Turns) -> bool:
        """Return whether sections are repeated now."""
        return self.jump is None or self.turns[self.jump].repeats or turn.after_jump

    def _is_last_time(self, i: int, turn: Turns, *, repeats: bool) -> bool:
        """Return whether the jump of bar `i` is made now: the last time that it is played."""
        if turn.passes:
            return self.number in turn.passes
        end = self.section_ends[i]
        if end is None or not repeats:
            return True
        if i in self.endings:
            return all(number <= self.number for number in self.endings[i][0].passes)
        return self.number >= self.passes.get(end, self.turns[end].times)

    def _target(self, i: int, turn: Turns) -> int:
        """Return the bar to which the jump of bar `i` leads."""
        begin = self._movement(i)
        fines = [bar for bar, there in self.turns.items() if there.fine and bar <= i]
        if fines and max(fines) < begin:  # a trio, after which the menuet is played again
            begin = self._movement(max(fines))
        if turn.dacapo:
            return begin
        earlier = self.segnos[: bisect_right(self.segnos, i)]
        before = [bar for bar in earlier if bar >= begin] or earlier
        if turn.second and len(before) > 1:
            return before[1]
        named = [bar for bar in before if self.turns[bar].segno == turn.dalsegno]
        return (named or before or [begin])[-1]

    def _movement(self, i: int) -> int:
        """Return the first bar of the movement to which bar `i` belongs."""
        at = bisect_right(self.movements, i)
        return self.movements[at - 1] if at else 0

    def _coda(self, i: int, name: str) -> int | None:
        """Return the bar of the coda that is reached from bar `i`; None if there is none.

        Unless it is named, this is the first one after the jump, or else after the bar.
        """
        after = self.codas[bisect_right(self.codas, i) :]
        named = [bar for bar in after if self.turns[bar].coda == name] if name != "yes" else []
        behind = [bar for bar in after if self.jump is not None and bar > self.jump]
        return next(iter([*named[:1], *behind[:1], *after[:1]]), None)

    def _is_played(self, ending: _Ending) -> bool:
        _, chain = self.endings[ending.first]
        last = self.turns.get(chain[-1].last, Turns())
        if any(self._repeats(self.turns.get(member.last, Turns())) for member in chain):
            return self.number in ending.passes
        wanted = [member for member in chain if self._leads_on(member)]
        if wanted:
            return ending == wanted[-1]
        return ending == chain[-1] and (len(chain) > 1 or not last.times)

    def _leads_on(self, ending: _Ending) -> bool:
        """Return whether the fine, or the way to the coda, is in this ending."""
        until = self._until()
        bars = range(ending.first, ending.last + 1)
        return any(
            (self.turns[i].fine and until in ("", *TO_FINE))
            or (self.turns[i].tocoda and until in ("", "coda"))
            for i in bars
            if i in self.turns
        )


def _section_ends(turns: Mapping[int, Turns], bars: int) -> list[int | None]:
    """Return, for each bar, the next bar that ends a repeated section it belongs to."""
    ends: list[int | None] = [None] * bars
    end: int | None = None
    for i in range(bars - 1, -1, -1):
        turn = turns.get(i, Turns())
        end = i if turn.times else end
        ends[i] = end
        end = None if turn.forward else end
    return ends


def _chains(turns: Mapping[int, Turns], bars: int) -> list[list[_Ending]]:
    """Return the endings, grouped into those that follow each other directly."""
    chains: list[list[_Ending]] = []
    first_bars = sorted(i for i in turns if turns[i].endings and i < bars)
    for first, following in zip(first_bars, [*first_bars[1:], bars], strict=False):
        last = _last_of_ending(turns, first, following)
        ending = _Ending(first, last, turns[first].endings)
        if chains and chains[-1][-1].last + 1 == first:
            chains[-1].append(ending)
        else:
            # Some programs leave out the start of the first ending.
            lowest = min(ending.passes)
            is_first = lowest == 1 or not turns.get(first - 1, Turns()).times
            before = [] if is_first else [_Ending(first - 1, first - 1, tuple(range(1, lowest)))]
            chains.append([*before, ending])
    return chains


def _last_of_ending(turns: Mapping[int, Turns], first: int, following: int) -> int:
    """Return the last bar of an ending; `following` is the first bar of the next one.

    The bracket may be shorter than the ending: the repeat before the next ending ends it.
    """
    if following in turns and following - 1 in turns and turns[following - 1].times:
        repeats = [i for i in range(first, following) if i in turns and turns[i].times]
        if repeats == [following - 1]:
            return following - 1
    ends = (
        i for i in range(first, following) if i in turns and (turns[i].closes or turns[i].times)
    )
    return next(ends, first)


def _passes(chains: Sequence[Sequence[_Ending]]) -> dict[int, int]:
    """Map the bars of endings to the number of times that their section is played.

    Several endings in a row state the number: their greatest one. After a single ending, the
    section is played once more without it.
    """
    times_by_bar: dict[int, int] = {}
    for chain in chains:
        most = max(number for ending in chain for number in ending.passes)
        times = most + 1 if len(chain) == 1 else most
        for ending in chain:
            times_by_bar.update(dict.fromkeys(range(ending.first, ending.last + 1), times))
    return times_by_bar
