"""Read the repeats and jumps of each bar from its bar lines and directions."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from partimento.io.musicxml.jumps import jump_of

MOST_TIMES = 64  # repetitions of one section
MOST_PASSES = 99
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
    after_jump : bool
        Whether that section is repeated after a jump, too.
    endings : tuple of int
        The numbers of an ending that begins with the bar: the passes in which it is played.
    closes : bool
        Whether an ending ends with the bar.
    fine, dacapo, dalsegno, segno, tocoda, coda : str
        As in MusicXML's ``sound`` element; empty if absent.
    sign : bool
        Whether a coda sign without words is printed: *to coda*, or the coda itself.
    until : str
        Where the music after the jump of this bar ends (see `jumps.Jump`).
    second, repeats : bool
        As for `jumps.Jump`.
    passes : tuple of int
        The passes in which the jump, the fine or the *to coda* is valid; empty for the usual ones.
    by_words : bool
        Whether the jump is stated by words only. Their place is not exact.
    movement : bool
        Whether a movement begins with the bar.
    """

    forward: bool = False
    times: int = 0
    after_jump: bool = False
    endings: tuple[int, ...] = ()
    closes: bool = False
    fine: str = ""
    dacapo: str = ""
    dalsegno: str = ""
    segno: str = ""
    tocoda: str = ""
    coda: str = ""
    sign: bool = False
    until: str = ""
    second: bool = False
    repeats: bool = False
    passes: tuple[int, ...] = ()
    by_words: bool = False
    movement: bool = False

    @property
    def jumps(self) -> bool:
        return bool(self.dacapo or self.dalsegno)

    def read_repeat(self, repeat: Any) -> None:
        """Read a ``repeat`` element."""
        if repeat.get("direction") == "forward":
            self.forward = True
        elif repeat.get("direction") == "backward":
            times = repeat.get("times", "")
            self.times = (
                min(int(times), MOST_TIMES)
                if times.isascii() and times.isdigit() and len(times) < 9
                else 2
            )
            self.after_jump = repeat.get("after-jump") == "yes"

    def read_sound(self, sound: Any) -> bool:
        """Read a ``sound`` element, and return whether it states a jump."""
        stated = [name for name in JUMPS if sound.get(name, "") not in ("", "no")]
        for name in stated:
            setattr(self, name, sound.get(name))
        if sound.get("forward-repeat") == "yes":
            self.forward = True
        if stated and sound.get("time-only"):
            self.passes = passes_of(sound.get("time-only"))
        return bool(stated)


def passes_of(text: str) -> tuple[int, ...]:
    """Read the numbers of an ending.

    Examples
    --------
    >>> passes_of("1, 2"), passes_of("1-3"), passes_of(" ")
    ((1, 2), (1, 2, 3), ())
    """
    passes: list[int] = []
    for first, last in re.findall(r"\b(\d{1,2})\b\.?(?:\s*[-\u2013]\s*(\d{1,2})\b)?", text):
        passes += range(int(first), min(int(last or first), MOST_PASSES) + 1)
    return tuple(dict.fromkeys(passes))


def read_barline(turns: dict[int, Turns], bar: int, barline: Any) -> None:
    """Read the repeats, endings and signs of a bar line of a bar.

    A section that begins at the right bar line begins with the next bar. One that ends at the left
    bar line ends with the bar before.
    """
    location = barline.get("location", "")
    begins = bar + (location == "right")
    ends = bar - (location == "left" and bar > 0)
    repeat, ending = barline.find("repeat"), barline.find("ending")
    if repeat is not None:
        is_end = repeat.get("direction") == "backward"
        _at(turns, ends if is_end else begins).read_repeat(repeat)
    if ending is not None:
        if ending.get("type") == "start":
            _at(turns, begins).endings = passes_of(ending.get("number", ""))
        else:
            _at(turns, ends).closes = True
    if barline.find("segno") is not None:
        _at(turns, begins).segno = barline.get("segno") or "yes"
    if barline.find("coda") is not None:
        if barline.get("coda"):
            _at(turns, begins).coda = barline.get("coda")
        else:
            _at(turns, bar).sign = True


def read_direction(turns: dict[int, Turns], bar: int, element: Any, *, at_end: bool) -> None:
    """Read the jumps of a ``direction`` or ``sound``.

    `at_end` is whether the bar ends there.
    """
    sounds = [element] if element.tag == "sound" else list(element.iterchildren("sound"))
    read = Turns()
    stated = False
    for sound in sounds:
        stated |= read.read_sound(sound)
    jump = jump_of(element) if element.tag == "direction" else None
    if jump is not None:
        if jump.kind == "sign":
            read.sign = not stated
        elif not stated:
            setattr(read, jump.kind, "yes")
        if read.jumps:
            read.until, read.second, read.repeats = jump.until, jump.second, jump.repeats
            read.by_words = not stated
    if at_end and (read.segno or read.coda):  # they are signs of the bar that follows
        after = _at(turns, bar + 1)
        after.segno, after.coda = after.segno or read.segno, after.coda or read.coda
        read = replace(read, segno="", coda="")
    if read != Turns():
        there = _at(turns, bar)
        for name, value in vars(read).items():
            if value:
                setattr(there, name, value)


def _at(turns: dict[int, Turns], bar: int) -> Turns:
    return turns.setdefault(bar, Turns())
