"""Lock the folder of an unfinished training, and write and read its checkpoint.

See `run_folder.TrainingFolder` for the files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from partimento.corpus.entries import Corpus
from partimento.errors import PartimentoError
from partimento.files import exclusive, new_file, remove_folder, write_atomically
from partimento.training.loop import Checkpoint
from partimento.training.run_folder import RunFolder, TrainingFolder
from partimento.training.settings import Settings
from partimento.training.trained_model import epochs_from, versions, write_history


@contextmanager
def locked_folder(out: Path, *, resume: bool, force: bool) -> Iterator[TrainingFolder]:
    """Create and lock the hidden folder of a training, for one process at a time.

    If the block raises an error, the folder stays if it has a checkpoint, so that training can be
    resumed.

    Raises
    ------
    PartimentoError
        If another process trains `out`, if there is an unfinished training without `resume` or
        `force`, or if there is nothing to resume.
    """
    folder = RunFolder(out).training
    if resume and not folder.exists():
        raise _nothing_to_resume(out)
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        with exclusive(folder.lock, busy=f"another process is training {out}"):
            if not resume:
                if folder.has_checkpoint() and not force:
                    raise PartimentoError(
                        f"there is an unfinished training of {out}: --resume {out} continues it,"
                        " force=True starts again"
                    )
                folder.clear()
            folder.remove_half_written()
            try:
                yield folder
            except BaseException:
                if not folder.has_checkpoint():
                    remove_folder(folder.path)
                raise
    except OSError as error:
        raise PartimentoError(f"cannot write {out}: {error.strerror or error}") from error


def write_about(
    folder: TrainingFolder, settings: Settings, corpus: Corpus, fingerprint: str
) -> None:
    """Write the settings, sources and versions of a training, for resuming it."""
    sources = [
        str(Path(name).absolute()) if Path(name).exists() else name for name in corpus.sources
    ]
    about = {
        "settings": settings.to_plain(),
        "corpus": {
            "sources": sources,
            "selections": [asdict(selection) for selection in corpus.selections],
        },
        "fingerprint": fingerprint,
        "versions": versions(),
    }
    write_atomically(folder.request, json.dumps(about, indent=2) + "\n")


def read_about(folder: TrainingFolder) -> dict[str, Any]:
    """Read the values that `write_about` wrote.

    Raises
    ------
    PartimentoError
        If the file is damaged.
    """
    try:
        about: dict[str, Any] = json.loads(folder.request.read_text(encoding="utf-8"))
        if not {"settings", "corpus", "fingerprint", "versions"} <= set(about):
            raise ValueError("values are missing")
    except (OSError, ValueError, TypeError) as error:
        raise PartimentoError(f"{folder.request} is damaged: {error}") from error
    return about


def read_about_of(out: Path) -> dict[str, Any]:
    """Read the settings, sources and versions of the unfinished training of `out`.

    Raises
    ------
    PartimentoError
        If there is no such training.
    """
    folder = RunFolder(out).training
    if not folder.exists():
        raise _nothing_to_resume(out)
    return read_about(folder)


def _nothing_to_resume(out: Path) -> PartimentoError:
    if RunFolder(out).exists():
        return PartimentoError(f"{out} is finished: there is nothing to resume")
    return PartimentoError(f"there is no unfinished training of {out}")


def write_checkpoint(folder: TrainingFolder, point: Checkpoint) -> None:
    """Write a checkpoint atomically: if killed, the previous one stays intact."""
    with new_file(folder.state, durable=False) as work, h5py.File(work, "w") as file:
        about = json.dumps(
            {"history": [asdict(epoch) for epoch in point.history], "best_epoch": point.best_epoch}
        )
        # A data set, because HDF5 attributes are limited to 64 KB.
        file.create_dataset("about", data=np.frombuffer(about.encode(), np.uint8))
        for name, state in (("best", point.best), ("state", point.state)):
            for number, variables in enumerate(state):
                group = file.create_group(f"{name}/{number}")
                for index, value in enumerate(variables):
                    group.create_dataset(f"{index:05d}", data=value)
    write_history(point.history, folder, durable=False)


def read_checkpoint(folder: TrainingFolder) -> Checkpoint | None:
    """Read the last checkpoint; None if no epoch was finished.

    Raises
    ------
    PartimentoError
        If the checkpoint is damaged.
    """
    path = folder.state
    if not path.is_file():
        return None
    try:
        with h5py.File(path, "r") as file:
            about = json.loads(np.array(file["about"], np.uint8).tobytes())
            best, state = (
                [
                    [np.array(group[index]) for index in sorted(group)]
                    for _, group in sorted(file[name].items())
                ]
                for name in ("best", "state")
            )
        if len(best) != 2 or len(state) != 3:
            raise ValueError("variables are missing")
        return Checkpoint(
            tuple(epochs_from(about["history"])), int(about["best_epoch"]), best, state
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PartimentoError(f"{path} is damaged ({error}): force=True starts again") from error
