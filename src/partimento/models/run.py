"""A run: the folder that a training leaves behind, and that composing begins from.

run.json         configuration, seeds, versions, corpus fingerprint, what came out
pieces.json      every piece learned from or checked with: title, source, licence, key, metre, its opening
vocabulary.json  the codec
model.weights.h5 weights, in Keras' safe format
history.csv      a line an epoch
samples/         what the command line composed right after training
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import platform
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from partimento.config import CorpusConfig, EncodeConfig, TrainConfig, UserError, build, plain
from partimento.encode.codecs import ChordCodec
from partimento.encode.prepare import DataSet, Prepared
from partimento.files import new_folder, write_atomically
from partimento.models import model_class
from partimento.models.base import NextModel
from partimento.models.training import Epoch
from partimento.piece import Meter, Source, Tempo

FORMAT = 1
MARK = "run.json"  # what makes a folder a run; written last
FILES = ("pieces.json", "vocabulary.json", "history.csv", "model.weights.h5")
OPENING = 64  # rows of each piece that are kept to begin from
WITH_VERSIONS = ("partimento", "keras", "jax", "tensorflow-cpu", "torch", "numpy", "symusic", "music21")


@dataclass(frozen=True)
class Settings:
    """All of a run's configuration; `model` is the `Config` of the model's file."""

    name: str
    corpus: CorpusConfig
    encode: EncodeConfig
    model: Any
    train: TrainConfig

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> Settings:
        """From a recipe or a ``run.json``: ``model.name`` chooses the model, the other keys are its `Config`'s."""
        sections = {"corpus": CorpusConfig, "encode": EncodeConfig, "train": TrainConfig}
        known = {*sections, "model", "about"}  # about: a recipe's word to its reader
        if unknown := sorted(set(values) - known):
            raise UserError(f"there is no section {unknown[0]}: there are {', '.join(sorted(known))}")
        wrong = [name for name in values if name != "about" and not isinstance(values[name], dict)]
        if wrong:
            raise UserError(f"{wrong[0]} is a section, not a value")
        model = dict(values.get("model", {}))
        name = str(model.pop("name", "lstm"))
        values = {**values, "encode": _with_present_names(values.get("encode", {}))}
        made: dict[str, Any] = {section: build(schema, values.get(section, {}), section=section) for section, schema in sections.items()}
        config = build(model_class(name).config_type, model, section="model")
        return cls(name, made["corpus"], made["encode"], config, made["train"])

    def to_plain(self) -> dict[str, Any]:
        sections = {name: plain(getattr(self, name)) for name in ("corpus", "encode", "train")}
        return {**sections, "model": {"name": self.name, **plain(self.model)}}


def _with_present_names(encode: dict[str, Any]) -> dict[str, Any]:
    """Older runs and recipes say ``common_key = true`` or ``false`` for ``transpose = "key"`` or ``"none"``."""
    if "common_key" not in encode:
        return encode
    encode = dict(encode)
    old = encode.pop("common_key")
    if not isinstance(old, bool) or "transpose" in encode:
        raise UserError('encode.common_key is now encode.transpose ("key" for true, "none" for false): give that alone')
    return {**encode, "transpose": "key" if old else "none"}


@dataclass(frozen=True)
class Learned:
    """What a run remembers of a piece: enough to credit it, and to begin from it."""

    title: str
    composer: str
    source: Source
    split: str
    key: str
    interval: int
    meter: Meter
    pickup: Fraction
    tempo: Tempo
    program: int | None
    low: int
    high: int
    events: int
    opening: np.ndarray  # (≤ 64, 3) int32, moved by `interval`

    @classmethod
    def from_prepared(cls, item: Prepared, tokens: np.ndarray, split: str) -> Learned:
        piece = item.piece
        pitches = piece.notes.pitch
        programs = Counter(piece.parts[part].program for part in piece.notes.part.tolist())
        return cls(
            title=piece.title,
            composer=piece.composer,
            source=piece.source,
            split=split,
            key=item.key.name,
            interval=item.interval,
            meter=piece.meters[0] if piece.meters else Meter(),
            pickup=piece.pickup,
            tempo=piece.tempos[0] if piece.tempos else Tempo(),
            program=programs.most_common(1)[0][0] if programs else None,
            low=int(pitches.min(initial=127)),
            high=int(pitches.max(initial=0)),
            events=len(tokens) - 2,
            opening=tokens[:OPENING],
        )

    def to_plain(self) -> dict[str, Any]:
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {
            **values,
            "source": asdict(self.source),
            "meter": [self.meter.numerator, self.meter.denominator],
            "pickup": str(self.pickup),
            "tempo": self.tempo.us_per_quarter,
            "opening": self.opening.tolist(),
        }

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> Learned:
        return cls(
            **{
                **values,
                "source": Source(**values["source"]),
                "meter": Meter(*values["meter"]),
                "pickup": Fraction(values["pickup"]),
                "tempo": Tempo(values["tempo"]),
                "opening": np.array(values["opening"], np.int32).reshape(-1, 3),
            }
        )


