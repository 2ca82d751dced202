"""Choose the default sampling of a model by a search on validation pieces.

For each sampling, pieces are composed as a user would get them. Their distance from the validation
pieces is the squared Frechet distance of all features of `two_sample.piece_features`: rhythm,
pitch, structure, part-writing and endings. Each feature counts in standard deviations of the
validation pieces, at most five.

A low temperature can come near in these features and still end in mid-phrase or circle. Therefore
the share of pieces without such a fault is also measured. Among the samplings with about the
highest share, the one with the smallest distance is kept in the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from partimento.analysis.features.table import feature_table, scalar_table
from partimento.corpus.entries import Corpus
from partimento.errors import PartimentoError
from partimento.evaluation.frechet import frechet_of_sets, standardized
from partimento.evaluation.part_writing import measure_all
from partimento.evaluation.two_sample import FAR, piece_features
from partimento.generate.compose import compose_candidates
from partimento.generate.ranking import Candidate
from partimento.music.bars import first_bars
from partimento.music.piece import Piece
from partimento.progress import Progress, silent
from partimento.short_repr import short_repr
from partimento.training.settings import SampleSettings
from partimento.training.train import prepared
from partimento.training.trained_model import TrainedModel

TEMPERATURES = (0.8, 0.9, 1.0, 1.1)
TRUNCATIONS: tuple[dict[str, float], ...] = (
    {"top_p": 0.95, "min_p": 0.0},
    {"top_p": 0.98, "min_p": 0.0},
    {"top_p": 1.0, "min_p": 0.0},
    {"top_p": 1.0, "min_p": 0.05},
)
LEAST = 8  # validation pieces
MARGIN = 0.05  # the share of sound pieces may be lower by this than the highest


@short_repr
@dataclass(frozen=True)
class Trial:
    """One sampling and how far its pieces are from real ones.

    Attributes
    ----------
    sampling : SampleSettings
    distance : float
        The squared Frechet distance.
    sound : float
        The share of pieces that end well, do not loop and stay in range
        (`ranking.Candidate.is_sound`), 0 to 1.
    """

    sampling: SampleSettings
    distance: float
    sound: float = 1.0

    def row(self) -> dict[str, Any]:
        """Return the trial as a row of a table."""
        names = ("temperature", "top_p", "min_p")
        return {
            **{name: getattr(self.sampling, name) for name in names},
            "distance": round(self.distance, 3),
            "sound": round(self.sound, 3),
        }


@short_repr
@dataclass(frozen=True)
class Tuning:
    """The result of a search.

    Attributes
    ----------
    trials : tuple of Trial
        In the order of the search.
    real : float
        The distance between two halves of the validation pieces, which have half the size.
    pieces, bars, seed : int
    """

    trials: tuple[Trial, ...]
    real: float
    pieces: int
    bars: int
    seed: int

    @property
    def best(self) -> Trial:
        """The trial with the smallest distance, among those with enough sound pieces.

        These are the trials whose share of sound pieces is at most `MARGIN` below the highest. The
        first of equal ones is the best.
        """
        least = max(trial.sound for trial in self.trials) - MARGIN
        enough = [trial for trial in self.trials if trial.sound >= least - 1e-9]
        return min(enough, key=lambda trial: trial.distance)

    def to_plain(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "sampling": self.best.sampling.model_dump(),
            "real": round(self.real, 3),
            "pieces": self.pieces,
            "bars": self.bars,
            "seed": self.seed,
            "trials": [trial.row() for trial in self.trials],
        }


def tune(
    trained: TrainedModel,
    corpus: Corpus,
    *,
    pieces: int = 32,
    bars: int = 12,
    seed: int = 0,
    progress: Progress = silent,
) -> Tuning:
    """Search the sampling whose pieces are nearest to the validation pieces.

    Parameters
    ----------
    trained : TrainedModel
    corpus : Corpus
        The corpus on which the model was trained.
    pieces : int
        Number of pieces to compose per sampling.
    bars : int
        Length of the composed pieces, and bars to compare of the validation pieces.
    seed : int
        The seed of the first piece; the others have the following ones.
    progress : Progress, optional
        Called in the stage ``tune`` with the number of composed pieces.

    Raises
    ------
    PartimentoError
        If it is another corpus, or there are too few validation pieces.
    """
    data = prepared(corpus, trained.settings, base=trained)
    if data.fingerprint != trained.fingerprint:
        raise PartimentoError(
            "the model was trained on another corpus: pass the corpus that it was trained on"
        )
    if len(data.valid) < LEAST:
        raise PartimentoError(
            f"a search needs at least {LEAST} validation pieces; this run has {len(data.valid)}"
        )
    real = _features([first_bars(item.piece, bars) for item in data.valid])
    trials = []
    options = list(_samplings(trained.settings.sample))
    for done, sampling in enumerate(options):
        composed: list[Candidate] = []
        for number in range(pieces):
            progress("tune", done * pieces + number, len(options) * pieces)
            composed.append(
                compose_candidates(
                    trained,
                    best=1,
                    bars=bars,
                    seed=seed + number,
                    sampling=sampling,
                )[0]
            )
        distance = _distance(_features([candidate.piece for candidate in composed]), real)
        sound = sum(candidate.is_sound for candidate in composed) / pieces
        trials.append(Trial(sampling, distance, sound))
    progress("tune", len(options) * pieces, len(options) * pieces)
    halves = real[::2], real[1::2]
    return Tuning(tuple(trials), _distance(*halves), pieces, bars, seed)


def _samplings(default: SampleSettings) -> Iterator[SampleSettings]:
    for temperature in TEMPERATURES:
        for truncation in TRUNCATIONS:
            yield default.replace(temperature=temperature, **truncation)


def _features(pieces: Sequence[Piece]) -> np.ndarray:
    scalars = scalar_table(feature_table(pieces))
    return piece_features(scalars, measure_all(pieces))[0]


def _distance(composed: np.ndarray, real: np.ndarray) -> float:
    # Without a limit, a feature that is almost constant in real pieces would decide alone.
    sets = (np.clip(standardized(table, real), -FAR, FAR) for table in (composed, real))
    return frechet_of_sets(*sets)
