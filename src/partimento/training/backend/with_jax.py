"""Train on JAX: the state is an argument, and many steps compile as one loop."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from partimento.models.loss import Totals
from partimento.short_repr import short_repr
from partimento.training.backend import Arrays, PackedLoss, State, variable_groups


@short_repr
class Trainer:
    """Run training steps; see `backend.Trainer`."""

    def __init__(self, network: keras.Model, optimizer: keras.Optimizer, loss: PackedLoss) -> None:
        self._groups, self._loss = variable_groups(network, optimizer), loss
        trainable_variables, fixed_variables, _ = self._groups

        def scope(trainable: Any, fixed: Any) -> Any:
            """Let the network read and write these values instead of its variables."""
            mapping = [
                *zip(trainable_variables, trainable, strict=True),
                *zip(fixed_variables, fixed, strict=True),
            ]
            return keras.StatelessScope(state_mapping=mapping)

        def objective(trainable: Any, fixed: Any, batch: Any, step: Any) -> Any:
            with scope(trainable, fixed) as values:
                goal, value = loss.of_step(batch, step)
            # The fixed variables include the random generators, which change at every step.
            after = [values.get_current_value(v) for v in fixed_variables]
            return goal, (after, value)

        gradient = jax.value_and_grad(objective, has_aux=True)

        def one(state: Any, batch: Any, step: Any) -> Any:
            trainable, fixed, moments = state
            (_, (fixed, value)), grads = gradient(trainable, fixed, batch, step)
            trainable, moments = optimizer.stateless_apply(moments, grads, trainable)
            return [trainable, fixed, moments], value

        def train(state: Any, batches: Any, count: Any, first: Any) -> Any:
            size = next(iter(batches.values())).shape[0]
            if size == 1:
                state, value = one(state, _at(batches, 0), first)
                return state, value[None]

            def body(i: Any, carry: Any) -> Any:
                state, values = carry
                state, value = one(state, _at(batches, i), first + i)
                return state, values.at[i].set(value)

            return jax.lax.fori_loop(0, count, body, (state, jnp.zeros((size,))))

        def evaluate(state: Any, batches: Any, count: Any) -> Any:
            def sums(i: Any) -> Any:
                with scope(state[0], state[1]):
                    return loss.sums(_at(batches, i))

            def body(i: Any, carry: Any) -> Any:
                return jax.tree.map(jnp.add, carry, sums(i))

            return jax.lax.fori_loop(1, count, body, sums(0))

        self._train = jax.jit(train, donate_argnums=0)
        self._evaluate = jax.jit(evaluate)
        # Copies, because JAX deletes donated buffers, and the model still needs its own.
        self._state = [[v.value.copy() for v in group] for group in self._groups]

    def train(self, batches: Arrays, count: int, first: int) -> np.ndarray:
        """Take steps."""
        self._state, values = self._train(self._state, dict(batches), count, np.float32(first))
        return np.asarray(values)

    def evaluate(self, batches: Arrays, count: int) -> Totals:
        """Sum the loss."""
        return self._loss.totals(*self._evaluate(self._state, dict(batches), count))

    def state(self) -> State:
        """Return a copy of the state."""
        return [[np.array(value) for value in group] for group in self._state]

    def set_state(self, state: State) -> None:
        """Continue from another state."""
        self._state = [[jnp.array(value) for value in group] for group in state]

    def sync(self) -> None:
        """Write the state into the model and the optimizer."""
        for variables, values in zip(self._groups, self._state, strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value.copy())


def _at(batches: Any, i: Any) -> Any:
    return {name: array[i] for name, array in batches.items()}
