"""Follow a training, and add to it: the protocol of callbacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from partimento.models.base import Model
    from partimento.training.dataset import Dataset
    from partimento.training.loop import Epoch
    from partimento.training.run_folder import RunFolder
    from partimento.training.trained_model import TrainedModel


class Callback:
    """Follow a training. Override the methods you need; by default they do nothing.

    Examples
    --------
    >>> class Losses(Callback):
    ...     def on_epoch_end(self, epoch):
    ...         print(epoch.epoch, epoch.val_loss)
    """

    def on_note(self, text: str) -> None:
        """Receive advice for a person, such as that there is little music for the model."""

    def on_begin(self, model: Model, data: Dataset) -> None:
        """Receive the untrained model and its data before the first epoch."""

    def check(self, epoch: int) -> str | None:
        """Return a reason to end the training as an error, or None.

        The model has the weights of this epoch; no checkpoint of it is written yet.
        """
        return None

    def on_epoch_end(self, epoch: Epoch) -> None:
        """Receive the figures of an epoch once its checkpoint is written."""

    def on_finish(self, run: TrainedModel, data: Dataset, folder: RunFolder) -> None:
        """Add files to the folder of a finished run before it appears under its name.

        It is not called where a run is not saved.
        """


class Callbacks(Callback):
    """Call several callbacks, one after another."""

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self._callbacks = tuple(callbacks)

    def __bool__(self) -> bool:
        """Return whether there is any."""
        return bool(self._callbacks)

    def on_note(self, text: str) -> None:
        """Give each the advice."""
        for callback in self._callbacks:
            callback.on_note(text)

    def on_begin(self, model: Model, data: Dataset) -> None:
        """Give each the model."""
        for callback in self._callbacks:
            callback.on_begin(model, data)

    def check(self, epoch: int) -> str | None:
        """Return the first reason that one gives."""
        return next((reason for each in self._callbacks if (reason := each.check(epoch))), None)

    def on_epoch_end(self, epoch: Epoch) -> None:
        """Give each the figures."""
        for callback in self._callbacks:
            callback.on_epoch_end(epoch)

    def on_finish(self, run: TrainedModel, data: Dataset, folder: RunFolder) -> None:
        """Let each add its files."""
        for callback in self._callbacks:
            callback.on_finish(run, data, folder)
