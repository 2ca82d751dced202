"""Define the callbacks of every training: checks, evaluation, a sample, pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from partimento.progress import Progress, during, silent
from partimento.short_repr import short_repr
from partimento.training.callbacks import Callback

if TYPE_CHECKING:
    from partimento.models.base import Model
    from partimento.models.likelihood import Likelihood
    from partimento.training.dataset import Dataset
    from partimento.training.run_folder import RunFolder
    from partimento.training.trained_model import TrainedModel


def default_callbacks(progress: Progress = silent, *, watch: bool = False) -> list[Callback]:
    """Return the callbacks of every training.

    Parameters
    ----------
    progress : Progress, optional
        Called while the model is evaluated, composes, and while pictures are drawn.
    watch : bool
        Draw pictures of the training.
    """
    pictures = [TrainingPictures(progress)] if watch else []
    return [
        CollapseCheck(),
        HeldOutReport(progress),
        RealPiecesReport(progress),
        FirstSample(progress),
        *pictures,
    ]


class CollapseCheck(Callback):
    """Abort training if the model composes one chord again and again."""

    def __init__(self) -> None:
        self._detect: Callable[[int], str | None] | None = None

    def on_begin(self, model: Model, data: Dataset) -> None:
        """Store the model and the training pieces for `check`."""
        self._model, self._data = model, data

    def check(self, epoch: int) -> str | None:
        """Compare composed candidates with the training pieces, after some epochs."""
        if self._detect is None:
            from partimento.evaluation.collapse_check import sampler_check

            self._detect = sampler_check(self._model, self._data)
        return self._detect(epoch)


@short_repr
@dataclass
class HeldOutReport(Callback):
    """Evaluate the trained model and its baselines on the held-out pieces.

    The results are written to ``held_out.json``.

    Attributes
    ----------
    progress : Progress
    table : dict
        The likelihood of the model and of each baseline, by name.
    reconstruction : float or None
        The share of held-out chords that a latent model reconstructs.
    """

    progress: Progress = silent
    table: dict[str, Likelihood] = field(default_factory=dict)
    reconstruction: float | None = None

    def on_finish(self, trained: TrainedModel, data: Dataset, folder: RunFolder) -> None:
        """Evaluate, and write the results."""
        from partimento.evaluation.heldout import held_out, reconstruction

        with during(self.progress, "check"):
            self.table = held_out(data, trained.model, name=trained.settings.name)
            self.reconstruction = reconstruction(data, trained.model)
            rows: dict[str, Any] = {name: row.to_plain() for name, row in self.table.items()}
            folder.write_held_out({**rows, "reconstruction": self.reconstruction})


@short_repr
@dataclass
class RealPiecesReport(Callback):
    """Measure the criteria of the corpus: ``real_pieces.json``."""

    progress: Progress = silent

    def on_finish(self, trained: TrainedModel, data: Dataset, folder: RunFolder) -> None:
        """Measure and write them, if the model can compose."""
        from partimento.evaluation.real_pieces import real_pieces
        from partimento.generate.compose import composes

        if not composes(trained):
            return
        with during(self.progress, "measure"):
            folder.write_real_pieces(real_pieces(data, trained.model))


@short_repr
@dataclass
class FirstSample(Callback):
    """Compose a first piece with the trained model: ``samples/seed-N.mid``."""

    progress: Progress = silent

    def on_finish(self, trained: TrainedModel, data: Dataset, folder: RunFolder) -> None:
        """Compose with the seed of the training, if the model can compose."""
        from partimento.export.write import write
        from partimento.generate.compose import compose, composes

        if not composes(trained):
            return
        with during(self.progress, "sample"):
            seed = trained.settings.train.seed
            trained = replace(trained, real_pieces=folder.read_real_pieces())
            write(compose(trained, seed=seed), folder.samples / f"seed-{seed}.mid", force=True)


@short_repr
@dataclass
class TrainingPictures(Callback):
    """Draw the pictures of a training into the folder ``watch``."""

    progress: Progress = silent

    def on_finish(self, trained: TrainedModel, data: Dataset, folder: RunFolder) -> None:
        """Draw them from the files of the run."""
        from partimento.evaluation.training_report import watch

        watch(folder.path, folder.watch, progress=self.progress)
