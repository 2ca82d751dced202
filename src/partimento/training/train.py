"""Pieces in, a run out: prepare the data, build the model, train it; taken up again where it was
stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from partimento.corpus.entries import Corpus
from partimento.errors import PartimentoError
from partimento.files import become, write_atomically
from partimento.models import model_class
from partimento.models.base import Model, Tokens, Windows
from partimento.models.deferred import keras
from partimento.music.piece import Piece
from partimento.recipes import over_recipe
from partimento.training import checkpoint
from partimento.training.advice import too_small
from partimento.training.dataset import DataSet, Prepared, prepare
from partimento.training.loop import Epoch, Fitted, epochs_added, fit, steps_of, validate
from partimento.training.run import Run, fill, load_run, versions
from partimento.training.run_folder import RunFolder, TrainingFolder
from partimento.training.settings import Settings
from partimento.training.snapshots import Snapshots

Report = Callable[
    [str, int, int, Epoch | None], None
]  # stage, done, of how many, the epoch that has just ended


@dataclass(frozen=True)
class Hooks:
    """What the caller of a training wants to be told, or to do.

    Attributes
    ----------
    report : ``(stage, done, total, epoch)``
        Progress.
    note : ``(text)``
        Something that a person should know, before training begins.
    inspect : ``(model, data) → (epoch) → text or None``
        Looks at the model after each epoch; a text ends the training.
    finish : ``(run, data, folder)``
        Adds to the folder of a finished run before it appears under its name.
    told : mapping
        Plain values to find again in `checkpoint.read_about` when the training is resumed.
    """

    report: Report = lambda *_: None
    note: Callable[[str], None] = lambda _: None
    inspect: Callable[[Model, DataSet], Callable[[int], str | None]] | None = None
    finish: Callable[[Run, DataSet, RunFolder], None] = lambda *_: None
    told: Mapping[str, Any] | None = None


def learn(
    corpus: Corpus | Sequence[Piece],
    *,
    settings: Settings | Mapping[str, Any] | None = None,
    out: Path | str | None = None,
    force: bool = False,
    resume: bool = False,
    report: Report | None = None,
    hooks: Hooks | None = None,
) -> tuple[Run, DataSet]:
    """Train a model on a corpus.

    Parameters
    ----------
    corpus : Corpus or sequence of Piece
        At least two pieces. A stored split is kept; a split is drawn for pieces that have none.
    settings : Settings or nested mapping, optional
        For example ``{"model": {"units": 128}, "train": {"epochs": 5}}``; laid over the recipe
        ``notewise`` or, where ``model.name`` is given, over that model's own.
    out : path, optional
        Folder to save the run in; it appears at the end, whole. Until then a hidden folder beside
        it holds a checkpoint of every epoch.
    force : bool
        Replace `out` if it exists.
    resume : bool
        Go on with the unfinished training of `out`, with its settings; the result is the one that
        it would have had.
    report : callable, optional
        Told of progress: ``report(stage, done, total, epoch)``.
    hooks : Hooks, optional
        More that a caller may want.

    Returns
    -------
    Run, DataSet

    Raises
    ------
    PartimentoError
        If `out` exists, the pieces are too few or, when resuming, not those from before, or a
        setting is wrong.
    """
    hooks = hooks or Hooks()
    hooks = replace(hooks, report=report) if report else hooks
    if out is None:
        if resume:
            raise PartimentoError("to resume a training, say which: out is its run's folder")
        place: AbstractContextManager[TrainingFolder | None] = nullcontext()
    else:
        out = Path(out)
        if not resume:
            RunFolder(out).check_replaceable(force=force)
        place = checkpoint.at_work(out, resume=resume, force=force)
    if not corpus:
        raise PartimentoError("no pieces to learn from")
    with place as shop:
        about = checkpoint.read_about(out) if resume and out is not None else None
        if about is not None:
            settings = Settings.from_plain(about["settings"])
        elif not isinstance(settings, Settings):
            settings = Settings.from_plain(over_recipe(settings or {}))
        assert isinstance(settings, Settings)
        data = _prepared(corpus, settings, hooks.report)
        if about is not None:
            _check_same(about, data, hooks.note)
        elif shop is not None:
            checkpoint.write_about(shop, settings, hooks.told or {}, data.fingerprint)
        model = new_model(settings, data)
        if shop is not None:
            write_atomically(
                shop.vocabulary, data.tokenizer.to_json(), durable=False
            )  # so that it can be looked at under way
        run = Run.from_training(settings, data, model, _train(model, data, settings, shop, hooks))
        if shop is not None and out is not None:
            fill(run, shop, out)
            hooks.finish(run, data, shop)
            shop.finish()
            become(shop.path, out)
            run = replace(run, folder=out)
    return run, data


def _prepared(corpus: Corpus | Sequence[Piece], settings: Settings, report: Report) -> DataSet:
    return prepare(
        corpus,
        settings.tokens,
        validation=settings.train.validation,
        test=settings.train.test,
        seed=settings.train.seed,
        kind=model_class(settings.name).tokenizer_kind,
        progress=lambda stage, done, total: report(stage, done, total, None),
    )


def _check_same(about: Mapping[str, Any], data: DataSet, note: Callable[[str], None]) -> None:
    """A training goes on with the music it began with."""
    if about["fingerprint"] != data.fingerprint:
        raise PartimentoError(
            "the scores are not those that the training began with: it cannot be resumed (--force begins anew)"
        )
    changed = [name for name, number in versions().items() if about["versions"].get(name) != number]
    if changed:
        note(
            f"{', '.join(changed)} changed since the training began: the result may differ from an uninterrupted one"
        )


def new_model(settings: Settings, data: DataSet) -> Model:
    """An untrained model; its weights are drawn from the seed. Embeddings that were learned before
    are put in.
    """
    keras.utils.set_random_seed(settings.train.seed)
    model: Model = settings.new_model(data.tokenizer)
    if source := getattr(settings.model, "pretrained", ""):
        learned = load_run(source)
        if not hasattr(learned.model, "vectors"):
            raise PartimentoError(
                f"model.pretrained: {source} is no run of embeddings (make one with: partimento train … --recipe embeddings)"
            )
        model.take_embeddings(learned.model.vectors(data.tokenizer))  # type: ignore[attr-defined]
    return model


def _train(
    model: Model, data: DataSet, settings: Settings, shop: TrainingFolder | None, hooks: Hooks
) -> Fitted:
    encoded = data.encode_training()
    valid = model.windows(data.encode(data.valid), settings.tokens, training=False)
    if not model.by_steps:
        hooks.report("count", 0, 1, None)
        model.count(encoded)
        epoch = validate(model, valid, settings.train)
        hooks.report("count", 1, 1, epoch)
        return Fitted([epoch], 1, "counted")
    train = model.windows(encoded, settings.tokens, training=True)
    for text in (
        epochs_added(settings.train, steps_of(train, settings.train)),
        too_small(model, train),
    ):
        if text:
            hooks.note(text)
    snapshots = (
        Snapshots(shop, model, train, _owners(model, data, encoded, settings), settings)
        if shop
        else None
    )
    look = hooks.inspect(model, data) if hooks.inspect else None

    def inspect(epoch: int) -> str | None:
        if snapshots:
            snapshots.take(epoch)
        return look(epoch) if look else None

    return fit(
        model,
        train,
        valid,
        settings.train,
        progress=lambda done, steps, epoch: hooks.report("train", done, steps, epoch),
        keep=(lambda point: checkpoint.write_checkpoint(shop, point)) if shop else None,
        inspect=inspect if snapshots or look else None,
        start=checkpoint.read_checkpoint(shop) if shop else None,
    )


def _owners(
    model: Model, data: DataSet, encoded: Sequence[Tokens], settings: Settings
) -> list[Prepared | None]:
    """The piece of each training window; None for a window of a copy in another key."""
    pieces = [item if shift == 0 else None for item in data.train for shift in item.copies]
    counts = [len(model.windows([each], settings.tokens, training=True).inputs) for each in encoded]
    return [piece for piece, count in zip(pieces, counts, strict=True) for _ in range(count)]


__all__ = ["Hooks", "Windows", "learn", "new_model", "over_recipe"]
