"""Record how pieces are composed, and compose them again from the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from pathlib import Path, PurePath
from typing import Any

import partimento
from partimento.errors import PartimentoError
from partimento.generate.ranking import Candidates
from partimento.generate.sampler import Sampling
from partimento.music.piece import Piece
from partimento.music.provenance import Provenance, music_fingerprint
from partimento.music.timelines import Key, Meter
from partimento.training.pretrained import BUNDLED
from partimento.training.run_folder import RunFolder
from partimento.training.trained_model import TrainedModel

NUMBER = "number"  # the option that says which one of several candidates a piece is
UNNAMED = "unsaved model"
APART = ("trained", "seed", "sampling", "candidates")  # arguments that are recorded otherwise
UNSTATED: tuple[Any, ...] = (None, "", (), [])


def with_provenance(candidates: Candidates, arguments: Mapping[str, Any]) -> Candidates:
    """Return candidates whose pieces say how they were composed.

    Parameters
    ----------
    candidates : Candidates
        The best first.
    arguments : mapping
        All arguments of `compose.compose_candidates`, by name.
    """
    trained: TrainedModel = arguments["trained"]
    options = {
        name: _plain(value)
        for name, value in arguments.items()
        if name not in APART and value not in UNSTATED
    }
    settings = trained.settings.sample
    options["sampling"] = asdict_of(arguments["sampling"] or settings)
    options["candidates"] = arguments["candidates"] or settings.candidates
    record = Provenance(
        verb="compose",
        model=model_name(trained),
        model_fingerprint=model_fingerprint(trained),
        corpus_fingerprint=trained.fingerprint,
        seed=int(arguments["seed"]),
        version=partimento.__version__,
    )

    def described(number: int, piece: Piece) -> Piece:
        own = options if len(candidates) == 1 else {**options, NUMBER: number}
        provenance = replace(record, options=own, music=music_fingerprint(piece))
        return piece.replace(provenance=provenance)

    return Candidates(
        replace(candidate, piece=described(number, candidate.piece))
        for number, candidate in enumerate(candidates, 1)
    )


def model_name(trained: TrainedModel) -> str:
    """Return the name by which a model is loaded, without the folders of this machine."""
    if trained.folder is None:
        return UNNAMED
    if trained.folder.parent == BUNDLED or trained.folder.is_absolute():
        return trained.folder.name
    return trained.folder.as_posix()


def model_fingerprint(trained: TrainedModel) -> str:
    """Return the fingerprint of a model; empty if it is not saved."""
    return "" if trained.folder is None else RunFolder(trained.folder).fingerprint()


def compose_again(
    trained: TrainedModel, record: Provenance, *, start: Piece | None = None
) -> Piece:
    """Compose a piece again from its record.

    Parameters
    ----------
    trained : TrainedModel
    record : Provenance
    start : Piece, optional
        The piece with whose notes it began, if it began with those of a file.

    Returns
    -------
    Piece
        The same music, if model and program are the same.

    Raises
    ------
    PartimentoError
        If the record has options that this version does not know.
    """
    from partimento.generate.compose import compose_candidates

    if record.verb != "compose":
        raise PartimentoError(f"this version cannot {record.verb!r} a piece again")
    options = dict(record.options)
    number = options.pop(NUMBER, 1)
    try:
        options["sampling"] = Sampling(**options["sampling"])
        if "constraints" in options:
            options["constraints"] = [_constraint(row) for row in options["constraints"]]
        if isinstance(options.get("start"), dict):
            options["start"] = start
        if "program" in options:
            options["program"] = int(options["program"])
        candidates = compose_candidates(trained, seed=record.seed, **options)
        piece = candidates[int(number) - 1].piece
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        raise PartimentoError(f"the options of the piece are not known: {error}") from error
    return piece.replace(provenance=_with_names_of(record, piece.provenance))


def _with_names_of(record: Provenance, own: Provenance | None) -> Provenance:
    """Return the new record with the names of the files in the old one.

    The same model and the same score to continue may have another name now.
    """
    assert own is not None
    options = dict(own.options)
    if isinstance(options.get("start"), dict):
        options["start"] = record.options["start"]
    same = own.model_fingerprint == record.model_fingerprint
    model = record.model if same else own.model
    return replace(own, model=model, options=options, writing=record.writing)


def asdict_of(sampling: Sampling) -> dict[str, Any]:
    """Return the settings of sampling as JSON values."""
    return {name: getattr(sampling, name) for name in ("temperature", "top_k", "top_p", "min_p")}


def _plain(value: Any) -> Any:
    """Return an argument as JSON values."""
    if isinstance(value, Piece):
        source = value.source
        name = PurePath(source.path).name
        return {"file": name, "sha256": source.sha256, "music": music_fingerprint(value)}
    if isinstance(value, Key):
        return value.code
    if isinstance(value, Meter):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, (Fraction, Path)):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        own = {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
        return {"constraint": type(value).__name__, **own}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value if isinstance(value, (int, float, str, bool, type(None))) else repr(value)


def _constraint(row: Mapping[str, Any]) -> Any:
    """Build a constraint from what `_plain` returned for it."""
    from partimento.generate import constraints

    values = dict(row)
    kind = getattr(constraints, values.pop("constraint"))
    if not (isinstance(kind, type) and is_dataclass(kind)):
        raise ValueError(f"no constraint {kind}")
    # JSON has no tuples, which is what constraints hold.
    return kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in values.items()})
