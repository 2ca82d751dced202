"""``partimento doctor``: what is installed, which SoundFont sounds, what is missing."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from partimento import __version__
from partimento.app import screen
from partimento.write.audio import find_soundfont

EXTRAS = ("tensorflow-cpu", "torch")


def run_doctor(*, soundfont: Path | None, as_json: bool) -> None:
    """The command; exits with 1 if something that every command needs is missing."""
    needed = [_name(line) for line in requires("partimento") or [] if "extra ==" not in line]
    packages = {name: _version(name) for name in needed}
    font, origin = find_soundfont(soundfont)
    found = {
        "partimento": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "keras backend": os.environ.get("KERAS_BACKEND", "jax"),
        "soundfont": f"{font} ({origin})",
        "packages": packages,
        "optional": {name: _version(name) for name in EXTRAS},
        "missing": [name for name, number in packages.items() if number is None],
    }
    if as_json:
        screen.print_json(found)
    else:
        rows = [(key, str(value)) for key, value in found.items() if not isinstance(value, (dict, list))]
        rows += [(name, number or "MISSING") for name, number in packages.items()]
        rows += [(name, number or "not installed (optional)") for name, number in found["optional"].items()]  # type: ignore[attr-defined]
        screen.print_table("what is here", ("", ""), rows)
        missing = ", ".join(found["missing"])  # type: ignore[arg-type]
        screen.out().print(f"missing: {missing}: pip install {missing}" if missing else "nothing is missing")
    if found["missing"]:
        sys.exit(1)


def _name(requirement: str) -> str:
    return next(
        requirement[:i] for i in range(len(requirement) + 1) if not (requirement + " ")[i].isalnum() and (requirement + " ")[i] not in "-_."
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
