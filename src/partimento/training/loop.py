"""The training loop: windows in, a trained model and its history out. It can be taken up again
after any epoch, to the same bits.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from partimento.errors import PartimentoError
from partimento.models.base import Model
from partimento.models.deferred import keras
from partimento.tokens.windows import Windows
from partimento.training import backend
from partimento.training.settings import TrainSettings

# arithmetic in one compiled call: a fraction of a second, so that progress lives and Ctrl-C is
# heard
WORK = 4e10
MOST_STEPS = 64


@dataclass(frozen=True)
class Epoch:
    """A line of the history; losses are nats an event.

    `loss` is the mean over the epoch's steps, with dropout; the others are measured on the
    validation windows: `val_loss`, and what it consists of (`Model.terms` and `Model.measures`) in
    `parts`. What depends on the machine stands apart, in `seconds` (since training began),
    `events_per_s` and `compiled` (the share of the epoch's time in compiled calls).
    """

    epoch: int
    loss: float
    val_loss: float
    parts: dict[str, float]
    seconds: float = 0.0
    events_per_s: float = 0.0
    compiled: float = 1.0


@dataclass(frozen=True)
class Checkpoint:
    """All that a training is after an epoch: what it takes to go on as if nothing had happened.

    `best` are the trainable and the other variables after the best epoch so far.
    """

    history: tuple[Epoch, ...]
    best_epoch: int
    best: backend.State
    state: backend.State

    @property
    def epoch(self) -> int:
        return len(self.history)


Progress = Callable[
    [int, int, Epoch | None], None
]  # steps done in this epoch, steps of an epoch, the epoch when it ends
Keep = Callable[[Checkpoint], None]
Inspect = Callable[
    [int], str | None
]  # after an epoch, the model up to date: a reason to stop, or None


@dataclass(frozen=True)
class Fitted:
    """What came of a training: its history, the epoch whose weights were kept, and why it ended."""

    history: list[Epoch]
    best_epoch: int
    ended: str


def fit(
    model: Model,
    train: Windows,
    valid: Windows,
    config: TrainSettings,
    *,
    progress: Progress | None = None,
    keep: Keep | None = None,
    inspect: Inspect | None = None,
    start: Checkpoint | None = None,
) -> Fitted:
    """Train until the epochs, the time or the patience runs out; the model ends with the weights of
    its best epoch.

    Parameters
    ----------
    progress : callable, optional
        Told of steps and epochs.
    keep : callable, optional
        Given a `Checkpoint` after each epoch.
    inspect : callable, optional
        Called after each epoch, the model's own weights up to date; text that it gives ends the
        training, as an error.
    start : Checkpoint, optional
        Go on from there.

    Raises
    ------
    PartimentoError
        If the loss is no longer a number, or `inspect` says that there is no point in going on.
    """
    size = _steps_per_call(model, train, config)
    steps = steps_of(train, config)
    config = config.with_min_steps(steps)
    optimizer = _optimizer(config, steps)
    loop = backend.trainer(model.network, optimizer, model.losses, terms=len(model.terms))
    point = start or Checkpoint((), 0, loop.state()[:2], [])
    if start:
        loop.set_state(start.state)
    checked = [*_calls(valid, np.arange(len(valid.inputs)), config.batch_size, size)]
    ended = f"all {config.epochs} epochs are done"
    if progress and point.epoch < config.epochs:
        progress(0, steps, None)  # the first call compiles, which takes seconds
    while point.epoch < config.epochs:
        if reason := _enough(point, config):
            ended = reason
            break
        epoch = _one_epoch(loop, optimizer, model, train, checked, config, point, size, progress)
        history = (*point.history, epoch)
        better = (
            not model.validates
            or not point.best_epoch
            or epoch.val_loss < point.history[point.best_epoch - 1].val_loss
        )
        state = loop.state() if keep or better or (inspect and optimizer.use_ema) else []
        best = _judged(state, optimizer)[:2] if better else point.best
        point = Checkpoint(history, epoch.epoch if better else point.best_epoch, best, state)
        reason = None
        # before the checkpoint: what it writes of an epoch is there when that epoch is not taken
        # again
        if inspect:
            with _looked_at(loop, optimizer):
                loop.sync()
                reason = inspect(epoch.epoch)
        if keep:
            keep(point)
        if progress:
            progress(steps, steps, epoch)
        if reason:
            raise PartimentoError(reason)
    loop.set_state([*point.best, loop.state()[2]])
    loop.sync()
    return Fitted(list(point.history), point.best_epoch, ended)


def epochs_added(config: TrainSettings, steps: int) -> str:
    """Return one line if `min_steps` overrides `epochs`, where an epoch has so many steps; else
    nothing.

    >>> epochs_added(TrainSettings(epochs=3, min_steps=100), 10)
    'train.epochs = 3 gives 30 steps, fewer than train.min_steps = 100: 12 epochs are trained (train.min_steps=0 keeps 3)'
    """
    epochs = config.with_min_steps(steps).epochs
    if epochs == config.epochs:
        return ""
    given = f"train.epochs = {config.epochs} gives {config.epochs * steps} steps"
    limit = f"fewer than train.min_steps = {config.min_steps}"
    return (
        f"{given}, {limit}: {epochs} epochs are trained (train.min_steps=0 keeps {config.epochs})"
    )


def steps_of(train: Windows, config: TrainSettings) -> int:
    """Steps of an epoch."""
    return math.ceil(len(train.inputs) / config.batch_size)


@contextmanager
def _looked_at(loop: backend.Trainer, optimizer: keras.Optimizer) -> Iterator[None]:
    """While the model is judged, the running means stand in the weights' place, where there are
    any.
    """
    if not optimizer.use_ema:
        yield
        return
    state = loop.state()
    loop.set_state(_judged(state, optimizer))
    try:
        yield
    finally:
        loop.set_state(state)


def _enough(point: Checkpoint, config: TrainSettings) -> str | None:
    if not point.history:
        return None
    if 0 < config.max_seconds <= point.history[-1].seconds:
        return f"its time of {config.max_seconds:g} s is up"
    if point.epoch - point.best_epoch >= config.patience:
        return f"no better validation loss since epoch {point.best_epoch} (train.patience is {config.patience})"
    return None


def _one_epoch(
    loop: backend.Trainer,
    optimizer: keras.Optimizer,
    model: Model,
    train: Windows,
    checked: Sequence[tuple[Windows, int]],
    config: TrainSettings,
    point: Checkpoint,
    size: int,
    progress: Progress | None,
) -> Epoch:
    number, began, inside = point.epoch + 1, time.monotonic(), 0.0
    # The order comes from seed and epoch alone, so that a run can be taken up again at any epoch.
    order = np.random.default_rng([config.seed, number]).permutation(len(train.inputs))
    steps = steps_of(train, config)
    values: list[float] = []
    for batches, count in _calls(train, order, config.batch_size, size):
        called = time.monotonic()
        values += loop.train(batches, count, (number - 1) * steps + len(values))[:count].tolist()
        inside += time.monotonic() - called
        if progress:
            progress(len(values), steps, None)
    trained = time.monotonic() - began
    sums, events = np.zeros(len(model.terms) + len(model.measures)), 0.0
    with _looked_at(loop, optimizer):
        for batches, count in checked:
            called = time.monotonic()
            more, seen = loop.evaluate(batches, count)
            inside += time.monotonic() - called
            sums, events = sums + more, events + seen
    took = time.monotonic() - began
    parts = dict(
        zip((*model.terms, *model.measures), (sums / max(events, 1.0)).tolist(), strict=True)
    )
    before = point.history[-1].seconds if point.history else 0.0
    rate = model.tokenizer.events_in(train.targets) / max(trained, 1e-9)
    epoch = Epoch(
        number,
        float(np.mean(values)),
        sum(parts[name] for name in model.terms),
        parts,
        before + took,
        rate,
        inside / took,
    )
    if not math.isfinite(epoch.loss + epoch.val_loss):
        raise PartimentoError(
            f"the loss is no longer a number in epoch {number}: try --set train.learning_rate={config.learning_rate / 10:g}"
        )
    return epoch


def validate(model: Model, valid: Windows, config: TrainSettings) -> Epoch:
    """The single line of history of a model that learned all at once."""
    losses = [
        model.losses(batch, training=False)
        for batch, _ in _calls(valid, np.arange(len(valid.inputs)), config.batch_size, 0)
    ]
    sums, events = (
        np.sum([np.asarray(loss.sums, np.float64) for loss in losses], axis=0),
        sum(float(loss.events) for loss in losses),
    )
    parts = dict(
        zip((*model.terms, *model.measures), (sums / max(events, 1.0)).tolist(), strict=True)
    )
    total = sum(parts[name] for name in model.terms)
    return Epoch(1, total, total, parts)


def _calls(
    data: Windows, order: np.ndarray, batch: int, size: int
) -> Iterator[tuple[Windows, int]]:
    """Arrays ``(S, B, …)`` for each call, and how many of the S batches count. Windows of padding
    fill the last ones, for nothing.

    With `size` 0, arrays are single batches ``(B, …)``.
    """
    for start in range(0, len(order), batch * max(size, 1)):
        chosen = order[start : start + batch * max(size, 1)]
        missing = batch * max(size, 1) - len(chosen)
        parts = [column[chosen] for column in data]
        if missing:
            parts = [np.pad(part, ((0, missing), *[(0, 0)] * (part.ndim - 1))) for part in parts]
        if size:
            parts = [part.reshape(size, batch, *part.shape[1:]) for part in parts]
        yield Windows(*parts), math.ceil(len(chosen) / batch)


def _steps_per_call(model: Model, train: Windows, config: TrainSettings) -> int:
    """A power of two that depends on sizes alone: how steps are gathered into calls must not change
    the result.
    """
    if config.steps_per_call:
        return config.steps_per_call
    steps = math.ceil(len(train.inputs) / config.batch_size)
    work = 6.0 * model.parameters * config.batch_size * train.inputs.shape[1]
    return int(2 ** math.floor(math.log2(min(max(WORK / work, 1), MOST_STEPS, max(steps, 1)))))


def _optimizer(config: TrainSettings, steps: int) -> keras.Optimizer:
    rate = config.learning_rate
    if config.lr_schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, steps * config.epochs, alpha=0.02)
    kind = {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}[config.optimizer]
    more: dict[str, Any] = {"weight_decay": config.weight_decay} if config.weight_decay else {}
    if config.ema:  # never written over the weights: `fit` reads it where it looks at the model
        more |= {"use_ema": True, "ema_momentum": config.ema, "ema_overwrite_frequency": None}
    return kind(rate, clipnorm=config.clip_norm or None, **more)


def _judged(state: backend.State, optimizer: keras.Optimizer) -> backend.State:
    """The state whose weights are looked at and kept: with the running means in their place, where
    there are any.
    """
    if not optimizer.use_ema:
        return state
    means = [
        value
        for variable, value in zip(optimizer.variables, state[2], strict=True)
        if "average" in variable.path
    ]
    return [means, *state[1:]]


def without_times(history: Sequence[Epoch]) -> list[Epoch]:
    """The history that a training with the same seed has on any day."""
    return [replace(epoch, seconds=0.0, events_per_s=0.0, compiled=1.0) for epoch in history]
