"""Generate one id after another on NumPy, without compilation.

The algorithm is that of `autoregressive.GenerationLoop`. Shapes: B candidates in the batch, N rows
at most, F fields of a row, V ids of a field.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from partimento.generate.candidates import ROWS, Generated, constrained
from partimento.generate.constraints import Constraint
from partimento.generate.limits import Limits
from partimento.generate.sampler import NEVER, Sampling, sample_token
from partimento.models.numpy_step import NumpyStep
from partimento.short_repr import short_repr
from partimento.tokens.base import Tokenizer
from partimento.tokens.vocabulary import END, PAD


@short_repr
class Batch(NamedTuple):
    """The state of the loop for the candidates that are still in the batch.

    Attributes
    ----------
    numbers : (B,) int
        The index of each candidate among all of them.
    done : (B,) bool
        Which of them are complete.
    logits : (B, V) float32
        The model's prediction of the next id.
    grammar, model : nested tuples of arrays
        The states of the grammar and of the model.
    """

    numbers: np.ndarray
    done: np.ndarray
    logits: np.ndarray
    grammar: Any
    model: Any


def generate_on_numpy(
    model: NumpyStep,
    tokenizer: Tokenizer,
    prompt: np.ndarray,
    *,
    limits: Limits,
    sampling: Sampling,
    candidates: int = 1,
    seed: int = 0,
    constraints: Sequence[Constraint] = (),
) -> Generated:
    """Generate the same candidates as `autoregressive.generate`, without compilation.

    A candidate can differ only where rounding changes which id is sampled. This happened in none of
    3,200 candidates of 16 bars (830,270 tokens) of the bundled model.
    """
    loop = NumpyLoop(model, tokenizer, limits, sampling, constraints)
    with ONE_THREAD:
        return loop.run(prompt, candidates, seed)


@short_repr
class OneThread:
    """Limit NumPy's matrix products to one thread while any loop runs.

    A second thread saves a fifth of the time on an idle machine, but triples it on a busy one. With
    one thread, the last digits do not depend on the number of processors.
    """

    def __init__(self) -> None:
        self._lock, self._loops = Lock(), 0
        self._limits: Any = None

    def __enter__(self) -> None:
        with self._lock:  # of overlapping loops, only the last one must restore the limit
            if not self._loops:
                self._limits = threadpool_limits(1, "blas")
            self._loops += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._loops -= 1
            if not self._loops:
                self._limits.restore_original_limits()


ONE_THREAD = OneThread()


@short_repr
class NumpyLoop:
    """Generate candidates that begin with the same prompt."""

    def __init__(
        self,
        model: NumpyStep,
        tokenizer: Tokenizer,
        limits: Limits,
        sampling: Sampling,
        constraints: Sequence[Constraint],
    ) -> None:
        self.model, self.tokenizer, self.grammar = model, tokenizer, tokenizer.grammar()
        self.limits, self.truncates = limits, sampling.truncates
        self.sampling = sampling.to_array()
        self.rules = [constraint.bind(tokenizer) for constraint in constraints]
        self.rule_states: list[Any] = []

    def run(self, prompt: np.ndarray, candidates: int, seed: int) -> Generated:
        """Generate candidates; see `generate_on_numpy`."""
        fields = len(self.tokenizer.fields)
        rows = self.tokenizer.max_rows(self.limits.events, len(prompt))
        length = -(-rows // ROWS) * ROWS  # as in the compiled loop, for the same random numbers
        uniform = np.random.default_rng(seed).random((length, fields, candidates), np.float32)
        generated = Generated(
            ids=np.zeros((candidates, length, fields), np.int32),
            closing=np.full(candidates, NEVER, np.float32),
            dead_ends=np.zeros(candidates, np.int32),
            nats=np.zeros(candidates, np.float32),
        )
        batch = self._start(candidates)
        for row in range(rows):
            if row % ROWS == 0:  # grow the history with the piece, as empty rows would cost time
                grammar = self.grammar.with_reach(batch.grammar, row + ROWS)
                batch = batch._replace(grammar=grammar)
            for field in range(fields):
                if row < len(prompt):
                    ids = np.full(len(batch.numbers), prompt[row, field], np.int32)
                    ids[batch.done] = PAD
                else:
                    ids = self._sampled(batch, field, uniform[row, field], generated)
                generated.ids[batch.numbers, row, field] = ids
                batch = self._advance(batch, ids, field)
            ended = generated.ids[batch.numbers, row, 0] == END
            batch = self._stop(batch, ended, row + 1 >= rows, generated.closing)
            if batch.done.all():
                break
        return generated

    def _start(self, candidates: int) -> Batch:
        self.rule_states = [rule.start(candidates, rule.parameters) for rule in self.rules]
        return Batch(
            np.arange(candidates),
            np.zeros(candidates, bool),
            np.zeros((candidates, self.tokenizer.sizes[0]), np.float32),
            self.grammar.start(candidates, total=self.limits.total),
            self.model.initial_state(candidates),
        )

    def _sampled(
        self, batch: Batch, field: int, uniform: np.ndarray, generated: Generated
    ) -> np.ndarray:
        """Sample an id for every candidate; add up dead ends and nats in place."""
        mask = self.grammar.allowed(batch.grammar, field)
        if field == 0 and not self.limits.may_end:
            mask[:, END] = False
        if self.rules:
            rules = [*zip(self.rules, self.rule_states, strict=True)]
            mask, dead = constrained(self.grammar, batch.grammar, field, mask, rules, np)
            generated.dead_ends[batch.numbers] += dead & ~batch.done
        draws = uniform[batch.numbers]
        ids = sample_token(batch.logits, mask, draws, self.sampling, truncates=self.truncates)
        nats = -_logp(batch.logits, mask, ids)
        generated.nats[batch.numbers] += np.where(batch.done, 0, nats)
        return np.where(batch.done, PAD, ids)

    def _advance(self, batch: Batch, ids: np.ndarray, field: int) -> Batch:
        """Advance all states by an id, and predict the next one."""
        grammar = self.grammar.advance(batch.grammar, ids, field)
        self.rule_states = [
            rule.advance(state, ids, field)
            for rule, state in zip(self.rules, self.rule_states, strict=True)
        ]
        features = self.grammar.features(grammar)
        model, logits = self.model.step(batch.model, ids, field=field, features=features)
        return batch._replace(logits=logits, grammar=grammar, model=model)

    def _stop(self, batch: Batch, ended: np.ndarray, last: bool, closing: np.ndarray) -> Batch:
        """Stop candidates that are long enough, and record how probable their end is."""
        grammar, limits = batch.grammar, self.limits
        at_event_end = self.grammar.at_event_end(grammar)
        enough_events = grammar.events >= limits.events - 1
        enough = at_event_end & ((grammar.elapsed >= limits.steps) | enough_events)
        stopped = (ended | enough | last) & ~batch.done
        if not stopped.any():
            return batch
        # If the last event exceeds the length, it will be cut off: such an end is not a good one.
        whole = at_event_end & ((grammar.elapsed <= limits.steps) | enough_events)
        logp = np.where(whole, _end_logp(batch.logits, self.grammar.allowed(grammar, 0)), NEVER)
        logp = np.where(ended, 0.0, logp)  # the model chose to end here: probability 1
        closing[batch.numbers[stopped]] = logp[stopped]
        batch = batch._replace(done=batch.done | stopped)
        # Drop complete candidates to save time. With rules this is not possible, because their
        # states need not have the candidates as first axis.
        return batch if self.rules or batch.done.all() else _select(batch, ~batch.done)


def _end_logp(logits: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Return the log-probability ``(B,)`` that the piece ends here."""
    return _logp(logits, allowed, np.full(len(logits), END))


def _logp(logits: np.ndarray, allowed: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Return the log-probability ``(B,)`` of `ids` ``(B,)`` among the allowed ones."""
    logits = np.where(allowed, logits, NEVER)
    logits = logits - logits.max(axis=-1, keepdims=True)
    logp: np.ndarray = logits[np.arange(len(ids)), ids] - np.log(np.exp(logits).sum(axis=-1))
    return logp


def _select(state: Any, keep: np.ndarray) -> Any:
    """Return the rows `keep` of all arrays in nested tuples."""
    if not isinstance(state, tuple):
        return state[keep]
    parts = [_select(part, keep) for part in state]
    return type(state)(*parts) if hasattr(state, "_fields") else tuple(parts)
