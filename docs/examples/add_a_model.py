"""Predict the next chord with a gated recurrent unit (Cho et al. 2014).

Settings: `units`, the width of everything. Network: the chord, the held notes and the duration of
each event are embedded and joined; a GRU follows; three dense layers give the logits of the next
event. The held notes also depend on the event's chord, and the duration on both. Loss: nats per
event, so that its figures compare with those of every other model.
"""

from dataclasses import dataclass
from typing import Any

from partimento.models import MODELS
from partimento.models.base import DURATION, FIELDS, NextModel
from partimento.models.deferred import keras, layers, ops


@dataclass(frozen=True)
class Config:
    """Hold the settings of the model.

    Parameters
    ----------
    units : int
        Width of the embeddings and of the recurrent layer.
    """

    units: int = 64


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
        inputs = keras.Input((None, len(FIELDS)), dtype="int32", name="inputs")
        targets = keras.Input((None, len(FIELDS)), dtype="int32", name="targets")
        memory = self.gru(self._embedded(inputs, len(FIELDS)))  # (B, L, units)
        logits = [self._logits(memory, targets, field) for field in range(len(FIELDS))]
        self.network = keras.Model([inputs, targets], logits, name="gru_model")

    def _embedded(self, rows: Any, fields: int) -> Any:
        """Join the vectors of the first fields of rows ``(…, 3)``."""
        return ops.concatenate(
            [self.embeddings[field](rows[..., field]) for field in range(fields)], axis=-1
        )

    def _logits(self, memory: Any, row: Any, field: int) -> Any:
        """Compute the logits of a field from the past and the earlier fields of its row."""
        known = [self._embedded(row, field)] if field else []
        return self.outputs[field](ops.concatenate([memory, *known], axis=-1))

    def initial_state(self, batch: int) -> tuple[Any, ...]:
        """Return an empty memory, and an empty row."""
        return ops.zeros((batch, self.config.units)), ops.zeros((batch, len(FIELDS)), "int32")

    def step(
        self, state: tuple[Any, ...], ids: Any, *, field: int, features: Any = None
    ) -> tuple[tuple[Any, ...], Any]:
        """Take in one number; return the new state and the logits of the field after it."""
        memory, row = state
        row = ops.concatenate(
            [row[:, :field], ops.cast(ids, "int32")[:, None], row[:, field + 1 :]], axis=-1
        )
        if field == DURATION:  # the row is complete
            memory, _ = self.gru.cell(self._embedded(row, len(FIELDS)), [memory])
        return (memory, row), self._logits(memory, row, (field + 1) % len(FIELDS))


MODELS["gru"] = f"{__name__}:Gru"  # now `model.name = "gru"` trains it
