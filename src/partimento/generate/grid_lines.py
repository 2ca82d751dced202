"""Give each melodic line of a piece a voice of a model of a grid.

A line is a part with one note at a time, or a voice of a part, as in a choir on two staves. Lines
that sound nothing, or that double a kept one, need no voice. If fewer lines are left than the model
has voices, the model itself says which voices they are: those in which it predicts them best.

Shapes: T steps, N voices, L lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, islice
from typing import Any, NamedTuple

import numpy as np

from partimento.analysis.voice_separation import separate_voices
from partimento.errors import PartimentoError
from partimento.music.notes import Note, Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Part
from partimento.short_repr import short_repr
from partimento.tokens.grid_grammar import HOLD, REST
from partimento.tokens.note_grammar import NONE
from partimento.tokens.vocabulary import SPECIAL
from partimento.tokens.voices import sampled_grid

MOSTLY = 0.5  # share of the sounding time in which a part has so many notes at once
DOUBLES = 0.9  # share of the steps at which a line that doubles another has its pitch class
MOST_WAYS = 70  # ways to choose voices that are compared
TRIALS = 4  # choices of hidden cells by which they are compared
HIDDEN_SHARE = 0.5


@short_repr
class Line(NamedTuple):
    """A melodic line.

    Attributes
    ----------
    part : int
    voice : int
        Its voice within the part (`Note.voice`).
    notes : tuple of Note
        They may overlap where the part is divided for a moment.
    """

    part: int
    voice: int
    notes: tuple[Note, ...]


def lines_of(piece: Piece) -> list[Line]:
    """Return the lines of a piece, from the highest to the lowest.

    A part has as many lines as notes that sound at once for most of the time.
    """
    lines: list[Line] = []
    for number, part in enumerate(piece.parts):
        if part.is_drum:
            continue
        notes = [note for note in piece.notes if note.part == number]
        count = _usual_count(notes)
        if count == 1:
            lines.append(Line(number, notes[0].voice if notes else 0, tuple(notes)))
            continue
        stated = _by_voice(notes)
        if len(stated) != count or any(_usual_count(own) > 1 for own in stated.values()):
            alone = piece.replace(notes=Notes(notes), score=None)
            stated = _by_voice([*separate_voices(alone, parts=[number]).notes])
        chosen = sorted(stated, key=lambda voice: -len(stated[voice]))[:count]
        lines += [Line(number, voice, tuple(stated[voice])) for voice in sorted(chosen)]
    return _from_high_to_low(lines)


def _by_voice(notes: Sequence[Note]) -> dict[int, list[Note]]:
    found: dict[int, list[Note]] = {}
    for note in notes:
        found.setdefault(note.voice, []).append(note)
    return found


def _usual_count(notes: Sequence[Note]) -> int:
    """Return how many notes sound at once for most of the time; at least 1."""
    changes = sorted([(n.onset, 1) for n in notes] + [(n.end, -1) for n in notes])
    lengths: dict[int, Fraction] = {}
    now, before = 0, Fraction(0)
    for time, change in changes:
        lengths[now] = lengths.get(now, Fraction(0)) + time - before
        now, before = now + change, time
    total = sum(length for count, length in lengths.items() if count)
    count = 1
    while sum(length for n, length in lengths.items() if n > count) > MOSTLY * total:
        count += 1
    return count


def _from_high_to_low(lines: list[Line]) -> list[Line]:
    """Sort lines by their mean pitch; those without notes stay where they are."""
    heights = [_height(line) for line in lines]
    known = [height for height in heights if height is not None]
    if known == sorted(known, reverse=True):
        return lines
    filled, last = [], 127.0
    for height in heights:
        last = last if height is None else height
        filled.append(last)
    order = sorted(range(len(lines)), key=lambda i: (-filled[i], i))
    return [lines[i] for i in order]


def _height(line: Line) -> float | None:
    if not line.notes:
        return None
    length = sum(note.duration for note in line.notes)
    return float(sum(note.pitch * note.duration for note in line.notes) / length)


def needed_lines(
    lines: Sequence[Line], voices: int, composed: Sequence[int], span: tuple[Fraction, Fraction]
) -> list[Line]:
    """Return the lines that need a voice of the model.

    Parameters
    ----------
    lines : sequence of Line
    voices : int
        N.
    composed : sequence of int
        The parts that are composed.
    span : (Fraction, Fraction)
        The time that the model reads, in quarters.

    Raises
    ------
    PartimentoError
        If they are more than N.
    """
    begin, end = span
    left = [
        line
        for line in lines
        if line.part in composed or any(n.onset < end and n.end > begin for n in line.notes)
    ]
    while len(left) > voices:
        kept = [line for line in left if line.part not in composed]
        doubling = [
            line
            for line in reversed(kept)
            if any(_doubles(line, other, span) for other in kept if other is not line)
        ]
        if not doubling:
            raise PartimentoError(
                f"the model writes {voices} voices, and {len(left)} lines sound in and around"
                " these bars: use another model, such as guitar"
            )
        left.remove(doubling[0])
    return left


def _doubles(line: Line, other: Line, span: tuple[Fraction, Fraction]) -> bool:
    """Return whether a line has the pitch classes of another one."""
    begin, end = span
    heard = [note for note in line.notes if note.onset < end and note.end > begin]
    same = sum(
        any(n.onset <= note.onset < n.end and (n.pitch - note.pitch) % 12 == 0 for n in other.notes)
        for note in heard
    )
    return bool(heard) and same >= DOUBLES * len(heard)


def line_grid(
    piece: Piece, lines: Sequence[Line], tokenizer: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the lines of a piece on the grid of a model.

    Parameters
    ----------
    piece : Piece
    lines : sequence of Line
    tokenizer : GridTokenizer

    Returns
    -------
    cells : (T, L) int
        Their ids.
    pitches : (T, L) int
        -1 for a rest.
    struck : (T, L) bool
    """
    notes = [
        replace(note, part=number, voice=0)
        for number, line in enumerate(lines)
        for note in line.notes
    ]
    alone = piece.replace(notes=Notes(notes), parts=(Part(),) * len(lines), score=None)
    pitches, struck = sampled_grid(alone, len(lines), tokenizer.frame)
    before = np.concatenate([np.full_like(pitches[:1], -1), pitches[:-1]])
    goes_on = (pitches == before) & ((pitches == NONE) | ~struck | (not tokenizer.repeats))
    cells = np.where(goes_on & tokenizer.holds, HOLD, tokenizer.pitch_ids(pitches))
    return cells, np.where(pitches == NONE, -1, pitches), struck


