"""Turn pieces into a data set: transposition, split, vocabularies and tokens."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from partimento.analysis.keys import analyze_key
from partimento.analysis.similarity.duplicates import group
from partimento.analysis.similarity.fingerprints import fingerprint
from partimento.corpus.entries import Corpus, CorpusEntry
from partimento.corpus.reading import Reject
from partimento.corpus.splits import SPLITS, TRAIN, strictest_splits
from partimento.corpus.splits import split as draw
from partimento.errors import PartimentoError
from partimento.music.events import Event
from partimento.music.piece import Piece
from partimento.music.timelines import Key
from partimento.music.transpose import (
    interval_to_common_key,
    interval_to_common_octave,
    shifts_within,
    transpose,
)
from partimento.progress import Progress, silent
from partimento.short_repr import short_repr
from partimento.tokens.base import Tokenizer, Tokens
from partimento.tokens.registry import tokenizer_class
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import OutOfVocabularyCost
from partimento.tokens.windows import WindowBatches, Windows, WindowSpec, windows


@short_repr
@dataclass(frozen=True)
class TransposedPiece:
    """A piece in the key in which it is tokenized.

    Attributes
    ----------
    piece : Piece
        The original, without drums.
    moved : Piece
        The piece after transposition; ``transpose_back(moved, interval, piece)`` is `piece` again.
    key : Key
        The analyzed key of `piece`.
    interval : int
        Semitones from `piece` to `moved`.
    copies : tuple of int
        Semitones from `moved` to each copy in the training set; 0 is `moved` itself.
    """

    piece: Piece
    moved: Piece
    key: Key
    interval: int
    copies: tuple[int, ...] = (0,)

    @property
    def events(self) -> tuple[Event, ...]:
        """The events of `moved`."""
        return self.moved.events

    @cached_property
    def signature(self) -> str:
        """SHA-256 of the events relative to the lowest pitch: the same in every key."""
        events = self.piece.events
        low = min((event.chord[0] for event in events if event.chord), default=0)
        content = [
            ([p - low for p in e.chord], [p - low for p in e.held], str(e.duration)) for e in events
        ]
        return hashlib.sha256(repr(content).encode()).hexdigest()

    @property
    def lowest(self) -> int:
        """The lowest MIDI pitch of the original piece."""
        return int(self.piece.notes.pitch.min(initial=127))


@short_repr
@dataclass(frozen=True)
class Dataset:
    """Training, validation and test pieces with a tokenizer.

    Attributes
    ----------
    tokenizer : Tokenizer
        Fitted to the training pieces.
    train, valid, test : list of TransposedPiece
        Pieces to train on, to select the best epoch, and for the final evaluation.
    left_out : list of (Piece, str)
        Pieces that cannot be used, each with the reason.
    config : TokenSettings
    """

    tokenizer: Tokenizer
    train: list[TransposedPiece]
    valid: list[TransposedPiece]
    test: list[TransposedPiece]
    left_out: list[tuple[Piece, str]]
    config: TokenSettings = field(default_factory=TokenSettings)
    _cache: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def by_chords(self) -> Dataset:
        """Return the same data set with the chord tokenizer, which the baselines need."""
        if self.tokenizer.name == "chords":
            return self
        view: Dataset = self._cached(
            "chords",
            lambda: replace(self, tokenizer=fit_tokenizer("chords", self.train, self.config)),
        )
        return view

    def tokens(self, split: str) -> list[Tokens]:
        """Return the tokens of each piece of a split, without transposed copies."""
        tokens: list[Tokens] = self._cached(split, lambda: self.encode(self.splits[split]))
        return tokens

    def training_tokens(self) -> list[Tokens]:
        """Return the tokens of all training pieces and their transposed copies."""
        pieces = zip(self.train, self.tokens("train"), strict=True)
        tokens: list[Tokens] = self._cached(
            "copies",
            lambda: [
                copy
                for item, own in pieces
                for copy in self.tokenizer.transposed(item.moved, own, item.copies)
            ],
        )
        return tokens

    @property
    def rejects(self) -> list[Reject]:
        """The pieces in `left_out`, as `Reject` rows with path and reason."""
        return [Reject(piece.source.path or piece.title, reason) for piece, reason in self.left_out]

    @property
    def training_pieces(self) -> list[TransposedPiece | None]:
        """The piece of each of `training_tokens`; None for a transposed copy."""
        return [item if shift == 0 else None for item in self.train for shift in item.copies]

    def windows(self, split: str, spec: WindowSpec) -> Windows:
        """Cut the pieces of a split into windows; ``train`` includes transposed copies."""
        tokens = self.training_tokens() if split == "train" else self.tokens(split)
        return windows(tokens, **spec._asdict())

    def batches(self, split: str, spec: WindowSpec, *, batch_size: int) -> WindowBatches:
        """Return the windows of a split in batches."""
        return WindowBatches(self.windows(split, spec), batch_size)

    def missing_cost(self, split: str, cost: OutOfVocabularyCost) -> float:
        """Return the summed nats of out-of-vocabulary symbols and of the pieces' headers.

        Models are compared with these costs included: a tokenizer could otherwise leave out what
        is hard to predict.
        """
        pieces = zip(self.splits[split], self.tokens(split), strict=True)
        unknown = sum(
            self.tokenizer.missing_cost(item.moved, cost, tokens) for item, tokens in pieces
        )
        return unknown + len(self.splits[split]) * self.tokenizer.header_nats

    def encode(self, pieces: Sequence[TransposedPiece]) -> list[Tokens]:
        """Tokenize pieces that need not belong to this data set."""
        return self.tokenizer.encode_all([item.moved for item in pieces])

    @property
    def splits(self) -> dict[str, list[TransposedPiece]]:
        """The pieces by split name: ``train``, ``valid`` and ``test``."""
        return {"train": self.train, "valid": self.valid, "test": self.test}

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the music of all pieces; their order does not matter."""
        digest = hashlib.sha256()
        items = [item for pieces in self.splits.values() for item in pieces]
        for item in sorted(items, key=lambda item: (item.signature, item.lowest)):
            digest.update(f"{item.signature} {item.lowest}\n".encode())
        return digest.hexdigest()

    def _cached(self, key: str, make: Callable[[], Any]) -> Any:
        if key not in self._cache:
            self._cache[key] = make()
        return self._cache[key]


