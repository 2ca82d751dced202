"""How near composed pieces are to real ones: the table of measures of music.

python benchmarks/music.py SOURCE [--kind chorales|guitar] [--pieces 200] [--bars 8-16] [--out DIR]

SOURCE is a folder of scores (MIDI, MusicXML), a run folder or the name of a bundled model. From the
last two, pieces are composed with the seeds `--seed`, `--seed` + 1 and so on. `--keys` asks for a
key in every second piece. `--out` keeps the pieces as MIDI files, so that SOURCE can be that folder
next time. `--real-only` leaves SOURCE out.

Columns: the composed pieces, JS Fakes (chorales only), real pieces, and two halves of the real
pieces. With `--bars 8-16`, whole pieces of so many bars are compared, and the composed ones get the
lengths of real ones. With `--bars 12`, only the first 12 bars of each piece are compared, but the
last chord and the cadences are those of whole pieces.

Keys are estimated for all pieces alike; `--declared` uses declared ones for the composed pieces.
The classifier and the Frechet distance compare with the real pieces, and halves of the real pieces
with each other. `--held-out` takes as real pieces only those that a run did not learn from.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from partimento.analysis.part_writing import total
from partimento.corpus.load import load_corpus
from partimento.corpus.settings import DataSettings
from partimento.evaluation.evaluate import evaluate
from partimento.evaluation.originality import Report, originality
from partimento.evaluation.part_writing import MEASURES, common_method, figures, measure_all
from partimento.music.piece import Piece
from partimento.tables import markdown_table

DATA = Path(os.environ.get("PARTIMENTO_DATA", Path(__file__).parents[2] / "shared" / "data"))
# Part of the archive stands an octave too high, as guitar music is printed.
SOUNDING = DataSettings(octave="sounding")
KEYS = ("c major", "g major", "d major", "a minor", "e minor", "d minor", "f major", "g minor")
ROWS = {
    "chorales": (
        "parallel_fifths",
        "parallel_octaves",
        "hidden_fifths",
        "hidden_octaves",
        "closes",
        "ends_on_tonic",
        "tonic_triad",
        "out_of_range",
        "crossings",
        "overlaps",
        "doubled_leading_notes",
        "unresolved_leaps",
        "in_key",
        "repeated_bars",
        "loops",
    ),
    "guitar": (
        "ends_on_tonic",
        "tonic_triad",
        "closes",
        "bar_runs",
        "in_key",
        "loops",
        "repeated_bars",
        "out_of_range",
        "parallel_fifths",
        "parallel_octaves",
    ),
}


def say(stage: str, done: int, count: int) -> None:
    if done in (1, count) or done % 20 == 0:
        print(f"  {stage} {done}/{count}", flush=True)


def is_model(source: str) -> bool:
    """Return whether a source is a run folder or the name of a bundled model."""
    from partimento.training.pretrained import model_folder
    from partimento.training.run_folder import RunFolder

    return RunFolder(model_folder(source)).exists()


def composed(options: argparse.Namespace, lengths: Sequence[int]) -> list[Piece]:
    """Read the pieces of a folder, or compose pieces of these lengths in bars."""
    from partimento.training.trained_model import load_model

    if not is_model(options.source):
        return load_corpus(options.source).pieces[: options.pieces]
    model = load_model(options.source)
    pieces = []
    for number in range(options.pieces):
        more = {"key": KEYS[number // 2 % len(KEYS)]} if options.keys and number % 2 else {}
        more |= {"candidates": options.candidates} if options.candidates else {}
        length = lengths[number % len(lengths)]
        pieces.append(model.compose(bars=length, seed=options.seed + number, **more))
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
            pieces[-1].save(options.out / f"{number:03}.mid", force=True)
        say("compose", number + 1, options.pieces)
    return pieces


def whole_bars(piece: Piece) -> int:
    return sum(bar.number > 0 for bar in piece.bars())


def real_pieces(options: argparse.Namespace) -> list[Piece]:
    """Return the real pieces of the lengths that are compared."""
    corpus = (
        load_corpus("bundled:chorales")
        if options.kind == "chorales"
        else load_corpus(DATA / "mutopia-guitar", config=SOUNDING, solo=True)
    )
    least, most = options.bars
    longest = most if least < most else 10**6
    pieces = [piece for piece in corpus.pieces if least <= whole_bars(piece) <= longest]
    if options.held_out and is_model(options.source):
        from partimento.training.trained_model import load_model

        records = load_model(options.source).pieces
        learned = {record.source.sha256 for record in records if record.split == "train"}
        pieces = [piece for piece in pieces if piece.source.sha256 not in learned]
    return pieces


def bar_range(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    return int(first), int(last or first)


def number(value: float) -> str:
    return "–" if not np.isfinite(value) else f"{value:.3f}" if abs(value) < 1 else f"{value:.2f}"


def label_of(name: str) -> str:
    measure = MEASURES[name]
    return f"{measure.label}, {measure.unit}" if measure.unit else measure.label


def compared(pieces: Sequence[Piece], real: Sequence[Piece], bars: int | None, seed: int) -> dict:
    """Return the classifier's accuracy and the Frechet distance, and those of real pieces."""
    result = evaluate(pieces, real, bars=bars, seed=seed)
    music = result.music
    assert music is not None
    if music.classifier:
        telling = list(music.classifier.differences.items())[:6]
        print("  tell-tale features (in standard deviations):", end=" ")
        print(", ".join(f"{name} {value:+.2f}" for name, value in telling))
    return {
        "voices": music.method,
        "classifier": str(music.classifier or "–"),
        "classifier, real": str(music.classifier_real or "–"),
        "frechet": f"{result.frechet.mean:.2f} ± {result.frechet.deviation:.2f}",
        "frechet, real": f"{result.frechet_real.mean:.2f} ± {result.frechet_real.deviation:.2f}",
    }


