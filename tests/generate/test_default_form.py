"""Bars return as in a real piece, by default."""

from __future__ import annotations

from dataclasses import replace

import pytest

import partimento as pt
from partimento.analysis.bar_returns import BarReturns, bar_returns
from partimento.errors import PartimentoError
from partimento.generate.compose import compose_candidates
from partimento.generate.default_form import default_form
from partimento.generate.prompt import make_prompt
from partimento.generate.provenance import compose_again
from partimento.training.trained_model import TrainedModel

FORM = BarReturns.from_text("3-4=1-2 5~1 8=1", bars=8)


@pytest.fixture(scope="module")
def formed(run: TrainedModel) -> TrainedModel:
    """A run whose corpus has pieces of one form."""
    return replace(run, real_pieces=replace(run.real_pieces, forms=(FORM,)))


def form_of(run: TrainedModel, bars: int | None, *rules: pt.Constraint) -> object:
    return default_form(run, make_prompt(run, None, 0, seed=0, key=None), bars, rules, 0)


def test_the_last_two_bars_are_new(formed: TrainedModel) -> None:
    assert form_of(formed, 8) == pt.BarsReturn("3-4=1-2 5~1")
    assert form_of(formed, 6) == pt.BarsReturn("3-4=1-2")


def test_a_form_of_a_longer_piece_is_needed(formed: TrainedModel) -> None:
    assert form_of(formed, 9) is None
    assert form_of(formed, 4) is None  # bars 3 and 4 are the last
    assert form_of(formed, None) is None


def test_demands_for_certain_bars_replace_it(formed: TrainedModel) -> None:
    assert form_of(formed, 8, pt.Rhythm([1])) is None
    assert form_of(formed, 8, pt.BarsReturn("2=1")) is None
    assert form_of(formed, 8, pt.InKey()) is not None


def test_a_prompt_is_not_made_to_return(formed: TrainedModel, pieces: list[pt.Piece]) -> None:
    prompt = make_prompt(formed, pieces[0], 4, seed=0, key=None)
    assert default_form(formed, prompt, 8, (), 0) is None


def test_the_bar_before_returns_with_its_rhythm(run: TrainedModel) -> None:
    form = BarReturns.from_text("2=1 3=2 5=1 7-8=3-4", bars=10)
    single = replace(run, real_pieces=replace(run.real_pieces, forms=(form,)))
    assert form_of(single, 10) == pt.BarsReturn("2~1 3~2 5=1 7-8=3-4")


def test_composed_bars_return(formed: TrainedModel) -> None:
    best, *_ = compose_candidates(formed, bars=8, seed=1)
    assert "bars that return: 3-4=1-2 5~1" in [finding.demand for finding in best.report]
    assert best.report.holds
    found = bar_returns(best.piece)
    assert {3: 1, 4: 2}.items() <= found.notes.items()
    record = best.piece.provenance
    assert record is not None
    assert compose_again(formed, record).notes == best.piece.notes


def test_a_free_form_needs_none(formed: TrainedModel) -> None:
    best, *_ = compose_candidates(formed, bars=8, seed=1, form="free")
    assert "BarsReturn" not in [finding.constraint for finding in best.report]


def test_returning_bars_are_given_up_first(
    formed: TrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If no candidate has them, the piece is composed without them."""
    from partimento.generate.constraints import Finding

    def never(self: pt.BarsReturn, piece: pt.Piece, scene: object) -> Finding:
        return self._finding("no bars", False)

    monkeypatch.setattr(pt.BarsReturn, "check", never)
    best, *_ = compose_candidates(formed, bars=8, seed=1, candidates=2)
    assert [row.constraint for row in best.report] == ["Playable", "BarsReturn"]
    assert best.report[1].by_default
    assert best.report.holds
    with pytest.raises(PartimentoError, match="met all constraints"):
        compose_candidates(formed, bars=8, candidates=2, constraints=[pt.BarsReturn("3=1")])
