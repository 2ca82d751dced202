"""Compose on a grid by drawing its cells again and again, each given the others.

First, blocks of many cells are drawn at once, with blocks that get smaller (annealed block Gibbs
sampling, Yao et al. 2014; Huang et al. 2017). The cells of a block do not see each other. Then
every beat of every voice is drawn once more, cell by cell, given all other cells. Rules for
successive cells, such as those against parallels, are kept in this second part.

Known cells never change. Shapes: B candidates, T steps, N voices, V ids of a cell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from partimento.generate.candidates import Generated
from partimento.generate.cell_rules import Parallels, allowed_cells
from partimento.generate.sampler import Sampling, sample_token
from partimento.generate.strategies import Request
from partimento.progress import Progress, silent
from partimento.short_repr import short_repr
from partimento.tokens.grid_grammar import FIRST_PITCH, HEADER, HOLD
from partimento.tokens.vocabulary import END, SPECIAL
from partimento.training.trained_model import TrainedModel

UNKNOWN_PITCH, SILENT = -2, -1
REPAIRS = 24  # rounds in which faults that are left are drawn again


@short_repr
@dataclass(frozen=True)
class Schedule:
    """Say how often cells are drawn, and how many at once.

    Attributes
    ----------
    rounds : int
        Blocks to draw.
    most, least : float
        Share of the unknown cells in the first block, and in the last ones.
    decay : float
        Share of the rounds in which the blocks get smaller.
    sweeps : int
        How often every beat of every voice is drawn once more, cell by cell.
    apart : int
        Beats of a voice that are drawn together are this many beats apart.
    """

    rounds: int = 40
    most: float = 0.95
    least: float = 0.1
    decay: float = 0.8
    sweeps: int = 1
    apart: int = 4

    def shares(self) -> np.ndarray:
        """Return the share of the unknown cells in each block, ``(rounds,)``.

        >>> Schedule(rounds=4, most=0.9, least=0.1, decay=0.5).shares().round(2).tolist()
        [0.9, 0.5, 0.1, 0.1]
        """
        falling = max(self.decay * self.rounds, 1)
        shares = self.most - np.arange(self.rounds) * (self.most - self.least) / falling
        return np.asarray(np.maximum(shares, self.least))


@short_repr
class GridSampler:
    """Draw the unknown cells of a grid.

    Parameters
    ----------
    model : GibbsModel
    facts : (T, 6) int
        See `grid_facts`.
    allowed : (T, N, V) bool
        The ids that each cell may have.
    parallels : Parallels or None
    sampling : Sampling
    seed : int

    Attributes
    ----------
    broken : (B,) int
        After `sample`, the parallels that are left in each candidate.
    on_draw : callable or None
        Called after each draw with the grids and a mask of the drawn cells, ``(B, T, N)`` each.
    """

    def __init__(
        self,
        model: Any,
        facts: np.ndarray,
        allowed: np.ndarray,
        *,
        parallels: Parallels | None = None,
        sampling: Sampling | None = None,
        seed: int = 0,
    ) -> None:
        self.model, self.facts, self.allowed = model, facts, allowed
        self.parallels, self.sampling = parallels, sampling or Sampling()
        self.rng = np.random.default_rng(seed)
        self.beat = max(int(1 / model.tokenizer.frame), 1)
        self.pitches = np.full(model.tokenizer.cells, SILENT)
        self.pitches[FIRST_PITCH:] = np.arange(model.tokenizer.low, model.tokenizer.high + 1)
        self.broken = np.zeros(0, np.int32)
        self.unknown = np.zeros(allowed.shape[:2], bool)
        self.on_draw: Callable[[np.ndarray, np.ndarray], None] | None = None

    def sample(
        self,
        values: np.ndarray,
        known: np.ndarray,
        *,
        candidates: int = 1,
        schedule: Schedule | None = None,
        progress: Progress = silent,
    ) -> np.ndarray:
        """Draw the unknown cells.

        Parameters
        ----------
        values : (T, N) int
            Ids; those of unknown cells are ignored.
        known : (T, N) bool
        candidates : int
            B.
        schedule : Schedule, optional
        progress : Progress, optional
            Called in the stage ``sample``.

        Returns
        -------
        (B, T, N) int32
        """
        schedule = schedule or Schedule()
        grid = np.repeat(values[None], candidates, axis=0).astype(np.int32)
        self.unknown = ~known
        unknown = np.repeat(~known[None], candidates, axis=0)
        places = self._places(~known)
        calls = [order for _ in range(schedule.sweeps) for order in self._sweep(places, schedule)]
        total = schedule.rounds + 1 + len(calls)
        self._draw(grid, unknown, unknown)
        for done, share in enumerate(schedule.shares(), 1):
            block = unknown & (self.rng.random(unknown.shape) < share)
            self._draw(grid, block, block)
            progress("sample", done, total)
        for done, batch in enumerate(calls, schedule.rounds + 1):
            self._redraw(grid, [[*batch] for _ in range(candidates)])
            progress("sample", done, total)
        self._repair(grid)
        progress("sample", total, total)
        return grid

    def _places(self, unknown: np.ndarray) -> list[tuple[int, int]]:
        """Return the beats ``(first step, voice)`` that have unknown cells."""
        length, voices = unknown.shape
        return [
            (first, voice)
            for voice in range(voices)
            for first in range(0, length, self.beat)
            if unknown[first : first + self.beat, voice].any()
        ]

    def _sweep(
        self, places: list[tuple[int, int]], schedule: Schedule
    ) -> list[list[tuple[int, int]]]:
        """Return all places in batches; those of a batch are far apart."""
        groups: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for first, voice in places:
            phase = (first // self.beat) % schedule.apart
            groups.setdefault((phase, voice), []).append((first, voice))
        batches = list(groups.values())
        return [batches[number] for number in self.rng.permutation(len(batches))]

    # ------------------------------------------------------------------ draws

    def _draw(self, grid: np.ndarray, hidden: np.ndarray, chosen: np.ndarray) -> None:
        """Draw the `chosen` cells in place, given all cells that are not `hidden`.

        In a block, all hidden cells are drawn at once. Rules for successive cells cannot be kept
        there, because the neighbors change at the same time.
        """
        facts = np.broadcast_to(self.facts, (len(grid), *self.facts.shape))
        logits = self.model.logits(grid, ~hidden, facts)[chosen]
        allowed = np.broadcast_to(self.allowed, (len(grid), *self.allowed.shape))[chosen]
        if self.parallels is not None and hidden is not chosen:
            allowed = self._without_parallels(grid, hidden, chosen, allowed)
        if len(logits):
            grid[chosen] = sample_token(
                logits,
                allowed,
                self.rng.random(len(logits)),
                self.sampling.to_array(),
                truncates=self.sampling.truncates,
            )
        if self.on_draw is not None:
            self.on_draw(grid, chosen)

    def _without_parallels(
        self, grid: np.ndarray, hidden: np.ndarray, chosen: np.ndarray, allowed: np.ndarray
    ) -> np.ndarray:
        """Take the pitches that would make parallels out of `allowed` ``(C, V)``."""
        assert self.parallels is not None
        allowed = allowed.copy()
        sounding = self.sounding(grid, hidden)
        for row, (number, step, voice) in enumerate(np.argwhere(chosen).tolist()):
            pitches = self.pitches
            if self.model.tokenizer.holds:
                pitches = pitches.copy()
                pitches[HOLD] = sounding[number, step - 1, voice] if step else SILENT
            bad = self.parallels.excluded(sounding[number], step, voice, pitches)
            if (allowed[row] & ~bad).any():
                allowed[row] &= ~bad
        return allowed

    def sounding(self, grid: np.ndarray, hidden: np.ndarray | None = None) -> np.ndarray:
        """Return the sounding pitches ``(B, T, N)``; negative for rests and hidden cells."""
        pitches = self.pitches[grid]
        if self.model.tokenizer.holds:
            steps = np.where(grid != HOLD, np.arange(grid.shape[1])[None, :, None], 0)
            steps = np.maximum.accumulate(steps, axis=1)
            pitches = np.take_along_axis(pitches, steps, axis=1)
        return pitches if hidden is None else np.where(hidden, UNKNOWN_PITCH, pitches)

    def _redraw(self, grid: np.ndarray, places: list[list[tuple[int, int]]]) -> None:
        """Draw beats anew, one list of beats per candidate, cell after cell."""
        hidden = np.zeros(grid.shape, bool)
        for number, own in enumerate(places):
            for first, voice in own:
                hidden[number, first : first + self.beat, voice] = True
        hidden &= self.unknown
        if not hidden.any():
            return
        for offset in range(self.beat):
            chosen = hidden & (np.arange(grid.shape[1]) % self.beat == offset)[None, :, None]
            if chosen.any():
                self._draw(grid, hidden, chosen)
                hidden &= ~chosen

    # ------------------------------------------------------------------ repairs

    def _repair(self, grid: np.ndarray) -> None:
        """Draw beats with parallels again, until none is left or the tries are used up."""
        self.broken = np.zeros(len(grid), np.int32)
        if self.parallels is None:
            return
        for _ in range(REPAIRS):
            faults = [self.parallels.violations(pitches) for pitches in self.sounding(grid)]
            faults = [[cell for cell in own if self.unknown[cell]] for own in faults]
            if not any(faults):
                break
            places = []
            for own in faults:
                # One fault in every few beats, so that neighbors are not drawn at once.
                taken: list[tuple[int, int]] = []
                for index in self.rng.permutation(len(own)).tolist():
                    step, voice = own[index]
                    first = step - step % self.beat
                    if all(abs(first - other) > self.beat for other, _ in taken):
                        taken.append((first, voice))
                places.append(taken)
            self._redraw(grid, places)
        left = [self.parallels.violations(pitches) for pitches in self.sounding(grid)]
        self.broken = np.array(
            [sum(bool(self.unknown[cell]) for cell in own) for own in left], np.int32
        )


@short_repr
class GibbsStrategy:
    """Compose by drawing the cells of a grid; the events of the prompt are known."""

    keeps_prompt = True
    has_targets = False

    def compose(self, trained: TrainedModel, request: Request, seed: int) -> Generated:
        """Compose candidates; rows after the prompt are unknown."""
        tokenizer: Any = trained.tokenizer
        limits = request.limits
        prompt = request.prompt.ids
        if limits.total >= 0:
            steps = -(-limits.total // tokenizer.frame.numerator)
        else:  # a length in events: on average, one begins on every beat, or more often
            steps = (limits.events - 1) * max(int(1 / tokenizer.frame), 1)
        rows = np.full((HEADER + steps + 1, tokenizer.voices + 1), SPECIAL, np.int32)
        rows[-1] = END
        rows[: len(prompt)] = prompt[: len(rows) - 1]
        known = np.zeros((steps, tokenizer.voices), bool)
        known[: max(len(prompt) - HEADER, 0)] = True
        sampler = GridSampler(
            trained.model,
            tokenizer.facts(rows)[HEADER:-1],
            allowed_cells(tokenizer, steps, request.constraints, request.scene),
            parallels=Parallels.of(request.constraints, tokenizer.voices, tokenizer.frame),
            sampling=request.sampling,
            seed=seed,
        )
        cells = rows[HEADER:-1, : tokenizer.voices]
        grid = sampler.sample(cells, known, candidates=request.candidates)
        ids = np.repeat(rows[None], request.candidates, axis=0)
        ids[:, HEADER:-1, : tokenizer.voices] = grid
        if limits.total < 0:
            ids = _cut(tokenizer, ids, limits.events - 1)
        count = request.candidates
        # The length of a grid is given, so that all candidates end equally well.
        return Generated(
            ids,
            np.zeros(count, np.float32),
            np.minimum(sampler.broken, 1).astype(np.int32),
            np.full(count, np.nan, np.float32),
        )


def _cut(tokenizer: Any, ids: np.ndarray, events: int) -> np.ndarray:
    """Return the rows of at most `events` events of each candidate, padded after them."""
    cut = np.zeros_like(ids)
    for number, rows in enumerate(ids):
        kept = tokenizer.prompt(rows, events)
        cut[number, : len(kept)] = kept
        cut[number, len(kept)] = END
    return cut
