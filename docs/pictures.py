"""Draw the pictures of the tutorial pages; ``make docs`` runs it.

They are written into ``docs/tutorial/made``. The trainings are tiny: they show what a model does,
not how well it can do it. Trained runs are kept in ``.cache/docs`` for as long as their settings
and the code that trains stay the same. Pictures are drawn anew when any code has changed.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import partimento as pt
from partimento.cli.cli import app
from partimento.evaluation import training_report
from partimento.evaluation.training_report import Gallery, open_watched
from partimento.music.names import pitch_name
from partimento.music.transpose import interval_to_common_key
from partimento.plots import chord_map, encodings_figure
from partimento.plots.piano_roll import piano_roll
from partimento.plots.style import COLORS, INK, new_figure, style, write_plot
from partimento.plots.waveform import read_wave, waveform

HERE = Path(__file__).parent
ROOT = HERE.parent
MADE = HERE / "tutorial" / "made"
CACHE = ROOT / ".cache" / "docs"
TRAINING_ROOMS = ("music", "analysis", "tokens", "models", "training", "recipes")
NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
PIECES = 24  # chorales to learn from: enough to see something, few enough to wait for


# ---------------------------------------------------------------- what the pages share


def fingerprint(paths: Iterable[Path], *extra: str) -> str:
    """Return a hash of files and words, to know whether anything has changed."""
    digest = hashlib.sha256("\n".join(extra).encode())
    for path in sorted(paths):
        text = path.read_text(encoding="utf-8")
        digest.update((without_docstrings(text) if path.suffix == ".py" else text).encode())
    return digest.hexdigest()[:16]


def without_docstrings(source: str) -> str:
    """Return the code without docstrings and comments, which change no picture."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def sources(*rooms: str) -> list[Path]:
    """Return the source files of some rooms of the package, or of all."""
    package = ROOT / "src" / "partimento"
    folders = [package / room for room in rooms] or [package]
    return [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in (".py", ".toml", ".css", ".js")
    ]


@cache
def chorales() -> pt.Corpus:
    """Return the bundled chorales."""
    return pt.load_corpus("bundled:chorales")


def model(
    name: str, recipe: str, settings: dict[str, Any], keep: Callable[[pt.CorpusEntry], bool]
) -> pt.TrainedModel:
    """Train a recipe on a few chorales, or load the run again."""
    key = fingerprint(sources(*TRAINING_ROOMS), recipe, json.dumps(settings), str(PIECES))
    folder = CACHE / f"{name}-{key}"
    if not folder.exists():
        for old in CACHE.glob(f"{name}-*"):
            shutil.rmtree(old)
        entries = [entry for entry in chorales() if keep(entry)][:PIECES]
        corpus = replace(chorales(), entries=tuple(entries), sources=())
        print(f"training {name} for the documentation", flush=True)
        CACHE.mkdir(parents=True, exist_ok=True)
        pt.train(corpus, recipe=recipe, settings=settings, out=folder)
    return pt.load_model(folder)


def in_c(entry: pt.CorpusEntry) -> bool:
    """Keep the pieces in C major or A minor, as the tutorial keeps those in C major."""
    return bool(entry.piece.keys) and entry.piece.keys[0].fifths == 0


def any_key(entry: pt.CorpusEntry) -> bool:
    """Keep every piece."""
    return True


def first_bars(piece: pt.Piece, bars: int, *, title: str = "") -> pt.Piece:
    """Return the first bars of a piece."""
    known = piece.bars()
    last = known[min(bars + bool(piece.pickup), len(known)) - 1]
    end = last.onset + last.duration
    notes = [
        replace(note, duration=min(note.duration, end - note.onset))
        for note in piece.notes
        if note.onset < end
    ]
    lines = {
        name: tuple(mark for mark in getattr(piece, name) if mark.onset < end)
        for name in ("meters", "keys", "tempos")
    }
    return piece.replace(notes=notes, length=end, title=title, **lines)


def score(piece: pt.Piece, name: str) -> None:
    """Engrave a piece without margins."""
    from partimento.export.png import to_png
    from partimento.export.svg import to_svg
    from partimento.io.musicxml.write import to_musicxml

    pages = to_svg(to_musicxml(piece, ornaments="grace"), heading=False, crop=True)
    page = Image.open(io.BytesIO(to_png(pages[0], width=1400))).convert("L")
    left, top, right, bottom = page.point(lambda gray: 255 - gray).getbbox()
    margin = 20
    page.crop((left - margin, top - margin, right + margin, bottom + margin)).save(
        MADE / f"{name}.png"
    )


def text(name: str, words: str) -> None:
    """Write text for a page to include."""
    (MADE / f"{name}.txt").write_text(words.rstrip() + "\n", encoding="utf-8")


def plot(figure: Any, name: str) -> None:
    """Write a figure."""
    write_plot(figure, MADE / f"{name}.png", force=True)


