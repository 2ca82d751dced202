"""Training on JAX: the state is passed through pure functions; a loop over many steps is compiled
as one.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from partimento.training.backend import Arrays, Losses, State, groups, mean


class Trainer:
    """See `backend.Trainer`."""

    def __init__(
        self, network: keras.Model, optimizer: keras.Optimizer, losses: Losses, terms: int
    ) -> None:
        self._groups = groups(network, optimizer)
        trainable_variables, fixed_variables, _ = self._groups

        def loss(trainable: Any, fixed: Any, batch: Any, step: Any, training: bool) -> Any:
            mapping = [
                *zip(trainable_variables, trainable, strict=True),
                *zip(fixed_variables, fixed, strict=True),
            ]
            with keras.StatelessScope(state_mapping=mapping) as scope:
                objective, sums, events = losses(batch, training=training, step=step)
            after = [
                scope.get_current_value(v) for v in fixed_variables
            ]  # the random generators move on
            return objective, (after, sums, events)

        gradient = jax.value_and_grad(loss, has_aux=True)

        def one(state: Any, batch: Any, step: Any) -> Any:
            trainable, fixed, moments = state
            (_, (fixed, sums, events)), grads = gradient(trainable, fixed, batch, step, True)
            trainable, moments = optimizer.stateless_apply(moments, grads, trainable)
            return [trainable, fixed, moments], mean(sums, events, terms)

        def train(state: Any, batches: Any, count: Any, first: Any) -> Any:
            size = batches[0].shape[0]
            if size == 1:
                state, value = one(state, [part[0] for part in batches], first)
                return state, value[None]

            def body(i: Any, carry: Any) -> Any:
                state, values = carry
                state, value = one(state, [part[i] for part in batches], first + i)
                return state, values.at[i].set(value)

            return jax.lax.fori_loop(0, count, body, (state, jnp.zeros((size,))))

        def evaluate(state: Any, batches: Any, count: Any) -> Any:
            def of(i: Any) -> Any:
                return loss(state[0], state[1], [part[i] for part in batches], 0.0, False)[1][1:]

            def body(i: Any, carry: Any) -> Any:
                return jax.tree.map(jnp.add, carry, of(i))

            return jax.lax.fori_loop(1, count, body, of(0))

        self._train = jax.jit(train, donate_argnums=0)
        self._evaluate = jax.jit(evaluate)
        # Copies: a donated buffer must not be the model's own.
        self._state = [[v.value.copy() for v in group] for group in self._groups]

    def train(self, batches: Arrays, count: int, first: int) -> np.ndarray:
        self._state, values = self._train(self._state, batches, count, np.float32(first))
        return np.asarray(values)

    def evaluate(self, batches: Arrays, count: int) -> tuple[np.ndarray, float]:
        sums, events = self._evaluate(self._state, batches, count)
        return np.asarray(sums), float(events)

    def state(self) -> State:
        return [[np.array(value) for value in group] for group in self._state]

    def set_state(self, state: State) -> None:
        self._state = [[jnp.array(value) for value in group] for group in state]

    def sync(self) -> None:
        for variables, values in zip(self._groups, self._state, strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value.copy())
