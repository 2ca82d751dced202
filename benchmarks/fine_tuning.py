"""Is little music enough? Fine-tune a bundled model on a dozen pieces of one composer.

    python benchmarks/fine_tuning.py STORE [--base guitar] [--pieces 12] [--seed 0] [--out DIR]

STORE is the store with which the bundled model was trained, with its splits. Only pieces that it
has not learned from are used: at most 12 to learn from, others to choose the epoch and to measure.
The figures are nats per event on the last ones: of the bundled model as it is, of a new model of
the recipe `notewise`, and of the bundled model fine-tuned. Times are wall times on this machine.

The bundled model knows other pieces by these composers. With `--new-to-base`, the base is instead
a run of the same recipe that was trained without them; it is trained if there is no such run at
`--base`. Then all pieces by a composer are available: 12 to learn from, 6 to choose the epoch, and
the others to measure.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import partimento as pt
from partimento.corpus.entries import Corpus, CorpusEntry
from partimento.evaluation.heldout import held_out
from partimento.tables import markdown_table
from partimento.training.fine_tuning import fine_tuning_settings
from partimento.training.settings import Settings
from partimento.training.train import prepared

COMPOSERS = ("Sor", "Carcassi", "Aguado")


def dozen(corpus: Corpus, composer: str, pieces: int, seed: int, *, any_split: bool) -> Corpus:
    """Return pieces of a composer that the base has not learned, with a new split.

    With `any_split`, the base knows none of them: `pieces` are for training, half as many for
    validation, and the rest, at most 40, for the test. Otherwise, a fifth of those outside its
    training split, at least two, are test pieces, and as many are validation pieces.
    """
    own = [e for e in corpus if composer in e.piece.composer]
    unseen = [e for e in own if any_split or e.split != "train"]
    order = np.random.default_rng(seed).permutation(len(unseen))
    if any_split:
        names = ["train"] * pieces + ["valid"] * (pieces // 2) + ["test"] * 40
    else:
        held = max(2, len(unseen) // 5)
        names = ["test"] * held + ["valid"] * held
        names += ["train"] * min(pieces, len(unseen) - 2 * held)
    kept: list[CorpusEntry] = [
        replace(unseen[number], split=name)
        for number, name in zip(order.tolist(), names, strict=False)
    ]
    return Corpus(tuple(kept), config=corpus.config)


def base_without(corpus: Corpus, composers: Sequence[str], folder: Path, seed: int) -> None:
    """Train the base without the pieces of some composers, unless there is such a run."""
    if folder.exists():
        return
    others = [e for e in corpus if not any(name in e.piece.composer for name in composers)]
    print(f"training {folder} with {len(others)} pieces by others", flush=True)
    pt.train(
        Corpus(tuple(others), config=corpus.config),
        recipe="guitar",
        settings={"train": {"seed": seed}},
        out=folder,
        progress=lambda stage, done, count: print(stage, done, count, flush=True),
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store")
    parser.add_argument("--base", default="guitar")
    parser.add_argument("--pieces", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--composers", default=",".join(COMPOSERS))
    parser.add_argument("--set", action="append", default=[], help="settings of fine-tuning")
    parser.add_argument("--no-scratch", action="store_true", help="leave out the new model")
    parser.add_argument("--validation", action="store_true", help="figures of validation pieces")
    parser.add_argument("--out", type=Path, help="keep the runs here")
    parser.add_argument("--new-to-base", action="store_true", help="see above")
    options = parser.parse_args()
    from partimento.config import parse_settings

    rows = []
    corpus = pt.load_corpus(options.store)
    if options.new_to_base:
        base_without(corpus, COMPOSERS, Path(options.base), options.seed)
    base = pt.load_model(options.base)
    with TemporaryDirectory() as folder:
        out = options.out or Path(folder)
        for composer in options.composers.split(","):
            own = dozen(
                corpus, composer, options.pieces, options.seed, any_split=options.new_to_base
            )
            values = fine_tuning_settings(options.base, parse_settings(options.set))
            settings = Settings.from_plain(values)
            data = prepared(own, base.settings, base=base)
            if options.validation:
                data = replace(data, test=[])
            before = held_out(data, base.model)["model"].total
            start = time.monotonic()
            tuned = pt.train(own, settings=settings, out=out / f"{composer}-tuned", force=True)
            seconds = time.monotonic() - start
            after = held_out(data, tuned.model)["model"].total
            scratch = float("nan")
            if not options.no_scratch:
                new = pt.train(own, recipe="notewise", out=out / f"{composer}-new", force=True)
                fresh = prepared(own, new.settings)
                if options.validation:
                    fresh = replace(fresh, test=[])
                scratch = held_out(fresh, new.model)["model"].total
            counts = [len(part) for part in (data.train, data.valid, data.test)]
            rows.append(
                [
                    composer,
                    "/".join(map(str, counts)),
                    *(f"{nats:.3f}" for nats in (before, scratch, after)),
                    str(tuned.best_epoch),
                    f"{seconds:.0f}",
                ]
            )
            print(rows[-1], flush=True)
    heads = ("composer", "train/valid/test", "bundled", "new", "fine-tuned", "epoch", "seconds")
    print(markdown_table(heads, rows, numbers=True))


if __name__ == "__main__":
    main()
