"""Measure models of a grid on the JSB chorales: Coconet, DeepBach and MiniBach.

    python benchmarks/gibbs.py JSB16.json --coconet RUN [--quarter RUN] [--deepbach RUN]
        [--minibach RUN] [--only likelihood harmony parallels …] [--out FILE]

Every figure stands for all test chorales, and for those whose tune stands in no training piece.
Runs are trained with the recipes `coconet-jsb16`, `deepbach` and `minibach-harmonise`; `--quarter`
is a run of `coconet-jsb16` with `tokens.frame = "1"`, for harmonizing beat by beat.

- likelihood: nats per note with the cells in random orders, the mean of 8 orders. Each order is a
  proper likelihood. The length of a piece is given.
- release: nats per frame by the protocol of Coconet's release, on a sample of frames. It averages
  the probabilities of 5 orders frame by frame, and conditions on its own most probable notes. This
  is no likelihood; it is for comparison with published figures only.
- pseudo: nats per cell given all other cells, DeepBach and counts.
- harmony: nats per quarter of alto, tenor and bass given the soprano, beside a hidden Markov model.
- parallels: parallel fifths and octaves per thousand moving pairs in harmonizations of test
  melodies, without and with the rule of part-writing, as multiples of Bach's.
- speed: seconds to harmonize 16 bars, with a loaded and compiled model.
- accuracy: the share of cells as in Bach's setting, in one pass and after Gibbs sampling.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from partimento.analysis.part_writing import part_writing, total
from partimento.corpus.benchmarks import read_benchmark
from partimento.corpus.entries import Corpus
from partimento.evaluation.benchmarks import new_tunes, pieces_of
from partimento.evaluation.chorale_counts import CellCounts, HarmonyHmm
from partimento.generate.cell_rules import allowed_cells
from partimento.generate.complete import complete, place, unknown_cells
from partimento.generate.constraints.lines import PartWriting
from partimento.generate.gibbs import GridSampler, Schedule
from partimento.models.gibbs import steps_of
from partimento.music.piece import Piece
from partimento.tokens.grid_grammar import HEADER
from partimento.tokens.note_grammar import NONE
from partimento.tokens.voices import sampled_grid
from partimento.training.dataset import in_common_key
from partimento.training.trained_model import TrainedModel, load_model

QUARTER = Fraction(1)
MEMORIES = (1.0, 2.0, 4.0, 8.0, 16.0)  # of the hidden Markov model; chosen on validation pieces
ORDERS, FRAMES = 5, 6  # of the release protocol
Rows = list[dict[str, Any]]


def means(values: np.ndarray, units: np.ndarray, new: np.ndarray) -> dict[str, float]:
    """Return the figure of all pieces and that of new tunes."""
    return {
        "all": round(float(values.sum() / units.sum()), 4),
        "new tunes": round(float(values[new].sum() / units[new].sum()), 4),
    }


def tokens_of(trained: TrainedModel, pieces: Sequence[Piece]) -> list[Any]:
    return trained.tokenizer.encode_all(pieces)


def chosen(corpus: Corpus, split: str, most: int) -> tuple[list[Piece], np.ndarray]:
    """Return the pieces of a split, or every n-th, and which have new tunes."""
    pieces, new = pieces_of(corpus, split), new_tunes("jsb16", corpus, split=split)
    assert new is not None
    step = max(-(-len(pieces) // most), 1) if most else 1
    return pieces[::step], new[::step]


def likelihood(corpus: Corpus, trained: TrainedModel, options: Any) -> Rows:
    rows = []
    for split in ("valid", "test"):
        pieces, new = chosen(corpus, split, options.pieces)
        nats, cells = [], []
        for number, tokens in enumerate(tokens_of(trained, pieces)):
            nats.append(trained.model.ordering_nats(tokens, seed=number))
            cells.append(steps_of(tokens, trained.model.voices)[0].size)
        table, units = np.array(nats), np.array(cells)
        spread = table.sum(axis=0) / units.sum()
        rows.append({
            "figure": "nats per note, mean of 8 orders", "split": split, "pieces": len(pieces),
            **means(table.mean(axis=1), units, new), "deviation of orders": round(spread.std(), 4),
        })  # fmt: skip
    return rows


def release(corpus: Corpus, trained: TrainedModel, options: Any) -> Rows:
    pieces, new = chosen(corpus, "test", options.pieces)
    values, squares = [], []
    for number, tokens in enumerate(tokens_of(trained, pieces)):
        frames = _release_frames(trained.model, tokens, np.random.default_rng(number))
        values.append(frames.mean())
        squares.append(frames.var() / len(frames))
    table = np.array(values)
    return [{
        "figure": "nats per frame, release protocol, mean of pieces", "split": "test",
        "pieces": len(pieces), "all": round(table.mean(), 4),
        "new tunes": round(table[new].mean(), 4),
        "standard error of sampled frames": round(float(np.sqrt(sum(squares))) / len(squares), 4),
    }]  # fmt: skip


def _release_frames(model: Any, tokens: Any, rng: np.random.Generator) -> np.ndarray:
    """Return the nats of some frames of a piece, averaged over orders as the release does."""
    rows, facts = steps_of(tokens, model.voices)
    length, voices = rows.shape
    frames = rng.choice(length, min(FRAMES, length), replace=False)
    hidden = np.zeros((len(frames), ORDERS, length, voices), bool)
    for number, frame in enumerate(frames.tolist()):
        for order in range(ORDERS):
            others = rng.permutation(np.delete(np.arange(length), frame))
            hidden[number, order, others[rng.integers(length) :]] = True
            hidden[number, order, frame] = True
    hidden = hidden.reshape(-1, length, voices)
    at = np.repeat(frames, ORDERS)
    read = np.repeat(rows[None], len(hidden), axis=0).copy()
    sequence = rng.permuted(np.tile(np.arange(voices), (len(hidden), 1)), axis=1)
    nats, every = np.zeros(len(hidden)), np.arange(len(hidden))
    for place_ in range(voices):
        voice = sequence[:, place_]
        scores = _scores(model, read, ~hidden, facts, at, voice)
        nats -= scores[every, rows[at, voice]]
        read[every, at, voice] = scores.argmax(axis=1)  # the release conditions on its own notes
        hidden[every, at, voice] = False
    table = nats.reshape(len(frames), ORDERS)
    return np.log(ORDERS) - np.logaddexp.reduce(-table, axis=1)


def _scores(model: Any, read: Any, known: Any, facts: Any, at: Any, voice: Any) -> np.ndarray:
    """Return the log-probabilities of one cell of each grid, ``(M, V)``."""
    found = []
    for first in range(0, len(read), 8):
        part = slice(first, first + 8)
        count = len(read[part])
        more = ((0, 8 - count), (0, 0), (0, 0))
        logits = model.logits(
            np.pad(read[part], more, mode="edge"), np.pad(known[part], more, mode="edge"),
            np.broadcast_to(facts, (8, *facts.shape)),
        )[:count]  # fmt: skip
        found.append(logits[np.arange(count), at[part], voice[part]])
    scores = np.concatenate(found).astype(float)
    scores -= scores.max(axis=1, keepdims=True)
    return np.asarray(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)))


def pseudo(corpus: Corpus, trained: TrainedModel, options: Any) -> Rows:
    tokenizer: Any = trained.tokenizer

    def grids(pieces: Sequence[Piece]) -> list[tuple[np.ndarray, np.ndarray]]:
        found = []
        for piece in pieces:
            ids = tokenizer.encode(in_common_key(piece).moved).ids
            found.append((ids[HEADER:-1, :-1], tokenizer.cells_of(ids)[0]))
        return found

    counts = CellCounts(grids(pieces_of(corpus, "train")), tokenizer.cells - 4)
    rows = []
    for split in ("valid", "test"):
        pieces, new = chosen(corpus, split, options.pieces)
        own = [trained.model.pseudo_nats(tokens) for tokens in tokens_of(trained, pieces)]
        struck = [steps_of(t, trained.model.voices)[0] > 5 for t in tokens_of(trained, pieces)]
        base = [counts.nats(*grid) for grid in grids(pieces)]
        for name, table in (("deepbach", own), ("bidirectional counts", base)):
            sums = np.array([nats.sum() for nats in table])
            units = np.array([nats.size for nats in table])
            on = np.array([nats[mask].sum() for nats, mask in zip(table, struck, strict=True)])
            onsets = np.array([mask.sum() for mask in struck])
            rows.append({"figure": f"{name}: nats per cell", "split": split,
                         "pieces": len(pieces), **means(sums, units, new)})  # fmt: skip
            rows.append({"figure": f"{name}: nats per struck cell", "split": split,
                         "pieces": len(pieces), **means(on, onsets, new)})  # fmt: skip
    return rows


def harmony(corpus: Corpus, trained: TrainedModel, options: Any) -> Rows:
    """Return nats per quarter of the lower voices given the melody."""
    frame = trained.tokenizer.frame  # type: ignore[attr-defined]
    rows = []
    for split in ("valid", "test"):
        pieces, new = chosen(corpus, split, options.pieces)
        nats, quarters = [], []
        for number, tokens in enumerate(tokens_of(trained, pieces)):
            cells, _ = steps_of(tokens, trained.model.voices)
            known = np.zeros(cells.shape, bool)
            known[:, 0] = True
            nats.append(trained.model.ordering_nats(tokens, known=known, seed=number).mean())
            quarters.append(len(cells) * float(frame))
        figures = means(np.array(nats), np.array(quarters), new)
        name = f"lower voices, nats per quarter, steps of {frame}"
        rows.append({"figure": name, "split": split, "pieces": len(pieces), **figures})
    return rows


def hmm(corpus: Corpus, options: Any) -> Rows:
    """Return the same figure of the hidden Markov model."""

    def grids(pieces: Sequence[Piece]) -> list[np.ndarray]:
        found = []
        for piece in pieces:
            grid = sampled_grid(in_common_key(piece).moved, 4, QUARTER)[0]
            found.append(np.where(grid == NONE, -1, grid))
        return found

    train = grids(pieces_of(corpus, "train"))
    valid, _ = chosen(corpus, "valid", 0)
    held = grids(valid)
    models = [HarmonyHmm(train, memory=m, emission=e) for m in MEMORIES for e in (0.5, 2.0, 8.0)]
    best = min(models, key=lambda model: sum(model.nats(piece) for piece in held))
    rows = []
    for split in ("valid", "test"):
        pieces, new = chosen(corpus, split, options.pieces)
        tables = grids(pieces)
        nats, units = np.array([best.nats(t) for t in tables]), np.array([len(t) for t in tables])
        rows.append({"figure": "lower voices, nats per quarter, hidden Markov model",
                     "split": split, "pieces": len(pieces), **means(nats, units, new)})  # fmt: skip
    return rows


def melody_of(piece: Piece, bars: int) -> Piece:
    """Return the first bars of the soprano as a piece of one part."""
    stop = min(bars * piece.first_meter.bar_ql, piece.length)
    notes = [n for n in piece.notes if n.part == 0 and n.onset + n.duration <= stop]
    end = max(n.onset + n.duration for n in notes)
    return piece.replace(notes=notes, parts=piece.parts[:1], length=end)


def parallels(corpus: Corpus, trained: TrainedModel, options: Any) -> Rows:
    pieces, _ = chosen(corpus, "test", options.harmonizations)
    bach = total(part_writing(piece) for piece in pieces_of(corpus, "train"))
    rates = {"Bach, training pieces": bach}
    for name, rules in (("without the rule", ()), ("with PartWriting", (PartWriting("all"),))):
        made = []
        for number, piece in enumerate(pieces):
            placed = place(trained, melody_of(piece, options.bars))
            unknown = unknown_cells(trained, placed)
            made += complete(trained, placed, unknown, seed=number, constraints=rules,
                             candidates=options.candidates)  # fmt: skip
            print(f"parallels {name}: {number + 1} of {len(pieces)}", file=sys.stderr)
        rates[name] = total(part_writing(piece) for piece in made)
    rows = []
    for name, counts in rates.items():
        row: dict[str, Any] = {"figure": f"parallels per 1,000 moving pairs: {name}"}
        row["moving pairs"] = counts.moving_pairs
        for what in ("parallel_fifths", "parallel_octaves"):
            rate, base = counts.rates()[what], bach.rates()[what]
            row |= {what: round(rate, 2), f"{what}, times Bach's": round(rate / base, 2)}
        both = counts.parallel_fifths + counts.parallel_octaves
        theirs = (bach.parallel_fifths + bach.parallel_octaves) / bach.moving_pairs
        row["both, times Bach's"] = round(both / max(counts.moving_pairs, 1) / theirs, 2)
        rows.append(row)
    return rows


def speed(corpus: Corpus, trained: TrainedModel, options: Any) -> Rows:
    pieces, _ = chosen(corpus, "test", 0)
    long = next(piece for piece in pieces if piece.length >= 64)
    placed = place(trained, melody_of(long, 16))
    unknown = unknown_cells(trained, placed)
    rows = []
    for name, rules in (("no rules", ()), ("PartWriting", (PartWriting("all"),))):
        clocks = []
        for seed in range(3):  # the first one compiles
            start = time.perf_counter(), time.process_time()
            complete(trained, placed, unknown, seed=seed, constraints=rules)
            clocks.append((time.perf_counter() - start[0], time.process_time() - start[1]))
        rows.append({"figure": f"16 bars harmonized, {name}", "seconds": round(min(clocks)[0], 2),
                     "CPU seconds": round(min(c for _, c in clocks), 2),
                     "first, with compiling": round(clocks[0][0], 2)})  # fmt: skip
    return rows


def accuracy(corpus: Corpus, trained: TrainedModel, options: Any) -> Rows:
    """Return the share of cells as in Bach's setting, from the melody alone."""
    pieces, new = chosen(corpus, "test", options.pieces)
    right, units = [], []
    for tokens in tokens_of(trained, pieces):
        cells, facts = steps_of(tokens, trained.model.voices)
        known = np.zeros(cells.shape, bool)
        known[:, 0] = True
        best = trained.model.logits(cells[None], known[None], facts[None])[0].argmax(-1)
        right.append((best == cells)[:, 1:].sum())
        units.append(cells[:, 1:].size)
    return [{"figure": "cells of the lower voices as Bach's, one pass", "split": "test",
             "pieces": len(pieces), **means(np.array(right), np.array(units), new)}]  # fmt: skip


