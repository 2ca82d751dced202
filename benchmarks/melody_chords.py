"""Measure the chords that models give to a melody: the task of Lim, Rhyu and Lee (2017).

    python benchmarks/melody_chords.py Jsb16thSeparated.json RUN… [--pieces N] [--split test]

A melody is given, and a chord is wanted for each half bar, one of 24 major and minor triads. Here
the melodies are the sopranos of held-out chorales. The reference is `chord_labels` of Bach's own
four voices. A run harmonises the melody, and `chord_labels` of the result are its answer. All
methods are told the key. Runs must have learned from the training split of the set.

- best: the labels of the best candidate of `harmonise`.
- vote: at each half bar, the most frequent label of all candidates (`--candidates`).
- counts: a hidden Markov model of chords relative to the tonic, counted in the training pieces. Its
  answer is the most probable chord of each half bar, given the whole melody. Its weight of the
  melody is chosen on validation pieces.
- tonic: always the tonic triad.

Half bars are two quarters; accuracy per beat and per bar stand beside them. *distinct* is the
number of different chords per tune, as a share of Bach's: a method that only knows tonic and
dominant can have a good accuracy, but no variety.

References
----------
H. Lim, S. Rhyu and K. Lee, "Chord generation from symbolic melody using BLSTM networks", ISMIR
2017.
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np

import partimento as pt
from partimento.analysis.chord_labels import chord_labels
from partimento.analysis.keys import analyze_key
from partimento.corpus.benchmarks import read_benchmark
from partimento.evaluation.benchmarks import pieces_of
from partimento.generate.harmonise import harmonise_candidates
from partimento.music.chord_names import classes_named
from partimento.music.piece import Piece
from partimento.music.timelines import Key
from partimento.tables import markdown_table

UNITS = {"beat": 1, "half bar": 2, "bar": 4}  # quarters
HALF_BAR = 2
LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
MINOR_THIRD = 3
TRIADS = 24  # twice the root, plus one for minor
NONE = -1
WEIGHTS = (0.5, 1.0, 2.0, 4.0)
SMOOTHING = 0.5


def triad(text: str) -> int:
    """Return the triad of a chord symbol; NONE if it names no chord."""
    match, classes = re.match(r"([A-G])([#b]?)", text), classes_named(text.split("/")[0])
    if match is None or classes is None:
        return NONE
    root = (LETTERS[match[1]] + {"#": 1, "b": -1, "": 0}[match[2]]) % 12
    return 2 * root + ((root + MINOR_THIRD) % 12 in classes)


def triads(piece: Piece, quarters: int) -> np.ndarray:
    """Return the triad that lasts longest in each unit of time, ``(U,)``; NONE for none."""
    symbols = chord_labels(piece, inversions=False)
    ends = [*(float(symbol.onset) for symbol in symbols[1:]), float(piece.length)]
    found = np.zeros((-(-piece.length // quarters), TRIADS))
    for symbol, end in zip(symbols, ends, strict=True):
        number = triad(symbol.text)
        for unit in range(int(symbol.onset // quarters), len(found)):
            begin = max(float(symbol.onset), unit * quarters)
            length = min(end, (unit + 1) * quarters) - begin
            if length <= 0:
                break
            if number != NONE:
                found[unit, number] += length
    return np.where(found.any(axis=1), found.argmax(axis=1), NONE)


def classes_of(piece: Piece, quarters: int) -> np.ndarray:
    """Return how long each pitch class of a melody sounds in each unit, ``(U, 12)``."""
    found = np.zeros((-(-piece.length // quarters), 12))
    for note in piece.notes:
        for unit in range(int(note.onset // quarters), len(found)):
            begin = max(note.onset, Fraction(unit * quarters))
            length = min(note.end, Fraction((unit + 1) * quarters)) - begin
            if length <= 0:
                break
            found[unit, note.pitch % 12] += float(length)
    return found


def soprano_of(piece: Piece) -> Piece:
    """Return the melody alone."""
    return piece.part(0)


class Tune(NamedTuple):
    """A melody relative to its tonic, and its chords per half bar."""

    minor: int
    tonic: int
    chords: np.ndarray
    classes: np.ndarray


def tune_of(piece: Piece, quarters: int = HALF_BAR) -> Tune:
    """Return what the hidden Markov model learns from."""
    key = analyze_key(piece)[0]
    chords = triads(piece, quarters)
    moved = np.where(chords == NONE, NONE, (chords - 2 * key.tonic) % TRIADS)
    classes = np.roll(classes_of(soprano_of(piece), quarters), -key.tonic, axis=1)
    return Tune(int(key.mode == "minor"), key.tonic, moved, classes)


class ChordHmm:
    """Predict chords from a melody by counts; one model for major and one for minor."""

    def __init__(self, tunes: Sequence[Tune]) -> None:
        self.first = np.full((2, TRIADS), SMOOTHING)
        self.following = np.full((2, TRIADS, TRIADS), SMOOTHING / TRIADS)
        self.sounding = np.full((2, TRIADS, 12), SMOOTHING)
        for tune in tunes:
            known = [*zip(tune.chords.tolist(), tune.classes, strict=False)]
            known = [pair for pair in known if pair[0] != NONE]
            for (chord, classes), after in zip(known, [*known[1:], None], strict=True):
                self.sounding[tune.minor, chord] += classes
                if after is not None:
                    self.following[tune.minor, chord, after[0]] += 1
            if known:
                self.first[tune.minor, known[0][0]] += 1
        for table in (self.first, self.following, self.sounding):
            table /= table.sum(axis=-1, keepdims=True)

    def chords(self, tune: Tune, weight: float) -> np.ndarray:
        """Return the most probable chord of each unit, given the whole melody."""
        seen = weight * tune.classes @ np.log(self.sounding[tune.minor]).T
        seen = np.exp(seen - seen.max(axis=1, keepdims=True))
        step, forward = self.following[tune.minor], np.zeros_like(seen)
        backward = np.ones_like(seen)
        forward[0] = self.first[tune.minor] * seen[0]
        for unit in range(1, len(seen)):
            row = forward[unit - 1] @ step * seen[unit]
            forward[unit] = row / row.sum()
        for unit in range(len(seen) - 2, -1, -1):
            row = step @ (backward[unit + 1] * seen[unit + 1])
            backward[unit] = row / row.sum()
        return np.asarray((forward * backward).argmax(axis=1))


def accuracy(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    """Return the share of units with the chord of the reference."""
    right = units = 0
    for wanted, found in pairs:
        length = min(len(wanted), len(found))
        counts = wanted[:length] != NONE
        right += int(((wanted[:length] == found[:length]) & counts).sum())
        units += int(counts.sum())
    return right / max(units, 1)


def distinct(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    """Return the number of different chords, as a share of the reference's."""
    numbers = [[len({*row.tolist()} - {NONE}) for row in pair] for pair in pairs]
    own = np.array(numbers, float)
    return float(own[:, 1].sum() / own[:, 0].sum())


