"""A trained model with everything it needs to compose, and how it is saved."""

from __future__ import annotations

import json
import platform
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, TypedDict, TypeVar, Unpack, overload

from partimento.errors import PartimentoError
from partimento.files import new_folder, write_atomically
from partimento.models import model_class
from partimento.models.base import Model
from partimento.models.numpy_step import NumpyStep, network_weights, read_weights
from partimento.tables import csv_table
from partimento.tokens.base import Tokenizer
from partimento.tokens.registry import tokenizer_from_json
from partimento.training import verbs
from partimento.training.dataset import Dataset
from partimento.training.loop import Epoch, Fitted
from partimento.training.piece_record import PieceRecord
from partimento.training.pretrained import model_folder
from partimento.training.real_pieces import RealPieces
from partimento.training.run_folder import RunFolder
from partimento.training.settings import SampleSettings, Settings
from partimento.training.uninitialized import uninitialized

if TYPE_CHECKING:
    from partimento.corpus.entries import Corpus
    from partimento.evaluation.held_out_results import HeldOutResults
    from partimento.generate.constraints.base import Constraint
    from partimento.generate.ranking import Candidates
    from partimento.generate.sampler import Sampling
    from partimento.music.piece import Piece
    from partimento.music.timelines import Key, Meter

T = TypeVar("T")

FORMAT = 1  # of the run folder; raise it when older versions cannot read the files
RECORDED_PACKAGES = (  # packages whose versions are written to run.json
    "partimento",
    "keras",
    "jax",
    "tensorflow-cpu",
    "torch",
    "numpy",
    "symusic",
    "music21",
)


class ComposeOptions(TypedDict, total=False):
    """The options of `TrainedModel.compose`."""

    bars: int | None
    events: int | None
    form: str
    key: Key | str | None
    seed: int
    sampling: Sampling | None
    constraints: Sequence[Constraint]
    start: Piece | int | None
    prompt_events: int
    towards: int | None
    meter: Meter | str | None
    ending: str
    program: int | None
    title: str
    composer: str
    tempo: float | None
    candidates: int | None
    playable: bool


