"""Measure what is judged playable on the guitar, and the fingerings of a whole collection.

    python benchmarks/guitar.py [--pieces 415] [--peer PYTHON] [--out curves.png]

1. The share of chords that are judged playable, by the limit of the cost: chords that composers
   wrote for solo guitar, and as many random chords. A random chord has as many notes as the
   written one, drawn from the range of the guitar in that tuning up to B5. Chords are the notes
   that are struck together, without grace notes. Pieces notated an octave high are lowered.
2. The same for the move from one strike to the next, in the time between them.
3. The time to finger the collection, and what cannot be played.
4. Strings and positions of the one edition of the collection whose source states strings.
5. With `--peer`, the package tabsynth (MIT), which must be installed for that interpreter. It gets
   the same strikes. Its chords come from templates of pitch classes. A note counts as right if its
   string and fret give its pitch.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import time
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np

import partimento as pt
from partimento.analysis.guitar_octave import to_sounding
from partimento.guitar.fingerings import find_fingering
from partimento.guitar.playable import LIMIT, can_move, chord_cost
from partimento.guitar.tunings import STANDARD, Tuning, tuning_of

DATA = Path(os.environ.get("PARTIMENTO_DATA", Path(__file__).parents[2] / "shared" / "data"))
FOLDER = DATA / "mutopia-guitar"
LIMITS = (0.5, 1.0, 1.5, 2.0, 2.5, LIMIT, 3.5, 4.0, 5.0)
HIGHEST = 83  # B5
PEER_PIECES = 40
DRAWS = 20  # random chords per written one, at most
PEER = """
import json, sys, time
from tabsynth import ChordEvent, NoteEvent, build_fretboard
from tabsynth.candidates import generate_candidates
from tabsynth.optimize import optimize_sequence
answers = []
for strikes in json.load(sys.stdin):
    hertz = lambda p: 440 * 2 ** ((p - 69) / 12)
    events = [
        NoteEvent(pitch_hz=hertz(p[0]), start=t, duration=0.1) if len(p) == 1
        else ChordEvent(pitches_hz=[hertz(x) for x in p], start=t, duration=0.1)
        for t, p in strikes
    ]
    begin = time.perf_counter()
    try:
        states = optimize_sequence(events)
        error = ""
    except Exception as reason:
        states, error = [], str(reason)[:80]
    places = {s.start: s.frets_by_string for s in states if s is not None}
    answers.append([time.perf_counter() - begin, places, error])
