"""Compose candidates with a strategy for each capability (`compose.STRATEGIES`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from partimento.generate.candidates import Generated, generate_candidates
from partimento.generate.constraints.base import Constraint, Scene
from partimento.generate.limits import Limits
from partimento.generate.prompt import Prompt
from partimento.generate.sampler import Sampling
from partimento.short_repr import short_repr
from partimento.training.trained_model import TrainedModel


@short_repr
@dataclass(frozen=True)
class Request:
    """Describe the candidates to compose.

    Attributes
    ----------
    prompt : Prompt
    limits : Limits
    sampling : Sampling
    candidates : int
        The number of candidates.
    towards : int, optional
        The number of the training piece towards which the music moves.
    constraints : tuple of Constraint
        On composed pitches, before the piece is transposed.
    scene : Scene, optional
        Where the constraints apply; None without constraints.
    """

    prompt: Prompt
    limits: Limits
    sampling: Sampling
    candidates: int
    towards: int | None = None
    constraints: tuple[Constraint, ...] = ()
    scene: Scene | None = None


class Strategy(Protocol):
    """Compose candidates with models of one capability.

    Attributes
    ----------
    keeps_prompt : bool
        Whether candidates begin with the events of the prompt.
    has_targets : bool
        Whether the music can move towards a training piece.
    """

    keeps_prompt: bool
    has_targets: bool

    def compose(self, trained: TrainedModel, request: Request, seed: int) -> Generated:
        """Compose candidates; the same arguments give the same notes."""


@short_repr
class AutoregressiveStrategy:
    """Compose one id after another, each predicted from all previous ones."""

    keeps_prompt = True
    has_targets = False

    def compose(self, trained: TrainedModel, request: Request, seed: int) -> Generated:
        """Continue the prompt."""
        return generate_candidates(
            trained,
            request.prompt.ids,
            limits=request.limits,
            sampling=request.sampling,
            candidates=request.candidates,
            seed=seed,
            constraints=request.constraints,
            scene=request.scene,
        )