def choose_voices(
    model: Any, cells: np.ndarray, known: np.ndarray, facts: np.ndarray
) -> tuple[int, ...]:
    """Return the voice of each line: those in which the model predicts the lines best.

    Parameters
    ----------
    model : GibbsModel
    cells : (T, L) int
        The ids of the lines, from the highest to the lowest.
    known : (T, L) bool
    facts : (T, 6) int
    """
    voices, lines = model.tokenizer.voices, cells.shape[1]
    ways = list(islice(combinations(range(voices), lines), MOST_WAYS))
    if len(ways) == 1:
        return ways[0]
    rng = np.random.default_rng(len(facts))
    masks = rng.random((TRIALS, *cells.shape)) < HIDDEN_SHARE
    costs = []
    for way in ways:
        spread, shown = (
            spread_over(cells, way, voices),
            np.zeros((TRIALS, len(cells), voices), bool),
        )
        shown[:, :, way] = known & ~masks
        many = np.repeat(spread[None], TRIALS, axis=0)
        costs.append(float(cell_nats(model, many, shown, facts)[:, :, way][masks & known].sum()))
    return ways[int(np.argmin(costs))]


def spread_over(cells: np.ndarray, voices: Sequence[int], count: int) -> np.ndarray:
    """Return cells ``(T, L)`` as those of `count` voices, ``(T, N)``; the others rest."""
    spread = np.full((len(cells), count), REST, np.int32)
    spread[:, list(voices)] = cells
    return spread


def cell_nats(model: Any, cells: np.ndarray, known: np.ndarray, facts: np.ndarray) -> np.ndarray:
    """Return the nats ``(B, T, N)`` of each cell given the known ones.

    Cells with an unknown id count 0.

    Parameters
    ----------
    model : GibbsModel
    cells, known : (B, T, N)
    facts : (T, 6) int
    """
    scores = np.asarray(
        model.logits(cells, known, np.broadcast_to(facts, (len(cells), *facts.shape))), np.float64
    )
    scores = scores - scores.max(axis=-1, keepdims=True)
    logp = scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))
    picked = np.take_along_axis(logp, cells[..., None].astype(np.int64), axis=-1)[..., 0]
    return np.where(cells >= SPECIAL, -picked, 0.0)
