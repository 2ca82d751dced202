"""The composing loop: one compiled scan that carries the model's state, event after event, field after field.

It is a `keras.Model` whose `call` holds `ops.while_loop`, so that it runs the same on every backend; its random numbers are an input,
drawn with NumPy (a generator inside the loop would repeat its draw). Shapes: B takes composed at once, N events at most.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from partimento.encode.codecs import CHORD, DURATION, FIELDS
from partimento.encode.vocabulary import END, PAD
from partimento.models.base import NextModel
from partimento.sample.limits import Limits
from partimento.sample.pick import NEVER, Choice, pick


class Rolled(NamedTuple):
    """What came out of the loop.

    Attributes
    ----------
    tokens : (B, N, 3) int32
        The prompt first; padding after the end.
    closing : (B,) float32
        Log-probability, to the model, that the piece ends where the take was stopped; very low where it was stopped in mid-event.
    """

    tokens: np.ndarray
    closing: np.ndarray


class Roll(keras.Model):
    """Compiles once for each number of takes and length; `predict_on_batch` runs it."""

    def __init__(self, model: NextModel, *, takes: int, narrows: bool) -> None:
        super().__init__()
        self.built = True  # else Keras runs the whole loop once, uncompiled, to see what it makes
        self.model, self.network = model, model.network  # the network is tracked here so that its weights come along
        self.takes, self.narrows = takes, narrows

    def call(self, inputs: dict[str, Any]) -> Any:
        """`prompt` (1, N, 3), `uniform` (1, N, 3, B), `choice` (1, 3), `limits` (1, 4): prompt rows, events, steps, may end."""
        prompt, uniform = inputs["prompt"][0], inputs["uniform"][0]
        choice, limits = inputs["choice"][0], inputs["limits"][0]
        given, events, steps, may_end = limits[0], limits[1], limits[2], limits[3] > 0
        codec, zeros = self.model.codec, ops.zeros((self.takes,), "int32")

        def body(i: Any, before: Any, spent: Any, done: Any, closing: Any, tokens: Any, logits: Any, state: Any) -> Any:
            row: list[Any] = []
            for field in range(len(FIELDS)):
                legal = codec.legal(field, before, row[CHORD] if row else before, ops, may_end=may_end)
                chosen = pick(logits, legal, uniform[i, field], choice, ops, narrows=self.narrows)
                chosen = ops.where(i < given, prompt[i, field], chosen)
                row.append(ops.where(done, PAD, chosen))
                state, logits = self.model.step(state, row[field], field=field)
            spent = spent + ops.take(codec.duration_steps, row[DURATION], axis=0) * ops.cast(i > 0, "int32")  # row 0 is the start
            ended = row[CHORD] == END
            stopped = ops.logical_and(ops.logical_or(spent >= steps, i + 1 >= events), ops.logical_not(done))
            whole = ops.logical_or(spent <= steps, i + 1 >= events)
            end = ops.log_softmax(logits, axis=-1)[:, END]
            closing = ops.where(stopped, ops.where(whole, end, NEVER), closing)
            closing = ops.where(ended, 0.0, closing)  # an end of its own is the best close
            done = ops.logical_or(done, ops.logical_or(ended, stopped))
            tokens = ops.slice_update(tokens, (i, 0, 0), ops.transpose(ops.stack(row))[None])
            return i + 1, row[CHORD], spent, done, closing, tokens, logits, state

        def more(i: Any, before: Any, spent: Any, done: Any, *_: Any) -> Any:
            return ops.logical_and(i < events, ops.logical_not(ops.all(done)))

        start = (
            ops.convert_to_tensor(0, "int32"),
            zeros,
            zeros,
            zeros > 0,
            ops.zeros((self.takes,)) + NEVER,
            ops.zeros((ops.shape(prompt)[0], self.takes, len(FIELDS)), "int32"),
            ops.zeros((self.takes, codec.sizes[CHORD])),
            self.model.initial_state(self.takes),
        )
        out = ops.while_loop(more, body, start)
        return {"tokens": ops.transpose(out[5], (1, 0, 2)), "closing": out[4]}


def roll(model: NextModel, prompt: np.ndarray, *, limits: Limits, choice: Choice, takes: int = 1, seed: int = 0) -> Rolled:
    """Compose on from `prompt` ``(n, 3)``, whose first row is a start row; the same arguments give the same notes."""
    length = -(-limits.events // 64) * 64  # a few lengths only, so that few loops are compiled
    padded = np.zeros((length, len(FIELDS)), np.int32)
    padded[: len(prompt)] = prompt[:length]
    uniform = np.random.default_rng(seed).random((length, len(FIELDS), takes), np.float32)
    cache = model.__dict__.setdefault("_rolls", {})
    key = (takes, choice.narrows)
    if key not in cache:
        cache[key] = Roll(model, takes=takes, narrows=choice.narrows)
    out = cache[key].predict_on_batch(
        {
            "prompt": padded[None],
            "uniform": uniform[None],
            "choice": np.array([[choice.temperature, choice.top_k, choice.top_p]], np.float32),
            "limits": np.array([[len(prompt), limits.events, limits.steps, limits.may_end]], np.int32),
        }
    )
    return Rolled(np.asarray(out["tokens"]), np.asarray(out["closing"]))