@dataclass(frozen=True, repr=False)
class TrainedModel:
    """A trained model with everything it needs to compose.

    `pt.train` and `pt.load_model` return it. A loaded model builds its network on first use. This
    takes seconds, and composing short pieces works without it.

    Attributes
    ----------
    settings : Settings
    tokenizer : Tokenizer
    get_model : callable
        Returns the `Model`; use the property `model`.
    get_numpy_step : callable
        Returns the `NumpyStep` or None; use the property `numpy_step`.
    pieces : list of PieceRecord
        The pieces of the corpus, with their splits and sources.
    history : list of Epoch
    fingerprint : str
        SHA-256 of the music of the corpus.
    best_epoch : int
        The epoch whose weights were kept.
    ended : str
        Why the training ended.
    folder : Path or None
        The run folder; None until it is saved.
    real_pieces : RealPieces
        The criteria of the pieces of the corpus, to compare candidates with.
    """

    settings: Settings
    tokenizer: Tokenizer
    get_model: Callable[[], Any]
    get_numpy_step: Callable[[], NumpyStep | None]
    pieces: list[PieceRecord]
    history: list[Epoch]
    fingerprint: str
    best_epoch: int = 0
    ended: str = ""
    folder: Path | None = None
    real_pieces: RealPieces = field(default_factory=RealPieces)

    @classmethod
    def from_training(
        cls, settings: Settings, data: Dataset, model: Model, fitted: Fitted
    ) -> TrainedModel:
        pieces = [
            PieceRecord.from_transposed(item, encoded.ids, split)
            for split, items in data.splits.items()
            for item, encoded in zip(items, data.tokens(split), strict=True)
        ]
        kind, tokenizer = type(model), data.tokenizer
        step = _Once(
            lambda: kind.numpy_step(
                settings.model, tokenizer, lambda: network_weights(model.network)
            )
        )
        return cls(
            settings,
            tokenizer,
            lambda: model,
            step,
            pieces,
            fitted.history,
            data.fingerprint,
            fitted.best_epoch,
            fitted.ended,
        )

    @property
    def model(self) -> Any:
        """The `Model`, with its network.

        Raises
        ------
        PartimentoError
            If the weights in the run folder are damaged or do not fit the network.
        """
        return self.get_model()

    @property
    def numpy_step(self) -> NumpyStep | None:
        """The NumPy version of the model's step, which needs no network, or None.

        Raises
        ------
        PartimentoError
            If the weights in the run folder are damaged or do not fit the model.
        """
        return self.get_numpy_step()

    @property
    def model_class(self) -> Any:
        """The class of `model`, available without building the network."""
        return model_class(self.settings.name)

    @property
    def best(self) -> Epoch:
        """The epoch whose weights were kept."""
        return self.history[self.best_epoch - 1]

    @property
    def seconds(self) -> float:
        """Training time in seconds."""
        return self.history[-1].seconds

    # ------------------------------------------------------------------ verbs

    @overload
    def compose(self, *, n: None = None, **options: Unpack[ComposeOptions]) -> Piece: ...
    @overload
    def compose(self, *, n: int, **options: Unpack[ComposeOptions]) -> list[Piece]: ...
    def compose(
        self, *, n: int | None = None, **options: Unpack[ComposeOptions]
    ) -> Piece | list[Piece]:
        """Compose a piece, or several.

        Parameters
        ----------
        n : int, optional
            Number of pieces, with seeds `seed`, `seed` + 1 and so on. By default one piece is
            returned instead of a list.
        bars : int
            Length in bars, without the pickup; 16 by default.
        events : int
            Length in events, instead of bars.
        form : str
            Sections that return, vary and contrast, such as ``"AABA"`` or ``"A A' B A'"``.
        key : Key or str
            The key of the piece, such as ``"d minor"``.
        meter : Meter or str
            The meter of the piece, such as ``"3/4"``.
        ending : str
            ``authentic`` (the default), ``half`` or ``open``.
        seed : int
            The same seed composes the same music; 0 by default.
        sampling : Sampling
            Temperature, top-k and top-p; by default those of the model's settings.
        constraints : sequence of Constraint
            Demands that the piece must meet, such as ``Range("E2", "B5")``. `compose_candidates`
            reports what each piece achieved.
        start : int or Piece
            Begin with the first events of this training piece (by number) or of your own piece.
        prompt_events : int
            Number of events to take from `start`; 8 by default.
        towards : int
            For a model with a latent space: the number of the training piece towards which the
            music moves.
        program : int
            General MIDI program of all parts.
        title, composer : str
        tempo : float
            Quarter notes per minute.
        candidates : int
            Number of candidates to compose, of which the best is returned.
        playable : bool
            Whether a hand must be able to hold every chord of a piece for one guitar; True by
            default.

        Returns
        -------
        Piece or list of Piece

        Raises
        ------
        PartimentoError
            If the options contradict each other, or no piece can satisfy them.

        Examples
        --------
        ``model.compose(bars=16, key="d minor", seed=7).save("piece.pdf")``
        """
        if n is None:
            return verbs.compose(self, **options)
        first = options.pop("seed", 0)
        return [verbs.compose(self, seed=first + number, **options) for number in range(n)]

    def compose_candidates(self, *, best: int = 8, **options: Unpack[ComposeOptions]) -> Candidates:
        """Compose candidates, and return the best ones with their criteria.

        Parameters
        ----------
        best : int
            Number of candidates to return.
        **options
            See `compose`.

        Returns
        -------
        Candidates
            The best first.

        Examples
        --------
        ``print(model.compose_candidates(best=4, bars=8, seed=7).table())``
        """
        return verbs.compose_candidates(self, best=best, **options)

    def harmonise(self, piece: Piece, **options: Any) -> Piece:
        """Compose the other parts to a melody or a bass, which is kept as it is.

        Parameters
        ----------
        piece : Piece
            The melody or the bass.
        **options
            `part`, `role`, `chords`, `key`, `seed`, `constraints`, `symbols` and others: see
            `generate.harmonise.harmonise_candidates`.

        Returns
        -------
        Piece

        Raises
        ------
        PartimentoError
            If the model cannot write such a part, or the demands cannot be met.

        Examples
        --------
        ``model.harmonise(pt.read("melody.musicxml"), seed=1).save("chorale.pdf")``
        """
        return verbs.harmonise(self, piece, **options)

    def harmonise_candidates(self, piece: Piece, *, best: int = 8, **options: Any) -> Candidates:
        """Harmonise a part several times; see `harmonise`.

        Parameters
        ----------
        piece : Piece
        best : int
            Number of candidates.
        **options
            See `harmonise`.

        Returns
        -------
        Candidates
            The best first.
        """
        return verbs.harmonise_candidates(self, piece, best=best, **options)

    def continue_(self, piece: Piece, bars: int = 8, **options: Any) -> Piece:
        """Return a piece with new bars after its end, in its key, meter and instruments.

        Parameters
        ----------
        piece : Piece
        bars : int
            Number of new bars; an incomplete last bar is completed first.
        **options
            ``ending``, ``seed``, ``sampling``, ``candidates`` and ``constraints``, as for
            `compose`.

        Examples
        --------
        ``model.continue_(pt.read("theme.musicxml"), bars=8).save("longer.musicxml")``
        """
        return self.continue_candidates(piece, bars, best=1, **options)[0].piece

    def continue_candidates(
        self, piece: Piece, bars: int = 8, *, best: int = 8, **options: Any
    ) -> Candidates:
        """Return the best candidates for the continuation of a piece; see `continue_`."""
        return verbs.continue_candidates(self, piece, bars=bars, best=best, **options)

    def fill(self, piece: Piece, bars: slice | str | int, **options: Any) -> Piece:
        """Return a piece with some bars composed anew, so that they fit both sides.

        All else stays as it is. Files of MIDI and MusicXML are copied there, byte for byte.

        Parameters
        ----------
        piece : Piece
        bars : slice, str or int
            ``slice(5, 9)`` or ``"5-8"`` for bars 5 to 8.
        **options
            ``keep``, names of parts that stay; ``candidates``, the number that is weighed by the
            music that follows; ``seed``, ``sampling`` and ``constraints``, as for `compose`.

        Examples
        --------
        ``model.fill(pt.read("song.mid"), "5-8", keep=["Melody"]).save("filled.mid")``
        """
        return self.fill_candidates(piece, bars, best=1, **options)[0].piece

    def fill_candidates(
        self, piece: Piece, bars: slice | str | int, *, best: int = 8, **options: Any
    ) -> Candidates:
        """Return the best candidates for some bars of a piece; see `fill`."""
        return verbs.fill_candidates(self, piece, bars, best=best, **options)

    def vary(self, piece: Piece, *, amount: float = 0.3, **options: Any) -> Piece:
        """Compose a share of the notes of a piece anew, between those that stay.

        Parameters
        ----------
        piece : Piece
        amount : float
            The share of the notes. With the same seed, a larger amount varies the same and more.
        **options
            `distance`, `keep`, `seed`, `constraints` and others: see
            `generate.vary.vary_candidates`.

        Returns
        -------
        Piece

        Raises
        ------
        PartimentoError
            If the model cannot write the piece, or the demands cannot be met.

        Examples
        --------
        ``model.vary(piece, amount=0.5, keep=["Soprano", "rhythm"], seed=1)``
        """
        return verbs.vary(self, piece, amount=amount, **options)

    def vary_candidates(
        self, piece: Piece, *, amount: float = 0.3, best: int = 8, **options: Any
    ) -> Candidates:
        """Vary a piece several times; see `vary`.

        Parameters
        ----------
        piece : Piece
        amount : float
        best : int
            Number of candidates.
        **options
            See `vary`.

        Returns
        -------
        Candidates
            The best first.
        """
        return verbs.vary_candidates(self, piece, amount=amount, best=best, **options)

    def reconstruct(self, piece: Piece, *, seed: int = 0) -> Piece:
        """Encode a piece with a model that has a latent space, and decode it again.

        Raises
        ------
        PartimentoError
            If the model has no latent space or no encoder.
        """
        return verbs.reconstruct(self, piece, seed=seed)

    def morph(
        self, first: Piece, last: Piece, *, steps: int = 7, way: str = "spherical", seed: int = 0
    ) -> list[Piece]:
        """Change one piece into another in steps, through the latent space of the model.

        Parameters
        ----------
        first, last : Piece
        steps : int
            The number of pieces to return; the first and the last one are the reconstructions.
        way : str
            ``spherical`` or ``linear``.
        seed : int

        Examples
        --------
        ``steps = model.morph(pt.read("a.mid"), pt.read("b.mid"), steps=7)``
        """
        return verbs.morph(self, first, last, steps=steps, way=way, seed=seed)

    def sample(self, n: int = 1, *, seed: int = 0) -> list[Piece]:
        """Decode random points of the latent space of the model, one window of music each."""
        return verbs.sample(self, n, seed=seed)

    def steer(self, piece: Piece, *, seed: int = 0, **amounts: float) -> Piece:
        """Move a piece along directions of the latent space of the model.

        Parameters
        ----------
        piece : Piece
        seed : int
        **amounts : float
            ``denser``, ``slower``, ``higher``, ``wider``, ``fuller``: how far to go, in standard
            deviations of the training pieces; negative amounts go the other way.

        Examples
        --------
        ``model.steer(pt.read("a.mid"), denser=1.5, higher=-0.5).save("b.mid")``
        """
        return verbs.steer(self, piece, amounts, seed=seed)

    def evaluate(self, corpus: Corpus | None = None) -> HeldOutResults:
        """Return nats per event on held-out pieces, for the model and the baselines.

        Parameters
        ----------
        corpus : Corpus, optional
            The corpus on which the model was trained, to compute the results again. By default,
            the results stored in the run folder are read.

        Raises
        ------
        PartimentoError
            If no results are stored, or the model was trained on another corpus.

        Examples
        --------
        ``print(model.evaluate())``
        """
        return verbs.evaluate(self, corpus)

    def save(self, folder: Path | str, *, force: bool = False) -> TrainedModel:
        """Save the model as a run folder; return the model with its new folder.

        The folder appears complete or not at all. `force` replaces an existing run.
        """
        return save_model(self, folder, force=force)

    def __repr__(self) -> str:
        train = sum(piece.split == "train" for piece in self.pieces)
        facts = [f"{train:,} training pieces"]
        if self.history:
            facts.append(f"{len(self.history):,} epochs")
            kind = "best" if model_class(self.settings.name).select_by_validation else "last"
            kept = [e.val_loss for e in self.history if e.epoch == self.best_epoch]
            facts += [f"{kind} loss {loss:.3f} in epoch {self.best_epoch}" for loss in kept]
        where = f" in {str(self.folder)[-100:]}" if self.folder else ""
        return f"<TrainedModel {self.settings.name}{where}: {', '.join(facts)}>"


