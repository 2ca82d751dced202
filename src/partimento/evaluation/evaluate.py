"""Compare generated pieces with real ones, and real ones with each other.

These are the measures of `partimento evaluate`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from partimento.analysis.features.table import FEATURES, feature_table, scalar_table
from partimento.corpus.entries import Corpus
from partimento.errors import PartimentoError
from partimento.evaluation.distances import Nearness, between, nearness, within
from partimento.evaluation.frechet import frechet_of_sets, standardized
from partimento.files import refuse_existing, write_atomically
from partimento.music.bars import first_bars
from partimento.music.piece import Piece
from partimento.progress import Progress, silent
from partimento.tables import markdown_table
from partimento.training.run_folder import RunFolder

if TYPE_CHECKING:
    from partimento.training.trained_model import TrainedModel

DRAWS = 10
BASELINES = ("unigram", "markov")
LEAST = 4  # pieces of either kind: two and two of the real ones are set against each other
MOST = 1000  # pieces of either kind; the distances of more take memory in their square
# composed at once for a piece that is kept: `partimento compose` has 32, at eight times the cost
CANDIDATES = 4


@dataclass(frozen=True)
class Mean:
    """Mean and standard deviation over the draws."""

    mean: float
    deviation: float


@dataclass(frozen=True)
class Row:
    """The figures of one feature; None where a figure is undefined.

    Attributes
    ----------
    generated, real : list of float
        The means of the feature, over the pieces that have it. A feature has one number, or one per
        entry of a histogram or matrix.
    generated_deviation, real_deviation : float or None
        Standard deviations over the pieces, for a feature that is one number.
    generated_undefined, real_undefined : int
        Pieces for which the feature is undefined; they are left out of it.
    overlap, kl : Mean or None
        Compare two densities: the distances within half of the real pieces, and the distances from
        generated pieces to that half.
    ceiling, ceiling_kl : Mean or None
        The same with the other half of the real pieces in place of the generated ones.
    inner : Mean or None
        Overlapping area of the distances within the generated pieces and within the real ones. It
        is small where the generated ones are all alike.
    """

    name: str
    label: str
    group: str
    unit: str
    generated: list[float | None]
    real: list[float | None]
    generated_deviation: float | None
    real_deviation: float | None
    generated_undefined: int
    real_undefined: int
    overlap: Mean | None
    kl: Mean | None
    ceiling: Mean | None
    ceiling_kl: Mean | None
    inner: Mean | None


@dataclass(frozen=True)
class Evaluation:
    """All figures of an evaluation.

    Attributes
    ----------
    generated, real : int
        Number of pieces.
    bars : int or None
        Number of bars measured from the beginning of each piece; None: all of it.
    generated_shorter, real_shorter : int
        Pieces that have fewer bars than that.
    size, draws, seed : int
        Each draw compares `size` real pieces with as many other real pieces and as many generated
        ones.
    overlap, ceiling : float or None
        Means over the features.
    frechet, frechet_real : Mean
        Frechet distance on Partimento's features to real pieces: of generated ones, and of other
        real ones.
    rows : tuple of Row
    figures : mapping
        Other figures to show: heading → name → value. `evaluate` leaves it empty;
        `dataclasses.replace` adds to it.
    values : mapping
        Feature → ``(pieces, size)`` of the generated and of the real pieces, for pictures.
    by : str
        A description of the real pieces, for the report.
    """

    generated: int
    real: int
    bars: int | None
    generated_shorter: int
    real_shorter: int
    size: int
    draws: int
    seed: int
    overlap: float | None
    ceiling: float | None
    frechet: Mean
    frechet_real: Mean
    rows: tuple[Row, ...]
    figures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    values: Mapping[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict, repr=False)
    by: str = ""

    def __str__(self) -> str:
        title = f"{self.generated:,} generated pieces compared with {self.real:,} real ones"
        rows = [(row.label, *map(_short, (row.overlap, row.ceiling, row.kl))) for row in self.rows]
        header = ("feature", "overlap", "overlap of real pieces", "KL")
        frechet = (
            f"Frechet distance {_short(self.frechet)}; of real pieces {_short(self.frechet_real)}"
        )
        return f"{title}\n\n{markdown_table(header, rows, numbers=True)}\n{frechet}"

    def to_html(self, path: Path | str, *, title: str = "Evaluation", force: bool = False) -> Path:
        """Write a report with tables and pictures as one self-contained page.

        Raises
        ------
        PartimentoError
            If the file exists and `force` is not set, or cannot be written.
        """
        from partimento.plots.evaluation_page import evaluation_page

        refuse_existing(path, force=force)
        entries = {name: feature.entries for name, feature in FEATURES.items() if feature.entries}
        page = evaluation_page(self.to_plain(), self.values, entries, title=title, by=self.by)
        return write_atomically(path, page)

    def to_plain(self) -> dict[str, Any]:
        """Return everything but the values as JSON-ready data; None for infinity."""
        plain = asdict(replace(self, values={}))
        del plain["values"], plain["by"]
        finite: dict[str, Any] = _finite(plain)
        return finite


def evaluate(
    generated: Corpus | Sequence[Piece],
    against: Corpus | Sequence[Piece],
    *,
    bars: int | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    progress: Progress = silent,
) -> Evaluation:
    """Measure generated and real pieces, and how close they are.

    Each draw candidates as many real pieces as possible as the reference. This is at most the
    number of generated pieces, and at most half of the real ones. As many other real pieces and as
    many generated ones are compared with it. Bandwidths and distances depend on the size of a set.
    The ceiling is therefore measured with sets of the same size.

    Parameters
    ----------
    bars : int, optional
        Measure only this number of bars of each piece, not counting its pickup.
    draws : int
    seed : int
        Determines the draws, and the subset of the pieces where there are more than `MOST`.

    Raises
    ------
    PartimentoError
        If there are fewer than `LEAST` pieces of either kind.
    """
    rng = np.random.default_rng(seed)
    generated, real = Corpus.of(generated).pieces, Corpus.of(against).pieces
    sets: dict[str, Sequence[Piece]] = {"generated": generated, "real": real}
    if few := next((kind for kind, pieces in sets.items() if len(pieces) < LEAST), None):
        raise PartimentoError(
            f"evaluation needs at least {LEAST} pieces of either kind: {len(sets[few])} are {few}"
        )
    shorter: list[int] = []
    for kind, pieces in sets.items():
        chosen = [
            pieces[number] for number in np.sort(rng.permutation(len(pieces))[:MOST]).tolist()
        ]
        shorter.append(
            0
            if bars is None
            else sum(sum(bar.number > 0 for bar in piece.bars()) < bars for piece in chosen)
        )
        sets[kind] = chosen if bars is None else [first_bars(piece, bars) for piece in chosen]
    generated, real = map(list, sets.values())
    generated_tables, real_tables = (
        feature_table(pieces, progress, stage=f"measure {kind}") for kind, pieces in sets.items()
    )
    size = min(len(generated), len(real) // 2)
    drawings = [Draw.of(rng, len(generated), len(real), size) for _ in range(draws)]
    rows = []
    for done, name in enumerate(FEATURES, 1):
        rows.append(_row(name, generated_tables[name], real_tables[name], drawings))
        progress("compare", done, len(FEATURES))
    near, far = _frechet(scalar_table(generated_tables), scalar_table(real_tables), drawings)
    means = [(row.overlap.mean, row.ceiling.mean) for row in rows if row.overlap and row.ceiling]
    overlap, ceiling = map(float, np.mean(means, axis=0)) if means else (None, None)
    values = {name: (generated_tables[name], real_tables[name]) for name in FEATURES}
    return Evaluation(
        len(generated),
        len(real),
        bars,
        shorter[0],
        shorter[1],
        size,
        draws,
        seed,
        overlap,
        ceiling,
        near,
        far,
        tuple(rows),
        values=values,
    )


@dataclass(frozen=True)
class Draw:
    """The numbers of the drawings pieces, each ``(size,)``.

    They are real pieces as the reference, other real pieces, and generated pieces.
    """

    reference: np.ndarray
    others: np.ndarray
    generated: np.ndarray

    @classmethod
    def of(cls, rng: np.random.Generator, generated: int, real: int, size: int) -> Draw:
        order = rng.permutation(real)
        return cls(order[:size], order[size : 2 * size], rng.permutation(generated)[:size])


def _row(name: str, generated: np.ndarray, real: np.ndarray, drawings: Sequence[Draw]) -> Row:
    feature = FEATURES[name]
    known = [np.isfinite(table).all(1) for table in (generated, real)]
    generated, real = (
        np.where(known[0][:, None], generated, np.nan),
        np.where(known[1][:, None], real, np.nan),
    )
    to_real, among_real, among_generated = (
        between(generated, real),
        between(real, real),
        between(generated, generated),
    )  # NaN where a piece is left out
    near, ceiling, inner = [], [], []
    for draw in drawings:
        own = _known(within(among_real[np.ix_(draw.reference, draw.reference)]))
        near.append(nearness(own, _known(to_real[np.ix_(draw.generated, draw.reference)].ravel())))
        ceiling.append(
            nearness(own, _known(among_real[np.ix_(draw.others, draw.reference)].ravel()))
        )
        inner.append(
            nearness(own, _known(within(among_generated[np.ix_(draw.generated, draw.generated)])))
        )
    means = [_means(table[mask]) for table, mask in zip((generated, real), known, strict=True)]
    deviations = [
        float(table[mask].std()) if feature.size == 1 and mask.any() else None
        for table, mask in zip((generated, real), known, strict=True)
    ]
    return Row(
        name,
        feature.label,
        feature.group,
        feature.unit,
        means[0],
        means[1],
        deviations[0],
        deviations[1],
        int((~known[0]).sum()),
        int((~known[1]).sum()),
        _over(near, "overlap"),
        _over(near, "kl"),
        _over(ceiling, "overlap"),
        _over(ceiling, "kl"),
        _over(inner, "overlap"),
    )


def _known(distances: np.ndarray) -> np.ndarray:
    known: np.ndarray = distances[np.isfinite(distances)]
    return known


def _means(values: np.ndarray) -> list[float | None]:
    return [float(value) for value in values.mean(0)] if len(values) else [None] * values.shape[1]


def _over(draws: Sequence[Nearness | None], what: str) -> Mean | None:
    values = [float(getattr(draw, what)) for draw in draws if draw is not None]
    return _mean(values) if values else None


def _mean(values: Sequence[float]) -> Mean:
    if not all(map(math.isfinite, values)):
        return Mean(math.inf, math.inf)
    return Mean(float(np.mean(values)), float(np.std(values)))


def _frechet(
    generated: np.ndarray, real: np.ndarray, drawings: Sequence[Draw]
) -> tuple[Mean, Mean]:
    generated, real = standardized(generated, real), standardized(real, real)
    near = [frechet_of_sets(generated[draw.generated], real[draw.reference]) for draw in drawings]
    far = [frechet_of_sets(real[draw.others], real[draw.reference]) for draw in drawings]
    return _mean(near), _mean(far)


def _short(value: Mean | None) -> str:
    return "" if value is None else f"{value.mean:.3f}"


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def compose_pieces(
    trained: TrainedModel,
    count: int,
    *,
    bars: int,
    seed: int = 0,
    candidates: int = CANDIDATES,
    progress: Progress = silent,
) -> list[Piece]:
    """Compose pieces with a run from an empty prompt, with `compose`'s own sampling.

    Piece number n has the seed ``seed + n``.
    """
    from partimento.generate.compose import compose

    pieces = []
    for number in range(count):
        pieces.append(compose(trained, bars=bars, seed=seed + number, candidates=candidates))
        progress("compose", number + 1, count)
    return pieces


def held_out_figures(folder: Path) -> dict[str, dict[str, float]]:
    """Return the held-out nats per event that the training of a run has stored.

    The model comes before the baselines. A run without stored figures gives an empty mapping.
    """
    try:
        figures = RunFolder(folder).read_held_out()
        totals = {
            str(name): float(row["total"]) for name, row in figures.items() if isinstance(row, dict)
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}
    ordered = {name: totals[name] for name in sorted(totals, key=lambda name: name in BASELINES)}
    return {"nats per event of held-out pieces": ordered} if totals else {}
