"""Constrain compositions by rules whose masks are combined with the grammar's.

A `Constraint` describes a requirement in musical terms, for any tokenizer. Its `bind` returns a
`Rule` for one tokenizer. A rule has the functions of a grammar (start, advance, allowed).

The parameters of a rule are arrays, which are inputs of the compiled loop. The loop is compiled for
the types of constraints only. Changing a parameter, such as with a slider, compiles nothing.

Shapes: B candidates, V ids of a field, P pitches.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from partimento.errors import PartimentoError
from partimento.music.names import pitch_from_name
from partimento.music.timelines import Key
from partimento.short_repr import short_repr
from partimento.tokens.base import Tokenizer

PITCHES = 128
MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 9, 10, 11)  # the union of natural, harmonic and melodic minor


class Rule(Protocol):
    """Decide which ids of one tokenizer a constraint allows.

    Attributes
    ----------
    parameters : tuple of arrays
        Inputs of the compiled loop; their shapes depend only on the type of the rule.
    """

    @property
    def parameters(self) -> tuple[np.ndarray, ...]: ...

    def start(self, batch: int, parameters: Sequence[Any], xp: Any = np) -> Any:
        """Return the state before the first row, with the parameters that it needs."""

    def advance(self, state: Any, ids: Any, field: int, xp: Any = np) -> Any:
        """Return the state after `ids` ``(B,)`` of `field`."""

    def allowed(self, state: Any, field: int, xp: Any = np) -> Any:
        """Return a mask ``(B, V)`` or ``(1, V)`` of the allowed ids of `field`."""


class Constraint(Protocol):
    """Describe a requirement that a composition must meet."""

    def bind(self, tokenizer: Tokenizer) -> Rule:
        """Return the rule for the ids of a tokenizer."""

    def transposed(self, semitones: int) -> Constraint:
        """Return the constraint with all its pitches moved by `semitones`.

        Models may compose in another key than that in which the piece sounds in the end.
        """


# ---------------------------------------------------------------------- constraints of pitch


@short_repr
@dataclass(frozen=True)
class Range:
    """Require all notes to lie between two pitches, both included.

    Parameters
    ----------
    low, high : int or str
        MIDI pitches (0 to 127) or names.

    Raises
    ------
    PartimentoError
        If a bound is not a pitch, or `low` is above `high`.

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
            raise PartimentoError(
                f"the lower bound of a range, {self.low}, is above the upper bound, {self.high}"
            )
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)

    def transposed(self, semitones: int) -> Range:
        """Return the range moved by `semitones`, clipped to MIDI's pitches."""
        bounds = [
            min(max(int(bound) + semitones, 0), PITCHES - 1) for bound in (self.low, self.high)
        ]
        return replace(self, low=bounds[0], high=bounds[1])

    def bind(self, tokenizer: Tokenizer) -> PitchRule:
        """Return the rule for a tokenizer."""
        pitches = np.arange(PITCHES)
        outside = (pitches < int(self.low)) | (pitches > int(self.high))
        return PitchRule(tokenizer, outside)


@short_repr
@dataclass(frozen=True)
class InKey:
    """Require all notes to belong to the scale of a key.

    Parameters
    ----------
    key : Key or str
        In minor, the scale has the notes of natural, harmonic and melodic minor.

    Raises
    ------
    PartimentoError
        If the name is not a key.

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


@short_repr
class PitchRule:
    """Forbid certain pitches throughout a piece.

    Parameters
    ----------
    tokenizer : Tokenizer
    forbidden : (P,) bool
    """

    def __init__(self, tokenizer: Tokenizer, forbidden: np.ndarray) -> None:
        # Floats, because a matrix product is fast on every backend. It counts the forbidden pitches
        # of each id, and float32 represents such counts exactly.
        fields = range(len(tokenizer.fields))
        self.sounds = [tokenizer.pitches_of(field).astype(np.float32) for field in fields]  # (V, P)
        self.parameters = (forbidden.astype(np.float32),)

    def start(self, batch: int, parameters: Sequence[Any], xp: Any = np) -> Any:
        """Return the forbidden pitches as the state, which never changes."""
        return parameters[0]

    def advance(self, state: Any, ids: Any, field: int, xp: Any = np) -> Any:
        """Return the state unchanged."""
        return state

    def allowed(self, state: Any, field: int, xp: Any = np) -> Any:
        """Return a mask ``(1, V)`` of the ids without a forbidden pitch."""
        return xp.expand_dims(xp.matmul(self.sounds[field], state) < 0.5, 0)


def check_constraints(constraints: Iterable[Any]) -> tuple[Constraint, ...]:
    """Return the constraints as a tuple; raise PartimentoError for other objects."""
    checked = tuple(constraints)
    for constraint in checked:
        if not hasattr(constraint, "bind"):
            raise PartimentoError(
                f"{constraint!r} is not a constraint: use Range or InKey, for example"
            )
    return checked


def _pitch(bound: int | str) -> int:
    try:
        pitch = pitch_from_name(bound) if isinstance(bound, str) else int(bound)
    except ValueError as error:
        raise PartimentoError(str(error)) from error
    if not 0 <= pitch < PITCHES:
        raise PartimentoError(f"a MIDI pitch must be between 0 and 127, not {bound}")
    return pitch


def _key(name: str) -> Key:
    try:
        return Key.from_name(name)
    except ValueError as error:
        raise PartimentoError(str(error)) from error
