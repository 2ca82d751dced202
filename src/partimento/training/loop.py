"""Run the training loop: train a model on batches and return its history.

Training can be resumed after any epoch, with the same result to the last bit as an uninterrupted
one.
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
from partimento.short_repr import short_repr
from partimento.tokens.windows import Batch, Batches
from partimento.training import backend
from partimento.training.mixture import Mixture, best_mixture
from partimento.training.settings import TrainSettings

# Floating-point operations per compiled call. A call should take only a fraction of a second, so
# that progress shows and Ctrl-C works.
OPERATIONS_PER_CALL = 4e10
MAX_STEPS_PER_CALL = 64


@short_repr
@dataclass(frozen=True)
class Epoch:
    """One line of the history; losses are nats per event.

    Attributes
    ----------
    epoch : int
    loss : float
        The mean over the training steps of the epoch, with dropout.
    val_loss : float
        The loss on the validation batches.
    parts : dict of float
        The terms that sum up to `val_loss`, then the metrics; see `models.loss.Loss`.
    seconds : float
        Training time since the first epoch began. This and the next two depend on the machine.
    events_per_s : float
        Training speed.
    compiled : float
        Share of the epoch's time spent in compiled calls, 0 to 1.
    """

    epoch: int
    loss: float
    val_loss: float
    parts: dict[str, float]
    seconds: float = 0.0
    events_per_s: float = 0.0
    compiled: float = 1.0


@short_repr
@dataclass(frozen=True)
class Checkpoint:
    """Hold the complete state of training after an epoch.

    Attributes
    ----------
    history : tuple of Epoch
    best_epoch : int
        The best epoch so far, from 1; 0 before the first.
    best : State
        The trainable and the other variables of the network after the best epoch.
    state : State
        The variables of network and optimizer after the last epoch.
    """

    history: tuple[Epoch, ...]
    best_epoch: int
    best: backend.State
    state: backend.State

    @property
    def epoch(self) -> int:
        """The number of completed epochs."""
        return len(self.history)


# Arguments: steps done in this epoch, steps per epoch, and the epoch once it is complete.
StepReport = Callable[[int, int, Epoch | None], None]
Keep = Callable[[Checkpoint], None]
# Argument: the number of the epoch. Returns a reason to abort, or None.
Inspect = Callable[[int], str | None]


@short_repr
@dataclass(frozen=True)
class Fitted:
    """The outcome of training.

    Attributes
    ----------
    history : list of Epoch
    best_epoch : int
        The epoch whose weights were kept.
    ended : str
        Why training ended.
    mixture : Mixture or None
        After fine-tuning, how much of the new weights was kept.
    """

    history: list[Epoch]
    best_epoch: int
    ended: str
    mixture: Mixture | None = None


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
    """Train until the limit of epochs, time or patience is reached.

    Afterwards the model has the weights of its best epoch. If it was fine-tuned, it has the best
    mixture of these and the weights with which training began (`training.mixture`).

    Parameters
    ----------
    model : Model
        Changed in place.
    train, valid : Batches
        Batches to train on, and batches to select the best epoch.
    config : TrainSettings
    progress : callable, optional
        Called after each compiled call and each epoch; see `StepReport`.
    keep : callable, optional
        Called with a `Checkpoint` after each epoch, to write it.
    inspect : callable, optional
        Called after each epoch, when the model has that epoch's weights. If it returns a reason,
        training aborts with it as the error.
    start : Checkpoint, optional
        The checkpoint to resume from.

    Raises
    ------
    PartimentoError
        If the loss is not finite, or `inspect` returns a reason.
    """
    steps, size = len(train), _steps_per_call(model, train, config)
    if progress:
        progress(0, steps, None)  # show the stage now: compiling takes seconds without a report
    config = config.with_min_steps(steps)
    optimizer = _optimizer(config, steps)
    loop = backend.trainer(model.network, optimizer, model.loss)
    first = loop.state()[0]
    point = start or Checkpoint((), 0, loop.state()[:2], [])
    if start:
        loop.set_state(start.state)
    epochs = _Epochs(model, loop, optimizer, config, size, progress)
    ended = f"all {config.epochs} epochs are done"  # unless a limit is reached before
    while point.epoch < config.epochs:
        if reason := _reason_to_stop(point, config):
            ended = reason
            break
        epoch = epochs.run(train, valid, point)
        history = (*point.history, epoch)
        better = _is_better(model, epoch, point)
        state = loop.state() if keep or better or (inspect and optimizer.use_ema) else []
        best = _averaged(state, optimizer)[:2] if better else point.best
        point = Checkpoint(history, epoch.epoch if better else point.best_epoch, best, state)
        reason = None
        if inspect:
            # Inspect before the checkpoint is written. If training is killed in between, it resumes
            # before this epoch and inspects it again; no epoch goes without inspection.
            with _averaged_weights(loop, optimizer):
                loop.sync()
                reason = inspect(epoch.epoch)
        if keep:
            keep(point)
        if progress:
            progress(steps, steps, epoch)
        if reason:
            raise PartimentoError(reason)
    mixture, rest = None, [*point.best[1:], loop.state()[2]]
    weights = point.best[0]
    if config.base:

        def loss(mixed: list[np.ndarray]) -> float:
            loop.set_state([mixed, *rest])
            return sum(_evaluated(loop, valid, size)[0].values())

        mixture, weights = best_mixture(first, weights, loss)
        ended = f"{ended}; {mixture}"
    loop.set_state([weights, *rest])
    loop.sync()
    return Fitted(list(point.history), point.best_epoch, ended, mixture)


def _evaluated(
    loop: backend.Trainer, valid: Batches, size: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the terms of the loss on the validation batches, and the metrics."""
    parts = [loop.evaluate(*call) for call in _calls(valid, size)]
    return reduce(Totals.plus, parts).means()


