"""Pieces in, a run out: prepare the data, build the model, train it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from partimento.config import UserError, merge
from partimento.encode.prepare import DataSet, prepare
from partimento.encode.windows import windows
from partimento.files import refuse_existing
from partimento.models import model_class
from partimento.models.run import Run, Settings, save_run
from partimento.models.training import Epoch, fit
from partimento.piece import Piece

Report = Callable[[str, int, int, Epoch | None], None]  # stage, done, of how many, the epoch that has just ended


def learn(
    pieces: Sequence[Piece],
    *,
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
    settings : Settings or nested mapping, optional
        For example ``{"model": {"name": "lstm", "units": 128}, "train": {"epochs": 5}}``.
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
        refuse_existing(out, force=force)
    if not pieces:
        raise UserError("no pieces to learn from")
    if not isinstance(settings, Settings):
        settings = Settings.from_plain(merge({}, settings or {}))
    tell = report or (lambda *_: None)
    data = prepare(
        pieces,
        settings.encode,
        validation=settings.train.validation,
        seed=settings.train.seed,
        progress=lambda done, total: tell("keys", done, total, None),
    )
    keras.utils.set_random_seed(settings.train.seed)
    model = model_class(settings.name)(settings.model, data.codec)
    cut = {"length": settings.encode.window, "stride": settings.encode.stride}
    history = fit(
        model,
        windows(data.encode(data.train), **cut),
        windows(data.encode(data.valid), length=settings.encode.window),
        settings.train,
        progress=lambda done, steps, epoch: tell("train", done, steps, epoch),
    )
    run = Run.from_training(settings, data, model, history)
    return (run if out is None else save_run(run, out, force=force)), data
