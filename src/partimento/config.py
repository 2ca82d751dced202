"""Frozen dataclasses are schema and defaults; TOML recipes and ``--set section.name=value`` only override them."""

from __future__ import annotations

import dataclasses
import difflib
import math
import re
import tomllib
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class UserError(Exception):
    """What a person can mend: shown as one line, without a traceback, with exit code 2."""


@dataclasses.dataclass(frozen=True)
class CorpusConfig:
    """How files become pieces.

    Parameters
    ----------
    quantise : str
        ``exact``: as written; ``music21``: on music21's grid of quarters and thirds of a quarter, as in the tutorial; ``auto``: MIDI
        files that were played, not written, on that grid, all others as written.
    graces : str
        Grace notes: ``drop`` them, ``fold`` them into their main note, to be struck with it, or ``keep`` them where they are. The note
        that they were taken from has its time back, unless they are kept.
    octave : str
        Guitar notated an octave above its sound: ``written``, or moved down to ``sounding``.
    pickup : str
        ``declared``: as the file says; ``inferred``: in MIDI files, which cannot say it, where the evidence is strong.
    repeats : str
        ``folded``, as they are printed, or ``unfolded``, as they are played (MusicXML).
    """

    quantise: str = "auto"
    graces: str = "drop"
    octave: str = "written"
    pickup: str = "inferred"
    repeats: str = "folded"

    def __post_init__(self) -> None:
        for name, words in CORPUS_WORDS.items():
            if getattr(self, name) not in words:
                raise UserError(f"corpus.{name} is {', '.join(words[:-1])} or {words[-1]}, not {getattr(self, name)!r}")


CORPUS_WORDS = {
    "quantise": ("auto", "exact", "music21"),
    "graces": ("drop", "fold", "keep"),
    "octave": ("written", "sounding"),
    "pickup": ("inferred", "declared"),
    "repeats": ("folded", "unfolded"),
}
AS_WRITTEN = CorpusConfig("exact", "keep", "written", "declared", "folded")


@dataclasses.dataclass(frozen=True)
class EncodeConfig:
    """How pieces become arrays.

    Parameters
    ----------
    window : int
        Events in a training window (L); for `notewise`, tokens.
    stride : int
        From one window's start to the next one's.
    transpose : str
        ``key``: every piece to C major or a minor, by its analysed key and the nearest way; ``key-octave``: to that key and into one
        octave; ``none``: as written; ``all``: as written, and the training pieces also everywhere else within the range.
    low, high : int
        The instrument's range in MIDI pitches (a guitar's is 40 to 83): ``all`` and composing keep to it. 0: the training pieces' range.
    min_count : int
        A chord, held pattern or duration seen less often in the training pieces is unknown.
    frame : str
        For `notewise`: read pieces at a steady pace, a frame every so many quarters ("1", "1/4"), all notes struck. Empty: events.
    voices : bool
        For `notewise`: write each part for itself, one note at a time, on a grid of `frame` (a sixteenth, if that is not said).
    """

    window: int = 32
    stride: int = 32
    transpose: str = "key"
    low: int = 0
    high: int = 0
    min_count: int = 2
    frame: str = ""
    voices: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"|[1-9]\d?|[1-9]/[1-9]\d?", self.frame):
            raise UserError(f'encode.frame is a number of quarters like "1" or "1/4", or empty, not {self.frame!r}')
        if self.transpose not in ("none", "key", "key-octave", "all"):
            raise UserError(f"encode.transpose is none, key, key-octave or all, not {self.transpose!r}")
        for name, most in (("window", 4096), ("stride", 4096), ("min_count", 10**9)):
            if not 1 <= getattr(self, name) <= most:
                raise UserError(f"encode.{name} lies between 1 and {most:,}")
        if not (0 <= self.low <= 127 and 0 <= self.high <= 127):
            raise UserError("encode.low and encode.high are MIDI pitches, 0 to 127")
        if self.high and self.low >= self.high:
            raise UserError("encode.low lies below encode.high")

    @property
    def to_common_key(self) -> bool:
        """Whether what is learned is all in C major or a minor."""
        return self.transpose in ("key", "key-octave")


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """How a model is trained.

    Parameters
    ----------
    epochs : int
        At most so many passes over the training windows.
    least_steps : int
        Of little music that comes to fewer steps, `epochs` and `patience` are so many times as much that it comes to these.
    batch_size : int
        Windows a step (B).
    optimizer : str
        ``adam`` or ``rmsprop``.
    learning_rate : float
        How far a step goes.
    decay : bool
        Let the learning rate fall to zero along a cosine over the epochs.
    weight_decay : float
        How much of each weight a step takes away, times the learning rate (Loshchilov & Hutter 2019); 0: none. With adam only.
    average : float
        Keep a running mean of the weights, this much of the old and the rest of the new at every step, and judge and keep that; 0: do not.
    clip_norm : float
        The most that the gradient of one variable may measure (its norm); 0: as it is.
    steps_per_call : int
        Steps in one compiled call; 0: as many as a fraction of a second holds.
    patience : int
        Epochs without a better validation loss before training stops.
    max_seconds : float
        Stop after the epoch that passes this time; 0 means never.
    validation : float
        Share of the pieces that choose the best epoch (whole pieces, never windows).
    test : float
        Share of the pieces that are only measured, once, at the end.
    seed : int
        Draws the split, the weights, the order of the windows and the dropout.
    """

    epochs: int = 50
    least_steps: int = 0
    batch_size: int = 64
    optimizer: str = "adam"
    learning_rate: float = 0.001
    decay: bool = False
    weight_decay: float = 0.0
    average: float = 0.0
    clip_norm: float = 1.0
    steps_per_call: int = 0
    patience: int = 5
    max_seconds: float = 0.0
    validation: float = 0.1
    test: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.optimizer not in ("adam", "rmsprop"):
            raise UserError(f"train.optimizer is adam or rmsprop, not {self.optimizer!r}")
        if not (0 < self.validation < 1 and 0 < self.test < 1 and self.validation + self.test < 1):
            raise UserError("train.validation and train.test are shares between 0 and 1, and leave something to train on")
        for name, most in (("epochs", 10**6), ("batch_size", 4096), ("patience", 10**6)):
            if not 1 <= getattr(self, name) <= most:
                raise UserError(f"train.{name} lies between 1 and {most:,}")
        if not 0 <= self.least_steps <= 10**6:
            raise UserError("train.least_steps lies between 0 and 1,000,000")
        if not 0 <= self.seed < 2**32:
            raise UserError("train.seed lies between 0 and 4,294,967,295")
        if not 0 < self.learning_rate <= 10:
            raise UserError("train.learning_rate lies above 0 and is at most 10")
        if not 0 <= self.steps_per_call <= 4096:
            raise UserError("train.steps_per_call lies between 0 and 4,096")
        if not 0 <= self.average < 1:
            raise UserError("train.average is at least 0 (none) and below 1")
        if not 0 <= self.weight_decay <= 1 or (self.weight_decay and self.optimizer != "adam"):
            raise UserError("train.weight_decay lies between 0 and 1, and needs adam")
        if not 0 <= self.clip_norm < float("inf"):
            raise UserError("train.clip_norm is at least 0 (no clipping)")
        if not 0 <= self.max_seconds < float("inf"):
            raise UserError("train.max_seconds is at least 0 (no limit)")

    def stretched(self, steps: int) -> TrainConfig:
        """The same where an epoch has so many steps: more epochs, if they are few, until `least_steps` are done.

        >>> TrainConfig(epochs=2, patience=1, least_steps=100).stretched(10).epochs
        10
        """
        times = math.ceil(self.least_steps / (self.epochs * steps))
        return dataclasses.replace(self, epochs=self.epochs * times, patience=self.patience * times) if times > 1 else self


