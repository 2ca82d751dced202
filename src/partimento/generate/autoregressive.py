"""Compose one number after another in a compiled loop that carries the state.

A row is an event (chord, held, duration) or a single token, as the tokenizer defines. The loop is a
`keras.Model` whose `call` holds `ops.while_loop`: it runs on every backend. Its random numbers are
an input, drawn with NumPy, since a generator inside the loop would repeat its draw.

Shapes: B candidates composed at once, N rows at most, F fields of a row, V numbers of a field.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from threading import Lock
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from partimento.generate.candidates import ROWS, Generated, constrained
from partimento.generate.constraints import Constraint, Rule
from partimento.generate.limits import Limits
from partimento.generate.sampler import NEVER, Sampling, sample_token
from partimento.models.base import NextModel
from partimento.tokens.vocabulary import END, PAD


class LoopState(NamedTuple):
    """Hold what the loop carries from row to row.

    Attributes
    ----------
    row : () int32
        The number of the row to compose.
    done : (B,) bool
        Which candidates are complete.
    closing, dead_ends
        As in `Generated`.
    ids : (N, B, F) int32
        The rows so far.
    logits : (B, V) float32
        The model's prediction of the next number.
    grammar, model : nested tuples of tensors
        The states of the grammar and of the model.
    rules : tuple
        The state of each constraint.
    """

    row: Any
    done: Any
    closing: Any
    dead_ends: Any
    ids: Any
    logits: Any
    grammar: Any
    model: Any
    rules: tuple[Any, ...]


class GenerationLoop(keras.Model):
    """The composing loop; it compiles once per length, and `predict_on_batch` runs it.

    Parameters
    ----------
    model : NextModel
        Only referenced weakly, so that a loop in the cache does not keep it alive.
    rules : sequence of Rule
        Constraints beside the grammar. Their parameters are inputs.
    """

    def __init__(
        self, model: NextModel, *, candidates: int, truncates: bool, rules: Sequence[Rule] = ()
    ) -> None:
        super().__init__()
        self.built = (
            True  # else Keras would run the whole loop once, uncompiled, to find its shapes
        )
        self.network = model.network  # tracked here, so that its weights are inputs of the program
        self.candidates, self.truncates, self.rules = candidates, truncates, tuple(rules)
        self.tokenizer, self.grammar = model.tokenizer, model.tokenizer.grammar()
        self._model = weakref.ref(model)

    def call(self, inputs: dict[str, Any]) -> Any:
        """Compose.

        Parameters
        ----------
        inputs : dict
            Arrays with a leading axis of 1. ``prompt`` is (N, F), ``uniform`` (N, F, B) and
            ``sampling`` (3,). ``limits`` is (5,): rows of the prompt, rows, events, steps, and
            whether the model may end by itself. ``rule_0_0`` and so on are the parameters of
            the rules.
        """
        inputs = {name: value[0] for name, value in inputs.items()}
        _, rows, *_ = self._limits(inputs)

        def unfinished(*state: Any) -> Any:
            now = LoopState(*state)
            return ops.logical_and(now.row < rows, ops.logical_not(ops.all(now.done)))

        def step(*state: Any) -> Any:
            return tuple(self._row(LoopState(*state), inputs))

        end = LoopState(*ops.while_loop(unfinished, step, tuple(self._start(inputs))))
        ids = ops.transpose(end.ids, (1, 0, 2))
        return {"ids": ids, "closing": end.closing, "dead_ends": end.dead_ends}

    def _limits(self, inputs: dict[str, Any]) -> Any:
        limits = inputs["limits"]
        return limits[0], limits[1], limits[2], limits[3], limits[4] > 0

    def _start(self, inputs: dict[str, Any]) -> LoopState:
        batch = self.candidates
        zeros = ops.zeros((batch,), "int32")
        length = ops.shape(inputs["prompt"])[0]
        return LoopState(
            row=ops.convert_to_tensor(0, "int32"),
            done=zeros > 0,
            closing=ops.zeros((batch,)) + NEVER,
            dead_ends=zeros,
            ids=ops.zeros((length, batch, len(self.tokenizer.fields)), "int32"),
            logits=ops.zeros((batch, self.tokenizer.sizes[0])),
            grammar=self.grammar.start(batch, ops),
            model=self._model_now().initial_state(batch),
            rules=tuple(
                rule.start(batch, [inputs[name] for name in names], ops)
                for rule, names in zip(self.rules, _rule_inputs(self.rules), strict=True)
            ),
        )

    def _row(self, state: LoopState, inputs: dict[str, Any]) -> LoopState:
        """Compose one row of every candidate."""
        row: list[Any] = []
        for field in range(len(self.tokenizer.fields)):
            state, chosen = self._field(state, field, inputs)
            row.append(chosen)
        ids = ops.slice_update(state.ids, (state.row, 0, 0), ops.transpose(ops.stack(row))[None])
        return self._stop(state._replace(ids=ids), row[0] == END, inputs)

    def _field(self, state: LoopState, field: int, inputs: dict[str, Any]) -> tuple[LoopState, Any]:
        """Choose one number of every candidate, and advance all states by it."""
        prompt_rows, *_, may_end = self._limits(inputs)
        # 1. The mask: the grammar, and what the constraints leave of it.
        mask = self.grammar.allowed(state.grammar, field, ops)
        if field == 0:  # the end is a number of the first field
            is_end = np.arange(mask.shape[-1]) == END
            mask = ops.logical_and(mask, ops.logical_or(~is_end, may_end))
        dead = None
        if self.rules:
            rules = [*zip(self.rules, state.rules, strict=True)]
            mask, dead = constrained(self.grammar, state.grammar, field, mask, rules, ops)
        # 2. The choice: the prompt's number as long as there is one, then a sample.
        uniform, sampling = inputs["uniform"][state.row, field], inputs["sampling"]
        sampled = sample_token(state.logits, mask, uniform, sampling, ops, truncates=self.truncates)
        from_prompt = state.row < prompt_rows
        chosen = ops.where(from_prompt, inputs["prompt"][state.row, field], sampled)
        chosen = ops.where(state.done, PAD, chosen)
        # 3. Every state takes it in; the model predicts the next number.
        grammar = self.grammar.advance(state.grammar, chosen, field, ops)
        rule_states = tuple(
            rule.advance(rule_state, chosen, field, ops)
            for rule, rule_state in zip(self.rules, state.rules, strict=True)
        )
        features = self.grammar.features(grammar, ops)
        model, logits = self._model_now().step(state.model, chosen, field=field, features=features)
        if dead is not None:
            counts = ops.logical_and(dead, ops.logical_not(ops.logical_or(state.done, from_prompt)))
            dead_ends = state.dead_ends + ops.cast(counts, "int32")
            state = state._replace(dead_ends=dead_ends)
        return state._replace(
            grammar=grammar, rules=rule_states, model=model, logits=logits
        ), chosen

    def _stop(self, state: LoopState, ended: Any, inputs: dict[str, Any]) -> LoopState:
        """Stop candidates that are long enough, and note how well they end there."""
        _, rows, events, steps, _ = self._limits(inputs)
        grammar = state.grammar
        at_event_end = self.grammar.at_event_end(grammar)
        enough_events = grammar.events >= events
        enough = ops.logical_and(
            at_event_end, ops.logical_or(grammar.elapsed >= steps, enough_events)
        )
        out_of_rows = state.row + 1 >= rows
        stopped = ops.logical_and(ops.logical_or(enough, out_of_rows), ops.logical_not(state.done))
        # A last event that sounds past the limit will be cut: such an end has no probability.
        whole = ops.logical_and(
            at_event_end, ops.logical_or(grammar.elapsed <= steps, enough_events)
        )
        allowed = self.grammar.allowed(grammar, 0, ops)
        end = ops.log_softmax(ops.where(allowed, state.logits, NEVER), axis=-1)[:, END]
        closing = ops.where(stopped, ops.where(whole, end, NEVER), state.closing)
        closing = ops.where(ended, 0.0, closing)  # an end of the model's own is the best close
        done = ops.logical_or(state.done, ops.logical_or(ended, stopped))
        return state._replace(row=state.row + 1, done=done, closing=closing)

    def _model_now(self) -> NextModel:
        model = self._model()
        assert model is not None, "who runs the loop holds the model"
        return model


class ModelLoops:
    """Keep the loops of one model.

    Attributes
    ----------
    loops : dict
        By number of candidates, truncation and types of constraints.
    lock : Lock
        Held while one of them runs: on JAX, Keras gives the weights' buffers away to the program
        and gets them back with its result. Two loops of one model must not run at once.
    """

    def __init__(self) -> None:
        self.loops: dict[Any, GenerationLoop] = {}
        self.lock = Lock()


class LoopCache:
    """Keep the compiled loops of every model that is alive, safe for several threads.

    A loop is compiled for a number of candidates, for truncation, and for the types of its
    constraints.
    """

    def __init__(self) -> None:
        self._models: weakref.WeakKeyDictionary[NextModel, ModelLoops]
        self._models, self._lock = weakref.WeakKeyDictionary(), Lock()

    def get(
        self,
        model: NextModel,
        *,
        candidates: int,
        truncates: bool,
        constraints: Sequence[Constraint],
    ) -> GenerationLoop:
        """Return the loop, made now if it is new."""
        kinds = tuple(type(constraint) for constraint in constraints)
        # The network is part of the key: a model of counts makes a new one whenever it learns.
        key = id(model.network), candidates, truncates, kinds
        with self._lock:
            loops = self._of(model).loops
            if key not in loops:
                rules = [constraint.bind(model.tokenizer) for constraint in constraints]
                loops[key] = GenerationLoop(
                    model, candidates=candidates, truncates=truncates, rules=rules
                )
            return loops[key]

    def run(
        self,
        model: NextModel,
        inputs: dict[str, np.ndarray],
        *,
        candidates: int,
        truncates: bool,
        constraints: Sequence[Constraint],
    ) -> dict[str, Any]:
        """Run the loop on its inputs; calls for the same model wait for each other."""
        loop = self.get(model, candidates=candidates, truncates=truncates, constraints=constraints)
        with self._lock:
            lock = self._of(model).lock
        with lock:
            return dict(loop.predict_on_batch(inputs))

    def _of(self, model: NextModel) -> ModelLoops:
        return self._models.setdefault(model, ModelLoops())

    def __len__(self) -> int:
        with self._lock:
            return sum(len(kept.loops) for kept in self._models.values())


LOOPS = LoopCache()


def generate(
    model: NextModel,
    prompt: np.ndarray,
    *,
    limits: Limits,
    sampling: Sampling,
    candidates: int = 1,
    seed: int = 0,
    constraints: Sequence[Constraint] = (),
) -> Generated:
    """Continue a prompt ``(n, F)``, whose first row is a start row.

    The same arguments give the same notes.
    """
    fields = len(model.tokenizer.fields)
    rows = model.tokenizer.max_rows(limits.events, len(prompt))
    length = -(-rows // ROWS) * ROWS
    padded = np.zeros((length, fields), np.int32)
    padded[: len(prompt)] = prompt[:length]
    bounds = [len(prompt), rows, limits.events - 1, limits.steps, limits.may_end]
    inputs = {
        "prompt": padded,
        "uniform": np.random.default_rng(seed).random((length, fields, candidates), np.float32),
        "sampling": sampling.to_array(),
        "limits": np.array(bounds, np.int32),
    }
    rules = [constraint.bind(model.tokenizer) for constraint in constraints]
    for rule, names in zip(rules, _rule_inputs(rules), strict=True):
        inputs |= dict(zip(names, rule.parameters, strict=True))
    out = LOOPS.run(
        model,
        {name: value[None] for name, value in inputs.items()},
        candidates=candidates,
        truncates=sampling.truncates,
        constraints=constraints,
    )
    return Generated(*(np.asarray(out[name]) for name in Generated._fields))


def _rule_inputs(rules: Sequence[Rule]) -> list[list[str]]:
    """Name the inputs that carry the parameters of each rule."""
    return [
        [f"rule_{number}_{i}" for i in range(len(rule.parameters))]
        for number, rule in enumerate(rules)
    ]
