"""Exchange chords of chorales for near ones, and measure what changed.

    partimento train bundled:chorales --recipe embeddings --set train.epochs=4 --out runs/vectors
    python benchmarks/like.py runs/vectors [--pieces 10] [--amount 0.5] [--keep Soprano]

The pieces are those of the validation split of the run. The column *changed* is the share of notes
that differ. The *similarity* is the mean cosine of the exchanged chords.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np

import partimento as pt
from partimento.evaluation.part_writing import figures, measure_all
from partimento.generate.like import NEIGHBOURS
from partimento.music.piece import Piece
from partimento.tables import markdown_table


def row(name: str, pieces: Sequence[Piece]) -> list[str]:
    """Return what a musician would check first."""
    values = figures(measure_all(pieces))
    parallels = values["parallel_fifths"] + values["parallel_octaves"]
    return [
        name,
        f"{parallels:.2f}",
        f"{100 * values['in_key']:.1f} %",
        f"{100 * values['closes']:.0f} %",
    ]


def main() -> None:
    """Vary the pieces and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run")
    parser.add_argument("--pieces", type=int, default=10)
    parser.add_argument("--amount", type=float, default=0.5)
    parser.add_argument("--keep", default="Soprano")
    options = parser.parse_args()
    model = pt.load_model(options.run)
    chosen = {r.source.sha256 for r in model.pieces if r.split == "valid"}
    corpus = pt.load_corpus("bundled:chorales").pieces
    pieces = [p for p in corpus if p.source.sha256 in chosen][: options.pieces]
    table = [[*row("as it was", pieces), "", ""]]
    for distance in NEIGHBOURS:
        best = [
            model.vary_candidates(
                piece,
                best=1,
                like=True,
                amount=options.amount,
                distance=distance,
                keep=[options.keep] if options.keep else [],
                seed=1,
            )[0]
            for piece in pieces
        ]
        changed = np.mean([each.distance for each in best])
        near = np.mean([float(each.report[0].achieved.split()[-1]) for each in best])
        cells = row(distance, [each.piece for each in best])
        table.append([*cells, f"{100 * changed:.0f} %", f"{near:.2f}"])
        print(table[-1], flush=True)
    labels = ["", "parallels per 1,000", "notes in the key", "closes", "changed", "similarity"]
    print(markdown_table(labels, table))


if __name__ == "__main__":
    main()
