"""The program as a whole: what importing it loads, and running it as a module."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.commands import loaded_by

HEAVY = (
    "httpx",
    "bs4",
    "protego",
    "pooch",
    "lxml",
    "keras",
    "jax",
    "music21",
    "symusic",
    "verovio",
    "typst",
    "matplotlib",
    "pretty_midi",
    "resvg_py",
    "h5py",
)


@pytest.mark.parametrize(
    "code",
    [
        "import partimento",
        "import partimento.cli.cli",
        "import partimento.export",
        "import partimento.models",
    ],
)
def test_importing_loads_nothing_heavy(code: str) -> None:
    assert loaded_by(code, HEAVY) == ("", [])


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["--version"]])
def test_help_in_a_process_of_its_own_loads_nothing_heavy(words: list[str]) -> None:
    output, loaded = loaded_by(f"from partimento.cli.cli import main\nmain({words})", HEAVY)
    assert loaded == []
    assert "partimento" in output


def test_it_runs_as_a_module() -> None:
    out = subprocess.run(
        [sys.executable, "-m", "partimento", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert out.stdout.startswith("partimento ")
