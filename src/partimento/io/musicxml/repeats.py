"""Unfold repeats and jumps: find the playing order of the bars of a score."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from partimento.errors import InvalidScoreError

MOST_TIMES = 64  # repetitions of one section
MOST_BARS = 100_000  # of the unfolded piece
JUMPS = ("fine", "dacapo", "dalsegno", "segno", "tocoda", "coda")


@dataclass
class Turns:
    """The repeats and jumps of one bar.

    Attributes
    ----------
    forward : bool
        Whether a repeated section begins with the bar.
    times : int
        How often the section that ends with the bar is played; 0 if no section ends here.
    endings : tuple of int
        The numbers of an ending that begins with the bar: the passes in which it is played.
    closes : bool
        Whether an ending ends with the bar.
    fine, dacapo, dalsegno, segno, tocoda, coda : str
        As in MusicXML's ``sound`` element; empty if absent.
    """

    forward: bool = False
    times: int = 0
    endings: tuple[int, ...] = ()
    closes: bool = False
    fine: str = ""
    dacapo: str = ""
    dalsegno: str = ""
    segno: str = ""
    tocoda: str = ""
    coda: str = ""

    def read_barline(self, barline: Any) -> None:
        repeat, ending = barline.find("repeat"), barline.find("ending")
        if repeat is not None and repeat.get("direction") == "forward":
            self.forward = True
        elif repeat is not None and repeat.get("direction") == "backward":
            times = repeat.get("times", "")
            self.times = (
                min(int(times), MOST_TIMES)
                if times.isascii() and times.isdigit() and len(times) < 9
                else 2
            )
        if ending is not None and ending.get("type") == "start":
            self.endings = tuple(
                int(digits) for digits in re.findall(r"\b\d{1,2}\b", ending.get("number", ""))
            )
        elif ending is not None:
            self.closes = True

    def read_sound(self, sound: Any) -> None:
        for name in JUMPS:
            if value := sound.get(name, ""):
                setattr(self, name, value)


@dataclass(frozen=True)
class _Ending:
    first: int
    last: int
    passes: tuple[int, ...]


def playing_order(turns: Mapping[int, Turns], bars: int) -> list[int]:
    """Return the indices of the bars in playing order.

    Repeats, endings, da capo and dal segno are unfolded, to the end, to a fine or to a coda. After
    a jump, sections are not repeated, and the last ending is played.

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
    endings = _endings(turns, bars)
    passes = _passes(endings)
    codas, segnos = (
        sorted(i for i in turns if getattr(turns[i], name)) for name in ("coda", "segno")
    )
    order: list[int] = []
    # `start` is the first bar of the current section, `current_pass` counts from 1.
    start, current_pass, jumped, i = 0, 1, False, 0
    while i < bars:
        turn = turns.get(i, Turns())
        if turn.forward and i != start:
            start, current_pass = i, 1
        ending = endings.get(i)
        if (
            ending
            and i == ending.first
            and not _is_played(ending, turns, current_pass, jumped=jumped)
        ):
            i = ending.last + 1
            continue
        order.append(i)
        if len(order) > MOST_BARS:
            raise InvalidScoreError(f"with its repeats it is longer than {MOST_BARS} bars")
        if jumped and turn.fine:
            break
        target = _jump(turn, codas, segnos, i, jumped=jumped)
        if target is not None:
            i, start, jumped = target, target, True
            continue
        if turn.times and not jumped:
            if current_pass < passes.get(i, turn.times):
                current_pass, i = current_pass + 1, start
                continue
            start, current_pass = i + 1, 1
        elif ending and i == ending.last:
            start, current_pass = i + 1, 1
        i += 1
    if not order:
        raise InvalidScoreError("its endings leave no bar to play")
    return order


def _jump(turn: Turns, codas: list[int], segnos: list[int], i: int, *, jumped: bool) -> int | None:
    """Return the bar that bar `i` jumps to, or None for the next one.

    `codas` and `segnos` are the bars with these signs, sorted.
    """
    if jumped:
        after = bisect_right(codas, i)
        return codas[after] if turn.tocoda and after < len(codas) else None
    if turn.dacapo:
        return 0
    if turn.dalsegno:
        return segnos[0] if segnos and segnos[0] <= i else 0
    return None


def _is_played(
    ending: _Ending, turns: Mapping[int, Turns], current_pass: int, *, jumped: bool
) -> bool:
    if jumped:  # the last ending is the one that no repeat follows
        return not turns.get(ending.last, Turns()).times
    return current_pass in ending.passes


def _endings(turns: Mapping[int, Turns], bars: int) -> dict[int, _Ending]:
    """Map each bar to the ending that it belongs to."""
    ending_by_bar: dict[int, _Ending] = {}
    first_bars = sorted(i for i in turns if turns[i].endings)
    for first, following in zip(first_bars, [*first_bars[1:], bars], strict=False):
        last = next(
            (
                i
                for i in range(first, following)
                if i in turns and (turns[i].closes or turns[i].times)
            ),
            first,
        )
        ending = _Ending(first, last, turns[first].endings)
        ending_by_bar.update(dict.fromkeys(range(first, last + 1), ending))
    return ending_by_bar


def _passes(endings: Mapping[int, _Ending]) -> dict[int, int]:
    """Map the bars of endings to the number of times that their section is played.

    Several endings in a row state the number: their greatest one. After a single ending, the
    section is played once more without it.
    """
    times_by_bar: dict[int, int] = {}
    chain: list[_Ending] = []  # endings that follow each other without a bar between them
    for ending in [*dict.fromkeys(endings[i] for i in sorted(endings)), None]:
        if chain and (ending is None or ending.first != chain[-1].last + 1):
            most = max(number for member in chain for number in member.passes)
            times = most + 1 if len(chain) == 1 else most
            times_by_bar.update(
                (i, times) for member in chain for i in range(member.first, member.last + 1)
            )
            chain = []
        if ending is not None:
            chain.append(ending)
    return times_by_bar
