"""Compose by decoding windows along a path between two points of a latent space.

Shapes: B candidates in a batch, N events, L events of a window, Z latent size.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from partimento.errors import PartimentoError
from partimento.generate.candidates import Generated, constrained
from partimento.generate.constraints.base import Constraint, Scene
from partimento.generate.constraints.masks import ConstraintGrammar, MaskState, constraint_grammar
from partimento.generate.constraints.timetable import scene_of
from partimento.generate.limits import Limits
from partimento.generate.prompt import training_pieces
from partimento.generate.sampler import Sampling, sample_token
from partimento.generate.strategies import Request
from partimento.models.base import LatentModel
from partimento.short_repr import short_repr
from partimento.tokens.chords import HELD
from partimento.tokens.vocabulary import END, SPECIAL, UNKNOWN
from partimento.training.trained_model import TrainedModel

MAX_WINDOWS = 20_000  # stop even if windows of very short events do not reach the length


@short_repr
class LatentStrategy:
    """Compose along a path through a model's latent space."""

    keeps_prompt = False
    has_targets = True

    def compose(self, trained: TrainedModel, request: Request, seed: int) -> Generated:
        """Compose candidates; path ends that are not requested are drawn for each."""
        model, count, rng = trained.model, request.candidates, np.random.default_rng(seed)
        first, last, known = _ends(trained, request)
        points = [
            model.prior(count, rng, known) if end is None else np.repeat(end[None], count, 0)
            for end in (first, last)
        ]
        ids, dead_ends = compose_windows(
            model,
            *points,
            limits=request.limits,
            sampling=request.sampling,
            rng=rng,
            constraints=request.constraints,
            scene=request.scene,
        )
        # The path, not the model, decides where a piece ends: all candidates end equally well.
        return Generated(
            ids, np.zeros(count, np.float32), dead_ends, np.full(count, np.nan, np.float32)
        )


def _ends(
    trained: TrainedModel, request: Request
) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None]:
    """Return the points ``(Z,)`` where the path begins and ends; None if to be drawn.

    The third value has the points of the training pieces ``(n, Z)``, or None without an encoder.
    """
    model, source_ids = trained.model, request.prompt.source_ids

    def window(ids: np.ndarray) -> np.ndarray:
        rows = ids[1 : model.length + 1]
        return np.pad(rows, ((0, model.length - len(rows)), (0, 0))).astype(np.int32)

    known = model.encode(np.stack([window(piece.opening) for piece in training_pieces(trained)]))
    has_source = len(source_ids) > 1
    if known is None:
        if request.towards is not None or has_source:
            raise PartimentoError(
                f"a run of {trained.settings.name} has no encoder: it can only compose from silence"
            )
        return None, None, None
    first = model.encode(window(source_ids)[None])[0] if has_source else None
    if request.towards is None:
        return first, None, known
    return first, model.encode(window(trained.pieces[request.towards].opening)[None])[0], known


def path(first: np.ndarray, last: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return points ``(B, Z)`` between `first` and `last`, by spherical interpolation.

    The distance from the origin changes evenly from that of `first` to that of `last`. Samples of a
    normal distribution in many dimensions lie near a sphere. A straight line between two of them
    would pass through points that training never used (White 2016). Where both ends have nearly the
    same or opposite directions, the path is straight.

    Parameters
    ----------
    first, last : (B, Z) float
    share : (B,) float
        Position on the path, from 0 to 1.

    Returns
    -------
    (B, Z) float

    Examples
    --------
    >>> path(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), np.array([0.5])).round(3).tolist()
    [[0.707, 0.707]]
    """
    share = share[:, None]
    lengths = [np.linalg.norm(z, axis=1, keepdims=True) for z in (first, last)]
    units = [z / np.maximum(length, 1e-9) for z, length in zip((first, last), lengths, strict=True)]
    angle = np.arccos(np.clip((units[0] * units[1]).sum(1, keepdims=True), -1, 1))
    sine = np.sin(angle)
    straight = (1 - share) * first + share * last
    with np.errstate(divide="ignore", invalid="ignore"):
        direction = (
            np.sin((1 - share) * angle) / sine * units[0] + np.sin(share * angle) / sine * units[1]
        )
    curved = direction * ((1 - share) * lengths[0] + share * lengths[1])
    return np.asarray(np.where(sine > 1e-3, curved, straight))


def compose_windows(
    model: LatentModel,
    first: np.ndarray,
    last: np.ndarray,
    *,
    limits: Limits,
    sampling: Sampling,
    rng: np.random.Generator,
    constraints: Sequence[Constraint] = (),
    scene: Scene | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Compose windows one after another until every candidate has its length.

    The windows are decoded from points on paths from `first` to `last` ``(B, Z)``.

    Returns
    -------
    ids : (B, N, 3) int32
        Without start and end rows.
    dead_ends : (B,) int32
        As in `Generated`.
    """
    start = np.zeros((0, len(model.tokenizer.fields)), np.int32)
    scene = scene or scene_of(model.tokenizer, start, limits)
    rules = constraint_grammar(constraints, model.tokenizer, scene._replace(start=0))
    sampler = WindowSampler(model, len(first), sampling, rng, rules)
    sampler.steps = limits.steps
    windows: list[np.ndarray] = []
    wanted = limits.events - 1  # without the start row
    while (
        sum(map(len, windows)) < wanted
        and sampler.state.elapsed.min() < limits.steps
        and len(windows) < MAX_WINDOWS
    ):
        share = np.full(len(first), sum(map(len, windows)) / wanted)
        if limits.steps < 2**30:
            share = np.maximum(share, np.minimum(sampler.state.elapsed / limits.steps, 1.0))
        if not windows and wanted <= model.length:  # a single window: take the middle of the path
            share = np.full(len(first), 0.5 if not np.array_equal(first, last) else 0.0)
        windows.append(sampler.window(path(first, last, share)))
    ids = np.concatenate(windows)[:wanted].transpose(1, 0, 2)
    return ids.astype(np.int32), sampler.dead_ends


