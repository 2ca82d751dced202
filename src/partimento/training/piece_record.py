"""The record of a training piece that a run keeps."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, fields
from fractions import Fraction
from typing import Any

import numpy as np

from partimento.music.events import merge_held
from partimento.music.timelines import Meter, Source, Tempo
from partimento.training.dataset import TransposedPiece

OPENING = (
    192  # numbers of each piece that are kept to begin from: 64 rows of three, or as many tokens
)


@dataclass(frozen=True)
class PieceRecord:
    """The record of a piece: enough to credit it and to begin from it."""

    title: str
    composer: str
    source: Source
    split: str
    key: str
    interval: int
    meter: Meter
    pickup: Fraction
    tempo: Tempo
    program: int | None
    low: int
    high: int
    events: int
    opening: np.ndarray  # (≤ 64, 3) or (≤ 192, 1) int32, moved by `interval`

    @classmethod
    def from_transposed(cls, item: TransposedPiece, tokens: np.ndarray, split: str) -> PieceRecord:
        piece = item.piece
        pitches = piece.notes.pitch
        programs = Counter(piece.parts[part].program for part in piece.notes.part.tolist())
        return cls(
            title=piece.title,
            composer=piece.composer,
            source=piece.source,
            split=split,
            key=item.key.code,
            interval=item.interval,
            meter=piece.meters[0] if piece.meters else Meter(),
            pickup=piece.pickup,
            tempo=piece.tempos[0] if piece.tempos else Tempo(),
            program=programs.most_common(1)[0][0] if programs else None,
            low=int(pitches.min(initial=127)),
            high=int(pitches.max(initial=0)),
            events=len(merge_held(item.events)),
            opening=tokens[: OPENING // tokens.shape[1]],
        )

    def to_plain(self) -> dict[str, Any]:
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {
            **values,
            "source": asdict(self.source),
            "meter": [self.meter.numerator, self.meter.denominator],
            "pickup": str(self.pickup),
            "tempo": self.tempo.us_per_quarter,
            "opening": self.opening.tolist(),
        }

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> PieceRecord:
        return cls(
            **{
                **values,
                "source": Source(**values["source"]),
                "meter": Meter(*values["meter"]),
                "pickup": Fraction(values["pickup"]),
                "tempo": Tempo(values["tempo"]),
                "opening": _rows(values["opening"]),
            }
        )


def _rows(opening: list[list[int]]) -> np.ndarray:
    return (
        np.array(opening, np.int32).reshape(len(opening), -1)
        if opening
        else np.zeros((0, 3), np.int32)
    )
