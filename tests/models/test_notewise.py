"""Notewise: one network that trains and composes alike, and the exact joint likelihood."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras import ops

from partimento import Event, Key, Meter, Note, Part, Piece
from partimento.errors import PartimentoError
from partimento.generate.autoregressive import generate
from partimento.generate.compose import compose
from partimento.generate.limits import Limits
from partimento.generate.sampler import Sampling
from partimento.models import model_class
from partimento.models.notewise import Config, Notewise
from partimento.music.events import merge_held
from partimento.tokens.note_grammar import HEADER, REPEAT_LENGTH, REPEAT_TOKEN
from partimento.tokens.notes import NoteTokenizer
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import END, PAD, UNKNOWN
from partimento.tokens.windows import windows
from partimento.training.dataset import Dataset, prepare
from partimento.training.loop import Checkpoint, fit
from partimento.training.settings import Settings
from partimento.training.train import new_model
from partimento.training.trained_model import TrainedModel, load_model, save_model

SIZES: dict[str, Any] = {"units": 8, "layers": 2, "heads": 2, "context": 12, "dropout": 0.2}
ENCODE: dict[str, dict[str, Any]] = {
    "events": {},
    "frames": {"frame": "1"},
    "voices": {"voices": True, "frame": "1/2"},
}
CORES = ("recurrent", "transformer")
CASES = [
    ("recurrent", "events"),
    pytest.param("recurrent", "frames", marks=pytest.mark.slow),
    pytest.param("recurrent", "voices", marks=pytest.mark.slow),
    ("transformer", "events"),
    pytest.param("transformer", "voices", marks=pytest.mark.slow),
]
L = 56  # of every window here, so that little is compiled


def choir(number: int, *, bars: int = 3) -> Piece:
    """Three parts in quarters and halves, the lowest with a rest; the same phrase twice, and pieces
    differ.
    """
    scale, notes = (60, 62, 64, 65, 67, 69, 71), []
    for t in range(bars * 3):
        step = (t % 6) * (1 + number % 3) + number
        notes.append(
            Note(Fraction(t), Fraction(1) if t % 5 else Fraction(1, 2), scale[step % 7] + 12)
        )
        if t % 2 == 0:
            notes.append(Note(Fraction(t), Fraction(2), scale[(step + 3) % 7], part=1))
        if t % 3:
            notes.append(Note(Fraction(t), Fraction(1), scale[step % 5] - 12, part=2))
    return Piece(
        notes,
        meters=(Meter(3, 4),),
        keys=(Key.from_tonic(0, "major"),),
        parts=(Part("a"), Part("b"), Part("c")),
        title=f"Choir {number}",
    )


@cache
def data_of(how: str) -> Dataset:
    config = TokenSettings(min_count=1, window=L, stride=L, transpose="none", **ENCODE[how])
    return prepare(
        [choir(number) for number in range(6)],
        config,
        validation=0.2,
        test=0.2,
        seed=0,
        kind="notes",
    )


@cache
def build(core: str, how: str, *, repeats: bool = True) -> Notewise:
    """Weights far from nothing, else much would agree that should not."""
    model = model_class("notewise")(
        Config(**SIZES, core=core, repeats=repeats), data_of(how).tokenizer
    )
    rng = np.random.default_rng(7)
    model.network.set_weights(
        [
            rng.normal(0, 0.25, w.shape).astype(w.dtype) if w.ndim else w
            for w in model.network.get_weights()
        ]
    )
    return model


@dataclass(frozen=True)
class Told:
    """A piece, and what a model says of it, step by step: logits and legal tokens (S - 1, V)."""

    model: Notewise
    tokens: np.ndarray
    shown: np.ndarray
    logits: np.ndarray

    @property
    def batch(self) -> dict[str, np.ndarray]:
        rows = {
            "inputs": self.tokens[:-1, None],
            "targets": self.tokens[1:, None],
            "features": self.shown[1:],
        }
        return {
            name: np.pad(column, ((0, L - len(column)), (0, 0)))[None]
            for name, column in rows.items()
        }

    def nats(self, *, may_end: bool = True) -> np.ndarray:
        """By hand, in numpy: minus the logarithm of each token's share among what may follow."""
        legal = self.model.tokenizer.grammar().allowed_by_features(self.shown[1:], may_end=may_end)
        weights = np.where(legal, np.exp(self.logits.astype(np.float64)), 0)
        shares = weights / weights.sum(1, keepdims=True)
        told = [0.0] * (HEADER - 1)
        for row, token in zip(shares[HEADER - 1 :], self.tokens[HEADER:], strict=True):
            told.append(-np.log(row[token]) if may_end or token != END else 0.0)
        return np.array(told)


