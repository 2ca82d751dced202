"""A model of a grid that needs no training, for tests of sampling."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np

from partimento.models.base import Gibbs
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Part
from partimento.tokens.grid import GridTokenizer
from partimento.tokens.settings import TokenSettings
from partimento.training.real_pieces import RealPieces
from partimento.training.settings import SampleSettings

Q = Fraction(1)
NAMES = ("Soprano", "Alto", "Bass")


def trio(bars: int = 4) -> Piece:
    """Three voices in quarters, all of which move up and down in thirds and sixths."""
    notes = []
    for t in range(4 * bars):
        step = t % 5
        for part, base in enumerate((72, 64, 48)):
            notes.append(Note(Q * t, Q, base + (step if part < 2 else -step), part=part))
    return Piece(notes, parts=tuple(Part(name, 52) for name in NAMES), length=Q * 4 * bars)


class FlatModel:
    """Give every symbol the same probability, and remember which cells were known."""

    def __init__(self, tokenizer: GridTokenizer) -> None:
        self.tokenizer, self.known = tokenizer, []

    def logits(self, values: Any, known: Any, facts: Any) -> np.ndarray:
        self.known.append(np.asarray(known).copy())
        return np.zeros((*np.shape(values), self.tokenizer.cells), np.float32)


def flat_run(*, hold: bool = False, repeated_notes: bool = False, frame: str = "1/2") -> Any:
    """Return what `TrainedModel` has that sampling needs, with a `FlatModel`."""
    tokens = TokenSettings(
        min_count=1, transpose="none", frame=frame, hold=hold, repeated_notes=repeated_notes
    )
    tokenizer = GridTokenizer.fit([trio()], tokens)
    settings = SimpleNamespace(tokens=tokens, sample=SampleSettings(top_p=1.0), name="flat")
    return SimpleNamespace(
        tokenizer=tokenizer,
        model=FlatModel(tokenizer),
        settings=settings,
        model_class=SimpleNamespace(capabilities=(Gibbs,)),
    )


def fill_run(*, fermatas: bool = True, **options: Any) -> Any:
    """Return a `flat_run` with what filling needs: records of pieces, and what real pieces show."""
    run = flat_run(**options)
    run.real_pieces, run.folder, run.fingerprint = RealPieces(), None, "0"
    marked = trio().replace(fermatas=(Q,) if fermatas else ())
    run.pieces = (SimpleNamespace(opening=run.tokenizer.encode_ids(marked)[:20]),)
    run.settings.model = SimpleNamespace()
    run.settings.tokens = run.settings.tokens.model_copy(update={"low": 36, "high": 84})
    return run
