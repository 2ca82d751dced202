"""Declare settings as pydantic models; read and write them as TOML.

Each section is declared once, in the package that uses it, with a default, bounds and a description
per field. Validation, recipes, ``run.json``, the documentation and the JSON schema all derive from
this declaration.
"""

from __future__ import annotations

import json
import textwrap
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Literal, NamedTuple, Self, get_args, get_origin

import annotated_types as limits
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from partimento.errors import PartimentoError, no_such
from partimento.short_repr import short_repr

KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


@short_repr
class Section(BaseModel):
    """Base of every section: frozen, strict about types, closed to unknown names.

    Attributes
    ----------
    section : str
        The section's name in recipes and messages: ``train`` in ``train.epochs``.

    Raises
    ------
    PartimentoError
        If a setting does not exist (the message suggests the nearest name) or a value is invalid.

    Examples
    --------
    >>> from pydantic import Field
    >>> class Train(Section):
    ...     section = "train"
    ...     epochs: int = Field(default=50, ge=1, le=1000, description="Passes over the pieces.")
    >>> Train(epochs=5).epochs
    5
    >>> Train(epoch=5)
    Traceback (most recent call last):
    ...
    partimento.errors.PartimentoError: there is no setting train.epoch; did you mean train.epochs?
    >>> Train(epochs=0)
    Traceback (most recent call last):
    ...
    partimento.errors.PartimentoError: train.epochs must be between 1 and 1,000, not 0
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
    section: ClassVar[str]

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise PartimentoError(_message(type(self), error)) from None

    def replace(self, **changes: Any) -> Self:
        """Return a validated copy with some values changed."""
        return type(self)(**{**self.model_dump(), **changes})


class ModelSettings(Section):
    """Base of a model's own settings, declared in the model's file.

    A subclass declares ``name: Literal["…"] = "…"``: the name under which the model is registered.
    """

    section = "model"
    name: str


@short_repr
class Setting(NamedTuple):
    """One setting of a section, as the documentation lists it."""

    name: str
    kind: str
    default: Any
    bounds: str
    meaning: str


def settings_of(section: type[Section]) -> Iterator[Setting]:
    """List the settings of a section in the order of their declaration."""
    for name, field in section.model_fields.items():
        kind = "text" if get_origin(field.annotation) is Literal else _kind(field)
        yield Setting(name, kind, field.default, bounds_of(field), field.description or "")


def bounds_of(field: FieldInfo) -> str:
    """Describe in words which values a setting may have.

    The description is empty if any value of its type is allowed.

    >>> from pydantic import Field
    >>> bounds_of(Field(ge=0, lt=1)), bounds_of(Field(ge=1, le=4096))
    ('at least 0 and below 1', 'between 1 and 4,096')
    """
    if get_origin(field.annotation) is Literal:
        return _either([str(word) for word in get_args(field.annotation)])
    if field.examples:
        return "like " + _either([json.dumps(example) for example in field.examples])
    low = high = ""
    closed = [bound for bound in field.metadata if isinstance(bound, limits.Ge | limits.Le)]
    for bound in field.metadata:
        match bound:
            case limits.Ge():
                low = f"at least {bound.ge:,}"
            case limits.Gt():
                low = f"above {bound.gt:,}"
            case limits.Le():
                high = f"at most {bound.le:,}"
            case limits.Lt():
                high = f"below {bound.lt:,}"
    if low and high and len(closed) == 2:
        return f"between {low.removeprefix('at least ')} and {high.removeprefix('at most ')}"
    return " and ".join(bound for bound in (low, high) if bound)


def to_toml(section: Section) -> str:
    """Return a section as TOML text, with meaning and bounds of settings as comments."""
    lines = [f"[{section.section}]"]
    for name, _, _, bounds, meaning in settings_of(type(section)):
        value = getattr(section, name)
        meaning = f"{meaning} ({bounds})" if bounds else meaning
        lines += textwrap.wrap(meaning, 78, initial_indent="# ", subsequent_indent="# ")
        lines.append(f"{name} = {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def parse_settings(settings: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Parse ``section.name=value`` assignments, as given to ``--set``.

    Values are TOML. A value that is not valid TOML is taken as a string.

    Raises
    ------
    PartimentoError
        If an assignment has another form.

    Examples
    --------
    >>> parse_settings(["train.epochs=5", "model.embed=notes"])
    {'train': {'epochs': 5}, 'model': {'embed': 'notes'}}
    """
    values: dict[str, dict[str, Any]] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        section, dot, key = name.strip().partition(".")
        if not (equals and dot and section and key):
            raise PartimentoError(f"--set takes section.name=value, not {setting!r}")
        values.setdefault(section, {})[key] = _toml_value(text.strip())
    return values


def merge(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Merge nested settings; where two layers set the same name, the later one wins."""
    merged: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            old = merged.get(key)
            merged[key] = (
                merge(old, value)
                if isinstance(old, Mapping) and isinstance(value, Mapping)
                else value
            )
    return merged


def _message(section: type[Section], error: ValidationError) -> str:
    """Return a one-line message for a pydantic error.

    An unknown name is reported before a wrong value.
    """
    errors = error.errors(include_url=False)
    first = next((entry for entry in errors if entry["type"] == "extra_forbidden"), errors[0])
    name = ".".join([section.section, *(str(part) for part in first["loc"])])
    if first["type"] == "extra_forbidden":
        return no_such(
            str(first["loc"][0]), section.model_fields, "setting", prefix=f"{section.section}."
        )
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    if first["type"] == "missing":
        return f"{name} is missing"
    field, value = section.model_fields[str(first["loc"][0])], first["input"]
    if first["type"].endswith("_type"):
        return f"{name} must be {_kind(field)}, not {value!r}"
    bounds = bounds_of(field)
    if first["type"] == "finite_number" and not any(
        isinstance(bound, limits.Le | limits.Lt) for bound in field.metadata
    ):
        bounds = f"{bounds} and finite" if bounds else "finite"
    return f"{name} must be {bounds}, not {value!r}"


def _kind(field: FieldInfo) -> str:
    return KINDS.get(field.annotation, "text") if isinstance(field.annotation, type) else "text"


def _either(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
