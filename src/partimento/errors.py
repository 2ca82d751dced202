"""The exceptions of the program.

    Exception
    ├── PartimentoError             a problem that the user can fix
    │   ├── ReadError               a file cannot be read as music
    │   ├── StatusError             an archive refuses a request (in `collect.errors`)
    │   └── UnreachableError        an archive cannot be reached (in `collect.errors`)
    └── ValueError
        └── InvalidScoreError       the content of a file is rejected; becomes a ReadError

The command line prints a `PartimentoError` as one line and exits with status 2.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class PartimentoError(Exception):
    """A problem that the user can fix: its message is one line that says what to do."""


class ReadError(PartimentoError):
    """A file cannot be read as music.

    Attributes
    ----------
    path : str
    reason : str
        One clause, such as ``truncated: track 2 ends 40 bytes early``.
    """

    def __init__(self, path: Path | str, reason: str) -> None:
        self.path, self.reason = str(path), " ".join(reason.split())
        super().__init__(f"{self.path}: {self.reason}")


class InvalidScoreError(ValueError):
    """The content of a file is rejected, for the reason in the message.

    Raised by code that does not know the file's path. The reader that does turns it into a
    `ReadError`.
    """


def no_such(name: str, known: Iterable[str], what: str, *, prefix: str = "") -> str:
    """Return the message for an unknown name: suggest the nearest name, or list all.

    Parameters
    ----------
    name : str
        The unknown name.
    known : iterable of str
        The names that exist.
    what : str
        The noun for what the names denote, such as ``model``.
    prefix : str
        Put before every name in the message.

    Examples
    --------
    >>> no_such("lsmt", ["lstm", "vae"], "model")
    'there is no model lsmt; did you mean lstm?'
    """
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = (
        f"; did you mean {prefix}{near[0]}?"
        if near
        else f" (there are {', '.join(prefix + other for other in known)})"
    )
    return f"there is no {what} {prefix}{name}{hint}"


def choose(name: str, known: Mapping[str, T], *, what: str) -> T:
    """Look up a name in a mapping.

    Raises
    ------
    PartimentoError
        If the name is unknown; the message suggests the nearest one.
    """
    if name not in known:
        raise PartimentoError(no_such(name, known, what))
    return known[name]


def import_extra(module: str, *, extra: str) -> Any:
    """Import an optional library.

    Raises
    ------
    PartimentoError
        If it is not installed; the message names the extra to install.
    """
    try:
        return import_module(module)
    except ImportError as error:
        message = f"this needs {module}: pip install 'partimento[{extra}]'"
        raise PartimentoError(message) from error
