"""Compose without some pitch classes: ``constraints=[Without(6, 10)]``."""

import numpy as np

from partimento.generate.constraints import PITCHES, PitchRule
from partimento.tokens.base import Tokenizer


class Without:
    """Forbid pitch classes, C being 0: `Without(6)` forbids every F sharp."""

    def __init__(self, *pitch_classes: int) -> None:
        self.pitch_classes = pitch_classes

    def bind(self, tokenizer: Tokenizer) -> PitchRule:
        """Return the rule in the numbers of a tokenizer."""
        return PitchRule(tokenizer, np.isin(np.arange(PITCHES) % 12, self.pitch_classes))

    def transposed(self, semitones: int) -> "Without":
        """Return the constraint for music that is moved back afterwards."""
        return Without(*((each + semitones) % 12 for each in self.pitch_classes))
