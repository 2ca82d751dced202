"""The composing loop: one compiled scan that carries the model's state, row after row, field after
field.

A row is what the tokenizer says: an event (chord, held, duration) or a single token. The loop is a
`keras.Model` whose `call` holds `ops.while_loop`, so that it runs the same on every backend; its
random numbers are an input, drawn with NumPy (a generator inside the loop would repeat its draw).
Shapes: B takes composed at once, N rows at most, f fields of a row.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from partimento.generate.limits import Limits
from partimento.generate.sampler import NEVER, Choice, pick
from partimento.models.base import NextModel
from partimento.tokens.vocabulary import END, PAD


class Rolled(NamedTuple):
    """What came out of the loop.

    Attributes
    ----------
    tokens : (B, N, f) int32
        The prompt first; padding after the end.
    closing : (B,) float32
        Log-probability, to the model, that the piece ends where the take was stopped; very low
        where it was stopped in mid-event.
    """

    tokens: np.ndarray
    closing: np.ndarray


class Roll(keras.Model):
    """Compiles once for each number of takes and length; `predict_on_batch` runs it."""

    def __init__(self, model: NextModel, *, takes: int, narrows: bool) -> None:
        super().__init__()
        self.built = True  # else Keras runs the whole loop once, uncompiled, to see what it makes
        self.model, self.network = (
            model,
            model.network,
        )  # the network is tracked here so that its weights come along
        self.takes, self.narrows = takes, narrows

    def call(self, inputs: dict[str, Any]) -> Any:
        """`prompt` (1, N, f), `uniform` (1, N, f, B), `choice` (1, 3), `limits` (1, 5): prompt
        rows, rows, events, steps, may end.
        """
        prompt, uniform = inputs["prompt"][0], inputs["uniform"][0]
        choice, limits = inputs["choice"][0], inputs["limits"][0]
        given, rows, events, steps, may_end = (
            limits[0],
            limits[1],
            limits[2],
            limits[3],
            limits[4] > 0,
        )
        tokenizer, grammar = self.model.tokenizer, self.model.tokenizer.grammar()
        zeros = ops.zeros((self.takes,), "int32")

        def body(
            i: Any, done: Any, closing: Any, tokens: Any, logits: Any, seen: Any, state: Any
        ) -> Any:
            row: list[Any] = []
            for field in range(len(tokenizer.fields)):
                legal = grammar.allowed(seen, field, ops)
                if field == 0:
                    legal = ops.logical_and(
                        legal, ops.logical_or(np.arange(legal.shape[-1]) != END, may_end)
                    )
                chosen = pick(logits, legal, uniform[i, field], choice, ops, narrows=self.narrows)
                chosen = ops.where(i < given, prompt[i, field], chosen)
                row.append(ops.where(done, PAD, chosen))
                seen = grammar.advance(seen, row[field], field, ops)
                state, logits = self.model.step(
                    state, row[field], field=field, features=grammar.features(seen, ops)
                )
            ended = row[0] == END
            enough = ops.logical_and(
                grammar.at_event_end(seen),
                ops.logical_or(seen.elapsed >= steps, seen.events >= events),
            )
            stopped = ops.logical_and(ops.logical_or(enough, i + 1 >= rows), ops.logical_not(done))
            whole = ops.logical_and(
                grammar.at_event_end(seen),
                ops.logical_or(seen.elapsed <= steps, seen.events >= events),
            )
            may = grammar.allowed(seen, 0, ops)
            end = ops.log_softmax(ops.where(may, logits, NEVER), axis=-1)[:, END]
            closing = ops.where(stopped, ops.where(whole, end, NEVER), closing)
            closing = ops.where(ended, 0.0, closing)  # an end of its own is the best close
            done = ops.logical_or(done, ops.logical_or(ended, stopped))
            tokens = ops.slice_update(tokens, (i, 0, 0), ops.transpose(ops.stack(row))[None])
            return i + 1, done, closing, tokens, logits, seen, state

        def more(i: Any, done: Any, *_: Any) -> Any:
            return ops.logical_and(i < rows, ops.logical_not(ops.all(done)))

        start = (
            ops.convert_to_tensor(0, "int32"),
            zeros > 0,
            ops.zeros((self.takes,)) + NEVER,
            ops.zeros((ops.shape(prompt)[0], self.takes, len(tokenizer.fields)), "int32"),
            ops.zeros((self.takes, tokenizer.sizes[0])),
            grammar.start(self.takes, ops),
            self.model.initial_state(self.takes),
        )
        out = ops.while_loop(more, body, start)
        return {"tokens": ops.transpose(out[3], (1, 0, 2)), "closing": out[2]}


def roll(
    model: NextModel,
    prompt: np.ndarray,
    *,
    limits: Limits,
    choice: Choice,
    takes: int = 1,
    seed: int = 0,
) -> Rolled:
    """Compose on from `prompt` ``(n, f)``, whose first row is a start row; the same arguments give
    the same notes.
    """
    fields = len(model.tokenizer.fields)
    rows = model.tokenizer.max_rows(limits.events, len(prompt))
    length = -(-rows // 64) * 64  # a few lengths only, so that few loops are compiled
    padded = np.zeros((length, fields), np.int32)
    padded[: len(prompt)] = prompt[:length]
    uniform = np.random.default_rng(seed).random((length, fields, takes), np.float32)
    cache = model.__dict__.setdefault("_rolls", {})
    key = (takes, choice.narrows)
    if key not in cache:
        cache[key] = Roll(model, takes=takes, narrows=choice.narrows)
    out = cache[key].predict_on_batch(
        {
            "prompt": padded[None],
            "uniform": uniform[None],
            "choice": np.array([[choice.temperature, choice.top_k, choice.top_p]], np.float32),
            "limits": np.array(
                [[len(prompt), rows, limits.events - 1, limits.steps, limits.may_end]], np.int32
            ),
        }
    )
    return Rolled(np.asarray(out["tokens"]), np.asarray(out["closing"]))
