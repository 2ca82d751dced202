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
from partimento.encode.transpose import interval_to_common_key, transpose
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


@dataclass(frozen=True)
class DataSet:
    """Training and validation pieces, and the codec that the training pieces gave."""

    codec: ChordCodec
    train: list[Prepared]
    valid: list[Prepared]

    def encode(self, pieces: Sequence[Prepared]) -> list[Encoded]:
        return [self.codec.encode(item.events, pickup=item.moved.pickup) for item in pieces]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all pieces' music, in order."""
        digest = hashlib.sha256()
        for item in sorted([*self.train, *self.valid], key=lambda item: (item.signature, item.piece.source.sha256)):
            digest.update(item.signature.encode() + str(item.piece.notes.pitch.min(initial=0)).encode())
        return digest.hexdigest()


def prepare(
    pieces: Sequence[Piece],
    config: EncodeConfig,
    *,
    validation: float,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> DataSet:
    """Make a data set.

    Pieces, not windows, are split, and pieces of the same music stay on one side.

    Raises
    ------
    UserError
        If there are fewer than two different pieces: one to learn from and one to check with.
    """
    ready = []
    for done, piece in enumerate(pieces, 1):
        ready.append(in_common_key(piece, common=config.common_key))
        if progress:
            progress(done, len(pieces))
    train, valid = split(ready, validation=validation, seed=seed)
    codec = ChordCodec.from_pieces([item.events for item in train], min_count=config.min_count)
    if not codec.chords.symbols or not codec.durations.symbols:
        codec = ChordCodec.from_pieces([item.events for item in train])  # so little music that nothing comes twice
    return DataSet(codec, train, valid)


def in_common_key(piece: Piece, *, common: bool = True) -> Prepared:
    """A piece moved to C major or a minor by its analysed key (or not, unless `common`), and by how far."""
    key, _ = analyse_key(piece)
    interval = interval_to_common_key(key) if common else 0
    pitches = piece.notes.pitch
    if len(pitches):  # at the edges of MIDI's range, the other way round
        interval += 12 * ((pitches.min() + interval < 0).astype(int) - (pitches.max() + interval > 127).astype(int))
    return Prepared(piece, transpose(piece, int(interval)), key, int(interval))


def split(pieces: Sequence[Prepared], *, validation: float, seed: int) -> tuple[list[Prepared], list[Prepared]]:
    """Training and validation pieces, in the order given; about the share `validation` of them to validation, at least one each."""
    groups: dict[str, list[int]] = {}
    for number, item in enumerate(pieces):
        groups.setdefault(item.signature, []).append(number)
    if len(groups) < 2:
        raise UserError(f"training needs at least two different pieces, one to check with; here {'is one' if groups else 'are none'}")
    wanted = max(1, round(validation * len(pieces)))
    chosen: set[int] = set()
    kinds = list(groups.values())
    for kind in np.random.default_rng(seed).permutation(len(kinds))[: len(kinds) - 1]:
        if len(chosen) >= wanted:
            break
        chosen.update(kinds[kind])
    return [p for n, p in enumerate(pieces) if n not in chosen], [p for n, p in enumerate(pieces) if n in chosen]
