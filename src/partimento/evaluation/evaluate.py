"""Generated pieces beside real ones, and beside what real ones show of each other: the measures of
`partimento evaluate`.
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
TAKES = 4


@dataclass(frozen=True)
class Mean:
    """Mean and standard deviation over the draws."""

    mean: float
    deviation: float


@dataclass(frozen=True)
class Row:
    """One feature; what cannot be told is None.

    Attributes
    ----------
    generated, real : list of float
        The means of the feature, over the pieces that have it; one number, or one of each entry of
        a histogram or matrix.
    generated_deviation, real_deviation : float or None
        Standard deviations over the pieces, of a feature that is one number.
    generated_undefined, real_undefined : int
        Pieces for which the feature is not defined; they are left out of it.
    overlap, kl : Mean or None
        Of the distances within half of the real pieces and those from generated pieces to that
        half.
    ceiling, ceiling_kl : Mean or None
        The same with the other half of the real pieces in place of the generated ones.
    inner : Mean or None
        Overlapping area of the distances within the generated pieces and within the real ones:
        little where the generated ones are all alike.
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
    """All figures.

    Attributes
    ----------
    generated, real : int
        Pieces.
    bars : int or None
        Of every piece so many from its beginning were measured; None: all of it.
    generated_shorter, real_shorter : int
        Pieces that have fewer bars than that.
    size, draws, seed : int
        So often, so many real pieces were drawn and set against as many others and as many
        generated ones.
    overlap, ceiling : float or None
        Means over the features.
    frechet, frechet_real : Mean
        Frechet distance on Partimento's features, to real pieces: of generated ones, and of other
        real ones.
    rows : tuple of Row
    figures : mapping
        What else is known, to be shown beside it: heading → name → value. `evaluate` leaves it
        empty; `dataclasses.replace` adds to it.
    values : mapping
        Feature → ``(pieces, size)`` of the generated and of the real pieces, for pictures.
    by : str
        What the real pieces are, for the report.
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
        """All but the values, as JSON has it: None for what is infinite."""
        plain = asdict(replace(self, values={}))
        del plain["values"], plain["by"]
        found: dict[str, Any] = _finite(plain)
        return found


def evaluate(
    generated: Corpus | Sequence[Piece],
    against: Corpus | Sequence[Piece],
    *,
    bars: int | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    progress: Progress = silent,
) -> Evaluation:
    """Measure both sets and how near they are.

    In each draw as many real pieces as can be (at most as many as there are generated ones, and
    half of the real ones) are the yardstick; as many other real pieces and as many generated ones
    are held to it. So the ceiling is measured as what stands beside it: with sets of the same size,
    on which bandwidths and distances depend.

    Parameters
    ----------
    bars : int, optional
        Measure so many bars from the beginning of each piece, its pickup not counted.
    draws : int
    seed : int
        Draws the sets, and which pieces stand for all where there are more than `MOST`.

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
            f"{LEAST} pieces of either kind are the least to tell anything by; {len(sets[few])} are {few}"
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
    made, found = (
        feature_table(pieces, progress, stage=f"measure {kind}") for kind, pieces in sets.items()
    )
    size = min(len(generated), len(real) // 2)
    drawn = [Draw.of(rng, len(generated), len(real), size) for _ in range(draws)]
    rows = []
    for done, name in enumerate(FEATURES, 1):
        rows.append(_row(name, made[name], found[name], drawn))
        progress("compare", done, len(FEATURES))
    near, far = _frechet(scalar_table(made), scalar_table(found), drawn)
    told = [(row.overlap.mean, row.ceiling.mean) for row in rows if row.overlap and row.ceiling]
    overlap, ceiling = map(float, np.mean(told, axis=0)) if told else (None, None)
    values = {name: (made[name], found[name]) for name in FEATURES}
    return Evaluation(
        len(generated), len(real), bars, shorter[0], shorter[1], size, draws, seed, overlap, ceiling, near, far, tuple(rows), values=values
    )  # fmt: skip


@dataclass(frozen=True)
class Draw:
    """Numbers of pieces: of the real ones that are the yardstick, of other real ones, and of
    generated ones; each ``(size,)``.
    """

    yardstick: np.ndarray
    others: np.ndarray
    generated: np.ndarray

    @classmethod
    def of(cls, rng: np.random.Generator, generated: int, real: int, size: int) -> Draw:
        order = rng.permutation(real)
        return cls(order[:size], order[size : 2 * size], rng.permutation(generated)[:size])


def _row(name: str, made: np.ndarray, found: np.ndarray, drawn: Sequence[Draw]) -> Row:
    feature = FEATURES[name]
    known = [np.isfinite(table).all(1) for table in (made, found)]
    made, found = (
        np.where(known[0][:, None], made, np.nan),
        np.where(known[1][:, None], found, np.nan),
    )
    to_real, among_real, among_made = (
        between(made, found),
        between(found, found),
        between(made, made),
    )  # NaN where a piece is left out
    near, ceiling, inner = [], [], []
    for draw in drawn:
        own = _known(within(among_real[np.ix_(draw.yardstick, draw.yardstick)]))
        near.append(nearness(own, _known(to_real[np.ix_(draw.generated, draw.yardstick)].ravel())))
        ceiling.append(
            nearness(own, _known(among_real[np.ix_(draw.others, draw.yardstick)].ravel()))
        )
        inner.append(
            nearness(own, _known(within(among_made[np.ix_(draw.generated, draw.generated)])))
        )
    means = [_means(table[mask]) for table, mask in zip((made, found), known, strict=True)]
    deviations = [
        float(table[mask].std()) if feature.size == 1 and mask.any() else None
        for table, mask in zip((made, found), known, strict=True)
    ]
    return Row(
        name, feature.label, feature.group, feature.unit, means[0], means[1], deviations[0], deviations[1],
        int((~known[0]).sum()), int((~known[1]).sum()),
        _over(near, "overlap"), _over(near, "kl"), _over(ceiling, "overlap"), _over(ceiling, "kl"), _over(inner, "overlap"),
    )  # fmt: skip


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


def _frechet(made: np.ndarray, found: np.ndarray, drawn: Sequence[Draw]) -> tuple[Mean, Mean]:
    made, found = standardized(made, found), standardized(found, found)
    near = [frechet_of_sets(made[draw.generated], found[draw.yardstick]) for draw in drawn]
    far = [frechet_of_sets(found[draw.others], found[draw.yardstick]) for draw in drawn]
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
    run: TrainedModel,
    count: int,
    *,
    bars: int,
    seed: int = 0,
    takes: int = TAKES,
    progress: Progress = silent,
) -> list[Piece]:
    """So many pieces of a run, from silence, with `compose`'s own sampling; piece number n has the
    seed ``seed + n``.
    """
    from partimento.generate.compose import compose

    made = []
    for number in range(count):
        made.append(compose(run, bars=bars, seed=seed + number, candidates=takes))
        progress("compose", number + 1, count)
    return made


def held_out_figures(folder: Path) -> dict[str, dict[str, float]]:
    """What the training of a run said of its held-out pieces: nats per event of its model, then of
    the baselines; else nothing.
    """
    try:
        figures = RunFolder(folder).read_held_out()
        told = {
            str(name): float(row["total"]) for name, row in figures.items() if isinstance(row, dict)
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}
    ordered = {name: told[name] for name in sorted(told, key=lambda name: name in BASELINES)}
    return {"nats per event of held-out pieces": ordered} if told else {}
