"""Log losses and speed of training for TensorBoard.

This needs the extra ``partimento[tensorboard]``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from partimento.errors import PartimentoError


@contextmanager
def log_to(out: Path, *, wanted: bool = True) -> Iterator[Callable[[Any], None]]:
    """Yield a function that logs an epoch to ``tensorboard/NAME`` beside the run.

    It logs the loss, the validation loss and its parts, and events per second. If `wanted` is
    False, the function does nothing.

    Raises
    ------
    PartimentoError
        If `wanted` is True and the extra is not installed.
    """
    if not wanted:
        yield lambda _: None
        return
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        raise PartimentoError(
            "--tensorboard needs an extra: pip install 'partimento[tensorboard]'"
        ) from error
    with SummaryWriter(str(out.parent / "tensorboard" / out.name)) as writer:

        def log(epoch: Any) -> None:
            values = {
                "loss/train": epoch.loss,
                "loss/validation": epoch.val_loss,
                "speed/events_per_s": epoch.events_per_s,
            }
            values |= {f"validation/{name}": part for name, part in epoch.parts.items()}
            for name, value in values.items():
                writer.add_scalar(name, value, epoch.epoch)
            writer.flush()

        yield log
