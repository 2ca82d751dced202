"""Compare models that fill bars: one that writes note by note, and one of a grid.

    python benchmarks/fill_models.py Jsb16thSeparated.json RUN… [--pieces N] [--keep] [--split test]

All runs must have learned from the training split of the set, such as those of the recipes
`notewise-jsb16`, `coconet-jsb16` and `deepbach`. Four bars in the middle of held-out chorales are
filled with the defaults of `fill`, and the best candidate is measured, beside Bach's own bars. With
`--keep`, the soprano stays.

- parallels: fifths and octaves per fill, in the gap and over both its edges.
- following: nats per note of the four bars that follow, by a third model (`--judge`). The bundled
  model chorales has learned from some of these chorales, in all rows alike.
- chords: the share of beats whose pitch classes above the bass are frequent in the training pieces.
- in key: the share of the sounding time in the key of the piece.
- notes: new notes per bar and voice.
- changed: the share of notes that differ from Bach's (`share_of_changed_notes`).
- seconds: computing time per fill, with a loaded model, without the first fill, which compiles.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from statistics import fmean

import numpy as np

import partimento as pt
from partimento.analysis.keys import analyze_key
from partimento.analysis.part_writing import part_writing
from partimento.analysis.similarity.note_distance import share_of_changed_notes
from partimento.corpus.benchmarks import read_benchmark
from partimento.evaluation.benchmarks import pieces_of
from partimento.generate.around import Gap, view_of
from partimento.generate.fill import AutoregressiveFill, fill_candidates, parts_to_compose
from partimento.music.excerpt import cut_between
from partimento.music.piece import Piece
from partimento.tables import markdown_table
from partimento.training.trained_model import TrainedModel

BARS = 4
FREQUENT = 20  # beats of the training pieces on which a chord occurs, to be known
COLUMNS = ("parallels", "following", "chords", "in key", "notes", "changed", "seconds")


def chord_on(piece: Piece, time_: Fraction) -> frozenset[int] | None:
    """Return the pitch classes that sound, counted from the lowest; None for silence."""
    notes = piece.notes
    now = time_ * notes.divisions
    pitches = notes.pitch[(notes.onset <= now) & (notes.end > now)]
    return frozenset(((pitches - pitches.min()) % 12).tolist()) if len(pitches) else None


def chords_of(piece: Piece, begin: Fraction, end: Fraction) -> list[frozenset[int]]:
    """Return the chord of each beat between two times."""
    times = [begin + beat for beat in range(int(end - begin))]
    return [chord for each in times if (chord := chord_on(piece, each)) is not None]


def middle(piece: Piece) -> tuple[int, Fraction, Fraction] | None:
    """Return the number of the first bar of the gap, and where the gap begins and ends."""
    bars = [bar for bar in piece.bars() if bar.number > 0 and bar.onset < piece.length]
    first = (len(bars) - BARS) // 2
    if first < 2 or first + BARS + 2 > len(bars):
        return None
    return bars[first].number, bars[first].onset, bars[first + BARS].onset


def following(judge: TrainedModel, piece: Piece, begin: Fraction, end: Fraction) -> float:
    """Return the nats per note of the bars after the gap, by another model."""
    view = view_of(judge, piece, Gap(begin, end, parts_to_compose(piece, ()), piece.length))
    nats = AutoregressiveFill().following_of(judge, view, [view.change(view.item.moved)])
    stop = min(end + BARS * piece.first_meter.bar_ql, piece.length)
    return float(nats[0]) / sum(end <= note.onset < stop for note in piece.notes)


def measured(
    piece: Piece,
    original: Piece,
    gap: tuple[Fraction, Fraction],
    judge: TrainedModel,
    known: frozenset[frozenset[int]],
    parts: Sequence[int],
) -> list[float]:
    """Return what is measured of a fill, without its seconds."""
    begin, end = gap
    near = cut_between(piece, begin - 1, end + 1)
    counts = part_writing(near)
    chords = chords_of(piece, begin, end)
    inside = part_writing(cut_between(piece, begin, end), analyze_key(original)[0])
    new = sum(begin <= note.onset < end and note.part in parts for note in piece.notes)
    return [
        counts.parallel_fifths + counts.parallel_octaves,
        following(judge, piece, begin, end),
        fmean(chord in known for chord in chords) if chords else 0.0,
        inside.in_key / inside.sounding,
        new / BARS / len(parts),
        share_of_changed_notes(piece, original, spans=[gap], parts=parts),
    ]


def main() -> None:
    """Fill the pieces and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("set", help="Jsb16thSeparated.json")
    parser.add_argument("runs", nargs="+", help="run folders")
    parser.add_argument("--judge", default="chorales", help="the model of the following bars")
    parser.add_argument("--pieces", type=int, default=12)
    parser.add_argument("--split", default="test", choices=("test", "valid"))
    parser.add_argument("--keep", action="store_true", help="keep the soprano")
    parser.add_argument("--out", type=Path, help="a folder for the results, as MIDI")
    options = parser.parse_args()
    corpus = read_benchmark(options.set)
    beats = Counter(
        chord for p in pieces_of(corpus, "train") for chord in chords_of(p, Fraction(0), p.length)
    )
    known = frozenset(chord for chord, count in beats.items() if count >= FREQUENT)
    usable = [(p, gap) for p in pieces_of(corpus, options.split) if (gap := middle(p)) is not None]
    chosen = usable[:: max(len(usable) // options.pieces, 1)][: options.pieces]
    judge = pt.load_model(options.judge)
    keep = ["Soprano"] if options.keep else []
    rows: dict[str, list[list[float]]] = {"Bach": []}
    for piece, (_, begin, end) in chosen:
        parts = parts_to_compose(piece, keep)
        own = measured(piece, piece, (begin, end), judge, known, parts)
        rows["Bach"].append([*own, np.nan])
    for folder in options.runs:
        trained, name = pt.load_model(folder), Path(folder).name
        rows[name] = []
        for number, (piece, (first, begin, end)) in enumerate(chosen):
            clock = time.process_time()
            filled = fill_candidates(
                trained, piece, f"{first}-{first + BARS - 1}", keep=keep, best=1, seed=number
            )[0].piece
            seconds = time.process_time() - clock if number else np.nan
            parts = parts_to_compose(piece, keep)
            own = measured(filled, piece, (begin, end), judge, known, parts)
            rows[name].append([*own, seconds])
            print(f"{name} {number + 1} of {len(chosen)}: {rows[name][-1]}", flush=True)
            if options.out:
                options.out.mkdir(parents=True, exist_ok=True)
                filled.save(options.out / f"{name}-{number:02}.mid", force=True)
                filled.save(options.out / f"{name}-{number:02}.png", force=True)
    table = [
        [name, *(f"{mean:.2f}" for mean in np.nanmean(np.array(values), axis=0))]
        for name, values in rows.items()
        if values
    ]
    print(markdown_table(["", *COLUMNS], table))


if __name__ == "__main__":
    main()
