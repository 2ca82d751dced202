"""What each way to transpose does to the chord vocabulary: its size, and how much of held-out music
is outside it.

python benchmarks/transposition.py [--seeds N]          the tables of docs/research/transposition.md
python benchmarks/transposition.py --register           other places and measures for the common
octave python benchmarks/transposition.py --train              a short training for each way, on the
pieces by Giuliani
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from partimento.config import merge
from partimento.corpus import analyze_key, read_pieces
from partimento.music.piece import Piece
from partimento.music.transpose import REGISTER
from partimento.recipes import read_recipe
from partimento.tokens.chords import CHORD
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import SPECIAL, UNKNOWN
from partimento.training.dataset import Dataset, in_common_key, prepare

DATA = (
    Path(os.environ.get("PARTIMENTO_DATA", Path(__file__).parents[2] / "shared" / "data"))
    / "mutopia-guitar"
)
GUITAR = (40, 83)
WAYS = (("none", (0, 0)), ("key", (0, 0)), ("key-octave", (0, 0)), ("all", (0, 0)), ("all", GUITAR))
SPLIT = {"validation": 0.1, "test": 0.1}


def corpora(view: str) -> dict[str, list[Piece]]:
    """The pieces of each corpus, read as `view` says."""
    quantize = "music21" if view == "music21" else None
    guitar = list(read_pieces([str(DATA)], quantize=quantize).pieces)
    giuliani = [piece for piece in guitar if "GiulianiM" in piece.source.path]
    return {
        "guitar": guitar,
        "Giuliani": giuliani,
        "chorales": list(read_pieces(["bundled:chorales"], quantize=quantize).pieces),
    }


class Effect(NamedTuple):
    """One split: sizes of the training side, and shares of the events of validation and test
    pieces.
    """

    copies: float  # a training piece
    in_twelve_keys: float  # share of the training pieces
    events: int
    distinct: int
    twice: int
    unknown: float  # chord not seen twice: what `min_count = 2` leaves out
    never: float  # chord never seen


def effect(data: Dataset) -> Effect:
    """Measure a data set made with ``min_count=1``."""
    numbers = np.concatenate([encoded.ids[1:-1, CHORD] for encoded in data.training_tokens()])
    counts = np.bincount(numbers, minlength=len(data.tokenizer.chords))
    held = np.concatenate(
        [encoded.ids[1:-1, CHORD] for encoded in data.encode([*data.valid, *data.test])]
    )
    never = held == UNKNOWN
    return Effect(
        float(np.mean([len(item.copies) for item in data.train])),
        float(np.mean([len({shift % 12 for shift in item.copies}) == 12 for item in data.train])),
        len(numbers),
        len(data.tokenizer.chords) - SPECIAL,
        int((counts[SPECIAL:] >= 2).sum()),
        float(np.mean(never | (counts[held] < 2))),
        float(np.mean(never)),
    )


def vocabularies(seeds: int) -> None:
    """A table a view: means over splits, which are the same for each way."""
    for view in ("music21", "exact"):
        print(f"\n## {view}\n")
        print(
            _header(
                "corpus, transpose, copies a piece, training events, distinct chords, seen twice,"
                " unknown, from to, never seen"
            )
        )
        for name, pieces in corpora(view).items():
            for how, (low, high) in WAYS if name != "chorales" else WAYS[:4]:
                config = TokenSettings(transpose=how, low=low, high=high, min_count=1)
                rows = [
                    effect(prepare(pieces, config, **SPLIT, seed=seed)) for seed in range(seeds)
                ]
                mean = Effect(*np.mean(rows, axis=0))
                most = (
                    f"{min(row.unknown for row in rows):.1%} to"
                    f" {max(row.unknown for row in rows):.1%}"
                )
                way = f"{how}, {low} to {high}" if low else how
                print(
                    f"| {name} | {way} | {mean.copies:.1f} ({mean.in_twelve_keys:.0%} in 12 keys) |"
                    f" {mean.events:,.0f} | {mean.distinct:,.0f} | {mean.twice:,.0f} |"
                    f" {mean.unknown:.1%} | {most} | {mean.never:.1%} |",
                    flush=True,
                )


def tutorial() -> None:
    """The tutorial's selection, as near as its text says: Giuliani, those in C major; chords and
    durations, rests not counted.
    """
    pieces = corpora("music21")["Giuliani"]
    in_c = [piece for piece in pieces if analyze_key(piece)[0].name == "C major"]
    print("\n## The tutorial's selection\n\n" + _header("what, pieces, distinct chords, durations"))
    for what, chosen in (("Giuliani", pieces), ("Giuliani in C major", in_c)):
        print(
            f"| {what} | {len(chosen)} | {len(_chords(chosen)) - 1:,} |"
            f" {len({e.duration for p in chosen for e in p.events})} |"
        )
    for how in ("key", "key-octave"):
        moved = [in_common_key(piece, how).moved for piece in pieces]
        print(f"| Giuliani, transpose = {how} | {len(moved)} | {len(_chords(moved)) - 1:,} | |")


def _chords(pieces: Sequence[Piece]) -> Counter[tuple[int, ...]]:
    return Counter({(): 1}) + Counter(event.chord for piece in pieces for event in piece.events)


def _header(names: str) -> str:
    heads = names.split(", ")
    return f"| {' | '.join(heads)} |\n{'|---' * len(heads)}|"


def register() -> None:
    """Distinct chords over whole corpora, by what is brought near which pitch (the pitches an
    octave up would give the same).
    """
    measures = {
        "mean, by duration": lambda notes: notes.duration @ notes.pitch / notes.duration.sum(),
        "mean of the notes": lambda notes: notes.pitch.mean(),
        "median": lambda notes: np.median(notes.pitch),
        "lowest": lambda notes: notes.pitch.min() + 19,
        "middle of the range": lambda notes: (notes.pitch.min() + notes.pitch.max()) / 2,
    }
    print(f"\n## Register (REGISTER is {REGISTER})\n")
    print(
        "| corpus | brought near | " + " | ".join(map(str, range(58, 70))) + " |\n|" + "---|" * 14
    )
    for name, pieces in corpora("music21").items():
        items = [in_common_key(piece) for piece in pieces if len(piece.notes)]
        chords = [{event.chord for event in item.moved.events} for item in items]
        written = len({event.chord for item in items for event in item.piece.events})
        print(f"| {name} | none: {written:,}, key: {len(set().union(*chords)):,} |" + " |" * 12)
        for what, measure in measures.items():
            places = [float(measure(item.moved.notes)) for item in items]
            sizes = []
            for near in range(58, 70):
                octaves = [12 * round((near - place) / 12) for place in places]
                sizes.append(
                    len(
                        {
                            tuple(p + o for p in chord)
                            for kinds, o in zip(chords, octaves, strict=True)
                            for chord in kinds
                        }
                    )
                )
            print(
                f"| {name} | {what} | " + " | ".join(f"{size:,}" for size in sizes) + " |",
                flush=True,
            )


def train(epochs: int) -> None:
    """The recipe `lstm-notes` on Giuliani, the same split and number of steps each way; nats an
    event of validation and test pieces.
    """
    from partimento.evaluation.heldout import held_out
    from partimento.training.settings import Settings
    from partimento.training.train import learn

    pieces = corpora("music21")["Giuliani"]
    recipe, wanted = read_recipe("lstm-notes"), 0
    batch = recipe["train"]["batch_size"]
    print(
        "\n## Training\n\n"
        + _header(
            "transpose, chords, steps, epochs, validation, test, of it unknown, markov1 on test,"
            " seconds"
        )
    )
    for how, (low, high) in (
        ("key", (0, 0)),
        ("none", (0, 0)),
        ("key-octave", (0, 0)),
        ("all", GUITAR),
    ):
        encode = {"transpose": how, "low": low, "high": high}
        config = Settings.from_plain(merge(recipe, {"tokens": encode}))
        data = prepare(
            pieces,
            config.tokens,
            validation=config.train.validation,
            test=config.train.test,
            seed=config.train.seed,
        )
        length = config.tokens.window
        windows = sum(-(-(len(encoded.ids) - 1) // length) for encoded in data.training_tokens())
        wanted = wanted or epochs * windows
        rounds = max(1, round(wanted / windows))
        run, data = learn(
            pieces,
            settings=Settings.from_plain(
                merge(recipe, {"tokens": encode, "train": {"epochs": rounds}})
            ),
        )
        test = held_out(data, run.model)
        valid = held_out(replace(data, test=data.valid), run.model)["model"]
        print(
            f"| {how}{f', {low} to {high}' if low else ''} |"
            f" {len(data.tokenizer.chords) - SPECIAL:,} | {rounds * -(-windows // batch):,} |"
            f" {rounds} | {valid.total:.2f} | {test['model'].total:.2f} |"
            f" {test['model'].parts['unknown']:.2f} | {test['markov'].total:.2f} |"
            f" {run.history[-1].seconds:.0f} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="splits to average over")
    parser.add_argument("--register", action="store_true")
    parser.add_argument("--train", type=int, nargs="?", const=24, metavar="EPOCHS")
    arguments = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"no data at {DATA} (set PARTIMENTO_DATA)")
    if arguments.register:
        register()
    elif arguments.train:
        train(arguments.train)
    else:
        vocabularies(arguments.seeds)
        tutorial()


if __name__ == "__main__":
    main()
