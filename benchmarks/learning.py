"""How long a recipe takes to what the tutorial's reaches, and how much of a small model's training
passes outside compiled code.

python benchmarks/learning.py [CORPUS] [--seconds 900]

The tutorial's validation loss is of chord and duration alone, on events that follow 32 others;
`lstm` must reach that number with the held notes charged as well, and on every event, those at the
beginning of a piece among them. Both learn from the same pieces in one run.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from partimento.config import merge
from partimento.corpus.load import load_corpus
from partimento.recipes import read_recipe
from partimento.training.callbacks import Callback
from partimento.training.loop import Epoch
from partimento.training.train import learn


def train(pieces: Any, recipe: str, more: Mapping[str, Any]) -> list[Epoch]:
    """The history of a training; each epoch is told as it ends."""

    class Report(Callback):
        def on_epoch_end(self, epoch: Epoch) -> None:
            figures = f"validation {epoch.val_loss:.3f} after {epoch.seconds:.0f} s"
            print(f"  {recipe} epoch {epoch.epoch}: {figures}", flush=True)

    run, _ = learn(pieces, settings=merge(read_recipe(recipe), more), callbacks=[Report()])
    return run.history


def time_to_quality(pieces: Any, seconds: float) -> None:
    """Until `lstm`'s validation loss is as good as the best that the tutorial's ever has."""
    slow = train(pieces, "lstm-tutorial", {"train": {"max_seconds": seconds}})
    fast = train(pieces, "lstm", {"tokens": {"transpose": "key"}})
    best = min(slow, key=lambda epoch: epoch.val_loss)
    there = next((epoch for epoch in fast if epoch.val_loss <= best.val_loss), None)
    print(
        f"lstm-tutorial: best validation loss {best.val_loss:.3f} in epoch {best.epoch}, after"
        f" {best.seconds:.0f} s"
    )
    if there is None:
        print(
            f"lstm: not reached in {fast[-1].seconds:.0f} s (best"
            f" {min(epoch.val_loss for epoch in fast):.3f})"
        )
    else:
        share = best.seconds / there.seconds
        print(
            f"lstm: {there.val_loss:.3f} in epoch {there.epoch}, after {there.seconds:.0f} s:"
            f" 1/{share:.1f} of the time (needed: 1/20)"
        )


def overhead(pieces: Any) -> None:
    """Share of the wall time of an epoch that is spent outside compiled calls; and what one step a
    call would cost.
    """
    settings = {"train": {"epochs": 4}, "tokens": {"stride": 8}}
    many = train(pieces, "minibach-tutorial", settings)[1:]  # the first one compiles
    single = train(pieces, "minibach-tutorial", merge(settings, {"train": {"steps_per_call": 1}}))[
        1:
    ]
    outside = 1 - float(np.mean([epoch.compiled for epoch in many]))
    ratio = np.median([epoch.events_per_s for epoch in many]) / np.median(
        [epoch.events_per_s for epoch in single]
    )
    print(
        f"minibach-tutorial: {outside:.1%} of the time outside compiled calls (allowed: 20 %);"
        f" {ratio:.2f} times one step a call"
    )


def main() -> None:
    data = Path(os.environ.get("PARTIMENTO_DATA", "../shared/data"))
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", nargs="?", default=str(data / "mutopia-guitar" / "GiulianiM"))
    parser.add_argument("--seconds", type=float, default=900, help="for the tutorial's network")
    asked = parser.parse_args()
    pieces = load_corpus([asked.corpus])
    overhead(pieces)
    time_to_quality(pieces, asked.seconds)


if __name__ == "__main__":
    main()
