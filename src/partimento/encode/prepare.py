"""From pieces to a data set: common key, split by piece, vocabularies of the training pieces, numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from partimento.config import EncodeConfig, UserError
from partimento.corpus.keys import analyse_key
from partimento.encode.codecs import ChordCodec, Encoded
from partimento.encode.transpose import interval_to_common_key, transpose, without_drums
from partimento.piece import Event, Key, Piece


@dataclass(frozen=True)
class Prepared:
    """A piece ready to be encoded: `piece` is as it was, `interval` the semitones from it to `moved`."""

    piece: Piece
    moved: Piece
    key: Key
    interval: int

    @property
    def events(self) -> tuple[Event, ...]:
        """The events that are learned, in the common key."""
        return self.moved.events

    @cached_property
    def signature(self) -> str:
        """Equal for pieces of the same events, whatever their key and name."""
        events = self.piece.events
        low = min((event.chord[0] for event in events if event.chord), default=0)
        content = [([p - low for p in e.chord], [p - low for p in e.held], str(e.duration)) for e in events]
        return hashlib.sha256(repr(content).encode()).hexdigest()

    @property
    def lowest(self) -> int:
        """The lowest pitch, where it was."""
        return int(self.piece.notes.pitch.min(initial=127))


@dataclass(frozen=True)
class DataSet:
    """Pieces to train on, to choose the best epoch by, and to measure at the end; the training pieces gave the codec.

    `left_out` are pieces that cannot be learned from, each with the reason.
    """

    codec: ChordCodec
    train: list[Prepared]
    valid: list[Prepared]
    test: list[Prepared]
    left_out: list[tuple[Piece, str]]

    def encode(self, pieces: Sequence[Prepared]) -> list[Encoded]:
        return [self.codec.encode(item.events, pickup=item.moved.pickup) for item in pieces]

    @property
    def sides(self) -> dict[str, list[Prepared]]:
        return {"train": self.train, "valid": self.valid, "test": self.test}

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all pieces' music, in whatever order they came."""
        digest = hashlib.sha256()
        items = [item for side in self.sides.values() for item in side]
        for item in sorted(items, key=lambda item: (item.signature, item.lowest)):
            digest.update(f"{item.signature} {item.lowest}\n".encode())
        return digest.hexdigest()


def prepare(
    pieces: Sequence[Piece],
    config: EncodeConfig,
    *,
    validation: float,
    test: float,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> DataSet:
    """Make a data set.

    Pieces, not windows, are split, and pieces of the same music stay on one side.

    Raises
    ------
    UserError
        If there are fewer than two different pieces (one to learn from and one to check with), or nothing comes `min_count` times.
    """
    ready: list[Prepared] = []
    left_out: list[tuple[Piece, str]] = []
    for done, piece in enumerate(pieces, 1):
        try:
            ready.append(in_common_key(piece, common=config.common_key))
        except ValueError as error:
            left_out.append((piece, str(error)))
        if progress:
            progress(done, len(pieces))
    train, valid, held = split(ready, validation=validation, test=test, seed=seed)
    codec = ChordCodec.from_pieces([item.events for item in train], min_count=config.min_count)
    if not codec.chords.symbols or not codec.durations.symbols:
        raise UserError(f"no chord or no duration comes {config.min_count} times: more music, or --set encode.min_count=1")
    return DataSet(codec, train, valid, held, left_out)


def in_common_key(piece: Piece, *, common: bool = True) -> Prepared:
    """A piece, its drums aside, moved to C major or a minor by its analysed key (or not, unless `common`), and by how far.

    Raises
    ------
    ValueError
        If nothing but drums is in it, or it spans so much that it cannot be moved within MIDI's pitches.
    """
    pitched = without_drums(piece)
    if len(piece.notes) and not len(pitched.notes):
        raise ValueError("there is nothing but drums in it")
    key, _ = analyse_key(pitched)
    interval = interval_to_common_key(key) if common else 0
    low, high = int(pitched.notes.pitch.min(initial=127)), int(pitched.notes.pitch.max(initial=0))
    for shift in (interval, interval + 12, interval - 12):
        if not len(pitched.notes) or (low + shift >= 0 and high + shift <= 127):
            return Prepared(pitched, transpose(pitched, shift), key, shift)
    raise ValueError("it spans nearly all of MIDI's pitches: it cannot be moved to the common key")


def split(
    pieces: Sequence[Prepared], *, validation: float, test: float, seed: int
) -> tuple[list[Prepared], list[Prepared], list[Prepared]]:
    """Training, validation and test pieces, each in the order given; equal music stays together.

    Training and validation get at least one piece; with only two different pieces, none is left to test.
    """
    groups: dict[str, list[int]] = {}
    for number, item in enumerate(pieces):
        groups.setdefault(item.signature, []).append(number)
    if len(groups) < 2:
        raise UserError(f"training needs at least two different pieces, one to check with; here {'is one' if groups else 'are none'}")
    kinds = list(groups.values())
    order = [kinds[kind] for kind in np.random.default_rng(seed).permutation(len(kinds))]
    valid = _take(order, wanted=max(1, round(validation * len(pieces))), keep=1)
    held = _take(order, wanted=max(1, round(test * len(pieces))), keep=1)
    train = {number for kind in order for number in kind}
    sides = [[piece for number, piece in enumerate(pieces) if number in side] for side in (train, valid, held)]
    return sides[0], sides[1], sides[2]


def _take(order: list[list[int]], *, wanted: int, keep: int) -> set[int]:
    """Take groups off the front until there are as many pieces as wanted; `keep` groups stay."""
    taken: set[int] = set()
    while len(taken) < wanted and len(order) > keep:
        taken.update(order.pop(0))
    return taken
