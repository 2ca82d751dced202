"""Chord vectors learned without labels: what is in them, and whether they help a model that has
little music.

python benchmarks/embeddings.py fifths [CORPUS …]            is the circle of fifths in them? python
benchmarks/embeddings.py tenth [CORPUS …] [--seeds N] an LSTM on a tenth of the training pieces,
with and without them python benchmarks/embeddings.py tenth … --all                … and on all of
them

Corpora: chorales, Giuliani, guitar. Both give the tables of docs/research/embeddings.md.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from partimento.config import merge
from partimento.corpus import read_pieces
from partimento.evaluation.baselines import Baseline
from partimento.evaluation.neighbours import ChordVectors, fifths
from partimento.music.piece import Piece
from partimento.tokens.chords import FIELDS
from partimento.tokens.vocabulary import SPECIAL
from partimento.training.dataset import Dataset, prepare

DATA = (
    Path(os.environ.get("PARTIMENTO_DATA", Path(__file__).parents[2] / "shared" / "data"))
    / "mutopia-guitar"
)
GUITAR = {"low": 40, "high": 83}
QUICK = {
    "train": {"epochs": 4, "learning_rate": 0.01}
}  # half the recipe's time for vectors as good (5.81 against 5.80 nats a pair)
SHARE = 10  # a tenth of the training pieces
SMALL = {
    "model": {
        "name": "lstm",
        "embed": "index",
        "embed_size": 64,
        "layers": 1,
        "units": 128,
        "dense": 128,
        "dropout": 0.3,
    },
    "tokens": {"transpose": "key", "window": 64, "stride": 64, "min_count": 2},
    "train": {
        "epochs": 40,
        "batch_size": 8,
        "optimizer": "adam",
        "learning_rate": 0.004,
        "lr_schedule": "cosine",
        "patience": 6,
    },
}


def corpus(name: str) -> list[Piece]:
    if name == "chorales":
        return list(read_pieces(["bundled:chorales"]).pieces)
    if not DATA.is_dir():
        sys.exit(f"no data at {DATA} (set PARTIMENTO_DATA)")
    pieces = list(read_pieces([str(DATA)]).pieces)
    return (
        pieces
        if name == "guitar"
        else [piece for piece in pieces if "GiulianiM" in piece.source.path]
    )


def data_set(pieces: Sequence[Piece], settings: Any) -> Dataset:
    """The same seed splits the same pieces in the same way, whatever their keys are made."""
    train = settings.train
    return prepare(
        pieces, settings.tokens, validation=train.validation, test=train.test, seed=train.seed
    )


def trained(
    settings: Any, data: Dataset, *, vectors: np.ndarray | None = None, freeze: bool = False
) -> Any:
    """A model after training, and its history."""
    from partimento.training.loop import fit
    from partimento.training.train import new_model

    model = new_model(settings, data)
    if vectors is not None:
        model.set_embeddings(vectors)  # type: ignore[attr-defined]
        model.chord_embedding.trainable = not freeze  # type: ignore[attr-defined]
    model.adapt(data.training_tokens())
    train, valid = (
        data.batches(
            split,
            model.window_spec(settings.tokens, training=split == "train"),
            batch_size=settings.train.batch_size,
        )
        for split in ("train", "valid")
    )
    return model, fit(model, train, valid, settings.train)


def embeddings(
    name: str, pieces: Sequence[Piece], seed: int, more: dict[str, Any] | None = None
) -> tuple[Any, Dataset, Any]:
    """The recipe `embeddings` on all training pieces."""
    from partimento.training.settings import Settings
    from partimento.training.train import over_recipe

    encode = {} if name == "chorales" else GUITAR
    wished = merge(
        {"model": {"name": "embeddings"}, "tokens": encode, "train": {"seed": seed}}, more or {}
    )
    settings = Settings.from_plain(over_recipe(wished))
    data = data_set(pieces, settings)
    return *trained(settings, data), data


def in_them(name: str) -> Iterator[str]:
    """With copies in all keys, as written, and in the common key."""
    pieces = corpus(name)
    for how in ("all", "none", "key"):
        more = (
            {**QUICK, "tokens": {"transpose": how}}
            if how == "all"
            else {"tokens": {"transpose": how}, "train": {"learning_rate": 0.01}}
        )
        began = time.monotonic()
        model, fitted, data = embeddings(name, pieces, 0, more)
        circle = fifths(
            ChordVectors(
                data.tokenizer.chords.symbols,
                model.vectors(data.tokenizer)[SPECIAL:],
                model.counts[SPECIAL:],
            )
        )
        relations = ", ".join(f"{count} {relation}" for relation, count in circle.relations.items())
        best = fitted.history[fitted.best_epoch - 1]
        yield (
            f"| {name} | {how} | {len(data.tokenizer.chords) - SPECIAL:,} | {best.val_loss:.2f} |"
            f" {circle.major:.2f} ({circle.majors}) | {circle.minor:.2f} ({circle.minors}) |"
            f" {relations} | {time.monotonic() - began:.0f} |"
        )


def helped(
    name: str, pieces: Sequence[Piece], seed: int, *, also_all: bool
) -> Iterator[tuple[str, np.ndarray, float]]:
    """Of each way to begin: its name, nats per event on the test pieces by field, epochs.

    The vocabulary is that of all training pieces for each, so that nothing differs but the
    embeddings; an unknown chord is charged as one symbol. Vectors that are dealt out wrongly, to
    other chords, tell what their lengths and spread do alone.
    """
    from partimento.training.settings import Settings

    learned, fitted, _ = embeddings(name, pieces, seed, QUICK)
    settings = Settings.from_plain(merge(SMALL, {"train": {"seed": seed}}))
    by_notes = Settings.from_plain(
        merge(SMALL, {"model": {"embed": "notes"}, "train": {"seed": seed}})
    )
    full = data_set(pieces, settings)
    order = np.random.default_rng(seed).permutation(len(full.train))
    tenth = replace(full, train=[full.train[place] for place in order[: len(order) // SHARE]])
    vectors = learned.vectors(full.tokenizer)
    dealt = vectors.copy()
    given = np.flatnonzero(np.isfinite(vectors[:, 0]))
    dealt[given] = vectors[np.random.default_rng(seed + 100).permutation(given)]
    held = full.tokens("test")
    events = [sum(len(piece.ids) - 2 for piece in data.training_tokens()) for data in (tenth, full)]
    known, best = (
        np.isfinite(vectors[SPECIAL:, 0]).mean(),
        fitted.history[fitted.best_epoch - 1].val_loss,
    )
    print(
        f"# {name}, seed {seed}: {len(tenth.train)} of {len(full.train)} pieces, {events[0]:,} of"
        f" {events[1]:,} events; vectors for {known:.0%} of {len(vectors) - SPECIAL:,} chords,"
        f" {best:.2f} nats a pair",
        file=sys.stderr,
        flush=True,
    )
    ways: list[tuple[str, Any, Dataset, dict[str, Any]]] = [
        ("drawn at random", settings, tenth, {}),
        ("pretrained, dealt out wrongly", settings, tenth, {"vectors": dealt}),
        ("pretrained", settings, tenth, {"vectors": vectors}),
        ("pretrained and frozen", settings, tenth, {"vectors": vectors, "freeze": True}),
        ('by notes (`embed = "notes"`)', by_notes, tenth, {}),
    ]
    if also_all:
        ways += [
            ("drawn at random, all pieces", settings, full, {}),
            ("pretrained, all pieces", settings, full, {"vectors": vectors}),
        ]
    for way, chosen, data, more in ways:
        model, fitted = trained(chosen, data, **more)
        yield way, fields_of(model.nats(held)), fitted.best_epoch
    yield (
        "counting, first order",
        fields_of(Baseline(full.tokenizer, tenth.training_tokens(), order=1).likelihood(held)),
        0,
    )


def fields_of(likelihood: Any) -> np.ndarray:
    """The nats per event of chord, held notes and duration."""
    return np.array([likelihood.parts[field] for field in FIELDS])


def tenth(name: str, seeds: int, *, also_all: bool) -> Iterator[str]:
    """Means over the seeds, and the difference to a random beginning, pair by pair: mean, least and
    most.
    """
    pieces, found = corpus(name), {}
    for seed in range(seeds):
        for way, nats, epoch in helped(name, pieces, seed, also_all=also_all):
            print(
                f"# {way}: {nats.sum():.3f} ({', '.join(f'{part:.3f}' for part in nats)}), best"
                f" epoch {epoch}",
                file=sys.stderr,
                flush=True,
            )
            found.setdefault(way, []).append(nats)
    random = np.sum(found["drawn at random"], axis=-1)  # (seeds,)
    for way, rows in found.items():
        totals = np.sum(rows, axis=-1)
        chord, held, duration = np.mean(rows, axis=0)
        against = totals - random
        yield (
            f"| {name} | {way} | {totals.mean():.2f} | {against.mean():+.2f} ({against.min():+.2f}"
            f" to {against.max():+.2f}) | {chord:.2f} | {held:.2f} | {duration:.2f} |"
        )


TABLES = {
    "fifths": (
        "corpus, transpose, chords, nats a pair, Spearman major (triads), minor (triads), nearest"
        " minor triad, seconds"
    ),
    "tenth": "corpus, chord embeddings, nats per event, against random, chord, held, duration",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=tuple(TABLES))
    parser.add_argument("corpora", nargs="*", metavar="CORPUS", default=["chorales", "Giuliani"])
    parser.add_argument("--seeds", type=int, default=3, metavar="N")
    parser.add_argument("--all", action="store_true", help="also train on all the pieces")
    arguments = parser.parse_args()
    heads = TABLES[arguments.what].split(", ")
    print(f"| {' | '.join(heads)} |\n{'|---' * len(heads)}|", flush=True)
    for name in arguments.corpora:
        for line in (
            in_them(name)
            if arguments.what == "fifths"
            else tenth(name, arguments.seeds, also_all=arguments.all)
        ):
            print(line, flush=True)


if __name__ == "__main__":
    main()
