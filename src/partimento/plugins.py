"""Find what installed packages add to the program: models, tokenizers and writers.

A package adds one by an entry point, in the group ``partimento.models``, ``partimento.tokenizers``
or ``partimento.writers``. In its ``pyproject.toml``:

    [project.entry-points."partimento.models"]
    gru = "my_package.gru:Gru"

A plug-in that is broken is left out, with one line of warning; the program goes on without it.
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

LOG = logging.getLogger("partimento")
TARGET = re.compile(r"[\w.]+:[\w.]+")


class Registry(MutableMapping[str, str]):
    """Map names to ``module:attribute``, the program's own and those of plug-ins.

    Plug-ins are searched when a name is not one of the program's, or when all are listed. Nothing
    is imported before `load`.

    Parameters
    ----------
    group : str
        The group of entry points.
    what : str
        The word for one of them in messages.
    own : mapping
        The program's own.
    needs : sequence of str
        Attributes that each must have.
    prefix : str
        Put before the name of an entry point: the dot of a suffix.
    """

    def __init__(
        self,
        group: str,
        what: str,
        own: Mapping[str, str],
        *,
        needs: Sequence[str] = (),
        prefix: str = "",
    ) -> None:
        self.group, self.what, self.needs, self.prefix = group, what, tuple(needs), prefix
        self._own = dict(own)
        self._warned: set[str] = set()

    @cached_property
    def plugins(self) -> dict[str, EntryPoint]:
        """The entry points by name; those that cannot be used are left out."""
        found: dict[str, EntryPoint] = {}
        for point in entry_points(group=self.group):
            name = self.prefix + point.name
            if not TARGET.fullmatch(point.value):
                self._warn(name, point, f"{point.value!r} is not module:attribute")
            elif name in self._own or name in found:
                self._warn(name, point, "the name is taken")
            else:
                found[name] = point
        return found

    def __getitem__(self, name: str) -> str:
        return self._own[name] if name in self._own else self.plugins[name].value

    def __setitem__(self, name: str, target: str) -> None:
        self._own[name] = target

    def __delitem__(self, name: str) -> None:
        del self._own[name]

    def __iter__(self) -> Iterator[str]:
        yield from (*self._own, *(name for name in self.plugins if name not in self._own))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def load(self, name: str) -> Any:
        """Import what a name stands for.

        Raises
        ------
        PartimentoError
            If there is no such name, or it is a plug-in that is broken.
        """
        target = choose(name, self, what=self.what)
        if name in self._own:
            return _attribute(target)
        try:
            return self._plugin(name)
        except Exception as error:  # whatever the code of a stranger may raise
            raise PartimentoError(self._broken(name, self.plugins[name], error)) from error

    def load_all(self) -> dict[str, Any]:
        """Import all; a plug-in that is broken is left out, with a warning."""
        loaded: dict[str, Any] = {}
        for name in self:
            if name in self._own:
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
            LOG.warning("%s; it is left out", self._broken(name, point, problem))

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
