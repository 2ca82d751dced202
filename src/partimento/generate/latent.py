"""Composing from a latent space: windows decoded along a path from one point to another, and chosen
from step by step.

Shapes: B takes composed at once, L events of a window, Z latent size.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from partimento.generate.limits import Limits
from partimento.generate.sampler import Sampling, sample_token
from partimento.models.base import LatentModel
from partimento.tokens.chords import CHORD, DURATION, FIELDS, HELD
from partimento.tokens.vocabulary import END, SPECIAL, UNKNOWN

MOST_WINDOWS = 20_000


def path(first: np.ndarray, last: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Points ``(B, Z)`` on the way from `first` to `last`, at each take's `share` ``(B,)`` of it.

    Spherical, so that points on the way are as far from the centre as those at its ends (White
    2016: a straight line between draws of a normal distribution leaves the shell that it has
    learned); straight where the ends lie in one direction.

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
) -> np.ndarray:
    """Compose windows one after another, from the points `first` to the points `last` ``(B, Z)``,
    until each take has its length.

    Returns
    -------
    (B, N, 3) int32
        Numbers of the tokenizer; no start row, no end.
    """
    tokenizer, takes = model.tokenizer, len(first)
    before, spent = np.zeros(takes, np.int64), np.zeros(takes, np.int64)
    whole: list[np.ndarray] = []
    wanted = limits.events - 1  # the start row is no event
    while (
        sum(map(len, whole)) < wanted and spent.min() < limits.steps and len(whole) < MOST_WINDOWS
    ):
        done = max(sum(map(len, whole)) / wanted, 0.0)
        share = (
            np.maximum(done, np.minimum(spent / limits.steps, 1.0))
            if limits.steps < 2**30
            else np.full(takes, done)
        )
        if not whole and wanted <= model.length:  # one window alone stands half-way
            share = np.full(takes, 0.5 if not np.array_equal(first, last) else 0.0)
        rows = _window(model, path(first, last, share), before, sampling, rng)
        whole.append(rows.transpose(1, 0, 2))  # (L, B, 3)
        before = rows[:, -1, CHORD]
        spent = spent + np.take(tokenizer.duration_steps, rows[..., DURATION]).sum(1)
    return np.concatenate(whole)[:wanted].transpose(1, 0, 2).astype(np.int32)


def _window(
    model: LatentModel,
    z: np.ndarray,
    before: np.ndarray,
    sampling: Sampling,
    rng: np.random.Generator,
) -> np.ndarray:
    """Choose a window's numbers ``(B, L, 3)``, each within what the grammar allows after those
    chosen.
    """
    told = dict(zip(model.fields, model.decode(z), strict=True))
    rows = np.zeros((len(z), model.length, len(FIELDS)), np.int64)
    for step in range(model.length):
        for field in (CHORD, HELD, DURATION):
            chord = rows[:, step, CHORD]
            mask = model.tokenizer.grammar().allowed_after(field, before, chord)
            legal = np.broadcast_to(mask, (len(z), model.tokenizer.sizes[field])) & (
                np.arange(mask.shape[-1]) != END
            )
            if field in told:
                logits = np.log(told[field][:, step] + 1e-9)
                rows[:, step, field] = sample_token(
                    logits,
                    legal,
                    rng.random(len(z)),
                    sampling.to_array(),
                    truncates=sampling.truncates,
                )
            else:
                rows[:, step, field] = SPECIAL if field == HELD else _quarter(model)
        before = rows[:, step, CHORD]
    return rows


def _quarter(model: LatentModel) -> int:
    """The number of a quarter's length, or else of the commonest one."""
    number = model.tokenizer.durations[Fraction(1)]
    return number if number != UNKNOWN else SPECIAL
