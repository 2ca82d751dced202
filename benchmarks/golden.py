"""Compare the program's results with those recorded on an earlier commit, to the last digit.

    python benchmarks/golden.py record DIR     # write benchmarks/golden.json from this checkout
    python benchmarks/golden.py compare DIR    # run everything again and compare

What is compared: the notes that the bundled guitar model composes for seeds 1 to 5, the
fingerprint of a store of the guitar collection, the losses of the training `notewise-jsb` with
seed 1, and that run's figure on the JSB benchmark. The training takes about seven minutes on two
cores; ``--quick`` leaves it out, and keeps what was recorded of it. DIR keeps the files made on the
way.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import mido
import pyarrow.parquet as pq

from partimento.corpus.store.schema import digest

DATA = Path(os.environ.get("PARTIMENTO_DATA", Path(__file__).parents[2] / "shared" / "data"))
JSB = DATA / "jsb" / "jsb-chorales-quarter.json"
GOLDEN = Path(__file__).with_name("golden.json")
SEEDS = range(1, 6)
RENAMED = {
    "license": "licence",
    "meter": "metre",
    "ensemble": "forces",
    "single_instrument": "alone",
    "grace_notes": "graces",
    "fingerprint": "sketch",
}
# Columns of a store that came later; the others are compared.
NEW = ("chord_symbols", "fermatas", "note_ends", "note_voice", "phrase_ends", "warnings")
LENGTHS = ("--bars 16", "--events 60")


def run(*arguments: str | Path) -> dict[str, Any]:
    """Run the command line in a process of its own and return its JSON."""
    command = [sys.executable, "-m", "partimento", *map(str, arguments), "--json"]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(result.stdout))


def notes_of(path: Path) -> list[list[int]]:
    """Read the notes of a MIDI file as ``[onset, duration, pitch, velocity]``, times in ticks."""
    notes: list[list[int]] = []
    for track in mido.MidiFile(path).tracks:
        now = 0
        sounding: dict[int, tuple[int, int]] = {}
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                sounding[message.note] = now, message.velocity
            elif message.type in ("note_on", "note_off") and message.note in sounding:
                onset, velocity = sounding.pop(message.note)
                notes.append([onset, now - onset, message.note, velocity])
    return sorted(notes)


def composed(folder: Path) -> dict[str, Any]:
    """Compose with the bundled guitar model: notes by length and seed."""
    pieces = {}
    for length in LENGTHS:
        for seed in SEEDS:
            path = folder / f"{length.strip('-').replace(' ', '-')}-{seed}.mid"
            path.unlink(missing_ok=True)
            run("compose", "--seed", str(seed), *length.split(), "-o", path)
            pieces[f"{length} --seed {seed}"] = notes_of(path)
    return pieces


def results(folder: Path, *, quick: bool) -> dict[str, Any]:
    """Everything that is compared; see the module's docstring."""
    folder.mkdir(parents=True, exist_ok=True)
    run("corpus", "build", DATA / "mutopia-guitar", "-o", folder / "guitar.parquet", "--force")
    values: dict[str, Any] = {
        "composed": composed(folder),
        "store": fingerprint(folder / "guitar.parquet"),
    }
    if quick:
        return values
    trained = folder / "jsb-1"
    run("train", JSB, "--recipe", "notewise-jsb", "--seed", "1", "-o", trained, "--force")
    history = json.loads((trained / "history.json").read_text())
    bench = run("bench", "jsb", trained, "--data", JSB)
    values["history"] = [{name: epoch[name] for name in ("loss", "val_loss")} for epoch in history]
    values["bench"] = {
        score["name"]: score["nats"]
        for score in bench["scores"]
        if score["split"] == "test" and score["tunes"] == "all"
    }
    return values


def fingerprint(path: Path) -> str:
    """Fingerprint a store under the names that its columns had when the results were recorded.

    The fingerprint covers names, too: a renamed column changes it, but no value.
    """
    file, result = pq.ParquetFile(path), hashlib.sha256()
    for group in range(file.num_row_groups):
        table = file.read_row_group(group)
        table = table.drop_columns([name for name in NEW if name in table.column_names])
        digest(table.rename_columns([RENAMED.get(n, n) for n in table.column_names]), result)
    return result.hexdigest()


def verdict(before: Any, now: Any) -> str:
    """Describe how a value compares with the recorded one."""
    if before == now:
        return "the same"
    if isinstance(before, list) and isinstance(now, list):
        common = next(
            (i for i, (a, b) in enumerate(zip(before, now, strict=False)) if a != b), len(before)
        )
        return f"DIFFERENT: {len(before)} notes before, {len(now)} now, the first {common} equal"
    return f"DIFFERENT: {before} before, {now} now"


def flat(values: Any, name: str = "") -> dict[str, Any]:
    """Name each value by its path through the nested tables; lists of notes stay whole."""
    if isinstance(values, dict):
        items = values.items()
    elif isinstance(values, list) and values and isinstance(values[0], dict):
        items = ((str(number), value) for number, value in enumerate(values, 1))
    else:
        return {name: values}
    return {
        key: leaf for part, value in items for key, leaf in flat(value, f"{name}/{part}").items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("what", choices=("record", "compare"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true", help="leave the training out")
    arguments = parser.parse_args()
    values = results(arguments.folder, quick=arguments.quick)
    if arguments.what == "record":
        if arguments.quick:  # the recorded training stays
            values = {**json.loads(GOLDEN.read_text()), **values}
        GOLDEN.write_text(json.dumps(values, separators=(",", ":")) + "\n")
        return
    recorded, now = flat(json.loads(GOLDEN.read_text())), flat(values)
    lines = {name: verdict(recorded[name], now[name]) for name in recorded if name in now}
    for name, line in lines.items():
        print(f"{name}: {line}")
    sys.exit(any("DIFFERENT" in line for line in lines.values()))


if __name__ == "__main__":
    main()
