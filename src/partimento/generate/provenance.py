"""Record how pieces are composed, and compose them again from the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction
from importlib import import_module
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Any, Literal

import partimento
from partimento.errors import PartimentoError
from partimento.generate.ranking import Candidates
from partimento.generate.sampler import Sampling
from partimento.music.piece import Piece
from partimento.music.provenance import Provenance, music_fingerprint
from partimento.music.timelines import Key, Meter
from partimento.short_repr import short_repr
from partimento.training.pretrained import BUNDLED
from partimento.training.run_folder import RunFolder
from partimento.training.trained_model import TrainedModel

NUMBER = "number"  # the option that says which one of several candidates a piece is
UNNAMED = "unsaved model"
APART = ("trained", "seed", "sampling", "candidates")  # arguments that are recorded otherwise
UNSTATED: tuple[Any, ...] = (None, "", (), [])
FILE = frozenset(("file", "sha256", "music"))  # the names in what is recorded of a given score


@short_repr
@dataclass(frozen=True)
class Verb:
    """Say which function makes the candidates of a verb, and how its scores are read.

    Attributes
    ----------
    function : str
        Module and name of the function. Its first argument is the model. `seed` and `sampling`
        are among its named arguments, and it returns `Candidates`.
    reading : str
        ``model``: scores are read as the training pieces of the model were. ``notated``: as they
        are written in the file.
    """

    function: str
    reading: Literal["model", "notated"] = "notated"

    def candidates(self, trained: TrainedModel, **options: Any) -> Candidates:
        """Call the function; its module is imported only now."""
        module, _, name = self.function.partition(":")
        candidates: Candidates = getattr(import_module(module), name)(trained, **options)
        return candidates


# Every way in which pieces are made with a model. A verb is one line here.
VERBS: dict[str, Verb] = {
    "compose": Verb("partimento.generate.compose:compose_candidates", "model"),
    "vary": Verb("partimento.generate.vary:vary_candidates"),
    "morph": Verb("partimento.generate.morph:morph", "model"),
    "reconstruct": Verb("partimento.generate.morph:reconstruct", "model"),
    "sample": Verb("partimento.generate.morph:sample", "model"),
    "steer": Verb("partimento.generate.directions:steer", "model"),
    "harmonise": Verb("partimento.generate.harmonise:harmonise_candidates"),
    "continue": Verb("partimento.generate.continue_:continue_candidates"),
    "fill": Verb("partimento.generate.fill:fill_candidates"),
}


def with_provenance(
    candidates: Candidates, arguments: Mapping[str, Any], *, verb: str = "compose"
) -> Candidates:
    """Return candidates whose pieces say how they were composed.

    Parameters
    ----------
    candidates : Candidates
        The best first.
    arguments : mapping
        All arguments of the function of the verb, by name. Scores among them are recorded by the
        name of their file and their hash.
    verb : str
        A key of `VERBS`.
    """
    trained: TrainedModel = arguments["trained"]
    options = {
        name: _plain(value)
        for name, value in arguments.items()
        if name not in APART and value not in UNSTATED
    }
    settings = trained.settings.sample
    options["sampling"] = asdict_of(arguments.get("sampling") or settings)
    if "candidates" in arguments:
        options["candidates"] = arguments["candidates"] or settings.candidates
    record = Provenance(
        verb=verb,
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


def given_scores(record: Provenance) -> dict[str, Mapping[str, Any]]:
    """Return what a record says of each score that was given: file, sha256 and music."""
    options = record.options.items()
    return {name: value for name, value in options if isinstance(value, dict) and {*value} >= FILE}


def compose_again(
    trained: TrainedModel,
    record: Provenance,
    *,
    pieces: Mapping[str, Piece] = MappingProxyType({}),
) -> Piece:
    """Compose a piece again from its record.

    Parameters
    ----------
    trained : TrainedModel
    record : Provenance
    pieces : mapping of str to Piece
        The scores that were given, by the name of the option (`given_scores`).

    Returns
    -------
    Piece
        The same music, if model and program are the same.

    Raises
    ------
    PartimentoError
        If the record has options that this version does not know.
    """
    if record.verb not in VERBS:
        raise PartimentoError(f"this version cannot {record.verb!r} a piece again")
    options = dict(record.options)
    number = options.pop(NUMBER, 1)
    if record.verb == "compose":
        options.setdefault("playable", False)  # files of earlier versions do not state it
    try:
        options["sampling"] = Sampling(**options["sampling"])
        if "constraints" in options:
            options["constraints"] = [_constraint(row) for row in options["constraints"]]
        options |= {name: pieces[name] for name in given_scores(record)}
        if "program" in options:
            options["program"] = int(options["program"])
        candidates = VERBS[record.verb].candidates(trained, seed=record.seed, **options)
        piece = candidates[int(number) - 1].piece
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        raise PartimentoError(f"the options of the piece are not known: {error}") from error
    return piece.replace(provenance=_with_names_of(record, piece.provenance))


def _with_names_of(record: Provenance, own: Provenance | None) -> Provenance:
    """Return the new record with the names of the files in the old one.

    The same model and the same given scores may have other names now.
    """
    assert own is not None
    options = {**own.options, **{name: record.options[name] for name in given_scores(own)}}
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
    if isinstance(value, slice):  # bars, as in Python: the last one is not included
        return f"{value.start}-{value.stop - 1}"
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
