"""Chord vectors: what they learn, how other models use them, the command that shows them."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice
from pathlib import Path

import keras
import numpy as np
import pytest
from tests.conftest import EMBEDDINGS

from partimento import Event, Piece
from partimento.cli.neighbours import run_neighbours
from partimento.errors import PartimentoError
from partimento.evaluation.neighbours import ChordVectors, fifths
from partimento.models.embeddings import Config, Embeddings
from partimento.tokens.chords import CHORD, ChordTokenizer
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import PAD, SPECIAL, UNKNOWN
from partimento.tokens.windows import WindowBatches
from partimento.training.dataset import Dataset, prepare
from partimento.training.loop import Checkpoint, fit
from partimento.training.settings import Settings, TrainSettings
from partimento.training.train import learn, new_model
from partimento.training.trained_model import TrainedModel, load_model

A, B, C = (60, 64), (62, 65), (40, 45)
LSTM = {"name": "lstm", "embed": "index", "embed_size": 8, "layers": 1, "units": 8, "dense": 8}


def events(chords: list[tuple[int, ...]]) -> list[Event]:
    return [Event(chord, Fraction(1)) for chord in chords]


def built(config: Config, tokenizer: ChordTokenizer, *, seed: int = 0) -> Embeddings:
    keras.utils.set_random_seed(seed)
    return Embeddings(config, tokenizer)


@pytest.fixture
def run(embeddings_run: TrainedModel) -> TrainedModel:
    return embeddings_run


def folder(run: TrainedModel) -> Path:
    assert run.folder is not None
    return run.folder


# ---------------------------------------------------------------------- learning


@pytest.mark.parametrize("negatives", [0, 64])
def test_chords_in_the_same_surroundings_lie_side_by_side(negatives: int) -> None:
    """A and B always stand between 70 and 71 though never near one another; C stands between 80 and
    81.
    """
    phrases = {A: ((70,), (71,)), B: ((70,), (71,)), C: ((80,), (81,))}
    rng = np.random.default_rng(0)
    made = []
    for _ in range(24):
        chosen = [(A, B, C)[n] for n in rng.integers(3, size=20)]
        made.append(
            events(
                [
                    chord
                    for middle in chosen
                    for chord in (phrases[middle][0], middle, phrases[middle][1])
                ]
            )
        )
    tokenizer = ChordTokenizer.fit_events(made)
    encoded = [tokenizer.encode_events(piece) for piece in made]
    model = built(Config(embed_size=8, reach=1, negatives=negatives), tokenizer)
    config = TokenSettings(window=64)
    model.adapt(encoded[:20])
    train, valid = (
        WindowBatches(model.windows(some, config, training=True), 4)
        for some in (encoded[:20], encoded[20:])
    )
    untrained = float(model.loss(valid.windows[:], training=False).objective)
    fitted = fit(
        model, train, valid, TrainSettings(epochs=12, batch_size=4, learning_rate=0.05, patience=12)
    )
    assert min(epoch.val_loss for epoch in fitted.history) < untrained - 0.2
    a, b, c = (model.vectors(tokenizer)[tokenizer.chords[chord]] for chord in (A, B, C))
    assert cosine(a, b) > 0.8
    assert cosine(a, b) > cosine(a, c) + 0.5


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_the_loss_by_hand() -> None:
    """Every pair of two different known chords up to `reach` apart, both ways, each under a
    distribution over all other chords.
    """
    made = events([A, B, A, A, C, (50,), B, (51,), (52,), A])
    tokenizer = ChordTokenizer.fit_events([made])
    model = built(Config(embed_size=3, reach=2, negatives=0), tokenizer)
    encoded = tokenizer.encode_events(made)
    model.adapt([encoded])
    cut = model.windows([encoded], TokenSettings(window=16), training=True)
    rng = np.random.default_rng(1)
    centre, context = rng.normal(size=(2, tokenizer.sizes[CHORD], 3)).astype(np.float32)
    model.centre.set_weights([centre])
    model.context.set_weights([context])
    inputs = cut.inputs.copy()
    inputs[0, 6, CHORD] = UNKNOWN
    told = model.loss({**cut[:], "inputs": inputs}, training=False)

    chords = inputs[0, :, CHORD].tolist()
    counts = np.bincount(encoded.ids[:, CHORD], minlength=tokenizer.sizes[CHORD]).astype(float)
    np.testing.assert_array_equal(model.counts, counts)
    counts[:SPECIAL] = 0
    nats = weights = 0.0
    for i, one in enumerate(chords):
        for j, other in enumerate(chords):
            if 1 <= abs(i - j) <= 2 and min(one, other) >= SPECIAL and one != other:
                chance = counts / counts.sum() * np.exp(context @ centre[one])
                chance[one] = 0
                weight = 1.0 if abs(i - j) == 1 else 0.5
                nats -= weight * np.log(chance[other] / chance.sum())
                weights += weight
    assert PAD in chords
    assert float(told.terms["context"]) == pytest.approx(nats, rel=1e-4)
    assert float(told.count) == weights
    assert float(told.objective) == pytest.approx(nats / weights, rel=1e-4)


def test_a_sample_estimates_the_sum_over_all(pieces: list[Piece]) -> None:
    data = prepare(pieces, TokenSettings(min_count=1), validation=0.2, test=0.1, seed=0)
    model = built(Config(embed_size=8, reach=1, negatives=2048), data.tokenizer)
    model.adapt(data.training_tokens())
    cut = data.windows("train", model.window_spec(TokenSettings(), training=True))
    model.context.set_weights(
        [np.random.default_rng(0).normal(size=(data.tokenizer.sizes[CHORD], 8)).astype(np.float32)]
    )
    exact, first, second = (
        float(model.loss(cut[:], training=training).objective) for training in (False, True, True)
    )
    assert first == pytest.approx(exact, rel=0.02)
    assert first != second  # others were drawn


def test_training_is_the_same_for_the_same_seed_and_when_it_is_taken_up_again(
    pieces: list[Piece],
) -> None:
    data = prepare(pieces, TokenSettings(min_count=1), validation=0.2, test=0.1, seed=0)
    kept: list[Checkpoint] = []
    made = []
    for start in (None, 0):
        model = built(
            Config(embed_size=8, reach=2, negatives=16),
            data.tokenizer,
            seed=0 if start is None else 5,
        )
        model.adapt(data.training_tokens())
        spec = model.window_spec(TokenSettings(), training=True)
        train, valid = (data.batches(split, spec, batch_size=8) for split in ("train", "valid"))
        fit(
            model,
            train,
            valid,
            TrainSettings(epochs=3, batch_size=8),
            keep=kept.append,
            start=None if start is None else kept[start],
        )
        made.append(model.network.get_weights())
    assert len(kept) == 5  # three epochs, then two
    for one, other in zip(*made, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("name", "value"), [("embed_size", 0), ("reach", 0), ("reach", 65), ("negatives", -1)]
)
def test_sizes_that_cannot_be(name: str, value: int) -> None:
    with pytest.raises(PartimentoError, match=f"model.{name} must be between"):
        Config(**{name: value})


# ---------------------------------------------------------------------- what was learned


def test_vectors_go_by_pitches(run: TrainedModel) -> None:
    known = list(islice(run.tokenizer.chords.symbols, 3))
    other = ChordTokenizer.fit_events([events([*reversed(known), (1, 2, 3)])])
    found, own = run.model.vectors(other), run.model.vectors(run.tokenizer)
    assert found.dtype == np.float32
    assert np.isnan(found[:SPECIAL]).all()
    assert np.isnan(own[:SPECIAL]).all()
    assert np.isfinite(own[SPECIAL:]).all()
    assert np.isnan(found[other.chords[(1, 2, 3)]]).all()
    for chord in known:
        np.testing.assert_array_equal(found[other.chords[chord]], own[run.tokenizer.chords[chord]])


def test_they_survive_the_disk(run: TrainedModel) -> None:
    again = load_model(folder(run))
    np.testing.assert_array_equal(
        again.model.vectors(run.tokenizer), run.model.vectors(run.tokenizer)
    )
    np.testing.assert_array_equal(again.model.counts, run.model.counts)


def test_chords_are_counted_with_their_copies(pieces: list[Piece]) -> None:
    settings = {
        **EMBEDDINGS,
        "tokens": {"min_count": 1, "transpose": "all"},
        "train": {"epochs": 1},
    }
    run, data = learn(pieces, settings=settings)
    encoded = data.training_tokens()
    assert len(encoded) > len(data.train)
    np.testing.assert_array_equal(
        run.model.counts,
        sum(np.bincount(e.ids[:, CHORD], minlength=len(data.tokenizer.chords)) for e in encoded),
    )


# ---------------------------------------------------------------------- in another model


def pretrained(run: TrainedModel, pieces: list[Piece], **more: object) -> tuple[Settings, Dataset]:
    values = {
        "model": {**LSTM, "pretrained": str(run.folder), **more},
        "tokens": EMBEDDINGS["tokens"],
        "train": {"epochs": 2, "batch_size": 8},
    }
    settings = Settings.from_plain(values)
    return settings, prepare(pieces, settings.tokens, validation=0.1, test=0.1, seed=0)


def test_an_lstm_begins_with_them(run: TrainedModel, pieces: list[Piece]) -> None:
    settings, data = pretrained(run, pieces)
    (table,) = new_model(settings, data).chord_embedding.get_weights()
    np.testing.assert_array_equal(table[SPECIAL:], run.model.vectors(data.tokenizer)[SPECIAL:])
    plain = Settings.from_plain({"model": LSTM, "tokens": EMBEDDINGS["tokens"]})
    (drawn,) = new_model(plain, data).chord_embedding.get_weights()
    np.testing.assert_array_equal(
        table[:SPECIAL], drawn[:SPECIAL]
    )  # what has no vector stays as it was drawn


@pytest.mark.parametrize("freeze", [True, False])
def test_frozen_ones_stay_as_they_are(run: TrainedModel, pieces: list[Piece], freeze: bool) -> None:
    settings, _ = pretrained(run, pieces, freeze=freeze)
    made, data = learn(pieces, settings=settings)
    (table,) = made.model.chord_embedding.get_weights()
    assert np.array_equal(table[SPECIAL:], run.model.vectors(data.tokenizer)[SPECIAL:]) == freeze


def test_vectors_of_another_size_are_refused(run: TrainedModel, pieces: list[Piece]) -> None:
    settings, data = pretrained(run, pieces, embed_size=16)
    with pytest.raises(PartimentoError, match=r"size 8: use --set model\.embed_size=8"):
        new_model(settings, data)


def test_a_run_of_another_model_has_none_to_give(
    run: TrainedModel, pieces: list[Piece], tmp_path: Path
) -> None:
    learn(pieces, settings={"model": {"name": "markov"}}, out=tmp_path / "markov")
    settings, data = pretrained(run, pieces, pretrained=str(tmp_path / "markov"))
    with pytest.raises(PartimentoError, match="not a run of chord embeddings"):
        new_model(settings, data)
    with pytest.raises(PartimentoError, match="a run of markov, which has no chord vectors"):
        run_neighbours(tmp_path / "markov")


# ---------------------------------------------------------------------- the command


@pytest.mark.slow
def test_the_circle_of_fifths_is_in_the_chorales() -> None:
    from partimento.corpus import read_pieces

    chorales = list(read_pieces(["bundled:chorales"]).pieces)
    run, data = learn(chorales, settings={"model": {"name": "embeddings"}, "train": {"epochs": 4}})
    circle = fifths(
        ChordVectors(
            data.tokenizer.chords.symbols,
            run.model.vectors(data.tokenizer)[SPECIAL:],
            run.model.counts[SPECIAL:],
        )
    )
    assert (circle.majors, circle.minors) == (12, 12)
    assert min(circle.major, circle.minor) > 0.9
    assert circle.relations.get("relative", 0) >= 9
