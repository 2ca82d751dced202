"""Compose with and without a limit of borrowed runs.

    python benchmarks/borrowed.py [--model chorales] [--most 6] [--pieces 20] [--bars 8]

Both rows have the same seeds. The *longest run* is the number of events in a row that stand in a
training piece, in any key. The *nats per note* say how improbable the model finds its own music.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import partimento as pt
from partimento.analysis.similarity.borrowing import index_corpus, shared_with
from partimento.generate.own_corpus import own_pieces
from partimento.tables import markdown_table


def main() -> None:
    """Compose the pieces and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="chorales")
    parser.add_argument("--most", type=int, nargs="+", default=[6])
    parser.add_argument("--pieces", type=int, default=20)
    parser.add_argument("--bars", type=int, default=8)
    parser.add_argument("--candidates", type=int, default=2)
    options = parser.parse_args()
    model = pt.load_model(options.model)
    own = own_pieces(model)
    index = index_corpus(own)
    table = []
    for most in (None, *options.most):
        rules = [] if most is None else [pt.MaxBorrowed(most)]
        runs, nats, seconds, failed = [], [], 0.0, 0
        for seed in range(options.pieces):
            begin = time.process_time()
            try:
                best = model.compose_candidates(
                    best=1,
                    bars=options.bars,
                    candidates=options.candidates,
                    seed=seed,
                    constraints=rules,
                )[0]
            except pt.PartimentoError:
                failed += 1
                continue
            seconds += (time.process_time() - begin) * (seed > 0)  # the first one reads the corpus
            runs.append(shared_with(index, best.piece).chords.length)
            nats.append(best.criteria.nats * len(best.piece.events) / len(best.piece.notes))
        table.append(
            [
                "none" if most is None else f"{most} events",
                f"{np.mean(runs):.1f}",
                str(max(runs)),
                f"{np.mean(nats):.3f}",
                f"{seconds / max(len(runs) - 1, 1):.1f}",
                str(failed),
            ]
        )
        print(table[-1], flush=True)
    labels = ["limit", "longest run, mean", "longest of all", "nats per note", "CPU seconds"]
    print(markdown_table([*labels, "refused"], table))


if __name__ == "__main__":
    main()
