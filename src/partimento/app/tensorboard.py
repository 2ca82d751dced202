"""A training's figures for TensorBoard, where the extra ``partimento[tensorboard]`` is installed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from partimento.config import UserError


def log_to(out: Path) -> Callable[[Any], None]:
    """What writes an epoch into ``tensorboard/NAME`` beside the run: loss, validation loss, its parts, events a second.

    Raises
    ------
    UserError
        If the extra is not installed.
    """
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        raise UserError("--tensorboard needs an extra: pip install 'partimento[tensorboard]'") from error
    writer = SummaryWriter(str(out.parent / "tensorboard" / out.name))

    def log(epoch: Any) -> None:
        values = {"loss/train": epoch.loss, "loss/validation": epoch.val_loss, "speed/events_per_s": epoch.events_per_s}
        values |= {f"validation/{name}": part for name, part in epoch.parts.items()}
        for name, value in values.items():
            writer.add_scalar(name, value, epoch.epoch)
        writer.flush()

    return log
