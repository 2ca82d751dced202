"""Train on the bundled chorales and compose a new one: ``partimento demo``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from partimento.cli import progress, screen
from partimento.cli.train import print_figures, train_run
from partimento.config import merge
from partimento.errors import PartimentoError
from partimento.models.likelihood import Likelihood
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Part, Tempo
from partimento.recipes import read_recipe
from partimento.training.run_folder import RunFolder

SOURCE = "bundled:chorales"
ORGAN = 19  # General MIDI: church organ
NAME = "chorale"
COLUMNS = ("all", "chord", "held", "duration", "unknown")
SUFFIXES = (".mid", ".musicxml", ".svg", ".png", ".pdf", ".wav")


def run_demo(out: Path, *, seed: int, bars: int) -> None:
    """Train on the chorales, compose one, and write it in all formats.

    The folder `out` gets the files ``chorale.*`` and ``index.html``, and the run folder ``run``.
    Other files in it are not touched.
    """
    began = time.monotonic()
    RunFolder(out / "run").check_replaceable(force=True)
    if (out / "index.html").exists() and not (out / "run").exists():
        raise PartimentoError(
            f"{out}/index.html exists, but not from the demo: choose another folder with -o"
        )
    console = screen.out()
    console.print(
        f"Training on the Bach chorales in music21's corpus, then composing {bars} bars, with seed"
        f" {seed}."
    )
    with progress.stages() as stages:
        recipe = merge(read_recipe("chorales"), {"train": {"seed": seed}})
        result = train_run([SOURCE], recipe, out=out / "run", force=True, stages=stages)
        model, table = result.model, result.table
        from partimento.generate.compose import compose

        with stages.during("compose"):
            piece = compose(
                model, bars=bars, seed=seed, title=f"Chorale (seed {seed})", program=ORGAN
            )
            piece = piece.replace(
                composer="composed by Partimento, after J. S. Bach",
                parts=(Part("Organ", ORGAN),),
                tempos=(Tempo.from_bpm(72),),
            )
        written = _write(piece, out, model, table, stages)
    print_figures(table, model.settings.name)
    screen.print_rejects(result.rejects)
    console.print(f"\nComposed in {time.monotonic() - began:.0f} s, in {out}/:")
    for path in written:
        console.print(f"  {path.name:<18}{_WHAT.get(path.suffix, '')}")
    console.print(
        f"\nOpen {out / 'index.html'} to see and hear it. Then try:\n"
        f"  partimento compose {out / 'run'} --bars 12 --key 'd minor' -o mine.pdf\n"
        "  partimento train FOLDER -o runs/mine\n"
        "with your own MIDI, MusicXML, ABC, kern, MEI or Guitar Pro files in FOLDER."
    )


_WHAT = {
    ".mid": "to play",
    ".musicxml": "to open in a notation program",
    ".svg": "the engraved score",
    ".png": "the engraved score, as a picture",
    ".pdf": "the engraved score, to print",
    ".wav": "the sound",
    ".html": "score and sound together, with the sounding notes highlighted",
}


def _write(
    piece: Piece, out: Path, model: Any, table: dict[str, Likelihood], stages: progress.Stages
) -> list[Path]:
    from partimento.export.write import write

    written: list[Path] = []
    files = [f"{NAME}{suffix}" for suffix in SUFFIXES]
    for done, name in enumerate(files):
        stages.at("write", done, len(files) + 1, name)
        written += write(piece, out / name, force=True)
    page = out / "index.html"
    written += write(
        piece, page, force=True, about=_about(model, table), files=[path.name for path in written]
    )
    stages.at("write", len(files) + 1, len(files) + 1, "")
    return written


def _about(model: Any, table: dict[str, Likelihood]) -> dict[str, Any]:
    """Return the text and tables of the page about the origin of the music."""
    learned = [piece for piece in model.pieces if piece.split == "train"]
    best = table[model.settings.name]
    return {
        "corpus": (
            f"{len(learned)} four-part chorales by Johann Sebastian Bach, as bundled with music21"
        ),
        "license": "public domain",
        "text": [
            (
                f"A network with {model.model.parameters:,} weights, which predicts note by note,"
                f" was trained on them for {model.history[-1].seconds:.0f} seconds. On"
                f" {best.events:,} events of held-out chorales, it has these nats per event,"
                " compared with baselines that count:"
            ),
        ],
        "figures": [
            {
                "nats per event (lower is better)": _NAMES.get(name, name.upper()),
                **{
                    column: f"{value:.2f}"
                    for column, value in (("all", row.total), *row.parts.items())
                    if column in COLUMNS
                },
            }
            for name, row in table.items()
        ],
        "sources": [
            f"{piece.title or Path(piece.source.path).stem.upper()}"
            f" ({Key.from_name(piece.key).name})"
            for piece in learned
        ],
    }


_NAMES = {"unigram": "unigram", "markov": "Markov"}
