"""Events per second within constraints, as a share of the rate without.

Both run in turn in the same process, with the same model, seed and length, on NumPy. The rate
counts the events of the candidates that were completed, and the CPU time of the process.

    python benchmarks/constraints.py [--rounds 3] [--bars 16]
"""

from __future__ import annotations

import argparse
import time
from statistics import median

import partimento as pt
from partimento.generate.constraints import Constraint
from partimento.generate.constraints.timetable import scene_of
from partimento.generate.limits import Limits
from partimento.generate.numpy_loop import generate_on_numpy
from partimento.generate.prompt import make_prompt
from partimento.generate.sampler import Sampling
from partimento.training.trained_model import TrainedModel

DEMANDS: dict[str, list[Constraint]] = {
    "Range": [pt.Range("E2", "B5")],
    "InKey": [pt.InKey()],
    "InMeter": [pt.InMeter()],
    "MaxVoices": [pt.MaxVoices(4)],
    "ChordSize": [pt.ChordSize(1, 4)],
    "Durations": [pt.Durations(["1/4", "1/2", 1, 2, 4])],
    "Rhythm": [pt.Rhythm([1, "1/2", "1/2", 1, 1])],
    "StepLeap": [pt.StepLeap(12)],
    "PartWriting": [pt.PartWriting()],
    "Density": [pt.Density(2, 20)],
    "ChordProgression, 80 %": [pt.ChordProgression("Dm | Gm A7 | Dm", 80)],
    "MaxBorrowed": [pt.MaxBorrowed(8, "bundled:chorales")],
    "Playable": [pt.Playable()],
    "End": [pt.End()],
    "four together": [pt.Range("E2", "B5"), pt.InMeter(), pt.Playable(), pt.End()],
    "FixedNotes": [pt.FixedNotes([(t, 1, "A4", 0) for t in range(8)], others="below")],
}


def rate(model: TrainedModel, constraints: list[Constraint], bars: int, seed: int) -> float:
    """Return completed events per second."""
    key, tokenizer = pt.Key.from_name("d minor"), model.tokenizer
    prompt = make_prompt(model, None, 0, seed=0, key=key)
    bar, pickup = prompt.reference.meter.bar_ql, prompt.reference.pickup
    steps = int(bars * bar * tokenizer.grid)
    limits = Limits(bars * 48 + 2, steps, may_end=False, total=steps)
    scene = scene_of(tokenizer, prompt.ids, limits, bar=bar, pickup=pickup, key=key)
    step = model.numpy_step
    assert step is not None
    began = time.process_time()
    generated = generate_on_numpy(
        step,
        tokenizer,
        prompt.ids,
        limits=limits,
        sampling=Sampling(),
        candidates=8,
        seed=seed,
        constraints=constraints,
        scene=scene,
    )
    took = time.process_time() - began
    done = [ids for ids, dead in zip(generated.ids, generated.dead_ends, strict=True) if not dead]
    return sum(len(tokenizer.decode_events(ids)) for ids in done) / took


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bars", type=int, default=16)
    parser.add_argument("--models", default="guitar,chorales")
    options = parser.parse_args()
    for name in options.models.split(","):
        model = pt.load_model(name)
        for constraints in DEMANDS.values():  # load corpora and tables before the clock starts
            rate(model, constraints, 3, 0)
        shares: dict[str, list[float]] = {demand: [] for demand in DEMANDS}
        for seed in range(options.rounds):
            free = rate(model, [], options.bars, seed)
            for demand, constraints in DEMANDS.items():
                shares[demand].append(rate(model, constraints, options.bars, seed) / free)
        for demand, values in shares.items():
            print(f"{name:10} {demand:24} {100 * median(values):4.0f} % of the rate without")
        print(f"{name:10} {'median':24} {100 * median(map(median, shares.values())):4.0f} %")


if __name__ == "__main__":
    main()
