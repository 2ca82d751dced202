"""Store a model's output for fixed training windows, for pictures of its progress."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from partimento.files import new_file
from partimento.models.base import Model
from partimento.short_repr import short_repr
from partimento.tokens.vocabulary import SPECIAL
from partimento.tokens.windows import WindowBatches
from partimento.training.dataset import TransposedPiece
from partimento.training.run_folder import RunFolder
from partimento.training.settings import Settings

WINDOWS_FILE = "windows.npz"
WINDOWS = 512  # windows per snapshot: points in the picture of a latent space
FRAMES = 100  # approximate maximum number of snapshots of a training


@short_repr
class TrainingSnapshots(NamedTuple):
    """The snapshots of a training.

    Attributes
    ----------
    epochs : list of int
        The epoch of each snapshot.
    targets : (n, L, 3) int32
        The windows that the model gets; the first is the one that pictures show as a score.
    titles, keys : list of str
        Title and key of the piece from which each window is cut.
    snapshots : list of dict
        The results of `Model.snapshot`, one per epoch.
    """

    epochs: list[int]
    targets: np.ndarray
    titles: list[str]
    keys: list[str]
    snapshots: list[dict[str, np.ndarray]]


@short_repr
@dataclass(frozen=True)
class Snapshots:
    """Write a snapshot every ``epochs // 100`` epochs (every 5 of the tutorial's 500).

    Attributes
    ----------
    folder : RunFolder
    model : Model
    train : WindowBatches
    pieces : sequence of TransposedPiece or None
        The piece of each training sequence. None marks a transposed copy, which is not shown.
    settings : Settings
    """

    folder: RunFolder
    model: Model
    train: WindowBatches
    pieces: Sequence[TransposedPiece | None]
    settings: Settings

    def take(self, epoch: int) -> None:
        """Write a snapshot of the model after `epoch`, if one is due."""
        epochs = self.settings.train.with_min_steps(len(self.train)).epochs
        if epoch != 1 and epoch % max(1, epochs // FRAMES):
            return
        batch, folder = self.train.windows[self._chosen], self.folder.seen
        snapshot = self.model.snapshot(batch)
        if not snapshot:
            return
        if not (folder / WINDOWS_FILE).is_file():
            numbers = self.train.windows.piece[self._chosen]
            items = [item for number in numbers if (item := self.pieces[number])]
            titles = [item.piece.title or item.piece.source.path for item in items]
            keys = [item.key.code for item in items]
            arrays = {"titles": np.array(titles), "keys": np.array(keys)}
            _save(folder / WINDOWS_FILE, {"targets": batch["targets"], **arrays})
        _save(folder / f"epoch-{epoch:05d}.npz", snapshot)

    @cached_property
    def _chosen(self) -> np.ndarray:
        """Indices of the windows, evenly spread over the training pieces.

        The first window has no padding and no unknown symbols, if there is one like this.
        """
        shown = np.array([item is not None for item in self.pieces])[self.train.windows.piece]
        targets = self.train.windows.targets
        known = (targets[:, :-1] >= SPECIAL).all((1, 2)) & (targets[:, -1, 0] >= SPECIAL)
        rows = np.flatnonzero(shown)
        spread = np.linspace(0, len(rows) - 1, min(WINDOWS, len(rows))).astype(int)
        chosen: np.ndarray = rows[spread]
        whole = np.flatnonzero(known & shown)
        if not len(whole):
            return chosen
        first = whole[np.random.default_rng(self.settings.train.seed).integers(len(whole))]
        return np.concatenate([[first], chosen[chosen != first]])


def _save(path: Path, arrays: dict[str, np.ndarray]) -> None:
    with new_file(path, durable=False) as work, work.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def has_snapshots(folder: RunFolder) -> bool:
    """Return True if the run has snapshots."""
    return (folder.seen / WINDOWS_FILE).is_file()


def read_snapshots(folder: RunFolder, *, until: int | None = None) -> TrainingSnapshots:
    """Read the snapshots of a run, finished or not.

    Snapshots after the epoch `until` are left out: a killed training may have written some after
    its last checkpoint.

    Raises
    ------
    FileNotFoundError, ValueError, KeyError
        If there are no snapshots, or they are damaged.
    """
    windows = _load(folder.seen / WINDOWS_FILE)
    titles, keys = windows["titles"].tolist(), windows["keys"].tolist()
    epochs, snapshots = [], []
    for path in sorted(folder.seen.glob("epoch-*.npz")):
        number = re.fullmatch(r"epoch-(\d+)\.npz", path.name)
        if number and (until is None or int(number[1]) <= until):
            snapshots.append(_load(path))
            epochs.append(int(number[1]))
    return TrainingSnapshots(epochs, windows["targets"], titles, keys, snapshots)


def _load(path: Path) -> dict[str, np.ndarray]:
    """Read all arrays of a file that `_save` wrote."""
    # The file is opened here because NumPy leaves it open if it is damaged.
    with path.open("rb") as opened:
        try:
            with np.load(opened, allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except zipfile.BadZipFile as error:
            raise ValueError(f"{path.name}: {error}") from error
