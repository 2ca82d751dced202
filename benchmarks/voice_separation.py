"""Measure the separation of voices on scores whose voices are known, given as one staff.

    python benchmarks/voice_separation.py                # test pieces
    python benchmarks/voice_separation.py --validation   # the pieces that choices are made by
    python benchmarks/voice_separation.py --files        # a row per piece
    python benchmarks/voice_separation.py --add FOLDER   # MusicXML files of your own, too

Precision and recall count the links to the next note in the same voice; the docstring of
`analysis.voice_agreement.agreement` has the definition. The baseline numbers the notes that sound
at an onset from the top. In chorales, quartets and guitar music, a part is a voice; in keyboard
music it is a ``voice`` of a staff. The notes are shuffled, so that no order of a file helps.
``alone`` is the number of notes and chords of the voices per note: 1.00 if there are no chords.

Splits: every third chorale of `bundled:chorales` is for learning (``voice_weights.py``), the next
one for validation, the next one for test. Quartets: Haydn op. 1 no. 1, Mozart K. 155 and K. 156 are
for learning, Mozart K. 80 for validation, all others for test. Keyboard music: C. P. E. Bach and
Mozart's K. 545 are for learning, Clara Schumann for validation, and ASAP's scores for test. Three
guitar pieces of Mutopia that have a track for each voice are for test, too.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

import partimento as pt
from partimento.analysis.voice_agreement import Agreement, agreement, voices_by_pitch_order
from partimento.analysis.voice_separation import voices_of
from partimento.collect import chorales, resolve

DATA = Path(os.environ.get("PARTIMENTO_DATA", Path(__file__).parents[2] / "shared" / "data"))
SPLITS = ("learning", "validation", "test")
QUARTETS = {
    "learning": ("haydn/opus1no1", "mozart/k155", "mozart/k156"),
    "validation": ("mozart/k80",),
    "test": ("haydn/opus74no1", "mozart/k458", "beethoven/opus18no1", "beethoven/opus133"),
}
GUITAR = ("sorf-op35-no22", "brahms-vals3", "brahms-vals9")
KEYBOARD = {
    "learning": ("cpebach/h186", "mozart/k545"),
    "validation": ("schumann_clara/polonaise",),
}


class Staff(NamedTuple):
    """The notes of a piece, shuffled, with the voices that the score states."""

    name: str
    onset: np.ndarray
    end: np.ndarray
    pitch: np.ndarray
    stated: np.ndarray
    quarter: int


def staff_of(path: Path) -> Staff:
    """Read a score as one staff."""
    notes = pt.read(path).notes
    notes = notes.select(notes.grace == 0)
    stated = notes.part * (int(notes.voice.max()) + 1) + notes.voice
    order = np.random.default_rng(0).permutation(len(notes))
    columns = (column[order] for column in (notes.onset, notes.end, notes.pitch, stated))
    return Staff("/".join(path.parts[-3:]), *columns, notes.divisions)


def chorale_paths(split: str) -> list[Path]:
    return chorales()[SPLITS.index(split) :: 3]


def quartet_paths(split: str, composer: str) -> list[Path]:
    names = [name for name in QUARTETS[split] if name.startswith(composer)]
    paths = resolve(f"bundled:{composer}") if names else []
    return [
        path
        for path in paths
        if path.suffix == ".mxl" and any(name in path.as_posix() for name in names)
    ]


def keyboard_paths(split: str) -> dict[str, list[Path]]:
    """Return keyboard music by composer; Bach first."""
    if split in KEYBOARD:
        return {
            name.split("/")[0]: [
                path
                for path in resolve(f"bundled:{name.split('/')[0]}")
                if name in path.as_posix() and path.suffix == ".mxl"
            ]
            for name in KEYBOARD[split]
        }
    paths: dict[str, list[Path]] = {}
    folder = DATA / "asap" / "scores"
    for path in sorted(folder.rglob("*.musicxml")):
        paths.setdefault(path.relative_to(folder).parts[0], []).append(path)
    return paths


def collections(split: str) -> dict[str, list[Path]]:
    """Return the scores of a split by the name of their collection."""
    found = {"Bach, chorales": chorale_paths(split)}
    for composer in ("haydn", "mozart", "beethoven"):
        found[f"{composer.title()}, quartets"] = quartet_paths(split, composer)
    keyboard = keyboard_paths(split)
    found |= {f"{composer}, keyboard": paths for composer, paths in keyboard.items()}
    if split == "test":
        paths = sorted((DATA / "mutopia-guitar").rglob("*.mid"))
        found["Sor and Brahms, guitar"] = [path for path in paths if path.stem in GUITAR]
    return {name: paths for name, paths in found.items() if paths}


def judged(staffs: Iterable[Staff]) -> Iterator[tuple[Staff, Agreement, Agreement, float]]:
    """Yield each staff, the agreement of the baseline and of ours, and our seconds."""
    for staff in staffs:
        columns = staff[1:4]
        begin = time.perf_counter()
        voice = voices_of(*columns, staff.quarter)
        seconds = time.perf_counter() - begin
        baseline = agreement(*columns, voices_by_pitch_order(*columns), staff.stated)
        yield staff, baseline, agreement(*columns, voice, staff.stated), seconds


def measure(paths: Iterable[Path]) -> tuple[Agreement, Agreement]:
    """Return the agreement of the baseline and of ours over some scores."""
    baseline, ours = Agreement(), Agreement()
    for _, one, other, _ in judged(map(staff_of, paths)):
        baseline, ours = baseline.plus(one), ours.plus(other)
    return baseline, ours


def table(found: dict[str, list[Path]], *, files: bool) -> None:
    print("| music | pieces | notes | alone | pitch order P | R | ours P | R | ms per 1,000 |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, paths in found.items():
        sums, total, notes, steps, seconds = Agreement(), Agreement(), 0, 0, 0.0
        for staff, baseline, ours, lasted in judged(map(staff_of, paths)):
            sums, total = sums.plus(baseline), total.plus(ours)
            notes, seconds = notes + len(staff.onset), seconds + lasted
            steps += len({*zip(staff.onset.tolist(), staff.stated.tolist(), strict=True)})
            if files:
                print(f"| {staff.name} | | {len(staff.onset)} | | {_figures(baseline, ours)} | |")
        speed = seconds / notes * 1e6
        print(
            f"| {name} | {len(paths)} | {notes:,} | {steps / notes:.2f}"
            f" | {_figures(sums, total)} | {speed:.0f} |",
            flush=True,
        )


def _figures(baseline: Agreement, ours: Agreement) -> str:
    values = (baseline.precision, baseline.recall, ours.precision, ours.recall)
    return " | ".join(f"{100 * value:.1f}" for value in values)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--validation", action="store_true", help="measure the validation pieces")
    parser.add_argument("--files", action="store_true", help="print a row per piece")
    parser.add_argument("--add", type=Path, help="also measure the MusicXML files of a folder")
    arguments = parser.parse_args()
    found = collections("validation" if arguments.validation else "test")
    if arguments.add:
        paths = sorted(arguments.add.rglob("*"))
        suffixes = (".musicxml", ".xml", ".mxl")
        found[arguments.add.name] = [path for path in paths if path.suffix in suffixes]
    table(found, files=arguments.files)


if __name__ == "__main__":
    main()
