"""Say which ids the cells of a grid may have, for the sampler of `generate.gibbs`.

Demands on single cells come from the timetable of the constraints: ranges, keys, fixed notes.
Parallels depend on the cells around, and are excluded when a cell is drawn. All other demands are
checked on the finished piece.

Shapes: B candidates, T steps, N voices, V ids of a cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np

from partimento.generate.constraints.base import Constraint, Scene
from partimento.generate.constraints.lines import PartWriting
from partimento.generate.constraints.timetable import FREE, NEW, SILENT, filled
from partimento.generate.constraints.timetable import HOLD as HOLDS_ON
from partimento.short_repr import short_repr
from partimento.tokens.grid_grammar import FIRST_PITCH, HOLD
from partimento.tokens.vocabulary import SPECIAL

PERFECT = (0, 7)  # intervals in semitones, modulo an octave, that must not move in parallel
EIGHTH = Fraction(1, 2)


def allowed_cells(
    tokenizer: Any, steps: int, constraints: Sequence[Constraint], scene: Scene | None
) -> np.ndarray:
    """Return ``(T, N, V)`` bool: the ids that each cell may have.

    Parameters
    ----------
    tokenizer : GridTokenizer
    steps : int
        T.
    constraints : sequence of Constraint
    scene : Scene or None
        Where the constraints apply; None without constraints.
    """
    ids = np.arange(tokenizer.cells)
    usable = (ids >= SPECIAL) & ((ids != HOLD) | tokenizer.holds)
    allowed = np.repeat(usable[None], steps, axis=0)[:, None].repeat(tokenizer.voices, axis=1)
    allowed[0, :, HOLD] = False
    if not constraints or scene is None:
        return allowed
    table = filled(constraints, tokenizer, scene)
    low, high = tokenizer.low, tokenizer.high
    for step in range(min(steps, table.last)):
        allowed[step, :, FIRST_PITCH:] &= table.strike[step, low : high + 1]
        for voice, code in enumerate(table.voices[step].tolist()):
            own = allowed[step, voice]
            if code == SILENT:
                own[FIRST_PITCH:] = False
            elif code == NEW:
                own[HOLD] = False
            elif code == HOLDS_ON and tokenizer.holds:
                own[:] = ids == HOLD
            elif code == HOLDS_ON and step:
                own &= allowed[step - 1, voice]
            elif code != FREE and code != HOLDS_ON:
                own[:] = ids == FIRST_PITCH + code - low
    return allowed


@short_repr
class Parallels:
    """Exclude the pitches of a cell that would move in parallel fifths or octaves.

    Two voices move in parallel if both change their pitch and keep a fifth or an octave, give or
    take octaves. Steps that follow each other are compared, and also
    the eighths of a finer grid.

    Parameters
    ----------
    pairs : str
        ``outer`` or ``all``.
    voices : int
        N.
    frame : Fraction
        Quarters per step.
    """

    def __init__(self, pairs: str, voices: int, frame: Fraction) -> None:
        every = list(combinations(range(voices), 2))
        self.pairs = every if pairs == "all" else [(0, voices - 1)]
        eighth = EIGHTH / frame
        coarse = int(eighth) if eighth.denominator == 1 else 1
        self.spans = tuple(dict.fromkeys((1, coarse)))

    @classmethod
    def of(
        cls, constraints: Sequence[Constraint], voices: int, frame: Fraction
    ) -> Parallels | None:
        """Return the rule that constraints ask for, or None."""
        pairs = {rule.pairs for rule in constraints if isinstance(rule, PartWriting)}
        return cls("all" if "all" in pairs else "outer", voices, frame) if pairs else None

    def others(self, voice: int) -> list[int]:
        """Return the voices that are compared with a voice."""
        return [a + b - voice for a, b in self.pairs if voice in (a, b)]

    def excluded(
        self, pitches: np.ndarray, step: int, voice: int, candidates: np.ndarray
    ) -> np.ndarray:
        """Return which of the pitches would be in parallel to another voice.

        Parameters
        ----------
        pitches : (T, N) int
            The sounding pitches; negative for a rest or an unknown cell.
        step, voice : int
            The cell.
        candidates : (C,) int
            The pitches to choose from; negative for a rest.

        Returns
        -------
        (C,) bool
        """
        bad = np.zeros(len(candidates), bool)
        for span in self.spans:
            if step % span:
                continue
            for near in (step - span, step + span):
                if not 0 <= near < len(pitches) or pitches[near, voice] < 0:
                    continue
                then = pitches[near, voice]
                for other in self.others(voice):
                    now, before = pitches[step, other], pitches[near, other]
                    if now < 0 or before < 0 or now == before:
                        continue
                    gap = (then - before) % 12
                    if _is_perfect(gap, voice, other):
                        moves = (candidates >= 0) & (candidates != then)
                        bad |= moves & ((candidates - now) % 12 == gap)
        return bad

    def violations(self, pitches: np.ndarray) -> list[tuple[int, int]]:
        """Return the cells ``(step, voice)`` to which two voices move in parallel."""
        cells = []
        for span in self.spans:
            rows = pitches[::span]
            before, after = rows[:-1], rows[1:]
            moved = (before != after) & (before >= 0) & (after >= 0)
            for upper, lower in self.pairs:
                gap = (before[:, upper] - before[:, lower]) % 12
                same = gap == (after[:, upper] - after[:, lower]) % 12
                found = moved[:, upper] & moved[:, lower] & same & np.isin(gap, PERFECT)
                for step in np.flatnonzero(found).tolist():
                    cells += [((step + 1) * span, upper), ((step + 1) * span, lower)]
                    cells += [(step * span, upper), (step * span, lower)]
        return list(dict.fromkeys(cells))


def _is_perfect(gap: int, voice: int, other: int) -> bool:
    """Return whether the interval of a voice above or below another one is perfect.

    The interval is counted from the lower voice, as the voices are numbered from the highest down.
    """
    return (gap if voice < other else -gap % 12) in PERFECT
