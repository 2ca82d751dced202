"""Reconstruction, morphs and directions of a model with a latent space, on held-out pieces.

All windows are those of the beginnings of held-out pieces, which a run stores. Spearman's
correlation is that between amount and attribute over 13 amounts from -3 to 3, and its mean over
pieces is printed.

    python benchmarks/latent.py RUN [--pieces 40]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

import partimento as pt
from partimento.generate.directions import ATTRIBUTES, directions
from partimento.generate.latent_pieces import decode_points, encode_windows
from partimento.generate.morph import WAYS
from partimento.music.events import Event
from partimento.tokens.chords import CHORD, DURATION, HELD
from partimento.tokens.vocabulary import END, PAD, START, UNKNOWN
from partimento.training.trained_model import TrainedModel

AMOUNTS = np.linspace(-3, 3, 13)
STEPS = 7


def held_out(model: TrainedModel, most: int) -> list[np.ndarray]:
    """Return the ids of the beginnings of held-out pieces, in full windows.

    Pieces with chords outside the vocabulary are left out.
    """
    found = []
    for piece in model.pieces:
        if piece.split == "train":
            continue
        ids = piece.opening[~np.isin(piece.opening[:, 0], (PAD, START, END))]
        length = len(ids) // model.model.length * model.model.length
        if length and not (ids[:length] == UNKNOWN).any():
            found.append(ids[:length])
    return found[:most]


def decoded(
    model: TrainedModel, points: Sequence[np.ndarray], ids: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """Decode the points of each piece, greedily."""
    return decode_points(model, points, [len(each) for each in ids], source_rows=ids)


def overlap(one: Sequence[Event], other: Sequence[Event]) -> float:
    """Return the F1 of the notes of two pieces, event by event."""
    same = sum(len(set(a.chord) & set(b.chord)) for a, b in zip(one, other, strict=False))
    notes = sum(len(event.chord) for event in (*one, *other))
    return 2 * same / max(notes, 1)


def ranks(values: Sequence[float]) -> np.ndarray:
    """Return the ranks of values; equal values share theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2)[inverse]


def spearman(values: Sequence[float]) -> float:
    """Return the correlation of the ranks of values with their order."""
    order = ranks(values)
    if order.std() == 0:
        return 0.0
    return float(np.corrcoef(np.arange(len(values)), order)[0, 1])


def print_reconstruction(model: TrainedModel, ids: list[np.ndarray]) -> None:
    tokenizer = model.tokenizer
    points = [encode_windows(model, each) for each in ids]
    again = decoded(model, points, ids)
    ours, theirs = np.concatenate(again), np.concatenate(ids)
    print(f"reconstruction of {len(ids)} held-out pieces, {len(theirs)} events")
    for name, field in (("chord", CHORD), ("held notes", HELD), ("duration", DURATION)):
        if field in model.model.fields:
            print(
                f"  {name + ' right':24}{100 * np.mean(ours[:, field] == theirs[:, field]):6.1f} %"
            )
    events = [tokenizer.decode_events(each) for each in ids]
    new = [tokenizer.decode_events(each) for each in again]
    f1 = np.mean([overlap(a, b) for a, b in zip(events, new, strict=True)])
    chance = np.mean([overlap(a, b) for a, b in zip(events, new[1:] + new[:1], strict=True)])
    other = f"with those of another piece {100 * chance:.1f} %"
    print(f"  {'notes right (F1)':24}{100 * f1:6.1f} %   {other}")


def print_morphs(model: TrainedModel, ids: list[np.ndarray]) -> None:
    print(f"morphs of {STEPS} steps: notes that two neighbors share (F1), and key")
    tokenizer, length = model.tokenizer, model.model.length
    windows = [each[:length] for each in ids]
    points = [encode_windows(model, each)[0] for each in windows]
    for name, way in WAYS.items():
        shared, ends, in_key = [], [], []
        for first, last in pairwise(points):
            share = np.arange(STEPS) / (STEPS - 1)
            z = way(np.repeat(first[None], STEPS, 0), np.repeat(last[None], STEPS, 0), share)
            steps = decoded(model, list(z[:, None].astype(np.float32)), [windows[0]] * STEPS)
            music = [tokenizer.decode_events(each) for each in steps]
            shared += [overlap(a, b) for a, b in pairwise(music)]
            ends.append(overlap(music[0], music[-1]))
            in_key += [
                np.mean([pitch % 12 in (0, 2, 4, 5, 7, 9, 11) for e in each for pitch in e.chord])
                for each in music[1:-1]
            ]
        near, least, far, key = (
            100 * value for value in (np.mean(shared), min(shared), np.mean(ends), np.mean(in_key))
        )
        print(
            f"  {name:10} neighbors {near:5.1f} %, least {least:5.1f} %; both ends {far:5.1f} %;"
            f" notes between them in C major {key:5.1f} %"
        )


def print_directions(model: TrainedModel, ids: list[np.ndarray]) -> None:
    known = directions(model)
    points = [encode_windows(model, each) for each in ids]
    events = [model.tokenizer.decode_events(each) for each in ids]
    spreads = {name: np.std([f(each) for each in events]) for name, f in ATTRIBUTES.items()}
    print(
        f"{'direction':12}{'Spearman':>10}{'> 0.9':>8}   change from -1 to 1, in spreads of pieces"
    )
    for name, vector in known.items():
        moved = [
            decoded(model, [p + np.float32(amount) * vector for p in points], ids)
            for amount in AMOUNTS
        ]
        music = [[model.tokenizer.decode_events(each) for each in row] for row in moved]
        values = np.array([[ATTRIBUTES[name](each) for each in row] for row in music])
        found = [spearman(column) for column in values.T]
        low, high = (music[int(np.argmin(abs(AMOUNTS - a)))] for a in (-1, 1))
        changes = {
            other: np.mean([f(b) - f(a) for a, b in zip(low, high, strict=True)]) / spreads[other]
            for other, f in ATTRIBUTES.items()
        }
        row = ", ".join(f"{other} {value:+.2f}" for other, value in changes.items())
        share = 100 * np.mean(np.array(found) > 0.9)
        print(f"{name:12}{np.mean(found):10.3f}{share:6.0f} %   {row}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run")
    parser.add_argument("--pieces", type=int, default=40)
    options = parser.parse_args()
    model = pt.load_model(options.run)
    ids = held_out(model, options.pieces)
    print_reconstruction(model, ids)
    print_morphs(model, ids)
    print_directions(model, ids)


if __name__ == "__main__":
    main()
