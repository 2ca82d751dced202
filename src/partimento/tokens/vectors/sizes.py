"""What the encodings take on a corpus, and how many chords there could be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from partimento.errors import PartimentoError
from partimento.music.events import merge_held
from partimento.music.piece import Piece
from partimento.tokens.chords import PITCHES, ChordTokenizer
from partimento.tokens.vectors.parts import part_events, part_vocabularies


class EncodingSize(NamedTuple):
    """What an encoding takes, on average over all events of a corpus.

    Attributes
    ----------
    encoding : str
    width : int
        Numbers an event.
    ones : float
        Numbers an event that are not zero.
    dense_bytes : int
        Of a window, 4 bytes a number (float32, or int32 for integers).
    sparse_bytes : int or None
        Of a window as CSR array ``(L, width)``: 8 bytes a one, 4 bytes a row and 4 more. None for
        integers, where nothing is zero.
    """

    encoding: str
    width: int
    ones: float
    dense_bytes: int
    sparse_bytes: int | None

    @property
    def zeros(self) -> float:
        """Share of the numbers that are zero, 0 to 1."""
        return 1 - self.ones / self.width


def encoding_sizes(pieces: Sequence[Piece], *, length: int = 32) -> list[EncodingSize]:
    """The sizes of every encoding on a corpus, for windows of `length` events (L) and vocabularies
    of everything in it.

    Drums are left out. Of one part are the events of `ChordTokenizer`: what is wholly held is
    merged with the event before. Several parts, if a piece has so many, have the columns of the
    piece with the most.

    Raises
    ------
    PartimentoError
        If there is no event.
    """
    pitched = [piece.without_drums() for piece in pieces]
    merged = [merge_held(piece.events) for piece in pitched]
    events = [event for piece in merged for event in piece]
    if not events:
        raise PartimentoError("no event to encode")
    tokenizer = ChordTokenizer.fit_events(merged)
    chords, patterns, _ = tokenizer.sizes
    notes, on = (
        sum(len(getattr(event, name)) for event in events) / len(events)
        for name in ("chord", "held")
    )
    sizes = [
        EncodingSize("integers: chord", 1, 1, 4 * length, None),
        _size("one-hot: chord", chords, 1, length),
        _size("many-hot: sounding", PITCHES, notes, length),
        EncodingSize("integers: chord, held", 2, 2, 8 * length, None),
        _size("one-hot: chord, held", chords + patterns, 2, length),
        _size("many-hot: sounding, held", 2 * PITCHES, notes + on, length),
    ]
    count = max(sum(not part.is_drum for part in piece.parts) for piece in pieces)
    if count > 1:
        parts = [
            part_events(piece, drums=False, count=count)
            for piece in pieces
            if not all(part.is_drum for part in piece.parts)
        ]
        width = sum(map(len, part_vocabularies(parts)))
        total = sum(len(piece[0]) for piece in parts)
        cells = sum(
            len(event.chord) + len(event.held)
            for piece in parts
            for events in piece
            for event in events
        )
        sizes.append(_size(f"multi-one-hot: {count} parts", width, count, length))
        sizes.append(
            _size(f"multi-many-hot: {count} parts", count * 2 * PITCHES, cells / total, length)
        )
    return sizes


def _size(encoding: str, width: int, ones: float, length: int) -> EncodingSize:
    return EncodingSize(
        encoding, width, ones, 4 * width * length, round(8 * ones * length) + 4 * (length + 1)
    )


def combinations(*, notes: int = PITCHES, largest: int = 4) -> tuple[int, ...]:
    """How many chords of 1, 2, … `largest` different notes there are: what a one-hot vector of all
    chords would need (tutorial).

    >>> combinations(), sum(combinations())
    ((128, 8128, 341376, 10668000), 11017632)
    """
    return tuple(math.comb(notes, size) for size in range(1, largest + 1))
