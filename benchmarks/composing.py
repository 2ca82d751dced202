"""Events a second, composing with the tutorial's LSTM (2 × 512 units, 267 chords, 9 durations).

Ours: one compiled scan that carries the LSTM's state. Peer: `model.predict` on a sliding window of
32, an event a call, as the tutorial does, on the TensorFlow backend (its Python is made by ``make
test-tensorflow``). Both run in turn, each in a process of its own.

    python benchmarks/composing.py [--rounds 3] [--tensorflow-python .venv-tensorflow/bin/python]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

CHORDS, DURATIONS, WINDOW = 267, 9, 32


def ours(takes: int, events: int) -> float:
    """Events a second of our loop, compiled before the clock starts."""
    from fractions import Fraction

    import numpy as np

    from partimento import Event
    from partimento.generate.autoregressive import generate
    from partimento.generate.limits import Limits
    from partimento.generate.sampler import Sampling
    from partimento.models import model_class
    from partimento.tokens.chords import ChordTokenizer
    from partimento.tokens.vocabulary import START

    lengths = [Fraction(n, 4) for n in range(1, DURATIONS + 1)]
    tokenizer = ChordTokenizer.fit_events(
        [[Event((30 + n // 60, 40 + n % 60), lengths[n % DURATIONS]) for n in range(CHORDS)]]
    )
    kind = model_class("lstm")
    model = kind(kind.config_type(), tokenizer)
    wish = {
        "limits": Limits(events + 1, 2**30, may_end=False),
        "sampling": Sampling(),
        "candidates": takes,
    }
    start = np.array([[START, START, START]], np.int32)
    generate(model, start, seed=0, **wish)
    began = time.perf_counter()
    generated = generate(model, start, seed=1, **wish)
    took = time.perf_counter() - began
    assert (generated.ids[:, 1 : events + 1] > 0).all()
    return takes * events / took


def peer(events: int) -> float:
    """Events a second of `predict` on a sliding window, after one call that is not counted."""
    import keras
    import numpy as np
    from keras import layers

    chord, duration = keras.Input((None,)), keras.Input((None,))
    x = layers.Concatenate()(
        [layers.Embedding(CHORDS, 64)(chord), layers.Embedding(DURATIONS, 64)(duration)]
    )
    x = layers.LSTM(512)(layers.LSTM(512, return_sequences=True)(x))
    x = layers.Dense(256)(x)
    model = keras.Model(
        [chord, duration], [layers.Dense(n, activation="softmax")(x) for n in (CHORDS, DURATIONS)]
    )
    rng = np.random.default_rng(0)
    window = [rng.integers(0, n, (1, WINDOW)) for n in (CHORDS, DURATIONS)]
    model.predict(window, verbose=0)
    began = time.perf_counter()
    for _ in range(events):
        chosen = [
            rng.choice(p.shape[1], p=p[0].astype("f8") / p[0].astype("f8").sum())
            for p in model.predict(window, verbose=0)
        ]
        window = [np.concatenate([w[:, 1:], [[c]]], 1) for w, c in zip(window, chosen, strict=True)]
    return events / (time.perf_counter() - began)


def run(python: str, what: str, backend: str) -> float:
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    out = subprocess.run(
        [python, __file__, "--worker", what],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return float(json.loads(out.stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tensorflow-python", default=".venv-tensorflow/bin/python")
    parser.add_argument("--worker", choices=["one", "eight", "predict"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        print(
            json.dumps(
                {
                    "one": lambda: ours(1, 2000),
                    "eight": lambda: ours(8, 1000),
                    "predict": lambda: peer(100),
                }[options.worker]()
            )
        )
        return
    if not Path(options.tensorflow_python).exists():
        sys.exit(
            f"no {options.tensorflow_python}: make test-tensorflow makes it, or name one with"
            " --tensorflow-python"
        )
    rows = []
    for _ in range(options.rounds):
        rows.append(
            (
                run(options.tensorflow_python, "predict", "tensorflow"),
                run(sys.executable, "one", "jax"),
                run(sys.executable, "eight", "jax"),
            )
        )
        print(
            "predict on TensorFlow {:8.1f}   one take {:8.0f}   eight takes {:8.0f}   events a"
            " second".format(*rows[-1])
        )
    print(
        f"one take against predict: {median(one / p for p, one, _ in rows):.0f} times (median of"
        f" {options.rounds})"
    )
    print(f"eight takes against predict: {median(eight / p for p, _, eight in rows):.0f} times")


if __name__ == "__main__":
    main()
