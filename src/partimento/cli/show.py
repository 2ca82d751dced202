"""Compute the colors of notes that ``--show`` asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from partimento.cli import progress
from partimento.collect.bundled import PREFIX
from partimento.errors import PartimentoError, no_such
from partimento.export.note_colors import NoteColors
from partimento.music.piece import Piece
from partimento.training.pretrained import model_folder
from partimento.training.run_folder import RunFolder

if TYPE_CHECKING:
    from partimento.corpus.entries import Corpus
    from partimento.training.trained_model import TrainedModel

KINDS = ("surprise", "originality")
COLORED = (".svg", ".png", ".pdf", ".html", ".gif")  # formats that show the colors


class Shown:
    """The colors that ``--show`` asks for; the model and the corpus are loaded once.

    Parameters
    ----------
    kind : str
        ``surprise`` or ``originality``.
    model : str or None
        The model of the surprise; by default the one that composed the piece.
    against : sequence of str
        The corpus of the originality; by default that of the model, if it is bundled.
    trained : TrainedModel, optional
        The model, if it is loaded already.

    Raises
    ------
    PartimentoError
        If there is no such kind, or no such model.
    """

    def __init__(
        self,
        kind: str,
        *,
        model: str | None = None,
        against: Sequence[str] = (),
        trained: TrainedModel | None = None,
    ) -> None:
        if kind not in KINDS:
            raise PartimentoError(no_such(kind, KINDS, "value of --show"))
        if against and kind != "originality":
            raise PartimentoError("--against is the corpus of --show originality")
        self.kind, self.model, self.against = kind, model, list(against)
        self._trained = trained
        if model is not None:
            RunFolder(model_folder(model)).check()

    @staticmethod
    def check_outputs(outputs: Sequence[Path]) -> None:
        """Raise PartimentoError if no format shows the colors."""
        if not any(path.suffix.lower() in COLORED for path in outputs):
            raise PartimentoError(f"--show colors only {' '.join(COLORED)} files")

    def colors(self, piece: Piece) -> NoteColors:
        """Return the colors of a piece.

        Raises
        ------
        PartimentoError
            If the model or the corpus is not known, or cannot be used.
        """
        if self.kind == "surprise":
            from partimento.evaluation.surprise import surprise_colors

            trained = self._model(piece)
            name = self._name(piece)
            return surprise_colors(trained, piece, name=name)
        from partimento.evaluation.borrowed_notes import originality_colors

        if not self.against:
            self.against = self._bundled_corpus(piece)
        with progress.stages() as stages:
            return originality_colors(piece, self._corpus, names=self.against, progress=stages.at)

    def _name(self, piece: Piece) -> str:
        """Return the name of the model, as its legend shows it."""
        composed = piece.provenance
        if self.model is not None:
            return Path(self.model).name
        if self._trained is not None and self._trained.folder is not None:
            return self._trained.folder.name
        return Path(composed.model).name if composed is not None else ""

    def _model(self, piece: Piece) -> TrainedModel:
        if self._trained is None:
            from partimento.training.trained_model import load_model

            self._trained = load_model(self._folder(piece))
        return self._trained

    def _folder(self, piece: Piece) -> Path:
        if self.model is not None:
            return model_folder(self.model)
        if self._trained is not None and self._trained.folder is not None:
            return self._trained.folder
        composed = piece.provenance
        if composed is not None and RunFolder(model_folder(composed.model)).exists():
            return model_folder(composed.model)
        raise PartimentoError("--show surprise needs a model: name it with --model")

    def _bundled_corpus(self, piece: Piece) -> list[str]:
        """Return the collection that the model learned from, if it comes with the program."""
        try:
            folder = self._folder(piece)
        except PartimentoError:
            folder = None
        if names := bundled_corpus(folder):
            return names
        raise PartimentoError(
            "--show originality needs a corpus: name the music that the model learned from with"
            " --against"
        )

    @cached_property
    def _corpus(self) -> Corpus:
        from partimento.corpus.load import load_corpus

        with progress.stages() as stages, stages.during("read the corpus"):
            return load_corpus(
                self.against,
                progress=lambda _, done, total: stages.at("read the corpus", done, total),
            )


def bundled_corpus(folder: Path | None) -> list[str]:
    """Return the name of the collection that a model learned from, if it is bundled."""
    if folder is None:
        return []
    try:
        rows = RunFolder(folder).read_pieces()
        urls = {str(row["source"]["url"]) for row in rows}
    except (PartimentoError, OSError, ValueError, LookupError, TypeError):
        return []
    return [url for url in urls if len(urls) == 1 and url.startswith(PREFIX)]


def with_writing(piece: Piece, **writing: Any) -> Piece:
    """Return a piece whose provenance says how its files are written, if it has one."""
    composed = piece.provenance
    if composed is None or not writing:
        return piece
    return piece.replace(provenance=replace(composed, writing={**composed.writing, **writing}))
