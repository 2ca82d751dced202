"""Step the recurrent `notewise` model on NumPy.

The results equal those of its Keras layers except for rounding.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from partimento.models.numpy_step import State, Weights, layer_weights, lstm_step
from partimento.short_repr import short_repr
from partimento.tokens import note_features as f
from partimento.tokens import note_grammar as g
from partimento.tokens.note_grammar import NOTE, PITCHES
from partimento.tokens.parallels import KINDS


@short_repr
class NumpyNotewise:
    """Compute one step of `Notewise` with a recurrent core; see `NumpyStep`.

    Shapes: B candidates, V tokens, P pitches, E embedding, U units, C columns of the features.

    Parameters
    ----------
    config : notewise.Config
        With ``core="recurrent"``.
    tokenizer : EventTokenizer
    weights : mapping
        The weights of each layer by its name.

    Raises
    ------
    ValueError, KeyError
        If the weights do not fit this configuration.
    """

    def __init__(self, config: Any, tokenizer: Any, weights: Weights) -> None:
        units = config.units
        self.tokenizer, self.units, self.repeats = tokenizer, units, config.repeats
        features = np.zeros((1, tokenizer.width), np.int32)
        self.part_writing = config.part_writing and tokenizer.parallels(features) is not None
        kinds = [kind for _, kind in self._input_features(features)]
        (self.embedding,) = layer_weights(weights, "facts", (sum(kinds), config.embed_size))
        self.first = np.cumsum([0, *kinds[:-1]])  # the first row of each feature in the embedding
        inputs = [config.embed_size, *[units] * (config.layers - 1)]
        self.cells = [
            layer_weights(
                weights, f"lstm_{number}", (size, 4 * units), (units, 4 * units), (4 * units,)
            )
            for number, size in enumerate(inputs, 1)
        ]
        self._read_outputs(weights, tokenizer.sizes[0])

    def _read_outputs(self, weights: Weights, size: int) -> None:
        """Concatenate the kernels of all outputs, so that one product computes them all."""
        units, keys = self.units, self.tokenizer.layout.keys
        token, self.bias = layer_weights(weights, "token_output", (units, size), (size,))
        kernels = [token, *layer_weights(weights, "degree", (units, keys))]
        for anchor in f.ANCHORS:
            kernels += layer_weights(weights, f"interval_from_{anchor}", (units, f.INTERVALS))
        self.first_parallel = sum(kernel.shape[1] for kernel in kernels)
        if self.part_writing:
            kernel, self.parallels_bias = layer_weights(
                weights, "parallels", (units, KINDS), (KINDS,)
            )
            kernels.append(kernel)
        if self.repeats:
            output, self.trust_bias = layer_weights(weights, "repeat_output", (units, 1), (1,))
            (self.trust,) = layer_weights(weights, "repeat_trust", (len(g.REPEAT_LENGTHS) + 1, 1))
            kernels.append(output)
        self.kernel, self.size = np.concatenate(kernels, axis=1), size
        self.pitch_outputs = _pitch_outputs(size, keys)

    def _input_features(self, features: np.ndarray) -> Any:
        return self.tokenizer.input_features(features, np, repeats=self.repeats)

    def initial_state(self, batch: int) -> State:
        """Return the outputs and cells of all layers, ``(B, U)`` each."""
        return tuple(np.zeros((batch, self.units), np.float32) for _ in range(2 * len(self.cells)))

    def step(
        self, state: State, ids: np.ndarray, *, field: int, features: Any
    ) -> tuple[State, np.ndarray]:
        """Return the new state and the logits ``(B, V)`` of the next token."""
        numbers = np.stack([number for number, _ in self._input_features(features)], axis=-1)
        h = self.embedding.take(numbers + self.first, axis=0).sum(axis=1)  # (B, E)
        after: list[np.ndarray] = []
        for layer, weights in enumerate(self.cells):
            output, cell = lstm_step(h, state[2 * layer], state[2 * layer + 1], weights)
            h = output if layer == 0 else h + output
            after += [output, cell]
        return tuple(after), self._logits(h, features)

    def _logits(self, h: np.ndarray, features: np.ndarray) -> np.ndarray:
        """Return logits ``(B, V)`` from ``(B, U)`` and ``(B, C)``; see `Notewise._logits`."""
        outputs = h @ self.kernel
        logits: np.ndarray = outputs[:, : self.size] + self.bias
        notes = logits[:, NOTE : NOTE + PITCHES]  # a view: adding to it adds to the logits
        for column, table in self.pitch_outputs:
            notes += np.take_along_axis(outputs, table[features[:, column]], axis=1)
        if self.part_writing:
            first = self.first_parallel
            kinds = self.tokenizer.parallels(features)
            scores = outputs[:, first : first + KINDS] + self.parallels_bias
            notes += np.take_along_axis(scores, kinds, axis=1)
        if self.repeats:
            length = features[:, g.REPEAT_LENGTH]
            trust = outputs[:, -1] + self.trust_bias + self.trust[length, 0]
            repeated = np.arange(len(h)), features[:, g.REPEAT_TOKEN]
            logits[repeated] += np.where(length > 0, trust, 0)
        return logits


def _pitch_outputs(size: int, keys: int) -> list[tuple[int, np.ndarray]]:
    """Tabulate `note_features.interval_features` for all values of its columns.

    Each item is a feature column and a table ``(values, P)``. For each value of the column, the
    table has the index of the output that is added to the logit of each pitch.
    """
    values = PITCHES + 1
    features = np.zeros((values, g.WIDTH), np.int32)
    anchors = [g.LAST, g.ABOVE, g.BELOW]
    features[:, anchors] = np.arange(values)[:, None]
    features[:keys, g.KEY] = np.arange(keys)
    intervals, degree = f.interval_features(features, np, keys=keys)
    first = [size + keys + number * f.INTERVALS for number in range(len(anchors))]
    tables = [interval + start for interval, start in zip(intervals, first, strict=True)]
    return [(g.KEY, degree[:keys] + size), *zip(anchors, tables, strict=True)]
