"""Read public benchmark sets, with their published splits.

A file is recognized by its hash.
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
from partimento.short_repr import short_repr

VOICES = ("Soprano", "Alto", "Tenor", "Bass")
LOWEST_KEY = 21  # the MIDI pitch of the first of a piano roll's 88 columns
C_MAJOR = Key.from_tonic(0, "major")  # the key of transposed pieces, whether major or minor

Chords = Sequence[Sequence[int]]


@short_repr
@dataclass(frozen=True)
class Benchmark:
    """The description of a benchmark set.

    Attributes
    ----------
    title, composer, license : str
    frame : Fraction
        Quarters from one frame to the next.
    transposed : bool
        Whether all pieces are transposed to C major or C minor.
    """

    title: str
    composer: str
    license: str
    frame: Fraction
    transposed: bool


BENCHMARKS = {
    "jsb": Benchmark(
        "JSB chorales", "Johann Sebastian Bach", "public domain", Fraction(1), transposed=True
    ),
    "jsb16": Benchmark(
        "JSB chorales in sixteenths",
        "Johann Sebastian Bach",
        "public domain",
        Fraction(1, 4),
        transposed=False,
    ),
    "nottingham": Benchmark("Nottingham", "", "MIT", Fraction(1, 2), transposed=True),
}


def is_benchmark(source: str) -> bool:
    """Return whether a source may be a benchmark set, by its suffix (no score has it)."""
    return Path(source).suffix.lower() in (".json", ".mat") and Path(source).is_file()


def read_benchmark(source: str) -> Corpus:
    """Read the pieces of a benchmark set, with their published split.

    Parameters
    ----------
    source : str
        The file, as downloaded by ``partimento collect fetch jsb``.

    Raises
    ------
    PartimentoError
        If the file cannot be read, or is not exactly one of the published files.
    """
    path = Path(source)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PartimentoError(f"cannot read {path}: {error.strerror}") from error
    name = name_of(data)
    if name is None:
        raise PartimentoError(
            f"{path} is neither a score nor one of the benchmark sets ({', '.join(BENCHMARKS)}):"
            " its hash differs from theirs"
        )
    benchmark = BENCHMARKS[name]
    convert: Callable[[Any, Benchmark], Piece] = _from_voices if name == "jsb16" else _from_chords
    entries = []
    for split, content in _splits(path, data):
        for number, frames in enumerate(content, 1):
            piece = convert(frames, benchmark).replace(
                title=f"{benchmark.title}, {split} {number}",
                composer=benchmark.composer,
                source=Source(path=f"{name}/{split}/{number}", license=benchmark.license),
            )
            entries.append(CorpusEntry(piece, split))
    return Corpus(tuple(entries), sources=(source,))


def name_of(data: bytes) -> str | None:
    """Return the name of the benchmark set with this content, or None."""
    digest = hashlib.sha256(data).hexdigest()
    names = {dataset.download.sha256: name for name, dataset in CATALOG.items() if dataset.download}
    return names.get(digest) if names.get(digest) in BENCHMARKS else None


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


def _from_chords(frames: Chords, benchmark: Benchmark) -> Piece:
    """Build a piece in which all notes of every frame are new notes."""
    events = [Event(tuple(sorted(set(chord))), benchmark.frame, ()) for chord in frames]
    keys = (C_MAJOR,) if benchmark.transposed else ()
    return Piece.from_events(events, meters=(Meter(4, 4),), keys=keys)


def _from_voices(frames: Chords, benchmark: Benchmark) -> Piece:
    """Build a piece with one part per voice; equal successive pitches become one note."""
    notes = []
    frame = benchmark.frame
    for part in range(len(VOICES)):
        line = [int(row[part]) for row in frames]
        first = 0
        for end in range(1, len(line) + 1):
            if end == len(line) or line[end] != line[first]:
                if line[first] >= 0:  # negative: a rest
                    notes.append(Note(first * frame, (end - first) * frame, line[first], part=part))
                first = end
    return Piece(
        Notes(notes),
        meters=(Meter(4, 4),),
        parts=tuple(Part(name) for name in VOICES),
        length=len(frames) * frame,
    )
