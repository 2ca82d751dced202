"""The loss of a VAE, its bound and estimate, and its collapse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.models.small_models import ENCODE, build

from partimento.models.vae import Sampling
from partimento.tokens.chords import CHORD
from partimento.training.dataset import Dataset


def test_the_vaes_loss_is_the_text_to_the_formula(data: Dataset) -> None:
    model = build("vae", {"network": "dense", "kl": "mean", "free_bits": 0.0}, data)
    batch = data.windows("train", model.window_spec(ENCODE, training=True))[:6]
    mean, log_variance, flat = (
        np.asarray(x, float) for x in model.network(batch["targets"], training=False)
    )
    kl = -0.5 * np.mean(1 + log_variance - mean**2 - np.exp(log_variance), axis=-1)
    chords = batch["targets"][..., CHORD]
    hot = (
        ((chords[..., None] == np.arange(data.tokenizer.sizes[CHORD])) & (chords[..., None] > 0))
        .transpose(0, 2, 1)
        .reshape(6, -1)
    )
    columns = np.log1p(np.exp(flat)) - flat * hot
    told = model.loss(batch, training=False)
    assert float(told.objective) == pytest.approx(np.mean(columns.mean(-1) + kl), rel=1e-4)
    assert float(told.terms["kl"]) == pytest.approx(kl.sum() * model.latent, rel=1e-4)
    assert float(told.terms["reconstruction"]) == pytest.approx(columns.sum(), rel=1e-4)


def test_a_vae_whose_posterior_has_collapsed_says_so(data: Dataset) -> None:
    model = build("vae", {}, data)
    assert model.diagnose({"active": 3.0}) is None
    assert "posterior collapse" in model.diagnose({"active": 0.0})
    weights = {weight.path: weight for weight in model.network.weights}
    for path, weight in weights.items():
        if "mean" in path or "log_variance" in path:
            weight.assign(np.zeros(weight.shape))  # every posterior is the prior
    told = model.loss(
        data.windows("train", model.window_spec(ENCODE, training=True))[:6], training=False
    )
    parts = {
        name: float(value) / float(told.count)
        for name, value in {**told.terms, **told.metrics}.items()
    }
    assert parts["kl"] == pytest.approx(0, abs=1e-6)
    assert "posterior collapse" in model.diagnose(parts)


def test_the_weights_of_a_vaes_draws_average_to_its_bound_and_their_mean_is_above_it(
    data: Dataset,
) -> None:
    """The mean of the logarithms is the ELBO, the logarithm of the mean the likelihood; where z
    says nothing, all three are one.
    """
    model = build("vae", {"latent": 2}, data)
    batch = data.windows("train", model.window_spec(ENCODE, training=True))[:4]
    for weight in model.encoder.weights:
        if "log_variance" in weight.path:
            weight.assign(np.zeros(weight.shape))
        elif "mean" in weight.path:
            weight.assign(np.full(weight.shape, 0.05))
    mean, log_variance = (np.asarray(part, float) for part in model.encoder(batch["targets"]))
    kl = 0.5 * np.sum(mean**2 + np.exp(log_variance) - 1 - log_variance, axis=-1)
    assert kl.min() > 0
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((300, 4, 2))
    logs = np.stack([model.log_weights(batch, each) for each in noise])
    nats = [np.sum(np.asarray(field), axis=1) for field in _fields(model, batch, mean + noise[0])]
    np.testing.assert_allclose(
        logs[0],
        0.5 * np.sum(noise[0] ** 2 - (mean + noise[0]) ** 2, axis=-1) - np.sum(nats, axis=0),
        rtol=1e-4,
    )
    assert (np.logaddexp.reduce(logs, axis=0) - np.log(300) >= logs.mean(0)).all()
    for weight in model.decoder.weights:
        if "unfold" in weight.path or "dense" in weight.path:
            weight.assign(np.zeros(weight.shape))  # what is decoded hears nothing of z
    logs = np.stack([model.log_weights(batch, each) for each in noise])
    nats = np.sum(
        [np.sum(np.asarray(field), axis=1) for field in _fields(model, batch, mean)], axis=0
    )
    np.testing.assert_allclose(logs.mean(0), -nats - kl, atol=0.2)  # the mean of 300 draws
    np.testing.assert_allclose(np.logaddexp.reduce(logs, axis=0) - np.log(300), -nats, atol=0.2)


def _fields(model: Any, batch: Any, z: np.ndarray) -> list[Any]:
    from partimento.models.base import field_nats

    return field_nats(model.tokenizer, model.decoder.predict_on_batch(z.astype(np.float32)), batch)


def test_points_are_drawn_with_the_deviation_that_is_given() -> None:
    draw = Sampling()
    mean = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)
    narrow, wide = (np.full((4, 3), value, np.float32) for value in (-60.0, 0.0))
    np.testing.assert_allclose(draw([mean, narrow]), mean, atol=1e-6)
    noise = np.asarray(draw([mean, wide])) - mean
    np.testing.assert_array_equal(np.asarray(draw([mean, wide])) - mean, noise)  # a fixed seed
    np.testing.assert_allclose(
        np.asarray(draw([mean, wide + 2 * np.log(2)])) - mean, 2 * noise, rtol=1e-4
    )
    first, second = (np.asarray(draw([mean, wide], training=True)) for _ in range(2))
    assert not np.array_equal(first, second)
