"""What is in a corpus: counts, vocabularies, keys, metres, range."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from partimento.corpus import analyse_key
from partimento.piece import Piece

NAMES = ("C", "C#", "D", "E♭", "E", "F", "F#", "G", "A♭", "A", "B♭", "B")


@dataclass(frozen=True)
class Stats:
    """Counts over pieces; the dictionaries go from the commonest to the rarest."""

    pieces: int
    notes: int
    events: int
    quarters: float
    distinct_chords: int
    chords_seen_once: int
    distinct_durations: int
    keys: dict[str, int]
    declared_as_analysed: int
    meters: dict[str, int]
    durations: dict[str, int]
    composers: dict[str, int]
    lowest: str
    highest: str
    rests: int


def stats(pieces: Sequence[Piece]) -> Stats:
    """Count through the pieces, as they are (nothing is transposed)."""
    chords: Counter[tuple[int, ...]] = Counter()
    durations: Counter[str] = Counter()
    keys: Counter[str] = Counter()
    agree = 0
    for piece in pieces:
        chords.update(event.chord for event in piece.events)
        durations.update(str(event.duration) for event in piece.events)
        key, _ = analyse_key(piece)
        keys[key.name] += 1
        agree += bool(piece.keys) and piece.keys[0].fifths == key.fifths
    low = min(int(piece.notes.pitch.min(initial=127)) for piece in pieces)
    high = max(int(piece.notes.pitch.max(initial=0)) for piece in pieces)
    return Stats(
        pieces=len(pieces),
        notes=sum(len(piece.notes) for piece in pieces),
        events=chords.total(),
        quarters=float(np.sum([float(piece.length) for piece in pieces])),
        distinct_chords=len(chords),
        chords_seen_once=sum(count == 1 for count in chords.values()),
        distinct_durations=len(durations),
        keys=dict(keys.most_common()),
        declared_as_analysed=agree,
        meters=dict(Counter(meter for piece in pieces for meter in {f"{m.numerator}/{m.denominator}" for m in piece.meters}).most_common()),
        durations=dict(durations.most_common()),
        composers=dict(Counter(piece.composer or "unknown" for piece in pieces).most_common()),
        lowest=_name(low),
        highest=_name(high),
        rests=chords[()],
    )


def _name(pitch: int) -> str:
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}"