def picture(corpus: Corpus, trained: TrainedModel, path: Path) -> None:
    """Draw how the cells under a melody change from draw to draw."""
    from partimento.plots.style import COLORS, new_figure, styled, write_plot

    piece = chosen(corpus, "test", 0)[0][3]
    tokenizer: Any = trained.tokenizer
    placed = place(trained, melody_of(piece, 4))
    unknown = unknown_cells(trained, placed)
    sampler = GridSampler(
        trained.model,
        tokenizer.facts(placed.ids)[HEADER:-1],
        allowed_cells(tokenizer, len(unknown), (), None),
        seed=5,
    )
    states: list[tuple[np.ndarray, np.ndarray]] = []
    sampler.on_draw = lambda grid, drawn: states.append((grid[0].copy(), drawn[0].copy()))
    sampler.sample(placed.cells, ~unknown)
    rounds = Schedule().rounds
    panels = {
        "the melody is known, all other cells are drawn at once": 0,
        "half of the cells are drawn again, given the other half": rounds * 2 // 5,
        "a tenth of the cells": rounds,
        "beats of one voice, cell by cell": len(states) - 3,
    }

    @styled
    def figure() -> Any:
        canvas = new_figure(9, 9)
        axes = canvas.subplots(len(panels), 1)
        for axis, (title, number) in zip(axes, panels.items(), strict=True):
            grid, drawn = states[number]
            pitches = sampler.sounding(grid[None])[0]
            for voice in range(pitches.shape[1]):
                for mask, alpha in ((drawn[:, voice], 1.0), (~drawn[:, voice], 0.35)):
                    steps = np.flatnonzero(mask & (pitches[:, voice] >= 0))
                    axis.barh(
                        pitches[steps, voice], 0.96, left=steps, height=0.9, alpha=alpha,
                        color=COLORS[voice],
                    )  # fmt: skip
            axis.set_title(title, loc="left", fontsize=10)
            axis.set_xlim(0, len(pitches))
            axis.set_xticks(range(0, len(pitches) + 1, 16))
            axis.set_xticklabels([])
            axis.set_ylabel("pitch")
        axes[-1].set_xlabel("four bars, a cell per sixteenth; strong color: just drawn")
        return canvas

    write_plot(figure(), path, force=True)


