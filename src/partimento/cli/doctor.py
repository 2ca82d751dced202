"""Report what is installed and what is missing: ``partimento doctor``."""

from __future__ import annotations

import os
import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from partimento import __version__
from partimento.cli import screen
from partimento.errors import PartimentoError
from partimento.export.audio import find_soundfont

EXTRAS = ("tensorflow-cpu", "torch")


def run_doctor(*, soundfont: Path | None, as_json: bool) -> None:
    """Print what is installed; exit with code 1 if a required package is missing."""
    needed = [_name(line) for line in requires("partimento") or [] if "extra ==" not in line]
    packages = {name: _version(name) for name in needed}
    font, origin = find_soundfont(soundfont)
    optional = {name: _version(name) for name in EXTRAS}
    missing = [name for name, number in packages.items() if number is None]
    facts = {
        "partimento": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": str(os.cpu_count()),
        "keras backend": _backend(),
        "soundfont": f"{font} ({origin})",
    }
    if as_json:
        screen.print_json({**facts, "packages": packages, "optional": optional, "missing": missing})
    else:
        rows = [*facts.items(), *((name, number or "MISSING") for name, number in packages.items())]
        rows += [(name, number or "not installed (optional)") for name, number in optional.items()]
        screen.print_facts("Installation", rows)
        words = " ".join(missing)
        screen.out().print(
            f"missing: {words} (pip install {words})" if missing else "nothing is missing"
        )
    if missing:
        sys.exit(1)


def _name(requirement: str) -> str:
    """Return the name of the package in a requirement such as ``numpy>=2``."""
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]


def _backend() -> str:
    """Return the name of the Keras backend, or the error in its configuration."""
    try:
        import partimento.models  # noqa: F401 - checks the backend without importing it
    except PartimentoError as error:
        return str(error)
    return os.environ["KERAS_BACKEND"]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
