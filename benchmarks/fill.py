"""Measure how weighing by the music that follows helps to fill bars.

    python benchmarks/fill.py --pieces 20

Four bars in the middle of held-out pieces are filled: of chorales with the bundled model chorales,
all four voices, and of guitar pieces (MIDI) with the bundled model guitar. 128 candidates are
sampled after the music before. *Unweighted* takes them as they come. *Weighted* draws from them by
the probability of the four bars that follow, as `fill` does. *Original* is the composer's own.

- nats: nats per note of the four bars that follow, under the same model.
- parallels: parallel fifths and octaves per fill, from the chord before a seam to the chord after
  it, in voices (chorales only).
- leap: semitones from the last top note of the filled bars to the first one after them.
- bytes: the share of the bytes outside of the filled measures that differ in the written file. MIDI
  events are compared with their times.

With `--keep`, the top voice of the chorales stays in the filled bars. Sampling with masks, which
sees a kept note only when it is due, is then compared with the particle filter: nats per event of
the filled bars, nats per note of the bars that follow, and the effective sample size.

Both the weights and the nats come from the same model: that they fall shows that weighing works,
not that the music is good. Parallels and leaps are not weighed.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import zipfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import numpy as np

import partimento as pt
from partimento.generate.around import Gap, View, view_of
from partimento.generate.fill import (
    AutoregressiveFill,
    FillRequest,
    drawn,
    joined_weights,
    parts_to_compose,
    weights_of,
)
from partimento.io.midi.smf import events_of, split_tracks
from partimento.io.musicxml.note_ids import bar_starts
from partimento.io.musicxml.read import parse, read_notes
from partimento.io.splice import with_change
from partimento.music.change import Change
from partimento.music.piece import Piece
from partimento.training.trained_model import TrainedModel

DATA = Path(__file__).parents[2] / "shared" / "data"
BARS = 4
DRAWN = 8


class Row(NamedTuple):
    """The results of one piece: unweighted, weighted and original."""

    nats: tuple[float, float, float]
    parallels: tuple[float, float, float]
    leap: tuple[float, float, float]
    effective: float
    changed: float


def pieces_of(name: str, trained: TrainedModel, folder: Path) -> Iterator[Piece]:
    """Yield the held-out pieces of a bundled model, read from files."""
    for record in trained.pieces:
        if record.split != "test":
            continue
        path = DATA / record.source.path
        if name == "chorales":
            from music21 import corpus

            number = Path(record.source.path).name
            found = [p for p in map(str, corpus.getCorePaths()) if p.endswith(f"/{number}")]
            if not found:
                continue
            path = folder / number.replace(".mxl", ".musicxml")
            with zipfile.ZipFile(found[0]) as archive:
                names = [n for n in archive.namelist() if not n.startswith("META-INF")]
                path.write_bytes(archive.read(names[0]))
        if path.is_file():
            yield pt.read(path)


def middle(piece: Piece) -> tuple[Fraction, Fraction] | None:
    """Return where four bars in the middle begin and end."""
    bars = [bar for bar in piece.bars() if bar.number > 0 and bar.onset < piece.length]
    first = (len(bars) - BARS) // 2
    if first < BARS or first + 2 * BARS > len(bars):
        return None
    return bars[first].onset, bars[first + BARS].onset


def original(view: View) -> Change:
    """Return the change that fills a gap with the composer's own notes."""
    return view.change(view.item.moved)


def parallels_at(piece: Piece, times: tuple[Fraction, Fraction]) -> int:
    """Count parallel fifths and octaves over the seams of a piece of four parts."""
    count = 0
    for time in times:
        chords = []
        for moment in (time - Fraction(1, 8), time):
            sounding = {n.part: n.pitch for n in piece.notes if n.onset <= moment < n.end}
            chords.append(sounding)
        before, after = chords
        voices = sorted(before.keys() & after.keys())
        for i, one in enumerate(voices):
            for other in voices[i + 1 :]:
                intervals = [(c[one] - c[other]) % 12 for c in chords]
                moves = (after[one] - before[one], after[other] - before[other])
                if (
                    intervals[0] == intervals[1]
                    and intervals[0] in (0, 7)
                    and moves[0]
                    and moves[1]
                ):
                    count += moves[0] * moves[1] > 0
    return count


def leap_at(piece: Piece, time: Fraction) -> float:
    """Return the semitones between the top notes on both sides of a time."""
    tops = []
    for moment in (time - Fraction(1, 8), time):
        sounding = [n.pitch for n in piece.notes if n.onset <= moment < n.end]
        tops.append(max(sounding, default=-1))
    return float(abs(tops[1] - tops[0])) if min(tops) >= 0 else float("nan")


def changed_bytes(before: Path, after: Path, times: tuple[Fraction, Fraction]) -> float:
    """Return the share of bytes outside of the filled bars that differ."""
    old, new = before.read_bytes(), after.read_bytes()
    if before.suffix == ".musicxml":
        pattern = re.compile(rb"<measure\b.*?</measure>", re.DOTALL)
        cut = [pattern.findall(data) for data in (old, new)]
        readers, grid = read_notes(parse(old))
        starts = [Fraction(tick, grid) for tick in bar_starts(readers, grid)][:-1]
        measures = range(len(cut[0]))
        outside = [i for i in measures if not times[0] <= starts[i % len(starts)] < times[1]]
        wrong = sum(len(cut[0][i]) for i in outside if cut[0][i] != cut[1][i])
        return wrong / sum(len(cut[0][i]) for i in outside)
    ticks = int.from_bytes(old[12:14], "big")
    wrong = total = 0
    for own, other in zip(split_tracks(old), split_tracks(new), strict=True):
        kept = [
            [
                (tick, status, body)
                for tick, status, body, _ in events_of(track)
                if not times[0] * ticks <= tick <= times[1] * ticks and b"partimento:" not in body
            ]
            for track in (own, other)
        ]
        total += len(kept[0])
        wrong += len(set(kept[0]) ^ set(kept[1]))
    return wrong / max(total, 1)


