"""Predict the next event from counts: a Markov chain of variable order.

Training counts which ids followed each context; there is no gradient. A context is a list of
symbols, such as the previous chord, with the most informative one first. Each field has several
such lists, its views (`VIEWS`, after the viewpoints of Conklin & Witten 1995).

The contexts of a view form a trie. The distribution of a view is interpolated from the root
(uniform) to the longest context that occurred in training. Smoothing is interpolated Kneser-Ney
(Kneser & Ney 1995, with the discount of Ney, Essen & Kneser 1994) or Witten-Bell (1991). The
distribution of a field is the mean over its views.

Evaluation (NumPy) and the generation loop (`ops`) share the code that walks through the tries.

Shapes: N contexts in a batch, M views of a field, R events of context, V ids of a field. The tries
of a field together have n nodes and s successors.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import Field

from partimento.config import ModelSettings
from partimento.models.base import (
    CHORD,
    DURATION,
    END,
    FIELDS,
    HELD,
    NEVER,
    PAD,
    UNKNOWN,
    Batch,
    ChordTokenizer,
    Loss,
    NextModel,
    State,
    Tokens,
    TokenSettings,
    WindowSpec,
)
from partimento.models.deferred import keras, ops
from partimento.short_repr import short_repr

# The views of chord, held pattern and duration. A symbol is a letter and the number of events to
# look back (0 is the current event). Letters: c chord, h held pattern, d duration, m which notes of
# the chord sounded in the event before it. These views had the lowest nats on validation folds of
# Giuliani's guitar pieces and of Bach's chorales.
VIEWS = (
    ("c1 c2 c3 c4", "c2 c1 c4", "c1 h1 d1 c4"),
    ("m0 h1 d1 h2 c0", "c0 m0 h1 d1"),
    ("d1 h0 h1 c0", "d1 d2 d3 h0 d4 d5"),
)
MAX_ORDER = 5  # events of context that the longest view needs
LOWEST = (END, UNKNOWN, UNKNOWN)  # the lowest id of each field that can be predicted
LONGEST = 1024  # events per window in evaluation; most pieces are shorter and stay whole
DISCOUNTS = (0.5, 0.8)  # bounds of the discount, whose estimate from few counts could be 0 or 1
ROWS = 256  # distributions per batch on NumPy, to limit memory
BITS = 31  # notes of a chord that symbol m distinguishes: the bits of a positive int32


class Config(ModelSettings):
    """Settings of `Markov`: the length of its context and its smoothing."""

    name: Literal["markov"] = Field(default="markov", description="The model.")
    order: int = Field(
        default=MAX_ORDER,
        ge=0,
        le=MAX_ORDER,
        description="Maximum number of events of context; 0 makes events independent.",
    )
    smoothing: Literal["kneser-ney", "absolute", "witten-bell"] = Field(
        default="kneser-ney",
        description="Smoothing of rare counts: interpolated Kneser-Ney, absolute discounting"
        " (the same discount, but plain counts for shorter contexts), or Witten-Bell.",
    )


def lag(symbol: str) -> int:
    """Return how many events back a context symbol looks.

    Symbol m compares two chords, so it looks one event further back than its number says.

    >>> lag("c2"), lag("m0")
    (2, 1)
    """
    return int(symbol[1:]) + (symbol[0] == "m")


def views(field: int, order: int) -> tuple[tuple[str, ...], ...]:
    """Return the views of a field, restricted to symbols of the last `order` events.

    >>> views(CHORD, 1), views(DURATION, 0)
    ((('c1',), ('c1', 'h1', 'd1')), (('h0', 'c0'), ('h0',)))
    """
    kept = (
        tuple(symbol for symbol in view.split() if lag(symbol) <= order) for view in VIEWS[field]
    )
    return tuple(dict.fromkeys(kept))


# ---------------------------------------------------------------------- counts


@short_repr
class Counts(NamedTuple):
    """Hold the counts of a field: one trie per view, in arrays.

    A node is a context; its successors are the ids that followed it. Nodes are numbered level by
    level, the M roots first. All arrays are int32.

    Attributes
    ----------
    symbol : (n,)
        The symbol on the edge from the parent to each node; -1 for roots.
    first : (n + 1,)
        The children of node v are ``first[v]`` to ``first[v + 1] - 1``, in ascending order of
        symbol.
    start : (n + 1,)
        The successors of node v are at ``start[v]`` to ``start[v + 1] - 1``, in ascending order.
    successor, times : (s,)
        The id that followed, and how often.
    """

    symbol: np.ndarray
    first: np.ndarray
    start: np.ndarray
    successor: np.ndarray
    times: np.ndarray

    @classmethod
    def from_contexts(
        cls, contexts: Sequence[Sequence[np.ndarray]], target: np.ndarray, size: int
    ) -> Counts:
        """Build the tries of all views, level by level.

        Parameters
        ----------
        contexts : sequence of sequences of (N,) arrays
            The symbols of each view, beginning at the root.
        target : (N,) array
            The ids that followed.
        size : int
            V.
        """
        # `node`, `view` and `row` have one entry per view and context that reach this level.
        depth, level, offset = np.array([len(view) for view in contexts]), len(contexts), 0
        view, row = (index.reshape(-1) for index in np.indices((level, len(target))))
        node = view.astype(np.int64)
        symbols, children, lengths = [np.full(level, -1)], [], []
        successors, counts = [], []
        for at in range(int(depth.max()) + 1):
            pairs, count = np.unique(node * size + target[row], return_counts=True)
            successors.append(pairs % size)
            counts.append(count)
            lengths.append(np.bincount(pairs // size - offset, minlength=level))
            longer = depth[view] > at
            node, view, row = node[longer], view[longer], row[longer]
            symbol = np.zeros(len(node), np.int64)
            for v in np.flatnonzero(depth > at):
                symbol[view == v] = contexts[int(v)][at][row[view == v]]
            # Node and symbol in one integer: sorting it orders children by parent, then symbol.
            span = int(symbol.max(initial=0)) + 1
            keys, inverse = np.unique(node * span + symbol, return_inverse=True)
            symbols.append(keys % span)
            children.append(np.bincount(keys // span - offset, minlength=level))
            offset, level = offset + level, len(keys)
            node = offset + inverse.reshape(-1)
        ends = len(contexts) + np.cumsum(np.concatenate([[0], *children]))
        starts = np.cumsum(np.concatenate([[0], *lengths]))
        columns = (
            np.concatenate(symbols),
            ends,
            starts,
            np.concatenate(successors),
            np.concatenate(counts),
        )
        return cls(*(column.astype(np.int32) for column in columns))

    def check(self, roots: int, size: int) -> None:
        """Raise ValueError unless these are valid tries of `roots` views over `size` ids.

        Counts are read from files, which may be damaged.
        """
        n, s = len(self.symbol), len(self.successor)
        valid = (
            all(column.ndim == 1 and column.dtype == np.int32 for column in self)
            and n >= roots
            and len(self.first) == len(self.start) == n + 1
            and len(self.times) == s
            and (self.first[0], self.first[-1], self.start[0], self.start[-1]) == (roots, n, 0, s)
            and bool(
                (np.diff(self.first) >= 0).all()
                and (np.diff(self.start) >= 0).all()
                and (self.first[:-1] > np.arange(n)).all()
            )
            and bool(
                (self.times > 0).all()
                and (self.successor >= 0).all()
                and (self.successor < size).all()
            )
        )
        if not valid:
            raise ValueError("the counts are damaged or belong to another model")


def smooth(counts: Counts, roots: int, size: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return smoothed probabilities of successors, and the mass of shorter contexts.

    Every level of a view has its own discount, estimated from how many counts are 1 and 2.

    Parameters
    ----------
    counts : Counts
    roots, size : int
        M and V.
    kind : str
        The setting `Config.smoothing`.

    Returns
    -------
    weight : (s,) array
        The probability that a context gives to each of its successors.
    left : (n,) array
        The probability that a context leaves to the next shorter one. For each context, it and the
        successors' weights sum up to 1.
    """
    nodes = np.arange(len(counts.symbol))
    owner = np.repeat(nodes, np.diff(counts.start))
    parent = parents(counts.first)
    count = counts.times.astype(np.float64)
    if kind == "kneser-ney":
        # In a context with longer ones below it, count in how many of those a successor occurs
        # instead of how often it occurs.
        pair = owner * np.int64(size) + counts.successor
        below = owner >= roots
        upper = np.searchsorted(
            pair, parent[owner[below]] * np.int64(size) + counts.successor[below]
        )
        continued = np.bincount(upper, minlength=len(count))
        count = np.where(np.diff(counts.first)[owner] > 0, continued, count)
    total, kinds = np.bincount(owner, count, len(nodes)), np.bincount(owner, minlength=len(nodes))
    seen = np.maximum(total, 1)
    if kind == "witten-bell":
        return count / (total + kinds)[owner], np.where(
            kinds > 0, kinds / np.maximum(total + kinds, 1), 1.0
        )
    group = np.arange(len(nodes))  # for each node: an index of its view and level
    for begin, end in _levels(counts.first, roots):
        if begin:
            group[begin:end] = group[parent[begin:end]] + roots
    once, twice = (
        np.bincount(group[owner], count == times, int(group.max()) + 1) for times in (1, 2)
    )
    discount = (once / np.maximum(once + 2 * twice, 1)).clip(*DISCOUNTS)[group]
    return (count - discount[owner]) / seen[owner], np.where(
        kinds > 0, discount * kinds / seen, 1.0
    )


