"""Time many candidates, the first one, and constraints, as ratios in the same run.

- Candidates: 64 candidates of 64 bars at once, and one at a time. Some single ones are timed,
  and their mean is multiplied.
- First candidate: the seconds from the call to the first piece, for a model that is loaded.
- Constraints: see `benchmarks/constraints.py`, whose figures are printed with `--constraints`.

Times are CPU times of the process; the first candidate is also timed by the clock.

    python benchmarks/verbs_speed.py [--models guitar,chorales] [--singles 4] [--constraints]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import partimento as pt
from partimento.generate.limits import Limits
from partimento.generate.prompt import make_prompt
from partimento.generate.sampler import Sampling
from partimento.generate.strategies import AutoregressiveStrategy, Request
from partimento.training.trained_model import TrainedModel

CANDIDATES, BARS = 64, 64


def seconds(model: TrainedModel, candidates: int, bars: int, seed: int) -> float:
    """Return the CPU seconds in which candidates are generated."""
    prompt = make_prompt(model, None, 0, seed=0, key=None)
    steps = int(bars * prompt.reference.meter.bar_ql * model.tokenizer.grid)
    limits = Limits(bars * 48 + 2, steps, may_end=False, total=steps)
    request = Request(prompt, limits, Sampling(top_p=0.98), candidates)
    began = time.process_time()
    AutoregressiveStrategy().compose(model, request, seed)
    return time.process_time() - began


def many_and_single(model: TrainedModel, singles: int) -> tuple[float, float]:
    """Return the CPU seconds of all candidates at once, and of as many single calls."""
    seconds(model, CANDIDATES, BARS, 0)  # if the loop is compiled, this is counted nowhere
    seconds(model, 1, BARS, 0)
    together = seconds(model, CANDIDATES, BARS, 1)
    alone = [seconds(model, 1, BARS, seed) for seed in range(singles)]
    return together, CANDIDATES * sum(alone) / len(alone)


def first_candidate(model: TrainedModel) -> tuple[float, float]:
    """Return the seconds until the first piece of 16 bars, by the clock and of the CPU."""
    clock, cpu = time.perf_counter(), time.process_time()
    model.compose_candidates(best=1, candidates=1, bars=16, seed=1)
    return time.perf_counter() - clock, time.process_time() - cpu


def in_new_process(name: str) -> tuple[float, float]:
    """Return `first_candidate` in a process that has composed nothing before."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import partimento as pt, verbs_speed\n"
        "print(*verbs_speed.first_candidate(pt.load_model(sys.argv[2])))"
    )
    here = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", code, here, name], check=True, capture_output=True, text=True
    )
    clock, cpu = map(float, done.stdout.split())
    return clock, cpu


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", default="guitar,chorales")
    parser.add_argument("--singles", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--constraints", action="store_true")
    options = parser.parse_args()
    for name in options.models.split(","):
        firsts = [in_new_process(name) for _ in range(options.rounds)]
        clock, cpu = (median(column) for column in zip(*firsts, strict=True))
        print(f"{name:10} first candidate: {clock:.2f} s by the clock, {cpu:.2f} s of the CPU")
        together, alone = many_and_single(pt.load_model(name), options.singles)
        print(
            f"{name:10} {CANDIDATES} candidates of {BARS} bars: {together:.1f} s at once,"
            f" {alone:.1f} s one at a time: {alone / together:.1f} times faster"
        )
    if options.constraints:
        command = [sys.executable, str(Path(__file__).with_name("constraints.py"))]
        subprocess.run([*command, "--models", options.models], check=True)


if __name__ == "__main__":
    main()
