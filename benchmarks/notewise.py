"""What `notewise` costs, beside the same network in plain PyTorch (`notewise_peer.py` says what is
the same and what it is spared).

compose: tokens and notes a second with untrained weights of the default sizes, for one piece and
for 64 takes at once; what the loop's compilation takes, apart; and how much memory a piece of ten
times the length takes more (aims: 1,000 and 5,000 notes a second; none). train: seconds a 1,000
tokens of a training step, 32 windows of 320 tokens, on made-up pieces; dropout and Adam, nothing
else. growth: the same cost at other lengths of the context and other widths, 16 windows a step;
`--plot` draws it.

Each works in a process of its own on all cores, and they take turns, so that all share the
machine's noise. Beside the clock stands the processors' time, which other work on the machine
disturbs less.

    python benchmarks/notewise.py [compose|train|growth] [--rounds 5] [--quick] [--plot
    docs/images/notewise-cost.png]
                                  [--cores recurrent] [--torch-python .venv-torch/bin/python]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

PAUSE_S = 0.4  # until the threads of the one before have gone to sleep
CORES = ("recurrent", "transformer")
LENGTHS, WIDTHS = (64, 128, 256, 512, 1024), (64, 128, 256, 512)
Answer = dict[str, float]
Spec = dict[str, Any]


def made_up(number: int, events: int) -> list[Any]:
    """Pieces of one to five notes an event, some of them held."""
    from partimento import Event, Piece

    rng, pieces = np.random.default_rng(0), []
    for _ in range(number):
        before: tuple[int, ...] = ()
        music = []
        for _ in range(events):
            on = {pitch for pitch in before if rng.random() < 0.25}
            chord = tuple(sorted(on | set(rng.integers(40, 84, rng.integers(1, 5)).tolist())))
            music.append(
                Event(
                    chord,
                    Fraction(int(rng.integers(1, 17)), 4),
                    tuple(pitch for pitch in chord[:-1] if pitch in on),
                )
            )
            before = chord
        pieces.append(Piece.from_events(music))
    return pieces


def tokenizer_and_windows(batch: int, length: int) -> tuple[Any, dict[str, np.ndarray]]:
    """A tokenizer of 16 durations, and a batch of windows."""
    from partimento.tokens.base import Tokens
    from partimento.tokens.notes import NoteTokenizer
    from partimento.tokens.windows import windows

    pieces = made_up(batch, length // 2 + 8)
    tokenizer = NoteTokenizer.fit(pieces)
    stop = length + 1
    pieces = [
        Tokens(ids[:stop], {"features": context["features"][:stop]})
        for ids, context in tokenizer.encode_all(pieces)
    ]
    found = windows(pieces, length=length)
    assert found.inputs.shape[:2] == (batch, length)
    return tokenizer, found[:]


# ---------------------------------------------------------------------- ours


def built(spec: Spec, tokenizer: Any) -> Any:
    from partimento.models import model_class

    kind = model_class("notewise")
    names = (
        "core",
        "embed_size",
        "units",
        "layers",
        "heads",
        "context",
        "dropout",
        "input_dropout",
    )
    return kind(kind.config_type(**{name: spec[name] for name in names}), tokenizer)


def training(spec: Spec) -> Callable[[int], Answer]:
    """A step on one batch."""
    import keras

    from partimento.training import backend

    tokenizer, found = tokenizer_and_windows(spec["batch"], spec["length"])
    model = built(spec, tokenizer)
    loop = backend.trainer(model.network, keras.optimizers.Adam(0.001), model.loss)
    batches = {name: column[None] for name, column in found.items()}
    return lambda number: (
        timed(lambda: loop.train(batches, 1, number)) | {"parameters": model.parameters}
    )


def composer(spec: Spec) -> Callable[..., Answer]:
    """So many events for each take, on from nothing."""
    from partimento.generate.autoregressive import generate
    from partimento.generate.limits import Limits
    from partimento.generate.sampler import Sampling
    from partimento.tokens.note_grammar import NOTE
    from partimento.tokens.vocabulary import START

    tokenizer, _ = tokenizer_and_windows(4, 64)
    model, layout = built(spec, tokenizer), tokenizer.layout
    begun = np.array([[START], [layout.bar], [layout.pickup], [layout.stop - 1]], np.int32)

    def run(seed: int, events: int = spec["events"], steps: int = 2**30) -> Answer:
        out: list[Any] = []
        limits = Limits(events + 1, steps, may_end=False)
        took = timed(
            lambda: out.append(
                generate(
                    model,
                    begun,
                    limits=limits,
                    sampling=Sampling(),
                    candidates=spec["takes"],
                    seed=seed,
                )
            )
        )
        tokens = out[0].ids[:, len(begun) :, 0]
        notes = int(np.count_nonzero((tokens >= NOTE) & (tokens < layout.duration)))
        return took | {"tokens": int(np.count_nonzero(tokens)), "notes": notes}

    return run


def memory(spec: Spec) -> Callable[[int], Answer]:
    """How much the peak of memory rises from a piece to one of ten times the length; both loops are
    compiled before.
    """
    run, events = composer(spec), spec["events"]

    def grown(_: int) -> Answer:
        for length in (events, 10 * events):
            run(0, length, 1)  # compiled, and stopped after the first event
        short = run(1)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        long = run(1, 10 * events)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return {
            "short": short["tokens"],
            "long": long["tokens"],
            "before": before / 1024,
            "more": (after - before) / 1024,
        }

    return grown


def timed(call: Callable[[], Any]) -> Answer:
    """Seconds on the clock and of the processors."""
    began, worked = time.perf_counter(), time.process_time()
    call()
    return {"seconds": time.perf_counter() - began, "processor": time.process_time() - worked}


# ---------------------------------------------------------------------- turns


class Worker:
    """One who waits in a process of its own for its turn; the first turn compiles, and does not
    count.
    """

    def __init__(self, spec: Spec, python: str) -> None:
        ours = python == sys.executable
        environment = {**os.environ, "KERAS_BACKEND": "jax", "TF_CPP_MIN_LOG_LEVEL": "3"}
        for setting in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # meant for older builds
            environment.pop(setting, None)
        script = (
            [__file__, "--worker"] if ours else [str(Path(__file__).with_name("notewise_peer.py"))]
        )
        self.name, self.turns = "ours" if ours else "PyTorch", 0
        self.process = subprocess.Popen(
            [python, *script, json.dumps(spec)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def turn(self) -> Answer:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        time.sleep(PAUSE_S)
        try:
            self.process.stdin.write(f"{self.turns}\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer.startswith("{"):
            sys.exit(f"{self.name} died (its own words are above)")
        self.turns += 1
        return dict(json.loads(answer))

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def in_turn(
    spec: Spec, pythons: Sequence[str], rounds: int
) -> tuple[list[Answer], list[list[Answer]]]:
    """The first, uncounted answer of each, and the answers of every round."""
    workers = [Worker(spec, python) for python in pythons]
    try:
        first = [worker.turn() for worker in workers]
        return first, [[worker.turn() for worker in workers] for _ in range(rounds)]
    finally:
        for worker in workers:
            worker.stop()


def middle(rounds: Sequence[Sequence[Answer]], who: int, what: Callable[[Answer], float]) -> float:
    return median(what(answers[who]) for answers in rounds)


def ratio(rounds: Sequence[Sequence[Answer]], what: Callable[[Answer], float]) -> float:
    """Of PyTorch's to ours: the median of the rounds."""
    return median(what(peer) / what(ours) for ours, peer in rounds)


