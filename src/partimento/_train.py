"""Train and evaluate a model and save its run, as ``partimento train`` does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from partimento.corpus.entries import Corpus
from partimento.corpus.load import load_corpus
from partimento.corpus.settings import DataSettings
from partimento.errors import PartimentoError
from partimento.evaluation.callbacks import default_callbacks
from partimento.music.piece import Piece
from partimento.progress import Progress, silent
from partimento.recipes import over_recipe
from partimento.training.callbacks import Callback
from partimento.training.fine_tuning import fine_tuning_settings
from partimento.training.settings import Settings
from partimento.training.train import learn, recorded_settings, reload_corpus
from partimento.training.trained_model import TrainedModel

Source = str | Path


def train(
    corpus: Corpus | Source | Sequence[Piece] | Sequence[Source] | None = None,
    *,
    recipe: str | None = None,
    base: str | Path | None = None,
    settings: Settings | Mapping[str, Any] | None = None,
    out: Path | str | None = None,
    force: bool = False,
    resume: bool = False,
    watch: bool = False,
    progress: Progress = silent,
    callbacks: Iterable[Callback] = (),
) -> TrainedModel:
    """Train a model on a corpus.

    Parameters
    ----------
    corpus : Corpus, pieces, or sources as for `load_corpus`
        At least two pieces. A stored split is kept; a split is drawn for pieces without one.
        Sources are loaded with the settings ``data`` of the recipe. Optional if `resume` is set.
    recipe : str, optional
        Name or file of the recipe; by default that of ``model.name``, else ``notewise``.
    base : str or path, optional
        A bundled model or a run to fine-tune, instead of a recipe.
    settings : Settings or nested mapping, optional
        Overrides the recipe: ``{"model": {"units": 128}, "train": {"epochs": 5}}``.
    out : path, optional
        Run folder to write. It appears complete at the end. Until then, a hidden folder beside it
        has a checkpoint of the last epoch.
    force : bool
        Replace the run in `out`.
    resume : bool
        Resume the unfinished training of `out` with its settings and, if `corpus` is None, its
        scores. The result is that of an uninterrupted training.
    watch : bool
        Draw pictures of the training in the run folder.
    progress : Progress, optional
        Called as ``progress(stage, done, total)``.
    callbacks : iterable of Callback
        Called during and after training. A callback replaces the default callback of its class or
        base class.

    Returns
    -------
    TrainedModel

    Raises
    ------
    PartimentoError
        If `out` exists, there are too few pieces, a setting is wrong, or there is no such
        training to resume.

    See Also
    --------
    partimento.evaluation.callbacks.default_callbacks : The evaluation of every run.
    """
    if resume and out is not None:
        settings = recorded_settings(out)
        corpus = reload_corpus(out, progress=progress) if corpus is None else corpus
    elif base is not None:
        if recipe is not None or isinstance(settings, Settings):
            raise PartimentoError("base keeps the settings of its model: leave out the recipe")
        settings = Settings.from_plain(fine_tuning_settings(str(base), settings or {}))
    elif not isinstance(settings, Settings):
        settings = Settings.from_plain(over_recipe(settings or {}, recipe))
    data = settings.data if isinstance(settings, Settings) else None
    loaded = _loaded(corpus, data, progress)
    extra = list(callbacks)
    defaults = [
        default
        for default in default_callbacks(progress, watch=watch)
        if not any(isinstance(callback, type(default)) for callback in extra)
    ]
    trained, _ = learn(
        loaded,
        settings=settings,
        out=out,
        force=force,
        resume=resume,
        progress=progress,
        callbacks=[*defaults, *extra],
    )
    return trained


def _loaded(corpus: Any, config: DataSettings | None, progress: Progress) -> Corpus:
    """Load sources with the settings `config`; use a corpus or pieces as they are."""
    if isinstance(corpus, Corpus):
        return corpus
    items: list[Any] = [corpus] if isinstance(corpus, (str, Path)) else list(corpus or ())
    if items and isinstance(items[0], (str, Path)):
        return load_corpus(items, config=config, progress=progress)
    return Corpus.of(items)
