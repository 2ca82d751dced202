"""Train a model: prepare the data, build the model, run the loop, save the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from partimento.corpus.entries import Corpus
from partimento.corpus.load import load_corpus
from partimento.corpus.reading import write_rejects
from partimento.corpus.select import Selection
from partimento.errors import PartimentoError
from partimento.files import replace_folder, write_atomically
from partimento.models import model_class
from partimento.models.base import Autoregressive, Latent, Model
from partimento.models.deferred import keras
from partimento.music.piece import Piece
from partimento.progress import Progress, silent
from partimento.recipes import DEFAULT_MODEL, over_recipe
from partimento.tokens.base import Tokens
from partimento.tokens.windows import WindowBatches
from partimento.training import checkpoint
from partimento.training.callbacks import Callback, Callbacks
from partimento.training.dataset import Dataset, prepare
from partimento.training.fine_tuning import FEW_PIECES, copy_weights
from partimento.training.loop import Epoch, Fitted, epochs_added, fit, validate
from partimento.training.pretrained import bundled_models
from partimento.training.run_folder import RunFolder, TrainingFolder
from partimento.training.settings import Settings
from partimento.training.snapshots import Snapshots
from partimento.training.trained_model import TrainedModel, fill, load_model, versions

FEW_EVENTS = 1_000  # about a handful of pieces; with fewer, advise against a network
# With more weights per event, advise against the model: it would memorize the training pieces.
WEIGHTS_PER_EVENT = 50


def learn(
    corpus: Corpus | Sequence[Piece],
    *,
    settings: Settings | Mapping[str, Any] | None = None,
    out: Path | str | None = None,
    force: bool = False,
    resume: bool = False,
    progress: Progress = silent,
    callbacks: Sequence[Callback] = (),
) -> tuple[TrainedModel, Dataset]:
    """Train a model on a corpus, and save its run.

    `partimento.train` calls this function with callbacks that also evaluate the run.

    Parameters
    ----------
    corpus : Corpus or sequence of Piece
        At least two pieces. A stored split is kept; a split is drawn for pieces that have none.
    settings : Settings or nested mapping, optional
        For example ``{"model": {"units": 128}, "train": {"epochs": 5}}``. A mapping overrides the
        recipe of its ``model.name``, by default the recipe ``notewise``.
    out : path, optional
        Run folder to write. It appears complete at the end. Until then, a hidden folder beside it
        holds a checkpoint of the last epoch.
    force : bool
        Replace `out` if it exists.
    resume : bool
        Resume the unfinished training of `out` with its settings. The result is that of an
        uninterrupted training.
    progress : Progress, optional
        Called in the stages ``keys``, ``build``, ``train`` (all steps of all epochs) and ``count``.
    callbacks : sequence of Callback
        Called during and after training.

    Returns
    -------
    TrainedModel, Dataset

    Raises
    ------
    PartimentoError
        If `out` exists, there are too few pieces, or a setting is wrong. When resuming, also if
        the pieces are not those with which the training began.
    """
    callback = Callbacks(callbacks)
    if out is None:
        if resume:
            raise PartimentoError("resume needs out: the run folder of the unfinished training")
        opened: AbstractContextManager[TrainingFolder | None] = nullcontext()
    else:
        out = Path(out)
        if not resume:
            RunFolder(out).check_replaceable(force=force)
        opened = checkpoint.locked_folder(out, resume=resume, force=force)
    if not corpus:
        raise PartimentoError("no pieces to train on")
    corpus = Corpus.of(corpus)
    with opened as folder:
        if resume and out is not None:
            settings = recorded_settings(out)
        else:
            settings = _with_view(_complete(settings), corpus, callback)
        base = load_model(settings.train.base) if settings.train.base else None
        data = prepared(corpus, settings, progress, base=base)
        if folder is not None and resume:
            _check_same(checkpoint.read_about(folder), data, callback)
        elif folder is not None:
            checkpoint.write_about(folder, settings, corpus, data.fingerprint)
        progress("build", 0, 1)
        model = new_model(settings, data)
        if base is not None:
            copy_weights(base, model)
        if folder is not None:
            # Written before training, so that `partimento watch` can read it in the meantime.
            write_atomically(folder.vocabulary, data.tokenizer.to_json(), durable=False)
        fitted = _train(model, data, settings, folder, progress, callback)
        trained = TrainedModel.from_training(settings, data, model, fitted)
        if folder is not None and out is not None:
            fill(trained, folder, out)
            write_rejects([*corpus.rejects, *data.rejects, *corpus.partly_read], folder.rejects)
            callback.on_finish(trained, data, folder)
            folder.finish()
            trained = replace(trained, folder=out, real_pieces=folder.read_real_pieces())
            replace_folder(folder.path, out)
    return trained, data


def recorded_settings(out: Path | str) -> Settings:
    """Read the settings with which the unfinished training of `out` began."""
    return Settings.from_plain(checkpoint.read_about_of(Path(out))["settings"])


def reload_corpus(out: Path | str, *, progress: Progress = silent) -> Corpus:
    """Load the corpus with which the unfinished training of `out` began.

    Raises
    ------
    PartimentoError
        If the corpus was a list of pieces in Python, or its sources can no longer be read.
    """
    recorded = checkpoint.read_about_of(Path(out))["corpus"]
    if not recorded["sources"]:
        raise PartimentoError(
            f"the training of {out} began with a list of pieces in Python: "
            "resume it with partimento.train(pieces, out=…, resume=True)"
        )
    first, *others = [Selection(**values) for values in recorded["selections"]] or [Selection()]
    config = recorded_settings(out).data
    corpus = load_corpus(recorded["sources"], config=config, selection=first, progress=progress)
    for selection in others:
        corpus = corpus.select(selection)
    return corpus


def _complete(settings: Settings | Mapping[str, Any] | None) -> Settings:
    if isinstance(settings, Settings):
        return settings
    return Settings.from_plain(over_recipe(settings or {}))


def _with_view(settings: Settings, corpus: Corpus, callback: Callback) -> Settings:
    """Replace the section ``data`` by the settings with which the corpus was loaded."""
    if corpus.config is None or corpus.config == settings.data:
        return settings
    wanted, actual = settings.data.model_dump(), corpus.config.model_dump()
    other = [f"data.{name}={actual[name]}" for name in actual if actual[name] != wanted[name]]
    callback.on_note(
        f"the corpus was loaded with {', '.join(other)}, and the run uses this; to follow the"
        " recipe, pass the sources to train() instead of the corpus"
    )
    return settings.model_copy(update={"data": corpus.config})


def prepared(
    corpus: Corpus,
    settings: Settings,
    progress: Progress = silent,
    *,
    base: TrainedModel | None = None,
) -> Dataset:
    """Build the data set of a corpus for training with these settings.

    The tokenizer is that of `base`, the model that is fine-tuned, if there is one.
    """
    if base is None and settings.train.base:
        base = load_model(settings.train.base)
    return prepare(
        corpus,
        settings.tokens,
        validation=settings.train.validation,
        test=settings.train.test,
        seed=settings.train.seed,
        kind=model_class(settings.name).tokenizer_kind,
        tokenizer=None if base is None else base.tokenizer,
        progress=progress,
    )


def _check_same(about: Mapping[str, Any], data: Dataset, callback: Callback) -> None:
    """Raise PartimentoError unless the resumed training has the same music as before."""
    if about["fingerprint"] != data.fingerprint:
        raise PartimentoError(
            "the scores differ from those with which the training began: it cannot be resumed"
            " (force=True starts again)"
        )
    changed = [name for name, number in versions().items() if about["versions"].get(name) != number]
    if changed:
        callback.on_note(
            f"{', '.join(changed)} changed since the training began: the result may differ from an"
            " uninterrupted one"
        )


def new_model(settings: Settings, data: Dataset) -> Model:
    """Build an untrained model with random weights from the seed ``train.seed``.

    If ``model.pretrained`` names a run, its embeddings are copied.
    """
    keras.utils.set_random_seed(settings.train.seed)
    model: Model = settings.new_model(data.tokenizer)
    model.load_pretrained(lambda source: load_model(source).model)
    return model


def _train(
    model: Model,
    data: Dataset,
    settings: Settings,
    folder: TrainingFolder | None,
    progress: Progress,
    callback: Callbacks,
) -> Fitted:
    size = settings.train.batch_size
    valid = model.batches(data, "valid", settings.tokens, batch_size=size)
    callback.on_begin(model, data)
    if not model.trains_by_gradient:
        progress("build", 1, 1)
        progress("count", 0, 1)
        model.adapt(data.training_tokens())
        epoch = validate(model, valid)
        progress("count", 1, 1)
        callback.on_epoch_end(epoch)
        return Fitted([epoch], 1, "counted")
    model.adapt(data.training_tokens())
    train = model.batches(data, "train", settings.tokens, batch_size=size)
    for text in (
        epochs_added(settings.train, len(train)),
        too_small(model, data.training_tokens()) or too_few(data, settings),
    ):
        if text:
            callback.on_note(text)
    snapshots = None
    if folder and isinstance(train, WindowBatches):  # streamed batches have no fixed windows
        snapshots = Snapshots(folder, model, train, data.training_pieces, settings)
    start = checkpoint.read_checkpoint(folder) if folder else None
    progress("build", 1, 1)

    def check(epoch: int) -> str | None:
        if snapshots:
            snapshots.take(epoch)
        return callback.check(epoch)

    return fit(
        model,
        train,
        valid,
        settings.train,
        progress=_over_epochs(settings, start.epoch if start else 0, progress, callback),
        keep=(lambda point: checkpoint.write_checkpoint(folder, point)) if folder else None,
        inspect=check if snapshots or callback else None,
        start=start,
    )


def too_small(model: Model, pieces: Sequence[Tokens]) -> str | None:
    """Return advice if there is too little music for the model, else None."""
    if not any(ability in model.capabilities for ability in (Autoregressive, Latent)):
        return None  # the advice compares with the Markov model, which composes
    events = sum(model.tokenizer.events_in(piece.ids[1:]) for piece in pieces)
    parameters = model.parameters
    if events < FEW_EVENTS:
        return (
            f"only {events:,} events to train on: "
            "a Markov model may do better than a network (--recipe markov)"
        )
    if parameters > WEIGHTS_PER_EVENT * events:
        return (
            f"{parameters:,} weights for {events:,} events ({parameters // events} per event): "
            "the model may memorize them; a smaller model, more pieces "
            "or copies in other keys (--set tokens.transpose=all) may do better"
        )
    return None


def too_few(data: Dataset, settings: Settings) -> str | None:
    """Return advice if a bundled model would be a better start, else None."""
    names = [*bundled_models()]
    pieces = len(data.train) + len(data.valid) + len(data.test)
    if pieces >= FEW_PIECES or settings.train.base or settings.name != DEFAULT_MODEL or not names:
        return None
    options = " or ".join(f"--from {name}" for name in names)
    return (
        f"only {pieces} pieces: a bundled model that goes on learning from them knows more than a"
        f" new one (add {options})"
    )


def _over_epochs(
    settings: Settings, ended: int, progress: Progress, callback: Callback
) -> Callable[[int, int, Epoch | None], None]:
    """Report the steps of all epochs as one stage."""

    def report(done: int, steps: int, epoch: Epoch | None) -> None:
        nonlocal ended
        if epoch:
            ended, done = epoch.epoch, 0
        total = settings.train.with_min_steps(steps).epochs * steps
        progress("train", ended * steps + done, total)
        if epoch:
            callback.on_epoch_end(epoch)

    return report


__all__ = ["learn", "new_model", "over_recipe", "recorded_settings", "reload_corpus"]
