"""Measure estimated chord symbols against analyses by people.

    python benchmarks/chords.py

For 20 of Bach's chorales, music21 has Roman numerals. Those whose key differs from that of the
score, or that are not among the bundled chorales, are left out. The constants of
`analysis.chord_labels` were chosen on chorales 1 to 10 of Riemenschneider's edition; the others are
held out. The Nottingham tunes are melody and accompaniment in MIDI, and the symbols of the
same tunes in ABC are the reference. No constant was chosen on them.

A label counts by time: the share in which its root, or root and triad, is that of the reference.
The baselines are the label of each half beat alone, and `Chord.root` of music21's chordified score.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np

import partimento as pt
from partimento.analysis import chord_labels as labels
from partimento.io.abc.read import piece_from_abc
from partimento.io.abc.tunes import split_tunes
from partimento.music.chord_names import classes_named
from partimento.music.piece import Piece

DATA = Path(__file__).parents[2] / "shared" / "data" / "nottingham-chords"
CHOSEN_ON = 10
STEP = Fraction(1, 2)  # labels are compared at every half quarter
TRIAD = {3, 4, 6, 7, 8}
LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
FEWEST = 0.3  # agreement below which the analysis is in another key than the score


class Chord(NamedTuple):
    """A chord of a reference: when it begins, its root and its pitch classes."""

    onset: Fraction
    root: int
    classes: frozenset[int]


class Case(NamedTuple):
    """A piece without chord symbols, and its reference."""

    name: str
    piece: Piece
    chords: list[Chord]


def chord_of(onset: Fraction, text: str) -> Chord | None:
    """Return the chord of a symbol; None if it is not the name of a chord."""
    match = re.match(r"([A-G])([#b]?)", text)
    classes = classes_named(text.split("/")[0])
    if match is None or classes is None:
        return None
    root = LETTERS[match[1]] + {"#": 1, "b": -1, "": 0}[match[2]]
    return Chord(onset, root % 12, classes)


def chorales() -> list[Case]:
    """Return chorales with Roman numerals, in the order of Riemenschneider's edition."""
    from music21 import corpus

    pieces = {piece.title: piece for piece in pt.load_corpus("bundled:chorales").pieces}
    found = []
    for path in sorted(map(str, corpus.getCorePaths())):
        match = re.search(r"riemenschneider(\d+)", path)
        if match is None:
            continue
        number = re.search(r"BWV: (\S+)", Path(path).read_text())
        name = f"bwv{number[1].replace('(2).', '.').replace('s', '')}" if number else ""
        if name not in pieces:
            continue
        score = corpus.parse(path)
        chords = [
            Chord(
                Fraction(roman.getOffsetInHierarchy(score)).limit_denominator(64),
                roman.root().pitchClass,
                frozenset(pitch.pitchClass for pitch in roman.pitches),
            )
            for roman in score.recurse().getElementsByClass("RomanNumeral")
        ]
        found.append(Case(match[1], pieces[name], chords))
    return found


def nottingham(limit: int) -> list[Case]:
    """Return tunes with accompaniment whose symbols and MIDI have the same length."""
    found = []
    for source in sorted(DATA.glob("ABC_cleaned/*.abc")):
        for number, tune in enumerate(split_tunes(source.read_bytes()), 1):
            path = DATA / "MIDI" / "chords" / f"{source.stem}{number}.mid"
            melody = DATA / "MIDI" / "melody" / path.name
            if not (path.exists() and melody.exists()):
                continue
            try:
                written = piece_from_abc(tune.data, unfold=True)
                backing, tones = pt.read(path), pt.read(melody)
            except (pt.PartimentoError, TypeError):
                continue
            both = [*backing.notes, *tones.notes]
            merged = [note for note in both if note.part == 0]
            marks = [chord_of(symbol.onset, symbol.text) for symbol in written.chord_symbols]
            chords = [chord for chord in marks if chord is not None]
            if chords and abs(written.length - backing.length) <= 1:
                piece = pt.Piece(merged, meters=written.meters, pickup=written.pickup)
                found.append(Case(path.stem, piece, chords))
    return found[:: max(1, len(found) // limit)][:limit]


def ours(piece: Piece) -> list[Chord]:
    """Label with dynamic programming."""
    symbols = labels.chord_labels(piece, inversions=False)
    chords = (chord_of(symbol.onset, symbol.text) for symbol in symbols)
    return [chord for chord in chords if chord is not None]


def each_half_beat(piece: Piece) -> list[Chord]:
    """Label each half beat by the template that fits it best."""
    longest = labels.LONGEST
    labels.LONGEST = 1
    try:
        return ours(piece)
    finally:
        labels.LONGEST = longest


def music21_roots(piece: Piece) -> list[Chord]:
    """Label each chord of the chordified score with its root in music21."""
    from music21 import chord

    found, now = [], Fraction(0)
    for event in piece.events:
        if event.chord:
            music = chord.Chord(list(event.chord))
            classes = frozenset(pitch % 12 for pitch in event.chord)
            found.append(Chord(now, music.root().pitchClass, classes))
        now += event.duration
    return found


def agreement(case: Case, found: Sequence[Chord]) -> tuple[int, int, int]:
    """Count the times at which root, and root and triad, agree, and all times."""
    onsets = [[float(chord.onset) for chord in row] for row in (case.chords, found)]
    roots = triads = times = 0
    now = case.chords[0].onset
    while now < case.piece.length and found:
        wanted, label = (
            row[max(int(np.searchsorted(on, float(now), side="right")) - 1, 0)]
            for row, on in zip((case.chords, found), onsets, strict=True)
        )
        same = wanted.root == label.root
        roots, times, now = roots + same, times + 1, now + STEP
        both = [{(c - x.root) % 12 for c in x.classes} & TRIAD for x in (wanted, label)]
        triads += same and both[0] == both[1]
    return roots, triads, times


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tunes", type=int, default=40, help="Nottingham tunes to measure.")
    tunes = parser.parse_args().tunes
    cases = chorales()
    usable = [c for c in cases if (lambda a: a[0] >= FEWEST * a[2])(agreement(c, ours(c.piece)))]
    left_out = ", ".join(case.name for case in cases if case not in usable)
    print(f"chorales in another key than their analysis, left out: {left_out}")
    sets = {
        "chorales 1-10 (chosen on)": [c for c in usable if int(c.name) <= CHOSEN_ON],
        "chorales 11-20": [c for c in usable if int(c.name) > CHOSEN_ON],
    }
    if DATA.exists():
        sets["Nottingham"] = nottingham(tunes)
    methods: dict[str, Callable[[Piece], list[Chord]]] = {
        "dynamic programming": ours,
        "each half beat alone": each_half_beat,
        "music21 Chord.root": music21_roots,
    }
    print(f"{'':28}{'method':24}pieces   root   root and triad")
    for name, group in sets.items():
        for method, label in methods.items():
            total = np.sum([agreement(case, label(case.piece)) for case in group], axis=0)
            root, triad = total[:2] / max(total[2], 1)
            print(f"{name:28}{method:24}{len(group):6}  {root:6.1%}  {triad:6.1%}")


if __name__ == "__main__":
    main()
