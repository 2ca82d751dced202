"""Near-duplicates: which variants of real pieces are found, which pieces of real collections are
held to be the same, and what it costs.

python benchmarks/duplicates.py [--only recall|groups|cost] [--sizes N …]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from partimento.analysis.similarity.duplicates import duplicates_of, group
from partimento.analysis.similarity.fingerprints import Fingerprint, fingerprint, fingerprint_of
from partimento.collect import resolve
from partimento.corpus import read_piece
from partimento.music.piece import Piece

DATA = Path(os.environ.get("PARTIMENTO_DATA", Path(__file__).parents[2] / "shared" / "data"))
LEAST = 24  # notes that a variant must have to be counted
Rng = np.random.Generator


class Columns(NamedTuple):
    """Notes as the fingerprint takes them, and their parts."""

    divisions: int
    onset: np.ndarray
    end: np.ndarray
    pitch: np.ndarray
    part: np.ndarray

    def only(self, kept: np.ndarray) -> Columns:
        return Columns(self.divisions, *(column[kept] for column in self[1:]))

    def moved(self, by: np.ndarray | int) -> Columns:
        return self._replace(onset=self.onset + by, end=self.end + by)

    def fingerprint(self) -> Fingerprint:
        return fingerprint_of(*self[:4])


Way = Callable[[Columns, Rng], Columns]


def columns_of(piece: Piece) -> Columns:
    notes = piece.notes
    pitched = ~piece.drums
    return Columns(notes.divisions, notes.onset, notes.end, notes.pitch, notes.part).only(pitched)


# Ways in which one piece becomes another file.


def transposed(c: Columns, rng: Rng) -> Columns:
    by = [
        k
        for k in (*range(-7, 0), *range(1, 8), -12, 12)
        if c.pitch.min() + k >= 0 and c.pitch.max() + k < 128
    ]
    return c._replace(pitch=c.pitch + rng.choice(by))


def doubled(c: Columns, rng: Rng) -> Columns:
    return c._replace(onset=2 * c.onset, end=2 * c.end)


def halved(c: Columns, rng: Rng) -> Columns:
    return c._replace(divisions=2 * c.divisions)


def later(c: Columns, rng: Rng) -> Columns:
    return c.moved(max(int(rng.integers(1, 8)) * c.divisions // 2, 1))


def beheaded(c: Columns, rng: Rng) -> Columns:
    rest = c.only(c.onset >= c.onset.min() + 3 * c.divisions // 2)
    return rest.moved(-rest.onset.min(initial=0 if len(rest.onset) == 0 else 1 << 40))


def without(which: str) -> Way:
    """Leave out a part where there are three to eight, else the lowest, highest or all other notes
    that sound at each onset.
    """

    def way(c: Columns, rng: Rng) -> Columns:
        parts = np.unique(c.part)
        if 3 <= len(parts) <= 8:
            ranked = sorted(parts, key=lambda part: c.pitch[c.part == part].mean())
            return c.only(c.part != ranked[{"low": 0, "inner": len(ranked) // 2, "top": -1}[which]])
        low, high = extremes(c)
        return c.only({"low": ~low | high, "inner": low | high, "top": low | ~high}[which])

    return way


def extremes(c: Columns) -> tuple[np.ndarray, np.ndarray]:
    """Whether each note is the lowest, and the highest, that sounds at its onset."""
    times, at = np.unique(c.onset, return_inverse=True)
    spans = np.searchsorted(times, c.end) - at
    covered = np.repeat(at - np.cumsum(spans) + spans, spans) + np.arange(spans.sum())
    low, high = np.full(len(times), 127), np.zeros(len(times), np.int64)
    np.minimum.at(low, covered, np.repeat(c.pitch, spans))
    np.maximum.at(high, covered, np.repeat(c.pitch, spans))
    return c.pitch == low[at], c.pitch == high[at]


def edited(share: float) -> Way:
    """A third of them other pitches, a third left out, a third added."""

    def way(c: Columns, rng: Rng) -> Columns:
        kind = rng.random(len(c.pitch)) / share * 3
        off = rng.choice([-3, -2, -1, 1, 2, 3], len(c.pitch)) * (kind < 1)
        step = max(c.divisions // 4, 1)
        more = c.only((kind >= 2) & (kind < 3))
        more = more._replace(
            onset=more.onset + step,
            end=more.onset + 2 * step,
            pitch=np.clip(more.pitch + 2, 0, 127),
        )
        return joined(
            c._replace(pitch=np.clip(c.pitch + off, 0, 127)).only((kind < 1) | (kind >= 2)), more
        )

    return way


def ornamented(c: Columns, rng: Rng) -> Columns:
    """Grace notes from above before some notes."""
    c = Columns(8 * c.divisions, 8 * c.onset, 8 * c.end, c.pitch, c.part)
    step = c.divisions // 8
    graces = c.only((rng.random(len(c.pitch)) < 0.15) & (c.onset >= step))
    return joined(
        c,
        graces._replace(
            onset=graces.onset - step, end=graces.onset, pitch=np.minimum(graces.pitch + 2, 127)
        ),
    )


def joined(a: Columns, b: Columns) -> Columns:
    return Columns(a.divisions, *(np.concatenate(pair) for pair in zip(a[1:], b[1:], strict=True)))


def middle(c: Columns) -> int:
    return int(np.sort(c.onset)[len(c.onset) // 2])


def first_half(c: Columns, rng: Rng) -> Columns:
    return c.only(c.onset < max(middle(c), 1))


def second_half(c: Columns, rng: Rng) -> Columns:
    return c.only(c.onset >= middle(c)).moved(-middle(c))


def unfolded(c: Columns, rng: Rng) -> Columns:
    """The first half twice."""
    cut = -(-middle(c) // c.divisions) * c.divisions
    return joined(c.only(c.onset < cut), c.moved(cut))


def cut(c: Columns, rng: Rng) -> Columns:
    """A quarter of the piece left out of its middle."""
    begin, end = np.sort(c.onset)[[len(c.onset) * 3 // 8, len(c.onset) * 5 // 8]]
    return joined(c.only(c.onset < begin), c.only(c.onset >= end).moved(begin - end))


def durations(least: float, most: float) -> Way:
    """Other durations, from staccato to overlapping."""

    def way(c: Columns, rng: Rng) -> Columns:
        lengths = (c.end - c.onset) * rng.uniform(least, most, len(c.end))
        return c._replace(end=c.onset + np.maximum(lengths.astype(np.int64), 1))

    return way


def ringing(c: Columns, rng: Rng) -> Columns:
    return c._replace(end=c.end + c.divisions)


def low_bass(c: Columns, rng: Rng) -> Columns:
    low, high = extremes(c)
    return c._replace(pitch=np.where(low & ~high, np.maximum(c.pitch - 12, 0), c.pitch))


def one_after_another(*ways: Way) -> Way:
    def way(c: Columns, rng: Rng) -> Columns:
        for each in ways:
            c = each(c, rng) if len(c.onset) else c
        return c

    return way


WAYS: dict[str, Way] = {
    "transposed": transposed,
    "note values doubled": doubled,
    "note values halved": halved,
    "leading rest": later,
    "beginning left out": beheaded,
    "lowest voice left out": without("low"),
    "top voice left out": without("top"),
    "inner voice left out": without("inner"),
    "5 % of notes edited": edited(0.05),
    "10 % of notes edited": edited(0.10),
    "15 % of notes with grace": ornamented,
    "first half": first_half,
    "second half": second_half,
    "first half repeated": unfolded,
    "a quarter cut out": cut,
    "durations × 0.3 to 1": durations(0.3, 1),
    "a quarter note longer": ringing,
    "transposed, low voice out": one_after_another(transposed, without("low")),
    "transposed, top voice out": one_after_another(transposed, without("top")),
    "+ halved, 5 % edited (low)": one_after_another(
        transposed, without("low"), halved, edited(0.05)
    ),
    "+ doubled, 5 % edited (top)": one_after_another(
        transposed, without("top"), doubled, edited(0.05)
    ),
    "bass an octave lower": low_bass,
}


def recall(collections: dict[str, list[Columns]]) -> None:
    """All originals of a collection and one variant of each in one grouping: is the variant with
    its original?
    """
    print(
        "Variants that are in their original's group, and how many more links there are between"
        " originals with the variants among them"
    )
    print(f"{'':30}" + "".join(f"{name:>24}" for name in collections))
    before = {name: group(c.fingerprint() for c in pieces) for name, pieces in collections.items()}
    total = dict.fromkeys(collections, (0, 0))
    for kind, way in WAYS.items():
        row = f"{kind:30}"
        for name, pieces in collections.items():
            made = [(i, way(c, np.random.default_rng(i))) for i, c in enumerate(pieces)]
            made = [(i, c) for i, c in made if len(c.onset) >= LEAST]
            groups = group(c.fingerprint() for c in [*pieces, *(c for _, c in made)])
            found = sum(groups[i] == groups[len(pieces) + n] for n, (i, _) in enumerate(made))
            merged = len(set(before[name])) - len(set(groups[: len(pieces)]))
            total[name] = total[name][0] + int(found), total[name][1] + len(made)
            row += f"{found:6}/{len(made)} {found / len(made):7.1%}{merged:4}"
        print(row)
    print(
        f"{'all':30}"
        + "".join(f"{found:6}/{of} {found / of:6.1%}    " for found, of in total.values()),
        "\n",
    )


def editions(bach: list[Columns]) -> None:
    """The same chorales from another source: are they found among the scores?"""
    path = DATA / "jsb" / "Jsb16thSeparated.json"
    if not path.exists():
        return
    frames = [
        np.array(chorale) for side in json.loads(path.read_text()).values() for chorale in side
    ]
    groups = group(
        [
            *(c.fingerprint() for c in bach),
            *(from_frames(chorale).fingerprint() for chorale in frames),
        ]
    )
    found = sum(number in set(groups[: len(bach)]) for number in groups[len(bach) :])
    print(f"Chorales of {path.name} that are found among the scores: {found} of {len(frames)}\n")


def from_frames(frames: np.ndarray) -> Columns:
    """(T, 4) pitches of four voices in sixteenths (silence −1); what is repeated cannot be told
    from what is held.
    """
    voices = []
    for part, line in enumerate(frames.T):
        first = np.flatnonzero(np.append(True, np.diff(line) != 0))
        last = np.append(first[1:], len(line))
        sounding = line[first] > 0
        voices.append(
            (
                first[sounding],
                last[sounding],
                line[first][sounding].astype(np.int64),
                np.full(sounding.sum(), part),
            )
        )
    return Columns(4, *(np.concatenate(column) for column in zip(*voices, strict=True)))


def show_groups(names: dict[str, list[str]], fingerprints: dict[str, list[Fingerprint]]) -> None:
    for name, given in fingerprints.items():
        links = duplicates_of(given)
        sizes = [np.bincount(group(given, melody=melody)) for melody in (False, True)]
        told = ", ".join(
            f"{(each > 1).sum()} groups of {each[each > 1].sum()} pieces {how}"
            for each, how in zip(sizes, HOW, strict=True)
        )
        print(f"\n{name}: {len(given)} pieces; {told}")
        for part, whole, like in links:
            print(
                f"  {names[name][part]} in {names[name][whole]}: {like.semitones:+} semitones,"
                f" scale {like.scale}, {like.share:.0%} of {like.sizes[0]} notes (of"
                f" {like.sizes[1]}), {like.verbatim:.0%} verbatim"
            )


HOW = ("of the same music", "if one melody is enough")


def copies(pieces: Sequence[Columns], count: int) -> Iterator[tuple[int, Columns]]:
    """The pieces, then variants of them in turn, one to three changes each."""
    ways = list(WAYS.values())
    rng = np.random.default_rng(1)
    for number in range(count):
        source = number % len(pieces)
        if number < len(pieces):
            yield source, pieces[source]
            continue
        changes = [ways[w] for w in rng.choice(len(ways), rng.integers(1, 4), replace=False)]
        made = one_after_another(*changes)(pieces[source], rng)
        yield source, made if len(made.onset) >= LEAST else pieces[source]


def medleys(pieces: Sequence[Columns], count: int) -> Iterator[tuple[int, Columns]]:
    """Pieces of 500 notes from bars of 4 quarters, each bar of another piece: no two are alike."""
    bars = [
        c.only((c.onset >= t) & (c.onset < t + 4 * c.divisions)).moved(-t)
        for c in pieces
        for t in range(0, int(c.onset.max()), 4 * c.divisions)
    ]
    rng = np.random.default_rng(2)
    for number in range(count):
        chosen = [bars[b] for b in rng.integers(0, len(bars), 80)]
        size = int(np.searchsorted(np.cumsum([len(bar.onset) for bar in chosen]), 500)) + 1
        grid = 96
        parts = [
            (
                bar.onset * grid // bar.divisions + 4 * grid * n,
                bar.end * grid // bar.divisions + 4 * grid * n,
                bar.pitch,
                bar.part,
            )
            for n, bar in enumerate(chosen[:size])
        ]
        yield (
            number,
            Columns(grid, *(np.concatenate(column) for column in zip(*parts, strict=True))),
        )


def measure(
    kind: str, count: int, pieces: Sequence[Columns], truth: np.ndarray
) -> dict[str, float]:
    """Group `count` synthetic pieces; return the seconds, the memory and the errors."""
    sources, making = [], 0.0

    def stream() -> Iterator[Fingerprint]:
        nonlocal making
        made = (copies if kind == "copies" else medleys)(pieces, count)
        while True:
            begin = time.perf_counter()
            source, c = next(made, (0, None))
            given = c and c.fingerprint()
            making += time.perf_counter() - begin
            if given is None:
                return
            sources.append(source)
            yield given

    before, begin = memory("VmRSS"), time.perf_counter()
    groups = group(stream())
    took = time.perf_counter() - begin - making
    grown = memory("VmHWM") - before
    kinds = truth[sources] if kind == "copies" else np.arange(count)
    table = np.unique(np.stack([kinds, groups]), axis=1, return_counts=True)
    pairs, sizes = table[0], table[1]
    home = {int(kind): int(sizes[pairs[0] == kind].max()) for kind in np.unique(kinds)}
    return {
        "seconds": took,
        "making": making,
        "MB": grown,
        "alone": 1 - sum(home.values()) / count,
        "kinds": len(home),
        "groups": int(groups.max()) + 1,
        "mixed": int((np.bincount(np.unique(pairs, axis=1)[1]) > 1).sum()),
    }


def memory(what: str) -> float:
    """Megabytes that this process has (VmRSS) or had at most (VmHWM), as Linux counts; nan
    elsewhere.

    (The peak that `resource` tells is at least that of the process which started this one.)
    """
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


def cost(pieces: list[Columns], sizes: list[int]) -> None:
    print(
        f"\nA fingerprint: {fingerprint_time(pieces):.2f} ms a piece of"
        f" {np.mean([len(c.onset) for c in pieces]):.0f} notes"
    )
    print(
        f"{'':28}{'seconds':>9}{'ms a piece':>12}{'MB':>7}{'pieces astray':>15}{'musics':>8}{'groups':>8}{'of two musics':>15}"  # noqa: E501
    )
    for kind, count in [*(("copies", size) for size in sizes), ("unrelated", 20_000)]:
        command = [sys.executable, __file__, "--one", kind, str(count)]
        out = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        row = (
            f"{count:8,}"
            f" {kind:19}{out['seconds']:9.1f}{out['seconds'] / count * 1e3:12.2f}{out['MB']:7.0f}{out['alone']:15.2%}"  # noqa: E501
        )
        print(row + f"{out['kinds']:8}{out['groups']:8}{out['mixed']:15}")


def fingerprint_time(pieces: list[Columns]) -> float:
    """Milliseconds a piece, the best of five rounds."""
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        for c in pieces:
            c.fingerprint()
        times.append(time.perf_counter() - begin)
    return min(times) / len(pieces) * 1e3


def guitar() -> list[Path]:
    paths = sorted((DATA / "mutopia-guitar").rglob("*.mid"))
    if not paths:
        sys.exit(f"no MIDI files in {DATA / 'mutopia-guitar'} (set PARTIMENTO_DATA)")
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=["recall", "groups", "cost"])
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="+",
        default=[1_000, 10_000, 50_000],
        help="how many copies with variation",
    )
    parser.add_argument("--one", nargs=2, metavar=("KIND", "COUNT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    read = {"guitar": [read_piece(path) for path in guitar()]}
    pieces = [columns_of(piece) for piece in read["guitar"]]
    if options.one:
        truth = group(c.fingerprint() for c in pieces)
        print(json.dumps(measure(options.one[0], int(options.one[1]), pieces, truth)))
        return
    names = {"guitar": [path.stem for path in guitar()]}
    if options.only != "cost":
        scores = resolve("bundled:bach")
        read["bach"], names["bach"] = (
            [read_piece(path) for path in scores],
            [path.name for path in scores],
        )
    if options.only in (None, "recall"):
        recall({name: [columns_of(piece) for piece in each] for name, each in read.items()})
        editions([columns_of(piece) for piece in read["bach"]])
    if options.only in (None, "groups"):
        show_groups(
            names, {name: [fingerprint(piece) for piece in each] for name, each in read.items()}
        )
    if options.only in (None, "cost"):
        cost(pieces, options.sizes)


if __name__ == "__main__":
    main()
