"""Which measures predict the ears of listeners: the rank correlations for JS Fake Chorales.

python benchmarks/listeners.py [--least 4] [--skill 0] [--seed 0]

Listeners heard one of 500 machine-made chorales and said whether a machine or J. S. Bach wrote it
(O. Peracha, JS Fake Chorales, 2021). A piece's score is the share of listeners whom it deceived.
Each measure of a piece is correlated with this score (Spearman). The p-values are corrected for
the number of measures (Holm). Two combinations are predicted for pieces that they did not see: a
ridge regression of the score on all measures, and the probability of being Bach's, by a classifier
of these chorales and Bach's.

First the answers themselves are tested: if all pieces deceived with the same probability, the
scores would vary by chance alone. The table is in docs/guides/music.md.
"""

from __future__ import annotations

import argparse
import csv
import math
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import stats

from partimento.analysis.features.table import FEATURES, feature_table, scalar_table
from partimento.corpus.load import load_corpus
from partimento.evaluation.frechet import standardized
from partimento.evaluation.part_writing import MEASURES, measure_all
from partimento.evaluation.two_sample import logistic_regression, piece_features
from partimento.tables import markdown_table

DATA = Path(os.environ.get("PARTIMENTO_DATA", Path(__file__).parents[2] / "shared" / "data"))
FOLDS, REPEATS, SAMPLES = 10, 10, 2000
PENALTIES = (10.0, 100.0, 1000.0, 10000.0)


class Answers(NamedTuple):
    """How many listeners of each piece answered, and how many were deceived: (pieces,) each."""

    asked: np.ndarray
    deceived: np.ndarray

    @property
    def share(self) -> np.ndarray:
        shares: np.ndarray = self.deceived / self.asked
        return shares


