"""How long it takes from the shell to a piece by the bundled model, and which loop is faster.

    python benchmarks/startup.py [--rounds 5] [--commit COMMIT]   # ratios to the peers
    python benchmarks/startup.py --loops                          # time per row of both loops

Peers, each run in turn with ours: the same program with its compiled loop only, and the program of
another commit, in a git worktree that is made for the purpose. Processor seconds of whole processes
are compared, since a busy machine disturbs them least; the best of all rounds is printed, too.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
TASKS = {
    "a MIDI file": ["compose", "--seed", "1", "--bars", "16", "-o", "a.mid"],
    "score and sound": ["compose", "--seed", "1", "--bars", "16", "-o", "a.pdf", "-o", "a.wav"],
    "help": ["--help"],
}
COMPILED = """
import sys
import partimento.generate.candidates as candidates
from partimento.cli.cli import main
candidates.MAX_ROWS_ON_NUMPY = 0
main(sys.argv[1:])
"""


class Cost(NamedTuple):
    """What a process cost."""

    processor: float
    wall: float
    megabytes: float


def cost(program: list[str], words: list[str], source: Path) -> Cost:
    """Run a program in an empty folder."""
    environment = {**os.environ, "PYTHONPATH": str(source)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled to bytes
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, *program, *words],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(words)} failed")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


@contextmanager
def checkout(commit: str) -> Iterator[Path]:
    """Give the sources of a commit."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "-q", "--detach", str(tree), commit], check=True)
        try:
            yield tree / "src"
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def compare(rounds: int, before: Path | None, commit: str) -> None:
    """Print what each task costs us and the peers."""
    here, module = ROOT / "src", ["-m", "partimento"]
    sides = {"ours": (module, here), "compiled loop": (["-c", COMPILED], here)}
    if before is not None:
        sides[f"commit {commit}"] = (module, before)
    for task, words in TASKS.items():
        costs: dict[str, list[Cost]] = {name: [] for name in sides}
        for number in range(rounds + 1):
            for name, (program, source) in sides.items():
                if words == ["--help"] and program[0] == "-c":
                    continue
                spent = cost(program, words, source)
                if number:  # the first round warms the caches
                    costs[name].append(spent)
        for name, runs in costs.items():
            if not runs:
                continue
            ratios = [
                us.processor / one.processor for us, one in zip(costs["ours"], runs, strict=True)
            ]
            processor, wall, size = (median(column) for column in zip(*runs, strict=True))
            best = min(run.wall for run in runs)
            print(
                f"{task:16} {name:16} processor {processor:6.2f} s  wall {wall:6.2f} s (best "
                f"{best:6.2f})  {size:5.0f} MB  ours/this {median(ratios):.3f}",
                flush=True,
            )


def loops() -> None:
    """Print the processor time per row of both loops, compiled before the clock starts."""
    from partimento.generate.limits import Limits
    from partimento.generate.numpy_loop import generate_on_numpy
    from partimento.generate.sampler import Sampling
    from partimento.training.trained_model import load_model

    def seconds(loop: object, *arguments: object, **options: object) -> float:
        start = time.process_time()
        loop(*arguments, **options)  # type: ignore[operator]
        return time.process_time() - start

    run = load_model("guitar")
    step, tokenizer = run.numpy_step, run.tokenizer
    prompt = tokenizer.prompt(run.pieces[0].opening, 0)
    start = time.process_time()
    _ = run.model
    from partimento.generate.autoregressive import generate

    print(f"Keras, JAX and the network take {time.process_time() - start:.1f} s")
    for candidates in (1, 8, 32):
        options = {
            "limits": Limits(400, 2**30, may_end=False),
            "sampling": Sampling(top_p=0.98),
            "candidates": candidates,
            "seed": 1,
        }
        first = seconds(generate, run.model, prompt, **options)
        pairs = [
            (
                seconds(generate_on_numpy, step, tokenizer, prompt, **options),
                seconds(generate, run.model, prompt, **options),
            )
            for _ in range(3)
        ]
        ours, compiled = (min(column) for column in zip(*pairs, strict=True))
        rows = int((generate(run.model, prompt, **options).ids[..., 0] != 0).sum(axis=1).max())
        print(
            f"{candidates:2} candidates, {rows} rows: NumPy {1e3 * ours / rows:.2f} ms per row, "
            f"compiled {1e3 * compiled / rows:.2f}, and {first - compiled:.1f} s to compile; "
            f"NumPy/compiled {ours / compiled:.2f}",
            flush=True,
        )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--commit", default="")
    parser.add_argument("--loops", action="store_true")
    options = parser.parse_args()
    if options.loops:
        loops()
    elif options.commit:
        with checkout(options.commit) as source:
            compare(options.rounds, source, options.commit)
    else:
        compare(options.rounds, None, "")


if __name__ == "__main__":
    main()
