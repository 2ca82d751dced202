"""From a MusicXML file to its chords: our rate beside music21's on the same files, one process
each, in one run.

python benchmarks/scores.py [--files N] [--part bach] [FOLDER]
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from ways import add_arguments, chosen, measure_ways

WAYS = ("partimento", "parse only", "music21")
NEEDED = 30  # times music21's rate
SUFFIXES = (".mxl", ".xml", ".musicxml")


def reader(way: str) -> Callable[[str], int]:
    """A function from a path to how many chords and rests it has."""
    if way == "partimento":
        from partimento.corpus import read_piece

        return lambda path: len(read_piece(path).events)
    warnings.simplefilter("ignore")
    from music21 import converter

    if way == "parse only":
        return lambda path: len(converter.parse(path, forceSource=True).recurse().notesAndRests)
    return lambda path: len(
        converter.parse(path, forceSource=True).chordify().recurse().notesAndRests
    )


def measure(way: str, paths: list[str]) -> tuple[float, float, int]:
    """Seconds by the clock and of the processor for all the files, imports and one file to warm up
    aside; and what was counted.
    """
    read = reader(way)
    read(paths[0])
    begin, begin_cpu = time.perf_counter(), time.process_time()
    events = sum(read(path) for path in paths)
    return time.perf_counter() - begin, time.process_time() - begin_cpu, events


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "folder", nargs="?", type=Path, help="where the files are (music21's own corpus)"
    )
    parser.add_argument("--part", default="bach", help="a part of music21's corpus (bach)")
    add_arguments(parser, WAYS)
    arguments = parser.parse_args()
    spec = importlib.util.find_spec("music21")
    folder = (
        arguments.folder or Path(spec.submodule_search_locations[0]) / "corpus" / arguments.part
    )
    paths = sorted(str(path) for path in folder.rglob("*") if path.suffix in SUFFIXES)
    if not paths:
        sys.exit(f"no MusicXML files in {folder}")
    paths = chosen(paths, arguments)
    results = measure_ways(measure, WAYS, paths, arguments, folder)
    ours = results["partimento"]
    names = {
        "partimento": "partimento: path to events",
        "parse only": "music21: parse",
        "music21": "music21: parse and chordify",
    }
    print(f"{len(paths)} files; needed: {NEEDED} times music21's rate, path to chords")
    print(
        f"{'':28}{'ms a file':>10}{'CPU ms a file':>15}{'files a s':>11}{'events':>9}{'we are times as fast':>22}{'by CPU':>8}"  # noqa: E501
    )
    for way, (seconds, cpu, events) in results.items():
        row = f"{names[way]:28}{seconds / len(paths) * 1e3:10.2f}{cpu / len(paths) * 1e3:15.2f}{len(paths) / seconds:11.1f}{events:9}"  # noqa: E501
        print(row + f"{seconds / ours[0]:22.1f}{cpu / ours[1]:8.1f}")


if __name__ == "__main__":
    main()
