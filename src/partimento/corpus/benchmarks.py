"""Read the benchmark sets of the field, each with its published split.

A file is recognised by its hash, or not at all.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from partimento.collect.catalog import CATALOG
from partimento.corpus.entries import Corpus, CorpusEntry
from partimento.corpus.splits import SPLITS
from partimento.errors import PartimentoError
from partimento.music.events import Event
from partimento.music.notes import Note, Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter, Part, Source

VOICES = ("Soprano", "Alto", "Tenor", "Bass")
LOWEST_KEY = 21  # the pitch of a piano roll's first of 88 columns
C_MAJOR = Key.from_tonic(0, "major")  # of what was moved to C, be it major or minor

Chords = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Benchmark:
    """Describe a benchmark set.

    Attributes
    ----------
    title, composer, license : str
    frame : Fraction
        Quarters from one frame to the next.
    moved : bool
        Whether all pieces were moved to C major or C minor.
    """

    title: str
    composer: str
    license: str
    frame: Fraction
    moved: bool


BENCHMARKS = {
    "jsb": Benchmark(
        "JSB chorales", "Johann Sebastian Bach", "public domain", Fraction(1), moved=True
    ),
    "jsb16": Benchmark(
        "JSB chorales in sixteenths",
        "Johann Sebastian Bach",
        "public domain",
        Fraction(1, 4),
        moved=False,
    ),
    "nottingham": Benchmark("Nottingham", "", "MIT", Fraction(1, 2), moved=True),
}


def is_benchmark(source: str) -> bool:
    """Return whether a source is meant to be a benchmark set: no score is such a file."""
    return Path(source).suffix.lower() in (".json", ".mat") and Path(source).is_file()


def read_benchmark(source: str) -> Corpus:
    """Read the pieces of a benchmark set, each with its published split.

    Parameters
    ----------
    source : str
        The file, as ``partimento collect fetch jsb`` brings it.

    Raises
    ------
    PartimentoError
        If the file is none of those that the published figures are for.
    """
    path = Path(source)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PartimentoError(f"cannot read {path}: {error.strerror}") from error
    name = name_of(data)
    if name is None:
        raise PartimentoError(
            f"{path} is no score, and none of the benchmark sets ({', '.join(BENCHMARKS)}) either:"
            " its hash is another"
        )
    about = BENCHMARKS[name]
    make: Callable[[Any, Benchmark], Piece] = _of_voices if name == "jsb16" else _of_chords
    entries = []
    for split, content in _splits(path, data):
        for number, frames in enumerate(content, 1):
            piece = make(frames, about)
            where = Source(path=f"{name}/{split}/{number}", license=about.license)
            named = piece.replace(
                title=f"{about.title}, {split} {number}", composer=about.composer, source=where
            )
            entries.append(CorpusEntry(named, split))
    return Corpus(tuple(entries), sources=(source,))


def name_of(data: bytes) -> str | None:
    """Return the name of the set that a file holds; None if it is no benchmark set."""
    found = hashlib.sha256(data).hexdigest()
    known = {each.download.sha256: name for name, each in CATALOG.items() if each.download}
    return known.get(found) if known.get(found) in BENCHMARKS else None


def _splits(path: Path, data: bytes) -> Iterable[tuple[str, Sequence[Any]]]:
    if path.suffix.lower() == ".mat":
        from scipy.io import loadmat

        rolls = loadmat(io.BytesIO(data))
        for split in SPLITS:
            yield (
                split,
                [
                    [(row.nonzero()[0] + LOWEST_KEY).tolist() for row in roll]
                    for roll in rolls[f"{split}data"][0]
                ],
            )
        return
    content = json.loads(data)
    for split in SPLITS:
        yield split, content[split]


def _of_chords(frames: Chords, about: Benchmark) -> Piece:
    """Make a piece in which every note of every frame is struck."""
    events = [Event(tuple(sorted(set(chord))), about.frame, ()) for chord in frames]
    return Piece.from_events(events, meters=(Meter(4, 4),), keys=(C_MAJOR,) if about.moved else ())


def _of_voices(frames: Chords, about: Benchmark) -> Piece:
    """Make a piece with a part per voice; a pitch that stays is one note."""
    notes = []
    for part in range(len(VOICES)):
        line = [int(row[part]) for row in frames]
        first = 0
        for now in range(1, len(line) + 1):
            if now == len(line) or line[now] != line[first]:
                if line[first] >= 0:
                    notes.append(
                        Note(
                            first * about.frame, (now - first) * about.frame, line[first], part=part
                        )
                    )
                first = now
    return Piece(
        Notes(notes),
        meters=(Meter(4, 4),),
        parts=tuple(Part(name) for name in VOICES),
        length=len(frames) * about.frame,
    )