@cache
def told(core: str, how: str) -> Told:
    model = build(core, how)
    encoded = data_of(how).encode(data_of(how).train[:1])[0]
    tokens = encoded.ids[:, 0]
    return Told(model, tokens, encoded.context["features"], stepped(model, tokens))


def stepped(model: Notewise, tokens: np.ndarray) -> np.ndarray:
    seen, state, made = model.tokenizer.grammar().start(1, ops, reach=L), model.initial_state(1), []
    shapes = [tuple(part.shape) for part in state]
    for token in tokens[:-1]:
        now = ops.convert_to_tensor([token], "int32")
        seen = model.tokenizer.grammar().advance(seen, now, 0, ops)
        state, logits = model.step(
            state, now, field=0, features=model.tokenizer.grammar().features(seen, ops)
        )
        made.append(np.asarray(logits)[0])
    assert [tuple(part.shape) for part in state] == shapes
    return np.stack(made)


# ---------------------------------------------------------------------- likelihood


@pytest.mark.parametrize(("core", "how"), CASES)
def test_step_by_step_it_says_what_the_network_says(core: str, how: str) -> None:
    case = told(core, how)
    assert len(case.tokens) > 2 * SIZES["context"]  # longer than a transformer looks back
    (logits,) = case.model.logits(case.batch)
    assert logits.shape == (1, L, *case.model.tokenizer.sizes)
    np.testing.assert_allclose(np.asarray(logits)[0, : len(case.logits)], case.logits, atol=2e-4)


@pytest.mark.parametrize(
    ("core", "how"),
    [("recurrent", "events"), pytest.param("recurrent", "voices", marks=pytest.mark.slow)],
)
def test_the_likelihood_is_the_product_of_all_conditionals(core: str, how: str) -> None:
    case = told(core, how)
    for may_end in (True, False):
        nats, padding = np.split(
            np.asarray(case.model.step_nats(case.batch, may_end=may_end))[0], [len(case.tokens) - 1]
        )
        assert not padding.any()
        assert len(padding) or how == "voices"
        np.testing.assert_allclose(nats, case.nats(may_end=may_end), atol=1e-3)
        assert (nats[: HEADER - 1] == 0).all()
        assert (nats[HEADER - 1 : -1] > 0).all()
        assert (nats[-1] > 0) == may_end
    losses = case.model.exact_loss(case.batch)
    assert sum(map(float, losses.terms.values())) == pytest.approx(case.nats().sum(), rel=1e-4)
    durations = (case.tokens >= case.model.tokenizer.layout.duration) & (
        case.tokens < case.model.tokenizer.layout.bar
    )
    assert float(losses.count) == durations.sum() + 1
    assert float(losses.objective) == pytest.approx(
        case.nats().sum() / (durations.sum() + 1), rel=1e-4
    )


@pytest.mark.parametrize("how", list(ENCODE))
def test_whatever_may_come_has_probability_one(how: str) -> None:
    case = told("recurrent", how)
    there = len(case.tokens) - 1
    for may_end in (True, False):
        target, logp = case.model._logp(case.batch, may_end=may_end)
        p = np.exp(np.asarray(logp, np.float64))[0]
        assert np.asarray(target)[0, :there].tolist() == case.tokens[1:].tolist()
        np.testing.assert_allclose(p.sum(1), 1, atol=1e-5)
        legal = case.model.tokenizer.grammar().allowed_by_features(case.shown[1:], may_end=may_end)
        assert (p[:there] > 0).tolist() == legal.tolist()


