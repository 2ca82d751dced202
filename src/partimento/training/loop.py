"""Run the training loop: batches in, a trained model and its history out.

A training can be resumed after any epoch, and ends with the same bits as an uninterrupted one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np

from partimento.errors import PartimentoError
from partimento.models.base import Model
from partimento.models.deferred import keras
from partimento.models.loss import Totals
from partimento.tokens.windows import Batch, Batches
from partimento.training import backend
from partimento.training.settings import TrainSettings

# Arithmetic in one compiled call: a fraction of a second, so that progress shows and Ctrl-C works.
WORK = 4e10
MOST_STEPS = 64


@dataclass(frozen=True)
class Epoch:
    """One line of the history; losses are nats per event.

    Attributes
    ----------
    epoch : int
    loss : float
        The mean over the steps of the epoch, with dropout.
    val_loss : float
        The loss on the validation batches.
    parts : dict of float
        The terms that add up to `val_loss`, then the metrics: see `base.Loss`.
    seconds, events_per_s, compiled : float
        These depend on the machine: time since training began, speed, and the share of the epoch's
        time that was spent in compiled calls.
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
    """Hold everything that a training is after an epoch.

    `best` are the trainable and the other variables after the best epoch so far.
    """

    history: tuple[Epoch, ...]
    best_epoch: int
    best: backend.State
    state: backend.State

    @property
    def epoch(self) -> int:
        """The number of epochs that are done."""
        return len(self.history)


# Steps done in this epoch, steps per epoch, the epoch when it ends.
StepReport = Callable[[int, int, Epoch | None], None]
Keep = Callable[[Checkpoint], None]
# Called with the epoch's number after each epoch, the model up to date; returns a reason to stop.
Inspect = Callable[[int], str | None]


@dataclass(frozen=True)
class Fitted:
    """The outcome of a training: history, the epoch that was kept, and why it ended."""

    history: list[Epoch]
    best_epoch: int
    ended: str


def fit(
    model: Model,
    train: Batches,
    valid: Batches,
    config: TrainSettings,
    *,
    progress: StepReport | None = None,
    keep: Keep | None = None,
    inspect: Inspect | None = None,
    start: Checkpoint | None = None,
) -> Fitted:
    """Train until the epochs, the time or the patience run out.

    The model ends with the weights of its best epoch.

    Parameters
    ----------
    train, valid : Batches
        Batches to train on, and batches that choose the best epoch.
    progress : callable, optional
        Called with steps and epochs.
    keep : callable, optional
        Called with a `Checkpoint` after each epoch.
    inspect : callable, optional
        Called after each epoch, the model's own weights up to date. If it returns a text, training
        ends with that error.
    start : Checkpoint, optional
        Resume from there.

    Raises
    ------
    PartimentoError
        If the loss is no longer a number, or `inspect` returns a text.
    """
    steps, size = len(train), _steps_per_call(model, train, config)
    if progress:
        progress(0, steps, None)  # what follows compiles, and nothing counts up for seconds
    config = config.with_min_steps(steps)
    optimizer = _optimizer(config, steps)
    loop = backend.trainer(model.network, optimizer, model.loss)
    point = start or Checkpoint((), 0, loop.state()[:2], [])
    if start:
        loop.set_state(start.state)
    epochs = _Epochs(model, loop, optimizer, config, size, progress)
    ended = f"all {config.epochs} epochs are done"
    while point.epoch < config.epochs:
        if reason := _enough(point, config):
            ended = reason
            break
        epoch = epochs.run(train, valid, point)
        history = (*point.history, epoch)
        better = _is_better(model, epoch, point)
        state = loop.state() if keep or better or (inspect and optimizer.use_ema) else []
        best = _judged(state, optimizer)[:2] if better else point.best
        point = Checkpoint(history, epoch.epoch if better else point.best_epoch, best, state)
        reason = None
        if inspect:
            # Before the checkpoint: a killed training then never repeats an epoch that was
            # inspected.
            with _judged_weights(loop, optimizer):
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
    """Return one line if `min_steps` overrides `epochs`, else an empty string.

    >>> from textwrap import fill
    >>> print(fill(epochs_added(TrainSettings(epochs=3, min_steps=100), 10), 90))
    train.epochs = 3 gives 30 steps, fewer than train.min_steps = 100: 12 epochs are trained
    (train.min_steps=0 keeps 3)
    """
    epochs = config.with_min_steps(steps).epochs
    if epochs == config.epochs:
        return ""
    planned = f"train.epochs = {config.epochs} gives {config.epochs * steps} steps"
    limit = f"fewer than train.min_steps = {config.min_steps}"
    return (
        f"{planned}, {limit}: {epochs} epochs are trained (train.min_steps=0 keeps {config.epochs})"
    )


def _is_better(model: Model, epoch: Epoch, point: Checkpoint) -> bool:
    if not model.select_by_validation or not point.best_epoch:
        return True
    return epoch.val_loss < point.history[point.best_epoch - 1].val_loss


@contextmanager
def _judged_weights(loop: backend.Trainer, optimizer: keras.Optimizer) -> Iterator[None]:
    """Put the running means in the place of the weights, where there are any."""
    if not optimizer.use_ema:
        yield
        return
    state = loop.state()
    loop.set_state(_judged(state, optimizer))
    try:
        yield
    finally:
        loop.set_state(state)


