"""Generate one id after another in a compiled loop.

Depending on the tokenizer, a row is an event (chord, held, duration) or a single token. The loop is
a `keras.Model` whose `call` contains an `ops.while_loop`, which works on every backend. Its random
numbers are an input, drawn with NumPy, because a generator inside the loop would repeat its draw.

Shapes: B candidates in a batch, N rows at most, F fields of a row, V ids of a field.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from threading import Lock
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from partimento.generate.candidates import Generated, iterations, padded
from partimento.generate.constraints.base import Constraint, Scene
from partimento.generate.constraints.masks import ConstraintGrammar, constraint_grammar
from partimento.generate.constraints.timetable import scene_of
from partimento.generate.limits import Limits
from partimento.generate.sampler import NEVER, Sampling, sample_token
from partimento.models.base import NextModel
from partimento.short_repr import short_repr
from partimento.tokens.vocabulary import END, PAD


@short_repr
class LoopState(NamedTuple):
    """Hold the state that the loop carries from row to row.

    Attributes
    ----------
    row : () int32
        The index of the row to generate.
    done : (B,) bool
        Which candidates are complete.
    closing, dead_ends, nats
        As in `Generated`.
    ids : (N, B, F) int32
        The rows so far.
    logits : (B, V) float32
        The model's prediction of the next id.
    grammar, model : nested tuples of tensors
        The states of the grammar and of the model.
    """

    row: Any
    done: Any
    closing: Any
    dead_ends: Any
    nats: Any
    ids: Any
    logits: Any
    grammar: Any
    model: Any


class GenerationLoop(keras.Model):
    """The generation loop, run by `predict_on_batch`; it compiles once per length.

    Parameters
    ----------
    model : NextModel
        Referenced weakly, so that a loop in the cache does not keep the model alive.
    candidates : int
        B.
    truncates : bool
        Whether sampling uses top-k or top-p (`Sampling.truncates`).
    """

    def __init__(self, model: NextModel, *, candidates: int, truncates: bool) -> None:
        super().__init__()
        # Otherwise Keras would run the whole loop once, uncompiled, to infer its shapes.
        self.built = True
        # An attribute, so that Keras tracks it and passes its weights as inputs of the program.
        self.network = model.network
        self.candidates, self.truncates = candidates, truncates
        self.tokenizer, self.grammar = model.tokenizer, model.tokenizer.grammar()
        self._model = weakref.ref(model)

    def call(self, inputs: dict[str, Any]) -> Any:
        """Generate all candidates.

        Parameters
        ----------
        inputs : dict
            Arrays with a leading axis of 1, which Keras takes for the batch. ``prompt`` is (N, F),
            ``uniform`` (N, F, B) and ``sampling`` (4,). ``limits`` is (6,): rows of the prompt,
            maximum rows, events and steps, whether the model may end the piece, and its length
            (`Limits.total`). A `ConstrainedLoop` has more of them.

        Returns
        -------
        dict
            The fields of `Generated`.
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
        parts = {"closing": end.closing, "dead_ends": end.dead_ends, "nats": end.nats}
        return {"ids": ids, **parts}

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
            nats=ops.zeros((batch,)),
            ids=ops.zeros((length, batch, len(self.tokenizer.fields)), "int32"),
            logits=ops.zeros((batch, self.tokenizer.sizes[0])),
            grammar=self.grammar.start(batch, ops, total=inputs["limits"][5]),
            model=self._get_model().initial_state(batch),
        )

    def _row(self, state: LoopState, inputs: dict[str, Any]) -> LoopState:
        """Generate one row of every candidate."""
        row: list[Any] = []
        for field in range(len(self.tokenizer.fields)):
            state, chosen = self._field(state, field, inputs)
            row.append(chosen)
        ids = ops.slice_update(state.ids, (state.row, 0, 0), ops.transpose(ops.stack(row))[None])
        return self._stop(state._replace(ids=ids), row[0] == END, inputs)

    def _field(self, state: LoopState, field: int, inputs: dict[str, Any]) -> tuple[LoopState, Any]:
        """Choose one id for every candidate, and advance all states by it."""
        prompt_rows, *_ = self._limits(inputs)
        # 1. Compute the mask of the grammar.
        mask = self._allowed(state.grammar, field, inputs)
        # 2. Choose the prompt's id while there is one, then a sample.
        uniform, sampling = inputs["uniform"][state.row, field], inputs["sampling"]
        sampled = sample_token(state.logits, mask, uniform, sampling, ops, truncates=self.truncates)
        from_prompt = state.row < prompt_rows
        chosen = ops.where(from_prompt, inputs["prompt"][state.row, field], sampled)
        logp = ops.log_softmax(ops.where(mask, state.logits, NEVER), axis=-1)
        known = ops.minimum(chosen, logp.shape[-1] - 1)  # a header has further ids
        picked = ops.take_along_axis(logp, ops.expand_dims(known, -1), axis=-1)[:, 0]
        counted = ops.logical_not(ops.logical_or(state.done, from_prompt))
        state = state._replace(nats=state.nats - ops.where(counted, picked, 0.0))
        chosen = ops.where(state.done, PAD, chosen)
        # 3. Advance all states by the chosen id; the model predicts the next one.
        grammar = self.grammar.advance(state.grammar, chosen, field, ops)
        features = self.grammar.features(grammar, ops)
        model, logits = self._get_model().step(state.model, chosen, field=field, features=features)
        return state._replace(grammar=grammar, model=model, logits=logits), chosen

    def _allowed(self, grammar: Any, field: int, inputs: dict[str, Any]) -> Any:
        """Return the mask of the grammar, with the end of the piece only if it may end."""
        *_, may_end = self._limits(inputs)
        mask = self.grammar.allowed(grammar, field, ops)
        if field == 0:  # only the first field has the id that ends a piece
            is_end = np.arange(mask.shape[-1]) == END
            mask = ops.logical_and(mask, ops.logical_or(~is_end, may_end))
        return mask

    def _stop(self, state: LoopState, ended: Any, inputs: dict[str, Any]) -> LoopState:
        """Stop candidates that are long enough, and record how probable their end is."""
        _, rows, events, steps, _ = self._limits(inputs)
        grammar = state.grammar
        at_event_end = self.grammar.at_event_end(grammar)
        enough_events = grammar.events >= events
        enough = ops.logical_and(
            at_event_end, ops.logical_or(grammar.elapsed >= steps, enough_events)
        )
        out_of_rows = state.row + 1 >= rows
        stopped = ops.logical_and(ops.logical_or(enough, out_of_rows), ops.logical_not(state.done))
        # If the last event exceeds the length, it will be cut off: such an end is not a good one.
        whole = ops.logical_and(
            at_event_end, ops.logical_or(grammar.elapsed <= steps, enough_events)
        )
        allowed = self.grammar.allowed(grammar, 0, ops)
        end = ops.log_softmax(ops.where(allowed, state.logits, NEVER), axis=-1)[:, END]
        closing = ops.where(stopped, ops.where(whole, end, NEVER), state.closing)
        closing = ops.where(ended, 0.0, closing)  # the model chose to end here: probability 1
        done = ops.logical_or(state.done, ops.logical_or(ended, stopped))
        return state._replace(row=state.row + 1, done=done, closing=closing)

    def _get_model(self) -> NextModel:
        model = self._model()
        assert model is not None, "the caller of the loop holds a reference to the model"
        return model