def build(schema: type[T], values: Mapping[str, Any], *, section: str) -> T:
    """Make the dataclass `schema` from plain values.

    Raises
    ------
    UserError
        For an unknown key (naming the nearest one) or a value of the wrong type.

    Examples
    --------
    >>> build(TrainConfig, {"epochs": 5}, section="train").epochs
    5
    >>> build(TrainConfig, {"epoch": 5}, section="train")
    Traceback (most recent call last):
    ...
    partimento.config.UserError: there is no setting train.epoch; did you mean train.epochs?
    """
    kinds = typing.get_type_hints(schema)
    checked = {}
    for name, value in values.items():
        if name not in kinds:
            raise UserError(_no_such(f"{section}.{name}", [f"{section}.{known}" for known in kinds], "setting"))
        kind = kinds[name]
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise UserError(f"{section}.{name} takes {kind.__name__}, not {value!r}")
        checked[name] = value
    return schema(**checked)


def parse_settings(settings: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Read ``section.name=value`` words; values are TOML, and plain words are text.

    >>> parse_settings(["train.epochs=5", "model.embed=notes"])
    {'train': {'epochs': 5}, 'model': {'embed': 'notes'}}
    """
    found: dict[str, dict[str, Any]] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        section, dot, key = name.strip().partition(".")
        if not (equals and dot and section and key):
            raise UserError(f"--set takes section.name=value, not {setting!r}")
        found.setdefault(section, {})[key] = _toml_value(text.strip())
    return found


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def merge(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Lay nested settings over one another; later ones win."""
    merged: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            old = merged.get(key)
            merged[key] = merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def recipes_folder() -> Path:
    """Where the named recipes lie: inside an installed package, or beside ``src`` in a checkout."""
    here = Path(__file__).parent
    installed = here / "recipes"
    return installed if installed.is_dir() else here.parents[1] / "recipes"


def read_recipe(name: str) -> dict[str, Any]:
    """Read a recipe by its name (``minibach``) or as a file (``mine.toml``)."""
    known = {path.stem: path for path in sorted(recipes_folder().glob("*.toml"))}
    path = Path(name) if name.endswith(".toml") else known.get(name)
    if path is None:
        raise UserError(_no_such(name, known, "recipe"))
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: no valid TOML: {error}") from error


def recipe_of(model: str | None) -> str:
    """The recipe to train a model by, if none is named: that of its name, or the first that is for it; ``notewise`` for no model."""
    if model is None:
        return "notewise"
    paths = sorted(recipes_folder().glob("*.toml"), key=lambda path: (path.stem != model, path.stem))
    fitting = (path.stem for path in paths if path.stem == model or read_recipe(path.stem).get("model", {}).get("name") == model)
    return next(fitting, model)


def _no_such(name: str, known: Iterable[str], what: str) -> str:
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"there is no {what} {name}" + (f"; did you mean {near[0]}?" if near else f" (there are {', '.join(known)})")


def choose(name: str, known: Mapping[str, T], *, what: str) -> T:
    """Look `name` up, or name the nearest one there is."""
    if name not in known:
        raise UserError(_no_such(name, known, what))
    return known[name]


def plain(config: Any) -> dict[str, Any]:
    """A configuration as JSON has it."""
    return dataclasses.asdict(config)