def prepare(
    corpus: Iterable[Piece | CorpusEntry],
    config: TokenSettings,
    *,
    validation: float,
    test: float,
    seed: int,
    kind: str = "chords",
    tokenizer: Tokenizer | None = None,
    progress: Progress = silent,
) -> Dataset:
    """Build a data set: transpose, split and tokenize the pieces of a corpus.

    Whole pieces are split, not windows, and near-duplicates go to the same split. A stored split is
    kept. Only training pieces get transposed copies.

    Parameters
    ----------
    corpus : iterable of Piece or CorpusEntry
    config : TokenSettings
    validation, test : float
        Shares of the pieces whose split is drawn, 0 to 1.
    seed : int
        Seed of the drawn split.
    kind : str
        The tokens that the model reads (`Model.tokenizer_kind`).
    tokenizer : Tokenizer, optional
        A fitted tokenizer to use; by default, one is fitted to the training pieces.
    progress : Progress, optional
        Called in the stage ``keys``.

    Raises
    ------
    PartimentoError
        If there are fewer than two different pieces (one to train on, one for validation).
        Also if no symbol occurs `min_count` times, or no training piece fits the range of the
        settings.
    """
    corpus = Corpus.of(corpus)
    ready: list[TransposedPiece] = []
    left_out: list[tuple[Piece, str]] = []
    stored: list[str] = []
    for done, entry in enumerate(corpus, 1):
        try:
            ready.append(in_common_key(entry.piece, config.transpose, key=entry.key))
            stored.append(entry.split)
        except ValueError as error:
            left_out.append((entry.piece, str(error)))
        progress("keys", done, len(corpus))
    if not ready and left_out:
        raise PartimentoError(f"no piece can be used for training: {_summary(left_out)}")
    train, valid, held = split(ready, stored, validation=validation, test=test, seed=seed)
    if config.transpose == "all":
        train = _with_copies(train, config)
    if tokenizer is None:
        tokenizer = fit_tokenizer(config.tokenizer_name(kind), train, config)
    if tokenizer.is_empty:
        raise PartimentoError(
            f"no chord or no duration occurs {config.min_count} times: add more music, or use --set"
            " tokens.min_count=1"
        )
    return Dataset(tokenizer, train, valid, held, left_out, config)


def _with_copies(train: Sequence[TransposedPiece], config: TokenSettings) -> list[TransposedPiece]:
    """Set the transposed copies of each piece that stay within the range of pitches.

    The range is that of the settings, or else that of all training pieces.
    """
    low = config.low or min(int(item.moved.notes.pitch.min(initial=127)) for item in train)
    high = config.high or max(int(item.moved.notes.pitch.max(initial=0)) for item in train)
    if all(
        item.moved.notes.pitch.max(initial=0) - item.moved.notes.pitch.min(initial=127) > high - low
        for item in train
    ):
        raise PartimentoError(
            f"no training piece fits into the pitches {low} to {high}: widen tokens.low and"
            " tokens.high"
        )
    farthest = config.max_transpose or 127

    def copies(item: TransposedPiece) -> tuple[int, ...]:
        shifts = shifts_within(item.moved.notes, low, high)
        return tuple(shift for shift in shifts if abs(shift) <= farthest)

    return [replace(item, copies=copies(item)) for item in train]