json.dump(answers, sys.stdout)
"""
# Strings of the transcription of Faure's Sicilienne op. 78 by L. A. Morin, typeset by O. Flatres
# and F. Bruni (Mutopia 2012/12/23-636, public domain): bar, sixteenth, pitch, string. These are
# the notes of bars 0 to 8 that have a printed string number.
FAURE = FOLDER / "FaureG/faure-sicilienne-guitare-doigtee.mid"
PRINTED = (
    *((0, 0, 50, 5), (1, 1, 50, 5), (1, 2, 55, 4), (1, 3, 50, 5), (1, 4, 58, 3), (1, 5, 55, 4)),
    *((2, 1, 62, 3), (2, 2, 67, 2), (2, 4, 67, 2), (2, 7, 60, 3), (2, 9, 60, 3), (2, 0, 52, 5)),
    *((2, 6, 53, 4), (3, 0, 46, 5), (4, 10, 50, 4), (5, 1, 50, 5), (5, 2, 55, 4), (5, 3, 50, 5)),
    *((5, 4, 58, 3), (5, 5, 55, 4), (5, 10, 65, 2), (6, 10, 65, 2), (7, 0, 64, 1), (7, 1, 55, 4)),
    *((8, 0, 55, 3), (8, 2, 55, 4), (8, 3, 50, 5), (8, 4, 55, 4), (8, 5, 50, 5), (8, 10, 50, 5)),
)
# Its barrés: bar, first sixteenth, sixteenth after the last one, fret.
BARRES = (
    *((1, 4, 12, 3), (2, 6, 12, 3), (3, 0, 12, 1), (5, 4, 12, 3), (6, 0, 6, 1), (17, 0, 12, 5)),
    *((18, 0, 6, 8), (18, 6, 12, 1), (19, 6, 12, 1), (20, 6, 12, 3), (25, 6, 12, 3)),
    *((26, 0, 6, 6), (26, 6, 12, 5), (27, 6, 12, 3), (28, 6, 12, 2)),
)
Chord = tuple[int, ...]


def rows() -> list[dict[str, str]]:
    with (FOLDER / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def struck(piece: pt.Piece) -> dict[int, Chord]:
    """Return the pitches that are struck at each onset, in steps."""
    chords: dict[int, set[int]] = {}
    notes = piece.notes
    for onset, pitch, grace in zip(
        notes.onset.tolist(), notes.pitch.tolist(), notes.grace.tolist(), strict=True
    ):
        if not grace:
            chords.setdefault(onset, set()).add(pitch)
    return {onset: tuple(sorted(chord)) for onset, chord in chords.items()}


def measure_chords(out: Path | None) -> None:
    """Print the shares of playable chords by limit, and draw the curves."""
    rng = np.random.default_rng(0)
    written: Counter[tuple[Chord, Tuning]] = Counter()
    for row in rows():
        if row["guitar_alone"] == "yes" and row["ensemble"] == "solo":
            piece = to_sounding(pt.read(FOLDER / row["path"]), instrument="guitar")
            tuning = tuning_of(piece)
            written.update((c, tuning) for c in struck(piece).values() if len(c) > 1)
    # A chord that occurs often has several random ones, so that no single one weighs much.
    rows_of: list[tuple[float, float, float, int]] = []  # cost, random cost, weight, size
    for (chord, tuning), count in written.items():
        choice = np.arange(min(tuning.open_pitches), HIGHEST + 1)
        cost_of_chord, draws = chord_cost(chord, tuning), min(count, DRAWS)
        for _ in range(draws):
            drawn = chord_cost(rng.choice(choice, len(chord), replace=False).tolist(), tuning)
            rows_of.append((cost_of_chord, drawn, count / draws, len(chord)))
    cost, other, weight, size = np.array(rows_of).T
    print(f"{weight.sum():,.0f} chords, {len(written):,} different ones, limit {LIMIT:g}")
    print("limit   " + "  ".join(f"{name:^17}" for name in ("2 notes or more", "3 or more", "4")))
    print("        " + "  ".join(["written   random "] * 3))
    curves: dict[tuple[int, str], list[float]] = {}
    for limit in LIMITS:
        cells = []
        for least in (2, 3, 4):
            kept = size >= least
            for name, values in (("written", cost), ("random", other)):
                share = weight[kept & (values <= limit)].sum() / weight[kept].sum()
                cells.append(f"{share:8.1%}")
                curves.setdefault((least, name), []).append(share)
        print(
            f"{limit:5g}  " + "  ".join(f"{a} {b}" for a, b in zip(*[iter(cells)] * 2, strict=True))
        )
    for least in (2, 3, 4):
        kept = size >= least
        order = np.argsort(cost[kept])
        share = np.cumsum(weight[kept][order]) / weight[kept].sum()
        limit = cost[kept][order][np.searchsorted(share, 0.97)]
        taken = weight[kept & (other <= limit)].sum() / weight[kept].sum()
        print(
            f"{least} notes or more: 97 % of the written at limit {limit:.2f}, random {taken:.1%}"
        )
    if out:
        draw(cost, other, weight, size, out)


def draw(
    cost: np.ndarray, other: np.ndarray, weight: np.ndarray, size: np.ndarray, out: Path
) -> None:
    """Draw the share of playable chords over the limit."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    limits = np.linspace(0, 6, 121)
    figure, axes = pyplot.subplots(figsize=(6, 3.4), layout="constrained")
    for least, style in ((2, ":"), (3, "-"), (4, "--")):
        kept = size >= least
        for name, values, color in (("written", cost, "C0"), ("random", other, "C3")):
            shares = [weight[kept & (values <= x)].sum() / weight[kept].sum() for x in limits]
            axes.plot(limits, shares, style, color=color, label=f"{name}, {least} notes or more")
    axes.axvline(LIMIT, color="gray", linewidth=0.8)
    axes.set(xlabel="limit of the cost", ylabel="judged playable", ylim=(0, 1.02), xlim=(0, 6))
    axes.legend(fontsize=8)
    figure.savefig(out, dpi=150)


def measure_moves() -> None:
    """Print how many moves from one strike to the next are playable, written and random ones."""
    rng = np.random.default_rng(0)
    written = drawn = total = 0
    for row in rows()[::4]:
        if row["guitar_alone"] != "yes" or row["ensemble"] != "solo":
            continue
        piece = to_sounding(pt.read(FOLDER / row["path"]), instrument="guitar")
        tuning = tuning_of(piece)
        choice = np.arange(min(tuning.open_pitches), HIGHEST + 1)
        rate = piece.tempos[0].us_per_quarter / 1e6 / piece.notes.divisions if piece.tempos else 0.5
        for (onset, chord), (later, following) in pairwise(struck(piece).items()):
            if len(chord) + len(following) < 3:
                continue
            seconds = (later - onset) * rate
            total += 1
            written += can_move(chord, following, seconds, tuning)
            pair = [rng.choice(choice, len(c), replace=False).tolist() for c in (chord, following)]
            drawn += can_move(*pair, seconds, tuning)
    print(
        f"{total:,} moves of three notes or more: {written / total:.1%} of the written and"
        f" {drawn / total:.1%} of the random ones are playable"
    )


