"""Pieces in, a run out: prepare the data, build the model, train it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from partimento.config import UserError, merge, read_recipe
from partimento.encode.prepare import DataSet, prepare
from partimento.encode.windows import windows
from partimento.files import refuse_folder
from partimento.models import model_class
from partimento.models.run import MARK, Run, Settings, save_run
from partimento.models.training import Epoch, fit
from partimento.piece import Piece

Report = Callable[[str, int, int, Epoch | None], None]  # stage, done, of how many, the epoch that has just ended


def over_recipe(settings: Mapping[str, Any], recipe: str | None = None) -> dict[str, Any]:
    """Lay settings over a recipe: the one named, else the named model's own, else ``lstm-notes``."""
    model = settings.get("model")
    name = model.get("name") if isinstance(model, Mapping) else None
    return merge(read_recipe(recipe or name or "lstm-notes"), settings)


def learn(
    pieces: Sequence[Piece],
    *,
    sides: Sequence[str] | None = None,
    settings: Settings | Mapping[str, Any] | None = None,
    out: Path | str | None = None,
    force: bool = False,
    report: Report | None = None,
) -> tuple[Run, DataSet]:
    """Train a model on pieces.

    Parameters
    ----------
    pieces : sequence of Piece
        At least two.
    sides : sequence of str, optional
        ``train``, ``valid`` or ``test`` for each piece: a split that was stored (`Reading.sides`); else one is drawn.
    settings : Settings or nested mapping, optional
        For example ``{"model": {"units": 128}, "train": {"epochs": 5}}``; laid over the recipe ``lstm-notes`` or, where
        ``model.name`` is given, over that model's own.
    out : path, optional
        Folder to save the run in; it is made at the end, whole.
    force : bool
        Replace `out` if it exists.
    report : callable, optional
        Told of progress: ``report(stage, done, total, epoch)``.

    Returns
    -------
    Run, DataSet

    Raises
    ------
    UserError
        If `out` exists, the pieces are too few, or a setting is wrong.
    """
    if out is not None:
        refuse_folder(out, mark=MARK, force=force)
    if not pieces:
        raise UserError("no pieces to learn from")
    if not isinstance(settings, Settings):
        settings = Settings.from_plain(over_recipe(settings or {}))
    tell = report or (lambda *_: None)
    data = prepare(
        pieces,
        settings.encode,
        sides=sides,
        validation=settings.train.validation,
        test=settings.train.test,
        seed=settings.train.seed,
        progress=lambda done, total: tell("keys", done, total, None),
    )
    keras.utils.set_random_seed(settings.train.seed)
    model = model_class(settings.name)(settings.model, data.codec)
    cut = {"length": settings.encode.window, "stride": settings.encode.stride}
    history = fit(
        model,
        windows(data.encode_training(), **cut),
        windows(data.encode(data.valid), length=settings.encode.window),
        settings.train,
        progress=lambda done, steps, epoch: tell("train", done, steps, epoch),
    )
    run = Run.from_training(settings, data, model, history)
    return (run if out is None else save_run(run, out, force=force)), data
