"""Let bars return as they do in a piece of the corpus, by default.

A model that writes one note after another seldom returns to what it wrote some bars ago, as most
music does. The form of a real piece says which bars return. Nothing else of that piece is used.
The idea is that of Racchmaninof (Collins, Laney, Willis & Garthwaite 2016, "Developing and
evaluating computational models of musical style").
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from partimento.analysis.bar_returns import BarReturns
from partimento.generate.constraints.base import Constraint
from partimento.generate.constraints.fixed import FixedNotes
from partimento.generate.constraints.harmony import ChordProgression
from partimento.generate.constraints.parts import PartRhythm
from partimento.generate.constraints.phrase_ends import PhraseEnds
from partimento.generate.constraints.returns import BarsReturn
from partimento.generate.constraints.rhythm import Rhythm
from partimento.generate.prompt import Prompt
from partimento.models.base import Autoregressive
from partimento.training.trained_model import TrainedModel

FREE = "free"  # the form without returning bars
CLOSING = 2  # bars at the end that are always new, for the cadence
# Demands that say what stands in certain bars.
PLACED = (BarsReturn, ChordProgression, FixedNotes, PartRhythm, PhraseEnds, Rhythm)


def default_form(
    trained: TrainedModel,
    prompt: Prompt,
    bars: int | None,
    rules: Sequence[Constraint],
    seed: int,
) -> BarsReturn | None:
    """Return the bars that should return, as in a real piece.

    None if the length is not given in bars, or the piece goes on from another one. None if `rules`
    say what stands in certain bars, or the model does not write one event after another. Also None
    if no bars return in the piece that was drawn.

    Parameters
    ----------
    trained : TrainedModel
    prompt : Prompt
    bars : int or None
        The length of the composition.
    rules : sequence of Constraint
        The demands of the user.
    seed : int
        Chooses the real piece among those that are long enough.
    """
    if bars is None or prompt.start is not None or any(isinstance(r, PLACED) for r in rules):
        return None
    if Autoregressive not in trained.model_class.capabilities:
        return None
    forms = [form for form in trained.real_pieces.forms if form.bars >= bars]
    if not forms:
        return None
    form = forms[int(np.random.default_rng([seed % 2**32, bars]).integers(len(forms)))]
    text = _without_loops(form.first(bars - CLOSING)).text()
    return BarsReturn(text) if text else None


def _without_loops(form: BarReturns) -> BarReturns:
    """Let a bar that equals the one before return with its rhythm alone.

    Models repeat the bar before often enough of themselves.
    """
    notes = {at: of for at, of in form.notes.items() if at - of > 1}
    loops = {at: of for at, of in form.notes.items() if at not in notes}
    return BarReturns(notes, {**form.rhythm, **loops}, form.bars)
