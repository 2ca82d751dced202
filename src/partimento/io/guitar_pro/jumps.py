"""Translate the jumps and endings of Guitar Pro."""

from __future__ import annotations

import re
from collections.abc import Sequence

from partimento.io.musicxml.turns import Turns

# Targets of jumps, without spaces → the name of the field in `Turns`, and the name of the sign.
TARGETS = {
    "coda": ("coda", "yes"),
    "doublecoda": ("coda", "double"),
    "segno": ("segno", "yes"),
    "segnosegno": ("segno", "double"),
    "fine": ("fine", "yes"),
}
JUMP = re.compile(r"(?P<to>dacapo|dasegnosegno|dasegno)(al(?P<until>fine|coda|doublecoda))?")


def add_target(turns: Turns, name: str) -> None:
    """Add the sign of a bar, such as ``Segno``; unknown signs are ignored."""
    field, sign = TARGETS.get(_plain(name), ("", ""))
    if field:
        setattr(turns, field, sign)


def add_jump(turns: Turns, name: str) -> None:
    """Add the jump of a bar, such as ``Da Capo al Fine``; unknown jumps are ignored."""
    plain = _plain(name)
    if plain in ("dacoda", "dadoublecoda"):
        turns.tocoda = "double" if "double" in plain else "yes"
    elif match := JUMP.fullmatch(plain):
        if match["to"] == "dacapo":
            turns.dacapo = "yes"
        else:
            turns.dalsegno = "double" if match["to"] == "dasegnosegno" else "yes"
        turns.until = (match["until"] or "").removeprefix("double")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


def set_endings(turns: Sequence[Turns]) -> None:
    """Join the bars of an ending, and mark its last bar.

    Each bar of an ending states its passes.
    """
    for i in range(len(turns) - 1, -1, -1):
        turn = turns[i]
        if not turn.endings:
            continue
        following = turns[i + 1] if i + 1 < len(turns) else Turns()
        if following.endings == turn.endings and not turn.times and not following.forward:
            following.endings = ()
        else:
            turn.closes = True
