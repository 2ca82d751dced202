"""Find the plug-ins of installed packages: models, tokenizers and writers.

A package declares a plug-in as an entry point in the group ``partimento.models``,
``partimento.tokenizers`` or ``partimento.writers``. In its ``pyproject.toml``:

    [project.entry-points."partimento.models"]
    gru = "my_package.gru:Gru"

A broken plug-in is skipped with a one-line warning.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from partimento.errors import PartimentoError, choose
from partimento.short_repr import short_repr

LOG = logging.getLogger("partimento")
TARGET = re.compile(r"[\w.]+:[\w.]+")


@short_repr
class Registry(MutableMapping[str, str]):
    """Map names to ``module:attribute``, for built-in entries and plug-ins.

    Plug-ins are searched only when a name is not built in, or when all entries are listed. Nothing
    is imported before `load`.

    Parameters
    ----------
    group : str
        The group of entry points.
    what : str
        The noun for an entry in messages, such as ``model``.
    builtin : mapping
        The program's own entries.
    needs : sequence of str
        Attributes that every plug-in must have.
    prefix : str
        Put before the names of entry points, such as the dot of a file suffix.
    """

    def __init__(
        self,
        group: str,
        what: str,
        builtin: Mapping[str, str],
        *,
        needs: Sequence[str] = (),
        prefix: str = "",
    ) -> None:
        self.group, self.what, self.needs, self.prefix = group, what, tuple(needs), prefix
        self._builtin = dict(builtin)
        self._warned: set[str] = set()

    @cached_property
    def plugins(self) -> dict[str, EntryPoint]:
        """The entry points by name, without those that cannot be used."""
        usable: dict[str, EntryPoint] = {}
        for point in entry_points(group=self.group):
            name = self.prefix + point.name
            if not TARGET.fullmatch(point.value):
                self._warn(name, point, f"{point.value!r} is not module:attribute")
            elif name in self._builtin or name in usable:
                self._warn(name, point, "the name is taken")
            else:
                usable[name] = point
        return usable

    def __getitem__(self, name: str) -> str:
        return self._builtin[name] if name in self._builtin else self.plugins[name].value

    def __setitem__(self, name: str, target: str) -> None:
        self._builtin[name] = target

    def __delitem__(self, name: str) -> None:
        del self._builtin[name]

    def __iter__(self) -> Iterator[str]:
        yield from (*self._builtin, *(name for name in self.plugins if name not in self._builtin))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def load(self, name: str) -> Any:
        """Import the object that is registered under a name.

        Raises
        ------
        PartimentoError
            If there is no such name, or it is a broken plug-in.
        """
        target = choose(name, self, what=self.what)
        if name in self._builtin:
            return _attribute(target)
        try:
            return self._plugin(name)
        except Exception as error:  # a plug-in's code may raise anything
            raise PartimentoError(self._broken(name, self.plugins[name], error)) from error

    def load_all(self) -> dict[str, Any]:
        """Import all entries; a broken plug-in is skipped with a warning."""
        loaded: dict[str, Any] = {}
        for name in self:
            if name in self._builtin:
                loaded[name] = _attribute(self[name])
                continue
            try:
                loaded[name] = self._plugin(name)
            except Exception as error:
                self._warn(name, self.plugins[name], error)
        return loaded

    def _plugin(self, name: str) -> Any:
        value = _attribute(self.plugins[name].value)
        missing = [need for need in self.needs if not hasattr(value, need)]
        if missing:
            raise TypeError(f"it has no {missing[0]}")
        return value

    def _warn(self, name: str, point: EntryPoint, problem: object) -> None:
        if name not in self._warned:
            self._warned.add(name)
            LOG.warning("%s; it is skipped", self._broken(name, point, problem))

    def _broken(self, name: str, point: EntryPoint, problem: object) -> str:
        package = point.dist.name if point.dist else "an unknown package"
        reason = " ".join(str(problem).split()) or type(problem).__name__
        return f"the {self.what} {name} of {package} cannot be used: {reason}"


def _attribute(target: str) -> Any:
    module, _, path = target.partition(":")
    value: Any = import_module(module)
    for name in path.split("."):
        value = getattr(value, name)
    return value
