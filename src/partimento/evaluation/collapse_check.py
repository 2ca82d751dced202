"""Detect during training that a model composes one repeated chord.

No loss shows this collapse, although it is the most frequent failure of a training.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from partimento.tokens.vocabulary import SPECIAL
from partimento.training.dataset import Dataset

FIRST = 5  # the first epoch that is checked
CANDIDATES, EVENTS = 8, 64
MOST = 0.9  # share of events that repeat the previous chord; twice in a row is a collapse


def sampler_check(model: Any, data: Dataset) -> Callable[[int], str | None]:
    """Return a function that composes after an epoch and detects a collapse.

    The function returns a message if further training is pointless. Only autoregressive models are
    checked: others describe their failures themselves (`Model.diagnose`).
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
        if len(shares) < 2 or min(shares[-2:]) <= max(MOST, (1 + usual) / 2):
            return None
        return (
            f"the sampler has collapsed: of the events composed after epoch {epoch}, "
            f"{shares[-1]:.0%} repeat the previous chord (in the training pieces {usual:.0%}); "
            "a smaller train.learning_rate or a smaller model may do better"
        )

    return detect


def _is_due(epoch: int) -> bool:
    """Return whether an epoch is checked: FIRST, then twice as many each time."""
    times, rest = divmod(epoch, FIRST)
    return not rest and times > 0 and not times & (times - 1)


def distinct_ngrams(windows: np.ndarray, n: int) -> float:
    """Return the share of distinct n-grams in the rows of ``(N, T)``.

    N-grams with a special number in them do not count. Compare only samples of one size: the more
    music, the more n-grams have occurred before.

    >>> distinct_ngrams(np.array([[4, 5, 4, 5, 4]]), 2)
    0.5
    """
    runs = np.lib.stride_tricks.sliding_window_view(windows, n, axis=1).reshape(-1, n)
    runs = runs[(runs >= SPECIAL).all(1)]
    return len(np.unique(runs, axis=0)) / len(runs) if len(runs) else 0.0


def stuck(chords: np.ndarray) -> float:
    """Return the share of events ``(…, T)`` that repeat the previous chord.

    Special numbers are left out.

    >>> stuck(np.array([[7, 7, 7, 8, 8]]))
    0.75
    """
    pairs = (chords[..., 1:] >= SPECIAL) & (chords[..., :-1] >= SPECIAL)
    same = (chords[..., 1:] == chords[..., :-1]) & pairs
    return float(same.sum() / max(pairs.sum(), 1))