def epochs_added(config: TrainSettings, steps: int) -> str:
    """Return a message if `min_steps` overrides `epochs`, else an empty string.

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
def _averaged_weights(loop: backend.Trainer, optimizer: keras.Optimizer) -> Iterator[None]:
    """Replace weights by their moving averages within the context, if ``ema`` is on."""
    if not optimizer.use_ema:
        yield
        return
    state = loop.state()
    loop.set_state(_averaged(state, optimizer))
    try:
        yield
    finally:
        loop.set_state(state)


def _averaged(state: backend.State, optimizer: keras.Optimizer) -> backend.State:
    """Return the state with moving averages as trainable variables, if ``ema`` is on."""
    if not optimizer.use_ema:
        return state
    variables = zip(optimizer.variables, state[2], strict=True)
    return [[value for variable, value in variables if "average" in variable.path], *state[1:]]


def _reason_to_stop(point: Checkpoint, config: TrainSettings) -> str | None:
    """Return why training stops before its last epoch, or None to continue."""
    if not point.history:
        return None
    if 0 < config.max_seconds <= point.history[-1].seconds:
        return f"its time limit of {config.max_seconds:g} s is reached"
    if point.epoch - point.best_epoch >= config.patience:
        return (
            f"no better validation loss since epoch {point.best_epoch} (train.patience is"
            f" {config.patience})"
        )
    return None


@dataclass
class _Epochs:
    """Train and validate one epoch at a time."""

    model: Model
    loop: backend.Trainer
    optimizer: keras.Optimizer
    config: TrainSettings
    size: int  # steps per compiled call
    progress: StepReport | None

    def run(self, train: Batches, valid: Batches, point: Checkpoint) -> Epoch:
        """Train for one epoch, then compute the loss on the validation batches."""
        number, began, inside, events = point.epoch + 1, time.monotonic(), 0.0, 0
        steps = len(train)
        values: list[float] = []
        # The order of batches depends only on seed and epoch, so training can resume at any epoch.
        for batches, count in _calls(train.shuffled(self.config.seed, number), self.size):
            called = time.monotonic()
            taken = (number - 1) * steps + len(values)
            values += self.loop.train(batches, count, taken)[:count].tolist()
            inside += time.monotonic() - called
            events += self.model.tokenizer.events_in(batches["targets"])
            if self.progress:
                self.progress(len(values), steps, None)
        trained = time.monotonic() - began
        with _averaged_weights(self.loop, self.optimizer):
            called = time.monotonic()
            terms, metrics = _evaluated(self.loop, valid, self.size)
            inside += time.monotonic() - called
        seconds = time.monotonic() - began
        before = point.history[-1].seconds if point.history else 0.0
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
                f"the loss is not a finite number in epoch {number}: try --set"
                f" train.learning_rate={rate:g}"
            )
        return epoch


def validate(model: Model, valid: Batches) -> Epoch:
    """Return the only `Epoch` of a model that is not trained by gradient."""
    terms, metrics = Totals.of(model.loss(batch, training=False) for batch in valid).means()
    total = sum(terms.values())
    return Epoch(1, total, total, {**terms, **metrics})


def _calls(batches: Iterable[Batch], size: int) -> Iterator[tuple[Batch, int]]:
    """Stack batches into calls ``(S, B, …)``; also yield the number without padding.

    The last call is filled up with batches of padding, because new shapes would compile anew.
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
    """Return the number of steps per compiled call, a power of two.

    It depends only on sizes, not on the machine, because the number of steps per call can change
    the last digits of the result.
    """
    if config.steps_per_call:
        return config.steps_per_call
    batch, length = next(iter(train))["inputs"].shape[:2]
    # About 2 operations per weight and row in the forward pass, and twice as many backward.
    work = 6.0 * model.parameters * batch * length
    most = min(max(OPERATIONS_PER_CALL / work, 1), MAX_STEPS_PER_CALL, max(len(train), 1))
    return int(2 ** math.floor(math.log2(most)))


def _optimizer(config: TrainSettings, steps: int) -> keras.Optimizer:
    rate = config.learning_rate
    if config.lr_schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, steps * config.epochs, alpha=0.02)
    kind = {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}[config.optimizer]
    more: dict[str, Any] = {"weight_decay": config.weight_decay} if config.weight_decay else {}
    if config.ema:
        # Keras never overwrites the weights with the averages; `fit` reads them for validation.
        more |= {"use_ema": True, "ema_momentum": config.ema, "ema_overwrite_frequency": None}
    return kind(rate, clipnorm=config.clip_norm or None, **more)


def without_times(history: Sequence[Epoch]) -> list[Epoch]:
    """Return the history with all values reset that depend on the machine."""
    return [replace(epoch, seconds=0.0, events_per_s=0.0, compiled=1.0) for epoch in history]
