"""Read a gap as a model of a grid does: with the music on both sides.

All cells outside the gap are known, and so are kept parts and notes that sound over its edges.
Notes that begin between two steps of the grid are read at the next step.

Shapes: B candidates, T steps that are read, L lines, N voices, V ids of a cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any, NamedTuple

import numpy as np

from partimento.errors import PartimentoError
from partimento.generate.around import View
from partimento.generate.grid_lines import (
    Line,
    choose_voices,
    line_grid,
    lines_of,
    needed_lines,
    spread_over,
)
from partimento.music.names import pitch_name
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Meter, from_start
from partimento.music.transpose import transpose
from partimento.short_repr import short_repr
from partimento.tokens.grid_facts import grid_facts, on_beat
from partimento.tokens.grid_grammar import FERMATA, HEADER, HOLD
from partimento.tokens.note_grammar import NONE
from partimento.tokens.vocabulary import SPECIAL
from partimento.training.trained_model import TrainedModel

OCTAVES = (0, 12, -12, 24, -24)
BLOCK = 64  # models are compiled for lengths that are a multiple of this
AROUND = 64  # at least so many steps are read on each side


@short_repr
class Unseen(NamedTuple):
    """A model that never reads certain voices, as no line of the piece has them.

    Attributes
    ----------
    model : GibbsModel
    voices : tuple of int
    """

    model: Any
    voices: tuple[int, ...]

    @property
    def tokenizer(self) -> Any:
        """The tokenizer of the model."""
        return self.model.tokenizer

    def logits(self, values: Any, known: Any, facts: Any) -> np.ndarray:
        """Return the logits of each cell, ``(B, T, N, V)``; see `GibbsModel.logits`."""
        known = np.array(known)
        known[..., list(self.voices)] = False
        return np.asarray(self.model.logits(values, known, facts))


@short_repr
@dataclass(frozen=True)
class GridView:
    """Hold a gap as the model reads it.

    Attributes
    ----------
    model : Unseen
    lines : tuple of Line
        At the pitches that the model reads.
    voices : tuple of int
        The voice of each line.
    composed : tuple of int
        The indices of the lines that are composed.
    octaves : int
        Semitones, in whole octaves, from those pitches to those that the model reads.
    first : int
        The step of the view at which reading begins.
    cells : (T, N) int32
    unknown : (T, N) bool
    facts : (T, 6) int16
    leads : (T,) bool
        The beats at which a kept line is struck, or all False.
    """

    model: Unseen
    lines: tuple[Line, ...]
    voices: tuple[int, ...]
    composed: tuple[int, ...]
    octaves: int
    first: int
    cells: np.ndarray
    unknown: np.ndarray
    facts: np.ndarray
    leads: np.ndarray

    @property
    def frame(self) -> Fraction:
        """Quarters per step."""
        frame: Fraction = self.model.tokenizer.frame
        return frame


def read_gap(trained: TrainedModel, view: View) -> GridView:
    """Return a gap as a model of a grid reads it.

    Raises
    ------
    PartimentoError
        If the bar lines are not on the grid, or the lines do not fit the voices of the model.
    """
    tokenizer: Any = trained.tokenizer
    frame: Fraction = tokenizer.frame
    if getattr(trained.settings.model, "melody_only", False):
        raise PartimentoError(
            "this run has only learned to read a melody, and cannot fill bars: use coconet or"
            " deepbach"
        )
    if (view.begin / frame).denominator != 1:
        raise PartimentoError(
            f"these bars begin between two steps of the model, which last {frame} of a quarter:"
            " use another model, such as chorales"
        )
    octaves = _best_octave(view, tokenizer)
    moved = view.item.moved.replace(length=max(view.length, view.end), score=None)
    moved = transpose(moved, octaves) if octaves else moved
    window = _window(moved, view, frame)
    span = (window.start * frame, window.stop * frame)
    lines = needed_lines(lines_of(moved), tokenizer.voices, view.gap.parts, span)
    composed = tuple(i for i, line in enumerate(lines) if line.part in view.gap.parts)
    grid, _, struck = line_grid(moved, lines, tokenizer)
    unknown = np.zeros(grid.shape, bool)
    unknown[int(view.begin / frame) : ceil(view.end / frame), list(composed)] = True
    for i in composed:
        for note in staying_notes(lines[i], view):
            unknown[ceil(note.onset / frame) : ceil(note.end / frame), i] = False
    if not unknown.any():
        raise PartimentoError("all notes of these bars sound over their ends: nothing is composed")
    grid = _without_open_holds(grid, unknown, line_grid(moved, lines, tokenizer)[1], tokenizer)
    grid, unknown, struck = grid[window], unknown[window], struck[window]
    facts = _facts(trained, view, moved)[window]
    kept = [i for i in range(len(lines)) if i not in composed]
    leads = struck[:, kept[0]] & on_beat(facts) if kept else np.zeros(len(facts), bool)
    voices = choose_voices(trained.model, grid, ~unknown, facts)
    absent = tuple(voice for voice in range(tokenizer.voices) if voice not in voices)
    spread = np.zeros((len(grid), tokenizer.voices), bool)
    spread[:, list(voices)] = unknown
    return GridView(
        Unseen(trained.model, absent),
        tuple(lines),
        voices,
        composed,
        octaves,
        window.start,
        spread_over(grid, voices, tokenizer.voices),
        spread,
        facts,
        leads,
    )


def staying_notes(line: Line, view: View) -> list[Note]:
    """Return the notes of a composed line that sound over an end of the gap."""
    return [
        note
        for note in line.notes
        if note.onset < view.end
        and note.end > view.begin
        and (note.onset < view.begin or note.end > view.end)
    ]


def _best_octave(view: View, tokenizer: Any) -> int:
    """Return the shift, in whole octaves, that brings most notes into the range."""
    pitches = view.item.moved.notes.pitch
    inside = {
        shift: int(((pitches + shift >= tokenizer.low) & (pitches + shift <= tokenizer.high)).sum())
        for shift in OCTAVES
        if not len(pitches) or (pitches.min() + shift >= 0 and pitches.max() + shift <= 127)
    }
    best = max(inside, key=lambda shift: inside[shift])  # the first, if several are equal
    if len(pitches) and 2 * inside[best] < len(pitches):
        raise PartimentoError(
            "the range of the piece is too wide for the model, which writes"
            f" {pitch_name(tokenizer.low)} to {pitch_name(tokenizer.high)}: use another model"
        )
    return best


def _window(piece: Piece, view: View, frame: Fraction) -> slice:
    """Return the steps to read: the gap, and the music around it in its meter."""
    begin, end = int(view.begin / frame), ceil(view.end / frame)
    meters = from_start(piece.meters, Meter())
    bar = [meter for meter in meters if meter.onset <= view.begin][-1].bar_ql
    others = [m.onset for m in meters if m.onset >= view.end and m.bar_ql != bar]
    last = ceil(min([piece.length, *others]) / frame)
    size = -(-(end - begin + 2 * AROUND) // BLOCK) * BLOCK
    first = max(begin - (size - (end - begin)) // 2, 0)
    stop = min(first + size, last)
    return slice(max(stop - size, 0), stop)


def _facts(trained: TrainedModel, view: View, piece: Piece) -> np.ndarray:
    """Return what the model knows of each step of a piece, ``(T, 6)``.

    Meter, key and fermatas are those of the piece, even if no training piece has this meter. A
    model that learned from pieces without fermatas cannot read them: none is marked.
    """
    tokenizer: Any = trained.tokenizer
    frame: Fraction = tokenizer.frame
    marks = np.full(HEADER + ceil(piece.length / frame), SPECIAL)
    marked = (record.opening[HEADER:, -1] for record in trained.pieces)
    knows = any((column == FERMATA).any() for column in marked)
    for time in piece.fermatas if knows else ():
        if time < piece.length:
            marks[HEADER + int(time // frame)] = FERMATA
    key = view.prompt.header_key or view.prompt.key
    header = tokenizer.in_key(np.zeros((HEADER, tokenizer.voices + 1), int), key)
    bar = view.prompt.reference.meter.bar_ql
    number = int(header[-1, -1]) - SPECIAL
    return grid_facts(marks, frame=frame, bar=bar, pickup=piece.pickup, key=number)[HEADER:]


def _without_open_holds(
    grid: np.ndarray, unknown: np.ndarray, pitches: np.ndarray, tokenizer: Any
) -> np.ndarray:
    """Return the cells ``(T, L)``; none goes on from an unknown one."""
    after = np.concatenate([np.zeros_like(unknown[:1]), unknown[:-1]]) & ~unknown & (grid == HOLD)
    return np.where(after, tokenizer.pitch_ids(np.where(pitches < 0, NONE, pitches)), grid)
