"""Melodic lines are found, and get the voices of a model."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.generate.grids import Q, flat_run, trio

from partimento.errors import PartimentoError
from partimento.generate.grid_lines import (
    cell_nats,
    choose_voices,
    line_grid,
    lines_of,
    needed_lines,
    spread_over,
)
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Part
from partimento.tokens.grid_grammar import HOLD, REST

WHOLE = (Q * 0, Q * 16)


def on_two_staves(*, stated: bool) -> Piece:
    """Return the trio with its two upper voices on one staff."""
    notes = [replace(n, part=n.part // 2, voice=n.part % 2 * stated) for n in trio().notes]
    return trio().replace(notes=notes, parts=(Part("Women"), Part("Men")))


def pitches(line: Any) -> list[int]:
    return [note.pitch for note in line.notes]


def test_each_part_is_a_line_and_drums_are_none() -> None:
    piece = trio()
    assert [line.part for line in lines_of(piece)] == [0, 1, 2]
    parts = (*piece.parts[:2], replace(piece.parts[2], is_drum=True))
    assert [line.part for line in lines_of(piece.replace(parts=parts))] == [0, 1]


@pytest.mark.parametrize("stated", [True, False])
def test_voices_of_a_staff_are_lines(stated: bool) -> None:
    lines = lines_of(on_two_staves(stated=stated))
    assert [line.part for line in lines] == [0, 0, 1]
    assert lines[0].voice != lines[1].voice
    expected = [[n.pitch for n in trio().notes if n.part == part] for part in range(3)]
    assert [pitches(line) for line in lines] == expected


def test_a_part_that_is_divided_for_a_moment_is_one_line() -> None:
    notes = [*trio().notes, Note(Q * 15, Q, 36, part=2, voice=1)]
    assert [line.part for line in lines_of(trio().replace(notes=notes))] == [0, 1, 2]


def test_lines_are_sorted_from_high_to_low_and_empty_ones_stay() -> None:
    swapped = trio().replace(notes=[replace(n, part=2 - n.part) for n in trio().notes])
    assert [line.part for line in lines_of(swapped)] == [2, 1, 0]
    empty = trio().replace(notes=[n for n in trio().notes if n.part != 1])
    assert [line.part for line in lines_of(empty)] == [0, 1, 2]


def test_silent_lines_and_kept_doublings_need_no_voice() -> None:
    lines = lines_of(trio())
    doubling = lines[0]._replace(part=3, notes=tuple(
        replace(n, part=3, pitch=n.pitch - 12) for n in lines[0].notes
    ))  # fmt: skip
    silent = doubling._replace(part=4, notes=())
    found = needed_lines([*lines, doubling, silent], 3, (1, 2), WHOLE)
    assert [line.part for line in found] == [0, 1, 2]
    with pytest.raises(PartimentoError, match="writes 3 voices, and 4 lines sound"):
        needed_lines([*lines, doubling], 3, (0, 1, 2), WHOLE)
    with pytest.raises(PartimentoError, match="writes 2 voices, and 3 lines sound"):
        needed_lines(lines, 2, (0,), WHOLE)


@pytest.mark.parametrize("hold", [False, True])
def test_the_grid_of_lines_is_that_of_the_tokenizer(hold: bool) -> None:
    run = flat_run(hold=hold, repeated_notes=hold)
    cells, sounding, struck = line_grid(trio(), lines_of(trio()), run.tokenizer)
    assert np.array_equal(cells, run.tokenizer.encode(trio()).ids[4:-1, :-1])
    assert sounding[:4, 0].tolist() == [72, 72, 73, 73]
    assert struck[:4, 0].tolist() == [True, False, True, False]
    assert (cells == HOLD).any() == hold


def test_cells_of_other_voices_rest() -> None:
    assert spread_over(np.array([[7, 9]]), (0, 2), 3).tolist() == [[7, REST, 9]]


class RangesModel:
    """Give each voice the pitches of the trio in its own voice, and no others."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        ids = tokenizer.encode(trio()).ids[4:-1, :-1]
        self.scores = np.full((3, tokenizer.cells), -9.0)
        for voice in range(3):
            self.scores[voice, ids[:, voice]] = 0.0

    def logits(self, values: Any, known: Any, facts: Any) -> np.ndarray:
        return np.broadcast_to(self.scores, (*np.shape(values), self.tokenizer.cells))


@pytest.mark.parametrize("voices", [(0, 1), (0, 2), (1, 2), (2,), (0, 1, 2)])
def test_the_model_says_which_voices_the_lines_are(voices: tuple[int, ...]) -> None:
    tokenizer = flat_run().tokenizer
    lines = [lines_of(trio())[voice] for voice in voices]
    cells = line_grid(trio(), lines, tokenizer)[0]
    facts = np.ones((len(cells), 6), int)
    known = np.ones(cells.shape, bool)
    assert choose_voices(RangesModel(tokenizer), cells, known, facts) == voices


def test_nats_are_those_of_the_cells() -> None:
    model = SimpleNamespace(logits=lambda *_: np.log(np.array([[[[0.25, 0.25, 0.0, 0.5, 1e-9]]]])))
    with np.errstate(divide="ignore"):
        nats = cell_nats(model, np.array([[[3]]]), np.ones((1, 1, 1), bool), np.ones((1, 6)))
    assert nats == pytest.approx(0.0 if REST > 3 else -np.log(0.5), abs=1e-6)
