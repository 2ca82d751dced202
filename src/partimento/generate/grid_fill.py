"""Fill bars with a model of a grid, which sees the music on both sides of the gap.

All cells outside the gap are known, and so are kept parts and notes that sound over its edges. The
sampler (`generate.gibbs`) draws the others. Candidates are samples of what the model expects
between both sides: they need not be weighed by the music that follows.

New notes lie on the grid, but touch the notes that stay, wherever these begin and end.

Shapes: B candidates, T steps that are read, N voices, V ids of a cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from partimento.analysis.part_writing import part_writing
from partimento.errors import PartimentoError
from partimento.generate.around import View
from partimento.generate.cell_rules import Parallels, allowed_cells
from partimento.generate.constraints.base import Constraint, Scene, report_on
from partimento.generate.constraints.fixed import FixedNotes
from partimento.generate.constraints.lines import PartWriting
from partimento.generate.constraints.parts import PartRanges
from partimento.generate.constraints.timetable import check_possible
from partimento.generate.fill_request import Filled, FillRequest
from partimento.generate.gibbs import GridSampler, Schedule
from partimento.generate.grid_gap import GridView, read_gap, staying_notes
from partimento.generate.grid_lines import cell_nats
from partimento.music.change import Change
from partimento.music.excerpt import cut_between
from partimento.music.notes import Note, Notes
from partimento.music.piece import Piece
from partimento.progress import Progress
from partimento.short_repr import short_repr
from partimento.tokens.grid_facts import on_beat
from partimento.tokens.grid_grammar import FIRST_PITCH, HOLD
from partimento.training.trained_model import TrainedModel

BATCH = 8  # candidates that are sampled together
ORDERS = 4  # choices of hidden cells by which the nats of a candidate are estimated
AVOIDED = 20.0  # parallels per 1,000 moving pairs; music with more does not avoid them


@short_repr
@dataclass(frozen=True)
class GridFill:
    """Draw the cells of a gap, each given the others and the music on both sides.

    Parallel fifths and octaves are excluded in the gap and at its edges, unless the piece has many.

    Attributes
    ----------
    candidates, weighs
        See `FillStrategy`.
    schedule : Schedule or None
        See `GridSampler`.
    """

    candidates: int = 16
    weighs: bool = False
    schedule: Schedule | None = None

    def fill(self, trained: TrainedModel, request: FillRequest, seed: int) -> Filled:
        """Return candidates that keep all locked notes.

        Raises
        ------
        PartimentoError
            If the lines of the piece do not fit the voices of the model, or no candidate meets the
            demands.
        """
        view = request.view
        read = read_gap(trained, view)
        rules = [_on_voices(rule, read) for rule in request.constraints]
        scene = view.scene(trained, view.limits(trained.tokenizer.grid))
        back = -view.item.interval
        shown = [rule.transposed(back) for rule in request.constraints]
        check_possible(rules, trained.tokenizer, scene, shown=shown)
        allowed = _allowed(read, rules, scene)
        if not (allowed.any(axis=-1) | ~read.unknown).all():
            raise PartimentoError(f"no notes can meet all demands: {_names(shown)}")
        wishes = () if _has_parallels(view.piece) else (PartWriting("all"),)
        grids, broken = self._grids(read, allowed, request, (*rules, *wishes), seed)
        nats = gap_nats(read, grids, seed)
        changes = [view.change(_decoded(view, read, grid)) for grid in grids]
        met = [_meets(change, view, request.constraints, scene) for change in changes]
        if not any(met):
            raise PartimentoError(
                f"none of {len(met)} candidates met all demands: {_names(shown)}; a model that"
                " composes note by note, such as chorales, meets them while it composes"
            )
        whole = [i for i, holds in enumerate(met) if holds and not broken[i]]
        kept = whole or [i for i, holds in enumerate(met) if holds]
        return Filled([changes[i] for i in kept], nats[kept], np.zeros(len(kept)), wishes)

    def _grids(
        self,
        read: GridView,
        allowed: np.ndarray,
        request: FillRequest,
        rules: Sequence[Constraint],
        seed: int,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return grids ``(B, T, N)``, and the parallels left in each ``(B,)``."""
        tokenizer = read.model.tokenizer
        grids, broken = [], []
        parallels = Parallels.of(rules, tokenizer.voices, read.frame)
        count = -(-request.candidates // BATCH)
        for number in range(count):
            sampler = GridSampler(
                read.model,
                read.facts,
                allowed,
                parallels=parallels,
                sampling=request.sampling,
                seed=seed + number * 2**32,
            )
            grids.append(
                sampler.sample(
                    read.cells,
                    ~read.unknown,
                    # All batches have one size, as models are compiled for each.
                    candidates=min(BATCH, request.candidates),
                    schedule=self.schedule,
                    progress=_part_of(request.progress, number, count),
                )
            )
            broken.append(sampler.broken if len(sampler.broken) else np.zeros(len(grids[-1]), int))
        return np.concatenate(grids)[: request.candidates], np.concatenate(broken)


def _part_of(progress: Progress, number: int, count: int) -> Progress:
    def report(stage: str, done: int, total: int, /) -> None:
        progress("compose", number * total + done, count * total)

    return report


def _names(rules: Sequence[Constraint]) -> str:
    return " and ".join(map(repr, rules)) or "those of the notes that stay"


# ---------------------------------------------------------------------- demands


def _on_voices(rule: Constraint, read: GridView) -> Constraint:
    """Return a demand on the voices and in the octave of the model."""
    rule = rule.transposed(read.octaves)
    voice_of = {read.lines[i].part: read.voices[i] for i in reversed(range(len(read.lines)))}
    if isinstance(rule, PartRanges):
        ranges: list[tuple[int, int]] = [(0, 127)] * read.cells.shape[1]
        for line, voice in zip(read.lines, read.voices, strict=True):
            if line.part >= len(rule.ranges):
                raise PartimentoError(f"{rule!r}: the piece has more parts")
            ranges[voice] = (int(rule.ranges[line.part][0]), int(rule.ranges[line.part][1]))
        return replace(rule, ranges=ranges)
    if not isinstance(rule, FixedNotes):
        return rule
    missing = [part for part in rule.parts if part not in voice_of]
    if missing:
        raise PartimentoError(f"{rule!r}: part {missing[0]} is none of those that are composed")
    notes = [(n[0], n[1], n[2], voice_of[n[3]]) for n in rule.notes]
    return replace(rule, notes=notes, parts=[voice_of[part] for part in rule.parts])


def _allowed(read: GridView, rules: Sequence[Constraint], scene: Scene) -> np.ndarray:
    """Return the ids that each cell may have, ``(T, N, V)`` bool."""
    steps = read.first + len(read.cells)
    allowed = allowed_cells(read.model.tokenizer, steps, rules, scene)[read.first :]
    begins = read.unknown & ~np.concatenate([np.zeros_like(read.unknown[:1]), read.unknown[:-1]])
    allowed[begins, HOLD] = False
    pitches = np.arange(read.model.tokenizer.low, read.model.tokenizer.high + 1)
    for rule in rules:
        if isinstance(rule, PartRanges):
            low, high = np.array(rule.ranges, int).T[:, :, None]
            allowed[:, :, FIRST_PITCH:] &= (low <= pitches) & (pitches <= high)
    return allowed


def _has_parallels(piece: Piece) -> bool:
    """Return whether a piece has so many parallels that it does not avoid them."""
    counts = part_writing(piece.without_drums())
    found = counts.parallel_fifths + counts.parallel_octaves
    return 1000 * found > AVOIDED * max(counts.moving_pairs, 1)


def _meets(change: Change, view: View, rules: Sequence[Constraint], scene: Scene) -> bool:
    if not rules:
        return True
    local = cut_between(change.applied(view.item.moved), Fraction(0), view.end)
    return report_on(local, rules, scene).holds


# ---------------------------------------------------------------------- candidates


def gap_nats(read: GridView, grids: np.ndarray, seed: int) -> np.ndarray:
    """Estimate the nats per note of each candidate, given both sides, ``(B,)``.

    The cells of the gap are put in random orders. At a few places of each, the mean over the cells
    that follow is the expected cost of the next one.

    Parameters
    ----------
    read : GridView
    grids : (B, T, N) int32
    seed : int
    """
    count = int(read.unknown.sum())
    rng = np.random.default_rng([seed, 5])
    total = np.zeros(len(grids))
    for order in range(ORDERS):
        rank = np.full(read.unknown.shape, -1)
        rank[read.unknown] = rng.permutation(count)
        number = int((order + rng.random()) / ORDERS * count)  # of cells that are known
        hidden = np.repeat((rank >= number)[None], len(grids), axis=0)
        for first in range(0, len(grids), BATCH):
            part = slice(first, first + BATCH)
            nats = cell_nats(read.model, grids[part], ~hidden[part], read.facts)
            total[part] += nats[:, rank >= number].mean(axis=1) * count
    starts = grids[:, 1:] != (HOLD if read.model.tokenizer.holds else grids[:, :-1])
    notes = (starts & read.unknown[1:]).sum(axis=(1, 2))
    return np.asarray(total / ORDERS / np.maximum(notes, 1))


def _decoded(view: View, read: GridView, grid: np.ndarray) -> Piece:
    """Return the new notes of a candidate, in the parts of the view."""
    sampler = GridSampler(read.model, read.facts, np.zeros((1, 1, 1), bool))
    pitches = sampler.sounding(grid[None])[0]
    changes = np.concatenate([np.ones_like(pitches[:1], bool), pitches[1:] != pitches[:-1]])
    tokenizer = read.model.tokenizer
    struck = changes | (grid > HOLD) if tokenizer.holds else changes.copy()
    if tokenizer.repeats and not tokenizer.holds:
        # Cells do not say what is struck again: all voices follow the highest one, as in a hymn.
        top = read.voices[read.composed[0]]
        leads = read.leads if read.leads.any() else changes[:, top] & on_beat(read.facts)
        struck = struck | leads[:, None]
    # No note is held over the end of a phrase.
    ends = [int(t / read.frame) - read.first for t in view.item.moved.phrase_ends]
    struck[[step for step in ends if 0 <= step < len(struck)]] = True
    notes = [
        note
        for i in read.composed
        for note in _line_notes(view, read, i, pitches[:, read.voices[i]], struck)
    ]
    moved = view.item.moved
    piece = moved.replace(notes=Notes(notes), score=None)
    tops = [note for note in notes if note.part == read.lines[read.composed[0]].part]
    fermatas = {
        note.onset for time in moved.fermatas for note in tops if note.onset <= time < note.end
    }
    return piece.replace(fermatas=tuple(sorted(fermatas)))


def _line_notes(
    view: View, read: GridView, number: int, pitches: np.ndarray, struck: np.ndarray
) -> Iterator[Note]:
    """Yield the new notes of a line."""
    line, voice = read.lines[number], read.voices[number]
    staying = staying_notes(line, view)
    unknown = read.unknown[:, voice]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], unknown, [False]]).astype(int)))
    for first, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        # New notes touch those that stay, even between two steps.
        left, right = (read.first + first) * read.frame, (read.first + stop) * read.frame
        left = max([view.begin, *(n.end for n in staying if n.onset < left and n.end <= left)])
        right = min([view.end, *(n.onset for n in staying if n.onset > left)])
        starts = [first, *(t for t in range(first + 1, stop) if struck[t, voice])]
        for start, end in zip(starts, [*starts[1:], stop], strict=True):
            pitch = int(pitches[start])
            onset = left if start == first else (read.first + start) * read.frame
            finish = right if end == stop else (read.first + end) * read.frame
            finish = min(finish, right)
            if pitch >= 0 and onset < finish:
                yield Note(
                    onset, finish - onset, pitch - read.octaves, part=line.part, voice=line.voice
                )
