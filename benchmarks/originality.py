"""What it costs to find the longest shared passages of a piece in a corpus of a million events.

python benchmarks/originality.py [--events 1000000] [--queries 60]

The corpus: real guitar pieces and chorales as they are, and made ones of 300 events, stretches of
the real ones in other keys, until there are enough. Three kinds of pieces are asked for: real ones
(which are left out, of the made ones too), made ones, and copies of what is in the corpus. Peers in
the same run: the same answers by NumPy without an index, and, where it is installed (`pip install
pydivsufsort`), pydivsufsort's sorting of the same suffixes.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from partimento.analysis.similarity.sequences import PieceSequence, sequences_of
from partimento.analysis.similarity.suffix_index import (
    INTERVALS,
    SequenceIndex,
    index_of,
    suffix_ranks,
)
from partimento.corpus import read_pieces

DATA = Path(os.environ.get("PARTIMENTO_DATA", Path(__file__).parents[2] / "shared" / "data"))
LENGTH = 300  # events of a made piece
STRETCH = (4, 32)  # events that it takes from one place
SLOW = 3  # pieces that the slow peer is asked for


def joined(parts: Sequence[PieceSequence]) -> PieceSequence:
    """Lines one after another as one, an element a quarter."""
    count = sum(len(part.shapes) for part in parts)
    time_ = np.arange(count)
    reference = np.concatenate([part.reference for part in parts])
    return PieceSequence(
        [shape for part in parts for shape in part.shapes], reference, time_, time_ // 4 + 1, 1
    )


def stretch(line: PieceSequence, begin: int, end: int, up: int) -> PieceSequence:
    reference = line.reference[begin:end]
    return PieceSequence(
        line.shapes[begin:end],
        np.where(reference < 0, reference, reference + up),
        line.onset[begin:end],
        line.bar[begin:end],
        1,
    )


def made(real: Sequence[PieceSequence], rng: np.random.Generator) -> PieceSequence:
    """A piece of stretches of other ones."""
    parts: list[PieceSequence] = []
    while (left := LENGTH - sum(len(part.shapes) for part in parts)) > 0:
        line = real[rng.integers(len(real))]
        begin = int(rng.integers(len(line.shapes)))
        parts.append(
            stretch(
                line,
                begin,
                min(begin + int(rng.integers(*STRETCH)), begin + left),
                int(rng.integers(-5, 7)),
            )
        )
    return joined(parts)


def plainest(index: SequenceIndex, shape: np.ndarray, line: PieceSequence) -> np.ndarray:
    """(T,) the longest passage from each element on, by looking at every element of the corpus."""
    mine = np.array([index.shapes.get(each, -1) for each in line.shapes], np.int64)
    code = mine * INTERVALS + line.steps + INTERVALS // 2
    found = np.searchsorted(index.alphabet, code)
    code = np.where((mine >= 0) & (index.alphabet[found] == code), found, -1)
    length = np.zeros(len(mine), np.int64)
    sounding = line.sounding
    for t in np.flatnonzero(sounding & (mine >= 0)):
        places, run = np.flatnonzero(shape == mine[t]), 0
        while len(places):
            run += 1
            if sounding[t + run - 1]:
                length[t] = run
            if t + run == len(mine):
                break
            places = places[index.code[places + run] == code[t + run]]
    return length


def timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def told(
    name: str, queries: Sequence[PieceSequence], ms: Sequence[float], runs: Sequence[int]
) -> None:
    slowest = int(np.argmax(ms))
    print(
        f"  {name}: {np.median(ms):.2f} ms a piece (median, of"
        f" {np.median([len(each.shapes) for each in queries]):.0f} events), at most",
        end=" ",
    )
    print(
        f"{ms[slowest]:.2f} ({len(queries[slowest].shapes):,} events); longest passage"
        f" {np.median(runs):.0f}, median, {np.max(runs)}, most"
    )


def corpus_of(
    events: int, queries: int, rng: np.random.Generator
) -> tuple[list[PieceSequence], dict[str, list[PieceSequence]]]:
    """The lines of the corpus, and those that are asked for."""
    names = [str(DATA / "mutopia-guitar")] if (DATA / "mutopia-guitar").is_dir() else []
    began = time.perf_counter()
    pieces = read_pieces([*names, "bundled:chorales"]).pieces
    read = time.perf_counter() - began
    real = [line for piece in pieces if len((line := sequences_of(piece).chords).shapes) > 1]
    lines_s = time.perf_counter() - began - read
    count = sum(len(line.shapes) for line in real)
    print(
        f"{len(real)} real pieces, {count:,} events: read in {read:.1f} s, made lines in"
        f" {lines_s:.1f} s (chords and melody)"
    )
    left_out = {int(n) for n in rng.choice(len(real), queries, replace=False)}
    lines = [line for n, line in enumerate(real) if n not in left_out]
    kept = list(lines)
    asked = {
        "real pieces, not in the corpus": [real[n] for n in sorted(left_out)],
        "made pieces": [made(kept, rng) for _ in range(queries)],
    }
    count = sum(len(line.shapes) for line in lines)
    while count < events:
        lines.append(made(kept, rng))
        count += LENGTH
    asked["copies of pieces of the corpus"] = [
        lines[n] for n in rng.choice(len(lines), queries, replace=False)
    ]
    return lines, asked


def peer_sorting(index: SequenceIndex) -> None:
    """Sort the same suffixes by the fastest library there is."""
    if importlib.util.find_spec("pydivsufsort") is None:
        print("  pydivsufsort: not installed")
        return
    library = importlib.import_module("pydivsufsort")
    text = index.code.astype(np.int64)
    pairs = [
        (timed(lambda: suffix_ranks(text)), timed(lambda: library.divsufsort(text)))
        for _ in range(5)
    ]
    ours, peer = np.median(pairs, axis=0) / 1000
    ratio = np.median([a / b for a, b in pairs])
    print(
        f"  sorting its suffixes: {ours:.2f} s, {ratio:.1f} times as long as pydivsufsort"
        f" ({peer:.2f} s)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=60)
    asked_for = parser.parse_args()
    lines, asked = corpus_of(asked_for.events, asked_for.queries, np.random.default_rng(0))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    index = index_of(lines)
    seconds = time.perf_counter() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    events, distinct = len(index.heads), len(index.alphabet) - 1
    print(
        f"index of {len(lines):,} pieces, {events:,} events, {len(index.shapes):,} shapes,"
        f" {distinct:,} codes: {seconds:.2f} s,"
    )
    print(
        f"  {index.nbytes / 2**20:.0f} MiB ({index.nbytes / events:.0f} bytes an event); at most"
        f" {grown:.0f} MiB more while it is made"
    )
    peer_sorting(index)
    shape = np.full(len(index.code), -1, np.int64)
    shape[index.heads] = np.repeat(np.arange(len(index.shapes)), np.diff(index.head_first))
    ratios = []
    for name, queries in asked.items():
        times = [timed(lambda line=line: index.matches(line)) for line in queries]  # type: ignore[misc]
        told(name, queries, times, [int(index.matches(line).length.max()) for line in queries])
        for line in queries[:SLOW]:
            slow, fast = (
                timed(lambda line=line: plainest(index, shape, line)),
                timed(lambda line=line: index.matches(line)),
            )  # type: ignore[misc]
            ratios.append(slow / fast)
            assert (plainest(index, shape, line) == index.matches(line).length).all()
    print(f"  peer, NumPy without an index: {np.median(ratios):.0f} times as long (same answers)")


if __name__ == "__main__":
    main()
