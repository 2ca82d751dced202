"""Give classes a short `repr`, so that no object floods a terminal or a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T", bound=type)

LONGEST = 400  # characters of the result
LONGEST_VALUE = 80  # of one value
MOST_ITEMS = 8  # of a collection that is shown in full
SCALARS = (int, float, bool, Fraction, type(None))


def short_repr(cls: T) -> T:
    """Replace the `repr` of a class by a short line.

    It has at most 450 characters. Long texts are cut off. Arrays are shown by their shape, and long
    collections by their size.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @short_repr
    ... @dataclass
    ... class Found:
    ...     name: str
    ...     places: list[int]
    >>> Found("a", [1, 2]), Found("b", list(range(1000)))
    (Found(name='a', places=[1, 2]), Found(name='b', places=[1,000 × int]))
    """
    cls.__repr__ = represent  # type: ignore[assignment, method-assign]
    return cls


def represent(item: Any) -> str:
    """Return the name of the class, and the public attributes as short texts."""
    shown: list[str] = []
    length = 0
    for name in _names(item):
        text = f"{name}={short_text(getattr(item, name, None))}"
        length += len(text) + 2
        if length > LONGEST:
            shown.append("…")
            break
        shown.append(text)
    return f"{type(item).__name__}({', '.join(shown)})"


def _names(item: Any) -> list[str]:
    kind = type(item)
    if is_dataclass(kind):
        return [field.name for field in fields(kind) if field.repr and field.name[0] != "_"]
    for attribute in ("_fields", "model_fields"):
        if names := getattr(kind, attribute, None):
            return [name for name in names if not name.startswith("_")]
    return [name for name in getattr(item, "__dict__", ()) if not name.startswith("_")]


def short_text(value: Any) -> str:
    """Return a short text for a value.

    >>> short_text("x" * 100)[-3:], short_text({"a": 1, "b": 2}), short_text({1, 2})
    ("x…'", "{'a': 1, 'b': 2}", '{1, 2}')
    """
    if type(value) is float:
        return min(repr(value), f"{value:.6g}", key=len)
    if isinstance(value, SCALARS):
        return _cut(repr(value))
    if isinstance(value, (str, Path)):
        text = str(value)
        return repr(text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…")
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"<{'×'.join(map(str, value.shape)) or 'one'} {value.dtype}>"
    if isinstance(value, Mapping) and not _is_ours(value):
        return _of_mapping(value)
    if isinstance(value, (Sequence, Set)) and not _is_ours(value):
        return _of_items(value)
    if _is_ours(value):
        return _cut(repr(value))
    return getattr(value, "__name__", "") or type(value).__name__


def _is_ours(value: Any) -> bool:
    return type(value).__module__.startswith("partimento")


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _of_mapping(value: Mapping[Any, Any]) -> str:
    if len(value) <= MOST_ITEMS:
        pairs = ", ".join(f"{short_text(k)}: {short_text(v)}" for k, v in value.items())
        if len(pairs) <= LONGEST_VALUE:
            return f"{{{pairs}}}"
    return f"{{{len(value):,} items}}"


def _of_items(value: Sequence[Any] | Set[Any]) -> str:
    left, right = {tuple: ("(", ")"), list: ("[", "]")}.get(type(value), ("{", "}"))
    if len(value) <= MOST_ITEMS:
        items = ", ".join(map(short_text, value))
        if len(items) <= LONGEST_VALUE:
            comma = "," if left == "(" and len(value) == 1 else ""
            return f"{left}{items}{comma}{right}"
    kinds = {type(item).__name__ for item in list(value)[:MOST_ITEMS]}
    kind = kinds.pop() if len(kinds) == 1 else "items"
    return f"{left}{len(value):,} × {kind}{right}"