def copied(report: Report) -> tuple[str, str]:
    """Return the 95th percentile of the longest copied run: of the pieces, and of real ones."""
    lines = [
        "–" if group is None else f"{group.chords.length[1]:g} / {group.melody.length[1]:g}"
        for group in (report.together, report.real)
    ]
    return lines[0], lines[1]


def table(options: argparse.Namespace) -> str:
    least, most = options.bars
    bars = least if least == most else None
    real = real_pieces(options)
    lengths = [least] if bars else [whole_bars(piece) for piece in real]
    lengths = np.random.default_rng(options.seed).permutation(lengths).tolist()
    sets: dict[str, Sequence[Piece]] = {}
    if not options.real_only:
        sets["composed"] = composed(options, lengths)
    if options.kind == "chorales":
        fakes = load_corpus(DATA / "js-fakes" / "midi").pieces
        if bars is None:
            fakes = [piece for piece in fakes if least <= whole_bars(piece) <= most]
        rng = np.random.default_rng(options.seed)
        sets["JS Fakes"] = [fakes[n] for n in rng.permutation(len(fakes))[: options.pieces]]
    order = np.random.default_rng(options.seed).permutation(len(real))
    halves = {
        "real, half": [real[n] for n in order[::2]],
        "real, other half": [real[n] for n in order[1::2]],
    }
    values, methods, further, copies = {}, [], {}, {}
    method = common_method(*sets.values(), real)
    for name, pieces in {**sets, "real": real, **halves}.items():
        key = "declared" if options.declared and name == "composed" else "estimated"
        measures = measure_all(pieces, bars=bars, key=key, method=method)
        values[name] = figures(measures)
        methods.append(total(row.writing for row in measures).method)
        if name in sets:
            print(f"{name}: {len(pieces)} pieces", flush=True)
            further[name] = compared(pieces, real, bars, options.seed)
            copies[name] = copied(originality(pieces, real))
    rows = [
        (label_of(row), *(number(value[row]) for value in values.values()))
        for row in ROWS[options.kind]
    ]
    rows.insert(0, ("voices, or chords sorted by pitch", *methods))
    for label in ("classifier", "frechet", "copied run, 95 % (chords / melody)") if sets else ():
        is_copied = label.startswith("copied")
        cells = [copies[name][0] if is_copied else further[name][label] for name in sets]
        first = next(iter(sets), "")
        of_real = copies[first][1] if is_copied else further[first][f"{label}, real"]
        rows.append((label, *cells, of_real, "", ""))
    return markdown_table(
        (
            "",
            *(
                f"{name} ({len(pieces)})"
                for name, pieces in {**sets, "real": real, **halves}.items()
            ),
        ),
        rows,
        numbers=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", nargs="?", default="")
    parser.add_argument("--kind", choices=tuple(ROWS), default="chorales")
    parser.add_argument("--pieces", type=int, default=200)
    parser.add_argument("--bars", type=bar_range, default=(8, 16))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--candidates", type=int, default=0, help="0: the program's default")
    parser.add_argument("--keys", action="store_true")
    parser.add_argument("--declared", action="store_true")
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--real-only", action="store_true")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if not options.source and not options.real_only:
        parser.error("a source is needed, or --real-only")
    print(table(options))
    least, most = options.bars
    cut = f"first {least} bars" if least == most else f"whole pieces of {least} to {most} bars"
    print(f"seed {options.seed}; {cut}")


if __name__ == "__main__":
    main()
