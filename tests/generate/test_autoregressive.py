"""The compiled loop: it samples as the model says, ends by itself, and is compiled once."""

from __future__ import annotations

import gc
import threading
from typing import Any

import numpy as np
from tests.generate.chromatic import LIMITS, build, chromatic, compose, header, pitches

from partimento import Key
from partimento.generate.autoregressive import LOOPS, GenerationLoop, generate
from partimento.generate.constraints import Constraint, InKey, Range, StepLeap
from partimento.generate.constraints.masks import ConstraintGrammar, constraint_grammar
from partimento.generate.constraints.timetable import scene_of
from partimento.generate.limits import Limits
from partimento.generate.sampler import Sampling
from partimento.tokens.chords import CHORD, ChordTokenizer
from partimento.tokens.notes import NoteTokenizer
from partimento.tokens.vocabulary import END, START
from partimento.training.trained_model import TrainedModel


def test_sampling_follows_the_model(run: TrainedModel) -> None:
    """First chords of many takes are as frequent as the model says."""
    start = np.array([[START, START, START]], np.int32)
    takes = 4000
    generated = generate(
        run.model,
        start,
        limits=Limits(2, 10**6, may_end=False),
        sampling=Sampling(),
        candidates=takes,
        seed=0,
    )
    state = run.model.initial_state(1)
    for field in range(3):
        state, logits = run.model.step(state, start[:, field], field=field)
    legal = run.tokenizer.grammar().allowed_after(CHORD, start[:, CHORD], start[:, CHORD])[0]
    legal[END] = False
    p = np.where(legal, np.exp(np.asarray(logits, np.float64)[0]), 0)
    p /= p.sum()
    counts = np.bincount(generated.ids[:, 1, CHORD], minlength=len(p))
    assert np.abs(counts / takes - p).max() < 5 * np.sqrt(p.max() / takes)


def test_it_may_end_by_itself(run: TrainedModel) -> None:
    start = np.array([[START, START, START]], np.int32)
    generated = generate(
        run.model,
        start,
        limits=Limits(200, 10**6, may_end=True),
        sampling=Sampling(),
        candidates=16,
        seed=0,
    )
    ended = (generated.ids[:, :, CHORD] == END).any(1)
    assert ended.any()  # the pieces it learned are 64 events long
    assert (generated.closing[ended] == 0).all()


def test_moving_a_constraint_compiles_nothing(model: Any) -> None:
    compose(model, Range(50, 60), InKey("C major"))
    rules = grammar(model, Range(), InKey("A minor"))
    loop = LOOPS.get(model, candidates=6, truncates=False, rules=rules)
    traces = []
    original = loop.call
    loop.call = lambda inputs: traces.append(1) or original(inputs)
    try:
        moved = compose(model, Range(55, 66), InKey(Key.from_name("D major")))
    finally:
        del loop.call
    assert not traces  # the program that is there has been used
    assert pitches(model, moved) <= {55, 57, 59, 61, 62, 64, 66}


def grammar(model: Any, *constraints: Constraint) -> ConstraintGrammar:
    scene = scene_of(model.tokenizer, header(model), LIMITS)
    made = constraint_grammar(constraints, model.tokenizer, scene)
    assert made is not None
    return made


def test_another_kind_of_rule_is_another_loop(model: Any) -> None:
    def loop(*constraints: Constraint) -> GenerationLoop:
        rules = grammar(model, *constraints)
        return LOOPS.get(model, candidates=6, truncates=False, rules=rules)

    assert loop(Range(1, 2)) is loop(Range(3, 4))
    assert loop(Range()) is loop(InKey("C major"))  # both are tables
    assert loop(Range(), StepLeap(3)) is not loop(Range())
    assert loop(Range(), StepLeap(3)) is loop(Range(), StepLeap(9))


def test_two_threads_share_the_loops_of_a_model() -> None:
    model = build(NoteTokenizer.fit([chromatic()]))
    wishes = [((), 1), ((Range(55, 66),), 2), ((), 3), ((Range(50, 60),), 4)] * 3
    alone = [compose(model, *constraints, seed=seed).ids for constraints, seed in wishes]
    other = build(NoteTokenizer.fit([chromatic()]))  # the same weights; its loops are not made yet
    together: dict[int, np.ndarray] = {}
    errors: list[BaseException] = []
    barrier = threading.Barrier(2)

    def work(first: int) -> None:
        try:
            barrier.wait()
            for number in range(first, len(wishes), 2):
                constraints, seed = wishes[number]
                together[number] = compose(other, *constraints, seed=seed).ids
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert not errors
    for number, ids in enumerate(alone):
        np.testing.assert_array_equal(together[number], ids)


def test_the_cache_keeps_no_model_alive() -> None:
    model = build(ChordTokenizer.fit([chromatic()]))
    gc.collect()
    before = len(LOOPS)
    compose(model)
    assert len(LOOPS) == before + 1
    del model
    gc.collect()
    assert len(LOOPS) == before
