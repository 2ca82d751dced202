"""Features of generated pieces compared with those of real ones."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.evaluations import rows

from partimento import Piece
from partimento.analysis.features.table import FEATURES
from partimento.errors import PartimentoError
from partimento.evaluation.evaluate import Evaluation, evaluate, held_out_figures
from partimento.music.bars import first_bars
from partimento.plots.evaluation import value_plot
from partimento.plots.evaluation_page import cells_of


def test_real_pieces_are_nearer_than_dull_ones(found: Evaluation, real: list[Piece]) -> None:
    assert (found.generated, found.real, found.size) == (5, 12, 5)
    assert found.overlap is not None
    assert found.ceiling is not None
    assert found.overlap + 0.2 < found.ceiling < 1
    assert found.frechet.mean > 3 * found.frechet_real.mean > 0
    same = evaluate(real[:6], real[6:], draws=4)
    assert same.overlap == pytest.approx(same.ceiling, abs=0.15)


def test_rows_hold_the_means(found: Evaluation, dull: list[Piece], real: list[Piece]) -> None:
    told = rows(found)
    assert set(told) == set(FEATURES)
    assert told["polyphony"]["generated"] == [2]
    assert told["polyphony"]["generated_deviation"] == 0
    assert told["repeated_bars"]["generated"] == [15 / 16]
    assert told["note_count"]["real"] == [
        pytest.approx(np.mean([len(piece.notes) for piece in real]))
    ]
    assert len(told["pitch_class_histogram"]["real"]) == 12
    assert told["pitch_class_histogram"]["real_deviation"] is None


def test_the_same_seed_the_same_figures(
    found: Evaluation, real: list[Piece], dull: list[Piece]
) -> None:
    assert evaluate(dull, real, draws=4).to_plain() == found.to_plain()
    assert evaluate(dull, real, draws=4, seed=1).overlap != found.overlap


def test_figures_that_are_infinite_are_none_in_json(found: Evaluation) -> None:
    (row, *_) = found.rows
    far = replace(row, kl=replace(row.overlap, mean=math.inf, deviation=math.inf))
    told = replace(found, rows=(far,)).to_plain()
    assert told["rows"][0]["kl"] == {"mean": None, "deviation": None}
    json.dumps(told, allow_nan=False)
    assert cells_of(told["rows"][0])[4] == "∞"


def test_pieces_without_a_feature_are_left_out_of_it(real: list[Piece]) -> None:
    silent = [Piece([], length=Fraction(8)) for _ in range(3)]
    told = rows(evaluate([*real[:5], *silent], real, draws=3))
    assert told["polyphony"]["generated_undefined"] == 3
    assert told["pitch_range"]["generated_undefined"] == 0
    nothing = evaluate([Piece([])] * 4, real, draws=3)
    row = rows(nothing)["polyphony"]
    assert (row["overlap"], row["generated"], row["generated_deviation"]) == (None, [None], None)
    assert cells_of(row)[0] == cells_of(row)[2] == "–"
    assert len(value_plot([row], nothing.values).axes) == 4  # the real ones alone


def test_so_many_bars(real: list[Piece], dull: list[Piece]) -> None:
    short = [*real, first_bars(real[0], 2)]
    cut = evaluate(dull, short, bars=4, draws=3)
    assert (cut.generated_shorter, cut.real_shorter) == (0, 1)
    told = rows(cut)
    assert told["note_count"]["generated"] == [8]
    assert told["repeated_bars"]["generated"] == [3 / 4]


def test_too_few_pieces(real: list[Piece]) -> None:
    with pytest.raises(
        PartimentoError,
        match="evaluation needs at least 4 generated pieces, but there are 3",
    ):
        evaluate(real[:3], real)


def test_figures_of_training_are_shown_only_where_there_are_any(tmp_path: Path) -> None:
    assert held_out_figures(tmp_path) == {}
    (tmp_path / "held_out.json").write_text('{"lstm": {"total": 5.5}, "reconstruction": null}')
    assert held_out_figures(tmp_path) == {"nats per event of held-out pieces": {"lstm": 5.5}}
    (tmp_path / "held_out.json").write_text("[1]")
    assert held_out_figures(tmp_path) == {}
