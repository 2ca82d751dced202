"""Sampling a grid: known cells stay, blocks shrink, rules are kept."""

from __future__ import annotations

import numpy as np
import pytest
from tests.generate.grids import flat_run, trio

from partimento.generate.cell_rules import Parallels, allowed_cells
from partimento.generate.compose import STRATEGIES
from partimento.generate.gibbs import GibbsStrategy, GridSampler, Schedule
from partimento.models.base import Gibbs
from partimento.tokens.grid_grammar import HEADER
from partimento.tokens.vocabulary import SPECIAL

QUICK = Schedule(rounds=4, sweeps=1, apart=2)


def sampler_of(run, seed: int = 0, *, parallels: bool = False) -> GridSampler:
    tokenizer = run.tokenizer
    rows = tokenizer.encode(trio())
    facts = rows.context["features"][HEADER:-1]
    rule = Parallels("all", 3, tokenizer.frame) if parallels else None
    allowed = allowed_cells(tokenizer, len(facts), (), None)
    return GridSampler(run.model, facts, allowed, parallels=rule, seed=seed)


def cells_of(run) -> np.ndarray:
    return run.tokenizer.encode(trio()).ids[HEADER:-1, :-1]


@pytest.mark.parametrize("hold", [True, False])
def test_known_cells_never_change_and_unknown_ones_do(hold: bool) -> None:
    run = flat_run(hold=hold, repeated_notes=hold)
    cells = cells_of(run)
    known = np.ones(cells.shape, bool)
    known[8:16, 1:] = False
    grid = sampler_of(run).sample(cells, known, candidates=3, schedule=QUICK)
    assert grid.shape == (3, *cells.shape)
    for one in grid:
        np.testing.assert_array_equal(one[known], cells[known])
        assert (one[~known] != cells[~known]).any()
        assert (one >= SPECIAL).all()
    assert all(own[:, :8].all() and own[:, 8:16, 0].all() for own in run.model.known)


def test_the_seed_decides() -> None:
    run = flat_run()
    cells, known = cells_of(run), np.zeros((32, 3), bool)
    one, same, other = (
        sampler_of(run, seed).sample(cells, known, schedule=QUICK) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_blocks_get_smaller_and_every_unknown_cell_is_drawn_alone() -> None:
    run = flat_run()
    known = np.zeros((32, 3), bool)
    sampler_of(run).sample(cells_of(run), known, schedule=Schedule(rounds=8, sweeps=1, apart=2))
    hidden = [int((~own).sum()) for own in run.model.known]
    assert hidden[0] == 96
    assert hidden[1] > hidden[4] > hidden[8]
    sweep = run.model.known[9:]
    assert len(sweep) == 2 * 3 * 2  # two phases, three voices, two cells of a beat
    drawn = ~np.logical_and.reduce([own[0] for own in sweep])
    assert drawn.all()


@pytest.mark.parametrize("hold", [True, False])
def test_no_parallels_are_left_where_the_rule_asks_for_none(hold: bool) -> None:
    run = flat_run(hold=hold, repeated_notes=hold)
    known = np.zeros((32, 3), bool)
    known[:, 0] = True
    plain = sampler_of(run)
    grid = plain.sample(cells_of(run), known, candidates=12, schedule=QUICK)
    rule = Parallels("all", 3, run.tokenizer.frame)
    before = sum(len(rule.violations(own)) for own in plain.sounding(grid))
    ruled = sampler_of(run, parallels=True)
    grid = ruled.sample(cells_of(run), known, candidates=12, schedule=QUICK)
    after = sum(len(rule.violations(own)) for own in ruled.sounding(grid))
    assert before > 8
    assert after == ruled.broken.sum() == 0


def test_a_model_of_a_grid_composes_with_this_strategy() -> None:
    assert isinstance(STRATEGIES[Gibbs], GibbsStrategy)
    np.testing.assert_allclose(Schedule(rounds=2, most=1.0, least=0.2).shares(), [1.0, 0.5])
