"""Constrain what is composed: rules that multiply with a tokenizer's grammar.

A `Constraint` says what is wanted in musical words and knows no tokenizer. Its `bind` returns a
`Rule` for one tokenizer. A rule has the functions of a grammar (start, advance, allowed), so that
masks multiply. Its parameters are arrays: inputs of the compiled loop. Only the type of a
constraint is part of what the loop is compiled for. Moving a slider therefore compiles nothing.

Shapes: B candidates, V numbers of a field, P pitches.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from partimento.errors import PartimentoError
from partimento.music.names import pitch_from_name
from partimento.music.timelines import Key
from partimento.tokens.base import Tokenizer

PITCHES = 128
MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 9, 10, 11)  # natural, harmonic and melodic together


class Rule(Protocol):
    """Say which numbers a constraint allows, for one tokenizer.

    Attributes
    ----------
    parameters : tuple of arrays
        Inputs of the compiled loop; their shapes depend on nothing but the rule's type.
    """

    @property
    def parameters(self) -> tuple[np.ndarray, ...]: ...

    def start(self, batch: int, parameters: Sequence[Any], xp: Any = np) -> Any:
        """Return the state before the first row; it holds the parameters that it needs."""

    def advance(self, state: Any, ids: Any, field: int, xp: Any = np) -> Any:
        """Return the state after `ids` ``(B,)`` of `field`."""

    def allowed(self, state: Any, field: int, xp: Any = np) -> Any:
        """Return which numbers of `field` are allowed: a mask ``(B, V)`` or ``(1, V)``."""


class Constraint(Protocol):
    """Say what a composition must keep to."""

    def bind(self, tokenizer: Tokenizer) -> Rule:
        """Return the rule for the numbers of a tokenizer."""

    def transposed(self, semitones: int) -> Constraint:
        """Return the constraint on music that is transposed afterwards by ``-semitones``."""


# ---------------------------------------------------------------------- constraints of pitch


@dataclass(frozen=True)
class Range:
    """Keep all notes between two pitches, both included.

    Parameters
    ----------
    low, high : int or str
        MIDI pitches or names.

    Examples
    --------
    >>> Range("E2", "B5")
    Range(low=40, high=83)
    """

    low: int | str = 0
    high: int | str = PITCHES - 1

    def __post_init__(self) -> None:
        low, high = (_pitch(bound) for bound in (self.low, self.high))
        if low > high:
            raise PartimentoError(f"a range goes up: {self.low} lies above {self.high}")
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)

    def transposed(self, semitones: int) -> Range:
        """Return the range moved by `semitones`, cut to MIDI's pitches."""
        bounds = [
            min(max(int(bound) + semitones, 0), PITCHES - 1) for bound in (self.low, self.high)
        ]
        return replace(self, low=bounds[0], high=bounds[1])

    def bind(self, tokenizer: Tokenizer) -> PitchRule:
        """Return the rule for a tokenizer."""
        pitches = np.arange(PITCHES)
        outside = (pitches < int(self.low)) | (pitches > int(self.high))
        return PitchRule(tokenizer, outside)


@dataclass(frozen=True)
class InKey:
    """Keep all notes in a scale.

    Parameters
    ----------
    key : Key or str
        The major scale of a key in major. In minor, the notes of the natural, harmonic and melodic
        scale together.

    Examples
    --------
    >>> InKey("d minor").key.name
    'D minor'
    """

    key: Key | str

    def __post_init__(self) -> None:
        if isinstance(self.key, str):
            object.__setattr__(self, "key", _key(self.key))

    def transposed(self, semitones: int) -> InKey:
        """Return the key moved by `semitones`."""
        assert isinstance(self.key, Key)
        return InKey(Key.from_tonic((self.key.tonic + semitones) % 12, self.key.mode))

    def bind(self, tokenizer: Tokenizer) -> PitchRule:
        """Return the rule for a tokenizer."""
        assert isinstance(self.key, Key)
        scale = MINOR if self.key.mode == "minor" else MAJOR
        return PitchRule(tokenizer, ~np.isin((np.arange(PITCHES) - self.key.tonic) % 12, scale))


class PitchRule:
    """Forbid pitches, whatever came before.

    Parameters
    ----------
    tokenizer : Tokenizer
    forbidden : (P,) bool
    """

    def __init__(self, tokenizer: Tokenizer, forbidden: np.ndarray) -> None:
        # Counts are exact in float32, and a product of matrices is fast on every backend.
        fields = range(len(tokenizer.fields))
        self.sounds = [tokenizer.pitches_of(field).astype(np.float32) for field in fields]  # (V, P)
        self.parameters = (forbidden.astype(np.float32),)

    def start(self, batch: int, parameters: Sequence[Any], xp: Any = np) -> Any:
        """Return the forbidden pitches: the rule has no memory."""
        return parameters[0]

    def advance(self, state: Any, ids: Any, field: int, xp: Any = np) -> Any:
        """Return the state as it is."""
        return state

    def allowed(self, state: Any, field: int, xp: Any = np) -> Any:
        """Return ``(1, V)``: which numbers sound no forbidden pitch."""
        return xp.expand_dims(xp.matmul(self.sounds[field], state) < 0.5, 0)


def check_constraints(constraints: Iterable[Any]) -> tuple[Constraint, ...]:
    """Return the constraints as a tuple; PartimentoError for anything else."""
    checked = tuple(constraints)
    for constraint in checked:
        if not hasattr(constraint, "bind"):
            raise PartimentoError(f"{constraint!r} is not a constraint: use Range or InKey, say")
    return checked


def _pitch(bound: int | str) -> int:
    try:
        pitch = pitch_from_name(bound) if isinstance(bound, str) else int(bound)
    except ValueError as error:
        raise PartimentoError(str(error)) from error
    if not 0 <= pitch < PITCHES:
        raise PartimentoError(f"a MIDI pitch lies between 0 and 127, not at {bound}")
    return pitch


def _key(name: str) -> Key:
    try:
        return Key.from_name(name)
    except ValueError as error:
        raise PartimentoError(str(error)) from error
