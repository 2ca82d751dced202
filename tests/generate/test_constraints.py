"""Constraints multiply with the grammar; moving one compiles nothing; a dead end is counted."""

from __future__ import annotations

import gc
import threading
from fractions import Fraction
from typing import Any

import keras
import numpy as np
import pytest

from partimento import Event, Key, Note, Part, Piece
from partimento.errors import PartimentoError
from partimento.generate.autoregressive import LOOPS, Generated, GenerationLoop, generate
from partimento.generate.constraints import Constraint, InKey, Range, check_constraints
from partimento.generate.limits import Limits
from partimento.generate.sampler import Sampling
from partimento.models import model_class
from partimento.tokens.base import Tokenizer
from partimento.tokens.chords import ChordTokenizer
from partimento.tokens.notes import NoteTokenizer
from partimento.tokens.voices import VoiceTokenizer

SIZES = {"embed_size": 8, "units": 8, "layers": 1}
LIMITS = Limits(12, 2**30, may_end=False)


def chromatic() -> Piece:
    """Return two voices: every pitch from 48 to 71 alone, and half of them over another one."""
    notes = [Note(Fraction(n), Fraction(1), 48 + n % 24, part=0) for n in range(36)]
    notes += [Note(Fraction(n), Fraction(2), 48 + n % 12, part=1) for n in range(24, 36, 2)]
    return Piece(notes, parts=(Part("high"), Part("low")))


def build(tokenizer: Tokenizer) -> Any:
    keras.utils.set_random_seed(1)
    kind = model_class("lstm" if tokenizer.name == "chords" else "notewise")
    sizes = SIZES | ({"dense": 8} if tokenizer.name == "chords" else {})
    return kind(kind.config_type(**sizes), tokenizer)


@pytest.fixture(scope="module", params=["chords", "notes", "voices"])
def model(request: pytest.FixtureRequest) -> Any:
    kinds = {"chords": ChordTokenizer, "notes": NoteTokenizer, "voices": VoiceTokenizer}
    return build(kinds[request.param].fit([chromatic()]))


def compose(model: Any, *constraints: Constraint, seed: int = 0, candidates: int = 6) -> Generated:
    tokenizer = model.tokenizer
    prompt = tokenizer.prompt(tokenizer.encode(chromatic()).ids, 0)
    return generate(
        model,
        prompt,
        limits=LIMITS,
        sampling=Sampling(),
        candidates=candidates,
        seed=seed,
        constraints=constraints,
    )


def pitches(model: Any, generated: Generated) -> set[int]:
    events = [e for row in generated.ids for e in model.tokenizer.decode_events(row)]
    return {pitch for event in events for pitch in event.chord}


def test_without_constraints_the_whole_range_comes(model: Any) -> None:
    sounding = pitches(model, compose(model))
    assert min(sounding) < 55
    assert len({pitch % 12 for pitch in sounding}) > 8


def test_a_product_of_constraints_holds_at_every_step(model: Any) -> None:
    generated = compose(model, Range(55, 66), InKey("D major"))
    assert not generated.dead_ends.any()
    assert pitches(model, generated) <= {55, 57, 59, 61, 62, 64, 66}
    assert pitches(model, generated)


def test_constraints_given_twice_change_nothing(model: Any) -> None:
    once, twice = compose(model, Range(55, 66)), compose(model, Range(55, 66), Range(0, 127))
    np.testing.assert_array_equal(once.ids, twice.ids)


def test_a_constraint_that_allows_everything_changes_nothing(model: Any) -> None:
    np.testing.assert_array_equal(compose(model).ids, compose(model, Range()).ids)


def test_moving_a_constraint_compiles_nothing(model: Any) -> None:
    compose(model, Range(50, 60), InKey("C major"))
    loop = LOOPS.get(model, candidates=6, truncates=False, constraints=[Range(), InKey("A minor")])
    traces = []
    original = loop.call
    loop.call = lambda inputs: traces.append(1) or original(inputs)
    try:
        moved = compose(model, Range(55, 66), InKey(Key.from_name("D major")))
    finally:
        del loop.call
    assert not traces  # the program that is there has been used
    assert pitches(model, moved) <= {55, 57, 59, 61, 62, 64, 66}


def test_another_type_of_constraint_is_another_loop(model: Any) -> None:
    def loop(*constraints: Constraint) -> GenerationLoop:
        return LOOPS.get(model, candidates=6, truncates=False, constraints=constraints)

    assert loop(Range(1, 2)) is loop(Range(3, 4))
    assert loop(Range()) is not loop(InKey("C major"))
    assert loop(Range(), InKey("C major")) is not loop(Range())


def test_a_dead_end_falls_back_to_the_grammar_and_is_counted() -> None:
    model = build(ChordTokenizer.fit([chromatic()]))
    generated = compose(model, Range(20, 30))  # no chord of the vocabulary lies there
    assert (generated.dead_ends > 0).all()
    events = [model.tokenizer.decode_events(row) for row in generated.ids]
    for row in events:
        assert len(row) == 11
        assert list(Piece.from_events(row).events) == row  # the grammar still holds
    unconstrained = compose(model)
    assert (compose(model, Range()).dead_ends == 0).all()
    np.testing.assert_array_equal(generated.ids, unconstrained.ids)  # as without the constraint


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


def test_constraints_move_with_the_music() -> None:
    assert Range(40, 83).transposed(-5) == Range(35, 78)
    assert Range(2, 120).transposed(20) == Range(22, 127)
    assert InKey("G major").transposed(5) == InKey("C major")
    assert InKey("e minor").transposed(-4) == InKey("c minor")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Range(60, 50), "the lower bound of a range"),
        (lambda: Range("H2"), "is no pitch"),
        (lambda: Range(0, 200), "between 0 and 127"),
        (lambda: InKey("X major"), "no such key"),
        (lambda: check_constraints(["low"]), "is not a constraint"),
    ],
)
def test_nonsense_is_refused(make: Any, message: str) -> None:
    with pytest.raises(PartimentoError, match=message):
        make()


def test_the_notes_of_a_minor_key() -> None:
    rule = InKey("a minor").bind(
        NoteTokenizer.fit([Piece.from_events([Event((60,), Fraction(1))])])
    )
    (forbidden,) = rule.parameters
    allowed = [pitch for pitch in range(57, 69) if not forbidden[pitch]]
    assert allowed == [57, 59, 60, 62, 64, 65, 66, 67, 68]  # F and F sharp, G and G sharp
