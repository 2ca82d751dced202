"""Particles meet the constraints, and follow the model."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from tests.generate.constrained import EvenStep, header, tokenizer_of

import partimento as pt
from partimento.errors import PartimentoError
from partimento.generate import particles
from partimento.generate.constraints import Constraint, Scene
from partimento.generate.constraints.masks import constraint_grammar
from partimento.generate.constraints.rules import Rule, View
from partimento.generate.constraints.timetable import Timetable, scene_of
from partimento.generate.limits import Limits
from partimento.generate.particles import (
    KerasStep,
    ParticleLoop,
    compose_particles,
    log_sum,
    systematic,
)
from partimento.training.trained_model import TrainedModel, load_model

MELODY = [(0, 1, "A4", 0), (1, 1, "G4", 0), (2, 2, "F4", 0), (4, 2, "E4", 0), (6, 2, "D4", 0)]


@pytest.fixture(scope="module")
def chorales() -> TrainedModel:
    return load_model("chorales")


def composed(model: TrainedModel, rules: list[Constraint], **options: Any) -> Any:
    tokenizer = model.tokenizer
    prompt = header(tokenizer)
    steps = int(8 * tokenizer.grid)
    limits = Limits(200, steps, may_end=False, total=steps)
    scene = scene_of(tokenizer, prompt, limits, bar=Fraction(4), key=pt.Key.from_name("d minor"))
    options = {"particles": 12, "seed": 1, **options}
    return compose_particles(
        model, prompt, limits=limits, scene=scene, constraints=rules, **options
    )


def test_every_particle_has_the_given_notes_and_the_length(chorales: TrainedModel) -> None:
    generated = composed(chorales, [pt.FixedNotes(MELODY)])
    melody = {(Fraction(a), Fraction(b)) for a, b, *_ in MELODY}
    for ids in generated.ids:
        piece = chorales.tokenizer.decode(ids)
        assert piece.length == 8
        assert {(n.onset, n.duration) for n in piece.notes if n.part == 0} == melody


def test_the_same_seed_gives_the_same_particles(chorales: TrainedModel) -> None:
    rules: list[Constraint] = [pt.FixedNotes(MELODY)]
    one, two = (composed(chorales, rules, seed=seed).ids for seed in (3, 3))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, composed(chorales, rules, seed=4).ids)


def test_many_particles_make_the_given_notes_more_probable(chorales: TrainedModel) -> None:
    rules: list[Constraint] = [pt.FixedNotes(MELODY)]
    alone = [composed(chorales, rules, particles=1, seed=seed).nats[0] for seed in range(16)]
    many = [composed(chorales, rules, particles=32, seed=seed).nats.mean() for seed in range(4)]
    assert np.mean(many) < np.mean(alone) - 2


def test_rewards_make_notes_more_frequent(chorales: TrainedModel) -> None:
    size = chorales.tokenizer.sizes[0]
    bonus = np.zeros(size)
    bonus[4 + 57] = 8.0  # A3

    def count(**options: Any) -> int:
        ids = composed(chorales, [pt.FixedNotes(MELODY)], **options).ids
        return int((ids == 4 + 57).sum())

    assert count(reward=lambda rules, field: bonus) > 2 * count()


def test_the_step_of_a_network_gives_the_same_logits(chorales: TrainedModel) -> None:
    network, fast = KerasStep(chorales.model), chorales.numpy_step
    assert fast is not None
    grammar = chorales.tokenizer.grammar()
    state = grammar.advance(grammar.start(2, reach=8), np.array([1, 1]), 0)
    arguments = {"field": 0, "features": grammar.features(state)}
    one = network.step(network.initial_state(2), np.array([1, 1]), **arguments)[1]
    two = fast.step(fast.initial_state(2), np.array([1, 1]), **arguments)[1]
    assert np.allclose(one, two, atol=1e-4)


def test_dead_ends_are_left_by_going_back() -> None:
    tokenizer = tokenizer_of("voices")
    prompt = header(tokenizer)
    limits = Limits(200, 8 * tokenizer.grid, may_end=False, total=8 * tokenizer.grid)
    scene = scene_of(tokenizer, prompt, limits, bar=Fraction(4))

    def loop(last: str) -> ParticleLoop:
        rules = constraint_grammar(
            [
                pt.FixedNotes([(0, 1, "C5", 0), (6, 2, last, 0)], [(0, 1), (6, 8)], [0]),
                pt.StepLeap(2, "melody"),
                pt.Durations([1, 2]),
            ],
            tokenizer,
            scene,
        )
        assert rules is not None
        return ParticleLoop(EvenStep(tokenizer), tokenizer, limits, pt.Sampling(), rules)

    ids = loop("E5").run(prompt, 8, np.random.default_rng(0)).ids
    assert all(tokenizer.decode(row).length == 8 for row in ids)
    with pytest.raises(PartimentoError, match="none of 4 particles met all constraints"):
        loop("C3").run(prompt, 4, np.random.default_rng(0))


class LowBass(pt.StepLeap, is_public=False):
    """Wish that the bass before the second bar line is a C."""

    def rules(self, table: Timetable, scene: Scene) -> list[Rule]:
        return [LowBassRule()]


class LowBassRule(Rule):
    def bias(self, state: Any, p: Any, view: View) -> np.ndarray:
        ends = view.t[:, None] + view.steps == 16
        is_low = view.pitch[:, -1:] % 12 == 0
        return np.where(ends & ~is_low, -6.0, 0.0)


def test_particles_go_back_for_a_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four particles at random meet it rarely; with more attempts they meet it more often."""
    tokenizer = tokenizer_of("voices")
    prompt, steps = header(tokenizer), 8 * tokenizer.grid
    limits = Limits(200, steps, may_end=False, total=steps)
    scene = scene_of(tokenizer, prompt, limits, bar=Fraction(4))

    def met() -> int:
        count = 0
        for seed in range(6):
            rules = constraint_grammar([LowBass(), pt.PhraseEnds([4, 8])], tokenizer, scene)
            assert rules is not None
            loop = ParticleLoop(EvenStep(tokenizer), tokenizer, limits, pt.Sampling(), rules)
            ids = loop.run(prompt, 4, np.random.default_rng(seed)).ids[0]
            bass = tokenizer.decode(ids).part(3).notes
            time = 4 * bass.divisions
            count += bool((bass.pitch[(bass.onset < time) & (bass.end >= time)] % 12 == 0).any())
        return count

    with_attempts = met()
    monkeypatch.setattr(particles, "RETRIES", ())
    assert met() < with_attempts


