"""How well played music is quantized: note values of performances against the written ones.

Each performance of a title whose score is at hand is quantized, and aligned to the score by its
pitches. Two successive onsets agree if the quarters between them are those of the score, up to one
factor for the whole piece: a beat tracker cannot know whether a beat is an eighth or a quarter.

python benchmarks/beats.py [--titles N] [--every N]
"""

from __future__ import annotations

import argparse
import csv
import difflib
import os
from fractions import Fraction
from pathlib import Path

import numpy as np

from partimento.analysis.beats import track_beats
from partimento.analysis.quantize import quantize
from partimento.corpus import read_piece
from partimento.music.piece import Piece

DATA = (
    Path(os.environ.get("PARTIMENTO_DATA", Path(__file__).parents[2] / "shared" / "data")) / "asap"
)
FACTORS = tuple(Fraction(n) for n in ("1/4", "1/3", "1/2", "2/3", "1", "3/2", "2", "3", "4"))


def chords(piece: Piece) -> list[tuple[float, int]]:
    """Onset and lowest and highest pitch of everything that begins together."""
    found: dict[Fraction, list[int]] = {}
    for note in piece.notes:
        if not note.grace:
            found.setdefault(note.onset, []).append(note.pitch)
    return [
        (float(onset), 128 * min(pitches) + max(pitches))
        for onset, pitches in sorted(found.items())
    ]


def agreement(score: Piece, performance: Piece) -> tuple[int, int]:
    """Number of pairs of onsets that were aligned, and of those that agree."""
    written, played = chords(score), chords(performance)
    matcher = difflib.SequenceMatcher(
        None, [c for _, c in written], [c for _, c in played], autojunk=False
    )
    pairs = []
    for a, b, size in matcher.get_matching_blocks():
        for i in range(size - 1):
            pairs.append(
                (written[a + i + 1][0] - written[a + i][0], played[b + i + 1][0] - played[b + i][0])
            )
    table = np.array(pairs).reshape(-1, 2)
    best = max(int(np.sum(np.abs(table[:, 0] - table[:, 1] * float(f)) < 0.01)) for f in FACTORS)
    return len(table), best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--titles", type=int, default=99)
    parser.add_argument("--half", choices=("tuned", "held-out", "all"), default="all")
    arguments = parser.parse_args()
    rows = list(csv.DictReader((DATA / "performances.csv").open()))
    scores = list(csv.DictReader((DATA / "scores.csv").open()))
    total = agreed = 0
    for i, score in enumerate(scores[: arguments.titles]):
        if arguments.half != "all" and (i % 3 == 0) != (arguments.half == "tuned"):
            continue
        written = None
        for row in rows:
            if (row["composer"], row["title"]) != (score["composer"], score["title"]):
                continue
            written = written or read_piece(
                DATA / score["folder"] / "xml_score.musicxml", unfold=True
            )
            performance = read_piece(DATA / row["path"])
            pairs, equal = agreement(written, quantize(performance, track_beats(performance)))
            total, agreed = total + pairs, agreed + equal
            print(f"{row['path']:60}{pairs:7}{equal / max(pairs, 1):8.1%}")
    print(f"{total} pairs of onsets, {agreed / max(total, 1):.1%} agree")


if __name__ == "__main__":
    main()
