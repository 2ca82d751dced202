"""Pieces say how they were composed, and are composed again from that."""

from __future__ import annotations

import inspect
from dataclasses import replace
from fractions import Fraction
from importlib import import_module

import pytest

from partimento.errors import PartimentoError
from partimento.generate.constraints.fixed import FixedNotes
from partimento.generate.provenance import (
    UNNAMED,
    VERBS,
    compose_again,
    model_fingerprint,
    model_name,
    with_provenance,
)
from partimento.generate.sampler import Sampling
from partimento.music.provenance import Provenance, music_fingerprint
from partimento.music.timelines import Key, Meter
from partimento.training.trained_model import TrainedModel, load_model


@pytest.fixture(scope="module")
def chorales() -> TrainedModel:
    return load_model("chorales")


def test_a_piece_is_composed_again_from_its_line(chorales: TrainedModel) -> None:
    piece = chorales.compose(
        bars=2,
        seed=5,
        key=Key.from_name("d minor"),
        meter=Meter(4, 4),
        sampling=Sampling(temperature=0.9),
        candidates=2,
        title="Étude",
        tempo=72.5,
        ending="open",
    )
    record = piece.provenance
    assert record is not None
    assert (record.model, record.seed) == ("chorales", 5)
    assert record.corpus_fingerprint == chorales.fingerprint
    assert record.music == music_fingerprint(piece)
    again = compose_again(chorales, Provenance.from_text(record.to_text()))
    assert again == piece
    assert again.provenance == record


def test_each_candidate_says_which_one_it_is(chorales: TrainedModel) -> None:
    candidates = chorales.compose_candidates(best=2, bars=2, seed=1, candidates=3)
    for candidate in candidates:
        record = candidate.piece.provenance
        assert record is not None
        assert compose_again(chorales, record) == candidate.piece


def test_a_continued_score_is_stated_by_name_and_hash(chorales: TrainedModel) -> None:
    start = chorales.compose(bars=2, seed=3, candidates=2)
    start = start.replace(source=replace(start.source, path="/home/me/theme.mid", sha256="ab"))
    piece = chorales.compose(bars=3, seed=1, start=start, prompt_events=4, candidates=2)
    record = piece.provenance
    assert record is not None
    stated = record.options["start"]
    assert (stated["file"], stated["sha256"]) == ("theme.mid", "ab")
    assert "home" not in record.to_text()  # no folder of this machine
    assert compose_again(chorales, record, pieces={"start": start}) == piece


def test_fixed_notes_are_recorded_completely(chorales: TrainedModel) -> None:
    tune = chorales.compose(bars=2, seed=8, candidates=2)
    fixed = FixedNotes.of(tune, parts=[0], spans=[(Fraction(0), Fraction(4))])
    piece = chorales.compose(bars=2, seed=1, constraints=[fixed], candidates=2)
    assert piece.provenance is not None
    record = Provenance.from_text(piece.provenance.to_text())
    assert len(record.options["constraints"][0]["notes"]) == len(fixed.notes)
    assert compose_again(chorales, record) == piece


def test_every_verb_names_a_function() -> None:
    for verb in VERBS.values():
        module, _, name = verb.function.partition(":")
        parameters = inspect.signature(getattr(import_module(module), name)).parameters
        assert {"seed", "sampling"} <= {*parameters}


def test_bars_are_recorded_as_they_are_asked_for(chorales: TrainedModel) -> None:
    candidates = chorales.compose_candidates(best=1, bars=2, seed=1, candidates=1)
    arguments = {"trained": chorales, "seed": 1, "bars": slice(5, 9)}
    (one,) = with_provenance(candidates, arguments, verb="fill")
    assert one.piece.provenance is not None
    assert (one.piece.provenance.verb, one.piece.provenance.options["bars"]) == ("fill", "5-8")


def test_a_training_piece_as_the_start_is_stated_by_number(chorales: TrainedModel) -> None:
    piece = chorales.compose(bars=2, seed=1, start=3, candidates=2)
    assert piece.provenance is not None
    assert piece.provenance.options["start"] == 3
    assert compose_again(chorales, piece.provenance) == piece


@pytest.mark.parametrize(
    "changes",
    [
        {"verb": "paint"},
        {"options": {"sampling": {"heat": 1}}},
        {"options": {"sampling": {}, "wings": 2}},
        {"options": {"sampling": {}, "constraints": [{"constraint": "check_constraints"}]}},
        {"options": {}},
    ],
)
def test_unknown_options_are_refused(chorales: TrainedModel, changes: dict[str, object]) -> None:
    record = Provenance("compose", "chorales", "", "", 1)
    with pytest.raises(PartimentoError):
        compose_again(chorales, replace(record, **changes))  # type: ignore[arg-type]


def test_the_name_and_fingerprint_of_a_model(chorales: TrainedModel) -> None:
    unsaved = replace(chorales, folder=None)
    assert (model_name(unsaved), model_fingerprint(unsaved)) == (UNNAMED, "")
    assert model_name(chorales) == "chorales"
    assert len(model_fingerprint(chorales)) == 64
    assert model_fingerprint(chorales) != model_fingerprint(load_model("guitar"))