def save_model(trained: TrainedModel, folder: Path | str, *, force: bool = False) -> TrainedModel:
    """Write a run folder, complete or not at all; see `TrainedModel.save`."""
    folder = Path(folder)
    with new_folder(folder, mark=RunFolder.MARK, force=force) as work:
        fill(trained, RunFolder(work), folder)
    return replace(trained, folder=folder)


def fill(trained: TrainedModel, work: RunFolder, folder: Path) -> None:
    """Write the files of a run into the folder `work`, which later becomes `folder`."""
    suffix = trained.model.weights_suffix
    about = {
        "format": FORMAT,
        "settings": trained.settings.to_plain(),
        "backend": backend_name(),
        "versions": versions(),
        "corpus": {
            "fingerprint": trained.fingerprint,
            **Counter(piece.split for piece in trained.pieces),
            "events": sum(piece.events for piece in trained.pieces),
        },
        "vocabulary": dict(zip(trained.tokenizer.fields, trained.tokenizer.sizes, strict=True)),
        "parameters": trained.model.parameters,
        "best": asdict(trained.best),
        "ended": trained.ended,
    }
    try:
        write_atomically(work.pieces, json.dumps([piece.to_plain() for piece in trained.pieces]))
        write_atomically(work.vocabulary, trained.tokenizer.to_json())
        write_history(trained.history, work)
        if trained.real_pieces.pieces:
            work.write_real_pieces(trained.real_pieces)
        trained.model.write_weights(work.weights(suffix))
        about["files"] = work.checksums(suffix)
        write_atomically(work.about, json.dumps(about, indent=2) + "\n")
    except (OSError, PartimentoError) as error:  # such as a full disk
        raise PartimentoError(
            f"cannot write the run {folder}: {str(error).splitlines()[0]}"
        ) from error


