"""Complete a piece: write the unknown cells of its grid, and keep all other notes.

To harmonize, the melody is known. To fill bars, all others are. To vary, some notes are unknown.
`complete` does all three with any model of a grid. Shapes: T steps, N voices.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from partimento.errors import PartimentoError
from partimento.generate.cell_rules import Parallels, allowed_cells
from partimento.generate.constraints.base import Constraint, Scene, check_constraints
from partimento.generate.gibbs import GridSampler, Schedule
from partimento.generate.own_corpus import with_own_corpus
from partimento.generate.sampler import Sampling
from partimento.models.base import Gibbs
from partimento.music.notes import Note, Notes
from partimento.music.piece import Piece
from partimento.music.transpose import transpose
from partimento.progress import Progress, silent
from partimento.short_repr import short_repr
from partimento.tokens.event_tokens import final_key
from partimento.tokens.grid_facts import on_beat
from partimento.tokens.grid_grammar import HEADER
from partimento.tokens.note_grammar import NONE
from partimento.tokens.vocabulary import SPECIAL, UNKNOWN
from partimento.tokens.voices import sampled_grid
from partimento.training.dataset import in_common_key
from partimento.training.trained_model import TrainedModel

SHIFTS = (0, *(sign * octaves for octaves in (12, 24) for sign in (1, -1)))


def completes(trained: TrainedModel) -> bool:
    """Return True if a model can complete pieces, as models of a grid can."""
    return Gibbs in trained.model_class.capabilities


@short_repr
class Placed(NamedTuple):
    """Hold a piece whose parts are the voices of a model, and its grid.

    Attributes
    ----------
    piece : Piece
        With one part per voice; parts that were not given are empty.
    ids : (S, N + 1) int32
        The rows of the piece, moved by `shift` semitones.
    shift : int
    parts : tuple of int
        The voice of each part of the original piece.
    """

    piece: Piece
    ids: np.ndarray
    shift: int
    parts: tuple[int, ...]

    @property
    def cells(self) -> np.ndarray:
        """Return the cells ``(T, N)``."""
        return self.ids[HEADER:-1, :-1]


def place(trained: TrainedModel, piece: Piece, voices: Sequence[int] | None = None) -> Placed:
    """Return a piece whose parts are the voices of a model of a grid.

    Parameters
    ----------
    trained : TrainedModel
    piece : Piece
    voices : sequence of int, optional
        The voice of each part, from the highest (0) down. By default, part 0 is voice 0 and so on.

    Raises
    ------
    PartimentoError
        If the model is none of a grid, or the piece is empty. Also if it has more parts than the
        model has voices, or does not fit its range in any octave.
    """
    if not completes(trained):
        raise PartimentoError(
            f"a run of {trained.settings.name} cannot complete a piece: use one of a grid, such as"
            " coconet or deepbach"
        )
    tokenizer: Any = trained.tokenizer
    voices = tuple(range(len(piece.parts)) if voices is None else voices)
    if not len(piece.notes):
        raise PartimentoError("there are no notes to complete")
    if len(voices) != len(piece.parts) or len({*voices}) < len(voices):
        raise PartimentoError(f"{len(piece.parts)} parts need {len(piece.parts)} different voices")
    if max(voices) >= tokenizer.voices:
        raise PartimentoError(
            f"the model writes {tokenizer.voices} voices, and the piece has {len(piece.parts)}"
            " parts"
        )
    parts = [*tokenizer.parts]
    for part, voice in zip(piece.parts, voices, strict=True):
        parts[voice] = part
    notes = [
        replace(note, part=voices[note.part]) if note.part != voices[note.part] else note
        for note in piece.notes
    ]
    placed = piece.replace(notes=Notes(notes), parts=tuple(parts))
    ids, shift = _in_range(trained, placed)
    return Placed(placed, ids, shift, voices)


def _in_range(trained: TrainedModel, piece: Piece) -> tuple[np.ndarray, int]:
    """Return the rows of a piece, moved to where the model knows its notes."""
    item = in_common_key(piece, trained.settings.tokens.transpose)
    for octaves in SHIFTS:
        shift = item.interval + octaves
        low, high = int(piece.notes.pitch.min()) + shift, int(piece.notes.pitch.max()) + shift
        if low < 0 or high > 127:
            continue
        moved = transpose(piece, shift)
        ids = trained.tokenizer.encode(moved).ids
        if not moved.keys:  # a composer knows the key, even if the score does not state it
            ids = trained.tokenizer.in_key(ids, final_key(moved))
        if not (ids[HEADER:-1] == UNKNOWN).any():
            return ids, shift
    raise PartimentoError("the range of the piece is too wide for the model")


def unknown_cells(
    trained: TrainedModel,
    placed: Placed,
    *,
    bars: slice | None = None,
    keep: Sequence[int] = (),
) -> np.ndarray:
    """Return the cells to write, ``(T, N)`` bool.

    Parameters
    ----------
    trained : TrainedModel
    placed : Placed
    bars : slice, optional
        The bars to write in all voices, numbered as in print from 1; ``slice(5, 9)`` is bars 5 to
        8. By default, the voices that were not given are written in all bars.
    keep : sequence of int
        Voices that stay as they are.
    """
    tokenizer: Any = trained.tokenizer
    unknown = np.zeros(placed.cells.shape, bool)
    if bars is None:
        unknown[:, [v for v in range(tokenizer.voices) if v not in placed.parts]] = True
    else:
        for bar in placed.piece.bars():
            if bars.start <= bar.number < bars.stop:
                first, last = bar.onset / tokenizer.frame, (bar.onset + bar.duration)
                unknown[int(first) : int(-(-last // tokenizer.frame))] = True
        if not unknown.any():
            raise PartimentoError(f"the piece has no bars {bars.start} to {bars.stop - 1}")
    unknown[:, list(keep)] = False
    return unknown


def complete(
    trained: TrainedModel,
    placed: Placed,
    unknown: np.ndarray,
    *,
    candidates: int = 1,
    seed: int = 0,
    sampling: Sampling | None = None,
    constraints: Sequence[Constraint] = (),
    schedule: Schedule | None = None,
    progress: Progress = silent,
) -> list[Piece]:
    """Write the unknown cells of a piece; all notes of known cells stay as they are.

    Notes that reach into unknown cells are cut there.

    Parameters
    ----------
    trained : TrainedModel
        A model of a grid.
    placed : Placed
        See `place`.
    unknown : (T, N) bool
        See `unknown_cells`.
    candidates : int
        The number of pieces to write.
    seed : int
        The same arguments and seed give the same notes.
    sampling : Sampling, optional
        By default that of the run's settings.
    constraints : sequence of Constraint
        On sounding pitches. Demands on single notes and `PartWriting` are kept while sampling.
        Others are not; check them with `report_on`.
    schedule : Schedule, optional
    progress : Progress, optional

    Returns
    -------
    list of Piece
    """
    tokenizer: Any = trained.tokenizer
    rules = with_own_corpus(check_constraints(constraints), trained)
    moved = [rule.transposed(placed.shift) for rule in rules]
    steps = len(placed.cells)
    scene = Scene(
        grid=tokenizer.grid,
        total=steps * tokenizer.frame.numerator,
        bar=int(placed.piece.first_meter.bar_ql * tokenizer.grid),
        pickup=int(placed.piece.pickup * tokenizer.grid),
    )
    allowed = allowed_cells(tokenizer, steps, moved, scene)
    if not (allowed.any(axis=-1) | ~unknown).all():
        names = " and ".join(map(repr, rules))
        raise PartimentoError(f"no notes can meet all constraints: {names}")
    facts = tokenizer.facts(placed.ids)[HEADER:-1]
    sampler = GridSampler(
        trained.model,
        facts,
        allowed,
        parallels=Parallels.of(moved, tokenizer.voices, tokenizer.frame),
        sampling=sampling or trained.settings.sample,
        seed=seed,
    )
    known = ~unknown & (placed.cells >= SPECIAL)
    grids = sampler.sample(
        placed.cells, known, candidates=candidates, schedule=schedule, progress=progress
    )
    return [_assembled(trained, placed, unknown, grid, facts) for grid in grids]


def _assembled(
    trained: TrainedModel,
    placed: Placed,
    unknown: np.ndarray,
    cells: np.ndarray,
    facts: np.ndarray,
) -> Piece:
    """Return the piece with the notes of its known cells, and new ones in the others."""
    tokenizer: Any = trained.tokenizer
    frame, piece = tokenizer.frame, placed.piece
    ids = placed.ids.copy()
    ids[HEADER:-1, :-1] = cells
    pitches, struck, _ = tokenizer.cells_of(ids)
    if tokenizer.repeats and not tokenizer.holds:
        # Cells do not say what is struck again. The given notes do, and others follow them.
        _, strikes = sampled_grid(piece, tokenizer.voices, frame)
        struck = struck | ((strikes & ~unknown).any(axis=1) & on_beat(facts))[:, None]
    runs = [list(_runs(unknown[:, voice])) for voice in range(tokenizer.voices)]
    notes = [part for note in piece.notes for part in _outside(note, runs[note.part], frame)]
    velocity = int(np.median(piece.notes.velocity))
    for voice, own in enumerate(runs):
        for first, stop in own:
            edges = [first]
            for step in range(first + 1, stop):
                if struck[step, voice] or pitches[step, voice] != pitches[step - 1, voice]:
                    edges.append(step)
            for start, end in zip(edges, [*edges[1:], stop], strict=True):
                if (pitch := int(pitches[start, voice])) != NONE:
                    length = min(end * frame, piece.length) - start * frame
                    notes.append(
                        Note(start * frame, length, pitch - placed.shift, velocity, part=voice)
                    )
    return piece.replace(notes=Notes(notes), parts=piece.parts)


def _runs(mask: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each run of True in ``(T,)`` bool."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(int)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _outside(note: Note, runs: Sequence[tuple[int, int]], frame: Fraction) -> Iterator[Note]:
    """Yield what is left of a note outside the runs of unknown steps."""
    start, end = note.onset, note.onset + note.duration
    for first, stop in runs:
        begin, finish = first * frame, stop * frame
        if finish <= start or begin >= end:
            continue
        if start < begin:
            yield replace(note, onset=start, duration=begin - start)
        start = finish
        if start >= end:
            return
    yield note if start == note.onset else replace(note, onset=start, duration=end - start)
