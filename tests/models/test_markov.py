"""Variable-order Markov chains: by hand, against a slow second implementation, inside the compiled
loop, and on real music.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import keras
import numpy as np
import pytest
from keras import ops

from partimento import Event, Piece, load_corpus
from partimento.errors import PartimentoError
from partimento.evaluation.baselines import Baseline
from partimento.generate.autoregressive import generate
from partimento.generate.limits import Limits
from partimento.generate.sampler import Sampling
from partimento.models.markov import MAX_ORDER, VIEWS, Config, Counts, Markov, Tries, lag, views
from partimento.recipes import read_recipe
from partimento.tokens.base import Tokens
from partimento.tokens.chords import CHORD, DURATION, FIELDS, HELD, PITCHES, ChordTokenizer
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import END, PAD, SPECIAL, START, UNKNOWN
from partimento.tokens.windows import windows
from partimento.training.dataset import prepare

SMOOTHING = get_args(Config.model_fields["smoothing"].annotation)


def wandering(seed: int, events: int = 80) -> list[Event]:
    """Random chords of up to three of seven notes; of what sounded already, some is held."""
    rng, before, made = np.random.default_rng(seed), (), []
    for _ in range(events):
        chord = tuple(
            sorted(
                rng.choice(
                    [48, 52, 55, 60, 62, 64, 67], int(rng.integers(0, 4)), replace=False
                ).tolist()
            )
        )
        held = tuple(pitch for pitch in chord if pitch in before and rng.random() < 0.5)
        made.append(Event(chord, Fraction(int(rng.integers(1, 4)), 2), held))
        before = chord
    return made


@pytest.fixture(scope="module")
def music() -> tuple[ChordTokenizer, list[Tokens], list[Tokens]]:
    """A tokenizer, what is learned and what is foretold, in which much is unknown."""
    train, held = [wandering(seed) for seed in range(6)], [wandering(seed, 40) for seed in (7, 8)]
    tokenizer = ChordTokenizer.fit_events(train, min_count=2)
    return (
        tokenizer,
        [tokenizer.encode_events(piece, pickup=Fraction(1, 2)) for piece in train],
        [tokenizer.encode_events(piece) for piece in held],
    )


def counted(music: tuple[ChordTokenizer, list[Tokens], list[Tokens]], **settings: Any) -> Markov:
    model = Markov(Config(**settings), music[0])
    model.adapt(music[1])
    return model


# ---------------------------------------------------------------------- by hand


def test_the_discount_by_hand() -> None:
    """A twice, three others and the end once: D = n1 / (n1 + 2 n2) = 4 / (4 + 2), and 5 D / 6 is
    left for six that could have come.
    """
    a, b, c, d = ((60,), (64,), (67,), (72,))
    events = [Event(chord, Fraction(1)) for chord in (a, a, b, c, d)]
    tokenizer = ChordTokenizer.fit_events([events])
    model = Markov(Config(order=0), tokenizer)
    model.adapt([tokenizer.encode_events(events)])
    p = model.probabilities(CHORD, np.zeros((1, 1, 3), np.int32), np.zeros((1, 3), np.int32))[0]
    left = 5 * (2 / 3) / 6 / 6
    assert p[PAD] == p[START] == 0
    np.testing.assert_allclose(p[[END, UNKNOWN]], [(1 - 2 / 3) / 6 + left, left])
    np.testing.assert_allclose(
        p[[tokenizer.chords[chord] for chord in (a, b, c, d)]],
        [(2 - 2 / 3) / 6 + left] + [(1 - 2 / 3) / 6 + left] * 3,
    )


def test_kneser_ney_by_hand() -> None:
    """After 7: 0 twice, 1 and 2 once; after 8: 0 once. At the root 0 counts for two contexts, 1 and
    2 for one, however often they came.
    """
    context, target = np.array([7, 7, 7, 7, 8]), np.array([0, 0, 1, 2, 0])
    tries = Tries(Counts.from_contexts([[context]], target, 4), (("c1",),), 4, 0, "kneser-ney")
    left = 3 * 0.5 / 4  # D = 2 / (2 + 2 · 1)
    root = [(2 - 0.5) / 4 + left / 4, (1 - 0.5) / 4 + left / 4, left / 4]
    left = 3 * 0.6 / 4  # D = 3 / (3 + 2 · 1)
    after_7 = [(2 - 0.6) / 4 + left * root[0], (1 - 0.6) / 4 + left * root[1], left * root[2]]
    asked = np.array([7, 7, 7, 8, 9], np.int32)
    p = tries.probability({"c1": asked}, np.array([0, 1, 3, 0, 0]))
    np.testing.assert_allclose(p, [*after_7, 1 - 0.6 + 0.6 * root[0], root[0]])
    np.testing.assert_allclose(
        tries.distribution({"c1": asked}, np.full(5, -2, np.int32), tries.tables, np)[0, [0, 1, 3]],
        after_7,
    )


# ---------------------------------------------------------------------- a second implementation


class Slow:
    """The same model from dictionaries of tuples, one event at a time."""

    def __init__(self, config: Config, tokenizer: ChordTokenizer, pieces: Sequence[Tokens]) -> None:
        self.config, self.tokenizer = config, tokenizer
        self.seen: dict[tuple[Any, ...], Counter[int]] = defaultdict(
            Counter
        )  # (field, view, *context) → what followed
        for piece in pieces:
            for t in range(1, len(piece.ids)):
                for field in (CHORD, HELD, DURATION):
                    if piece.ids[t, field] != PAD:
                        for view, symbols in enumerate(self.views(field)):
                            context = [self.symbol(name, piece.ids, t) for name in symbols]
                            for length in range(len(context) + 1):
                                self.seen[field, view, *context[:length]][
                                    int(piece.ids[t, field])
                                ] += 1
        raw = {key: Counter(found) for key, found in self.seen.items()}
        if config.smoothing == "kneser-ney":
            for field, view, *context in raw:
                if len(context) < len(self.views(field)[view]):
                    self.seen[field, view, *context].clear()
            for (field, view, *context), found in raw.items():
                for number in found if context else ():
                    self.seen[field, view, *context[:-1]][number] += 1
        self.discounts = {}
        for field, view, length in {
            (field, view, len(context)) for field, view, *context in self.seen
        }:
            times = [
                n
                for (f, v, *context), found in self.seen.items()
                if (f, v, len(context)) == (field, view, length)
                for n in found.values()
            ]
            once, twice = times.count(1), times.count(2)
            share = once / (once + 2 * twice) if once + twice else 0
            self.discounts[field, view, length] = min(max(share, 0.5), 0.8)

    def views(self, field: int) -> list[list[str]]:
        kept: list[list[str]] = []
        for text in VIEWS[field]:
            view = [
                name
                for name in text.split()
                if int(name[1:]) + (name[0] == "m") <= self.config.order
            ]
            kept += [] if view in kept else [view]
        return kept

    def symbol(self, name: str, tokens: np.ndarray, t: int) -> Any:
        def row(back: int) -> list[int]:
            return tokens[t - back].tolist() if t - back >= 0 else [PAD] * 3

        back = int(name[1:])
        if name[0] != "m":
            return row(back)["chd".index(name[0])]
        chord, before = (
            [] if n < SPECIAL else list(self.tokenizer.chords.symbol(n))
            for n in (row(back)[CHORD], row(back + 1)[CHORD])
        )
        return tuple(place for place, pitch in enumerate(chord) if pitch in before)

    def distribution(self, field: int, tokens: np.ndarray, t: int) -> np.ndarray:
        size, lowest = self.tokenizer.sizes[field], END if field == CHORD else UNKNOWN
        total = np.zeros(size)
        for view, symbols in enumerate(self.views(field)):
            context = [self.symbol(name, tokens, t) for name in symbols]
            p = np.where(np.arange(size) >= lowest, 1 / (size - lowest), 0.0)
            for length in range(len(context) + 1):
                found = self.seen.get((field, view, *context[:length]))
                if found:
                    own, n, k = (
                        np.array([found[number] for number in range(size)], float),
                        found.total(),
                        len(found),
                    )
                    if self.config.smoothing == "witten-bell":
                        p = (own + k * p) / (n + k)
                    else:
                        d = self.discounts[field, view, length]
                        p = (np.where(own > 0, own - d, 0) + d * k * p) / n
            total += p / len(self.views(field))
        return total

    def nats(self, piece: Tokens) -> np.ndarray:
        sums = np.zeros(3)
        for t in range(1, len(piece.ids)):
            for field in (CHORD, HELD, DURATION):
                number = piece.ids[t, field]
                if number != PAD:
                    p = self.distribution(field, piece.ids, t)
                    if field == HELD:
                        can = [
                            not any(
                                b and not c
                                for b, c in zip(bits, piece.context["holdable"][t], strict=True)
                            )
                            for bits in self.tokenizer.pattern_bits
                        ]
                        p = p * np.where(np.arange(len(p)) == UNKNOWN, True, can)
                    sums[field] -= np.log(p[number] / p.sum())
        return sums


@pytest.mark.parametrize("smoothing", SMOOTHING)
@pytest.mark.parametrize("order", [0, 1, 2, MAX_ORDER])
def test_it_is_what_dictionaries_say(
    music: tuple[ChordTokenizer, list[Tokens], list[Tokens]], order: int, smoothing: str
) -> None:
    tokenizer, train, held = music
    model, slow = (
        counted(music, order=order, smoothing=smoothing),
        Slow(Config(order=order, smoothing=smoothing), tokenizer, train),
    )
    batch = windows(held, length=48)[:]
    told = model.loss(batch, training=False)
    np.testing.assert_allclose(
        [*told.terms.values()], sum(slow.nats(piece) for piece in held), rtol=1e-10
    )
    assert told.count == sum(len(piece.ids) - 1 for piece in held)
    assert told.objective == pytest.approx(sum(told.terms.values()) / told.count)
    assert model.step_nats(batch).sum() == pytest.approx(sum(told.terms.values()), rel=1e-12)
    for field, logits in enumerate(model.logits(batch)):
        for t in (1, 2, 9, 40):
            np.testing.assert_allclose(
                np.exp(logits[1, t - 1]), slow.distribution(field, held[1].ids, t), atol=1e-12
            )
    assert model.parameters == sum(len(set(found)) for found in slow.seen.values())


def test_it_is_what_dictionaries_say_of_pieces(pieces: list[Piece]) -> None:
    data = prepare(pieces, TokenSettings(min_count=1), validation=0.2, test=0.1, seed=0)
    model = Markov(Config(), data.tokenizer)
    model.adapt(data.training_tokens())
    held = data.tokens("valid")
    slow = Slow(Config(), data.tokenizer, data.training_tokens())
    told = model.nats(held)
    np.testing.assert_allclose(
        [told.sums[field] for field in FIELDS], sum(slow.nats(piece) for piece in held), rtol=1e-10
    )
    assert told.sums["unknown"] == 0
    assert told.events == sum(len(piece.ids) - 1 for piece in held)


# ---------------------------------------------------------------------- distributions


@pytest.mark.parametrize("smoothing", SMOOTHING)
def test_probabilities_are_of_what_can_follow_and_sum_to_one(
    music: tuple[ChordTokenizer, list[Tokens], list[Tokens]], smoothing: str
) -> None:
    tokenizer = music[0]
    model, rng = counted(music, smoothing=smoothing), np.random.default_rng(1)
    for field, lowest in ((CHORD, END), (HELD, UNKNOWN), (DURATION, UNKNOWN)):
        past = np.stack(
            [rng.integers(0, size, (300, model.reach)) for size in tokenizer.sizes], -1
        )  # mostly never seen
        now = np.stack([rng.integers(0, size, 300) for size in tokenizer.sizes], -1)
        p = model.probabilities(field, past, now)
        np.testing.assert_allclose(p.sum(1), 1, rtol=1e-12)
        assert (p[:, :lowest] == 0).all()
        assert (p[:, lowest:] > 0).all()


def test_before_counting_all_is_equally_likely(
    music: tuple[ChordTokenizer, list[Tokens], list[Tokens]],
) -> None:
    tokenizer, _, held = music
    told = Markov(Config(), tokenizer).loss(windows(held, length=64)[:], training=False)
    rows = np.concatenate([piece.ids[1:] for piece in held])
    fits = np.concatenate(
        [tokenizer.grammar().holdable_patterns(piece.context["holdable"][1:]) for piece in held]
    )
    patterns = np.log(fits.sum(1) + 1)[rows[:, HELD] != PAD].sum()  # the unknown one, too
    chords, durations = (
        np.log(len(tokenizer.chords) - END) * len(rows),
        np.log(len(tokenizer.durations) - UNKNOWN) * (rows[:, DURATION] != PAD).sum(),
    )
    np.testing.assert_allclose([*told.terms.values()], [chords, patterns, durations])


def test_order_is_how_far_it_looks_back(
    music: tuple[ChordTokenizer, list[Tokens], list[Tokens]],
) -> None:
    tokens = music[1][0].ids
    for order in range(MAX_ORDER + 1):
        model, at = counted(music, order=order), np.arange(10, 40)
        past = np.stack([tokens[at - back] for back in range(1, 7)], 1)[
            :, : model.reach
        ]  # (30, R, 3)
        nearer, farther = past.copy(), past.copy()
        nearer[:, max(order - 1, 0) :] = 4
        farther[:, order:] = 4
        told, near, far = (
            [model.probabilities(field, some, tokens[at]) for field in (CHORD, HELD, DURATION)]
            for some in (past, nearer, farther)
        )
        assert all((a == b).all() for a, b in zip(told, far, strict=True))
        assert order == 0 or any((a != b).any() for a, b in zip(told, near, strict=True))
    assert (
        max(
            lag(symbol)
            for field in (CHORD, HELD, DURATION)
            for view in views(field, MAX_ORDER)
            for symbol in view
        )
        == MAX_ORDER
    )


@pytest.mark.parametrize("order", [0, 1])
def test_with_the_same_contexts_it_is_the_baseline(
    music: tuple[ChordTokenizer, list[Tokens], list[Tokens]], order: int
) -> None:
    """The baselines' contexts are not ours (a duration's is the one before and the chord), nor is
    their root (uniform over all numbers, padding included). Given the same, both agree to the last
    digits.
    """
    tokenizer, train, held = music
    baseline = Baseline(tokenizer, train, order=order)
    now = np.concatenate([piece.ids[1:] for piece in train])
    before = np.concatenate([piece.ids[:-1] for piece in train])
    names = {CHORD: "c1", HELD: "c0 c1", DURATION: "d1 c0"}
    for field, text in names.items():
        view = tuple(text.split()) if order else ()
        known = now[:, field] != PAD
        columns = {
            "c0": now[known, CHORD],
            "c1": before[known, CHORD],
            "d1": before[known, DURATION],
        }
        counts = Counts.from_contexts(
            [[columns[name] for name in view]], now[known, field], tokenizer.sizes[field]
        )
        tries = Tries(counts, (view,), tokenizer.sizes[field], 0, "witten-bell")
        rows = [
            (piece.ids[t - 1], piece.ids[t]) for piece in held for t in range(1, len(piece.ids))
        ]
        asked = {
            "c0": [r[1][CHORD] for r in rows],
            "c1": [r[0][CHORD] for r in rows],
            "d1": [r[0][DURATION] for r in rows],
        }
        symbols = {name: np.array(column, np.int32) for name, column in asked.items()}
        p = tries.distribution(symbols, np.full(len(rows), -2, np.int32), tries.tables, np)
        expected = [
            baseline.models[field].distribution(baseline._contexts(field, *row)) for row in rows
        ]
        np.testing.assert_allclose(p, expected, rtol=1e-12)


# ---------------------------------------------------------------------- the compiled loop


class Along(keras.Model):
    """Walks along given rows inside a compiled loop, and hands out the logits of each field that
    comes next.
    """

    def __init__(self, model: Markov) -> None:
        super().__init__()
        self.model, self.network = model, model.network
        self.built = True  # else Keras runs it once, uncompiled

    def call(self, rows: Any) -> Any:
        """(B, T, 3) → three of (T, B, V)."""
        count, steps = rows.shape[0], rows.shape[1]

        def body(t: Any, state: Any, held: Any, duration: Any, chord: Any) -> Any:
            state, h = self.model.step(state, rows[:, t, CHORD], field=CHORD)
            state, d = self.model.step(state, rows[:, t, HELD], field=HELD)
            state, c = self.model.step(state, rows[:, t, DURATION], field=DURATION)
            held, duration, chord = (
                ops.slice_update(a, (t, 0, 0), x[None])
                for a, x in ((held, h), (duration, d), (chord, c))
            )
            return t + 1, state, held, duration, chord

        empty = [
            ops.zeros((steps, count, self.model.tokenizer.sizes[field]))
            for field in (HELD, DURATION, CHORD)
        ]
        out = ops.while_loop(
            lambda t, *_: t < steps,
            body,
            (ops.convert_to_tensor(0, "int32"), self.model.initial_state(count), *empty),
        )
        return out[2], out[3], out[4]


@pytest.mark.parametrize("settings", [{}, {"order": 0}])
def test_the_compiled_step_agrees_with_numpy(
    music: tuple[ChordTokenizer, list[Tokens], list[Tokens]], settings: dict[str, Any]
) -> None:
    model, held = counted(music, **settings), music[2]
    rows = np.stack([piece.ids[:36] for piece in held])  # (2, 36, 3)
    told = dict(
        zip(
            (HELD, DURATION, CHORD),
            (np.asarray(x) for x in Along(model).predict_on_batch(rows)),
            strict=True,
        )
    )
    chord, pattern, duration = model.logits(
        {"inputs": rows[:, :-1], "targets": rows[:, 1:]}
    )  # of rows 1 to 35
    np.testing.assert_allclose(
        np.exp(told[CHORD][:-1]), np.exp(chord).transpose(1, 0, 2), atol=1e-6
    )
    np.testing.assert_allclose(
        np.exp(told[HELD][1:]), np.exp(pattern).transpose(1, 0, 2), atol=1e-6
    )
    np.testing.assert_allclose(
        np.exp(told[DURATION][1:]), np.exp(duration).transpose(1, 0, 2), atol=1e-6
    )


def test_it_composes(pieces: list[Piece]) -> None:
    """Rows are legal, one piece alone is gone on with as it goes on, and what is counted anew is
    composed.
    """
    tokenizer = ChordTokenizer.fit_events([piece.events for piece in pieces])
    train = [tokenizer.encode_events(piece.events) for piece in pieces]
    model = Markov(Config(), tokenizer)
    model.adapt(train[:1])
    wish: dict[str, Any] = {"limits": Limits(60, 2**30, may_end=False), "candidates": 2}
    greedy = generate(model, train[0].ids[:9], sampling=Sampling(temperature=0), **wish).ids
    for take in greedy:
        np.testing.assert_array_equal(take[:60], train[0].ids[:60])
    drawn = generate(model, train[0].ids[:1], sampling=Sampling(), seed=4, **wish).ids
    for take in drawn:
        for before, row in pairwise(take[:60]):
            for field in (CHORD, HELD, DURATION):
                assert tokenizer.grammar().allowed_after(
                    field, before[None, CHORD], row[None, CHORD]
                )[0, row[field]]
        assert len(tokenizer.decode_events(take[:60])) == 59
    assert not np.array_equal(*drawn)
    np.testing.assert_array_equal(
        drawn, generate(model, train[0].ids[:1], sampling=Sampling(), seed=4, **wish).ids
    )
    model.adapt(train[3:4])
    np.testing.assert_array_equal(
        generate(model, train[3].ids[:9], sampling=Sampling(temperature=0), **wish).ids[0, :60],
        train[3].ids[:60],
    )


# ---------------------------------------------------------------------- files and settings


def test_save_and_load(
    music: tuple[ChordTokenizer, list[Tokens], list[Tokens]], tmp_path: Path
) -> None:
    model, again = counted(music), Markov(Config(), music[0])
    model.write_weights(tmp_path / "model.npz")
    again.read_weights(tmp_path / "model.npz")
    batch = windows(music[2], length=64)[:]
    assert model.loss(batch, training=False).terms == again.loss(batch, training=False).terms
    for mine, theirs in zip(model.network.get_weights(), again.network.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert model.parameters == again.parameters
    again.write_weights(tmp_path / "again.npz")
    assert (tmp_path / "model.npz").read_bytes() == (tmp_path / "again.npz").read_bytes()


def test_damaged_counts_are_told(
    music: tuple[ChordTokenizer, list[Tokens], list[Tokens]], tmp_path: Path
) -> None:
    path, model = tmp_path / "model.npz", counted(music)
    model.write_weights(path)
    whole = path.read_bytes()
    with np.load(path) as stored:
        columns = dict(stored)
    for spoiled in (b"", b"no counts", whole[: len(whole) // 2]):
        path.write_bytes(spoiled)
        with pytest.raises(ValueError):
            model.read_weights(path)
    changes: dict[str, Any] = {"chord.times": 0, "held.successor": 10**6, "duration.first": 3}
    for name, value in changes.items():
        np.savez(path, **{**columns, name: np.full_like(columns[name], value)})
        with pytest.raises(ValueError, match="damaged or belong"):
            model.read_weights(path)
    np.savez(path, **{name: column for name, column in columns.items() if name != "held.times"})
    with pytest.raises(KeyError):
        model.read_weights(path)
    np.savez(path, **columns)
    with pytest.raises(ValueError, match="damaged or belong"):
        Markov(Config(order=0), music[0]).read_weights(path)


def test_settings(
    pieces: list[Piece], music: tuple[ChordTokenizer, list[Tokens], list[Tokens]]
) -> None:
    with pytest.raises(PartimentoError, match=r"model\.order must be between 0 and 5"):
        Config(order=6)
    with pytest.raises(PartimentoError, match="kneser-ney, absolute or witten-bell"):
        Config(smoothing="katz")
    recipe = {key: value for key, value in read_recipe("markov")["model"].items() if key != "name"}
    assert Config(**recipe) == Config()
    model = counted(music)
    assert (
        model.windows(music[1], TokenSettings(window=8), training=False).inputs.shape[1]
        == max(len(piece.ids) for piece in music[1]) - 1
    )


def test_a_chord_of_more_notes_than_bits() -> None:
    """Which of its notes sounded before is told of the lowest ones only: nothing overflows."""
    events = [Event(tuple(range(20, 20 + n)), Fraction(1)) for n in (40, 36, 40, 38, 40)]
    tokenizer = ChordTokenizer.fit_events([events])
    model = Markov(Config(), tokenizer)
    encoded = tokenizer.encode_events(events)
    model.adapt([encoded])
    common = model._symbols(HELD, model._pasts(encoded.ids[None, :-1])[0], encoded.ids[1:], np)[
        "m0"
    ]
    assert common.tolist() == [0, *[2**31 - 1] * 4, 0]
    assert PITCHES == 128
    assert np.isfinite(
        [*model.loss(windows([encoded], length=8)[:], training=False).terms.values()]
    ).all()


# ---------------------------------------------------------------------- real music


def test_longer_contexts_foretell_guitar_pieces_better(data_folder: Path) -> None:
    folder = data_folder / "mutopia-guitar" / "GiulianiM"
    data = prepare(
        load_corpus(sorted(folder.glob("*.mid"))[:40]),
        TokenSettings(),
        validation=0.2,
        test=0.1,
        seed=0,
    )
    train, held = data.training_tokens(), data.tokens("valid")
    totals = []
    for order in (0, 1, MAX_ORDER):
        model = Markov(Config(order=order), data.tokenizer)
        model.adapt(train)
        totals.append(model.nats(held).total)
    nats, events = Baseline(data.tokenizer, train, order=1).nats(held)
    assert totals[0] > totals[1] > totals[2]
    assert totals[2] < nats.sum() / events - 0.3
