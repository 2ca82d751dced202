"""The state of training where the backend changes variables in place."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from partimento.training.backend.in_place import InPlace


@pytest.fixture
def network() -> keras.Model:
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])


@pytest.fixture
def trainer(network: keras.Model) -> InPlace:
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
    optimizer.build(network.trainable_variables)
    return InPlace(network, optimizer)


def test_the_state_is_a_copy(network: keras.Model, trainer: InPlace) -> None:
    state = trainer.state()
    assert [value.shape for value in state[0]] == [(2, 1), (1,)]
    before = state[0][0].copy()
    network.trainable_variables[0].assign(before + 1)
    np.testing.assert_array_equal(state[0][0], before)
    np.testing.assert_array_equal(trainer.state()[0][0], before + 1)


def test_a_state_is_set_in_the_network_itself(network: keras.Model, trainer: InPlace) -> None:
    state = trainer.state()
    for group in state:
        for value in group:
            value += 2
    trainer.set_state(state)
    trainer.sync()
    for variable, value in zip(network.trainable_variables, state[0], strict=True):
        np.testing.assert_array_equal(np.asarray(variable.value), value)
    for mine, theirs in zip(trainer.state()[2], state[2], strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_state_of_another_network_is_refused(trainer: InPlace) -> None:
    trainable, fixed, moments = trainer.state()
    with pytest.raises(ValueError):
        trainer.set_state([trainable[:1], fixed, moments])