def _judged(state: backend.State, optimizer: keras.Optimizer) -> backend.State:
    """Return the state to judge and keep: with running means of the weights, if any."""
    if not optimizer.use_ema:
        return state
    variables = zip(optimizer.variables, state[2], strict=True)
    return [[value for variable, value in variables if "average" in variable.path], *state[1:]]


def _enough(point: Checkpoint, config: TrainSettings) -> str | None:
    """Return why training ends before its last epoch, or None."""
    if not point.history:
        return None
    if 0 < config.max_seconds <= point.history[-1].seconds:
        return f"its time of {config.max_seconds:g} s is up"
    if point.epoch - point.best_epoch >= config.patience:
        return (
            f"no better validation loss since epoch {point.best_epoch} (train.patience is"
            f" {config.patience})"
        )
    return None


@dataclass
class _Epochs:
    """Run one epoch after another."""

    model: Model
    loop: backend.Trainer
    optimizer: keras.Optimizer
    config: TrainSettings
    size: int  # steps per compiled call
    progress: StepReport | None

    def run(self, train: Batches, valid: Batches, point: Checkpoint) -> Epoch:
        """Train for an epoch, then measure it on the validation batches."""
        number, began, inside, events = point.epoch + 1, time.monotonic(), 0.0, 0
        steps = len(train)
        values: list[float] = []
        # The order comes from seed and epoch alone: a training can be resumed at any epoch.
        for batches, count in _calls(train.shuffled(self.config.seed, number), self.size):
            called = time.monotonic()
            taken = (number - 1) * steps + len(values)
            values += self.loop.train(batches, count, taken)[:count].tolist()
            inside += time.monotonic() - called
            events += self.model.tokenizer.events_in(batches["targets"])
            if self.progress:
                self.progress(len(values), steps, None)
        trained = time.monotonic() - began
        with _judged_weights(self.loop, self.optimizer):
            called = time.monotonic()
            parts = [self.loop.evaluate(*call) for call in _calls(valid, self.size)]
            inside += time.monotonic() - called
        seconds = time.monotonic() - began
        before = point.history[-1].seconds if point.history else 0.0
        terms, metrics = reduce(Totals.plus, parts).means()
        epoch = Epoch(
            number,
            loss=float(np.mean(values)),
            val_loss=sum(terms.values()),
            parts={**terms, **metrics},
            seconds=before + seconds,
            events_per_s=events / max(trained, 1e-9),
            compiled=inside / seconds,
        )
        if not math.isfinite(epoch.loss + epoch.val_loss):
            rate = self.config.learning_rate / 10
            raise PartimentoError(
                f"the loss is no longer a number in epoch {number}: try --set"
                f" train.learning_rate={rate:g}"
            )
        return epoch


def validate(model: Model, valid: Batches) -> Epoch:
    """Return the single line of history of a model that learns all at once."""
    terms, metrics = Totals.of(model.loss(batch, training=False) for batch in valid).means()
    total = sum(terms.values())
    return Epoch(1, total, total, {**terms, **metrics})


def _calls(batches: Iterable[Batch], size: int) -> Iterator[tuple[Batch, int]]:
    """Gather batches into calls ``(S, B, …)``; also return how many of S count.

    Batches of padding fill up the last call: every call has the same shapes.
    """
    group: list[Batch] = []
    for batch in batches:
        group.append(batch)
        if len(group) == size:
            yield _stacked(group, size), size
            group = []
    if group:
        yield _stacked(group, size), len(group)


def _stacked(group: Sequence[Batch], size: int) -> Batch:
    missing = size - len(group)
    return {
        name: np.stack([*(batch[name] for batch in group), *[np.zeros_like(array)] * missing])
        for name, array in group[0].items()
    }


def _steps_per_call(model: Model, train: Batches, config: TrainSettings) -> int:
    """Return a power of two that depends on sizes alone.

    It must not depend on the machine: how steps are gathered into calls can change the last digits.
    """
    if config.steps_per_call:
        return config.steps_per_call
    batch, length = next(iter(train))["inputs"].shape[:2]
    work = 6.0 * model.parameters * batch * length
    most = min(max(WORK / work, 1), MOST_STEPS, max(len(train), 1))
    return int(2 ** math.floor(math.log2(most)))


def _optimizer(config: TrainSettings, steps: int) -> keras.Optimizer:
    rate = config.learning_rate
    if config.lr_schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, steps * config.epochs, alpha=0.02)
    kind = {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}[config.optimizer]
    more: dict[str, Any] = {"weight_decay": config.weight_decay} if config.weight_decay else {}
    if config.ema:
        # Keras never writes the means over the weights: `fit` reads them where it judges the model.
        more |= {"use_ema": True, "ema_momentum": config.ema, "ema_overwrite_frequency": None}
    return kind(rate, clipnorm=config.clip_norm or None, **more)


def without_times(history: Sequence[Epoch]) -> list[Epoch]:
    """Return the history without what depends on the machine."""
    return [replace(epoch, seconds=0.0, events_per_s=0.0, compiled=1.0) for epoch in history]