def test_the_parts_of_an_event() -> None:
    """Which notes, and that there are no more; whether each is held; how long."""
    case = told("transformer", "events")
    g, layout = case.model.tokenizer.layout, case.model.tokenizer.layout
    legal = case.model.tokenizer.grammar().allowed_by_features(case.shown[1:])
    weights = np.where(legal, np.exp(case.logits.astype(np.float64)), 0)
    shares = weights / weights.sum(1, keepdims=True)
    chord = held = duration = 0.0
    for row, token in zip(shares[HEADER - 1 :], case.tokens[HEADER:], strict=True):
        if token == END:
            chord -= np.log(row[END])
        elif token >= g.duration:
            some = row[layout.duration :].sum() + row[UNKNOWN]
            chord -= np.log(some)
            duration -= np.log(row[token] / some)
        else:
            pitch = (token - 4) % 128
            either = row[4 + pitch] + row[layout.hold + pitch]
            chord -= np.log(either)
            held -= np.log(row[token] / either)
    assert (case.tokens[HEADER:-1] >= layout.hold).sum() > (
        case.tokens[HEADER:-1] >= layout.duration
    ).sum()  # some are held
    told_parts = [float(term) for term in case.model.exact_loss(case.batch).terms.values()]
    np.testing.assert_allclose(told_parts, [chord, held, duration], rtol=1e-4)
    for how in ("frames", "voices"):
        assert (
            float(
                told("recurrent", how).model.exact_loss(told("recurrent", how).batch).terms["held"]
            )
            == 0
        )  # nothing is held


@pytest.mark.parametrize("how", list(ENCODE))
def test_windows_of_padding_count_for_nothing(how: str) -> None:
    """What pads a window out, neither: `test_the_likelihood_is_the_product_of_all_conditionals`."""
    case = told("recurrent", how)
    nothing = {name: np.zeros_like(column) for name, column in case.batch.items()}
    losses = case.model.exact_loss(nothing)
    assert float(losses.count) == float(losses.objective) == 0
    assert not any(map(float, losses.terms.values()))
    assert not np.asarray(case.model.step_nats(nothing)).any()


def test_what_the_beginning_tells_costs_nothing_even_if_it_is_unknown() -> None:
    strange = choir(1).replace(meters=(Meter(7, 8),), pickup=Fraction(1, 3))
    model = told("recurrent", "events").model
    batch = windows(model.tokenizer.encode_all([strange]), length=L)[:]
    assert batch["targets"][0, :2, 0].tolist() == [UNKNOWN, UNKNOWN]
    nats = np.asarray(model.step_nats(batch))[0]
    assert (nats[: HEADER - 1] == 0).all()
    assert nats.max() < 1e3
    assert float(model.exact_loss(batch).count) == len(merge_held(strange.events)) + 1


def test_a_piece_in_an_unknown_meter_may_begin_with_a_rest() -> None:
    model = told("recurrent", "events").model
    piece = Piece.from_events(
        [Event((), Fraction(1)), Event((60,), Fraction(1))], meters=(Meter(7, 8),)
    )
    batch = windows(model.tokenizer.encode_all([piece]), length=L)[:]
    assert np.asarray(model.step_nats(batch)).max() < 1e3


def test_without_repeats_it_is_not_shown_what_was_heard_before() -> None:
    plain, case = build("recurrent", "events", repeats=False), told("recurrent", "events")
    assert len(plain.feature_embedding.kinds) == len(case.model.feature_embedding.kinds) - 3
    (logits,) = plain.logits(case.batch)
    np.testing.assert_allclose(
        np.asarray(logits)[0, : len(case.logits)], stepped(plain, case.tokens), atol=2e-4
    )
    other = case.batch["features"].copy()
    other[..., [REPEAT_TOKEN, REPEAT_LENGTH]] = 5, 3
    batch = {**case.batch, "features": other}
    np.testing.assert_array_equal(np.asarray(plain.logits(batch)[0]), np.asarray(logits))
    assert (
        np.abs(np.asarray(case.model.logits(batch)[0])[0, : len(case.logits)] - case.logits).max()
        > 0.01
    )


