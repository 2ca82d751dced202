"""Milliseconds a training step, on the tutorial's LSTM, against named peers that take turns with
it.

The network: chord (600) and duration (16) embedded in 64 each, 2 LSTM layers of 512, dense 256,
softmax over chord and duration after the last of 32 events; batches of 64, RMSprop, float32. Peers:
Keras' own LSTM on TensorFlow (its Python is made by ``make test-tensorflow``) and on JAX, and
PyTorch's `nn.LSTM` (any Python that has torch). "Products" is the LSTM's arithmetic, forward and
backward, as nothing but large matrix products: no step waits for the one before. The fastest of
JAX, NumPy and PyTorch at it is the machine's rate, of which ours reaches a share. Each works in a
process of its own on all cores; in every round they take turns, so that all share the machine's
noise.

    python benchmarks/training.py [--rounds 7] [--steps 8] [--units 512]
                                  [--tensorflow-python .venv-tensorflow/bin/python] [--torch-python
                                  .venv-torch/bin/python]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

CHORDS, DURATIONS, EMBED, DENSE, BATCH, WINDOW, LAYERS, RATE = 600, 16, 64, 256, 64, 32, 2, 0.001
TOGETHER = 8  # our training steps in one compiled call
PAUSE_S = 0.4  # until the threads of the one before have gone to sleep
Run = Callable[[int], list[float]]  # number → seconds of each


def timed(call: Callable[[], Any], number: int, *, each: int = 1) -> list[float]:
    """Seconds of every call, divided by what each call does."""
    times = []
    for _ in range(number):
        began = time.perf_counter()
        call()
        times.append((time.perf_counter() - began) / each)
    return times


def batch(number: int = 1) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Inputs (number × 64, 32) and targets (number × 64,) of chord and duration."""
    rng = np.random.default_rng(0)
    inputs = [
        rng.integers(0, n, (number * BATCH, WINDOW), dtype=np.int32) for n in (CHORDS, DURATIONS)
    ]
    return inputs, [rng.integers(0, n, number * BATCH, dtype=np.int32) for n in (CHORDS, DURATIONS)]


# ---------------------------------------------------------------------- those who train


def network(units: int, lstm: Any) -> Any:
    """The tutorial's network in Keras, giving logits; `lstm` is the layer's class."""
    import keras
    from keras import layers

    chord, duration = keras.Input((WINDOW,), dtype="int32"), keras.Input((WINDOW,), dtype="int32")
    x = layers.Concatenate()(
        [layers.Embedding(CHORDS, EMBED)(chord), layers.Embedding(DURATIONS, EMBED)(duration)]
    )
    for n in range(LAYERS):
        x = lstm(units, return_sequences=n < LAYERS - 1)(x)
    x = layers.Dense(DENSE)(x)
    return keras.Model([chord, duration], [layers.Dense(n)(x) for n in (CHORDS, DURATIONS)])


