"""Compose around given notes with a particle filter (sequential Monte Carlo).

A model that only masks the given notes writes into a trap: it sees a note when it is due, and not
before. A particle filter avoids this. Many particles are written side by side. At each checkpoint,
particles that made the given notes improbable are replaced by copies of those that made them
probable. With many particles, their distribution approaches the model's own, given the notes
(Del Moral, Doucet and Jasra 2006, https://doi.org/10.1111/j.1467-9868.2006.00553.x).

Where constraints leave only some ids, the weight of a particle is multiplied by the probability
that the model gave to these ids together. Shapes: B particles, N rows, F fields, V ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from partimento.errors import PartimentoError
from partimento.generate.candidates import ROWS, Generated, constrained, padded
from partimento.generate.constraints.base import Constraint, Scene
from partimento.generate.constraints.masks import ConstraintGrammar, MaskState, constraint_grammar
from partimento.generate.limits import Limits
from partimento.generate.numpy_loop import ONE_THREAD
from partimento.generate.sampler import NEVER, Sampling, sample_token
from partimento.models.numpy_step import NumpyStep
from partimento.progress import Progress, silent
from partimento.short_repr import short_repr
from partimento.tokens.base import Tokenizer
from partimento.tokens.vocabulary import END
from partimento.training.trained_model import TrainedModel

PARTICLES = 48
BACK = (1, 1, 1, 2, 2, 4, 4, 8, 8, 16, 32, 64)  # checkpoints to go back at successive dead ends
RETRIES = (1, 1, 2, 4)  # the same if no particle meets a wish, before it is given up


class Reward(Protocol):
    """Make some ids more probable, and others less."""

    def __call__(self, rules: MaskState, field: int) -> np.ndarray | None:
        """Return what is added to the logits ``(B, V)`` of `field`; None for nothing."""


@short_repr
class Cloud(NamedTuple):
    """Hold the particles.

    Attributes
    ----------
    numbers : (B,) int
        The row of each particle in the table of ids.
    at : (B,) int
        The row of ids that it writes next.
    logits : (B, V)
    grammar, model, rules : nested tuples of arrays
    weight, nats : (B,) float
        The logarithm of the weight since the last resampling, and the nats of its ids.
    missed : (B,) float
        The nats that it lost by wishes that it did not meet; 0 or less.
    """

    numbers: np.ndarray
    at: np.ndarray
    logits: np.ndarray
    grammar: Any
    model: Any
    rules: Any
    weight: np.ndarray
    nats: np.ndarray
    missed: np.ndarray


def compose_particles(
    trained: TrainedModel,
    prompt: np.ndarray,
    *,
    limits: Limits,
    scene: Scene,
    constraints: Sequence[Constraint],
    sampling: Sampling | None = None,
    particles: int = PARTICLES,
    seed: int = 0,
    reward: Reward | None = None,
    ends: bool = True,
    progress: Progress = silent,
) -> Generated:
    """Compose particles that meet constraints, as the model would write them.

    Parameters
    ----------
    trained : TrainedModel
    prompt : (n, F) int32
    limits : Limits
        With a length in steps.
    scene : Scene
    constraints : sequence of Constraint
        On composed pitches.
    sampling : Sampling, optional
    particles : int
        B.
    seed : int
        The same arguments give the same notes.
    reward : Reward, optional
    ends : bool
        Whether the piece ends with the particles, so that a probable end counts.
    progress : Progress
        Called with the number of checkpoints.

    Returns
    -------
    Generated
        All particles, resampled at last so that they have the same weight.

    Raises
    ------
    PartimentoError
        If no particle meets the constraints.
    """
    step = trained.numpy_step or KerasStep(trained.model)
    rules = constraint_grammar(constraints, trained.tokenizer, scene)
    assert rules is not None
    assert limits.total >= 0
    loop = ParticleLoop(step, trained.tokenizer, limits, sampling or Sampling(), rules)
    loop.reward, loop.progress, loop.ends = reward, progress, ends
    with ONE_THREAD:
        return loop.run(prompt, particles, np.random.default_rng([seed, 3]))


@short_repr
class KerasStep:
    """Compute the step of a model that has no NumPy version, one id at a time."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def initial_state(self, batch: int) -> tuple[np.ndarray, ...]:
        """Return the state before the first id."""
        return tuple(np.asarray(part) for part in self.model.initial_state(batch))

    def step(
        self, state: Any, ids: np.ndarray, *, field: int, features: Any
    ) -> tuple[Any, np.ndarray]:
        """Read `ids` ``(B,)``; return the new state and the next id's logits."""
        state, logits = self.model.step(state, ids, field=field, features=features)
        return tuple(np.asarray(part) for part in state), np.asarray(logits)


