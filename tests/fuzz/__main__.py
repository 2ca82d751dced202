"""Reads thousands of files that nobody has ever seen, and says what came of them.

    python -m tests.fuzz --cases 20000 --seed 1
    python -m tests.fuzz --replay 1:4711

Every outcome must be a piece that is one, or a reason in one line that a person can read; anything
else is kept in the folder given by --keep, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.fuzz import sources
from tests.fuzz.cases import SHARES, kind_of, make_case
from tests.fuzz.outcomes import CONTAINED, reason_class
from tests.fuzz.run import Tally, kinds_and_outcomes, run, run_cases

PER_BLOCK = 1000
COLUMNS = ("piece", "reason", "failed", "crashed", "late", "memory")


def main() -> int:
    options = _options()
    if options.replay:
        seed, _, number = options.replay.partition(":")
        return _replay(int(seed), int(number), options.keep)
    seed = secrets.randbelow(2**31) if options.seed is None else options.seed
    kinds = options.kinds.split(",") if options.kinds else list(SHARES)
    if "midi" in kinds and not sources.midi_files():
        print(
            f"no MIDI files at {sources.data_folder()} (set PARTIMENTO_DATA): that kind is left out"
        )
        kinds.remove("midi")
    numbers = [number for number in range(options.cases) if kind_of(number) in kinds]
    blocks = [
        block
        for start in range(0, options.cases, PER_BLOCK)
        if (block := [n for n in numbers if start <= n < start + PER_BLOCK])
    ]
    print(f"{len(numbers)} cases from seed {seed}", flush=True)
    began, done = time.monotonic(), 0

    def progress(count: int, tally: Tally) -> None:
        nonlocal done
        done += count
        passed = time.monotonic() - began
        print(
            f"  {done:6} of {len(numbers)}   {passed:4.0f} s   {done / passed:4.0f} a second  "
            f" {len(tally.faults())} faults",
            flush=True,
        )

    tally = run(seed, blocks, workers=options.workers, progress=progress)
    _keep(seed, tally, options.keep)
    _report(seed, tally, time.monotonic() - began, options.keep)
    return 1 if tally.faults() else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, help="by default another one every time")
    parser.add_argument("--workers", type=int, default=2, help="blocks that run at a time")
    parser.add_argument("--kinds", help=f"some of {','.join(SHARES)}")
    parser.add_argument(
        "--keep",
        type=Path,
        default=Path(tempfile.gettempdir(), "partimento-fuzz"),
        help="folder for cases with a fault",
    )
    parser.add_argument(
        "--replay", metavar="SEED:NUMBER", help="run this one case again, and keep its file"
    )
    return parser.parse_args()


def _replay(seed: int, number: int, folder: Path) -> int:
    case = make_case(seed, number)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{seed}-{number}{case.suffix}"
    path.write_bytes(case.data)
    (outcome,) = run_cases(seed, [number]).outcomes
    print(
        f"{path}: {case.kind}, {len(case.data)} bytes{', read as music21 does' * case.viewed},"
        f" {outcome.seconds:.3f} s"
    )
    print(outcome.fault or outcome.reason or "a piece")
    return 1 if outcome.fault else 0


def _keep(seed: int, tally: Tally, folder: Path) -> None:
    """The files of cases with a fault; of one kind of fault no more than a few."""
    kept: Counter[str] = Counter()
    for outcome in sorted(tally.faults(), key=lambda outcome: outcome.number):
        kept[reason_class(outcome.fault)] += 1
        if kept[reason_class(outcome.fault)] <= 5:
            folder.mkdir(parents=True, exist_ok=True)
            case = make_case(seed, outcome.number)
            (folder / f"{seed}-{outcome.number}{case.suffix}").write_bytes(case.data)
            print(f"FAULT {seed}:{outcome.number} ({outcome.kind}): {outcome.fault}")


def _report(seed: int, tally: Tally, seconds: float, folder: Path) -> None:
    counts = kinds_and_outcomes(tally)
    print(f"\n{'':18}" + "".join(f"{column:>9}" for column in ("cases", *COLUMNS)))
    for kind in [kind for kind in SHARES if any(key[0] == kind for key in counts)] + ["all"]:
        row = [
            sum(n for (k, c), n in counts.items() if kind in (k, "all") and c == column)
            for column in COLUMNS
        ]
        print(f"{kind:18}{sum(row):9}" + "".join(f"{n:9}" for n in row))
    print("\nreasons")
    reasons = Counter(reason_class(outcome.reason) for outcome in tally.outcomes if outcome.reason)
    for reason, count in reasons.most_common():
        print(f"{count:7}  {reason}")
    print("\nslowest")
    for outcome in sorted(tally.outcomes, key=lambda outcome: -outcome.seconds)[:5]:
        print(
            f"{outcome.seconds:7.2f} s  {seed}:{outcome.number} ({outcome.kind}):"
            f" {outcome.reason[:80] or 'a piece'}"
        )
    for outcome in tally.outcomes:
        if CONTAINED.fullmatch(outcome.reason):
            print(f"   {seed}:{outcome.number} ({outcome.kind}): {outcome.reason}")
    faults = len(tally.faults())
    print(
        f"\n{len(tally.outcomes)} cases from seed {seed} in {seconds:.0f} s"
        f" ({len(tally.outcomes) / seconds:.0f} a second)"
    )
    print(f"the largest reading process took {tally.peak / 2**20:.0f} MiB")
    print(
        f"{faults} faults"
        + (f"; kept in {folder}: replay one with --replay {seed}:NUMBER" if faults else "")
    )


if __name__ == "__main__":
    sys.exit(main())
