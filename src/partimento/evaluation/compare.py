"""Compare runs: held-out likelihood, variety of composed music, training time."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from partimento.errors import PartimentoError
from partimento.models.likelihood import part_names
from partimento.progress import Progress, silent
from partimento.short_repr import short_repr
from partimento.training.run_folder import RunFolder

# Candidates to compose, and events of each. A run stores only the first events of its training
# pieces, so that candidates are cut to that length for the comparison.
SAMPLES, EVENTS = 16, 128


@short_repr
@dataclass(frozen=True)
class Row:
    """The results of a run or a baseline; None where a model has no such result.

    Attributes
    ----------
    run, model : str
    seed : int
    total : float or None
        Nats per event on held-out pieces. If there is an `estimate`, this is an upper bound.
    parts : dict of float
        The terms of the total; see `Likelihood.parts`.
    estimate : float or None
        If the total is a bound: nats per event as estimated by importance sampling.
    accuracy : float or None
        Share of held-out chords that a latent model reconstructs.
    distinct : float or None
        Share of distinct sequences of four chords in composed music, divided by the same share in
        an equal amount of training music.
    seconds : float
        Training time.
    weights : int
        Number of parameters.
    """

    run: str
    model: str
    seed: int
    total: float | None
    parts: dict[str, float]
    estimate: float | None = None
    accuracy: float | None = None
    distinct: float | None = None
    seconds: float = 0.0
    weights: int = 0


def compare(folders: Sequence[Path], *, progress: Progress = silent) -> list[Row]:
    """Return one row per run and one per baseline, sorted by nats per event.

    Runs without a likelihood come last.

    Raises
    ------
    PartimentoError
        If the runs were not trained and tested on the same pieces, or a folder is not a run.
    """
    abouts = [_about(folder) for folder in folders]
    for about, folder in zip(abouts[1:], folders[1:], strict=True):
        if about["corpus"]["fingerprint"] != abouts[0]["corpus"]["fingerprint"]:
            raise PartimentoError(
                f"{folder} was not trained on the same pieces as {folders[0]}: their results cannot"
                " be compared"
            )
        if about["test"] != abouts[0]["test"]:
            raise PartimentoError(
                f"{folder} was not tested on the same pieces as {folders[0]}: train from a store,"
                " whose split does not depend on the seed (corpus build)"
            )
    rows = []
    for done, (folder, about) in enumerate(zip(folders, abouts, strict=True)):
        progress("compare", done, len(folders))
        rows.append(_row(folder, about))
    rows += _baselines(folders)
    progress("compare", len(folders), len(folders))
    return sorted(rows, key=lambda row: (row.total is None, row.total or 0.0, row.run))


@short_repr
class LearningCurves(NamedTuple):
    """Validation losses in nats per event, which can share one picture.

    Attributes
    ----------
    curves : dict
        Name of a run → minutes since training began, and the loss, one per epoch.
    levels : dict
        Name of a run that was not trained by gradient → its loss.
    left_out : dict
        Name of a run whose loss is in another unit → the reason.
    """

    curves: dict[str, tuple[list[float], list[float]]]
    levels: dict[str, float]
    left_out: dict[str, str]


def learning_curves(folders: Sequence[Path]) -> LearningCurves:
    """Collect the validation losses of runs that are in nats per event.

    Raises
    ------
    PartimentoError
        If no run has a curve.
    """
    from partimento.models import model_class
    from partimento.models.base import Autoregressive

    curves = LearningCurves({}, {}, {})
    for folder in folders:
        about, name = _about(folder), RunFolder(folder).name
        model = model_class(about["model"])
        losses = [epoch["val_loss"] for epoch in about["history"]]
        if Autoregressive not in model.capabilities:
            reason = f"the validation loss of {about['model']} is not in nats per event"
            curves.left_out[name] = reason
        elif model.trains_by_gradient:
            curves.curves[name] = [epoch["seconds"] / 60 for epoch in about["history"]], losses
        else:
            curves.levels[name] = losses[-1]
    if not curves.curves:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in curves.left_out.items())
        raise PartimentoError(
            f"no run has a learning curve to draw ({reasons or 'none was trained by gradient'})"
        )
    return curves


def _about(folder: Path) -> dict[str, Any]:
    files = RunFolder(folder)
    files.check()
    try:
        about = files.read_about()
        about["held_out"], about["history"], pieces = (
            files.read_held_out(),
            files.read_history(),
            files.read_pieces(),
        )
        about["test"] = sorted(
            (piece["title"], piece["source"]["path"], piece["events"])
            for piece in pieces
            if piece["split"] != "train"
        )
        about["model"], about["seed"] = (
            about["settings"]["model"]["name"],
            about["settings"]["train"]["seed"],
        )
        float(about["history"][-1]["seconds"])
        str(about["corpus"]["fingerprint"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise PartimentoError(
            f"{folder} has no results to compare: train it with: partimento train"
            f" ({type(error).__name__}: {error})"
        ) from error
    return about


def _row(folder: Path, about: dict[str, Any]) -> Row:
    figures = about["held_out"].get(about["model"], {})
    return Row(
        run=folder.name,
        model=about["model"],
        seed=int(about["seed"]),
        total=figures.get("total"),
        parts=figures.get("parts", {}),
        estimate=figures.get("estimate"),
        accuracy=about["held_out"].get("reconstruction"),
        distinct=variety(folder),
        seconds=float(about["history"][-1]["seconds"]),
        weights=int(about["parameters"]),
    )


def _baselines(folders: Sequence[Path]) -> list[Row]:
    """Return the different baselines of the runs; they depend on tokens.transpose."""
    found: dict[tuple[str, str], Row] = {}
    for folder in folders:
        about = _about(folder)
        for name in ("unigram", "markov"):
            if about["model"] == name or name not in about["held_out"]:
                continue
            figures = about["held_out"][name]
            keys = about["settings"]["tokens"].get("transpose", "key")
            label = f"({name}, transpose={keys})"
            row = Row(label, name, 0, figures["total"], figures["parts"])
            found.setdefault((name, f"{figures['total']:.6f}"), row)
    return [*found.values()]


@short_repr
@dataclass(frozen=True)
class Summary:
    """The combined results of runs that differ only in their seed.

    Attributes
    ----------
    name : str
    runs : int
        The number of runs.
    total : float or None
        The mean of their totals.
    deviation : float
        The standard deviation of their totals.
    mean : Row
        The means of all results.
    """

    name: str
    runs: int
    total: float | None
    deviation: float
    mean: Row


def summaries(rows: Sequence[Row], folders: Sequence[Path]) -> list[Summary]:
    """Summarize the rows of `compare`, grouped by the settings of their runs."""
    groups: dict[str, list[Row]] = {}
    by_name = {row.run: row for row in rows}
    for folder in folders:
        settings = _about(folder)["settings"]
        settings["train"].pop("seed")
        groups.setdefault(json.dumps(settings, sort_keys=True), []).append(by_name[folder.name])
    grouped = []
    for group in groups.values():
        totals = [row.total for row in group if row.total is not None]
        name = (
            re.sub(r"[-_]*(seed)?[-_]*\d+$", "", group[0].run) or group[0].model
            if len(group) > 1
            else group[0].run
        )
        deviation = float(np.std(totals, ddof=1)) if len(totals) > 1 else 0.0
        grouped.append(
            Summary(
                name,
                len(group),
                float(np.mean(totals)) if totals else None,
                deviation,
                _mean(group, name),
            )
        )
    return sorted(
        grouped, key=lambda summary: (summary.total is None, summary.total or 0.0, summary.name)
    )


def _mean(group: Sequence[Row], name: str) -> Row:
    """Return the mean of each result over the runs that have it."""
    figures: dict[str, Any] = {}
    for column in ("total", "estimate", "accuracy", "distinct", "seconds", "weights"):
        values = [getattr(row, column) for row in group if getattr(row, column) is not None]
        figures[column] = float(np.mean(values)) if values else None
    parts = {
        part: float(np.mean([row.parts[part] for row in group if part in row.parts]))
        for part in part_names(row.parts for row in group)
    }
    weights = round(figures["weights"])
    return replace(group[0], **{**figures, "run": name, "parts": parts, "weights": weights})


def variety(folder: Path) -> float | None:
    """Return `Row.distinct` of a run folder; None if its model does not compose."""
    from partimento.evaluation.collapse_check import distinct_ngrams
    from partimento.generate.compose import compose_ids, composes
    from partimento.training.trained_model import load_model

    trained = load_model(folder)
    if not composes(trained):
        return None
    numbers = trained.tokenizer.chord_numbers
    candidates = [
        numbers(candidate)
        for candidate in compose_ids(
            trained, candidates=SAMPLES, events=EVENTS, seed=trained.settings.train.seed
        )
    ]
    rows = [numbers(piece.opening) for piece in trained.pieces if piece.split == "train"]
    length = min(EVENTS, max(map(len, rows)))
    real = [row[:length] for row in rows if len(row) >= length]
    rng = np.random.default_rng(0)
    chosen = [real[number] for number in rng.permutation(len(real))[:SAMPLES]]
    pieces = np.stack(
        [
            np.pad(candidate[:length], (0, max(0, length - len(candidate))))
            for candidate in candidates[: len(chosen)]
        ]
    )
    return float(distinct_ngrams(pieces, 4) / max(distinct_ngrams(np.stack(chosen), 4), 1e-9))
