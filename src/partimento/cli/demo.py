"""Train on the bundled chorales and compose a new one: ``partimento demo``."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from partimento.cli import progress, screen
from partimento.cli.train import TrainingResult, print_figures, train_run
from partimento.config import merge
from partimento.errors import PartimentoError
from partimento.evaluation.beside_corpus import Beside, as_table, beside_corpus
from partimento.models.likelihood import Likelihood
from partimento.music.held_fermatas import hold_fermatas
from partimento.music.piece import Piece
from partimento.music.timelines import Key
from partimento.recipes import read_recipe
from partimento.training.run_folder import RunFolder

SOURCE = "bundled:chorales"
COMPOSER = "Partimento, after J. S. Bach"
TEMPO = 72.0  # quarters per minute
BEST = 8  # chorales that are composed and measured; the first is written
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
        with stages.during("compose"):
            pieces = _compose(result.model, bars=bars, seed=seed)
        learned = learned_pieces(result)
        measures = beside_corpus(pieces, learned, progress=stages.at)
        about = {
            **_about(result.model, result.table),
            "sections": [_measured(measures, pieces, learned, result.model)],
        }
        written = _write(pieces[0], out, about, stages)
    print_figures(result.table, result.model.settings.name)
    screen.print_rejects(result.rejects)
    seconds = time.monotonic() - began
    console.print(
        f"\n{pieces[0].title}, after {seconds:.0f} s of training and composing, in {out}/:"
    )
    for path in written:
        console.print(f"  {path.name:<18}{_WHAT.get(path.suffix, '')}")
    console.print(
        f"\nOpen {out / 'index.html'} to see and hear it. Then try:\n"
        f"  partimento compose {out / 'run'} --bars 12 --key 'd minor' -o mine.pdf\n"
        f"  partimento compose {out / 'run'} --bars 12 --candidates 8 -o takes/\n"
        "  partimento compose --model guitar --bars 16 -o study.pdf\n"
        "  partimento train FOLDER -o runs/mine\n"
        "with your own MIDI, MusicXML, ABC, kern, MEI or Guitar Pro files in FOLDER."
    )
    console.print(f"\n{_counted(pieces, learned)}:")
    for row in measures:
        console.print(f"  {row.line('Bach')}")


def _compose(model: Any, *, bars: int, seed: int) -> list[Piece]:
    """Compose chorales, the best first, each with its key as title."""
    from partimento.generate.compose import compose_candidates

    candidates = compose_candidates(
        model, best=BEST, bars=bars, seed=seed, composer=COMPOSER, tempo=TEMPO
    )
    pieces = [candidate.piece for candidate in candidates]
    return [piece.replace(title=f"Chorale in {piece.keys[0].name}") for piece in pieces]


def learned_pieces(result: TrainingResult) -> list[Piece]:
    """Return the pieces of the corpus that were used for training, not those held out."""
    paths = {piece.source.path for piece in result.model.pieces if piece.split == "train"}
    return [entry.piece for entry in result.corpus if entry.piece.source.path in paths]


def _counted(pieces: Sequence[Piece], learned: Sequence[Piece]) -> str:
    """Return over how many pieces the measures are."""
    composed = {1: "This chorale", 2: "This chorale and its runner-up"}.get(
        len(pieces), f"This chorale and its {len(pieces) - 1} runners-up"
    )
    return f"{composed}, beside the {len(learned)} chorales by Bach that the model learned from"


def _measured(
    measures: Sequence[Beside], pieces: Sequence[Piece], learned: Sequence[Piece], model: Any
) -> dict[str, Any]:
    """Return the text and table of the page about the measures."""
    columns = ("", "this chorale", f"the {len(pieces)} best", f"Bach, {len(learned)} chorales")
    candidates = max(model.settings.sample.candidates, len(pieces))
    return {
        "heading": "Measured beside Bach",
        "text": [
            (
                f"{_counted(pieces, learned)}. The program composed at least {candidates} and chose"
                f" the {len(pieces)} best by their endings, keys and part-writing. A single chorale"
                " has few moves, so its rates are coarse."
            ),
            (
                "A move is a pair of voices of which both move from one eighth to the next. The key"
                " of each chorale is estimated."
            ),
        ],
        "figures": as_table(measures, columns),
    }


_WHAT = {
    ".mid": "to play",
    ".musicxml": "to open in a notation program",
    ".svg": "the engraved score",
    ".png": "the engraved score, as a picture",
    ".pdf": "the engraved score, to print",
    ".wav": "the sound",
    ".html": "score and sound together; each voice can be muted",
}


def _write(
    piece: Piece, out: Path, about: Mapping[str, Any], stages: progress.Stages
) -> list[Path]:
    from partimento.export.write import Chain, write_all

    written: list[Path] = []
    files = [f"{NAME}{suffix}" for suffix in SUFFIXES]
    chain = Chain(piece, played=hold_fermatas(piece))
    for done, name in enumerate(files):
        stages.at("write", done, len(files) + 1, name)
        written += write_all(chain, [out / name], force=True)
    page = replace(chain, about=about, files=[path.name for path in written])
    written += write_all(page, [out / "index.html"], force=True)
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
                f" was trained on {len(learned)} chorales for"
                f" {model.history[-1].seconds:.0f} seconds. On {best.events:,} events of held-out"
                " chorales, it has these nats per event, compared with baselines that count:"
            ),
        ],
        "figures": [
            {
                "nats per event (lower is better)": _NAMES.get(name, "this network"),
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