def read_answers(folder: Path, least_skill: int) -> dict[str, tuple[int, int]]:
    """Return answers and correct answers of each file, from listeners of at least this skill."""
    answers: dict[str, tuple[int, int]] = {}
    with (folder / "listeners.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["skill"] != "total" and int(row["skill"]) >= least_skill:
                asked, correct = answers.get(row["path"], (0, 0))
                answers[row["path"]] = asked + int(row["responses"]), correct + int(row["correct"])
    return answers


def differ(answers: Answers) -> str:
    """Test whether pieces differ at all, by the spread of the scores beyond chance."""
    share = answers.deceived.sum() / answers.asked.sum()
    expected = share * (1 - share) * answers.asked
    chi2 = float(((answers.deceived - share * answers.asked) ** 2 / expected).sum())
    freedom = len(answers.asked) - 1
    # The variance of the true probabilities, by the method of moments.
    excess = ((answers.deceived - share * answers.asked) ** 2 - expected).sum()
    variance = excess / (answers.asked * (answers.asked - 1)).sum()
    upper = _upper_variance(answers, share, chi2)
    noise = float(np.mean(share * (1 - share) / answers.asked))
    most = math.sqrt(upper / (upper + noise))
    return (
        f"{len(answers.asked)} pieces, {answers.asked.sum():,} answers, {share:.3f} deceived;"
        f" standard deviation of the scores {answers.share.std():.3f}, by chance alone"
        f" {math.sqrt(noise):.3f}\nchi-squared {chi2:.0f} on {freedom} degrees of freedom, p ="
        f" {stats.chi2.sf(chi2, freedom):.2f}; standard deviation between pieces"
        f" {math.sqrt(max(variance, 0)):.3f}, at most {math.sqrt(upper):.3f} (95 %); a perfect"
        f" measure would have a correlation of at most {most:.2f}"
    )


def _upper_variance(answers: Answers, share: float, observed: float) -> float:
    """Return the greatest variance between pieces for which so little spread is not rare (5 %)."""
    rng = np.random.default_rng(0)
    for variance in np.linspace(0.0005, 0.05, 100):
        strength = share * (1 - share) / variance - 1
        drawn = rng.beta(share * strength, (1 - share) * strength, (400, len(answers.asked)))
        deceived = rng.binomial(answers.asked, drawn)
        expected = share * (1 - share) * answers.asked
        chi2 = ((deceived - share * answers.asked) ** 2 / expected).sum(1)
        if (chi2 > observed).mean() > 0.95:
            return float(variance)
    return 0.05


def interval(rho: float, count: int) -> str:
    """Return the 95 % interval of a rank correlation (Bonett and Wright 2000)."""
    center, width = math.atanh(rho), 1.96 * math.sqrt((1 + rho**2 / 2) / (count - 3))
    return f"{math.tanh(center - width):+.2f} to {math.tanh(center + width):+.2f}"


def holm(p: np.ndarray) -> np.ndarray:
    """Return p-values corrected for their number (Holm 1979)."""
    order = np.argsort(p)
    steps = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(steps, 1)
    return corrected


def ridge_predictions(table: np.ndarray, score: np.ndarray, seed: int) -> np.ndarray:
    """Return deviations from the mean score, predicted for pieces of another fold.

    The penalty is chosen inside each training set, by generalized cross-validation.
    """
    rng = np.random.default_rng(seed)
    total = np.zeros(len(score))
    for _ in range(REPEATS):
        fold = rng.permutation(len(score)) % FOLDS
        for number in range(FOLDS):
            test = fold == number
            train, target = table[~test], score[~test]
            scaled, other = standardized(train, train), standardized(table[test], train)
            left, values, right = np.linalg.svd(scaled, full_matrices=False)
            best = math.inf, np.zeros(table.shape[1])
            for penalty in PENALTIES:
                shrink = values**2 / (values**2 + penalty)
                inside = left.T @ (target - target.mean())
                rest = target - target.mean() - left @ (shrink * inside)
                error = float((rest**2).mean() / (1 - shrink.sum() / len(target)) ** 2)
                if error < best[0]:
                    best = error, right.T @ (shrink / values.clip(1e-9) * inside)
            # Without the mean of the training set, which is low where the tested scores are high.
            total[test] += other @ best[1]
    return total / REPEATS


def bach_likeness(fakes: np.ndarray, real: np.ndarray, seed: int) -> np.ndarray:
    """Return the log-odds of being real, by classifiers that did not see the piece."""
    rng = np.random.default_rng(seed)
    score = np.zeros(len(fakes))
    fold = rng.permutation(len(fakes)) % FOLDS
    for number in range(FOLDS):
        test = fold == number
        train = np.concatenate([fakes[~test], real])
        label = np.repeat([0.0, 1.0], [(~test).sum(), len(real)])
        ones = np.ones((len(train), 1))
        scaled = np.clip(standardized(train, train), -5, 5)
        weights = logistic_regression(np.concatenate([scaled, ones], axis=1), label)
        other = np.clip(standardized(fakes[test], train), -5, 5)
        score[test] = other @ weights[:-1] + weights[-1]
    return score


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--least", type=int, default=4, help="answers that a piece needs")
    parser.add_argument("--skill", type=int, default=0, help="least skill of a listener, 0 to 5")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    folder = DATA / "js-fakes"
    known = read_answers(folder, options.skill)
    pieces, rows = [], []
    for piece in load_corpus(folder / "midi").pieces:
        answers = known[f"midi/{Path(piece.source.path).name}"]
        if answers[0] >= options.least:
            pieces.append(piece)
            rows.append(answers)
    asked, correct = np.array(rows).T
    answers = Answers(asked, asked - correct)
    print(differ(answers))
    measures = measure_all(pieces)
    table, names = piece_features(scalar_table(feature_table(pieces)), measures)
    real = load_corpus("bundled:chorales").pieces
    other, _ = piece_features(scalar_table(feature_table(real)), measure_all(real))
    score, found = answers.share, []
    for column, name in zip(table.T, names, strict=True):
        kept = np.isfinite(column)
        if kept.sum() > 10 and np.ptp(column[kept]) > 0:
            rho, p = stats.spearmanr(column[kept], score[kept])
            found.append((name, float(rho), float(p), int(kept.sum())))
    corrected = holm(np.array([p for _, _, p, _ in found]))
    lines = []
    for (name, rho, p, count), adjusted in sorted(
        zip(found, corrected.tolist(), strict=True), key=lambda pair: pair[0][2]
    ):
        label = MEASURES[name].label if name in MEASURES else name.replace("_", " ")
        label = FEATURES[name].label if name in FEATURES else label
        lines.append((label, f"{rho:+.3f}", interval(rho, count), f"{p:.3f}", f"{adjusted:.2f}"))
    for label, predicted in (
        ("all measures: ridge regression", ridge_predictions(table, score, options.seed)),
        ("all measures: likeness to Bach", bach_likeness(table, other, options.seed)),
    ):
        rho, p = (float(value) for value in stats.spearmanr(predicted, score))
        lines.append((label, f"{rho:+.3f}", interval(rho, len(score)), f"{p:.3f}", ""))
    header = ("measure", "rank correlation", "95 % interval", "p", "p (Holm)")
    print(markdown_table(header, lines, numbers=True))
    print(f"seed {options.seed}; listeners of skill {options.skill} or more")


if __name__ == "__main__":
    main()