def measure_fingering(pieces: int) -> None:
    """Finger the collection and print what cannot be played."""
    begin = time.perf_counter()
    notes = strikes = unplayable = without = cut = 0
    paths = [FOLDER / row["path"] for row in rows()][:pieces]
    read = [pt.read(path) for path in paths]
    reading = time.perf_counter() - begin
    begin = time.perf_counter()
    for piece in read:
        found = find_fingering(piece)
        notes += len(piece.notes)
        for part in found.parts:
            strikes += len(part.positions)
            unplayable += len(part.unplayable)
            without += len(part.without_place)
            cut += part.cut
    seconds = time.perf_counter() - begin
    print(
        f"{len(paths)} pieces, {notes:,} notes: read in {reading:.1f} s, fingered in"
        f" {seconds:.1f} s; {unplayable} of {strikes:,} strikes unplayable, {without} notes without"
        f" a place, {cut:,} notes cut short"
    )


def measure_printed() -> None:
    """Compare strings and positions with those of a printed edition."""
    found = find_fingering(pt.read(FAURE), tuning="drop d")
    # An eighth note before the first bar, which the MIDI file does not state; 6/8.
    bars = {bar: max(Fraction(1, 2) + 3 * (bar - 1), Fraction(0)) for bar in range(40)}
    placed = {(n.onset, n.pitch): n for n in found.piece.notes}
    strings = [
        note.string == string
        for bar, place, pitch, string in PRINTED
        if (note := placed.get((bars[bar] + Fraction(place, 4), pitch))) is not None
    ]
    near = exact = total = 0
    for bar, first, last, fret in BARRES:
        start, end = (bars[bar] + Fraction(place, 4) for place in (first, last))
        for onset, position in found.parts[0].positions:
            if start <= onset < end:
                total += 1
                exact += position == fret
                near += abs(position - fret) <= 1
    print(
        f"Faure, Sicilienne: {sum(strings)} of {len(strings)} printed strings; under printed barrés"
        f" the hand is at the printed fret in {exact} of {total} strikes, within one in {near}"
    )


def measure_peer(python: str) -> None:
    """Compare with tabsynth on the same strikes."""
    chosen = [row for row in rows() if row["ensemble"] == "solo"][::8][:PEER_PIECES]
    read = [to_sounding(pt.read(FOLDER / row["path"]), instrument="guitar") for row in chosen]
    read = [piece for piece in read if tuning_of(piece) == STANDARD]
    strikes = [[[float(i), chord] for i, chord in enumerate(struck(p).values())] for p in read]
    answer = subprocess.run(
        [python, "-c", PEER], input=json.dumps(strikes), capture_output=True, text=True, check=True
    )
    theirs = json.loads(answer.stdout)
    right = total = single = single_right = failed = 0
    for piece, (_, places, error) in zip(strikes, theirs, strict=True):
        failed += bool(error)
        for time_s, chord in piece:
            frets = places.get(str(time_s), {})
            sounds = {STANDARD.strings[int(s) - 1] + f for s, f in frets.items()}
            total += len(chord)
            right += len(set(chord) & sounds)
            single += len(chord) == 1
            single_right += len(chord) == 1 and sounds == set(chord)
    begin = time.perf_counter()
    ours = sum(
        sum(note.fret is not None for note in find_fingering(piece, tuning="standard").piece.notes)
        for piece in read
    )
    seconds = time.perf_counter() - begin
    all_notes = sum(len(piece.notes) for piece in read)
    print(
        f"{len(read)} pieces: tabsynth {sum(t for t, *_ in theirs):.1f} s, {right:,} of {total:,}"
        f" notes at their pitch ({single_right:,} of {single:,} single notes), {failed} pieces"
        f" refused; ours {seconds:.1f} s, {ours:,} of {all_notes:,} notes"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pieces", type=int, default=415)
    parser.add_argument("--peer", help="a Python in whose environment tabsynth is installed")
    parser.add_argument("--out", type=Path, help="a picture of the curves")
    options = parser.parse_args()
    measure_chords(options.out)
    measure_moves()
    measure_fingering(options.pieces)
    measure_printed()
    if options.peer:
        measure_peer(options.peer)


if __name__ == "__main__":
    main()