Measure = Callable[[Corpus, TrainedModel, Any], Rows]
MEASURES: dict[str, dict[str, Measure]] = {
    "coconet": {
        "likelihood": likelihood,
        "release": release,
        "harmony": harmony,
        "accuracy": accuracy,
        "parallels": parallels,
        "speed": speed,
    },
    "quarter": {"harmony": harmony},
    "deepbach": {"pseudo": pseudo, "parallels": parallels, "speed": speed},
    "minibach": {"accuracy": accuracy},
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("set", help="Jsb16thSeparated.json")
    for name in MEASURES:
        parser.add_argument(f"--{name}", help="a run folder")
    parser.add_argument("--only", nargs="*", default=[], help="measures; by default all")
    parser.add_argument("--pieces", type=int, default=0, help="at most so many pieces per split")
    parser.add_argument("--harmonizations", type=int, default=77)
    parser.add_argument("--candidates", type=int, default=4)
    parser.add_argument("--bars", type=int, default=8)
    parser.add_argument("--out", type=Path, help="where to write the figures, as JSON")
    parser.add_argument("--picture", type=Path, help="where to draw the cells (PNG)")
    options = parser.parse_args()
    corpus = read_benchmark(options.set)
    rows: Rows = []

    def add(name: str, found: Rows) -> None:
        for row in found:
            rows.append({"model": name, **row})
            print(json.dumps(rows[-1]), flush=True)
            if options.out:
                options.out.write_text(json.dumps(rows, indent=1))

    if not options.only or "hmm" in options.only:
        add("hmm", hmm(corpus, options))
    for name, measures in MEASURES.items():
        if not (folder := getattr(options, name)):
            continue
        trained = load_model(folder)
        if options.picture and name == "coconet":
            picture(corpus, trained, options.picture)
        for measure, run in measures.items():
            if not options.only or measure in options.only:
                add(name, run(corpus, trained, options))


if __name__ == "__main__":
    main()