@pytest.mark.parametrize("core", CORES)
def test_it_sees_nothing_of_what_comes(core: str) -> None:
    case = told(core, "events")
    shown = case.batch["features"]
    later = shown.copy()
    later[0, 20:] = shown[0, 3]
    before, after = (
        np.asarray(case.model.logits({**case.batch, "features": each})[0])[0]
        for each in (shown, later)
    )
    np.testing.assert_allclose(before[:20], after[:20], atol=1e-6)
    assert np.abs(before[20] - after[20]).max() > 1e-3


# ---------------------------------------------------------------------- composing


def start_of(model: Notewise, piece: Piece) -> np.ndarray:
    return model.tokenizer.prompt(model.tokenizer.encode_ids(piece)[:, None], 0)


def check_legal(model: Notewise, tokens: np.ndarray) -> None:
    """Takes (B, N): each token after the beginning may stand where it stands."""
    seen = model.tokenizer.grammar().start(len(tokens), reach=64)
    alive = np.ones(len(tokens), bool)
    for s, now in enumerate(tokens.T):
        alive &= now != PAD
        if s >= HEADER:
            legal = model.tokenizer.grammar().allowed(seen, 0)
            assert legal[np.flatnonzero(alive), now[alive]].all()
        seen = model.tokenizer.grammar().advance(seen, now, 0)


@pytest.mark.parametrize(("core", "how"), [("transformer", "frames"), ("recurrent", "voices")])
def test_takes_are_legal_and_as_long_as_asked(core: str, how: str) -> None:
    model = build(core, how)
    start, grid = start_of(model, choir(0)), model.tokenizer.grid
    takes = {}
    for seed in (3, 3, 4):
        generated = generate(
            model,
            start,
            limits=Limits(9, 10**6, may_end=False),
            sampling=Sampling(),
            candidates=6,
            seed=seed,
        )
        check_legal(model, generated.ids[:, :, 0])
        assert not (generated.ids == END).any()
        music = [model.tokenizer.decode_events(take) for take in generated.ids]
        assert takes.setdefault(seed, music) == music  # the same seed, the same notes
        if how == "voices":  # each event has as many tokens as any other
            assert [len(take) for take in music] == [8] * 6
    assert takes[3] != takes[4]
    steps = 3 * grid
    generated = generate(
        model,
        start,
        limits=Limits(10, steps, may_end=False),
        sampling=Sampling(),
        candidates=6,
        seed=1,
    )
    lengths = [
        [event.duration * grid for event in model.tokenizer.decode_events(take)]
        for take in generated.ids
    ]
    assert all(sum(each[:-1]) < steps <= sum(each) for each in lengths)


def test_the_close_is_the_models_own_chance_of_an_end() -> None:
    """Among what may follow: what is illegal was never taught to be unlikely."""
    model = build("recurrent", "voices")
    limits = Limits(9, 10**6, may_end=False)
    generated = generate(
        model, start_of(model, choir(0)), limits=limits, sampling=Sampling(), candidates=6, seed=3
    )
    for take, closing in zip(generated.ids[:2], generated.closing[:2], strict=True):
        piece = take[: np.flatnonzero(take[:, 0])[-1] + 1, 0]
        legal = model.tokenizer.grammar().allowed_by_features(shown_of(model, piece)[-1])
        weights = np.where(
            legal, np.exp(stepped(model, np.append(piece, END))[-1].astype(np.float64)), 0
        )
        ends = [
            np.log(weights[END] / (weights.sum() - less)) for less in (0, weights[UNKNOWN])
        ]  # an unknown duration is never chosen
        assert min(abs(float(closing) - end) for end in ends) < 1e-3


