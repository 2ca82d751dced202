"""Prompts: silence, a training piece, or a given one."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from partimento import Event, Key, Note, Part, Piece
from partimento.errors import PartimentoError
from partimento.generate.prompt import check_number, make_prompt, training_pieces
from partimento.training.trained_model import TrainedModel


def test_silence_is_a_header_in_the_clothes_of_a_training_piece(markov_run: TrainedModel) -> None:
    prompt = make_prompt(markov_run, None, 8, seed=3, key=None)
    assert not prompt.has_events
    assert len(prompt.ids) == markov_run.tokenizer.header_rows
    assert prompt.title == ""
    assert prompt.reference in training_pieces(markov_run)
    again = make_prompt(markov_run, None, 8, seed=3, key=None)
    assert again.reference is prompt.reference
    drawn = [make_prompt(markov_run, None, 8, seed=seed, key=None) for seed in range(12)]
    assert len({each.reference.title for each in drawn}) > 1


def test_a_key_draws_a_piece_of_its_mode_where_there_is_one(markov_run: TrainedModel) -> None:
    modes = {piece.key.split()[-1] for piece in training_pieces(markov_run)}
    for mode in ("major", "minor"):
        prompt = make_prompt(markov_run, None, 0, seed=1, key=Key(0, mode))
        assert prompt.reference.key.endswith(mode) or mode not in modes


def test_a_training_piece_gives_its_first_events(markov_run: TrainedModel) -> None:
    number = markov_run.pieces.index(training_pieces(markov_run)[0])
    record = markov_run.pieces[number]
    prompt = make_prompt(markov_run, number, 4, seed=0, key=None)
    assert prompt.has_events
    assert prompt.title == record.title
    assert prompt.reference is record
    assert len(markov_run.tokenizer.decode_events(prompt.ids)) == 4
    np.testing.assert_array_equal(prompt.ids, record.opening[: len(prompt.ids)])
    np.testing.assert_array_equal(prompt.source_ids, record.opening)


def test_a_given_piece_is_moved_to_the_common_key(
    markov_run: TrainedModel, pieces: list[Piece]
) -> None:
    here = make_prompt(markov_run, pieces[0], 4, seed=0, key=None)
    there = make_prompt(markov_run, pieces[0].transpose(1), 4, seed=0, key=None)
    np.testing.assert_array_equal(here.ids, there.ids)
    assert there.reference.interval == here.reference.interval - 1
    assert here.reference.split == "given"


@pytest.mark.parametrize("number", [-1, 8, 99])
def test_a_number_without_a_piece_is_refused(markov_run: TrainedModel, number: int) -> None:
    with pytest.raises(PartimentoError, match=rf"number {number}: the numbers are 0 to 7"):
        make_prompt(markov_run, number, 4, seed=0, key=None)
    assert check_number(markov_run, 7) == 7


def test_pieces_that_cannot_begin_anything_are_refused(markov_run: TrainedModel) -> None:
    strange = Piece.from_events([Event((30, 31, 33), Fraction(1, 7))], title="Strange")
    with pytest.raises(PartimentoError, match=r"Strange begins with .* not in the vocabulary"):
        make_prompt(markov_run, strange, 4, seed=0, key=None)
    drums = Piece([Note(Fraction(0), Fraction(1), 36)], parts=(Part("Kit", is_drum=True),))
    with pytest.raises(PartimentoError, match=r"cannot begin with this piece: .*only drum parts"):
        make_prompt(markov_run, drums, 4, seed=0, key=None)
