"""A training under way: its hidden folder, and the checkpoint in it after every epoch (see
`run_folder`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from partimento.errors import PartimentoError
from partimento.files import exclusive, new_file, remove_folder, write_atomically
from partimento.training.loop import Checkpoint
from partimento.training.run import epochs_from, versions, write_history
from partimento.training.run_folder import RunFolder, TrainingFolder
from partimento.training.settings import Settings


@contextmanager
def at_work(out: Path, *, resume: bool, force: bool) -> Iterator[TrainingFolder]:
    """The folder of a training, held by one process at a time; it stays if the block ends by an
    error and an epoch was done.

    Raises
    ------
    PartimentoError
        If another process trains `out`; if there is an unfinished training but no `resume` or
        `force`, or the other way round.
    """
    shop = RunFolder(out).training
    if resume and not shop.exists():
        finished = RunFolder(out).exists()
        raise PartimentoError(
            f"{out} is finished: there is nothing to resume"
            if finished
            else f"there is no unfinished training of {out}"
        )
    try:
        shop.path.mkdir(parents=True, exist_ok=True)
        with exclusive(shop.lock, busy=f"another process is training {out}"):
            if not resume:
                if shop.has_checkpoint() and not force:
                    raise PartimentoError(
                        f"an unfinished training of {out} is there: --resume {out} goes on with it, --force begins anew"
                    )
                shop.clear()
            shop.remove_half_written()
            try:
                yield shop
            except BaseException:
                if not shop.has_checkpoint():
                    remove_folder(shop.path)
                raise
    except OSError as error:
        raise PartimentoError(f"cannot write {out}: {error.strerror or error}") from error


def write_about(
    shop: TrainingFolder, settings: Settings, told: Mapping[str, Any], fingerprint: str
) -> None:
    """What a training was asked for; `told` is what its caller wants to find again when it is
    resumed.
    """
    about = {
        "settings": settings.to_plain(),
        "told": dict(told),
        "fingerprint": fingerprint,
        "versions": versions(),
    }
    write_atomically(shop.request, json.dumps(about, indent=2) + "\n")


def read_about(out: Path) -> dict[str, Any]:
    """The same, of the unfinished training of `out`."""
    path = RunFolder(out).training.request
    if not path.is_file():
        finished = RunFolder(out).exists()
        raise PartimentoError(
            f"{out} is finished: there is nothing to resume"
            if finished
            else f"there is no unfinished training of {out}"
        )
    try:
        about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not {"settings", "told", "fingerprint", "versions"} <= set(about):
            raise ValueError("something is missing")
    except (OSError, ValueError, TypeError) as error:
        raise PartimentoError(f"{path} is damaged: {error}") from error
    return about


def write_checkpoint(shop: TrainingFolder, point: Checkpoint) -> None:
    """In one step: whoever is killed leaves the one before or this one."""
    with new_file(shop.state, durable=False) as work, h5py.File(work, "w") as file:
        about = json.dumps(
            {"history": [asdict(epoch) for epoch in point.history], "best_epoch": point.best_epoch}
        )
        file.create_dataset(
            "about", data=np.frombuffer(about.encode(), np.uint8)
        )  # attributes are small
        for name, state in (("best", point.best), ("state", point.state)):
            for number, group in enumerate(state):
                room = file.create_group(f"{name}/{number}")
                for place, value in enumerate(group):
                    room.create_dataset(f"{place:05d}", data=value)
    write_history(point.history, shop, durable=False)


def read_checkpoint(shop: TrainingFolder) -> Checkpoint | None:
    """The last one, or None if no epoch was finished.

    Raises
    ------
    PartimentoError
        If it is damaged.
    """
    path = shop.state
    if not path.is_file():
        return None
    try:
        with h5py.File(path, "r") as file:
            about = json.loads(np.array(file["about"], np.uint8).tobytes())
            best, state = (
                [
                    [np.array(room[place]) for place in sorted(room)]
                    for _, room in sorted(file[name].items())
                ]
                for name in ("best", "state")
            )
        if len(best) != 2 or len(state) != 3:
            raise ValueError("something is missing")
        return Checkpoint(
            tuple(epochs_from(about["history"])), int(about["best_epoch"]), best, state
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PartimentoError(f"{path} is damaged ({error}): --force begins anew") from error