def test_events_end_where_the_piece_does() -> None:
    """An event that reaches beyond the last checkpoint is not followed by another one."""
    tokenizer = tokenizer_of("voices")
    prompt, steps = header(tokenizer), 8 * tokenizer.grid
    limits = Limits(200, steps, may_end=False, total=steps)
    scene = scene_of(tokenizer, prompt, limits, bar=Fraction(4))
    rules = constraint_grammar([pt.Rhythm([4])], tokenizer, scene)
    assert rules is not None
    loop = ParticleLoop(EvenStep(tokenizer), tokenizer, limits, pt.Sampling(), rules)
    ids = loop.run(prompt, 4, np.random.default_rng(0)).ids
    assert {tokenizer.decode(row).length for row in ids} == {8}


def test_systematic_sampling_keeps_shares() -> None:
    share = np.array([0.1, 0.0, 0.6, 0.3])
    counts = np.zeros(4)
    for offset in np.linspace(0, 0.99, 100):
        chosen = np.bincount(systematic(share, offset), minlength=4)
        assert (np.abs(chosen - 4 * share) < 1).all()
        counts += chosen
    assert np.allclose(counts / 400, share, atol=0.02)


def test_log_sum_leaves_out_what_is_masked() -> None:
    logits = np.log(np.array([[0.5, 0.25, 0.25]]))
    assert log_sum(logits, np.array([[True, True, False]])) == pytest.approx(np.log(0.75))