def load_model(folder: Path | str = "guitar") -> TrainedModel:
    """Load a trained model: a run folder, or the name of a bundled model.

    Parameters
    ----------
    folder : path or str
        A run folder, or the name of a bundled model: ``"guitar"``.

    Raises
    ------
    PartimentoError
        If there is no run, or its files are damaged or do not belong together.
    """
    files = RunFolder(model_folder(folder))
    files.check()
    try:
        about = files.read_about()
        if about["format"] != FORMAT:
            raise PartimentoError(
                f"{files.path} is a run of format {about['format']}; this version reads format"
                f" {FORMAT}"
            )
        settings = Settings.from_plain(about["settings"])
        suffix = model_class(settings.name).weights_suffix
        files.check_files(about["files"], suffix)
        tokenizer = tokenizer_from_json(files.vocabulary.read_text(encoding="utf-8"))
        pieces = [PieceRecord.from_plain(row) for row in files.read_pieces()]
        if not any(piece.split == "train" for piece in pieces):
            raise ValueError("pieces.json has no training piece")
        history = epochs_from(files.read_history())
        best = int(about["best"]["epoch"])
        if not 1 <= best <= len(history):
            raise ValueError("the best epoch is not in the history")
        fingerprint = str(about["corpus"]["fingerprint"])
        real = files.read_real_pieces()
        tuned = files.read_tuned_sampling()
        if tuned is not None:
            sampling = SampleSettings(**tuned)
            settings = settings.model_copy(update={"sample": sampling})
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise PartimentoError(
            f"{files.path} is not a complete run: {type(error).__name__}: {error}"
        ) from error
    source = settings, tokenizer, files, about["files"]
    model, step = _Once(lambda: _read_model(*source)), _Once(lambda: _read_numpy_step(*source))
    return TrainedModel(
        settings,
        tokenizer,
        model,
        step,
        pieces,
        history,
        fingerprint,
        best,
        str(about.get("ended", "")),
        files.path,
        real,
    )