def measured(trained: TrainedModel, piece: Piece, folder: Path, seed: int) -> Row | None:
    """Fill the middle of a piece, and return what can be measured."""
    found = middle(piece)
    if found is None:
        return None
    begin, end = found
    view = view_of(trained, piece, Gap(begin, end, parts_to_compose(piece, ()), piece.length))
    request = FillRequest(view, trained.settings.sample, 128)
    strategy = AutoregressiveFill()
    filled = strategy.fill(trained, request, seed)
    if not filled.changes:
        return None
    own = strategy.following_of(trained, view, [original(view)])
    weights = joined_weights(filled, weights_of(filled.following))
    chosen = drawn(weights, DRAWN, seed)
    stop = min(end + BARS * view.prompt.reference.meter.bar_ql, piece.length)
    count = sum(end <= note.onset < stop for note in piece.notes)
    sets = (
        filled.changes[:DRAWN],
        [filled.changes[i] for i in chosen],
        [original(view)],
    )
    results = [[with_change(piece, view.sounding(c)) for c in each] for each in sets]
    path = folder / f"after{Path(piece.source.path).suffix}"
    results[1][0].save(path, force=True)
    has_voices = len(piece.parts) == 4
    return Row(
        (
            float(filled.following.mean()) / count,
            float(filled.following[chosen].mean()) / count,
            float(own[0]) / count,
        ),
        tuple(fmean(parallels_at(p, (begin, end)) for p in each) * has_voices for each in results),  # type: ignore[arg-type]
        tuple(float(np.nanmean([leap_at(p, end) for p in each])) for each in results),  # type: ignore[arg-type]
        float(1 / (weights**2).sum()),
        changed_bytes(Path(piece.source.path), path, (begin, end)),
    )


def kept(trained: TrainedModel, piece: Piece, seed: int) -> list[list[float]] | None:
    """Fill the middle of a piece below its top voice, with masks and with the particle filter."""
    found = middle(piece)
    if found is None:
        return None
    parts = parts_to_compose(piece, ["1"])
    view = view_of(trained, piece, Gap(*found, parts, piece.length))
    request = FillRequest(view, trained.settings.sample, 128)
    stop = min(found[1] + BARS * view.prompt.reference.meter.bar_ql, piece.length)
    count = sum(found[1] <= note.onset < stop for note in piece.notes)
    rows = []
    for filters in (False, True):
        filled = AutoregressiveFill(filters).fill(trained, request, seed)
        weights = joined_weights(filled, weights_of(filled.following))
        chosen = drawn(weights, DRAWN, seed)
        after = float(filled.following[chosen].mean()) / count
        rows.append([float(filled.nats[chosen].mean()), after, float(1 / (weights**2).sum())])
    return rows


def compare_kept(pieces: int) -> None:
    """Print the comparison for a kept top voice."""
    trained, rows = pt.load_model("chorales"), list[list[list[float]]]()
    with tempfile.TemporaryDirectory() as folder:
        for piece in pieces_of("chorales", trained, Path(folder)):
            row = kept(trained, piece, len(rows))
            if row is not None:
                rows.append(row)
            if len(rows) >= pieces:
                break
    print(f"chorales with their top voice: {len(rows)} pieces; filled, following, effective")
    for name, means in zip(("masks", "particles"), np.mean(rows, axis=0), strict=True):
        print(f"  {name}: " + ", ".join(f"{mean:.2f}" for mean in means))


def main() -> None:
    """Print a table for each model."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pieces", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--models", nargs="*", default=["chorales", "guitar"])
    parser.add_argument("--keep", action="store_true", help="compare fills below a kept voice")
    arguments = parser.parse_args()
    if arguments.keep:
        compare_kept(arguments.pieces)
        return
    for name in arguments.models:
        trained = pt.load_model(name)
        rows: list[Row] = []
        with tempfile.TemporaryDirectory() as folder:
            for piece in pieces_of(name, trained, Path(folder)):
                try:
                    row = measured(trained, piece, Path(folder), arguments.seed + len(rows))
                except pt.PartimentoError as error:
                    print(f"  {piece.title}: {error}")
                    continue
                if row is not None:
                    rows.append(row)
                    print(f"  {len(rows)} {piece.title}: {row}", flush=True)
                if len(rows) >= arguments.pieces:
                    break
        print(f"{name}: {len(rows)} pieces; unweighted, weighted, original")
        for title in ("nats", "parallels", "leap"):
            values = np.array([getattr(row, title) for row in rows])
            print(f"  {title}: " + ", ".join(f"{mean:.2f}" for mean in np.nanmean(values, axis=0)))
        effective = [row.effective for row in rows]
        print(f"  effective sample size of 128: median {np.median(effective):.1f}")
        print(f"  share of locked bytes that differ: {max(row.changed for row in rows):g}")


if __name__ == "__main__":
    main()