def parents(first: np.ndarray) -> np.ndarray:
    """Return the parent of each node, ``(n,)``; -1 for roots."""
    return np.concatenate(
        [np.full(first[0], -1), np.repeat(np.arange(len(first) - 1), np.diff(first))]
    )


def _levels(first: np.ndarray, roots: int) -> Iterator[tuple[int, int]]:
    """Yield the first node of each level, and one past its last node."""
    begin, end = 0, roots
    while begin < end:
        yield begin, end
        begin, end = end, int(first[end])


# ---------------------------------------------------------------------- distributions


@short_repr
class Tries:
    """Look up the probabilities of a field in the tries of its views.

    NumPy uses double precision. A compiled loop gets the tables as Keras variables instead.
    """

    def __init__(
        self,
        counts: Counts,
        names: tuple[tuple[str, ...], ...],
        size: int,
        lowest: int,
        smoothing: str,
    ) -> None:
        self.counts, self.names, self.size = counts, names, size
        weight, left = smooth(counts, len(names), size, smoothing)
        uniform = np.where(np.arange(size) >= lowest, 1 / (size - lowest), 0.0)
        root = left[: len(names), None] * uniform  # (M, V)
        for view in range(len(names)):
            own = slice(counts.start[view], counts.start[view + 1])
            root[view, counts.successor[own]] += weight[own]
        # One extra node stands for contexts that never occurred. It has no children and no
        # successors, and leaves all probability to the shorter context.
        self.tables: dict[str, np.ndarray] = {
            "symbol": np.append(counts.symbol, -1).astype(np.int32),
            "parent": np.append(parents(counts.first), -1).astype(np.int32),
            "start": np.append(counts.start, counts.start[-1]),
            "successor": np.append(counts.successor, 0).astype(np.int32),
            "weight": np.append(weight, 0.0),
            "left": np.append(left, 1.0),
            "root": root,
        }
        self.widths = [
            int(np.diff(counts.start)[begin:end].max())
            for begin, end in _levels(counts.first, len(names))
        ]
        # A compiled loop needs a fixed number of slots for successors: per level below the roots,
        # as many as its largest node has. Each slot has its level and its place within it.
        wide = np.array(self.widths[1:], np.int32)
        self.level = np.repeat(np.arange(1, len(self.widths), dtype=np.int32), wide)
        self.place = np.arange(len(self.level), dtype=np.int32) - np.repeat(
            np.cumsum(wide, dtype=np.int32) - wide, wide
        )
        self.bits = max(1, len(counts.symbol).bit_length())
        self._hash()

    def _hash(self) -> None:
        """Sort the nodes into buckets by a hash of parent and symbol.

        Finding a child then takes one look-up. A binary search would take minutes to compile.
        """
        t, n = self.tables, len(self.counts.symbol)
        place = self._place(t["parent"][:n], t["symbol"][:n], np)
        in_place = np.bincount(place, minlength=2**self.bits)
        self.crowd = int(in_place.max())
        t["bucket"] = np.concatenate([[0], np.cumsum(in_place)]).astype(np.int32)[:-1]
        t["member"] = np.append(np.argsort(place, kind="stable"), np.full(self.crowd, n)).astype(
            np.int32
        )

    def _place(self, parent: Any, symbol: Any, xp: Any) -> Any:
        """Hash by the upper bits of a product (Fibonacci hashing, Knuth 1973)."""
        mixed = parent * -1640531535 + symbol * 1367130551
        return xp.bitwise_and(xp.right_shift(mixed, 32 - self.bits), 2**self.bits - 1)

    def walk(
        self, symbols: Mapping[str, Any], none: Any, tables: Mapping[str, Any], xp: Any
    ) -> list[Any]:
        """Return the nodes ``(M, N)`` that the contexts reach, for each level.

        Parameters
        ----------
        symbols : mapping of (N,) arrays
            The context symbols by name.
        none : (N,) array
            Filled with -2, which equals no symbol.
        tables : mapping
            `self.tables`, or Keras variables with the same values.
        xp : module
            `numpy` or `keras.ops`.
        """
        nowhere = len(self.counts.symbol)
        nodes = [xp.expand_dims(none * 0, 0) + np.arange(len(self.names), dtype=np.int32)[:, None]]
        for level in range(1, len(self.widths)):
            wanted = xp.stack(
                [symbols[view[level - 1]] if level <= len(view) else none for view in self.names]
            )
            begin = xp.take(tables["bucket"], self._place(nodes[-1], wanted, xp), axis=0)
            member = xp.take(
                tables["member"],
                xp.expand_dims(begin, -1) + np.arange(self.crowd, dtype=np.int32),
                axis=0,
            )  # (M, N, crowd)
            parent, symbol = (
                xp.take(tables[name], member, axis=0) for name in ("parent", "symbol")
            )
            matches = xp.logical_and(
                parent == xp.expand_dims(nodes[-1], -1), symbol == xp.expand_dims(wanted, -1)
            )
            nodes.append(xp.min(xp.where(matches, member, nowhere), axis=-1))
        return nodes

    def probability(self, symbols: Mapping[str, np.ndarray], target: np.ndarray) -> np.ndarray:
        """Return the probabilities ``(N,)`` of targets ``(N,)``."""
        t = self.tables
        pairs = (
            np.repeat(np.arange(len(t["start"]) - 1), np.diff(t["start"])) * np.int64(self.size)
            + t["successor"][:-1]
        )
        p = t["root"][:, target]  # (M, N)
        for nodes in self.walk(symbols, np.full(len(target), -2, np.int32), t, np)[1:]:
            pair = nodes * np.int64(self.size) + target
            at = np.searchsorted(pairs, pair)
            known = np.append(pairs, -1)[at] == pair
            p = np.where(known, t["weight"][at], 0.0) + t["left"][nodes] * p
        return np.asarray(p.mean(0))

    def distribution(
        self, symbols: Mapping[str, Any], none: Any, tables: Mapping[str, Any], xp: Any
    ) -> Any:
        """Return the distributions ``(N, V)``; see `walk` for the parameters."""
        nodes = xp.stack(self.walk(symbols, none, tables, xp))  # (D, M, N), with D levels
        left = xp.take(tables["left"], nodes, axis=0)
        # Per level (M, N): the probability that all longer contexts leave to it.
        shares = [xp.ones_like(left[0]) / len(self.names)]
        for level in range(len(self.widths) - 1, 0, -1):
            shares.insert(0, shares[0] * left[level])
        p = xp.matmul(xp.transpose(shares[0]), tables["root"])
        if not len(self.level):
            return p
        # Add the successors of all levels at once: (slots, M, N). See `self.level`.
        begin, end = (
            xp.take(xp.take(tables["start"], nodes + more, axis=0), self.level, axis=0)
            for more in (0, 1)
        )
        at = begin + self.place[:, None, None]
        inside, at = at < end, xp.minimum(at, len(self.counts.successor))
        part = xp.take(xp.stack(shares), self.level, axis=0) * xp.take(tables["weight"], at, axis=0)
        number = (
            xp.take(tables["successor"], at, axis=0)
            + np.arange(none.shape[0], dtype=np.int32) * self.size
        )
        part, number = (
            xp.reshape(xp.where(inside, array, xp.zeros_like(array)), (-1,))
            for array in (part, number)
        )
        count = none.shape[0] * self.size
        added = (
            np.bincount(number, part, count) if xp is np else ops.segment_sum(part, number, count)
        )
        return p + xp.reshape(added, (-1, self.size))


