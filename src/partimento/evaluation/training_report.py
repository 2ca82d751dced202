"""Write the pictures of a run, finished or not, and a page that shows them.

Most are the tutorial's pictures. They show the latent space over the epochs, the reconstruction of
one window over the epochs, the network, and two encodings of chords. Loss curves and a piano roll
are added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from partimento.errors import PartimentoError
from partimento.files import check_exists
from partimento.models import model_class
from partimento.music.events import Event, merge_held
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter, Part
from partimento.progress import Progress, silent
from partimento.short_repr import short_repr
from partimento.tokens.base import Tokenizer
from partimento.tokens.chords import CHORD, DURATION, HELD, ChordTokenizer
from partimento.tokens.registry import tokenizer_from_json
from partimento.tokens.vocabulary import END, SPECIAL
from partimento.training.run_folder import RunFolder, TrainingFolder

if TYPE_CHECKING:
    from partimento.training.snapshots import TrainingSnapshots

SHOWN = 32  # maximum number of events of a window to show as a score


@short_repr
@dataclass
class Gallery:
    """The pictures in a folder: for each section of the page, files and captions."""

    folder: Path
    sections: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def add(self, section: str, file: str, caption: str) -> Path:
        self.sections.setdefault(section, []).append((file, caption))
        return self.folder / file


@short_repr
@dataclass(frozen=True)
class Watched:
    """The contents of a run folder, read without building its model."""

    folder: RunFolder  # of a run, or of an unfinished training
    name: str
    settings: Any
    tokenizer: Tokenizer
    history: list[Any]
    seen: TrainingSnapshots | None
    finished: bool


def open_watched(run: Path) -> Watched:
    """Read a run folder, or that of the unfinished training of a run.

    Raises
    ------
    PartimentoError
        If there is neither, or no epoch is complete.
    """
    from partimento.training.settings import Settings
    from partimento.training.snapshots import has_snapshots, read_snapshots
    from partimento.training.trained_model import epochs_from

    candidates = (RunFolder(run), TrainingFolder(run), RunFolder(run).training)
    folder = next((path for path in candidates if path.exists()), None)
    if folder is None:
        check_exists(run)
        raise PartimentoError(f"{run} is neither a run nor an unfinished training")
    if not folder.history.is_file():
        raise PartimentoError(f"the training of {run} has not completed an epoch yet")
    try:
        settings = Settings.from_plain(folder.read_settings())
        tokenizer = tokenizer_from_json(folder.vocabulary.read_text(encoding="utf-8"))
        history = epochs_from(folder.read_history())
        seen = read_snapshots(folder, until=len(history)) if has_snapshots(folder) else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise PartimentoError(
            f"{folder.path} is not a complete run: {type(error).__name__}: {error}"
        ) from error
    return Watched(folder, folder.name, settings, tokenizer, history, seen, folder is candidates[0])


def watch(run: Path, out: Path, *, progress: Progress = silent) -> list[Path]:
    """Write all available pictures of a run into the folder `out`, and ``index.html``.

    Existing pictures are replaced.

    Returns
    -------
    list of Path
        The page, then the pictures.
    """
    from partimento.plots import write_learning_page

    watched, gallery = open_watched(run), Gallery(out)
    kinds = [losses, latent, reconstruction, network, encodings, sound, chords]
    for done, kind in enumerate(kinds):
        progress("draw", done, len(kinds))
        kind(watched, gallery)
    state = "" if watched.finished else f" after {len(watched.history)} epochs so far"
    page = write_learning_page(
        out,
        f"{watched.name}: {watched.settings.name} training{state}",
        gallery.sections,
        force=True,
    )
    progress("draw", len(kinds), len(kinds))
    return [page, *(out / file for section in gallery.sections.values() for file, _ in section)]


def losses(watched: Watched, gallery: Gallery) -> None:
    """Draw the losses of each epoch."""
    from partimento.plots import loss_curves
    from partimento.plots.style import write_plot

    history = watched.history
    columns: dict[str, Sequence[float | None]] = {
        "epoch": [e.epoch for e in history],
        "loss": [e.loss for e in history],
        "val_loss": [e.val_loss for e in history],
    }
    shares = {"accuracy", "active", "discriminator_accuracy"}
    for name in history[0].parts:
        if name not in shares and len(history[0].parts.keys() - shares) > 1:
            columns[name] = [epoch.parts.get(name) for epoch in history]
    kind = model_class(watched.settings.name)
    path = gallery.add(
        "Loss",
        "losses.png",
        "The loss of each epoch on training and on validation windows, and its parts.",
    )
    write_plot(
        loss_curves(
            columns,
            unit=kind.loss_unit,
            title=f"{watched.settings.name}: loss",
            mark_best=kind.select_by_validation,
        ),
        path,
        force=True,
    )


def latent(watched: Watched, gallery: Gallery) -> None:
    """Draw the training windows in the latent space."""
    from partimento.plots import LatentHistory, latent_gif, latent_map, latent_page, write_animation
    from partimento.plots.style import write_plot

    seen = watched.seen
    if seen is None or not seen.snapshots or "latent" not in seen.snapshots[0]:
        return
    frames, how = on_a_plane(np.stack([snapshot["latent"] for snapshot in seen.snapshots]))
    keys = [
        f"{title} ({Key.from_name(key).name})"
        for title, key in zip(seen.titles, seen.keys, strict=True)
    ]
    prior = watched.settings.name != "autoencoder"
    history = LatentHistory(frames, seen.epochs, seen.keys, keys, prior=prior, title="Latent space")
    caption = (
        f"{frames.shape[1]} training windows in the latent space{how}, one picture per epoch,"
        " colored by the key of their pieces."
    )
    write_animation(
        latent_gif(history), gallery.add("Latent space", "latent.gif", caption), force=True
    )
    write_animation(
        latent_page(history),
        gallery.add(
            "Latent space", "latent.html", "The same, with controls to pause, step and inspect."
        ),
        force=True,
    )
    last = latent_map(
        frames[-1],
        seen.keys,
        trail=frames[:-1].mean(1),
        prior=prior,
        caption=f"epoch {seen.epochs[-1]}",
    )
    write_plot(
        last, gallery.add("Latent space", "latent.png", "The last of these pictures."), force=True
    )


def on_a_plane(points: np.ndarray) -> tuple[np.ndarray, str]:
    """Project points ``(F, N, Z)`` onto two dimensions, and describe the projection.

    The two dimensions are the first principal components of the last frame.
    """
    if points.shape[2] == 1:
        return np.concatenate([points, np.zeros_like(points)], 2), " (one dimension)"
    if points.shape[2] == 2:
        return points, ""
    middle = points[-1].mean(0)
    _, wide, axes = np.linalg.svd(points[-1] - middle, full_matrices=False)
    # Axes have an arbitrary sign. Make their largest component positive, on every machine.
    axes = axes[:2] * np.sign(axes[:2, np.abs(axes[:2]).argmax(1)].diagonal())[:, None]
    share = float((wide[:2] ** 2).sum() / max((wide**2).sum(), 1e-12))
    return (
        points @ axes.T,
        f" (of {points.shape[2]} dimensions the two with the most variance, {share:.0%} of it)",
    )


def reconstruction(watched: Watched, gallery: Gallery) -> None:
    """Draw one window as the model reconstructed or predicted it, epoch by epoch."""
    from partimento.plots import Reconstruction, score_gif, score_page, write_animation

    seen = watched.seen
    if seen is None or not seen.snapshots or "tokens" not in seen.snapshots[0]:
        return
    first = seen.targets[0]
    original = first[first[:, CHORD] >= SPECIAL][:SHOWN]
    if (original < SPECIAL).any() or not len(original):
        return
    pieces, captions = [], []
    for epoch, snapshot in zip(seen.epochs, seen.snapshots, strict=True):
        tokens = snapshot["tokens"][: len(original)]
        right = int((tokens[:, CHORD] == original[:, CHORD]).sum())
        pieces.append(_as_piece(watched, _with_lengths(tokens, original), seen))
        captions.append(f"epoch {epoch}: {right} of {len(original)} chords right")
    animation = Reconstruction(
        _as_piece(watched, original, seen), pieces, captions, title=seen.titles[0]
    )
    verb = (
        "predicted, chord by chord, from the chords before"
        if "latent" not in seen.snapshots[0]
        else "reconstructed by the model"
    )
    write_animation(
        score_gif(animation),
        gallery.add("One window", "window.gif", f"A window of {seen.titles[0]}, {verb}."),
        force=True,
    )
    write_animation(
        score_page(animation),
        gallery.add("One window", "window.html", "The same, with controls to pause and step."),
        force=True,
    )


def _with_lengths(tokens: np.ndarray, original: np.ndarray) -> np.ndarray:
    """Copy the durations of the original, and its held notes where chords agree.

    With equal durations, corresponding chords are aligned in the two scores.
    """
    rows = tokens.copy()
    rows[:, DURATION] = original[:, DURATION]
    rows[:, HELD] = np.where(tokens[:, CHORD] == original[:, CHORD], original[:, HELD], SPECIAL)
    return rows


def _as_piece(watched: Watched, rows: np.ndarray, seen: TrainingSnapshots) -> Piece:
    events = watched.tokenizer.decode_events(rows[rows[:, CHORD] != END])
    key = (
        Key(0, Key.from_name(seen.keys[0]).mode)
        if watched.settings.tokens.to_common_key
        else Key.from_name(seen.keys[0])
    )
    return Piece.from_events(
        _possible(events),
        meters=(Meter(4, 4),),
        keys=(key,),
        parts=(Part("", 24),),
        title=seen.titles[0],
    )


def _possible(events: Sequence[Event]) -> list[Event]:
    """Remove held notes that did not sound before."""
    before: tuple[int, ...] = ()
    possible = []
    for event in events:
        possible.append(
            replace(event, held=tuple(pitch for pitch in event.held if pitch in before))
        )
        before = event.chord
    return merge_held(possible)


def network(watched: Watched, gallery: Gallery) -> None:
    """Draw the layers of the model."""
    from partimento.plots import Node, architecture
    from partimento.plots.layers_of import layers_of
    from partimento.plots.style import write_plot

    model = watched.settings.new_model(watched.tokenizer)
    rows = layers_of(model.network)
    if not rows:
        return
    path = gallery.add(
        "Network",
        "network.png",
        f"{model.parameters:,} weights; wider boxes have more outputs.",
    )
    write_plot(
        architecture([Node(*row) for row in rows], title=watched.settings.name), path, force=True
    )
    write_plot(
        architecture([Node(*row) for row in rows], title=watched.settings.name),
        path.with_suffix(".svg"),
        force=True,
    )


def encodings(watched: Watched, gallery: Gallery) -> None:
    """Draw the encodings of some chords of the run's vocabulary."""
    from partimento.plots import encodings_figure
    from partimento.plots.style import write_plot

    tokenizer: Any = watched.tokenizer
    if tokenizer.name != ChordTokenizer.name:  # other tokenizers have no chord symbols
        return
    chords = [chord for chord in tokenizer.chords.symbols if 1 <= len(chord) <= 4]
    alone = [chord for chord in chords if len(chord) == 1][:2]
    together = [chord for chord in chords if len(chord) > 1][: 3 - len(alone)]
    shown: list[tuple[int, ...]] = [*alone, *together]
    if not shown:
        return
    path = gallery.add(
        "Encodings", "encodings.png", "Some chords as many-hot and as one-hot vectors."
    )
    write_plot(encodings_figure(shown, vocabulary=chords), path, force=True)


def sound(watched: Watched, gallery: Gallery) -> None:
    """Draw the piano roll of the piece composed right after training."""
    from partimento.corpus import read_piece
    from partimento.plots.piano_roll import piano_roll
    from partimento.plots.style import write_plot

    for path in sorted(watched.folder.samples.glob("*.mid"))[:1]:
        piece = read_piece(path)
        write_plot(
            piano_roll(piece),
            gallery.add("Composed", "piano-roll.png", f"{piece.title}, composed after training."),
            force=True,
        )


def chords(watched: Watched, gallery: Gallery) -> None:
    """Draw the map of chord embeddings."""
    if not watched.finished or watched.settings.name != "embeddings":
        return
    from partimento.evaluation.neighbours import chord_vectors, map_of_names
    from partimento.plots import chord_map
    from partimento.plots.style import write_plot

    points, shown = map_of_names(chord_vectors(watched.folder.path))
    path = gallery.add(
        "Chords",
        "chords.png",
        "The most frequent chords; chords that occur in similar contexts are close.",
    )
    write_plot(chord_map(points, shown.names, shown.counts.tolist()), path, force=True)


__all__ = ["Watched", "on_a_plane", "open_watched", "watch"]
