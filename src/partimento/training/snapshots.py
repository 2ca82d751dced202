"""What a model makes of some of its training windows while it learns, kept for the pictures of
`partimento watch`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from partimento.files import new_file
from partimento.models.base import Model, Windows
from partimento.tokens.vocabulary import SPECIAL
from partimento.training.dataset import Prepared
from partimento.training.loop import steps_of
from partimento.training.run_folder import RunFolder
from partimento.training.settings import Settings

WINDOWS_FILE = "windows.npz"
WINDOWS = 512  # points in the picture of a latent space
FRAMES = 100  # most pictures of one training


class Seen(NamedTuple):
    """A training as it was seen.

    Attributes
    ----------
    epochs : list of int
        When it was looked at.
    targets : (n, L, 3) int32
        The windows that were looked at; the first is the one that is reconstructed.
    titles, keys : list of str
        Of the piece that each window is from.
    looks : list of dict
        What `Model.look` gave of them, an epoch each.
    """

    epochs: list[int]
    targets: np.ndarray
    titles: list[str]
    keys: list[str]
    looks: list[dict[str, np.ndarray]]


@dataclass(frozen=True)
class Snapshots:
    """Takes one every so many epochs: five in the tutorial's 500."""

    shop: RunFolder
    model: Model
    train: Windows
    owners: Sequence[Prepared | None]  # of each window; those of none are not looked at
    settings: Settings

    def take(self, epoch: int) -> None:
        """Look at the model after `epoch`, if it is time."""
        config = self.settings.train
        every = max(1, config.with_min_steps(steps_of(self.train, config)).epochs // FRAMES)
        if epoch != 1 and epoch % every:
            return
        chosen, folder = self._chosen, self.shop.seen
        some = Windows(*(column[chosen] for column in self.train))
        look = self.model.look(some)
        if not look:
            return
        if not (folder / WINDOWS_FILE).is_file():
            owners = [
                owner for owner in (self.owners[number] for number in chosen) if owner is not None
            ]
            titles, keys = (
                [item.piece.title or item.piece.source.path for item in owners],
                [item.key.code for item in owners],
            )
            _save(
                folder / WINDOWS_FILE,
                {"targets": some.targets, "titles": np.array(titles), "keys": np.array(keys)},
            )
        _save(folder / f"epoch-{epoch:05d}.npz", look)

    @cached_property
    def _chosen(self) -> np.ndarray:
        """The same windows each time, spread over the training pieces; the first is one that is
        whole and known.
        """
        targets, owned = self.train.targets, np.array([owner is not None for owner in self.owners])
        whole = np.flatnonzero(
            (targets[:, :-1] >= SPECIAL).all((1, 2)) & (targets[:, -1, 0] >= SPECIAL) & owned
        )
        at = np.flatnonzero(owned)
        few: np.ndarray = at[np.linspace(0, len(at) - 1, min(WINDOWS, len(at))).astype(int)]
        if not len(whole):
            return few
        first = whole[np.random.default_rng(self.settings.train.seed).integers(len(whole))]
        return np.concatenate([[first], few[few != first]])


def _save(path: Path, arrays: dict[str, np.ndarray]) -> None:
    with new_file(path, durable=False) as work, work.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def has_snapshots(folder: RunFolder) -> bool:
    """Return whether any snapshot was taken."""
    return (folder.seen / WINDOWS_FILE).is_file()


def read_seen(folder: RunFolder, *, until: int | None = None) -> Seen:
    """The snapshots of a run, finished or not; those after the epoch `until` (of a training that
    was killed) are passed over.

    Raises
    ------
    FileNotFoundError, ValueError, KeyError
        If there are none, or they are damaged.
    """
    with np.load(folder.seen / WINDOWS_FILE, allow_pickle=False) as file:
        targets, titles, keys = file["targets"], file["titles"].tolist(), file["keys"].tolist()
    epochs, looks = [], []
    for path in sorted(folder.seen.glob("epoch-*.npz")):
        number = re.fullmatch(r"epoch-(\d+)\.npz", path.name)
        if number and (until is None or int(number[1]) <= until):
            with np.load(path, allow_pickle=False) as file:
                looks.append({name: file[name] for name in file.files})
            epochs.append(int(number[1]))
    return Seen(epochs, targets, titles, keys, looks)
