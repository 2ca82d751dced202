"""Describe what real pieces show, as the measure of composed ones.

The values are measured on the pieces of a corpus after training (`evaluation.real_pieces`), and
stored in the file ``real_pieces.json`` of a run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from partimento.analysis.bar_returns import BarReturns
from partimento.short_repr import short_repr

FEWEST = 4  # pieces; with fewer, the defaults say more
FAR = 3.0  # deviations of a feature that count at most


@short_repr
class Spread(NamedTuple):
    """The mean and the standard deviation of a value over pieces."""

    mean: float
    deviation: float

    def below(self, value: float) -> float:
        """Return by how many deviations a value is below the mean, at least 0."""
        return max((self.mean - value) / self.deviation, 0.0)

    def above(self, value: float) -> float:
        """Return by how many deviations a value is above the mean, at least 0."""
        return max((value - self.mean) / self.deviation, 0.0)

    def beyond(self, value: float) -> float:
        """Return by how many deviations a value is more than one deviation off the mean."""
        return max(abs(value - self.mean) / self.deviation - 1, 0.0)

    @classmethod
    def of(cls, values: Sequence[float], least: float) -> Spread:
        """Return the spread of values; the deviation is at least `least`."""
        return cls(float(np.mean(values)), max(float(np.std(values)), least))


GUITAR_IN_KEY = Spread(0.96, 0.03)
GUITAR_PARALLELS = Spread(30.0, 25.0)
UNKNOWN_NATS = Spread(0.0, 1e9)


@short_repr
@dataclass(frozen=True)
class RealPieces:
    """The criteria of real pieces; by default, those of guitar pieces.

    Attributes
    ----------
    in_key : Spread
        Share of the sounding time in the scale of the key, 0 to 1.
    parallels : Spread
        Parallel fifths and octaves per 1,000 pairs of voices that both move.
    nats : Spread
        Nats per event under the model. The default deviation is so large that it has no effect.
    style : dict of Spread
        Features that tell composed from real pieces (`generate.style`).
    examples : tuple of dict
        The features of single pieces. Each composition is meant to resemble one of them in style:
        compared with the mean alone, all would be equally moderate.
    loop : float
        Length in bars of the longest loop, which 95 % of the pieces do not exceed.
    forms : tuple of BarReturns
        The bars that return in single pieces, and the number of their bars.
    repeated_bar : int
        How often in a row one bar occurs, which 95 % of the pieces do not exceed.
    pieces : int
        The number of pieces measured; 0 for the defaults.
    """

    in_key: Spread = GUITAR_IN_KEY
    parallels: Spread = GUITAR_PARALLELS
    nats: Spread = UNKNOWN_NATS
    style: dict[str, Spread] = field(default_factory=dict)
    examples: tuple[dict[str, float], ...] = ()
    forms: tuple[BarReturns, ...] = ()
    loop: float = 1.0
    repeated_bar: int = 3
    pieces: int = 0

    def example(self, seed: int) -> Mapping[str, float]:
        """Draw one of the examples; without any, the result is empty."""
        if not self.examples:
            return {}
        return self.examples[int(np.random.default_rng(seed).integers(len(self.examples)))]

    def distance(self, style: Mapping[str, float], example: Mapping[str, float]) -> float:
        """Return how far two pieces are apart in style, in deviations of the real pieces.

        It is the root of the mean square over the features. A feature counts at most `FAR`
        deviations from the mean. A feature that is missing or NaN in either piece does not count.
        """
        gaps = [
            self._deviations(name, style[name]) - self._deviations(name, example[name])
            for name in self.style
            if math.isfinite(style.get(name, math.nan) - example.get(name, math.nan))
        ]
        return float(np.sqrt(np.mean(np.square(gaps)))) if gaps else 0.0

    def _deviations(self, name: str, value: float) -> float:
        spread = self.style[name]
        return min(max((value - spread.mean) / spread.deviation, -FAR), FAR)

    def to_plain(self) -> dict[str, Any]:
        """Return JSON values."""
        plain = asdict(replace(self, forms=()))
        return {**plain, "forms": [[form.bars, form.text()] for form in self.forms]}

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> RealPieces:
        """Read the result of `to_plain`.

        Raises
        ------
        KeyError, TypeError, ValueError
            For other values.
        """
        spreads = {
            name: Spread(*(float(value) for value in values[name]))
            for name in ("in_key", "parallels", "nats")
        }
        # Runs of earlier versions have no style and no forms.
        style = {
            str(name): Spread(*(float(number) for number in spread))
            for name, spread in values.get("style", {}).items()
        }
        return cls(
            **spreads,
            style=style,
            examples=tuple(
                {str(name): float(value) for name, value in example.items()}
                for example in values.get("examples", ())
            ),
            forms=tuple(
                BarReturns.from_text(str(text), int(bars)) for bars, text in values.get("forms", ())
            ),
            loop=float(values["loop"]),
            repeated_bar=int(values["repeated_bar"]),
            pieces=int(values["pieces"]),
        )
