"""Define what a strategy that fills bars is asked, and what it returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from partimento.generate.around import View
from partimento.generate.constraints.base import Constraint
from partimento.generate.sampler import Sampling
from partimento.music.change import Change
from partimento.progress import Progress, silent
from partimento.short_repr import short_repr
from partimento.training.trained_model import TrainedModel


@short_repr
@dataclass(frozen=True)
class FillRequest:
    """Describe the bars to fill.

    Attributes
    ----------
    view : View
    sampling : Sampling
    candidates : int
        The number of candidates.
    constraints : tuple of Constraint
        Further demands, on composed pitches.
    weigh : bool
        Whether candidates are weighed by the music that follows.
    progress : Progress
        Called in the stage ``sample``.
    """

    view: View
    sampling: Sampling
    candidates: int
    constraints: tuple[Constraint, ...] = ()
    weigh: bool = True
    progress: Progress = silent


@short_repr
class Filled(NamedTuple):
    """Hold candidates for a gap.

    Attributes
    ----------
    changes : list of Change
        In the view of the model.
    nats : (B,) float64
        Nats per event of the candidate itself; NaN if they are not known.
    following : (B,) float64
        Nats of the bars that follow it. All equal if candidates are not weighed.
    wishes : tuple of Constraint
        Demands that no user made, and that candidates meet where possible. On sounding pitches.
    """

    changes: list[Change]
    nats: np.ndarray
    following: np.ndarray
    wishes: tuple[Constraint, ...] = ()


class FillStrategy(Protocol):
    """Fill a gap with models of one capability.

    Attributes
    ----------
    candidates : int
        How many candidates to compose by default.
    weighs : bool
        Whether candidates know only the music before the gap, so that the music after it must weigh
        them.
    """

    @property
    def candidates(self) -> int:
        """Return how many candidates to compose by default."""

    @property
    def weighs(self) -> bool:
        """Return whether candidates are weighed by the music that follows."""

    def fill(self, trained: TrainedModel, request: FillRequest, seed: int) -> Filled:
        """Return candidates; the same arguments give the same notes."""
