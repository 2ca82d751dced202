"""Compare what a hand can play of composed guitar pieces, by default and without the demand.

Both are composed in turn with the same seeds, so that they can be compared piece by piece. The last
line is the CPU time of a piece by default, divided by that of one without the demand.

    python benchmarks/playable.py [--pieces 40] [--bars 16] [--model guitar]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

import numpy as np

import partimento as pt
from partimento.generate.constraints import Finding, Scene
from partimento.generate.ranking import Candidate


def judge(candidate: Candidate) -> Finding:
    """Return how many chords of the piece a hand can hold."""
    piece = candidate.piece
    return pt.Playable("guitar").check(piece, Scene(grid=piece.notes.divisions))


def summary(candidates: Sequence[Candidate], seconds: Sequence[float]) -> dict[str, float]:
    """Return the figures of all pieces."""
    findings = [judge(each) for each in candidates]
    counts = [[int(word) for word in f.achieved.split() if word.isdigit()] for f in findings]
    playable, chords = np.sum(counts, axis=0)
    found = [each.criteria for each in candidates]
    return {
        "pieces that are playable, %": 100 * np.mean([f.holds for f in findings]),
        "chords that are playable, %": 100 * playable / chords,
        "chords per piece": chords / len(candidates),
        "authentic or plagal ends, %": 100
        * np.mean([c.ends_on_tonic and c.cadence in ("authentic", "plagal") for c in found]),
        "in key, %": 100 * np.mean([c.in_key for c in found]),
        "pieces with a loop, %": 100 * np.mean([c.penalties["loop"] > 0 for c in candidates]),
        "loop, bars": float(np.mean([c.loop for c in found])),
        "nats per event": float(np.mean([c.nats for c in found])),
        "score (lower is better)": float(np.mean([c.score for c in candidates])),
        "CPU seconds per piece": float(np.mean(seconds)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pieces", type=int, default=40)
    parser.add_argument("--bars", type=int, default=16)
    parser.add_argument("--model", default="guitar")
    options = parser.parse_args()
    model = pt.load_model(options.model)
    pieces: dict[bool, list[Candidate]] = {False: [], True: []}
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for playable in pieces:  # load the tables before the clock starts
        model.compose_candidates(best=1, bars=2, candidates=1, playable=playable)
    for seed in range(options.pieces):
        for playable, composed in pieces.items():
            began = time.process_time()
            composed += model.compose_candidates(
                best=1, bars=options.bars, seed=seed, playable=playable
            )
            seconds[playable].append(time.process_time() - began)
    before, after = (summary(pieces[each], seconds[each]) for each in pieces)
    print(f"{'':30}{'without':>10}{'by default':>12}")
    for name, value in before.items():
        print(f"{name:30}{value:10.2f}{after[name]:12.2f}")
    ratio = np.median(np.divide(seconds[True], seconds[False]))
    print(f"CPU time by default, median of the ratios: {ratio:.2f}")


if __name__ == "__main__":
    main()
