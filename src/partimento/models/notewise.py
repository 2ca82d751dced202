"""Note by note: a model of any polyphony with a tiny vocabulary, and the exact joint likelihood by
the chain rule.

An event is written as its notes from the highest down, each struck or held, then its duration
(`tokens.notes`). Each token is foretold from all before it by a recurrent core (Hochreiter &
Schmidhuber 1997) or a transformer with rotary positions (Vaswani et al. 2017; Su et al. 2021),
which at every step is shown the same facts that a musician would look at
(`tokens.note_grammar.COLUMNS`): the chord before and its note in the same voice, the place in the
bar, the key, and what came next where the same notes were heard before.

Three things make it learn from little music. Pitches are given, and foretold, in several ways at
once: by themselves, from the tonic, and as intervals from the note before and from the voice's last
note (relative pitch as in Johnson 2017). The token that followed where the longest stretch of the
past was heard before gets a chance of its own (as in the match models of data compression, Mahoney
2005). Illegal tokens get none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from partimento.config import ModelSettings
from partimento.models.base import (
    END,
    FIELDS,
    NEVER,
    UNKNOWN,
    Batch,
    EventTokenizer,
    Loss,
    NextModel,
    NumpyStep,
    State,
    Weights,
    mean_loss,
    note_facts,
    note_grammar,
)
from partimento.models.deferred import keras, layers, ops

# ---------------------------------------------------------------------- configuration


class Config(ModelSettings):
    """Settings of `Notewise`; the defaults suit a few hundred pieces."""

    name: Literal["notewise"] = Field(default="notewise", description="The model.")
    core: Literal["recurrent", "transformer"] = Field(
        default="recurrent",
        description="Kind of network: LSTM layers (recurrent) or a transformer.",
    )
    embed_size: int = Field(
        default=256,
        ge=1,
        le=4096,
        description="Size of the vector that holds all input features of a token (E).",
    )
    units: int = Field(default=256, ge=1, le=8192, description="Width of each layer of the core.")
    layers: int = Field(default=2, ge=1, le=16, description="Number of layers of the core.")
    heads: int = Field(default=4, ge=1, le=64, description="Attention heads of a transformer.")
    context: int = Field(
        default=256,
        ge=1,
        le=8192,
        description="Number of tokens that a transformer looks back on.",
    )
    dropout: float = Field(default=0.3, ge=0, lt=1, description="Dropout after each layer.")
    input_dropout: float = Field(
        default=0.1,
        ge=0,
        lt=1,
        description="Dropout of the input features.",
    )
    repeats: bool = Field(
        default=True,
        description="Whether the model is shown what followed where the same notes occurred before.",
    )

    @model_validator(mode="after")
    def _check_heads(self) -> Self:
        if self.core == "transformer" and self.units % (2 * self.heads):
            raise ValueError(
                f"model.units ({self.units}) must be a multiple of twice model.heads ({self.heads})"
            )
        return self


# ---------------------------------------------------------------------- model


class Notewise(NextModel):
    """Build it from a `Config` and a `EventTokenizer`; `network` trains, `step` composes, with the
    same layers.

    The network is ``shown (B, L, columns) → (B, L, V)`` logits of the token that comes next.
    """

    config_type = Config
    tokenizer_kind = "notes"
    # of many small choices: with less, what is almost sure would be sure, and a figure in circles
    # never left
    top_p = 0.98
    tokenizer: EventTokenizer

    def __init__(self, config: Config, tokenizer: EventTokenizer) -> None:
        from partimento.models.layers import LSTM, SummedEmbedding, TransformerBlock  # loads Keras

        super().__init__(config, tokenizer)
        shown = np.zeros((1, tokenizer.width), "int32")
        self.facts = SummedEmbedding(
            [size for _, size in tokenizer.input_features(shown, np, repeats=config.repeats)],
            config.embed_size,
            name="facts",
        )
        if config.core == "recurrent":
            self.core = [
                LSTM(config.units, return_sequences=True, name=f"lstm_{i}")
                for i in range(1, config.layers + 1)
            ]
        else:
            self.widened = layers.Dense(config.units, name="widened")
            self.core = [
                TransformerBlock(
                    config.units, config.heads, config.context, config.dropout, name=f"block_{i}"
                )
                for i in range(1, config.layers + 1)
            ]
        self.token_output = layers.Dense(tokenizer.sizes[0], name="token_output")
        self.intervals = [
            layers.Dense(note_facts.INTERVALS, use_bias=False, name=f"interval_from_{name}")
            for name in note_facts.ANCHORS
        ]
        self.degrees = layers.Dense(note_facts.DEGREES, use_bias=False, name="degree")
        self.repeat_output = layers.Dense(1, name="repeat_output")
        self.repeat_trust = layers.Embedding(
            len(note_grammar.LENGTHS) + 1, 1, embeddings_initializer="zeros", name="repeat_trust"
        )
        self.network = self._network()

    def _network(self) -> keras.Model:
        config = self.config
        shown = keras.Input((None, self.tokenizer.width), dtype="int32", name="shown")
        h = layers.Dropout(config.input_dropout, name="dropout_0")(
            self._embedded(shown)
        )  # (B, L, E)
        h = self._widened(h)
        for i, layer in enumerate(self.core, 1):
            if config.core == "recurrent":
                h = self._joined(
                    h, layers.Dropout(config.dropout, name=f"dropout_{i}")(layer(h)), i
                )
            else:
                h = layer(h)
        return keras.Model(shown, self._logits(h, shown), name="notewise")

    def _joined(self, h: Any, more: Any, number: int) -> Any:
        """Every LSTM layer but the first adds to what the one below says."""
        return more if number == 1 else h + more

    def _widened(self, h: Any) -> Any:
        """A transformer is as wide all the way up."""
        return h if self.config.core == "recurrent" else self.widened(h)

    def _embedded(self, shown: Any) -> Any:
        facts = self.tokenizer.input_features(shown, ops, repeats=self.config.repeats)
        return self.facts(ops.stack([fact for fact, _ in facts], axis=-1))

    def _logits(self, h: Any, shown: Any) -> Any:
        """``(…, units)``, ``(…, columns)`` → ``(…, V)``."""
        g, size = note_grammar, self.tokenizer.sizes[0]
        anchors, degree = self.tokenizer.interval_features(shown, ops)
        notes = ops.take_along_axis(self.degrees(h), degree, axis=-1)  # (…, P)
        for layer, interval in zip(self.intervals, anchors, strict=True):
            notes = notes + ops.take_along_axis(layer(h), interval, axis=-1)
        before, after = [(0, 0)] * (len(h.shape) - 1), size - g.NOTE - g.PITCHES
        logits = self.token_output(h) + ops.pad(notes, [*before, (g.NOTE, after)])
        if not self.config.repeats:
            return logits
        length = shown[..., g.LENGTH]
        trust = self.repeat_output(h)[..., 0] + self.repeat_trust(length)[..., 0]
        return logits + ops.expand_dims(ops.where(length > 0, trust, 0.0), -1) * ops.one_hot(
            shown[..., g.AGAIN], size
        )

    # ------------------------------------------------------------------ training

    def logits(self, batch: Batch, *, training: bool = False) -> list[Any]:
        """Of each token of windows."""
        return [self.network(ops.cast(batch["features"], "int32"), training=training)]

    def _logp(
        self, batch: Batch, *, training: bool = False, may_end: bool = True
    ) -> tuple[Any, Any]:
        """Targets ``(B, L)`` and the logarithms of all probabilities there ``(B, L, V)``; illegal
        tokens have none.
        """
        legal = self.tokenizer.grammar().allowed_by_features(
            ops.cast(batch["features"], "int32"), ops, may_end=may_end
        )
        (logits,) = self.logits(batch, training=training)
        return ops.cast(batch["targets"][..., 0], "int32"), ops.log_softmax(
            ops.where(legal, logits, NEVER), axis=-1
        )

    def step_nats(self, batch: Batch, *, may_end: bool = True) -> Any:
        """Return the nats ``(B, L)`` of each target token.

        Padding and the header cost nothing, nor does the end where no piece may end.
        """
        target, logp = self._logp(batch, may_end=may_end)
        counted = ops.logical_and(target >= (END if may_end else UNKNOWN), _begun(batch))
        return ops.where(counted, -_of(logp, ops.where(counted, target, END)), 0.0)

    def exact_loss(self, batch: Batch, *, training: bool = False) -> Loss:
        """Nats of chord (which notes, and that there are no more), held (which of them are held)
        and duration, at every event.

        What the beginning tells (meter, pickup and key) is given, and costs nothing.
        """
        g, layout = note_grammar, self.tokenizer.layout
        target, logp = self._logp(batch, training=training)
        is_note = ops.logical_and(target >= g.NOTE, target < layout.duration)
        unknown = ops.logical_and(target == UNKNOWN, _begun(batch))
        is_duration = ops.logical_or(
            ops.logical_and(target >= layout.duration, target < layout.bar), unknown
        )
        is_end = target == END
        counted = ops.logical_or(is_note, ops.logical_or(is_duration, is_end))
        picked = _of(logp, ops.where(counted, target, END))
        chord = picked
        if layout.hold < layout.duration:  # either way that this pitch may sound
            pitch = ops.where(is_note, (target - g.NOTE) % g.PITCHES, 0)
            chord = ops.where(
                is_note,
                ops.logaddexp(_of(logp, g.NOTE + pitch), _of(logp, layout.hold + pitch)),
                chord,
            )
        closed = ops.logaddexp(
            ops.logsumexp(logp[..., layout.duration :], axis=-1), logp[..., UNKNOWN]
        )
        chord = ops.where(is_duration, closed, chord)
        parts = [
            ops.where(counted, -chord, 0.0),
            ops.where(is_note, chord - picked, 0.0),
            ops.where(is_duration, chord - picked, 0.0),
        ]
        events = ops.sum(ops.cast(ops.logical_or(is_duration, is_end), "float32"))
        return mean_loss(
            {name: ops.sum(part) for name, part in zip(FIELDS, parts, strict=True)}, events
        )

    def snapshot(self, batch: Batch) -> dict[str, np.ndarray]:
        return {}

    # ------------------------------------------------------------------ composing

    @classmethod
    def numpy_step(
        cls, config: Config, tokenizer: EventTokenizer, read: Callable[[], Weights]
    ) -> NumpyStep | None:
        """Return the step of a recurrent core on NumPy; a transformer has none."""
        from partimento.models.notewise_numpy import NumpyNotewise

        weights = read() if config.core == "recurrent" else {}
        return NumpyNotewise(config, tokenizer, weights) if weights else None

    def initial_state(self, batch: int) -> State:
        if self.config.core == "recurrent":
            return tuple(
                ops.zeros((batch, self.config.units)) for _ in range(2 * self.config.layers)
            )
        return tuple(part for block in self.core for part in block.initial_cache(batch))

    def step(
        self, state: State, ids: Any, *, field: int, features: Any = None
    ) -> tuple[State, Any]:
        shown = features
        h = self._widened(self._embedded(shown))
        size = len(state) // len(self.core)
        after: list[Any] = []
        for i, layer in enumerate(self.core):
            mine = state[i * size : (i + 1) * size]
            if self.config.core == "recurrent":
                out, carried = layer.cell(h, mine)
                h = self._joined(h, out, i + 1)
            else:
                h, carried = layer.step(h, mine)
            after += list(carried)
        return tuple(after), self._logits(h, shown)


def _begun(batch: Batch) -> Any:
    """Where the beginning has been told ``(B, L)``."""
    return batch["features"][..., note_grammar.BEGUN] > 0


def _of(logp: Any, number: Any) -> Any:
    return ops.take_along_axis(logp, ops.expand_dims(number, -1), axis=-1)[..., 0]
