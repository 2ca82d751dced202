"""Detect during training that a model composes one repeated chord.

The loss does not show this collapse, although it is the most frequent failure of training.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from partimento.tokens.vocabulary import SPECIAL
from partimento.training.dataset import Dataset

FIRST = 5  # the first epoch to check
CANDIDATES, EVENTS = 8, 64  # candidates to compose per check, and events of each
# A larger share of events that repeat the previous chord, in two checks in a row, is a collapse.
MAX_REPEATS = 0.9


def sampler_check(model: Any, data: Dataset) -> Callable[[int], str | None]:
    """Return a function that composes after an epoch and detects a collapse.

    The function returns a message if the model has collapsed, so that training should stop. It
    checks only autoregressive models; `Model.diagnose` is for the others.
    """
    from partimento.models.base import Autoregressive

    encoded = data.tokens("train")
    usual = float(np.mean([stuck(data.tokenizer.chord_numbers(piece.ids)) for piece in encoded]))
    start = data.tokenizer.prompt(encoded[0].ids, 0)
    shares: list[float] = []

    def detect(epoch: int) -> str | None:
        from partimento.generate.autoregressive import generate
        from partimento.generate.limits import Limits
        from partimento.generate.sampler import Sampling

        if Autoregressive not in model.capabilities or not _is_due(epoch):
            return None
        generated = generate(
            model,
            start,
            limits=Limits(EVENTS, 2**30, may_end=False),
            sampling=Sampling(),
            candidates=CANDIDATES,
            seed=epoch,
        )
        repeats = [stuck(data.tokenizer.chord_numbers(ids)) for ids in generated.ids]
        shares.append(float(np.mean(repeats)))
        if len(shares) < 2 or min(shares[-2:]) <= max(MAX_REPEATS, (1 + usual) / 2):
            return None
        return (
            f"the sampler has collapsed: of the events composed after epoch {epoch}, "
            f"{shares[-1]:.0%} repeat the previous chord (training pieces: {usual:.0%}); "
            "try a smaller train.learning_rate or a smaller model"
        )

    return detect


def _is_due(epoch: int) -> bool:
    """Return True for the epochs to check: FIRST times a power of two."""
    times, rest = divmod(epoch, FIRST)
    return not rest and times > 0 and not times & (times - 1)  # the last test: a power of two


def distinct_ngrams(windows: np.ndarray, n: int) -> float:
    """Return the share of distinct n-grams in the rows of ids ``(N, T)``.

    N-grams with special ids do not count. Compare only samples of the same size: in larger ones,
    more n-grams are repeated.

    >>> distinct_ngrams(np.array([[4, 5, 4, 5, 4]]), 2)
    0.5
    """
    runs = np.lib.stride_tricks.sliding_window_view(windows, n, axis=1).reshape(-1, n)
    runs = runs[(runs >= SPECIAL).all(1)]
    return len(np.unique(runs, axis=0)) / len(runs) if len(runs) else 0.0


def stuck(chords: np.ndarray) -> float:
    """Return the share of chord ids ``(…, T)`` that repeat the previous chord.

    Special ids are left out.

    >>> stuck(np.array([[7, 7, 7, 8, 8]]))
    0.75
    """
    pairs = (chords[..., 1:] >= SPECIAL) & (chords[..., :-1] >= SPECIAL)
    same = (chords[..., 1:] == chords[..., :-1]) & pairs
    return float(same.sum() / max(pairs.sum(), 1))