class _Once(Generic[T]):
    """Call a function on first use and cache its result, safely across threads."""

    def __init__(self, function: Callable[[], T]) -> None:
        self._function, self._lock, self._results = function, Lock(), list[T]()

    def __call__(self) -> T:
        with self._lock:
            if not self._results:
                self._results.append(self._function())
            return self._results[0]


def _read_model(
    settings: Settings, tokenizer: Tokenizer, files: RunFolder, checksums: dict[str, str]
) -> Model:
    """Build the network of a run and load its weights."""
    kind = model_class(settings.name)
    with _weights_of_a_run(kind, tokenizer, files, checksums) as weights:
        with uninitialized():
            model: Model = settings.new_model(tokenizer)
        with warnings.catch_warnings():
            # Keras only warns about missing weights, which would leave zeros in the network.
            warnings.simplefilter("error", UserWarning)
            model.read_weights(weights)
    return model


def _read_numpy_step(
    settings: Settings, tokenizer: Tokenizer, files: RunFolder, checksums: dict[str, str]
) -> NumpyStep | None:
    """Build the NumPy version of a model's step with the weights of a run."""
    kind = model_class(settings.name)
    with _weights_of_a_run(kind, tokenizer, files, checksums) as weights:
        step: NumpyStep | None = kind.numpy_step(
            settings.model, tokenizer, lambda: read_weights(weights)
        )
    return step


@contextmanager
def _weights_of_a_run(
    kind: Any, tokenizer: Tokenizer, files: RunFolder, checksums: dict[str, str]
) -> Iterator[Path]:
    """Yield the weights file, if it has not changed since the run was written.

    Errors while reading it become a PartimentoError.
    """
    weights = files.weights(kind.weights_suffix)
    files.check_file(weights, checksums)
    try:
        yield weights
    except (
        OSError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        ArithmeticError,
        UserWarning,
    ) as error:
        sizes = dict(zip(tokenizer.fields, tokenizer.sizes, strict=True))
        raise PartimentoError(
            f"{files.path}: the weights are damaged or do not fit the vocabulary sizes {sizes}"
        ) from error


def write_history(history: Sequence[Epoch], folder: RunFolder, *, durable: bool = True) -> None:
    """Write all epochs, as a CSV table and as JSON."""
    rows = [
        {
            "epoch": e.epoch,
            "loss": e.loss,
            "val_loss": e.val_loss,
            **{f"val_{name}": part for name, part in e.parts.items()},
        }
        for e in history
    ]
    table = csv_table(list(rows[0]) if rows else ["epoch"], rows)
    write_atomically(folder.history_table, table, durable=durable)
    write_atomically(
        folder.history, json.dumps([asdict(epoch) for epoch in history], indent=1), durable=durable
    )


def epochs_from(rows: Any) -> list[Epoch]:
    """Build epochs from JSON values; raise TypeError or ValueError for anything else."""
    epochs = [Epoch(**row) for row in rows]
    return [
        replace(
            e,
            epoch=int(e.epoch),
            loss=float(e.loss),
            val_loss=float(e.val_loss),
            parts=dict(e.parts),
        )
        for e in epochs
    ]


def backend_name() -> str:
    """Return the name of Keras' backend."""
    from partimento.training import backend

    return backend.name()


def versions() -> dict[str, str]:
    """Return the versions of Python and of all packages that may affect the result."""
    by_package = {"python": platform.python_version()}
    for package in RECORDED_PACKAGES:
        try:
            by_package[package] = version(package)
        except PackageNotFoundError:
            continue
    return by_package
