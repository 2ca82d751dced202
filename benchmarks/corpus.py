"""From paths to a corpus store: our rate beside music21's and bare parsers', and time and memory as
the number of files grows.

python benchmarks/corpus.py speed [--files N] [--peers-python PATH]
python benchmarks/corpus.py growth [COUNT ...]

Every rate is of processes that may use the stated number of cores and no more, over the same files,
in one run.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DATA = (
    Path(os.environ.get("PARTIMENTO_DATA", Path(__file__).parents[2] / "shared" / "data"))
    / "mutopia-guitar"
)
WAYS = ("one core", "two cores", "pretty_midi, parsing alone", "muspy, parsing alone", "music21")
NEEDED = {"one core": "150", "two cores": "1.7 × one core"}
COPIES = 4  # of the set: what is written now and then comes as often as in use
WARM = 16  # files a core before the clock starts, by when all parsers are there


def measure(way: str, paths: list[str]) -> tuple[float, int]:
    """Seconds, and how many files they are for; imports and the first files aside."""
    if way in ("one core", "two cores"):
        return _ours(paths, 1 if way == "one core" else 2)
    if way == "music21":
        from music21 import converter

        def read(path: str) -> None:
            score = converter.parse(path, forceSource=True)
            score.analyze("key")
            len(score.chordify().recurse().notesAndRests)

    elif way.startswith("muspy"):
        import muspy

        read = muspy.read_midi
    else:
        import pretty_midi

        read = pretty_midi.PrettyMIDI
    read(paths[0])
    begin = time.perf_counter()
    for path in paths:
        read(path)
    return time.perf_counter() - begin, len(paths)


def _ours(paths: list[str], cores: int) -> tuple[float, int]:
    """The first pass of a build: every file read in a parser, measured, and written as a row."""
    from partimento.corpus.settings import DataSettings
    from partimento.corpus.sources import find_scores
    from partimento.corpus.store.build import Plan, _read_all
    from partimento.corpus.store.cache import RowCache, RowWriter

    scores, _ = find_scores(paths)
    with tempfile.TemporaryDirectory() as folder:
        cache, times = RowCache(""), []
        _, _, read = _read_all(
            scores * COPIES,
            cache,
            RowWriter(cache, Path(folder)),
            Plan(DataSettings(), workers=cores),
            lambda *_: times.append(time.perf_counter()),
        )
        assert read == len(scores) * COPIES, "not every file was read"
        first = WARM * cores
        return time.perf_counter() - times[first - 1], read - first


def speed(files: int, peers: str) -> None:
    paths = sorted(str(path) for path in DATA.rglob("*.mid"))
    if not paths:
        sys.exit(f"no MIDI files in {DATA}")
    paths = paths[:: max(len(paths) // files, 1)] if files else paths
    rates = {}
    for way in WAYS:
        python = peers if way.startswith("muspy") else sys.executable
        if not Path(python).exists():
            continue
        cores = sorted(os.sched_getaffinity(0))[: 2 if way == "two cores" else 1]
        done = subprocess.run(
            [python, "-W", "ignore", __file__, "one", way],
            input=json.dumps([cores, paths]),
            check=True,
            capture_output=True,
            text=True,
        )
        seconds, count = json.loads(done.stdout)
        rates[way] = count / seconds
    print(
        f"{len(paths)} files; ours: isolated parsing, chords, key, forces, ornaments, upbeat,"
        " fingerprint, and the row written"
    )
    print(f"{'':30}{'files a s':>10}{'ms a file':>10}{'times music21':>15}   needed")
    for way, rate in rates.items():
        print(
            f"{way:30}{rate:10.1f}{1000 / rate:10.2f}{rate / rates['music21']:15.1f}  "
            f" {NEEDED.get(way, '')}"
        )
    print(f"two cores: {rates['two cores'] / rates['one core']:.2f} times one core")


def growth(counts: list[int]) -> None:
    print(
        f"{'files':>8}{'seconds':>9}{'ms a file':>11}{'MiB, this process':>19}{'MiB, a parser':>15}{'groups':>8}{'store, MiB':>12}"  # noqa: E501
    )
    with tempfile.TemporaryDirectory() as folder:
        made = 0
        for count in sorted(counts):
            _copies(Path(folder) / "scores", made, count)
            made = count
            done = subprocess.run(
                [sys.executable, __file__, "grow", folder],
                check=True,
                capture_output=True,
                text=True,
            )
            seconds, own, parser, groups, size = json.loads(done.stdout)
            print(
                f"{count:8}{seconds:9.1f}{seconds / count * 1000:11.2f}{own:19.0f}{parser:15.0f}{groups:8}{size:12.1f}",  # noqa: E501
                flush=True,
            )


def _copies(folder: Path, first: int, last: int) -> None:
    """Copies of the set with variation: other keys, tempos, and a few notes gone; no two files are
    the same.
    """
    import random

    import symusic

    paths = sorted(DATA.rglob("*.mid"))
    for number in range(first, last):
        rng = random.Random(number)
        score = symusic.Score(str(paths[number % len(paths)]))
        shift, gone = rng.randint(-5, 6), rng.uniform(0, 0.05)
        for track in score.tracks:
            track.notes = type(track.notes)(
                [note for note in track.notes if rng.random() >= gone] or list(track.notes)[:1]
            )
        score = (
            score.shift_pitch(shift)
            if all(0 <= note.pitch + shift < 128 for track in score.tracks for note in track.notes)
            else score
        )
        place = folder / f"{number // 1000:03}" / f"{number:06}.mid"
        place.parent.mkdir(parents=True, exist_ok=True)
        score.dump_midi(str(place))


def _grow(folder: str) -> list[float]:
    from partimento.corpus.store.build import build_store

    begin = time.perf_counter()
    corpus = build_store(
        [Path(folder) / "scores"], Path(folder) / "store.parquet", force=True
    ).store
    seconds = time.perf_counter() - begin
    own, parser = (
        resource.getrusage(who).ru_maxrss / 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    size = corpus.path.stat().st_size / 2**20
    groups = len({row["group"] for row in corpus.rows})
    corpus.path.unlink()
    return [seconds, own, parser, groups, size]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ways = parser.add_subparsers(dest="command", required=True)
    fast = ways.add_parser("speed", help="rates beside those of peers")
    fast.add_argument(
        "--files",
        type=int,
        default=0,
        metavar="N",
        help="about how many files to take, evenly spread (all)",
    )
    fast.add_argument(
        "--peers-python",
        default=".venv-peers/bin/python",
        help="a Python that has muspy (left out without one)",
    )
    large = ways.add_parser("growth", help="time and memory by the number of files")
    large.add_argument("counts", nargs="*", type=int, default=[1000, 10_000, 50_000])
    ways.add_parser("one").add_argument("way", choices=WAYS)
    ways.add_parser("grow").add_argument("folder")
    arguments = parser.parse_args()
    if arguments.command == "speed":
        speed(arguments.files, arguments.peers_python)
    elif arguments.command == "growth":
        growth(arguments.counts or [1000, 10_000, 50_000])
    elif arguments.command == "grow":
        print(json.dumps(_grow(arguments.folder)))
    else:
        cores, paths = json.load(sys.stdin)
        os.sched_setaffinity(0, cores)
        print(json.dumps(measure(arguments.way, paths)))


if __name__ == "__main__":
    main()