@short_repr
class WindowSampler:
    """Sample the ids of windows within the masks of grammar and constraints.

    Attributes
    ----------
    state : grammar state
        The state after the ids so far.
    dead_ends : (B,) int32
        As in `Generated`.
    """

    def __init__(
        self,
        model: LatentModel,
        candidates: int,
        sampling: Sampling,
        rng: np.random.Generator,
        rules: ConstraintGrammar | None,
    ) -> None:
        self.model, self.tokenizer, self.rng = model, model.tokenizer, rng
        self.sampling, self.grammar = sampling, model.tokenizer.grammar()
        self.rules = rules
        self.parameters = rules.parameters if rules is not None else []
        self.rule_state: MaskState | None = (
            None if rules is None else rules.start(candidates, self.parameters)
        )
        self.steps = 2**30
        self.state: Any = self.grammar.start(candidates)
        self.dead_ends = np.zeros(candidates, np.int32)
        quarter = self.tokenizer.durations[Fraction(1)]
        self.quarter = quarter if quarter != UNKNOWN else SPECIAL  # SPECIAL: most frequent duration

    def window(
        self,
        z: np.ndarray,
        *,
        offset: np.ndarray | None = None,
        source_rows: np.ndarray | None = None,
    ) -> np.ndarray:
        """Sample the ids ``(L, B, 3)`` of the windows at the points ``(B, Z)``.

        Parameters
        ----------
        z : (B, Z) float
        offset : (B,) int, optional
            The events of each window to leave out at its beginning.
        source_rows : (B, L, 3) int, optional
            The ids of fields that the model does not predict, where the grammar allows them. By
            default, every note is struck, and every event lasts a quarter.
        """
        predicted = dict(zip(self.model.fields, self.model.decode(z), strict=True))
        fields = range(len(self.tokenizer.fields))
        every, first = np.arange(len(z)), np.zeros(len(z), int) if offset is None else offset
        ids = np.zeros((self.model.length, len(z), len(fields)), np.int64)
        for step in range(self.model.length):
            at = np.minimum(first + step, self.model.length - 1)
            for field in fields:
                if field in predicted:
                    logits = np.log(predicted[field][every, at] + 1e-9)
                    ids[step, :, field] = self._sample(logits, field)
                else:
                    usual = SPECIAL if field == HELD else self.quarter
                    own = (
                        np.full(len(z), usual)
                        if source_rows is None
                        else source_rows[:, step, field]
                    )
                    ids[step, :, field] = self._without_choice(usual, own, field)
                self._advance(ids[step, :, field], field)
        return ids

    def _sample(self, logits: np.ndarray, field: int) -> np.ndarray:
        mask = self.grammar.allowed(self.state, field)
        mask = np.broadcast_to(mask & (np.arange(mask.shape[-1]) != END), logits.shape)
        if self.rules is not None and self.rule_state is not None:
            allowed = self.rules.allowed(self.rule_state, self.parameters, field)
            mask, dead = constrained(self.grammar, self.state, field, mask, allowed, np)
            self._give_up(dead)
        uniform, sampling = self.rng.random(len(logits)), self.sampling
        return np.asarray(
            sample_token(logits, mask, uniform, sampling.to_array(), truncates=sampling.truncates)
        )

    def _without_choice(self, usual: int, wanted: np.ndarray, field: int) -> np.ndarray:
        """Return the ids of a field that the model does not predict.

        They are the wanted ones or, where these are not possible, the usual one. Where constraints
        forbid this, too, they are the first that is allowed.
        """
        mask = self.grammar.allowed(self.state, field)
        mask = np.broadcast_to(mask, (len(wanted), mask.shape[-1]))
        fits = (wanted >= SPECIAL) & mask[np.arange(len(wanted)), wanted]
        ids = np.where(fits, wanted, usual)
        if self.rules is None or self.rule_state is None:
            return ids
        allowed = self.rules.allowed(self.rule_state, self.parameters, field)
        mask, dead = constrained(self.grammar, self.state, field, mask, allowed, np)
        self._give_up(dead)
        usual_or_first = np.where(mask[:, usual], usual, mask.argmax(axis=-1))
        return np.where(mask[np.arange(len(ids)), ids], ids, usual_or_first)

    def _give_up(self, dead: np.ndarray) -> None:
        """Mark the candidates at a dead end that have not reached their length."""
        self.dead_ends[dead & (self.state.elapsed < self.steps)] = 1

    def _advance(self, ids: np.ndarray, field: int) -> None:
        before = self.state
        self.state = self.grammar.advance(self.state, ids, field)
        if self.rules is not None and self.rule_state is not None:
            both = before, self.state
            self.rule_state = self.rules.advance(self.rule_state, self.parameters, both, ids, field)
