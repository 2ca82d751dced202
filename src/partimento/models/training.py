"""The training loop: windows in, a trained model and its history out. Early stopping keeps the best weights seen."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import keras
import numpy as np

from partimento.config import TrainConfig, UserError
from partimento.encode.windows import Windows
from partimento.models import backend
from partimento.models.base import NextModel


@dataclass(frozen=True)
class Epoch:
    """A line of `history.csv`; losses are nats an event.

    `loss` is the running mean over the epoch's steps, with dropout; the others are measured on the validation windows.
    """

    epoch: int
    loss: float
    val_loss: float
    val_chord: float
    val_held: float
    val_duration: float
    events_per_s: float
    seconds: float


Progress = Callable[[int, int, Epoch | None], None]  # steps done in this epoch, steps of an epoch, the epoch when it ends


def fit(model: NextModel, train: Windows, valid: Windows, config: TrainConfig, *, progress: Progress | None = None) -> list[Epoch]:
    """Train until the epochs, the time or the patience runs out; the model ends with the weights of its best epoch.

    Raises
    ------
    UserError
        If the loss is no longer a number.
    """
    steps = math.ceil(len(train.inputs) / config.batch_size)
    loop = backend.trainer(model.network, _optimizer(config, steps), model.losses)
    history: list[Epoch] = []
    best, best_epoch, best_weights, began = math.inf, 0, model.network.get_weights(), time.monotonic()
    for number in range(1, config.epochs + 1):
        start, values = time.monotonic(), []
        for done, batch in enumerate(_batches(train, config, number), 1):
            values.append(loop.step(batch))
            if progress:
                if done % 8 == 0:
                    float(values[-1])  # wait for it, so that what is shown is what is done
                progress(done, steps, None)
        loss = float(np.mean([float(value) for value in values]))
        took = time.monotonic() - start
        fields = evaluate(loop, valid, config.batch_size)
        events = float(np.count_nonzero(train.targets[..., 0]))
        chord, held, duration = map(float, fields)
        epoch = Epoch(number, loss, float(fields.sum()), chord, held, duration, events / took, time.monotonic() - began)
        if not math.isfinite(epoch.loss + epoch.val_loss):
            raise UserError(
                f"the loss is no longer a number in epoch {number}: try --set train.learning_rate={config.learning_rate / 10:g}"
            )
        history.append(epoch)
        if progress:
            progress(steps, steps, epoch)
        if epoch.val_loss < best:
            best, best_epoch = epoch.val_loss, number
            loop.sync()
            best_weights = model.network.get_weights()
        if number - best_epoch >= config.patience or 0 < config.max_seconds <= epoch.seconds:
            break
    model.network.set_weights(best_weights)
    return history


def evaluate(loop: backend.Trainer, data: Windows, batch_size: int) -> np.ndarray:
    """Nats an event of chord, held and duration ``(3,)`` over all windows."""
    nats, events = np.zeros(3), 0.0
    for start in range(0, len(data.inputs), batch_size):
        part, count = loop.evaluate(_padded(Windows(*(column[start : start + batch_size] for column in data)), batch_size))
        nats, events = nats + part, events + count
    return nats / max(events, 1.0)


def _batches(data: Windows, config: TrainConfig, epoch: int) -> Iterator[Windows]:
    # The order comes from seed and epoch alone, so that a run can be taken up again at any epoch.
    order = np.random.default_rng([config.seed, epoch]).permutation(len(data.inputs))
    for start in range(0, len(order), config.batch_size):
        yield _padded(Windows(*(column[order[start : start + config.batch_size]] for column in data)), config.batch_size)


def _padded(batch: Windows, size: int) -> Windows:
    missing = size - len(batch.inputs)  # one shape, one compilation: windows of padding count for nothing
    return Windows(*(np.pad(column, ((0, missing), (0, 0), (0, 0))) for column in batch)) if missing else batch


def _optimizer(config: TrainConfig, steps: int) -> keras.Optimizer:
    rate = config.learning_rate
    if config.decay:
        rate = keras.optimizers.schedules.CosineDecay(rate, steps * config.epochs, alpha=0.02)
    kind = {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}[config.optimizer]
    return kind(rate, clipnorm=1.0)
