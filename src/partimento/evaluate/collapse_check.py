"""Whether what a model composes, while it learns, is one chord repeated for ever: the commonest way
in which a training fails unseen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from partimento.evaluate.collapse import stuck
from partimento.training.dataset import DataSet

if TYPE_CHECKING:
    from partimento.models.base import Model

FIRST = 5  # the epoch of the first look; then after twice as many each time
TAKES, EVENTS = 8, 64
MOST = 0.9  # share of events that repeat the chord before; twice in a row, it is a collapse


def sampler_check(model: Model, data: DataSet) -> Callable[[int], str | None]:
    """What looks at the model after an epoch, by a few takes composed from silence; a text means
    that there is no point in going on.

    Only models of what comes next are looked at: those of whole windows say of themselves what went
    wrong (`Model.verdict`).
    """
    from partimento.models.base import NextModel

    encoded = data.encode(data.train)
    usual = float(np.mean([stuck(data.tokenizer.chord_numbers(each.ids)) for each in encoded]))
    start = data.tokenizer.prompt(encoded[0].ids, 0)
    before: list[float] = []

    def look(epoch: int) -> str | None:
        from partimento.generate.autoregressive import generate
        from partimento.generate.limits import Limits
        from partimento.generate.sampler import Sampling

        if (
            not isinstance(model, NextModel)
            or epoch < FIRST
            or (epoch // FIRST) & (epoch // FIRST - 1)
            or epoch % FIRST
        ):
            return None
        generated = generate(
            model,
            start,
            limits=Limits(EVENTS, 2**30, may_end=False),
            sampling=Sampling(),
            candidates=TAKES,
            seed=epoch,
        )
        share = float(
            np.mean([stuck(data.tokenizer.chord_numbers(take)) for take in generated.ids])
        )
        before.append(share)
        if min(before[-2:]) <= max(MOST, (1 + usual) / 2) or len(before) < 2:
            return None
        return (
            f"the sampler has collapsed: of the events composed after epoch {epoch}, {share:.0%} repeat the chord before (in the training "
            f"pieces {usual:.0%}); a smaller train.learning_rate or a smaller model may do better"
        )

    return look