# ---------------------------------------------------------------------- model


class Tables(keras.Model):
    """Hold the tries as variables that are not trained.

    A compiled loop then gets them as arguments instead of compiling them in as constants.
    """

    def __init__(self, tries: Sequence[Tries]) -> None:
        super().__init__(name="markov")
        self.fields = [
            {
                name: self._variable(table, f"{field}_{name}")
                for name, table in field_tries.tables.items()
            }
            for field, field_tries in zip(FIELDS, tries, strict=True)
        ]
        self.built = True

    @staticmethod
    def _variable(table: np.ndarray, name: str) -> keras.Variable:
        return keras.Variable(
            table,
            dtype="int32" if table.dtype == np.int32 else "float32",
            trainable=False,
            name=name,
        )


class Markov(NextModel):
    """Predict the next event from the counts of `adapt`.

    Before `adapt`, all ids that can be predicted are equally likely. A state is ``(past (B, R, 3),
    now (B, 3))``: the last R events, latest first, and the known fields of the current event.
    """

    config_type = Config
    trains_by_gradient = False
    weights_suffix = ".npz"

    def __init__(self, config: Config, tokenizer: ChordTokenizer) -> None:
        super().__init__(config, tokenizer)
        self.views = [views(field, config.order) for field in range(len(FIELDS))]
        self.names = [
            tuple(dict.fromkeys(symbol for view in field for symbol in view))
            for field in self.views
        ]
        self.reach = max([1, *(lag(symbol) for field in self.names for symbol in field)])  # R
        bit = 2 ** np.arange(min(tokenizer.most_notes, BITS), dtype=np.int64)
        self._slots = tokenizer.chord_slots[:, : len(bit)]  # (C, K)
        self._bits = bit.astype(np.int32)  # (K,)
        self._sounds = (
            np.pad(tokenizer.chord_notes > 0, ((0, 0), (0, 1))).astype(np.int32).reshape(-1)
        )  # (C · (P + 1),), 0 for empty slots
        self._row = len(self._sounds) // tokenizer.sizes[CHORD]  # P + 1
        nothing = np.zeros((0, self.reach, 3), np.int32), np.zeros((0, 3), np.int32)
        self._set_counts([self._counted(field, *nothing) for field in range(len(FIELDS))])

    def _set_counts(self, counts: Sequence[Counts]) -> None:
        self.tries = [
            Tries(field_counts, names, size, lowest, self.config.smoothing)
            for field_counts, names, size, lowest in zip(
                counts, self.views, self.tokenizer.sizes, LOWEST, strict=True
            )
        ]
        self.network = Tables(self.tries)

    # ------------------------------------------------------------------ contexts

    def _symbols(self, field: int, past: Any, now: Any, xp: Any) -> dict[str, Any]:
        """Return the context symbols ``(N,)`` of a field, by name.

        `past` ``(N, R, 3)`` has the last events, latest first. In the current event `now`
        ``(N, 3)``, only the fields before `field` are known.
        """
        rows = [now, *(past[:, back] for back in range(self.reach))]
        symbols = {}
        for name in self.names[field]:
            kind, back = name[0], int(name[1:])
            if kind == "m":
                symbols[name] = self._common(rows[back + 1][:, CHORD], rows[back][:, CHORD], xp)
            else:
                symbols[name] = rows[back][:, "chd".index(kind)]
        return symbols

    def _common(self, before: Any, chord: Any, xp: Any) -> Any:
        """Return which notes of chords sounded in the previous ones, as bits ``(N,)``.

        Unknown chords count as chords without notes.
        """
        at = xp.expand_dims(before * self._row, -1) + xp.take(self._slots, chord, axis=0)  # (N, K)
        number = xp.sum(xp.take(self._sounds, at, axis=0) * self._bits, axis=-1)
        return number.astype(np.int32) if xp is np else ops.cast(number, "int32")

    def _pasts(self, inputs: np.ndarray) -> np.ndarray:
        """Return the last R events at each step, ``(B, L, R, 3)``, latest first.

        Events before the window are padding.
        """
        padded = np.pad(
            inputs.astype(np.int32), ((0, 0), (self.reach - 1, 0), (0, 0)), constant_values=PAD
        )
        spans = np.lib.stride_tricks.sliding_window_view(padded, self.reach, axis=1)  # (B, L, 3, R)
        return spans[..., ::-1].transpose(0, 1, 3, 2)

    # ------------------------------------------------------------------ learning

    def _counted(self, field: int, past: np.ndarray, now: np.ndarray) -> Counts:
        known = now[:, field] != PAD  # an end row has no held pattern and no duration
        symbols = self._symbols(field, past[known], now[known], np)
        contexts = [[symbols[name] for name in view] for view in self.views[field]]
        return Counts.from_contexts(contexts, now[known, field], self.tokenizer.sizes[field])

    def adapt(self, pieces: Sequence[Tokens]) -> None:
        """Count the events of pieces; this replaces earlier counts."""
        past = np.concatenate([self._pasts(piece.ids[None, :-1])[0] for piece in pieces])
        now = np.concatenate([piece.ids[1:] for piece in pieces])
        self._set_counts([self._counted(field, past, now) for field in range(len(FIELDS))])

    @property
    def parameters(self) -> int:
        """The number of stored counts."""
        return sum(len(tries.counts.times) for tries in self.tries)

    def write_weights(self, path: Path) -> None:
        """Write the counts as a compressed NumPy archive."""
        columns = [
            (field, tries.counts._asdict()) for field, tries in zip(FIELDS, self.tries, strict=True)
        ]
        named = {
            f"{field}.{name}": column
            for field, counts in columns
            for name, column in counts.items()
        }
        with path.open("wb") as file:
            np.savez_compressed(file, **named)

    def read_weights(self, path: Path) -> None:
        """Read the counts and check that they are valid."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                counts = [
                    Counts(*(stored[f"{field}.{name}"] for name in Counts._fields))
                    for field in FIELDS
                ]
        except (zipfile.BadZipFile, zlib.error, EOFError, TypeError) as error:
            raise ValueError(f"no counts in {path.name}: {error}") from error
        for field_counts, names, size in zip(counts, self.views, self.tokenizer.sizes, strict=True):
            field_counts.check(len(names), size)
        self._set_counts(counts)

    # ------------------------------------------------------------------ measuring

    def window_spec(self, config: TokenSettings, *, training: bool) -> WindowSpec:
        """Keep pieces whole unless they are very long; ``tokens.window`` is not used."""
        return WindowSpec(LONGEST, longest=True)

    def probabilities(self, field: int, past: np.ndarray, now: np.ndarray) -> np.ndarray:
        """Return the distributions ``(N, V)`` of a field.

        `past` ``(N, R, 3)`` has the last events, latest first. In the current event `now`
        ``(N, 3)``, only the fields before `field` are known.
        """
        tries, past, now = self.tries[field], past.astype(np.int32), now.astype(np.int32)
        parts = []
        for begin in range(0, max(len(now), 1), ROWS):
            chunk = slice(begin, begin + ROWS)
            symbols = self._symbols(field, past[chunk], now[chunk], np)
            parts.append(
                tries.distribution(
                    symbols, np.full(len(now[chunk]), -2, np.int32), tries.tables, np
                )
            )
        return np.concatenate(parts)

    def logits(self, batch: Batch, *, training: bool = False) -> list[Any]:
        """Return the logarithms of the probabilities of each field at every step."""
        inputs, targets = np.asarray(batch["inputs"]), np.asarray(batch["targets"])
        past, now = self._pasts(inputs).reshape(-1, self.reach, 3), targets.reshape(-1, 3)
        fields = [
            self.probabilities(field, past, now).reshape(*targets.shape[:2], -1)
            for field in range(len(FIELDS))
        ]
        return [np.where(p > 0, np.log(np.maximum(p, 1e-300)), NEVER) for p in fields]

    def exact_loss(self, batch: Batch, *, training: bool = False) -> Loss:
        """Return the nats of each field like `field_nats`, but in double precision."""
        real = np.asarray(batch["targets"])[..., CHORD] != PAD
        sums = [-np.log(p).sum() for _, p in self._target_probabilities(batch, real)]
        events = int(real.sum())
        return Loss(
            sum(sums) / max(events, 1), dict(zip(FIELDS, sums, strict=True)), np.float64(events)
        )

    def step_nats(self, batch: Batch, *, may_end: bool = True) -> Any:
        """Return the nats ``(B, L)`` of all fields at each step."""
        real = np.asarray(batch["targets"])[..., CHORD] != PAD
        flat = np.zeros(int(real.sum()))
        for known, p in self._target_probabilities(batch, real):
            flat[known] -= np.log(p)
        nats = np.zeros(real.shape)
        nats[real] = flat
        return nats

    def _target_probabilities(
        self, batch: Batch, real: np.ndarray
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield for each field a mask of targets that have it, and their probabilities.

        The mask selects from the targets in `real` ``(B, L)``, those that are not padding. Only
        held patterns need the whole distribution, because some patterns must be masked.
        """
        inputs, targets, holdable = (
            np.asarray(batch[name]) for name in ("inputs", "targets", "holdable")
        )
        past, now, holdable = (
            self._pasts(inputs)[real],
            targets[real].astype(np.int32),
            holdable[real],
        )  # (N, …)
        for field in range(len(FIELDS)):
            known = now[:, field] != PAD
            before, this = past[known], now[known]
            if field == HELD:
                fits = self.tokenizer.grammar().holdable_patterns(holdable[known])
                fits[:, UNKNOWN] = True
                p = self.probabilities(HELD, before, this) * fits
                yield known, p[np.arange(len(p)), this[:, HELD]] / p.sum(1)
            else:  # these distributions already exclude all impossible ids
                yield (
                    known,
                    self.tries[field].probability(
                        self._symbols(field, before, this, np), this[:, field]
                    ),
                )

    # ------------------------------------------------------------------ composing

    def initial_state(self, batch: int) -> State:
        """Return an empty past and an empty current event."""
        return ops.zeros((batch, self.reach, 3), "int32"), ops.zeros((batch, 3), "int32")

    def step(
        self, state: State, ids: Any, *, field: int, features: Any = None
    ) -> tuple[State, Any]:
        """Read ids of a field; a duration completes the event."""
        past, now = state
        now = ops.concatenate(
            [now[:, :field], ops.expand_dims(ops.cast(ids, "int32"), -1), now[:, field + 1 :]],
            axis=-1,
        )
        if field == DURATION:
            past = ops.concatenate([ops.expand_dims(now, 1), past[:, :-1]], axis=1)
            now = ops.zeros_like(now)
        following = (field + 1) % len(FIELDS)
        tables = self.network.fields[following]
        symbols = self._symbols(following, past, now, ops)
        p = self.tries[following].distribution(symbols, now[:, 0] * 0 - 2, tables, ops)
        return (past, now), ops.where(p > 0, ops.log(ops.maximum(p, 1e-37)), NEVER)