def shown_of(model: Notewise, tokens: np.ndarray) -> np.ndarray:
    """What is shown where each token is to be chosen, and after the last; nothing at the first."""
    seen, rows = (
        model.tokenizer.grammar().start(1),
        [np.zeros((1, model.tokenizer.width), np.int32)],
    )
    for token in tokens:
        seen = model.tokenizer.grammar().advance(seen, np.array([token]), 0)
        rows.append(model.tokenizer.grammar().features(seen))
    return np.concatenate(rows)


SETTINGS: Mapping[str, Any] = {
    "model": {"name": "notewise", "units": 16, "layers": 1, "dropout": 0.1},
    "tokens": {"min_count": 1, "window": L, "stride": L, "transpose": "none"},
    "train": {"epochs": 24, "batch_size": 3, "learning_rate": 0.03, "ema": 0.6, "patience": 24},
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainedModel, list[Checkpoint]]:
    """A run as `learn` makes it, a step an epoch, and what was to be seen under way."""
    settings, data = Settings.from_plain(dict(SETTINGS)), data_of("events")
    model = new_model(settings, data)
    size = settings.train.batch_size
    train = data.batches(
        "train", model.window_spec(settings.tokens, training=True), batch_size=size
    )
    valid = data.batches(
        "valid", model.window_spec(settings.tokens, training=False), batch_size=size
    )
    assert len(train.windows) == size
    points: list[Checkpoint] = []
    fitted = fit(model, train, valid, settings.train, keep=points.append)
    return save_model(
        TrainedModel.from_training(settings, data, model, fitted),
        tmp_path_factory.mktemp("runs") / "run",
    ), points


@pytest.fixture(scope="module")
def run(trained: tuple[TrainedModel, list[Checkpoint]]) -> TrainedModel:
    return trained[0]


def test_it_learns(run: TrainedModel) -> None:
    assert run.history[-1].loss < 0.7 * run.history[0].loss
    assert run.best.val_loss < 0.8 * run.history[0].val_loss
    assert isinstance(run.tokenizer, NoteTokenizer)
    assert set(run.best.parts) == {"chord", "held", "duration"}


@pytest.mark.parametrize("wish", [{"bars": 2}, {"events": 1}, {"events": 9}])
def test_a_piece_is_as_long_as_asked(run: TrainedModel, wish: dict[str, int]) -> None:
    piece = compose(run, seed=2, candidates=4, **wish)
    assert piece == compose(run, seed=2, candidates=4, **wish)
    if "bars" in wish:
        assert piece.length == wish["bars"] * 3
    else:
        assert len(piece.events) == wish["events"]
    assert piece.meters == (Meter(3, 4),)


def test_it_goes_on_from_an_opening(run: TrainedModel) -> None:
    mine = choir(2)
    piece = compose(run, events=9, seed=1, candidates=4, start=mine, prompt_events=5)
    assert piece.events[:4] == mine.events[:4]  # the fifth may sound on
    assert len(piece.events) == 9


def test_large_chords_find_room(run: TrainedModel) -> None:
    """Ten notes an event: an opening is kept whole, and as many events are composed as were asked
    for.
    """
    full = Piece.from_events(
        [Event(tuple(range(50 + n % 2, 70, 2)), Fraction(1)) for n in range(8)],
        meters=(Meter(3, 4),),
    )
    piece = compose(run, events=9, seed=1, candidates=4, start=full, prompt_events=8)
    assert piece.events[:7] == full.events[:7]
    assert len(piece.events) == 9


def test_as_many_events_after_an_opening_in_an_unknown_meter(run: TrainedModel) -> None:
    strange = choir(2).replace(meters=(Meter(7, 8),))
    assert (
        len(compose(run, events=9, seed=1, candidates=4, start=strange, prompt_events=5).events)
        == 9
    )


# ---------------------------------------------------------------------- training


