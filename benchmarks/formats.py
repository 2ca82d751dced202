"""Count the files of whole collections that are read, refused, and read in part.

    python benchmarks/formats.py [--workers 2] [--only asap]

The collections are those of the data folder (PARTIMENTO_DATA) and of music21's corpus.
"""

from __future__ import annotations

import argparse
import os
import re
import time
from collections import Counter
from pathlib import Path

from partimento.collect.bundled import collections
from partimento.corpus.reading import read_pieces
from partimento.tables import markdown_table

DATA = Path(
    os.environ.get("PARTIMENTO_DATA", Path(__file__).parents[3] / "shared" / "data")
)  # as the tests find it
FOLDERS = {
    "Mutopia, guitar": "mutopia-guitar",
    "JS Fake Chorales": "js-fakes",
    "ASAP, performances and scores": "asap",
    "Nottingham, MIDI": "nottingham-chords/MIDI",
    "Nottingham, ABC": "nottingham-chords/ABC_cleaned",
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", default="", help="part of a collection's name")
    options = parser.parse_args()
    sources = {name: [str(DATA / folder)] for name, folder in FOLDERS.items()}
    # The chorales are files of the folder bach, too.
    bundled = [name for name in collections() if not name.startswith("chorales")]
    sources["music21's corpus"] = [f"bundled:{name}" for name in bundled]
    rows = []
    for name, places in sources.items():
        if options.only.lower() in name.lower():
            rows += measure(name, places, options.workers)
    columns = ("collection", "suffix", "pieces", "with warnings", "refused", "pieces/s")
    print(markdown_table(columns, rows))


def measure(name: str, sources: list[str], workers: int) -> list[tuple[str, ...]]:
    began = time.monotonic()
    corpus = read_pieces(sources, workers=workers)
    rate = f"{len(corpus) / (time.monotonic() - began):.0f}"
    read: Counter[str] = Counter(entry.format for entry in corpus)
    partly: Counter[str] = Counter(entry.format for entry in corpus if entry.piece.warnings)
    refused = [reject for reject in corpus.rejects if reject.read == "no"]
    by_suffix: Counter[str] = Counter(Path(reject.path).suffix.lstrip(".") for reject in refused)
    reasons = Counter(re.sub(r"\d+", "N", reject.reason) for reject in refused)
    for reason, count in reasons.most_common(8):
        print(f"   {name}: {count} × {reason}", flush=True)
    return [
        (name, suffix, f"{read[suffix]:,}", str(partly[suffix]), str(by_suffix[suffix]), rate)
        for suffix in sorted(read | by_suffix)
    ]


if __name__ == "__main__":
    main()