# ---------------------------------------------------------------- the pages


def generative_models() -> None:
    """Draw two models of one question: a boundary, and a distribution for each class."""
    points, minor = [], []
    for entry in chorales():
        if not entry.piece.keys:
            continue
        notes, key = entry.piece.notes, entry.piece.keys[0]
        degree = (notes.pitch - key.tonic) % 12
        total = notes.duration.sum()
        points.append([100 * notes.duration[degree == third].sum() / total for third in (4, 3)])
        minor.append(key.mode == "minor")
    xy, is_minor = np.array(points), np.array(minor)
    rng = np.random.default_rng(0)
    with style():
        figure = new_figure(10, 4.6)
        left, right = figure.subplots(1, 2, sharex=True, sharey=True)
        for axes in (left, right):
            axes.set_xlabel("major third above the tonic, % of the time")
            axes.grid(True)
        left.set_ylabel("minor third, % of the time")
        pair = zip((~is_minor, is_minor), COLORS, ("major", "minor"), strict=False)
        for chosen, color, name in pair:
            own = xy[chosen]
            left.plot(*own.T, "o", color=color, markersize=4, alpha=0.5, label=name)
            right.plot(*own.T, "o", color=color, markersize=3, alpha=0.2)
            drawn = rng.multivariate_normal(own.mean(0), np.cov(own.T), 40).clip(0)
            right.plot(*drawn.T, "P", color=color, markersize=7, markeredgecolor="white")
        low = xy.min(), xy.max()
        left.plot(low, low, color=INK, linewidth=1.5)
        left.set_title("Discriminative: a boundary", fontsize=12)
        right.set_title("Generative: new points of each kind (+)", fontsize=12)
        left.legend(loc="center right")
    plot(figure, "generative-models")


def representation() -> None:
    """Draw one phrase as a score and as a piano roll, and write it as text."""
    piece = first_bars(chorales()[3].piece, 4)
    score(piece, "phrase")
    plot(piano_roll(piece, bars=5, title="The same phrase as a piano roll"), "phrase-roll")
    lines = [
        f"{float(event.duration):5.2f}  {' '.join(pitch_name(p) for p in event.chord):20}"
        f"{' '.join(pitch_name(p) for p in event.held)}".rstrip()
        for event in piece.events[:10]
    ]
    text("phrase", "length chord               held from before\n" + "\n".join(lines))


def chords() -> None:
    """Engrave four voices, and the chords that they make together."""
    piece = first_bars(chorales()[3].piece, 2)
    score(piece, "voices")
    struck = [replace(event, held=()) for event in piece.events]
    chordified = pt.Piece.from_events(
        struck, meters=piece.meters, keys=piece.keys, tempos=piece.tempos, pickup=piece.pickup
    )
    score(chordified, "chordified")


def encodings() -> None:
    """Draw C4, D4 and both together as many-hot and one-hot vectors."""
    plot(encodings_figure(), "encodings")


def collection() -> None:
    """Draw the keys, the durations and the growing vocabulary of the corpus."""
    folder = CACHE / "stats"
    command = ["corpus", "stats", "bundled:chorales", "--plots", str(folder), "--force"]
    app(command, standalone_mode=False)
    for name in ("keys", "durations", "coverage", "growth", "pitches"):
        shutil.copy(folder / f"{name}.png", MADE / f"stats-{name}.png")


def draw_training(run: pt.TrainedModel, prefix: str) -> Gallery:
    """Draw losses, latent space and network of a training."""
    assert run.folder is not None
    folder = CACHE / f"{prefix}-pictures"
    folder.mkdir(parents=True, exist_ok=True)
    watched, shown = open_watched(run.folder), Gallery(folder)
    for kind in (training_report.losses, training_report.latent, training_report.network):
        kind(watched, shown)
    for name in ("losses.png", "latent.png", "latent.gif", "network.png"):
        if (folder / name).is_file():
            shutil.copy(folder / name, MADE / f"{prefix}-{name}")
    return shown


LATENT = {"train": {"epochs": 30}, "tokens": {"stride": 2}}


def autoencoder() -> None:
    """Draw the tutorial's autoencoder, whose latent space falls into one corner."""
    run = model("autoencoder", "minibach-tutorial", LATENT, in_c)
    draw_training(run, "autoencoder")
    score(run.compose(events=32, start=0, candidates=1), "autoencoder-score")


def vae() -> None:
    """Draw the tutorial's VAE, and compose what lies between two pieces."""
    run = model("vae", "vae-tutorial", LATENT, in_c)
    draw_training(run, "vae")
    for name, options in {"one": {"start": 0}, "two": {"start": 5}}.items():
        score(run.compose(events=32, candidates=1, **options), f"vae-{name}")
    score(run.compose(events=32, candidates=1, start=0, towards=5), "vae-mixture")


