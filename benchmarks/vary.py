"""Vary chorales by several amounts and distances, and measure what changed.

    python benchmarks/vary.py [--pieces 10] [--bars 6] [--particles 12]

The pieces are those of the validation split of the bundled model. *Changed* is the share of notes
that differ. *Semitones* is the mean distance of changed pitches from those that stood there.
"""

from __future__ import annotations

import argparse

import numpy as np

import partimento as pt
from partimento.analysis.similarity.note_distance import share_of_changed_notes
from partimento.errors import PartimentoError
from partimento.generate.vary import DISTANCES, vary
from partimento.music.piece import Piece
from partimento.tables import markdown_table

AMOUNTS = (0.1, 0.3, 0.6)


def semitones(piece: Piece, before: Piece) -> list[int]:
    """Return the distances of changed pitches at the same onset and part."""
    old = {(note.onset, note.part): note.pitch for note in before.notes}
    gaps = [abs(n.pitch - old.get((n.onset, n.part), n.pitch)) for n in piece.notes]
    return [gap for gap in gaps if gap]


def main() -> None:
    """Vary the pieces and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pieces", type=int, default=10)
    parser.add_argument("--bars", type=int, default=6)
    parser.add_argument("--particles", type=int, default=12)
    options = parser.parse_args()
    model = pt.load_model("chorales")
    chosen = {r.source.sha256 for r in model.pieces if r.split == "valid"}
    corpus = pt.load_corpus("bundled:chorales").pieces
    pieces = [p for p in corpus if p.source.sha256 in chosen][: options.pieces]
    pieces = [p.cut(p.bars()[0].number, options.bars) for p in pieces]
    rows, failed, monotone = [], 0, 0
    changes: dict[tuple[float, str], list[float]] = {}
    for amount in AMOUNTS:
        for name in DISTANCES:
            gaps: list[int] = []
            for piece in pieces:
                try:
                    result = vary(
                        model,
                        piece,
                        amount=amount,
                        distance=name,
                        seed=1,
                        particles=options.particles,
                    )
                except PartimentoError:
                    failed += 1
                    changes.setdefault((amount, name), []).append(float("nan"))
                    continue
                changes.setdefault((amount, name), []).append(share_of_changed_notes(result, piece))
                gaps += semitones(result, piece)
            changed = changes[amount, name]
            rows.append(
                [f"{amount}", name, f"{100 * np.nanmean(changed):.0f} %", f"{np.mean(gaps):.1f}"]
            )
            print(rows[-1], flush=True)
    for name in DISTANCES:
        table = np.array([changes[amount, name] for amount in AMOUNTS])
        monotone += int((np.diff(table, axis=0) > 0).all(axis=0).sum())
    print(markdown_table(["amount", "distance", "changed", "semitones"], rows))
    total = len(DISTANCES) * len(pieces)
    print(f"more changed with each larger amount: {monotone} of {total}; failed: {failed}")


if __name__ == "__main__":
    main()