@short_repr
class ModelLoops:
    """Hold the compiled loops of one model.

    Attributes
    ----------
    loops : dict
        Loops by network, number of candidates, truncation and key of the constraints.
    lock : Lock
        Locked while one of the loops runs. On JAX, Keras donates the buffers of the weights to the
        program and gets them back with its result. Two loops of a model must not run at once.
    """

    def __init__(self) -> None:
        self.loops: dict[Any, GenerationLoop] = {}
        self.lock = Lock()


@short_repr
class LoopCache:
    """Cache the compiled loops of all models in memory, safely across threads.

    A loop is compiled for a number of candidates, with or without truncation, and for certain
    kinds of constraints.
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
        rules: ConstraintGrammar | None = None,
    ) -> GenerationLoop:
        """Return the loop for these arguments; create it if it is not in the cache."""
        # The network is part of the key: a Markov model creates a new one when it counts again.
        key = id(model.network), candidates, truncates, rules.key if rules else None
        with self._lock:
            loops = self._of(model).loops
            if key not in loops:
                options: dict[str, Any] = {"candidates": candidates, "truncates": truncates}
                if rules is None:
                    loops[key] = GenerationLoop(model, **options)
                else:
                    from partimento.generate.constrained_loop import ConstrainedLoop

                    loops[key] = ConstrainedLoop(model, rules=rules, **options)
            return loops[key]

    def run(
        self,
        model: NextModel,
        inputs: dict[str, np.ndarray],
        *,
        candidates: int,
        truncates: bool,
        rules: ConstraintGrammar | None = None,
    ) -> dict[str, Any]:
        """Run the loop on its inputs; calls for the same model wait for each other."""
        loop = self.get(model, candidates=candidates, truncates=truncates, rules=rules)
        with self._lock:
            lock = self._of(model).lock
        with lock:
            return dict(loop.predict_on_batch(inputs))

    def _of(self, model: NextModel) -> ModelLoops:
        return self._models.setdefault(model, ModelLoops())

    def __len__(self) -> int:
        with self._lock:
            return sum(len(model_loops.loops) for model_loops in self._models.values())


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
    scene: Scene | None = None,
) -> Generated:
    """Continue a prompt with the compiled loop.

    The same arguments give the same notes.

    Parameters
    ----------
    model : NextModel
    prompt : (n, F) int32
        The first row is a start row.
    limits : Limits
    sampling : Sampling
    candidates : int
        B.
    seed : int
    constraints : sequence of Constraint
    scene : Scene, optional
        Where the constraints apply; by default after the prompt, without bar lines.

    Returns
    -------
    Generated
    """
    fields = len(model.tokenizer.fields)
    rows = model.tokenizer.max_rows(limits.events, len(prompt))
    length = padded(rows)
    ids = np.zeros((length, fields), np.int32)
    ids[: len(prompt)] = prompt[:length]
    scene = scene or scene_of(model.tokenizer, prompt, limits)
    rules = constraint_grammar(constraints, model.tokenizer, scene)
    turns = length if rules is None else iterations(rows)
    most = rows if rules is None else turns
    bounds = [len(prompt), most, limits.events - 1, limits.steps, limits.may_end, limits.total]
    inputs = {
        "prompt": ids,
        "uniform": np.random.default_rng(seed).random((turns, fields, candidates), np.float32),
        "sampling": sampling.to_array(),
        "limits": np.array(bounds, np.int32),
    }
    if rules is not None:
        inputs |= {f"rule_{n}": array for n, array in enumerate(rules.parameters)}
    out = LOOPS.run(
        model,
        {name: value[None] for name, value in inputs.items()},
        candidates=candidates,
        truncates=sampling.truncates,
        rules=rules,
    )
    return Generated(*(np.asarray(out[name]) for name in Generated._fields))
