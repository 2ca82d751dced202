"""Define the files of a run folder, and check that they belong together.

All other modules get the names of these files from here::

    run.json          settings, seeds, versions, fingerprint of the corpus, results; written last,
                      so that a folder with this file is a complete run
    pieces.json       every piece of the corpus: title, source, license, key, meter, first tokens
    vocabulary.json   the tokenizer
    model.weights.h5  the weights, in Keras' safe format (model.npz for a model that counts)
    history.csv       one line per epoch, the same for the same seed
    history.json      the same, with speed and times, which depend on the machine
    real_pieces.json  what the pieces of the corpus show, to compare composed ones with
    tuning.json       the default sampling that `partimento tune` found, and its search
    held_out.json     nats per event of the model and its baselines on the test pieces
    rejects.csv       files that were not used, with the reasons
    seen/             snapshots of the model during training, for `partimento watch`
    samples/          a first piece, composed right after training
    watch/            the pictures that `partimento watch` draws

Until it is finished, training uses a hidden folder beside the run folder, which is renamed at the
end. It has further files::

    training.json     settings, sources, fingerprint of the corpus, versions
    checkpoint.h5     `loop.Checkpoint`: optimizer, random generators, history, the best weights
    lock              locked by the training process
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from partimento.errors import PartimentoError
from partimento.files import check_exists, refuse_folder, remove_folder, write_atomically
from partimento.short_repr import short_repr
from partimento.training.real_pieces import RealPieces


@short_repr
@dataclass(frozen=True)
class RunFolder:
    """Paths of the files of a run, whether they exist or not.

    Attributes
    ----------
    path : Path
        The folder.
    """

    path: Path

    MARK: ClassVar[str] = "run.json"

    @property
    def name(self) -> str:
        """The name of the run; the same for the hidden folder of its training."""
        hidden = re.fullmatch(r"\.(.+)\.training", self.path.absolute().name)
        return hidden[1] if hidden else self.path.absolute().name

    @property
    def about(self) -> Path:
        """Settings, versions and results."""
        return self.path / self.MARK

    @property
    def pieces(self) -> Path:
        """The pieces of the corpus."""
        return self.path / "pieces.json"

    @property
    def vocabulary(self) -> Path:
        """The tokenizer."""
        return self.path / "vocabulary.json"

    @property
    def history(self) -> Path:
        """All values of all epochs, as JSON."""
        return self.path / "history.json"

    @property
    def history_table(self) -> Path:
        """The losses of all epochs as a table, without values that depend on the machine."""
        return self.path / "history.csv"

    @property
    def held_out(self) -> Path:
        """The results on the test pieces."""
        return self.path / "held_out.json"

    @property
    def real_pieces(self) -> Path:
        """The criteria of the pieces of the corpus."""
        return self.path / "real_pieces.json"

    @property
    def tuning(self) -> Path:
        """The search of the default sampling."""
        return self.path / "tuning.json"

    @property
    def rejects(self) -> Path:
        """The list of files that were not used."""
        return self.path / "rejects.csv"

    @property
    def seen(self) -> Path:
        """The folder of snapshots."""
        return self.path / "seen"

    @property
    def samples(self) -> Path:
        """The folder of composed files."""
        return self.path / "samples"

    @property
    def watch(self) -> Path:
        """The folder of pictures."""
        return self.path / "watch"

    @property
    def training(self) -> TrainingFolder:
        """The hidden folder that training uses until it is finished."""
        return TrainingFolder(self.path.with_name(f".{self.path.name}.training"))

    def weights(self, suffix: str) -> Path:
        """Return the file of weights; `suffix` is the model's `weights_suffix`."""
        return self.path / f"model{suffix}"

    def exists(self) -> bool:
        """Return whether the folder holds a finished run."""
        return self.about.is_file()

    def check(self) -> None:
        """Raise PartimentoError unless the folder holds a finished run.

        This is fast: it reads no file and imports no framework.
        """
        check_exists(self.path)
        if not self.exists():
            command = f"partimento train FOLDER -o {self.path}"
            raise PartimentoError(
                f"{self.path} is not a run: it has no {self.MARK} (train one with: {command})"
            )

    def check_replaceable(self, *, force: bool) -> None:
        """Raise PartimentoError if the folder exists and must not be replaced."""
        refuse_folder(self.path, mark=self.MARK, force=force)

    def checksums(self, suffix: str) -> dict[str, str]:
        """Return the SHA-256 of each file that must not change after training, by name."""
        return {path.name: _sha256(path) for path in self._checked_files(suffix)}

    def check_files(self, checksums: Mapping[str, str], suffix: str) -> None:
        """Raise PartimentoError if a file is missing or was changed since the training."""
        for path in self._checked_files(suffix):
            self.check_file(path, checksums)

    def check_file(self, path: Path, checksums: Mapping[str, str]) -> None:
        """Raise PartimentoError if a file is missing or was changed since the training."""
        if not path.is_file():
            raise PartimentoError(f"{self.path} is not a complete run: {path.name} is missing")
        if _sha256(path) != checksums[path.name]:
            raise PartimentoError(
                f"{self.path}: {path.name} was changed or damaged since the training"
            )

    def fingerprint(self) -> str:
        """Return SHA-256 of all that decides what the model composes.

        Raises
        ------
        PartimentoError
            If the run is not complete.
        """
        try:
            about = self.read_about()
            files = {name: about["files"][name] for name in sorted(about["files"])}
            settings = {name: about["settings"][name] for name in ("data", "tokens", "model")}
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise PartimentoError(
                f"{self.path} is not a complete run: {type(error).__name__}: {error}"
            ) from error
        # The times and losses of the training change nothing, and the sampling is an option.
        facts = {"files": {k: v for k, v in files.items() if not k.startswith("history")}}
        if self.real_pieces.is_file():
            facts["files"][self.real_pieces.name] = _sha256(self.real_pieces)
        text = json.dumps({**facts, "settings": settings}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def read_about(self) -> dict[str, Any]:
        """Read `about`; raise OSError or ValueError if it cannot be read."""
        about: dict[str, Any] = json.loads(self.about.read_text(encoding="utf-8"))
        return about

    def read_settings(self) -> dict[str, Any]:
        """Read the settings of the training, as plain values."""
        settings: dict[str, Any] = self.read_about()["settings"]
        return settings

    def read_pieces(self) -> list[dict[str, Any]]:
        """Read `pieces` as plain rows."""
        rows: list[dict[str, Any]] = json.loads(self.pieces.read_text(encoding="utf-8"))
        return rows

    def read_history(self) -> list[dict[str, Any]]:
        """Read `history` as plain rows, one per epoch."""
        rows: list[dict[str, Any]] = json.loads(self.history.read_text(encoding="utf-8"))
        return rows

    def read_held_out(self) -> dict[str, Any]:
        """Read `held_out`: results of the model and each baseline, and ``reconstruction``."""
        figures: dict[str, Any] = json.loads(self.held_out.read_text(encoding="utf-8"))
        return figures

    def write_held_out(self, figures: Mapping[str, Any]) -> None:
        """Write results that `read_held_out` can read."""
        write_atomically(self.held_out, json.dumps(figures, indent=2))

    def read_real_pieces(self) -> RealPieces:
        """Read `real_pieces`; the defaults if there is no such file."""
        if not self.real_pieces.is_file():
            return RealPieces()
        return RealPieces.from_plain(json.loads(self.real_pieces.read_text(encoding="utf-8")))

    def write_real_pieces(self, real: RealPieces) -> None:
        """Write values that `read_real_pieces` can read."""
        write_atomically(self.real_pieces, json.dumps(real.to_plain()) + "\n")

    def read_tuned_sampling(self) -> dict[str, Any] | None:
        """Read the sampling that a search found, as plain values; None without a search."""
        if not self.tuning.is_file():
            return None
        values: dict[str, Any] = json.loads(self.tuning.read_text(encoding="utf-8"))["sampling"]
        return values

    def write_tuning(self, values: Mapping[str, Any]) -> None:
        """Write a search that `read_tuned_sampling` can read."""
        write_atomically(self.tuning, json.dumps(values, indent=2) + "\n")

    def _checked_files(self, suffix: str) -> tuple[Path, ...]:
        return (
            self.pieces,
            self.vocabulary,
            self.history_table,
            self.history,
            self.weights(suffix),
        )


class TrainingFolder(RunFolder):
    """Paths of the hidden folder of an unfinished training.

    It has the files of a run as far as they are written, and a checkpoint.
    """

    @property
    def state(self) -> Path:
        """The checkpoint of the last finished epoch."""
        return self.path / "checkpoint.h5"

    @property
    def request(self) -> Path:
        """The settings and sources with which the training began."""
        return self.path / "training.json"

    @property
    def lock(self) -> Path:
        """The file that the training process locks."""
        return self.path / "lock"

    def exists(self) -> bool:
        """Return True if a training has begun in this folder."""
        return self.request.is_file()

    def read_settings(self) -> dict[str, Any]:
        """Read the settings of the training, as plain values."""
        settings: dict[str, Any] = json.loads(self.request.read_text(encoding="utf-8"))["settings"]
        return settings

    def has_checkpoint(self) -> bool:
        """Return True if at least one epoch is complete, so that training can be resumed."""
        return self.state.is_file()

    def clear(self) -> None:
        """Remove everything except the lock."""
        for path in [*self.path.iterdir()]:
            if path != self.lock:
                remove_folder(path) if path.is_dir() else path.unlink()

    def remove_half_written(self) -> None:
        """Remove files that a killed training did not finish writing."""
        for path in self.path.glob(".*.part"):
            path.unlink(missing_ok=True)

    def finish(self) -> None:
        """Remove the files that a finished run does not have."""
        for path in (self.state, self.request, self.lock):
            path.unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