@short_repr
class ParticleLoop:
    """Write particles from checkpoint to checkpoint.

    Checkpoints are the quarters of the piece.
    """

    reward: Reward | None = None
    ends = True

    def __init__(
        self,
        model: NumpyStep,
        tokenizer: Tokenizer,
        limits: Limits,
        sampling: Sampling,
        rules: ConstraintGrammar,
    ) -> None:
        self.model, self.tokenizer, self.grammar = model, tokenizer, tokenizer.grammar()
        self.limits, self.rules, self.parameters = limits, rules, rules.parameters
        self.sampling, self.truncates = sampling.to_array(), sampling.truncates
        self.progress: Progress = silent

    def run(self, prompt: np.ndarray, particles: int, rng: np.random.Generator) -> Generated:
        """Return the particles at the end; see `compose_particles`."""
        length = padded(self.tokenizer.max_rows(self.limits.events, len(prompt)))
        fields = len(self.tokenizer.fields)
        self.ids = np.zeros((particles, length, fields), np.int32)
        cloud = self._start(prompt, particles)
        first = int(cloud.grammar.elapsed.max())
        stops = [*range(first + self.tokenizer.grid, self.limits.steps, self.tokenizer.grid)]
        stops.append(self.limits.steps)
        stored = {0: (cloud, self.ids.copy())}  # the particles at each checkpoint
        at, dead_ends = 0, 0
        again = dict.fromkeys(
            range(len(stops)), 0
        )  # how often each checkpoint went back for a wish
        while at < len(stops):
            self.progress("compose", at, len(stops))
            cloud, self.ids = stored[at][0], stored[at][1].copy()
            cloud = self._written(cloud, stops[at], rng)
            if np.isneginf(cloud.weight).all():
                if dead_ends == len(BACK):
                    raise PartimentoError(
                        f"none of {particles} particles met all constraints: try another seed,"
                        " or ask for less"
                    )
                at = max(at - BACK[dead_ends] + 1, min(stored))
                dead_ends += 1
                continue
            if again[at] < len(RETRIES) and _missed(cloud) < _missed(stored[at][0]):
                back = RETRIES[again[at]]
                again[at] += 1
                at = max(at - back, min(stored))
                continue
            at += 1
            cloud = self._resampled(cloud, rng, always=at == len(stops))
            stored[at] = (cloud, self.ids.copy())
            stored.pop(at - max(BACK) - 1, None)
        self.progress("compose", at, len(stops))
        return Generated(self.ids, self._closing(cloud), np.zeros(particles, np.int32), cloud.nats)

    def _start(self, prompt: np.ndarray, particles: int) -> Cloud:
        count = particles if len(prompt) <= ROWS else 1  # a long prompt is read once for all
        zeros = np.zeros(count)
        cloud = Cloud(
            np.arange(count),
            np.zeros(count, np.int32),
            np.zeros((count, self.tokenizer.sizes[0]), np.float32),
            self.grammar.start(count, total=self.limits.total),
            self.model.initial_state(count),
            self.rules.start(count, self.parameters),
            zeros,
            zeros,
            zeros,
        )
        reach = -(-(len(prompt) + ROWS) // ROWS) * ROWS
        cloud = cloud._replace(grammar=self.grammar.with_reach(cloud.grammar, reach))
        for row in prompt:
            for field, value in enumerate(row.tolist()):
                cloud = self._advance(cloud, np.full(count, value, np.int32), field)
            cloud = cloud._replace(at=cloud.at + 1)
        if count == particles:
            return cloud
        self.ids[:, : len(prompt)] = prompt
        spread: Cloud = select(cloud, np.zeros(particles, np.int64))
        return spread._replace(numbers=np.arange(particles))

    def _written(self, cloud: Cloud, stop: int, rng: np.random.Generator) -> Cloud:
        """Write all particles up to a step; those at a dead end get the weight 0."""
        waiting: list[Cloud] = []
        last_row = self.ids.shape[1] - 1
        while len(cloud.numbers):
            # Before a turn, because an event may have gone beyond this step at the last checkpoint.
            arrived = self.grammar.at_event_end(cloud.grammar) & (cloud.grammar.elapsed >= stop)
            arrived |= np.isneginf(cloud.weight)
            if arrived.any():
                waiting.append(select(cloud, arrived))
                cloud = select(cloud, ~arrived)
                continue
            reach = -(-(int(cloud.at.max()) + 1) // ROWS) * ROWS
            cloud = cloud._replace(grammar=self.grammar.with_reach(cloud.grammar, reach))
            cloud = self._turn(cloud, rng)
            cloud = cloud._replace(weight=np.where(cloud.at >= last_row, -np.inf, cloud.weight))
        reach = max(map(_reach, waiting))
        waiting = [
            part._replace(grammar=self.grammar.with_reach(part.grammar, reach)) for part in waiting
        ]
        joined: Cloud = _joined(waiting)
        ordered: Cloud = select(joined, np.argsort(joined.numbers))
        return ordered

    def _turn(self, cloud: Cloud, rng: np.random.Generator) -> Cloud:
        """Write one row of every particle."""
        for field in range(len(self.tokenizer.fields)):
            mask = self.grammar.allowed(cloud.grammar, field)
            if field == 0 and not self.limits.may_end:
                mask[:, END] = False
            allowed = self.rules.allowed(cloud.rules, self.parameters, field)
            inner, dead = constrained(self.grammar, cloud.grammar, field, mask, allowed, np)
            logits = cloud.logits
            wish = self.rules.bias(cloud.rules, self.parameters, field)
            reward = None if self.reward is None else self.reward(cloud.rules, field)
            for bias in (wish, reward):
                logits = logits if bias is None else logits + bias
            uniform = rng.random(len(cloud.numbers))
            ids = sample_token(logits, inner, uniform, self.sampling, truncates=self.truncates)
            total = log_sum(cloud.logits, mask)
            weight = cloud.weight + log_sum(logits, inner) - total
            own = cloud.logits[np.arange(len(ids)), ids]
            cloud = cloud._replace(
                weight=np.where(dead, -np.inf, weight), nats=cloud.nats + total - own
            )
            if wish is not None:
                cloud = cloud._replace(missed=cloud.missed + wish[np.arange(len(ids)), ids])
            self.ids[cloud.numbers, cloud.at, field] = ids
            cloud = self._advance(cloud, ids, field)
        return cloud._replace(at=cloud.at + 1)

    def _advance(self, cloud: Cloud, ids: np.ndarray, field: int) -> Cloud:
        grammar = self.grammar.advance(cloud.grammar, ids, field)
        both = cloud.grammar, grammar
        rules = self.rules.advance(cloud.rules, self.parameters, both, ids, field)
        features = self.grammar.features(grammar)
        model, logits = self.model.step(cloud.model, ids, field=field, features=features)
        return cloud._replace(grammar=grammar, rules=rules, model=model, logits=logits)

    def _resampled(self, cloud: Cloud, rng: np.random.Generator, *, always: bool) -> Cloud:
        """Copy particles in proportion to their weights, if these differ enough.

        At the end of a piece, the weights have the probability that it ends there.
        """
        weight = cloud.weight + (self._closing(cloud) if always and self.ends else 0)
        share = np.exp(weight - weight.max())
        share /= share.sum()
        count = len(share)
        if not always and 1 / np.sum(share**2) >= count / 2:
            return cloud
        chosen = systematic(share, float(rng.random()))
        self.ids = self.ids[cloud.numbers[chosen]]
        cloud = select(cloud, chosen)
        return cloud._replace(numbers=np.arange(count), weight=np.zeros(count))

    def _closing(self, cloud: Cloud) -> np.ndarray:
        """Return the log-probability ``(B,)`` that the piece ends now."""
        allowed = self.grammar.allowed(cloud.grammar, 0)
        closing = cloud.logits[:, END] - log_sum(cloud.logits, allowed)
        return np.asarray(closing, np.float32)


def _missed(cloud: Cloud) -> float:
    """Return the nats that the best particle lost by wishes."""
    return float(cloud.missed[~np.isneginf(cloud.weight)].max())


def _reach(cloud: Cloud) -> int:
    """Return the rows of history that the grammar's state has; 0 if it has none."""
    past = getattr(cloud.grammar, "past", cloud.grammar)
    history = getattr(past, "history", None)
    return 0 if history is None else int(history.shape[1])


def systematic(share: np.ndarray, offset: float) -> np.ndarray:
    """Return the indices of a systematic sample in proportion to `share`.

    Each index occurs as often as its share demands, give or take one.

    Parameters
    ----------
    share : (B,) float
        They sum up to 1.
    offset : float
        A random number in [0, 1).

    Examples
    --------
    >>> systematic(np.array([0.5, 0.25, 0.25, 0.0]), 0.5).tolist()
    [0, 0, 1, 2]
    """
    count = len(share)
    places = (np.arange(count) + offset) / count
    chosen = np.searchsorted(np.cumsum(share), places, side="right")
    return np.asarray(np.minimum(chosen, np.flatnonzero(share)[-1]))


def log_sum(logits: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return ``(B,)``: the logarithm of the sum of exp(logits) where the mask is True."""
    values = np.where(mask, logits, NEVER).astype(np.float64)
    top = values.max(axis=-1)
    return np.asarray(top + np.log(np.exp(values - top[:, None]).sum(axis=-1)))


def select(state: Any, chosen: np.ndarray) -> Any:
    """Return the rows `chosen` of all arrays in nested tuples."""
    if not isinstance(state, tuple):
        return state[chosen]
    parts = [select(part, chosen) for part in state]
    return type(state)(*parts) if hasattr(state, "_fields") else tuple(parts)


def _joined(states: Sequence[Any]) -> Any:
    first = states[0]
    if not isinstance(first, tuple):
        return np.concatenate(states)
    parts = [_joined(each) for each in zip(*states, strict=True)]
    return type(first)(*parts) if hasattr(first, "_fields") else tuple(parts)