# ---------------------------------------------------------------------- what is measured


def defaults(task: str, core: str, **more: Any) -> Spec:
    from partimento.models.notewise import Config

    return {"task": task, **asdict(Config(core=core)), **more}


def compose(options: argparse.Namespace) -> None:
    tokenizer, _ = tokenizer_and_windows(4, 64)
    sizes = {"vocabulary": tokenizer.sizes[0], "duration": tokenizer.layout.duration}
    print(
        "core         takes   notes/s  tokens/s  PyTorch's   ours against PyTorch (processor)  "
        " compiled in"
    )
    for core in options.cores:
        for takes, events in (
            (1, 60 if options.quick else 600),
            (64, 10 if options.quick else 100),
        ):
            spec = defaults(
                "compose", core, takes=takes, events=events, tokens=events * 10 // 3, **sizes
            )
            first, rounds = in_turn(spec, options.pythons, options.rounds)
            each, worked = (
                (lambda a: a["seconds"] / a["tokens"]),
                (lambda a: a["processor"] / a["tokens"]),
            )
            notes = middle(rounds, 0, lambda a: a["notes"] / a["seconds"])
            tokens, peers = (1 / middle(rounds, who, each) for who in (0, 1))
            compiled = first[0]["seconds"] - middle(rounds, 0, lambda a: a["seconds"])
            print(
                f"{core:12} {takes:5}  {notes:8,.0f}  {tokens:8,.0f}   {peers:8,.0f}  "
                f" {ratio(rounds, each):8.1f} times ({ratio(rounds, worked):.1f})            "
                f" {compiled:6.1f} s",
                flush=True,
            )
        (found,), _ = in_turn(
            defaults("memory", core, candidates=1, events=30 if options.quick else 300),
            options.pythons[:1],
            0,
        )
        told = (
            "{}: {short:,.0f} tokens at a peak of {before:,.0f} MB; {long:,.0f} tokens take"
            " {more:.1f} MB more"
        )
        print(told.format(core, **found), flush=True)


