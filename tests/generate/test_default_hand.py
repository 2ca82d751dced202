"""Guitar pieces are playable by default."""

from __future__ import annotations

from dataclasses import replace

import pytest

import partimento as pt
from partimento.generate.compose import compose_candidates
from partimento.generate.constraints import Report, Scene
from partimento.generate.default_hand import default_hand, with_default
from partimento.generate.prompt import make_prompt
from partimento.generate.provenance import compose_again
from partimento.tokens.voices import VoiceTokenizer
from partimento.training.trained_model import TrainedModel

WIDE = pt.Piece([pt.Note(0, 4, 41), pt.Note(0, 4, 43)], parts=[pt.Part(program=24)])


def hand_of(run: TrainedModel, program: int | None = None, *rules: pt.Constraint) -> object:
    return default_hand(run, make_prompt(run, None, 0, seed=0, key=None), program, rules)


def test_music_for_one_guitar_is_playable(run: TrainedModel) -> None:
    assert hand_of(run) == pt.Playable("guitar")
    assert hand_of(run, 25) == pt.Playable("guitar")


@pytest.mark.parametrize("program", [0, 40])
def test_other_instruments_have_no_such_hand(run: TrainedModel, program: int) -> None:
    assert hand_of(run, program) is None


def test_a_demand_of_the_user_replaces_the_default(run: TrainedModel) -> None:
    assert hand_of(run, None, pt.Playable("guitar")) is None


def test_voices_are_not_played_by_one_hand(run: TrainedModel, pieces: list[pt.Piece]) -> None:
    assert hand_of(replace(run, tokenizer=VoiceTokenizer.fit(pieces))) is None


def test_the_report_and_the_provenance_state_it(run: TrainedModel) -> None:
    best, *_ = compose_candidates(run, bars=4, seed=1)
    (finding,) = best.report
    assert finding.constraint == "Playable"
    assert finding.holds
    record = best.piece.provenance
    assert record is not None
    assert record.options["playable"] is True


def test_it_can_be_switched_off(run: TrainedModel) -> None:
    best, *_ = compose_candidates(run, bars=4, seed=1, playable=False)
    assert best.report == Report()
    record = best.piece.provenance
    assert record is not None
    assert "playable" not in record.options
    assert compose_again(run, record).notes == best.piece.notes


def test_given_notes_that_no_hand_can_hold_make_no_piece_impossible() -> None:
    fixed = pt.FixedNotes([(0, 1, 41, 0), (0, 1, 43, 0)])  # both only on the lowest string
    guitar = pt.load_model("guitar")
    best, *_ = compose_candidates(guitar, bars=1, seed=1, candidates=4, constraints=[fixed])
    assert [finding.holds for finding in best.report] == [True, False]
    assert best.report.holds
    assert "leave no way" in best.report.table()


def test_what_was_given_up_is_reported_but_is_no_broken_demand() -> None:
    report = with_default(Report(), pt.Playable("guitar"), WIDE, Scene(grid=1))
    assert report.holds
    assert not report[0].holds
    assert report.table().startswith("unmet   chords that a hand can hold on a guitar: 0 of 1")


def test_what_can_be_played_after_all_is_not_called_unmet() -> None:
    piece = pt.Piece([pt.Note(0, 4, 60)])
    report = with_default(Report(), pt.Playable("guitar"), piece, Scene(grid=1))
    assert report.table().startswith("holds")