def voted(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Return the most frequent chord of each unit; the first of several equal ones."""
    length = min(map(len, rows))
    return np.array([Counter(row[u] for row in rows).most_common(1)[0][0] for u in range(length)])


Answers = dict[str, list[np.ndarray]]  # name of a unit → the chords of each piece


def row_of(name: str, wanted: Answers, found: Answers, seconds: float = 0.0) -> list[str]:
    """Return a row of the table."""
    pairs = {unit: list(zip(wanted[unit], rows, strict=True)) for unit, rows in found.items()}
    cells = [f"{accuracy(pairs[unit]):.1%}" if unit in pairs else "" for unit in UNITS]
    return [name, *cells, f"{distinct(pairs['half bar']):.0%}", f"{seconds:.1f}" if seconds else ""]


def harmonised(
    folder: str, pieces: Sequence[Piece], keys: Sequence[Key], candidates: int
) -> tuple[Answers, Answers, float]:
    """Return the chords of the best candidates, of the votes, and the seconds per tune."""
    trained = pt.load_model(folder)
    best: Answers = {unit: [] for unit in UNITS}
    votes: Answers = {unit: [] for unit in UNITS}
    clocks = []
    for number, (piece, key) in enumerate(zip(pieces, keys, strict=True)):
        clock = time.process_time()
        found = harmonise_candidates(
            trained, soprano_of(piece), best=candidates, key=key, seed=number
        )
        clocks.append(time.process_time() - clock)
        for unit, quarters in UNITS.items():
            rows = [triads(each.piece, quarters) for each in found]
            best[unit].append(rows[0])
            votes[unit].append(voted(rows))
        print(f"{folder}: {number + 1} of {len(pieces)}, {clocks[-1]:.1f} s", flush=True)
    return best, votes, float(np.mean(clocks[1:] or clocks))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("set", help="Jsb16thSeparated.json")
    parser.add_argument("runs", nargs="*", help="run folders")
    parser.add_argument("--pieces", type=int, default=77)
    parser.add_argument("--split", default="test", choices=("test", "valid"))
    parser.add_argument("--candidates", type=int, default=4)
    options = parser.parse_args()
    corpus = read_benchmark(options.set)
    pieces = pieces_of(corpus, options.split)
    pieces = pieces[:: max(len(pieces) // options.pieces, 1)][: options.pieces]
    keys = [analyze_key(piece)[0] for piece in pieces]
    wanted = {unit: [triads(p, quarters) for p in pieces] for unit, quarters in UNITS.items()}
    rows = [row_of("Bach", wanted, wanted)]
    tonics = [2 * key.tonic + (key.mode == "minor") for key in keys]
    always: Answers = {
        unit: [np.full(len(w), t) for w, t in zip(wanted[unit], tonics, strict=True)]
        for unit in UNITS
    }
    rows.append(row_of("tonic", wanted, always))
    counted: Answers = {}
    for unit, quarters in UNITS.items():
        model = ChordHmm([tune_of(piece, quarters) for piece in pieces_of(corpus, "train")])
        held = [tune_of(piece, quarters) for piece in pieces_of(corpus, "valid")]
        scores = [accuracy([(t.chords, model.chords(t, w)) for t in held]) for w in WEIGHTS]
        weight = WEIGHTS[int(np.argmax(scores))]
        tunes = [tune_of(piece, quarters) for piece in pieces]
        counted[unit] = [(model.chords(t, weight) + 2 * t.tonic) % TRIADS for t in tunes]
        print(f"counts per {unit}: weight {weight}, validation {max(scores):.1%}", flush=True)
    rows.append(row_of("counts", wanted, counted))
    for folder in options.runs:
        best, votes, seconds = harmonised(folder, pieces, keys, options.candidates)
        name = Path(folder).name
        rows.append(row_of(f"{name}, best", wanted, best, seconds))
        rows.append(row_of(f"{name}, vote of {options.candidates}", wanted, votes, seconds))
    print(markdown_table(["", *UNITS, "distinct", "CPU seconds"], rows))


if __name__ == "__main__":
    main()
