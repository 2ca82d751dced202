"""Compare generated pieces with real ones, and real ones with each other.

``partimento evaluate`` prints these metrics.
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
from partimento.evaluation.music_comparison import MusicComparison, compare_music
from partimento.files import refuse_existing, write_atomically
from partimento.music.bars import first_bars
from partimento.music.piece import Piece
from partimento.progress import Progress, silent
from partimento.short_repr import short_repr
from partimento.tables import markdown_table
from partimento.training.run_folder import RunFolder

if TYPE_CHECKING:
    from partimento.training.trained_model import TrainedModel

DRAWS = 10  # random divisions of the real pieces, over which results are averaged
BASELINES = ("unigram", "markov")
LEAST = 4  # minimum of generated and of real pieces: real ones are divided into two sets of two
MOST = 1000  # maximum of generated and of real pieces; memory grows with the square
# Candidates per piece to compose. `partimento compose` has 32, which takes eight times as long.
CANDIDATES = 4


@dataclass(frozen=True)
class Mean:
    """Mean and standard deviation over the draws."""

    mean: float
    deviation: float


@short_repr
@dataclass(frozen=True)
class Row:
    """The results for one feature; None where a result is undefined.

    Attributes
    ----------
    name, label, group, unit : str
        From `FEATURES`.
    generated, real : list of float
        Means of the feature over the pieces for which it is defined. A scalar feature has one
        value, a histogram or matrix one per entry.
    generated_deviation, real_deviation : float or None
        Standard deviations over the pieces, for a scalar feature.
    generated_undefined, real_undefined : int
        The number of pieces for which the feature is undefined; they are left out.
    overlap, kl : Mean or None
        Overlapping area and KL divergence of two densities of distances. The first is within one
        half of the real pieces, the second from generated pieces to that half.
    ceiling, ceiling_kl : Mean or None
        The same for the other half of the real pieces instead of generated ones.
    inner : Mean or None
        Overlapping area of the distances within the generated pieces and those within the real
        ones. It is small if the generated pieces are all alike.
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


@short_repr
@dataclass(frozen=True)
class Evaluation:
    """The results of an evaluation.

    Attributes
    ----------
    generated, real : int
        Number of pieces.
    bars : int or None
        Number of bars used from the beginning of each piece; None for whole pieces.
    generated_shorter, real_shorter : int
        Number of pieces with fewer bars than that.
    size, draws, seed : int
        Each draw compares `size` real pieces with `size` other real pieces and with `size`
        generated ones.
    overlap, ceiling : float or None
        Means of `Row.overlap` and `Row.ceiling` over the features.
    frechet, frechet_real : Mean
        Frechet distance to real pieces, on Partimento's features: of generated pieces, and of other
        real pieces.
    rows : tuple of Row
        One per feature.
    figures : mapping
        Further results for the report: heading → name → value. `evaluate` leaves it empty;
        `dataclasses.replace` adds to it.
    values : mapping
        Feature → arrays ``(pieces, size)`` of the generated and of the real pieces, for pictures.
    by : str
        A description of the real pieces, for the report.
    music : MusicComparison or None
        Part-writing, cadences and structure, and whether a classifier can tell the pieces apart.
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
    music: MusicComparison | None = None

    def __str__(self) -> str:
        title = f"{self.generated:,} generated pieces compared with {self.real:,} real ones"
        rows = [(row.label, *map(_short, (row.overlap, row.ceiling, row.kl))) for row in self.rows]
        header = ("feature", "overlap", "overlap of real pieces", "KL")
        frechet = (
            f"Frechet distance {_short(self.frechet)}; of real pieces {_short(self.frechet_real)}"
        )
        table = markdown_table(header, rows, numbers=True)
        return f"{title}\n\n{table}\n{frechet}\n\n{self.music or ''}"

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
        """Return everything except `values` as a dict for JSON; infinity becomes None."""
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
    """Measure features of generated and real pieces, and compare their distributions.

    Each draw takes a random set of real pieces as the reference. It compares this set with other
    real pieces (the ceiling) and with generated pieces. All three sets have the same size, because
    bandwidths and distances depend on it. The size is the number of generated pieces or half the
    number of real ones, whichever is smaller.

    Parameters
    ----------
    generated, against : Corpus or sequence of Piece
        The generated and the real pieces.
    bars : int, optional
        Use only this number of bars of each piece, plus its pickup.
    draws : int
        Number of draws; results are means and standard deviations over them.
    seed : int
        Seed of the draws and, with more than `MOST` pieces, of the subset to use.
    progress : Progress, optional

    Returns
    -------
    Evaluation

    Raises
    ------
    PartimentoError
        If there are fewer than `LEAST` generated or real pieces.
    """
    rng = np.random.default_rng(seed)
    generated, real = Corpus.of(generated).pieces, Corpus.of(against).pieces
    sets: dict[str, Sequence[Piece]] = {"generated": generated, "real": real}
    if few := next((kind for kind, pieces in sets.items() if len(pieces) < LEAST), None):
        raise PartimentoError(
            f"evaluation needs at least {LEAST} {few} pieces, but there are {len(sets[few])}"
        )
    shorter: list[int] = []
    whole: list[Sequence[Piece]] = []
    for kind, pieces in sets.items():
        chosen = [
            pieces[number] for number in np.sort(rng.permutation(len(pieces))[:MOST]).tolist()
        ]
        whole.append(chosen)
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
    scalars = scalar_table(generated_tables), scalar_table(real_tables)
    near, far = _frechet(*scalars, drawings)
    music = compare_music(whole[0], whole[1], scalars, bars=bars, seed=seed, progress=progress)
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
        music=music,
    )


@short_repr
@dataclass(frozen=True)
class Draw:
    """The indices of the drawn pieces, ``(size,)`` each.

    Attributes
    ----------
    reference, others : (size,) int
        Two disjoint sets of real pieces.
    generated : (size,) int
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
    overlaps, ceiling, inner = [], [], []
    for draw in drawings:
        own = _known(within(among_real[np.ix_(draw.reference, draw.reference)]))
        overlaps.append(
            nearness(own, _known(to_real[np.ix_(draw.generated, draw.reference)].ravel()))
        )
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
        _over(overlaps, "overlap"),
        _over(overlaps, "kl"),
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
    """Compose pieces from silence, with the sampling of the run's settings.

    Piece number n has the seed ``seed + n``.
    """
    from partimento.generate.compose import compose

    pieces = []
    for number in range(count):
        pieces.append(compose(trained, bars=bars, seed=seed + number, candidates=candidates))
        progress("compose", number + 1, count)
    return pieces


def held_out_figures(folder: Path) -> dict[str, dict[str, float]]:
    """Return the held-out nats per event that were stored after training a run.

    The model comes before the baselines. Without stored results, the mapping is empty.
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