@dataclass(frozen=True)
class Run:
    """A trained model with all it needs to compose; `folder` is None until it is saved."""

    settings: Settings
    codec: ChordCodec
    model: NextModel
    pieces: list[Learned]
    history: list[Epoch]
    fingerprint: str
    folder: Path | None = None

    @classmethod
    def from_training(cls, settings: Settings, data: DataSet, model: NextModel, history: list[Epoch]) -> Run:
        pieces = [
            Learned.from_prepared(item, encoded.tokens, split)
            for split, items in data.sides.items()
            for item, encoded in zip(items, data.encode(items), strict=True)
        ]
        return cls(settings, data.codec, model, pieces, history, data.fingerprint)

    @property
    def best(self) -> Epoch:
        """The epoch whose weights were kept."""
        return min(self.history, key=lambda epoch: epoch.val_loss)


def save_run(run: Run, folder: Path | str, *, force: bool = False) -> Run:
    """Write a run; the folder appears whole or not at all."""
    folder = Path(folder)
    about = {
        "format": FORMAT,
        "settings": run.settings.to_plain(),
        "backend": _backend(),
        "versions": _versions(),
        "corpus": {
            "fingerprint": run.fingerprint,
            **Counter(piece.split for piece in run.pieces),
            "events": sum(piece.events for piece in run.pieces),
        },
        "vocabulary": dict(zip(("chords", "held", "durations"), run.codec.sizes, strict=True)),
        "parameters": run.model.network.count_params(),
        "best": asdict(run.best),
    }
    with new_folder(folder, mark=MARK, force=force) as work:
        try:
            write_atomically(work / "pieces.json", json.dumps([piece.to_plain() for piece in run.pieces]))
            write_atomically(work / "vocabulary.json", run.codec.to_json())
            write_atomically(work / "history.csv", _history_csv(run.history))
            run.model.network.save_weights(work / "model.weights.h5")
            about["files"] = {name: _sha256(work / name) for name in FILES}
            write_atomically(work / MARK, json.dumps(about, indent=2) + "\n")
        except (OSError, UserError) as error:  # a full disk, in the words of whichever library met it
            raise UserError(f"cannot write the run {folder}: {str(error).splitlines()[0]}") from error
    return Run(run.settings, run.codec, run.model, run.pieces, run.history, run.fingerprint, folder)


def load_run(folder: Path | str) -> Run:
    """Read a run.

    Raises
    ------
    UserError
        If there is no run, or its files do not fit together.
    """
    folder = Path(folder)
    check_is_run(folder)
    try:
        about = json.loads((folder / MARK).read_text(encoding="utf-8"))
        if about["format"] != FORMAT:
            raise UserError(f"{folder} is a run of format {about['format']}; this version reads format {FORMAT}")
        _check_files(folder, about["files"])
        settings = Settings.from_plain(about["settings"])
        codec = ChordCodec.from_json((folder / "vocabulary.json").read_text(encoding="utf-8"))
        pieces = [Learned.from_plain(row) for row in json.loads((folder / "pieces.json").read_text(encoding="utf-8"))]
        if not any(piece.split == "train" for piece in pieces):
            raise ValueError("pieces.json names no training piece")
        history = _read_history((folder / "history.csv").read_text(encoding="utf-8"))
        fingerprint = str(about["corpus"]["fingerprint"])
        model = model_class(settings.name)(settings.model, codec)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise UserError(f"{folder} is no whole run: {type(error).__name__}: {error}") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # Keras only warns where weights are left as they were
            model.network.load_weights(folder / "model.weights.h5")
    except (OSError, ValueError, KeyError, UserWarning) as error:
        sizes = dict(zip(("chords", "held patterns", "durations"), codec.sizes, strict=True))
        raise UserError(f"{folder}: the weights do not fit the vocabulary of {sizes} or are damaged") from error
    return Run(settings, codec, model, pieces, history, fingerprint, folder)


def check_is_run(folder: Path) -> None:
    """Say no to what is no run before anything heavy is loaded for it."""
    if not (folder / MARK).is_file():
        raise UserError(f"{folder} is no run: it has no {MARK} (make one with: partimento train FOLDER -o {folder})")


def _check_files(folder: Path, sums: dict[str, str]) -> None:
    """The files of a run belong together: none is missing, and none was changed since the training."""
    for name in FILES:
        if not (folder / name).is_file():
            raise UserError(f"{folder} is no whole run: {name} is missing")
        if _sha256(folder / name) != sums[name]:
            raise UserError(f"{folder}: {name} does not fit the run: it was changed or damaged since the training")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _history_csv(history: Sequence[Epoch]) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, [f.name for f in fields(Epoch)], lineterminator="\n")
    table.writeheader()
    table.writerows(asdict(epoch) for epoch in history)
    return text.getvalue()


def _read_history(text: str) -> list[Epoch]:
    rows = csv.DictReader(io.StringIO(text))
    numbers = ({name: float(value) for name, value in row.items()} for row in rows)
    return [Epoch(epoch=int(row.pop("epoch")), **row) for row in numbers]


def _backend() -> str:
    from partimento.models import backend

    return backend.name()


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in WITH_VERSIONS:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
