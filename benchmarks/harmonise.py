"""Harmonise chorales that the bundled model did not learn from.

    python benchmarks/harmonise.py [--role melody|bass] [--split test|valid] [--pieces N]
        [--particles N] [--out DIR]

Only the given part is shown to the model, with its fermatas. The result is compared with Bach's
own harmonisation of the same tune. `--particles 1` shows what the particle filter is worth: one
particle masks the given notes, and does not see them coming. `--out` keeps the pieces.

- *Kept*: pieces in which the given part has exactly its notes.
- *Cadences*: inner phrase ends with an authentic, half, plagal or deceptive cadence.
- *Same bass*, *same root*: share of the time in which the lowest pitch class, or the root of the
  estimated chord, is that of Bach.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

import partimento as pt
from partimento.analysis.chord_labels import chord_labels
from partimento.evaluation.part_writing import MEASURES, figures, measure_all
from partimento.generate.harmonise import harmonise
from partimento.music.piece import Piece
from partimento.tables import markdown_table

STEP = Fraction(1, 2)  # results are compared at every half quarter
SHOWN = ("crossings", "in_key", "tonic_triad", "closes")


def same_share(one: Sequence[int], other: Sequence[int]) -> float:
    """Return the share of equal values; negative ones count as different."""
    pairs = list(zip(one, other, strict=False))  # the last chord may be held longer
    return sum(a == b and a >= 0 for a, b in pairs) / len(pairs)


def basses(piece: Piece) -> list[int]:
    """Return the lowest pitch class at every half quarter; -1 for silence."""
    notes, found = piece.notes, []
    for number in range(int(piece.length / STEP)):
        now = number * STEP * notes.divisions
        here = notes.pitch[(notes.onset <= now) & (notes.end > now)]
        found.append(int(here.min()) % 12 if len(here) else -1)
    return found


def roots(piece: Piece) -> list[int]:
    """Return the root of the estimated chord at every half quarter; -1 for none."""
    found, symbols = [], chord_labels(piece, inversions=False)
    letters = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
    for number in range(int(piece.length / STEP)):
        past = [symbol for symbol in symbols if symbol.onset <= number * STEP]
        text = past[-1].text if past else "N.C."
        alter = {"#": 1, "b": -1}.get(text[1:2], 0)
        found.append(-1 if text == "N.C." else (letters[text[0]] + alter) % 12)
    return found


def row(
    name: str, pieces: Sequence[Piece], originals: Sequence[Piece], seconds: float
) -> list[str]:
    """Return one row of the table."""
    measures = measure_all(pieces)
    values = figures(measures)
    parallels = values["parallel_fifths"] + values["parallel_octaves"]
    kinds = [cadence.kind for each in measures for cadence in each.phrases]
    pairs = list(zip(pieces, originals, strict=True))
    bass = np.mean([same_share(basses(a), basses(b)) for a, b in pairs])
    root = np.mean([same_share(roots(a), roots(b)) for a, b in pairs])
    bars = sum(float(piece.length / piece.first_meter.bar_ql) for piece in pieces)
    return [
        name,
        f"{parallels:.2f}",
        f"{100 * sum(kind != 'none' for kind in kinds) / max(len(kinds), 1):.1f} %",
        *(
            f"{values[key]:.1f}" if MEASURES[key].unit else f"{100 * values[key]:.1f} %"
            for key in SHOWN
        ),
        f"{100 * bass:.1f} %",
        f"{100 * root:.1f} %",
        f"{16 * seconds / bars:.1f}" if seconds else "",
    ]


def main() -> None:
    """Harmonise the pieces and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--role", default="melody", choices=("melody", "bass"))
    parser.add_argument("--split", default="test", choices=("test", "valid"))
    parser.add_argument("--pieces", type=int, default=1000)
    parser.add_argument("--particles", type=int, nargs="+", default=[48, 1])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    model = pt.load_model("chorales")
    chosen = {r.source.sha256 for r in model.pieces if r.split == options.split}
    corpus = pt.load_corpus("bundled:chorales").pieces
    originals = [piece for piece in corpus if piece.source.sha256 in chosen][: options.pieces]
    table = [row("Bach", originals, originals, 0.0)]
    for count in options.particles:
        begin, results, kept = time.process_time(), [], 0
        for piece in originals:
            index = 0 if options.role == "melody" else len(piece.parts) - 1
            result = harmonise(
                model,
                piece.part(index),
                role=options.role,
                particles=count,
                seed=options.seed,
            )
            kept += result.part(index).notes == piece.part(index).notes
            results.append(result)
            if options.out:
                options.out.mkdir(parents=True, exist_ok=True)
                result.save(options.out / f"{piece.title}-{count}.mid", force=True)
        seconds = time.process_time() - begin
        table.append(row(f"{count} particles", results, originals, seconds))
        print(f"{count} particles: kept {kept} of {len(results)}", flush=True)
    labels = ["", "parallels per 1,000", "cadences", *(MEASURES[key].label for key in SHOWN)]
    print(markdown_table([*labels, "same bass", "same root", "CPU seconds per 16 bars"], table))


if __name__ == "__main__":
    main()