def cost(spec: Spec, options: argparse.Namespace, rounds: int) -> list[list[Answer]]:
    """The rounds of ours and PyTorch's, on the same windows."""
    from partimento.tokens.note_grammar import REPEAT_LENGTH, REPEAT_TOKEN
    from partimento.tokens.vocabulary import END, UNKNOWN

    tokenizer, found = tokenizer_and_windows(spec["batch"], spec["length"])
    shown, target, layout = (
        found["features"].astype(np.int32),
        found["targets"][..., 0],
        tokenizer.layout,
    )
    facts = tokenizer.input_features(shown)
    first = np.cumsum([0, *(kinds for _, kinds in facts[:-1])])
    anchors, degree = tokenizer.interval_features(shown)
    counted = (target >= END) & (target < tokenizer.sizes[0])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "batch.npz"
        np.savez(
            path,
            facts=np.stack([numbers for numbers, _ in facts], -1).astype(np.int32)
            + first.astype(np.int32),
            directions=np.stack([*anchors, degree]).astype(np.uint8),
            again=shown[..., REPEAT_TOKEN],
            length=shown[..., REPEAT_LENGTH],
            legal=tokenizer.grammar().allowed_by_features(shown),
            target=np.where(counted, target, -100),
        )
        events = int(
            np.count_nonzero(
                np.isin(target, (END, UNKNOWN))
                | ((target >= layout.duration) & (target < layout.bar))
            )
        )
        told = {
            "data": str(path),
            "vocabulary": tokenizer.sizes[0],
            "kinds": int(sum(kinds for _, kinds in facts)),
            "events": events,
        }
        return in_turn({**spec, **told}, options.pythons, rounds)[1]


def train(options: argparse.Namespace) -> None:
    batch, length = (4, 64) if options.quick else (32, 320)
    thousands = batch * length / 1000
    print(
        "core         seconds/1,000 tokens: ours  PyTorch   ratio     processor: ours  PyTorch  "
        " ratio     parameters"
    )
    for core in options.cores:
        rounds = cost(defaults("train", core, batch=batch, length=length), options, options.rounds)
        line = f"{core:12} "
        for what, wide in (("seconds", 26), ("processor", 21)):
            ours, peer = (
                middle(rounds, who, lambda a, what=what: a[what]) / thousands for who in (0, 1)
            )
            line += (
                f"{ours:{wide}.4f} {peer:8.4f} {ratio(rounds, lambda a, what=what: a[what]):7.2f}"
            )
        print(
            line + "     {:,.0f}, {:,.0f}".format(*(answer["parameters"] for answer in rounds[0])),
            flush=True,
        )


def growth(options: argparse.Namespace) -> None:
    batch, lengths, widths = (
        (2, LENGTHS[:2], WIDTHS[:2]) if options.quick else (16, LENGTHS, WIDTHS)
    )
    curves: dict[str, dict[tuple[str, str], list[float]]] = {}
    known: dict[tuple[str, int, int], list[float]] = {}
    print(
        "core         length  width   processor seconds/1,000 tokens: ours  PyTorch   on the clock:"
        " ours  PyTorch"
    )
    for axis, sizes in (
        ("length", [(length, 256) for length in lengths]),
        ("width", [(256, width) for width in widths]),
    ):
        for core in options.cores:
            for length, units in sizes:
                if (core, length, units) not in known:
                    known[core, length, units] = one_size(core, length, units, batch, options)
                for name, value in zip(
                    ("ours", "PyTorch"), known[core, length, units], strict=True
                ):
                    curves.setdefault(axis, {}).setdefault((core, name), []).append(value)
    if options.plot:
        plot(curves, {"length": lengths, "width": widths}, options.plot)


