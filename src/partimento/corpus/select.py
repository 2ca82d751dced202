"""Select pieces by the same criteria on the command line and in Python."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from partimento.errors import PartimentoError
from partimento.music.instruments import instruments_of_text
from partimento.music.timelines import Key
from partimento.short_repr import short_repr


@short_repr
@dataclass(frozen=True)
class Selection:
    """Criteria by which pieces are selected.

    An empty criterion is met by all pieces. Several values, separated by commas, mean any of them.

    Parameters
    ----------
    composer : str
        A part of the composer's name, in upper or lower case, with or without accents.
    instrument : str
        One of the instruments, as found in the file or stated in a manifest.
    solo : bool or None
        Whether there is a single player.
    key : str
        The estimated key: ``C major``, ``Am``, ``Bb`` or ``es-moll`` (see `Key.from_name`).
    meter : str
        The first meter: ``3/4``.
    min_events : int
        The minimum number of events.
    license : str
        The license, in any version: ``PD,CC-BY``.
    split : str
        ``train``, ``valid`` or ``test``.

    Raises
    ------
    PartimentoError
        If a value is invalid.

    Examples
    --------
    >>> entry = {"composer": "Mauro Giuliani (1781–1829)", "solo": True}
    >>> Selection(composer="giuliani", solo=True).matches(entry)
    True
    >>> Selection(license="PD,CC-BY").matches({"license": "CC-BY-SA 4.0"})
    False
    """

    composer: str = ""
    instrument: str = ""
    solo: bool | None = None
    key: str = ""
    meter: str = ""
    min_events: int = 0
    license: str = ""
    split: str = ""

    def __post_init__(self) -> None:
        types = {"solo": (bool, type(None)), "min_events": (int,)}
        for field in fields(self):
            if not isinstance(getattr(self, field.name), types.get(field.name, (str,))):
                raise PartimentoError(
                    f"pieces cannot be selected by {field.name}={getattr(self, field.name)!r}"
                )
        for name in _several(self.key):
            _key(name)
        for meter in _several(self.meter):
            if not re.fullmatch(r"[1-9]\d*/[1-9]\d*", meter):
                raise PartimentoError(f"a meter is written as 3/4, not {meter!r}")
        for split in _several(self.split):
            if split not in ("train", "valid", "test"):
                raise PartimentoError(f"a split is train, valid or test, not {split!r}")
        if self.min_events < 0:
            raise PartimentoError("min_events must be at least 0")

    def __bool__(self) -> bool:
        """Return whether any criterion is set."""
        return any(getattr(self, field.name) != field.default for field in fields(self))

    @classmethod
    def of(cls, **criteria: Any) -> Selection:
        """Build a selection from criteria by name.

        Raises
        ------
        PartimentoError
            If there is no such criterion, or a value is invalid.
        """
        known = [field.name for field in fields(cls)]
        if unknown := sorted(set(criteria) - set(known)):
            raise PartimentoError(
                f"pieces cannot be selected by {unknown[0]}: the criteria are {', '.join(known)}"
            )
        return cls(**criteria)

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Return whether a piece meets all criteria, given the plain columns of its row."""
        composer = _plain_letters(row.get("composer") or "")
        return (
            _any(self.composer, lambda value: _plain_letters(value) in composer)
            and _any(self.instrument, lambda value: _plays(value, row))
            and (self.solo is None or row["solo"] == self.solo)
            and _any(self.key, lambda value: _key(value).code == row["key"])
            and _any(self.meter, lambda value: value == row["meter"])
            and (not self.min_events or row["events"] >= self.min_events)
            and _any(
                self.license,
                lambda value: license_family(value) == license_family(row.get("license") or ""),
            )
            and _any(self.split, lambda value: value == row["split"])
        )

    def __str__(self) -> str:
        """Return the criteria that are set, named as on the command line."""
        criteria = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if getattr(self, field.name) != field.default
        }
        return ", ".join(f"{name.replace('_', '-')} {value}" for name, value in criteria.items())


def _several(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def _any(value: str, condition: Any) -> bool:
    return not value or any(condition(part) for part in _several(value))


def _key(name: str) -> Key:
    """Parse the name of a key; enharmonic keys are spelled as `analyze_key` does."""
    try:
        key = Key.from_name(name)
    except ValueError as error:
        raise PartimentoError(str(error)) from error
    return Key.from_tonic(key.tonic, key.mode)


def _plain_letters(text: str) -> str:
    return "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(letter)
    )


def _plays(value: str, row: Mapping[str, Any]) -> bool:
    """Return whether a piece has an instrument, by its row's players and its manifest."""
    hint = row.get("instrument") or ""
    instruments = {*(row.get("instruments") or ()), *instruments_of_text(hint)}
    return bool(instruments & set(instruments_of_text(value))) or _plain_letters(
        value
    ) in _plain_letters(" ".join((hint, *instruments)))


def license_family(text: str) -> str:
    """Return a license without its version, in a standard spelling.

    CC0 and similar dedications count as public domain (PD).

    >>> names = "CC-BY-SA 4.0", "Creative Commons Attribution 3.0", "public domain", "CC0 1.0"
    >>> [license_family(name) for name in names]
    ['CC-BY-SA', 'CC-BY', 'PD', 'PD']
    """
    words = " ".join(re.sub(r"[-_]", " ", text.casefold()).split())
    if words.startswith(
        ("pd", "public domain", "cc0", "cc pdm", "creative commons zero", "no known copyright")
    ):
        return "PD"
    if words.startswith(("cc ", "creative commons")):
        further = (
            ("NC", r"\bnc\b|noncommercial|non commercial"),
            ("SA", r"\bsa\b|share ?alike"),
            ("ND", r"\bnd\b|no ?deriv"),
        )
        return "-".join(
            ["CC", "BY", *(short for short, pattern in further if re.search(pattern, words))]
        )
    return re.sub(r"\s*v?[\d.]+$", "", words).upper()
