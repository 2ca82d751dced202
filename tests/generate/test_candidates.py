"""The choice between the two loops."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.commands import loaded_by

from partimento.generate.candidates import generate_candidates, is_short
from partimento.generate.limits import Limits
from partimento.generate.sampler import Sampling
from partimento.training.trained_model import TrainedModel, load_model

HEAVY = ("keras", "jax", "matplotlib", "scipy", "music21", "pyarrow", "pandas", "verovio")


@pytest.fixture(scope="module")
def guitar() -> TrainedModel:
    return load_model("guitar")


@pytest.mark.parametrize(
    ("events", "quarters", "short"),
    [(16 * 48, 64, True), (200 * 48, 800, True), (250 * 48, 1000, False), (60, 2**20, True),
     (2000, 2**20, False)],
)  # fmt: skip
def test_a_page_is_short_and_an_hour_is_not(
    guitar: TrainedModel, events: int, quarters: int, short: bool
) -> None:
    limits = Limits(events, quarters * guitar.tokenizer.grid, may_end=False)
    assert is_short(guitar, guitar.pieces[0].opening[:4], limits) == short


def test_constraints_reach_the_loop(guitar: TrainedModel) -> None:
    from partimento.generate.constraints import Range

    prompt = guitar.tokenizer.prompt(guitar.pieces[0].opening, 0)
    generated = generate_candidates(
        guitar,
        prompt,
        limits=Limits(12, 2**30, may_end=False),
        sampling=Sampling(),
        candidates=3,
        seed=1,
        constraints=[Range(50, 60)],
    )
    events = [e for row in generated.ids for e in guitar.tokenizer.decode_events(row)]
    assert {pitch for event in events for pitch in event.chord} <= set(range(50, 61))
    assert len(np.unique(generated.ids, axis=0)) == 3


def test_composing_a_midi_file_loads_no_framework(tmp_path: Path) -> None:
    words = ["compose", "--bars", "2", "--seed", "1", "-o", str(tmp_path / "a.mid")]
    _, loaded = loaded_by(f"from partimento.cli.cli import main\nmain({words})", HEAVY)
    assert loaded == []
    assert (tmp_path / "a.mid").stat().st_size > 100