def one_size(
    core: str, length: int, units: int, batch: int, options: argparse.Namespace
) -> list[float]:
    """Processor seconds a 1,000 tokens, ours and PyTorch's; all of the window is looked at, and the
    embedding is as wide as the core.
    """
    spec = defaults("train", core, batch=batch, length=length) | {
        "units": units,
        "embed_size": units,
        "context": max(length, 256),
    }
    rounds, thousands = cost(spec, options, max(1, options.rounds // 2)), batch * length / 1000
    worked, clock = (
        [middle(rounds, who, lambda a, w=w: a[w]) / thousands for who in (0, 1)]
        for w in ("processor", "seconds")
    )
    print(
        f"{core:12} {length:6} {units:6} {worked[0]:38.4f} {worked[1]:8.4f} {clock[0]:20.4f}"
        f" {clock[1]:8.4f}",
        flush=True,
    )
    return worked


def plot(
    curves: Mapping[str, Mapping[tuple[str, str], Sequence[float]]],
    sizes: Mapping[str, Sequence[int]],
    path: Path,
) -> None:
    """Two panels, both axes logarithmic: cost over the context's length and over the width."""
    from partimento.plots.style import COLORS, new_figure, style, write_plot

    with style():
        figure = new_figure(11, 4.8)
        panels = figure.subplots(1, 2, sharey=True)
        for axes, (axis, lines) in zip(panels, curves.items(), strict=True):
            for (core, name), values in lines.items():
                ours, color = name == "ours", COLORS[CORES.index(core)]
                look = {
                    "linestyle": "-" if ours else (0, (4, 3)),
                    "linewidth": 2.2 if ours else 1.4,
                    "markersize": 6 if ours else 4,
                }
                label = f"{core}, {'partimento' if ours else 'plain PyTorch'}"
                axes.plot(
                    sizes[axis], np.asarray(values) * 1000, "o", color=color, label=label, **look
                )
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xticks(sizes[axis], [f"{size:,}" for size in sizes[axis]])
            axes.minorticks_off()
            axes.grid(visible=True)
        everything = [
            1000 * value
            for lines in curves.values()
            for values in lines.values()
            for value in values
        ]
        low, high = min(everything), max(everything)
        ticks = [
            tick
            for tick in (m * 10**n for n in range(6) for m in (1, 2, 5))
            if low / 1.6 <= tick <= high * 1.6
        ]
        panels[0].set_yticks(ticks, [f"{tick:,} ms" for tick in ticks])
        panels[0].set_ylim(low / 1.3, high * 1.3)
        panels[0].set_title("Length of the context", fontsize=12)
        panels[0].set_xlabel("tokens; 256 units")
        panels[1].set_title("Width of the core", fontsize=12)
        panels[1].set_xlabel("units, the embedding as wide; 256 tokens")
        panels[0].legend(*panels[0].get_legend_handles_labels(), fontsize=10)
        figure.suptitle(
            "Processor time of training on 1,000 tokens",
            x=0.01,
            ha="left",
            fontweight="bold",
            fontsize=14,
        )
        write_plot(figure, path, force=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "what",
        nargs="?",
        choices=["compose", "train", "growth"],
        help="compose and train, if nothing is said",
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that it works")
    parser.add_argument("--plot", type=Path, help="a PNG or SVG of the growth")
    parser.add_argument("--cores", nargs="+", choices=CORES, default=CORES)
    parser.add_argument("--torch-python", default=".venv-torch/bin/python")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        spec = json.loads(options.worker)
        run = {"train": training, "compose": composer, "memory": memory}[spec["task"]](spec)
        for line in sys.stdin:
            print(json.dumps(run(int(line))), flush=True)
        return
    if not Path(options.torch_python).exists():
        sys.exit(
            f"no {options.torch_python}: make test-backends makes it, or name one with"
            " --torch-python"
        )
    os.environ["KERAS_BACKEND"] = "jax"
    options.pythons = (sys.executable, options.torch_python)
    options.rounds = 1 if options.quick else options.rounds
    for what in [options.what] if options.what else ["compose", "train"]:
        {"compose": compose, "train": train, "growth": growth}[what](options)


if __name__ == "__main__":
    main()
