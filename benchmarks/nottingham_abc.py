"""The Nottingham tunes in ABC against the MIDI files of their melodies.

The MIDI files were made by music21, as their bytes tell: each track begins with its pitch bend
and 1,024 ticks a quarter. It plays repeats and accidentals in a way of its own. Where a melody is
not equal to our reading, its bars are found in ours one by one: the difference is then in the order
of the bars, or in accidentals that music21 ends with their note instead of with the bar.

python benchmarks/nottingham_abc.py [--details] [--abc2midi] [--music21 N]
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

from partimento.corpus import read_piece
from partimento.io.abc.read import piece_from_abc
from partimento.io.abc.tune_reader import TuneReader
from partimento.io.abc.tunes import Tune, decode_tune, split_tunes
from partimento.io.written import TIE_STOP
from partimento.music.piece import Piece

DATA = Path(os.environ.get("PARTIMENTO_DATA", Path(__file__).parents[2] / "shared" / "data"))
FOLDER = DATA / "nottingham-chords"
SLACK = 0.03  # quarters: the MIDI rounds tuplets to 1/1024
NEEDED = 20  # times music21's rate
MOST_STEPS = 200_000  # of the search for bars
Row = tuple[float, float, int]
Bar = tuple[
    float, list[tuple[float, int, int, bool]]
]  # length; onset, pitches by rule, may be tied


def rows(piece: Piece) -> list[Row]:
    """Onset, duration and pitch of the notes, from the first note on."""
    found = sorted((float(n.onset), float(n.duration), n.pitch) for n in piece.notes if not n.grace)
    start = found[0][0] if found else 0.0
    return [(onset - start, duration, pitch) for onset, duration, pitch in found]


def equal(ours: list[Row], theirs: list[Row]) -> bool:
    """Whether two melodies are the same."""
    return len(ours) == len(theirs) and all(
        abs(a[0] - b[0]) < SLACK and abs(a[1] - b[1]) < SLACK and a[2] == b[2]
        for a, b in zip(ours, theirs, strict=True)
    )


def bars_of(tune: Tune) -> list[Bar]:
    """The written bars of a tune, with pitches by ABC's rule and by music21's."""
    readers = []
    for rule in ("pitch", "not"):
        reader = TuneReader()
        reader.propagate = rule
        reader.read(decode_tune(tune.data).texts[0])
        readers.append(reader.heard[0])
    ours, theirs = readers
    ends = [*ours.bars[1:], ours.now]
    bars: list[Bar] = [(float(end - begin), []) for begin, end in zip(ours.bars, ends, strict=True)]
    for a, b in zip(ours.rows, theirs.rows, strict=True):
        if a.duration:
            bar = max(i for i, begin in enumerate(ours.bars) if begin <= a.onset)
            onset = float(a.onset - ours.bars[bar])
            bars[bar][1].append((onset, a.pitch, b.pitch, bool(a.ties & TIE_STOP)))
    return bars


def reason(tune: Tune, melody: list[Row]) -> str:
    """Why a melody differs: its bars in another order, other accidentals, or something else."""
    bars = bars_of(tune)
    start = next((row[0] for _, content in bars for row in content), 0.0)
    end = melody[-1][0] + melody[-1][1]
    waiting: list[tuple[float, int, bool]] = [(-start, -1, False)]
    seen: set[tuple[int, int]] = set()
    steps = 0
    while waiting and steps < MOST_STEPS:
        now, last, other = waiting.pop()
        if now > end - SLACK or not any(row[0] > now - SLACK for row in melody):
            return "other accidentals" if other and last < 0 else _named(other)
        for bar in [*[b for b in range(len(bars)) if b != last + 1], last + 1]:
            if bar >= len(bars) or (round(now * 50), bar) in seen:
                continue
            steps += 1
            fits = _fits(bars[bar], melody, now)
            if fits:
                seen.add((round(now * 50), bar))
                waiting.append((now + bars[bar][0], bar, other or fits == "other"))
    return "other notes"


def _named(other: bool) -> str:
    return "other accidentals" if other else "bars in another order"


def _fits(bar: Bar, melody: list[Row], now: float) -> str:
    """Whether a bar stands in the melody at a time: ``same``, ``other`` accidentals, or empty."""
    length, content = bar
    there = {
        (round(row[0] - now, 1), row[2]): row
        for row in melody
        if now - SLACK <= row[0] < now + length - SLACK
    }
    found, used = "same", 0
    for onset, ours, theirs, may_be_tied in content:
        keys = [(round(onset, 1), pitch) for pitch in dict.fromkeys((ours, theirs))]
        match = next((key for key in keys if key in there), None)
        if match is None:
            if not may_be_tied:
                return ""
            continue
        used += 1
        if match[1] != ours:
            found = "other"
    return found if used == len(there) and length > 0 else ""


def measure() -> tuple[Counter[str], list[tuple[str, str]]]:
    """Compare all tunes; return the number of each outcome, and the tunes that are not equal."""
    counts: Counter[str] = Counter()
    different = []
    for path in sorted((FOLDER / "ABC_cleaned").glob("*.abc")):
        for tune in split_tunes(path.read_bytes()):
            name = f"{path.stem}{tune.name}"
            melody = rows(read_piece(FOLDER / "MIDI" / "melody" / f"{name}.mid"))
            same = equal(rows(piece_from_abc(tune.data, unfold=True)), melody)
            outcome = "equal" if same else reason(tune, melody)
            counts[outcome] += 1
            if not same:
                different.append((name, outcome))
    return counts, different


def second_reading() -> tuple[int, int, list[str]]:
    """Compare with abc2midi, an independent reader: tunes, equal ones, and the others' names.

    Rhythms are left out of the tunes, because abc2midi would let hornpipes swing.
    """
    tunes, same, others = 0, 0, []
    with tempfile.TemporaryDirectory() as folder:
        source, result = Path(folder, "tune.abc"), Path(folder, "tune.mid")
        for path in sorted((FOLDER / "ABC_cleaned").glob("*.abc")):
            for tune in split_tunes(path.read_bytes()):
                source.write_bytes(re.sub(rb"(?m)^R:.*\n", b"", tune.data))
                command = ["abc2midi", str(source), "-o", str(result)]
                subprocess.run(command, capture_output=True, check=False)
                ours = rows(piece_from_abc(tune.data, unfold=True))
                is_same = equal(ours, rows(read_piece(result).part(0)))
                tunes, same = tunes + 1, same + is_same
                others += [] if is_same else [path.stem + tune.name]
    return tunes, same, others


def rates(count: int) -> tuple[float, float]:
    """Tunes a second: ours, and music21's on every n-th tune, in one run."""
    from music21 import converter

    tunes = [
        tune.data
        for path in sorted((FOLDER / "ABC_cleaned").glob("*.abc"))
        for tune in split_tunes(path.read_bytes())
    ]
    some = tunes[:: max(len(tunes) // count, 1)]
    begin = time.perf_counter()
    for data in some * 5:
        piece_from_abc(data)
    ours = len(some) * 5 / (time.perf_counter() - begin)
    warnings.simplefilter("ignore")
    converter.parseData(some[0].decode("latin-1"), format="abc")
    begin = time.perf_counter()
    for data in some:
        converter.parseData(data.decode("latin-1"), format="abc")
    return ours, len(some) / (time.perf_counter() - begin)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--details", action="store_true", help="list the tunes that differ")
    parser.add_argument("--abc2midi", action="store_true", help="compare with abc2midi, too")
    parser.add_argument(
        "--music21", type=int, default=0, metavar="N", help="compare the rates on N tunes"
    )
    arguments = parser.parse_args()
    counts, different = measure()
    if arguments.details:
        for name, outcome in different:
            print(f"{name:14}{outcome}")
    print(
        f"{sum(counts.values())} tunes: "
        + ", ".join(f"{n} {what}" for what, n in counts.most_common())
    )
    if arguments.abc2midi:
        tunes, same, others = second_reading()
        print(f"{same} of {tunes} tunes equal to abc2midi; others: {', '.join(others)}")
    if arguments.music21:
        ours, theirs = rates(arguments.music21)
        times = f"{ours / theirs:.0f} times; needed {NEEDED}"
        print(f"{ours:.0f} tunes a second, music21 {theirs:.1f}: {times}")
        if ours < NEEDED * theirs:
            sys.exit(1)


if __name__ == "__main__":
    main()
