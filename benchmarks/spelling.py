"""Measure pitch spelling on printed scores, beside that of partitura and music21.

    python benchmarks/spelling.py [--peers-python PATH] [--music21] [--half validation]

Names are removed from the scores of music21's corpus that bear them in MusicXML. A note is right if
its letter and its alteration are those of the score. "With keys" leaves key signatures, as a user's
score has them. "Without" removes them, and then counts a piece as right at its best transposition
by a diminished second, as partitura's method does not know the key. The weights of our method were
chosen on every second piece ("validation"); the figures are for the others.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import music21
import numpy as np

from partimento.io.musicxml.note_ids import add_note_ids
from partimento.io.musicxml.read import parse, piece_of_document
from partimento.music.piece import Piece
from partimento.notation.spelling import STEPS, spell

COMPOSERS = ("bach", "mozart", "beethoven", "haydn")
CORPUS = Path(music21.__file__).parent / "corpus"
# partitura runs in an environment of its own: it reads pitches and times, and writes names.
PARTITURA = """
import json, sys
import numpy as np
from partitura.musicanalysis import estimate_spelling
kinds = [("onset_beat", float), ("duration_beat", float), ("pitch", int)]
names = []
for rows in json.load(open(sys.argv[1])):
    found = estimate_spelling(np.array([tuple(row) for row in rows], kinds))
    names.append(["FCGDAEB".index(s) - 1 + 7 * int(a) for s, a, _ in found])
json.dump(names, open(sys.argv[2], "w"))
"""


class Score(NamedTuple):
    """A piece, and the printed position of each note on the line of fifths."""

    composer: str
    piece: Piece
    fifths: np.ndarray


def read_scores(half: str) -> list[Score]:
    """Read every second score of each composer."""
    scores = []
    for composer in COMPOSERS:
        paths = sorted((CORPUS / composer).rglob("*.mxl"))
        for path in paths[half != "validation" :: 2]:
            root = parse(path.read_bytes(), ".mxl")
            piece = piece_of_document(root)
            add_note_ids(root, piece)
            fifths = np.full(len(piece.notes), 99)
            for note in root.iter("note"):
                if (number := note.get("id", "n")[1:]).isdigit():
                    alter = int(note.findtext("pitch/alter") or 0)
                    step = STEPS.index(note.findtext("pitch/step")) - 1
                    fifths[int(number)] = step + 7 * alter
            scores.append(Score(composer, piece, fifths))
    return scores


def ours(piece: Piece) -> np.ndarray:
    """Spell a piece with partimento."""
    return np.array([STEPS.index(name.step) - 1 + 7 * name.alter for name in spell(piece)])


def of_music21(piece: Piece) -> np.ndarray:
    """Spell a piece with music21: one chord after another, in the key if there is one."""
    context = None
    if piece.keys:
        context = music21.key.KeySignature(piece.keys[0].fifths).asKey(piece.keys[0].mode)
    names = np.zeros(len(piece.notes), int)
    for onset in np.unique(piece.notes.onset):
        at = np.flatnonzero(piece.notes.onset == onset)
        pitches = [music21.pitch.Pitch(midi=int(piece.notes.pitch[i])) for i in at]
        found = music21.pitch.simplifyMultipleEnharmonics(pitches, keyContext=context)
        names[at] = [STEPS.index(p.step) - 1 + 7 * int(p.alter) for p in found]
    return names


def of_partitura(python: str, pieces: list[Piece]) -> list[np.ndarray]:
    """Spell pieces with partitura, in order of onset and pitch as it expects."""
    orders = [np.lexsort((piece.notes.pitch, piece.notes.onset)) for piece in pieces]
    rows = []
    for piece, order in zip(pieces, orders, strict=True):
        notes = piece.notes
        times = (notes.onset / notes.divisions, notes.duration / notes.divisions, notes.pitch)
        rows.append(np.stack(times, axis=1)[order].tolist())
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "notes.json", Path(folder) / "names.json"
        source.write_text(json.dumps(rows))
        subprocess.run([python, "-c", PARTITURA, source, target], check=True)
        found = json.loads(target.read_text())
    names = []
    for row, order in zip(found, orders, strict=True):
        name = np.zeros(len(order), int)
        name[order] = row
        names.append(name)
    return names


def share(scores: list[Score], found: list[np.ndarray], *, shifted: bool) -> dict[str, str]:
    """Return the percentage of right notes for each composer."""
    right = dict.fromkeys(COMPOSERS, 0)
    total = dict.fromkeys(COMPOSERS, 0)
    for score, names in zip(scores, found, strict=True):
        shifts = (0, 12, -12) if shifted else (0,)
        right[score.composer] += max(int((names + s == score.fifths).sum()) for s in shifts)
        total[score.composer] += len(score.fifths)
    return {name: f"{100 * right[name] / total[name]:.2f}" for name in COMPOSERS if total[name]}


def report(name: str, find: Callable[[], list[np.ndarray]], scores: list[Score], keys: str) -> None:
    """Print one row of the table."""
    start = time.perf_counter()
    found = find()
    seconds = time.perf_counter() - start
    shares = share(scores, found, shifted=keys == "without")
    print(f"| {name} | {keys} | " + " | ".join(shares.values()) + f" | {seconds:.1f} |", flush=True)


def main() -> None:
    """Print a table of the methods."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers-python", help="a Python with partitura installed")
    parser.add_argument("--music21", action="store_true", help="music21 too: 15 minutes")
    parser.add_argument("--half", choices=("validation", "test"), default="test")
    options = parser.parse_args()
    scores = read_scores(options.half)
    with_keys = [score.piece for score in scores]
    without = [piece.replace(keys=()) for piece in with_keys]
    notes = [sum(len(s.fifths) for s in scores if s.composer == name) for name in COMPOSERS]
    print(f"{len(scores)} scores, {dict(zip(COMPOSERS, notes, strict=True))} notes")
    print(f"| method | keys | {' | '.join(COMPOSERS)} | seconds |\n|---|---|{'---:|' * 5}")
    report("partimento", lambda: [ours(p) for p in with_keys], scores, "with")
    report("partimento", lambda: [ours(p) for p in without], scores, "without")
    if options.peers_python:
        python = options.peers_python
        report("partitura", lambda: of_partitura(python, without), scores, "without")
    if options.music21:
        report("music21", lambda: [of_music21(p) for p in with_keys], scores, "with")
        report("music21", lambda: [of_music21(p) for p in without], scores, "without")


if __name__ == "__main__":
    sys.exit(main())