@pytest.fixture(scope="module")
def again(run: TrainedModel) -> TrainedModel:
    assert run.folder is not None
    return load_model(run.folder)


def test_a_saved_run_is_the_run(run: TrainedModel, again: TrainedModel) -> None:
    assert again.tokenizer == run.tokenizer
    assert again.settings == run.settings
    assert again.history == run.history
    batch = windows(run.tokenizer.encode_all([choir(0)]), length=L)[:]
    np.testing.assert_array_equal(
        np.asarray(again.model.step_nats(batch)), np.asarray(run.model.step_nats(batch))
    )


def test_a_loaded_run_steps_on_numpy_as_the_trained_one(
    run: TrainedModel, again: TrainedModel
) -> None:
    features = data_of("events").encode(data_of("events").train[:1])[0].context["features"][4:5]
    steps = [each.numpy_step for each in (run, again)]
    logits = []
    for step in steps:
        assert step is not None
        state = step.initial_state(1)
        logits.append(step.step(state, features[:, 0], field=0, features=features)[1])
    np.testing.assert_array_equal(*logits)
    assert again.numpy_step is steps[1]  # read once


def test_the_loaded_weights_are_those_that_the_history_judged(again: TrainedModel) -> None:
    """With running means, too: what was measured is what was kept."""
    data = data_of("events")
    some = data.windows("valid", again.model.window_spec(again.settings.tokens, training=False))
    losses = again.model.loss(some[:], training=False)
    assert sum(map(float, losses.terms.values())) / float(losses.count) == pytest.approx(
        again.best.val_loss, rel=1e-4
    )
    assert again.best.val_loss == min(epoch.val_loss for epoch in again.history)


def test_what_is_kept_is_the_running_mean_of_the_weights(
    trained: tuple[TrainedModel, list[Checkpoint]],
) -> None:
    run, points = trained
    mean: list[np.ndarray] = []
    for number, point in enumerate(points, 1):
        now = [np.asarray(value, np.float64) for value in point.state[0]]
        mean = now if number == 1 else [0.6 * a + 0.4 * b for a, b in zip(mean, now, strict=True)]
        if number == run.best_epoch:
            assert any(np.abs(a - b).max() > 1e-3 for a, b in zip(mean, now, strict=True))
            for mine, theirs in zip(mean, run.model.network.trainable_variables, strict=True):
                np.testing.assert_allclose(mine, np.asarray(theirs), atol=1e-5)
    assert run.best_epoch > 5  # or there was little to take the mean of


def test_weights_of_another_size_are_one_line(run: TrainedModel, tmp_path: Path) -> None:
    assert run.folder is not None
    folder = shutil.copytree(run.folder, tmp_path / "run")
    about = json.loads((folder / "run.json").read_text())
    about["settings"]["model"]["units"] = 24
    (folder / "run.json").write_text(json.dumps(about))
    with pytest.raises(PartimentoError, match="the weights are damaged or do not fit"):
        _ = load_model(folder).model
    with pytest.raises(PartimentoError, match="the weights are damaged or do not fit"):
        _ = load_model(folder).numpy_step


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"core": "mamba"}, "model.core must be recurrent or transformer"),
        ({"units": 0}, "model.units must be between"),
        ({"layers": 17}, "model.layers must be between"),
        ({"dropout": 1.0}, "model.dropout must be at least 0"),
        ({"core": "transformer", "units": 20, "heads": 4}, "a multiple of twice model.heads"),
    ],
)
def test_sizes_that_make_no_sense(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(PartimentoError, match=message):
        Config(**wrong)


def test_frames_and_voices_as_they_are_set() -> None:
    assert data_of("frames").tokenizer.frame == 1
    assert data_of("voices").tokenizer.frame == Fraction(1, 2)
    assert data_of("voices").tokenizer.voices == 3
    for frame in ("0", "1.5", "1/0", "x", "-1"):
        with pytest.raises(PartimentoError, match=r"tokens\.frame"):
            TokenSettings(frame=frame)
