"""Run commands in this process, and see what a process of its own loads."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import pytest

from partimento.cli.cli import main

# A model that is trained in a second.
SMALL = [
    "--set",
    "model.units=16",
    "--set",
    "model.dense=8",
    "--set",
    "model.layers=1",
    "--set",
    "train.epochs=2",
    "--set",
    "train.batch_size=8",
]


def run(*words: object) -> int:
    """Run a command and return its exit code."""
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    return 0 if stop.value.code is None else int(stop.value.code)


def run_checked(*words: object, code: int = 0) -> None:
    """Run a command that must end with an exit code."""
    assert run(*words) == code


def loaded_by(code: str, modules: Sequence[str], *, status: int = 0) -> tuple[str, list[str]]:
    """Run code in a process of its own; return its output and which of the modules it loaded."""
    script = (
        "import sys, atexit\n"
        f"atexit.register(lambda: print(*(name for name in {modules!r} if name in sys.modules)))\n"
        f"{code}"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stderr
    *output, names = done.stdout.split("\n")[:-1]
    return "\n".join(output), names.split()
