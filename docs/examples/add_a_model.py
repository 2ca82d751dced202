"""Predict the next chord with a gated recurrent unit (Cho et al. 2014).

Settings: `units`, the width of everything. Network: the chord, the held notes and the duration of
each event are embedded and joined. A GRU follows, and three dense layers give the logits of the
next event. The held notes also depend on that event's chord, and the duration on both. Loss: nats
per event. Its figures therefore compare with those of every other model.
"""

from typing import Any, Literal

from pydantic import Field

from partimento.config import ModelSettings
from partimento.models import MODELS
from partimento.models.base import DURATION, FIELDS, NextModel
from partimento.models.deferred import keras, layers, ops


class Config(ModelSettings):
    """Settings of `Gru`."""

    name: Literal["gru"] = Field(default="gru", description="The model.")
    units: int = Field(default=64, ge=1, le=4096, description="Width of each layer.")


class Gru(NextModel):
    """Train with `network`, compose with `step`: both use the same layers."""

    config_type = Config

    def __init__(self, config: Config, tokenizer: Any) -> None:
        super().__init__(config, tokenizer)
        sizes = dict(zip(FIELDS, tokenizer.sizes, strict=True))  # chord, held, duration
        self.embeddings = [
            layers.Embedding(size, config.units, name=f"{name}_embedding")
            for name, size in sizes.items()
        ]
        self.gru = layers.GRU(config.units, return_sequences=True, name="gru")
        self.outputs = [layers.Dense(size, name=f"{name}_output") for name, size in sizes.items()]
        inputs = keras.Input((None, 3), dtype="int32", name="inputs")
        targets = keras.Input((None, 3), dtype="int32", name="targets")
        past = self.gru(self._embedded(inputs, 3))  # (B, L, units)
        logits = [self._logits(past, targets, field) for field in range(3)]
        self.network = keras.Model([inputs, targets], logits, name="gru_model")

    def _embedded(self, rows: Any, fields: int) -> Any:
        """Join the vectors of the first fields of rows ``(…, 3)``."""
        return ops.concatenate([self.embeddings[i](rows[..., i]) for i in range(fields)], axis=-1)

    def _logits(self, past: Any, row: Any, field: int) -> Any:
        """Compute the logits of a field from the past and the earlier fields of its row."""
        known = [self._embedded(row, field)] if field else []
        return self.outputs[field](ops.concatenate([past, *known], axis=-1))

    def initial_state(self, batch: int) -> tuple[Any, ...]:
        """Return an empty memory, and an empty row."""
        return ops.zeros((batch, self.config.units)), ops.zeros((batch, 3), "int32")

    def step(self, state: Any, ids: Any, *, field: int, features: Any = None) -> tuple[Any, Any]:
        """Take in one number; return the new state and the logits of the field after it."""
        past, row = state
        number = ops.expand_dims(ops.cast(ids, "int32"), -1)
        row = ops.concatenate([row[:, :field], number, row[:, field + 1 :]], axis=-1)
        if field == DURATION:  # the row is complete
            past, _ = self.gru.cell(self._embedded(row, 3), [past])
        return (past, row), self._logits(past, row, (field + 1) % 3)


MODELS["gru"] = f"{__name__}:Gru"  # the line in the registry: `model.name = "gru"` trains it
