"""Compare our reading of Guitar Pro files with MuseScore's, over songs made by chance.

    python benchmarks/guitar_pro.py [--songs 60]

Each song has two voices in full bars, with tuplets, dots, ties, grace notes, changes of meter and
key. It is written by PyGuitarPro as version 3, 4 or 5, opened by MuseScore 3 (``mscore3``), saved
as MusicXML, and compared note by note: onset, duration, pitch, grace. Simpler songs are written as
version 6 (``.gpx``).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from guitarpro import models
from tests.io.guitar_pro.songs import (
    VERSIONS,
    add_beat,
    binary,
    compressed,
    file_system,
    fretted,
    gpif,
    song,
    value,
)

import partimento as pt

BARS = 8
# The contents of a quarter: values, with dots and tuplets.
QUARTERS: tuple[tuple[dict[str, Any], ...], ...] = (
    ({"value": 4},),
    ({"value": 8}, {"value": 8}),
    ({"value": 8, "dotted": True}, {"value": 16}),
    tuple({"value": 8, "tuplet": (3, 2)} for _ in range(3)),
    tuple({"value": 16, "tuplet": (5, 4)} for _ in range(5)),
)


def random_song(rng: Random, *, voices: int) -> Any:
    """Return a song; version 3 and 4 have one voice."""
    made = song(BARS, title="By chance", music="Nobody")
    meter = 4
    for bar, header in enumerate(made.measureHeaders):
        if bar and rng.random() < 0.2:
            meter = rng.choice([2, 3, 4])
        header.timeSignature = models.TimeSignature(meter, models.Duration(4))
        for voice in range(voices):
            _fill(made, bar, voice, meter, rng)
    return made


def _fill(made: Any, bar: int, voice: int, meter: int, rng: Random) -> None:
    """Fill a bar; the first voice has the high strings, the second one the low ones."""
    strings = range(1, 4) if voice == 0 else range(4, 7)
    before: list[tuple[int, int]] = []
    for _ in range(meter):
        for written in rng.choice(QUARTERS):
            tones = [
                (string, rng.randrange(12)) for string in rng.sample(strings, rng.randrange(3))
            ]
            kind = "normal"
            if before and rng.random() < 0.2:
                tones, kind = before, "tie"
            beat = add_beat(made, bar, *tones, kind=kind, voice=voice, **written)
            if tones and kind == "normal" and rng.random() < 0.1:
                beat.notes[0].effect.grace = models.GraceEffect(fret=rng.randrange(12))
            before = tones


def gpx_file(rng: Random) -> bytes:
    """Return a song of version 6.

    Its first bar is empty, because MuseScore leaves out the first bar of such short documents.
    """
    dot, triplet = '<AugmentationDot count="1"/>', '<PrimaryTuplet num="3" den="2"/>'
    quarters = (
        [("Quarter", "")],
        [("Eighth", "")] * 2,
        [("Eighth", dot), ("16th", "")],
        [("Eighth", triplet)] * 3,
    )
    bars: list[list[str]] = [[value("Whole")]]
    for _ in range(BARS):
        beats = []
        for kind, more in [item for _ in range(4) for item in rng.choice(quarters)]:
            notes = [fretted(s, rng.randrange(12)) for s in rng.sample(range(6), rng.randrange(3))]
            beats.append("|".join(["<Dynamic>MF</Dynamic>#" + value(kind, more), *notes]))
        bars.append(beats)
    track = (
        "<GeneralMidi table='Instrument'><Program>24</Program><PrimaryChannel>0</PrimaryChannel>"
        "</GeneralMidi><Properties><Property name='Tuning'><Pitches>40 45 50 55 59 64</Pitches>"
        "</Property></Properties>"
    )
    key = "<Key><AccidentalCount>0</AccidentalCount><Mode>Major</Mode></Key>"
    return compressed(file_system(gpif(bars, track=track, masters=[key] * len(bars))))


def notes_of(piece: pt.Piece, later: int = 0) -> Counter[tuple[Any, ...]]:
    return Counter((n.onset + later, n.duration, n.pitch, n.grace) for n in piece.notes)


def compare(path: Path, later: int = 0) -> tuple[int, int]:
    """Return the number of equal notes and of all; `later` is added to MuseScore's times."""
    theirs = path.with_name(f"{path.name}.musicxml")
    subprocess.run(
        ["mscore3", "-o", theirs, path],
        check=True,
        capture_output=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        timeout=60,
    )
    a, b = notes_of(pt.read(path)), notes_of(pt.read(theirs), later)
    if a != b:
        print(path.name, sorted(a - b)[:2], sorted(b - a)[:2])
    return (a & b).total(), max(a.total(), b.total())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--songs", type=int, default=60)
    songs = parser.parse_args().songs
    found: dict[str, list[tuple[int, int]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(songs):
            suffix = [*VERSIONS, ".gpx"][number % 4]
            path, rng = Path(folder, f"{number}{suffix}"), Random(number)
            if suffix == ".gpx":
                path.write_bytes(gpx_file(rng))
            else:
                made = random_song(rng, voices=2 if suffix == ".gp5" else 1)
                path.write_bytes(binary(made, suffix))
            found.setdefault(suffix, []).append(compare(path, 4 if suffix == ".gpx" else 0))
    for suffix, pairs in found.items():
        equal, total = (sum(column) for column in zip(*pairs, strict=True))
        same = sum(a == b for a, b in pairs)
        print(f"{suffix}: {equal:,} of {total:,} notes equal, {same} of {len(pairs)} songs")


if __name__ == "__main__":
    main()