def lstm() -> None:
    """Draw the losses of a small LSTM of chords, and what it composes."""
    run = lstm_run()
    draw_training(run, "lstm")
    score(run.compose(bars=8, seed=4), "lstm-score")
    text("lstm-results", str(run.evaluate()))


def lstm_run() -> pt.TrainedModel:
    """Return the LSTM, which two pages show."""
    return model("lstm", "lstm-notes", {"train": {"epochs": 6}}, any_key)


def sampling() -> None:
    """Compose by the likeliest note, and by draws of two temperatures."""
    guitar = pt.load_model("guitar")
    ways = {
        "greedy": pt.Sampling(temperature=0.0),
        "sampled": pt.Sampling(top_p=0.95),
        "bold": pt.Sampling(temperature=1.4, top_p=1.0),
    }
    for name, way in ways.items():
        piece = guitar.compose(bars=8, seed=3, sampling=way, candidates=1)
        plot(piano_roll(piece, bars=8, title=name.capitalize()), f"sampling-{name}")


def embeddings() -> None:
    """Draw the map of chords that skip-gram learns from their company."""
    from partimento.evaluation.neighbours import chord_vectors, map_of_names, neighbours

    settings = {"train": {"epochs": 4}, "model": {"negatives": 128}}
    run = model("embeddings", "embeddings", settings, any_key)
    assert run.folder is not None
    vectors = chord_vectors(run.folder)
    points, shown = map_of_names(vectors)
    plot(chord_map(points, shown.names, shown.counts.tolist()), "embeddings")
    found = neighbours(vectors, ["C", "Am", "G7"], most=5)
    lines = [
        f"{each.name:4} {'  '.join(f'{near.name} {near.cosine:.2f}' for near in each.near)}"
        for each in found
    ]
    text("neighbours", "\n".join(lines))


def gan() -> None:
    """Draw the losses of generator and discriminator, and compose."""
    run = model("gan", "gan", {"train": {"epochs": 4}}, any_key)
    draw_training(run, "gan")
    score(run.compose(events=32, candidates=1), "gan-score")


def waveforms() -> None:
    """Draw the sound of a guitar from afar and from near."""
    piece = first_bars(pt.load_model("guitar").compose(bars=4, seed=7), 4)
    sound = MADE / "wave.wav"
    piece.save(sound, force=True)
    wave = read_wave(sound)
    plot(waveform(wave.rate_hz, wave.signal[:, :1], seconds=3.0, title="Three seconds"), "wave")
    close = waveform(
        wave.rate_hz, wave.signal[:, :1], start_s=0.1, seconds=0.03, title="0.03 seconds"
    )
    plot(close, "wave-close")


def transposition() -> None:
    """Engrave a phrase in two keys, and draw the pitches of all chorales."""
    piece = first_bars(chorales()[3].piece, 2)
    score(piece, "key-before")
    score(piece.transpose(interval_to_common_key(piece.keys[0])), "key-after")
    with style():
        figure = new_figure(10, 4)
        for axes, moved in zip(figure.subplots(1, 2, sharey=True), (False, True), strict=True):
            shares = np.zeros(12)
            for entry in chorales():
                if not entry.piece.keys:
                    continue
                shift = interval_to_common_key(entry.piece.keys[0]) if moved else 0
                notes = entry.piece.notes
                shares += np.bincount((notes.pitch + shift) % 12, notes.duration, 12)
            axes.bar(range(12), 100 * shares / shares.sum(), color=COLORS[moved])
            axes.set_xticks(range(12), NAMES)
            axes.set_title("Moved to C major or A minor" if moved else "As written", fontsize=12)
        figure.axes[0].set_ylabel("% of the sounding time")
    plot(figure, "key-shares")


def invariance() -> None:
    """Engrave a bar in several keys: the copies that augmentation adds."""
    piece = first_bars(chorales()[3].piece, 1)
    for shift in (-2, 0, 3):
        score(piece.transpose(shift), f"copy{shift}")


PAGES = (
    generative_models,
    representation,
    encodings,
    collection,
    chords,
    autoencoder,
    vae,
    lstm,
    sampling,
    embeddings,
    gan,
    waveforms,
    transposition,
    invariance,
)


def main(*names: str) -> None:
    """Draw the pictures of all pages, or of some by name, if any code has changed."""
    MADE.mkdir(parents=True, exist_ok=True)
    stamp, state = MADE / "stamp", fingerprint([*sources(), Path(__file__)])
    if not names and stamp.is_file() and stamp.read_text() == state:
        return
    for page in PAGES:
        if not names or page.__name__ in names:
            page()
            print(f"docs/tutorial/made: {page.__name__}", flush=True)
    if not names:
        stamp.write_text(state)


if __name__ == "__main__":
    main(*sys.argv[1:])
