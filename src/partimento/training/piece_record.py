"""Store the metadata and first tokens of each piece of a corpus in its run."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, fields
from fractions import Fraction
from typing import Any

import numpy as np

from partimento.music.events import merge_held
from partimento.music.timelines import Meter, Source, Tempo
from partimento.short_repr import short_repr
from partimento.training.dataset import TransposedPiece

OPENING = 192  # ids stored per piece, to compose from: 64 chord rows of 3 ids, or 192 tokens


@short_repr
@dataclass(frozen=True)
class PieceRecord:
    """Metadata of a piece for credits, and its first tokens as a prompt for composing.

    Attributes
    ----------
    title, composer : str
    source : Source
    split : str
        ``train``, ``valid`` or ``test``.
    key : str
        Code of the analyzed key (`Key.code`).
    interval : int
        Semitones by which the piece was transposed for tokenizing.
    meter, pickup, tempo : Meter, Fraction, Tempo
        The first ones of the piece; the pickup is in quarters.
    program : int or None
        General MIDI program of most notes.
    low, high : int
        Lowest and highest MIDI pitch of the original.
    events : int
        Number of events.
    opening : (n, F) int32
        The first ids of the transposed piece: n is at most 64 for chords, 192 for notes.
    """

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
    opening: np.ndarray

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
