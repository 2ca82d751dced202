"""From path to Piece with events and key: our rate beside music21's on the same files, one process
each, in one run.

python benchmarks/reading.py [--files N] [FOLDER]
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from ways import add_arguments, chosen, measure_ways

DATA = (
    Path(os.environ.get("PARTIMENTO_DATA", Path(__file__).parents[2] / "shared" / "data"))
    / "mutopia-guitar"
)
WAYS = ("exact", "view", "music21")
NEEDED = {"exact": 150, "view": 100}  # times music21's rate


def measure(way: str, paths: list[str]) -> tuple[float, int]:
    """Seconds for all the files, imports and one file to warm up aside, and how many events they
    have.
    """
    if way == "music21":
        from music21 import converter

        def read(path: str) -> int:
            score = converter.parse(path, forceSource=True)
            score.analyze("key")
            return len(score.chordify().recurse().notesAndRests)

    else:
        from partimento.corpus import analyze_key, read_piece

        def read(path: str) -> int:
            piece = read_piece(path, quantize="music21" if way == "view" else None)
            analyze_key(piece)
            return len(piece.events)

    read(paths[0])
    begin = time.perf_counter()
    events = sum(read(path) for path in paths)
    return time.perf_counter() - begin, events


def isolated(paths: list[str]) -> tuple[float, int]:
    """The same through worker processes, their start included."""
    from partimento.corpus import analyze_key, read_pieces

    begin = time.perf_counter()
    pieces = read_pieces(paths).pieces
    events = sum(len(piece.events) for piece in pieces)
    for piece in pieces:
        analyze_key(piece)
    return time.perf_counter() - begin, events


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=DATA)
    add_arguments(parser, WAYS)
    arguments = parser.parse_args()
    paths = sorted(str(path) for path in arguments.folder.rglob("*.mid"))
    if not paths:
        sys.exit(f"no MIDI files in {arguments.folder}")
    paths = chosen(paths, arguments)
    results = measure_ways(measure, WAYS, paths, arguments, arguments.folder)
    results["workers"] = isolated(paths)
    peer = results["music21"][0]
    print(f"{len(paths)} files, path to events and key")
    print(
        f"{'':22}{'ms a file':>10}{'files a s':>11}{'events':>9}{'times music21':>15}{'needed':>8}"
    )
    for way, (seconds, events) in results.items():
        name = {
            "exact": "exact",
            "view": 'quantize="music21"',
            "music21": "music21",
            "workers": f"exact, {os.cpu_count()} workers",
        }[way]
        row = f"{name:22}{seconds / len(paths) * 1e3:10.2f}{len(paths) / seconds:11.1f}{events:9}{peer / seconds:15.0f}"  # noqa: E501
        print(row + f"{NEEDED.get(way, ''):>8}")


if __name__ == "__main__":
    main()
