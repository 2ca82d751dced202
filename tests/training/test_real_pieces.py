"""Values of real pieces: spreads, and what a run keeps of them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partimento.analysis.bar_returns import BarReturns
from partimento.errors import PartimentoError
from partimento.training.real_pieces import FAR, RealPieces, Spread
from partimento.training.run_folder import RunFolder
from partimento.training.trained_model import TrainedModel, load_model, save_model

REAL = RealPieces(
    Spread(0.9, 0.05),
    Spread(4.0, 2.0),
    Spread(2.5, 0.25),
    style={"interval": Spread(3.0, 0.5), "syncopation": Spread(1.0, 2.0)},
    examples=({"interval": 3.0, "syncopation": 1.0}, {"interval": 4.0}),
    forms=(BarReturns.from_text("3-4=1-2 7~1", bars=8), BarReturns(bars=12)),
    loop=1.5,
    repeated_bar=2,
    pieces=12,
)


def test_a_spread_counts_deviations() -> None:
    spread = Spread(10.0, 2.0)
    assert (spread.below(4.0), spread.below(12.0)) == (3.0, 0.0)
    assert (spread.above(13.0), spread.above(9.0)) == (1.5, 0.0)
    assert (spread.beyond(11.9), spread.beyond(8.1)) == (0.0, 0.0)
    assert (spread.beyond(16.0), spread.beyond(4.0)) == (2.0, 2.0)


@given(st.floats(-100, 100), st.floats(-100, 100))
def test_a_distance_never_falls_with_the_difference(one: float, other: float) -> None:
    spread = Spread(0.0, 3.0)
    near, far = sorted((one, other), key=abs)
    assert 0 <= spread.beyond(near) <= spread.beyond(far)
    low, high = sorted((one, other))
    assert spread.below(low) >= spread.below(high) >= 0
    assert 0 <= spread.above(low) <= spread.above(high)


def test_equal_values_have_the_least_deviation() -> None:
    assert Spread.of([3.0, 3.0, 3.0], 0.5) == Spread(3.0, 0.5)
    assert Spread.of([1.0, 5.0], 0.5) == Spread(3.0, 2.0)


def test_the_distance_of_styles_is_in_deviations() -> None:
    mean, high = REAL.examples
    assert REAL.distance({"interval": 4.0, "syncopation": 1.0}, mean) == pytest.approx(2**0.5)
    assert REAL.distance({"interval": 4.0, "syncopation": 1.0}, high) == 0.0
    assert REAL.distance({"interval": 3.5, "syncopation": math.nan}, mean) == pytest.approx(1.0)
    assert REAL.distance({"interval": 1e6}, mean) == FAR
    assert REAL.distance({}, mean) == REAL.distance({"unknown": 9.0}, mean) == 0.0


def test_the_seed_draws_an_example() -> None:
    drawn = [REAL.example(seed) for seed in range(20)]
    assert {len(example) for example in drawn} == {1, 2}
    assert [REAL.example(seed) for seed in range(20)] == drawn
    assert RealPieces().example(3) == {}


def test_runs_of_earlier_versions_have_no_style() -> None:
    values = {k: v for k, v in REAL.to_plain().items() if k not in ("style", "examples")}
    real = RealPieces.from_plain(values)
    assert (real.style, real.examples) == ({}, ())
    assert real.distance({"interval": 4.0}, real.example(0)) == 0.0


@pytest.mark.parametrize("real", [REAL, RealPieces()])
def test_values_come_back_from_json(real: RealPieces) -> None:
    assert RealPieces.from_plain(json.loads(json.dumps(real.to_plain()))) == real


@pytest.mark.parametrize(
    "wrong", [{}, {"in_key": [1]}, {"loop": "long"}, {"in_key": None}, {"nats": ["a", "b"]}]
)
def test_other_values_are_refused(wrong: dict[str, object]) -> None:
    values = {**REAL.to_plain(), **wrong} if wrong else {}
    with pytest.raises((KeyError, TypeError, ValueError)):
        RealPieces.from_plain(values)


def test_a_run_without_the_file_has_the_defaults(markov_run: TrainedModel, tmp_path: Path) -> None:
    folder = RunFolder(save_model(markov_run, tmp_path / "run").folder or tmp_path)
    assert folder.read_real_pieces() == markov_run.real_pieces
    assert load_model(folder.path).real_pieces == markov_run.real_pieces != RealPieces()
    folder.write_real_pieces(REAL)
    assert load_model(folder.path).real_pieces == REAL
    folder.real_pieces.unlink()  # as in runs from before the file existed
    assert load_model(folder.path).real_pieces == RealPieces()
    folder.real_pieces.write_text("{}")
    with pytest.raises(PartimentoError, match="not a complete run"):
        load_model(folder.path)


def test_a_tuned_sampling_is_the_default_of_the_loaded_model(
    markov_run: TrainedModel, tmp_path: Path
) -> None:
    folder = RunFolder(save_model(markov_run, tmp_path / "run").folder or tmp_path)
    assert folder.read_tuned_sampling() is None
    before = load_model(folder.path).settings
    sampling = {"temperature": 0.7, "top_p": 0.95, "min_p": 0.05}
    folder.write_tuning({"sampling": sampling, "trials": []})
    assert folder.read_tuned_sampling() == sampling
    tuned = load_model(folder.path)
    assert tuned.settings.sample.model_dump() | sampling == tuned.settings.sample.model_dump()
    assert tuned.settings.sample != before.sample
    assert tuned.settings.train == before.train
    assert tuned.compose(bars=2, seed=1) == load_model(folder.path).compose(
        bars=2, seed=1, sampling=tuned.settings.sample
    )
    again = save_model(tuned, tmp_path / "copy")  # a copy keeps it, too
    assert load_model(again.folder or "").settings.sample == tuned.settings.sample
    for wrong in ({"sampling": {"temperature": -1}}, {}, {"sampling": 3}):
        folder.tuning.write_text(json.dumps(wrong))
        with pytest.raises(PartimentoError):
            load_model(folder.path)
