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

from partimento.generate import backtrack
from partimento.generate.backtrack import Snapshot
from partimento.generate.candidates import ROWS, Generated, constrained, iterations, padded
from partimento.generate.constraints.base import Constraint, Scene
from partimento.generate.constraints.masks import ConstraintGrammar, constraint_grammar
from partimento.generate.constraints.timetable import scene_of
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
    at : (B,) int
        The row that each candidate writes next.
    rules : MaskState or ()
        The music so far, if there are constraints.
    trail : Trail or ()
        The states to which candidates can go back.
    """

    numbers: np.ndarray
    done: np.ndarray
    logits: np.ndarray
    grammar: Any
    model: Any
    at: np.ndarray
    rules: Any = ()
    trail: Any = ()


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
    scene: Scene | None = None,
) -> Generated:
    """Generate the same candidates as `autoregressive.generate`, without compilation.

    A candidate can differ only where rounding changes which id is sampled. This happened in none of
    3,200 candidates of 16 bars (830,270 tokens) of the bundled model.
    """
    scene = scene or scene_of(tokenizer, prompt, limits)
    rules = constraint_grammar(constraints, tokenizer, scene)
    loop = NumpyLoop(model, tokenizer, limits, sampling, rules)
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
        rules: ConstraintGrammar | None,
    ) -> None:
        self.model, self.tokenizer, self.grammar = model, tokenizer, tokenizer.grammar()
        self.limits, self.truncates = limits, sampling.truncates
        self.sampling = sampling.to_array()
        self.rules = rules
        self.parameters = rules.parameters if rules is not None else []

    def run(self, prompt: np.ndarray, candidates: int, seed: int) -> Generated:
        """Generate candidates; see `generate_on_numpy`."""
        fields = len(self.tokenizer.fields)
        rows = self.tokenizer.max_rows(self.limits.events, len(prompt))
        # As in the compiled loop, for the same random numbers.
        length, most = padded(rows), rows
        turns = length
        if self.rules is not None:
            turns = most = iterations(rows)
        uniform = np.random.default_rng(seed).random((turns, fields, candidates), np.float32)
        generated = Generated(
            ids=np.zeros((candidates, length, fields), np.int32),
            closing=np.full(candidates, NEVER, np.float32),
            dead_ends=np.zeros(candidates, np.int32),
            nats=np.zeros(candidates, np.float32),
        )
        # A long prompt is read once for all candidates.
        reads_alone = len(prompt) > ROWS and candidates > 1
        batch = self._start(1 if reads_alone else candidates)
        for turn in range(most):
            if reads_alone and turn == len(prompt):
                batch = select_rows(batch, np.zeros(candidates, np.int64))
                batch = batch._replace(numbers=np.arange(candidates))
                generated.ids[:, :turn] = prompt
            if turn % ROWS == 0:  # grow the history with the piece, as empty rows would cost time
                batch = self._with_reach(batch, turn + ROWS)
            batch = self._turn(batch, turn, prompt, uniform[turn], generated, most)
            if batch.done.all():
                break
        return generated

    def _turn(
        self,
        batch: Batch,
        turn: int,
        prompt: np.ndarray,
        uniform: np.ndarray,
        generated: Generated,
        most: int,
    ) -> Batch:
        """Generate one row of every candidate, or go back at a dead end."""
        dead = np.zeros(len(batch.numbers), bool)
        nats = generated.nats[batch.numbers]
        for field in range(len(self.tokenizer.fields)):
            # Candidates go back to the end of the prompt at most, so all read it together.
            if turn < len(prompt):
                ids = np.full(len(batch.numbers), prompt[turn, field], np.int32)
                ids[batch.done] = PAD
            else:
                ids, cost, is_dead = self._sampled(batch, field, uniform[field])
                dead |= is_dead
                nats = nats + cost
            generated.ids[batch.numbers, batch.at, field] = ids
            batch = self._advance(batch, ids, field)
        ended = (generated.ids[batch.numbers, batch.at, 0] == END) & ~dead
        length = generated.ids.shape[1]
        at = np.where(batch.done, batch.at, np.minimum(batch.at + 1, length - 1))
        batch = batch._replace(at=at)
        if self.rules is None:
            generated.nats[batch.numbers] = nats
            return self._stop(batch, ended, turn + 1 >= most, generated)
        batch, nats = self._went_back(batch, dead, nats, len(prompt), generated.ids)
        generated.nats[batch.numbers] = nats
        lost = (backtrack.has_failed(batch.trail) | (at >= length - 1)) & ~batch.done
        return self._stop(batch, ended, turn + 1 >= most, generated, lost)

    def _went_back(
        self, batch: Batch, dead: np.ndarray, nats: np.ndarray, prompt_rows: int, ids: np.ndarray
    ) -> tuple[Batch, np.ndarray]:
        """Restore the candidates at a dead end, and store the states of others."""
        now = Snapshot(batch.grammar, batch.model, batch.rules, batch.logits, batch.at, nats)
        trail = batch.trail or backtrack.first_trail(now)
        if dead.any():
            trail, now = backtrack.restore(trail, now, dead)
            for number, row in zip(batch.numbers[dead], now.at[dead], strict=True):
                ids[number, row:] = PAD
        begins = now.at == prompt_rows
        due = backtrack.is_due(trail, now, self.grammar.at_event_end(now.grammar), begins)
        trail = backtrack.progressed(trail, now)
        if due.any():
            trail = backtrack.store(trail, now, due, begins)
        batch = batch._replace(
            grammar=now.grammar,
            model=now.model,
            rules=now.rules,
            logits=now.logits,
            at=now.at,
            trail=trail,
        )
        return batch, now.nats

    def _with_reach(self, batch: Batch, reach: int) -> Batch:
        def wider(grammar: Any) -> Any:
            return self.grammar.with_reach(grammar, reach)

        batch = batch._replace(grammar=wider(batch.grammar))
        if not batch.trail:
            return batch
        stored = {
            name: getattr(batch.trail, name)._replace(
                grammar=wider(getattr(batch.trail, name).grammar)
            )
            for name in ("start", "far", "near")
        }
        return batch._replace(trail=batch.trail._replace(**stored))

    def _start(self, candidates: int) -> Batch:
        return Batch(
            np.arange(candidates),
            np.zeros(candidates, bool),
            np.zeros((candidates, self.tokenizer.sizes[0]), np.float32),
            self.grammar.start(candidates, total=self.limits.total),
            self.model.initial_state(candidates),
            np.zeros(candidates, np.int32),
            () if self.rules is None else self.rules.start(candidates, self.parameters),
        )

    def _sampled(
        self, batch: Batch, field: int, uniform: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Sample an id for every candidate; also return its nats, and who had no choice."""
        mask = self.grammar.allowed(batch.grammar, field)
        if field == 0 and not self.limits.may_end:
            mask[:, END] = False
        inner, dead = mask, np.zeros(len(batch.numbers), bool)
        if self.rules is not None:
            allowed = self.rules.allowed(batch.rules, self.parameters, field)
            inner, dead = constrained(self.grammar, batch.grammar, field, mask, allowed, np)
        draws = uniform[batch.numbers]
        ids = sample_token(batch.logits, inner, draws, self.sampling, truncates=self.truncates)
        nats = -_logp(batch.logits, mask, ids)
        ids = np.where(batch.done, PAD, ids)
        return ids, np.where(batch.done, 0, nats).astype(np.float32), dead & ~batch.done

    def _advance(self, batch: Batch, ids: np.ndarray, field: int) -> Batch:
        """Advance all states by an id, and predict the next one."""
        grammar = self.grammar.advance(batch.grammar, ids, field)
        rules = batch.rules
        if self.rules is not None:
            both = batch.grammar, grammar
            rules = self.rules.advance(rules, self.parameters, both, ids, field)
        features = self.grammar.features(grammar)
        model, logits = self.model.step(batch.model, ids, field=field, features=features)
        return batch._replace(logits=logits, grammar=grammar, model=model, rules=rules)

    def _stop(
        self,
        batch: Batch,
        ended: np.ndarray,
        last: bool,
        generated: Generated,
        lost: np.ndarray | None = None,
    ) -> Batch:
        """Stop candidates that are long enough, and record how probable their end is.

        Candidates that are `lost`, or out of rows within constraints, are given up.
        """
        grammar, limits = batch.grammar, self.limits
        at_event_end = self.grammar.at_event_end(grammar)
        enough_events = grammar.events >= limits.events - 1
        enough = at_event_end & ((grammar.elapsed >= limits.steps) | enough_events)
        stopped = (ended | enough | last) & ~batch.done
        if lost is not None:
            lost = lost | (stopped & ~ended & ~enough)
            generated.dead_ends[batch.numbers[lost]] = 1
            stopped |= lost
        if not stopped.any():
            return batch
        # If the last event exceeds the length, it will be cut off: such an end is not a good one.
        whole = at_event_end & ((grammar.elapsed <= limits.steps) | enough_events)
        logp = np.where(whole, _end_logp(batch.logits, self.grammar.allowed(grammar, 0)), NEVER)
        if lost is not None:
            logp = np.where(lost, NEVER, logp)
        logp = np.where(ended, 0.0, logp)  # the model chose to end here: probability 1
        generated.closing[batch.numbers[stopped]] = logp[stopped]
        batch = batch._replace(done=batch.done | stopped)
        return batch if batch.done.all() else select_rows(batch, ~batch.done)  # saves time


def _end_logp(logits: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Return the log-probability ``(B,)`` that the piece ends here."""
    return _logp(logits, allowed, np.full(len(logits), END))


def _logp(logits: np.ndarray, allowed: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Return the log-probability ``(B,)`` of `ids` ``(B,)`` among the allowed ones."""
    logits = np.where(allowed, logits, NEVER)
    logits = logits - logits.max(axis=-1, keepdims=True)
    logp: np.ndarray = logits[np.arange(len(ids)), ids] - np.log(np.exp(logits).sum(axis=-1))
    return logp


def select_rows(state: Any, keep: np.ndarray) -> Any:
    """Return the rows `keep` of all arrays in nested tuples: a mask, or indices."""
    if not isinstance(state, tuple):
        return state[keep]
    parts = [select_rows(part, keep) for part in state]
    return type(state)(*parts) if hasattr(state, "_fields") else tuple(parts)
