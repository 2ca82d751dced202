"""Untrained models of a chromatic piece, and what they compose."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import keras

from partimento import Note, Part, Piece
from partimento.generate.autoregressive import Generated, generate
from partimento.generate.constraints import Constraint
from partimento.generate.limits import Limits
from partimento.generate.sampler import Sampling
from partimento.models import model_class
from partimento.tokens.base import Tokenizer

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


def header(model: Any) -> Any:
    tokenizer = model.tokenizer
    return tokenizer.prompt(tokenizer.encode(chromatic()).ids, 0)


def compose(model: Any, *constraints: Constraint, seed: int = 0, candidates: int = 6) -> Generated:
    return generate(
        model,
        header(model),
        limits=LIMITS,
        sampling=Sampling(),
        candidates=candidates,
        seed=seed,
        constraints=constraints,
    )


def pitches(model: Any, generated: Generated) -> set[int]:
    events = [e for row in generated.ids for e in model.tokenizer.decode_events(row)]
    return {pitch for event in events for pitch in event.chord}
