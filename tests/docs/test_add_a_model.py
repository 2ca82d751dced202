"""The model of the page "Add a model" trains, is measured, is loaded and composes."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import partimento as pt
from partimento.models import MODELS

FILE = Path(__file__).parents[2] / "docs" / "examples" / "add_a_model.py"


@pytest.fixture(scope="module")
def module() -> Iterator[ModuleType]:
    """Import the file as a user's own; the registry is as before in the end."""
    spec = importlib.util.spec_from_file_location("add_a_model", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["add_a_model"] = module
    spec.loader.exec_module(module)
    yield module
    MODELS.pop("gru", None)
    sys.modules.pop("add_a_model")


@pytest.fixture(scope="module")
def model(
    module: ModuleType, pieces: list[pt.Piece], tmp_path_factory: pytest.TempPathFactory
) -> pt.TrainedModel:
    settings = {
        "model": {"name": "gru", "units": 24},
        "tokens": {"min_count": 1},
        "train": {"epochs": 8, "batch_size": 4, "learning_rate": 0.01},
    }
    return pt.train(pieces, settings=settings, out=tmp_path_factory.mktemp("runs") / "gru")


def test_it_is_about_sixty_lines_of_code() -> None:
    tree = ast.parse(FILE.read_text(encoding="utf-8"))
    docstrings = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node)
        for line in range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)
    }
    lines = FILE.read_text(encoding="utf-8").splitlines()
    code = [line for n, line in enumerate(lines, 1) if line.strip() and n not in docstrings]
    assert len(code) <= 65


def test_it_learns_and_is_measured_like_every_other(model: pt.TrainedModel) -> None:
    assert model.history[-1].loss < 0.7 * model.history[0].loss
    assert [*model.history[0].parts] == ["chord", "held", "duration"]
    figures = model.evaluate()
    assert "gru" in str(figures)
    assert "unigram" in str(figures)


def test_its_step_says_what_its_network_says(model: pt.TrainedModel) -> None:
    network, tokenizer = model.model, model.tokenizer
    rows = np.random.default_rng(0).integers(4, min(tokenizer.sizes), (2, 9, 3)).astype(np.int32)
    batch = {"inputs": rows[:, :-1], "targets": rows[:, 1:]}
    wanted = [np.asarray(field) for field in network.logits(batch)]
    state = network.initial_state(2)
    for t in range(8):
        for field in range(3):
            state, logits = network.step(state, rows[:, t, field], field=field)
        ahead = state
        for field in range(3):
            np.testing.assert_allclose(np.asarray(logits), wanted[field][:, t], atol=1e-5)
            ahead, logits = network.step(ahead, rows[:, t + 1, field], field=field)


def test_it_is_loaded_and_composes_the_same_piece(model: pt.TrainedModel) -> None:
    assert model.folder is not None
    again = pt.load_model(model.folder)
    one, other = (each.compose(bars=4, seed=3) for each in (model, again))
    assert one == other
    assert one.length == 16
