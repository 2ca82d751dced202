"""Define callbacks, which observe training and add files to its run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from partimento.short_repr import short_repr

if TYPE_CHECKING:
    from partimento.models.base import Model
    from partimento.training.dataset import Dataset
    from partimento.training.loop import Epoch
    from partimento.training.run_folder import RunFolder
    from partimento.training.trained_model import TrainedModel


@short_repr
class Callback:
    """Observe training. Override the methods you need; by default they do nothing.

    Examples
    --------
    >>> class Losses(Callback):
    ...     def on_epoch_end(self, epoch):
    ...         print(epoch.epoch, epoch.val_loss)
    """

    def on_note(self, text: str) -> None:
        """Receive advice for the user, such as that there are few pieces for the model."""

    def on_begin(self, model: Model, data: Dataset) -> None:
        """Receive the untrained model and its data before the first epoch."""

    def check(self, epoch: int) -> str | None:
        """Return a reason to abort training with an error, or None.

        The model has the weights of this epoch, whose checkpoint is not written yet.
        """
        return None

    def on_epoch_end(self, epoch: Epoch) -> None:
        """Receive the losses of an epoch after its checkpoint is written."""

    def on_finish(self, trained: TrainedModel, data: Dataset, folder: RunFolder) -> None:
        """Add files to the folder of a finished run, before it appears under its name.

        This is called only for runs that are saved.
        """


class Callbacks(Callback):
    """Call several callbacks, one after another."""

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self._callbacks = tuple(callbacks)

    def __bool__(self) -> bool:
        """Return True if there are any callbacks."""
        return bool(self._callbacks)

    def on_note(self, text: str) -> None:
        """Pass the advice to all callbacks."""
        for callback in self._callbacks:
            callback.on_note(text)

    def on_begin(self, model: Model, data: Dataset) -> None:
        """Pass model and data to all callbacks."""
        for callback in self._callbacks:
            callback.on_begin(model, data)

    def check(self, epoch: int) -> str | None:
        """Return the first reason that a callback returns; later ones are not asked."""
        reasons = (callback.check(epoch) for callback in self._callbacks)
        return next((reason for reason in reasons if reason), None)

    def on_epoch_end(self, epoch: Epoch) -> None:
        """Pass the epoch to all callbacks."""
        for callback in self._callbacks:
            callback.on_epoch_end(epoch)

    def on_finish(self, trained: TrainedModel, data: Dataset, folder: RunFolder) -> None:
        """Let all callbacks add their files."""
        for callback in self._callbacks:
            callback.on_finish(trained, data, folder)
