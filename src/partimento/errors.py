"""The exceptions of the program.

    Exception
    ├── PartimentoError             a problem that the user can fix
    │   ├── ReadError               a file cannot be read as music
    │   ├── StatusError             an archive refuses a request (in `collect.errors`)
    │   └── TroubleError            an archive cannot be reached (in `collect.errors`)
    └── ValueError
        └── UnfitError              a file is no music that is read, and why; becomes a ReadError

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


class UnfitError(ValueError):
    """The reason why a file is no music; raised where its path is not known."""


def no_such(name: str, known: Iterable[str], what: str, *, prefix: str = "") -> str:
    """Return a message that a name does not exist, with the nearest known one or all.

    >>> no_such("lsmt", ["lstm", "vae"], "model")
    'there is no model lsmt; did you mean lstm?'
    """
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    more = (
        f"; did you mean {prefix}{near[0]}?"
        if near
        else f" (there are {', '.join(prefix + each for each in known)})"
    )
    return f"there is no {what} {prefix}{name}{more}"


def choose(name: str, known: Mapping[str, T], *, what: str) -> T:
    """Look a name up, or raise an error that suggests the nearest one."""
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
