"""Frozen dataclasses are schema and defaults; TOML recipes and ``--set section.name=value`` only override them."""

from __future__ import annotations

import dataclasses
import difflib
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
        files on that grid (ornaments and played timing would else become dust), scores as written.
    """

    quantise: str = "auto"

    def __post_init__(self) -> None:
        if self.quantise not in ("auto", "exact", "music21"):
            raise UserError(f"corpus.quantise is auto, exact or music21, not {self.quantise!r}")


@dataclasses.dataclass(frozen=True)
class EncodeConfig:
    """How pieces become arrays.

    Parameters
    ----------
    window : int
        Events in a training window (L).
    stride : int
        Events from one window's start to the next one's.
    common_key : bool
        Transpose every piece to C major or a minor, by its analysed key.
    min_count : int
        A chord, held pattern or duration seen less often in the training pieces is unknown.
    """

    window: int = 32
    stride: int = 32
    common_key: bool = True
    min_count: int = 2

    def __post_init__(self) -> None:
        for name, most in (("window", 4096), ("stride", 4096), ("min_count", 10**9)):
            if not 1 <= getattr(self, name) <= most:
                raise UserError(f"encode.{name} lies between 1 and {most:,}")


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """How a model is trained.

    Parameters
    ----------
    epochs : int
        At most so many passes over the training windows.
    batch_size : int
        Windows a step (B).
    optimizer : str
        ``adam`` or ``rmsprop``.
    learning_rate : float
    decay : bool
        Let the learning rate fall to zero along a cosine over the epochs.
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
    batch_size: int = 64
    optimizer: str = "adam"
    learning_rate: float = 0.001
    decay: bool = False
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
        if not 0 <= self.seed < 2**32:
            raise UserError("train.seed lies between 0 and 4,294,967,295")
        if not 0 < self.learning_rate <= 10:
            raise UserError("train.learning_rate lies above 0 and is at most 10")
        if not 0 <= self.max_seconds < float("inf"):
            raise UserError("train.max_seconds is at least 0 (no limit)")


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
