"""Describe what real pieces show, as the measure of composed ones.

The values are measured on the pieces of a corpus after training (`evaluation.real_pieces`), and
stored in the file ``real_pieces.json`` of a run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import numpy as np

from partimento.short_repr import short_repr

FEWEST = 4  # pieces; with fewer, the defaults say more
FAR = 5.0  # deviations of a feature that count at most


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
UNKNOWN_STYLE = Spread(0.0, 1.0)


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
    unusual : Spread
        The distance of the pieces from their own `style` (`distance`).
    loop : float
        Length in bars of the longest loop, which 95 % of the pieces do not exceed.
    repeated_bar : int
        How often in a row one bar occurs, which 95 % of the pieces do not exceed.
    pieces : int
        The number of pieces measured; 0 for the defaults.
    """

    in_key: Spread = GUITAR_IN_KEY
    parallels: Spread = GUITAR_PARALLELS
    nats: Spread = UNKNOWN_NATS
    style: dict[str, Spread] = field(default_factory=dict)
    unusual: Spread = UNKNOWN_STYLE
    loop: float = 1.0
    repeated_bar: int = 3
    pieces: int = 0

    def distance(self, style: Mapping[str, float]) -> float:
        """Return how far a piece's features are from the mean, in deviations.

        It is the root of the mean square. At most `FAR` deviations of each feature count. A feature
        that is NaN does not.
        """
        far = [
            min(abs(value - self.style[name].mean) / self.style[name].deviation, FAR)
            for name, value in style.items()
            if name in self.style and math.isfinite(value)
        ]
        return float(np.sqrt(np.mean(np.square(far)))) if far else 0.0

    def to_plain(self) -> dict[str, Any]:
        """Return JSON values."""
        return asdict(self)

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
            for name in ("in_key", "parallels", "nats", "unusual")
            if name in values or name != "unusual"  # runs of earlier versions have no style
        }
        style = {
            str(name): Spread(*(float(number) for number in spread))
            for name, spread in values.get("style", {}).items()
        }
        return cls(
            **spreads,
            style=style,
            loop=float(values["loop"]),
            repeated_bar=int(values["repeated_bar"]),
            pieces=int(values["pieces"]),
        )
