"""Measure several ways to read the same files, each in a process of its own."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def add_arguments(parser: argparse.ArgumentParser, ways: Sequence[str]) -> None:
    """Add ``--files``, and the hidden option that tells a process its way."""
    parser.add_argument(
        "--files",
        type=int,
        default=0,
        metavar="N",
        help="about how many files to take, evenly spread (all)",
    )
    parser.add_argument("--one", choices=ways, help=argparse.SUPPRESS)


def chosen(paths: list[str], arguments: argparse.Namespace) -> list[str]:
    """Return the files to read."""
    return paths[:: max(len(paths) // arguments.files, 1)] if arguments.files else paths


def measure_ways(
    measure: Callable[[str, list[str]], Any],
    ways: Sequence[str],
    paths: list[str],
    arguments: argparse.Namespace,
    folder: Path,
) -> dict[str, Any]:
    """Return what `measure` returns for each way; a process that is told its way ends here."""
    if arguments.one:
        print(json.dumps(measure(arguments.one, paths)))
        sys.exit()
    command = [sys.executable, sys.argv[0], str(folder), "--files", str(arguments.files), "--one"]
    outputs = {
        way: subprocess.run([*command, way], check=True, capture_output=True, text=True).stdout
        for way in ways
    }
    return {way: json.loads(output) for way, output in outputs.items()}