def on_jax(model: Any, together: int) -> Run:
    """`together` steps, each on its own batch, in one compiled call."""
    import jax
    import keras

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.RMSprop(RATE)
    optimizer.build(model.trainable_variables)

    def total(trainable: Any, fixed: Any, inputs: Any, targets: Any) -> Any:
        outputs, _ = model.stateless_call(trainable, fixed, inputs, training=True)
        return sum(loss(target, output) for target, output in zip(targets, outputs, strict=True))

    def step(state: Any, one: Any) -> Any:
        trainable, fixed, moments = state
        value, grads = jax.value_and_grad(total)(trainable, fixed, *one)
        trainable, moments = optimizer.stateless_apply(moments, grads, trainable)
        return (trainable, fixed, moments), value

    many = jax.jit(lambda state, batches: jax.lax.scan(step, state, batches), donate_argnums=0)
    batches = jax.tree.map(lambda a: a.reshape(together, BATCH, *a.shape[1:]), batch(together))
    groups = (model.trainable_variables, model.non_trainable_variables, optimizer.variables)
    state = [[variable.value.copy() for variable in some] for some in groups]

    def call() -> None:
        nonlocal state
        state, values = many(tuple(state), batches)
        values.block_until_ready()

    return lambda number: timed(call, max(1, number // together), each=together)


def ours(units: int) -> Run:
    import keras

    from partimento.models.fast_lstm import lstm_sequence

    class Lstm(keras.layers.LSTM):
        def call(
            self,
            sequences: Any,
            initial_state: Any = None,
            mask: Any = None,
            training: bool = False,
        ) -> Any:
            weights = (
                keras.ops.convert_to_tensor(w)
                for w in (self.cell.kernel, self.cell.recurrent_kernel, self.cell.bias)
            )
            outputs = lstm_sequence(sequences, *weights)
            return outputs if self.return_sequences else outputs[:, -1]

    return on_jax(network(units, Lstm), TOGETHER)


def keras_on_jax(units: int) -> Run:
    from keras import layers

    return on_jax(network(units, layers.LSTM), 1)


def keras_on_tensorflow(units: int) -> Run:
    import keras
    from keras import layers

    model = network(units, layers.LSTM)
    loss = [keras.losses.SparseCategoricalCrossentropy(from_logits=True) for _ in range(2)]
    model.compile(keras.optimizers.RMSprop(RATE), loss)
    inputs, targets = batch()
    return lambda number: timed(lambda: model.train_on_batch(inputs, targets), number)


def pytorch(units: int) -> Run:
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embeddings = nn.ModuleList(
                [nn.Embedding(CHORDS, EMBED), nn.Embedding(DURATIONS, EMBED)]
            )
            self.lstm = nn.LSTM(2 * EMBED, units, LAYERS, batch_first=True)
            self.dense = nn.Linear(units, DENSE)
            self.outputs = nn.ModuleList([nn.Linear(DENSE, CHORDS), nn.Linear(DENSE, DURATIONS)])

        def forward(self, inputs: list[Any]) -> list[Any]:
            x = torch.cat(
                [embed(part) for embed, part in zip(self.embeddings, inputs, strict=True)], -1
            )
            h = self.dense(self.lstm(x)[0][:, -1])
            return [output(h) for output in self.outputs]

    model = Network()
    optimizer = torch.optim.RMSprop(model.parameters(), RATE)
    inputs, targets = ([torch.from_numpy(part).long() for part in some] for some in batch())

    def step() -> None:
        optimizer.zero_grad()
        pairs = zip(model(inputs), targets, strict=True)
        loss = sum(nn.functional.cross_entropy(output, target) for output, target in pairs)
        loss.backward()
        optimizer.step()
        loss.item()

    return lambda number: timed(step, number)


# ---------------------------------------------------------------------- what the machine can do


def products(units: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """The factors of the LSTM's arithmetic if no step had to wait for the one before: (m, k), (k,
    n).
    """
    rng = np.random.default_rng(0)
    pairs = []
    for size in (2 * EMBED, *[units] * (LAYERS - 1)):
        joined, gates, events = size + units, 4 * units, BATCH * WINDOW
        for m, k, n in (
            (events, joined, gates),
            (joined, events, gates),
            (events, gates, joined),
        ):  # outputs, weights' gradient, inputs'
            pairs.append(
                (
                    rng.standard_normal((m, k), dtype=np.float32),
                    rng.standard_normal((k, n), dtype=np.float32),
                )
            )
    return pairs


def gflop(units: int) -> float:
    return sum(2 * a.shape[0] * a.shape[1] * b.shape[1] for a, b in products(units)) / 1e9


def products_in_numpy(units: int) -> Run:
    pairs = products(units)
    return lambda number: timed(lambda: [a @ b for a, b in pairs], number)


def products_in_jax(units: int) -> Run:
    import jax

    pairs = jax.device_put(products(units))
    multiply = jax.jit(lambda a, b: a @ b)
    return lambda number: timed(
        lambda: [multiply(a, b).block_until_ready() for a, b in pairs], number
    )


def products_in_pytorch(units: int) -> Run:
    import torch

    pairs = [(torch.from_numpy(a), torch.from_numpy(b)) for a, b in products(units)]
    return lambda number: timed(lambda: [a @ b for a, b in pairs], number)


# ---------------------------------------------------------------------- turns

MAKERS: dict[str, tuple[str, Callable[[int], Run]]] = {  # name → whose Python, maker
    "ours": ("jax", ours),
    "Keras on JAX": ("jax", keras_on_jax),
    "Keras on TensorFlow": ("tensorflow", keras_on_tensorflow),
    "PyTorch nn.LSTM": ("torch", pytorch),
    "products, JAX": ("jax", products_in_jax),
    "products, NumPy": ("jax", products_in_numpy),
    "products, PyTorch": ("torch", products_in_pytorch),
}


def work(name: str, units: int) -> None:
    """A worker: a number comes in on a line, the seconds of as many go out."""
    run = MAKERS[name][1](units)
    run(2)  # compiled, and its memory touched
    for line in sys.stdin:
        print(json.dumps(run(int(line))), flush=True)


class Worker:
    """One who waits in a process of its own for its turn."""

    def __init__(self, name: str, python: str, backend: str, units: int) -> None:
        environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
        for setting in (
            "OPENBLAS_CORETYPE",
            "OPENBLAS_L2_SIZE",
        ):  # meant for older builds; they would slow NumPy's products
            environment.pop(setting, None)
        command = [python, __file__, "--worker", name, "--units", str(units)]
        self.name = name
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def turn(self, number: int) -> float:
        """Milliseconds: the median of `number`."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        time.sleep(PAUSE_S)
        try:
            self.process.stdin.write(f"{number}\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer.startswith("["):
            sys.exit(f"{self.name} died (its own words are above)")
        return 1000 * median(json.loads(answer))

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def report(rounds: list[dict[str, float]], units: int) -> None:
    """Medians, and medians of the ratios within each round."""
    print(
        "\nmedian    "
        + "   ".join(f"{name} {median(row[name] for row in rounds):.0f} ms" for name in rounds[0])
    )
    for peer, aim in (
        ("Keras on TensorFlow", "at least 2"),
        ("PyTorch nn.LSTM", "at least 0.77"),
        ("Keras on JAX", "no aim"),
    ):
        print(
            f"{peer} takes {median(row[peer] / row['ours'] for row in rounds):.2f} times as long as"
            f" ours ({aim})"
        )
    limits = [
        min(value for name, value in row.items() if name.startswith("products")) for row in rounds
    ]
    share = median(limit / row["ours"] for limit, row in zip(limits, rounds, strict=True))
    rate = gflop(units) / median(limits) * 1000
    print(
        f"{share:.0%} of the machine's {rate:.0f} GFLOP/s in the LSTM's {gflop(units):.1f} GFLOP a"
        " step, all else included (at least 65 %)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=8, help="a round")
    parser.add_argument("--units", type=int, default=512)
    parser.add_argument("--tensorflow-python", default=".venv-tensorflow/bin/python")
    parser.add_argument("--torch-python", default=".venv-torch/bin/python")
    parser.add_argument("--worker", choices=MAKERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(options.worker, options.units)
        return
    pythons = {
        "jax": sys.executable,
        "tensorflow": options.tensorflow_python,
        "torch": options.torch_python,
    }
    for backend, python in pythons.items():
        if not Path(python).exists():
            sys.exit(f"no {python}: name a Python that has {backend} with --{backend}-python")
    workers = [
        Worker(name, pythons[backend], backend, options.units)
        for name, (backend, _) in MAKERS.items()
    ]
    rounds = []
    try:
        for worker in workers:
            worker.turn(1)  # all are ready before the clock starts
        for _ in range(options.rounds):
            rounds.append(
                {
                    worker.name: worker.turn(options.steps if "products" not in worker.name else 3)
                    for worker in workers
                }
            )
            print(
                "   ".join(f"{name} {value:.0f}" for name, value in rounds[-1].items())
                + "   ms a step",
                flush=True,
            )
    finally:
        for worker in workers:
            worker.stop()
    report(rounds, options.units)


if __name__ == "__main__":
    main()