def _summary(left_out: Sequence[tuple[Piece, str]]) -> str:
    """Return the reasons why pieces are left out, the most frequent first."""
    reasons = Counter(reason for _, reason in left_out).most_common()
    return "; ".join(f"{reason} ({count:,} of {len(left_out):,})" for reason, count in reasons[:3])


def fit_tokenizer(name: str, train: Sequence[TransposedPiece], config: TokenSettings) -> Tokenizer:
    """Fit the named tokenizer to the training pieces and their transposed copies."""
    pieces = [item.moved for item in train]
    return tokenizer_class(name).fit(pieces, config, shifts=[item.copies for item in train])


def in_common_key(piece: Piece, how: str = "key", *, key: Key | None = None) -> TransposedPiece:
    """Remove drums and transpose a piece to C major or A minor.

    Parameters
    ----------
    piece : Piece
    how : str
        ``key`` or ``key-octave`` (see `TokenSettings.transpose`). ``none`` and ``all`` keep the
        written key.
    key : Key, optional
        The analyzed key of `piece` (`CorpusEntry.key`); by default, it is analyzed here.

    Raises
    ------
    ValueError
        If the piece has only drums, or its range is too wide to be transposed within MIDI's
        pitches.
    """
    pitched = piece.without_drums()
    if len(piece.notes) and not len(pitched.notes):
        raise ValueError("the piece has only drum parts, and these are left out")
    key = key or analyze_key(pitched)[0]
    interval = 0
    if how in ("key", "key-octave"):
        interval = (
            interval_to_common_key(key)
            if how == "key"
            else interval_to_common_octave(pitched.notes, key)
        )
    low, high = int(pitched.notes.pitch.min(initial=127)), int(pitched.notes.pitch.max(initial=0))
    # If the transposed piece leaves MIDI's pitches, try the nearest other octaves.
    for shift in (interval + octaves * 12 for octaves in (0, 1, -1, 2, -2, 3, -3, 4, -4)):
        if not len(pitched.notes) or (low + shift >= 0 and high + shift <= 127):
            return TransposedPiece(pitched, transpose(pitched, shift), key, shift)
    raise ValueError("the range of the piece is too wide to transpose it to the common key")


def split(
    pieces: Sequence[TransposedPiece],
    stored: Sequence[str],
    *,
    validation: float,
    test: float,
    seed: int,
) -> tuple[list[TransposedPiece], list[TransposedPiece], list[TransposedPiece]]:
    """Return training, validation and test pieces, each in their original order.

    A stored split is kept. A piece without one joins the split of its near-duplicates. The split of
    all others is drawn (see `corpus.splits`).

    Parameters
    ----------
    pieces : (N,) sequence of TransposedPiece
    stored : (N,) sequence of str
        The stored split of each piece, or an empty string.
    validation, test : float
        Desired shares of the pieces whose split is drawn, 0 to 1.
    seed : int
        Seed of the draw.

    Raises
    ------
    PartimentoError
        If there are fewer than two different pieces, or the training or validation split is empty.
    """
    splits = list(stored)
    if not all(splits):
        _complete(pieces, splits, validation=validation, test=test, seed=seed)
    train, valid, held = (
        [item for item, own in zip(pieces, splits, strict=True) if own == name] for name in SPLITS
    )
    if not train or not valid:
        raise PartimentoError(
            f"the stored split has no {'validation' if train else 'training'} pieces"
        )
    return train, valid, held


def _complete(
    pieces: Sequence[TransposedPiece],
    splits: list[str],
    *,
    validation: float,
    test: float,
    seed: int,
) -> None:
    """Fill in the split of the pieces that have none, in place."""
    identities = [item.signature for item in pieces]
    groups: list[int] = group(fingerprint(item.piece) for item in pieces).tolist()
    is_new = not any(splits)
    # If all pieces are near-duplicates of each other, separate at least those that are not equal:
    # validating on a variation is better than not validating.
    if is_new and len(set(groups)) < 2:
        groups = [identities.index(identity) for identity in identities]
    if is_new and len(set(groups)) < 2:
        raise PartimentoError(
            "training needs at least two different pieces, one of them for validation; there"
            f" {'is only one' if groups else 'are none'}"
        )
    splits[:] = strictest_splits(splits, groups)
    rest = [number for number, name in enumerate(splits) if not name]
    if len({groups[number] for number in rest}) < 2:
        drawn = [TRAIN] * len(rest)
    else:
        composers = [pieces[number].piece.composer for number in rest]
        names = [identities[number] for number in rest]
        drawn = draw(
            [groups[number] for number in rest],
            composers,
            names,
            validation=validation,
            test=test,
            seed=seed,
        )
    for number, name in zip(rest, drawn, strict=True):
        splits[number] = name
