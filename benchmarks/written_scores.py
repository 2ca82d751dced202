"""The same music read from MusicXML and from a notation program's MIDI: which notes agree.

The repeats of the MusicXML are unfolded, and the ends of the MIDI's notes restored. The program
plays some notes otherwise than they are written: staccato notes for a half or a third of their
length, the notes of an arpeggio one after another, ornaments as several notes. Such notes are found
by their marks in the MusicXML, and counted apart. Grace notes are left out on both sides.

python benchmarks/written_scores.py [FOLDER]
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from lxml import etree

from partimento.analysis.note_ends import restore_note_ends
from partimento.corpus import read_piece
from partimento.io.musicxml.read import piece_from_musicxml
from partimento.music.piece import Piece

DATA = Path(os.environ.get("PARTIMENTO_DATA", Path(__file__).parents[2] / "shared" / "data"))
SLACK = 1 / 40  # of a quarter: MIDI rounds tuplets to ticks
LISTED = 0.95
# Marks whose notes a program plays otherwise. They are told apart by a velocity of their own, which
# the MusicXML gets before it is read.
MARKS = {
    "staccato": ("staccato", "staccatissimo", "spiccato", "detached-legato"),
    "arpeggio": ("arpeggiate", "non-arpeggiate", "glissando"),
    "ornament": ("trill-mark", "turn", "inverted-turn", "mordent", "inverted-mordent", "tremolo"),
}
VELOCITY = {name: 11 + 9 * i for i, name in enumerate(MARKS)}


class Agreement(NamedTuple):
    """How well two readings of a piece agree.

    Attributes
    ----------
    name : str
    notes, equal : Counter
        Number of notes in the MusicXML reading, and of those that the other one has with the same
        onset, pitch and duration, by their marks; ``plain`` has none.
    onsets : int
        Notes that the other reading has with the same onset and pitch.
    """

    name: str
    notes: Counter[str]
    equal: Counter[str]
    onsets: int

    def share(self, *kinds: str) -> float:
        """Share of equal notes among those of the given kinds; all by default."""
        kinds = kinds or tuple(self.notes)
        return sum(self.equal[kind] for kind in kinds) / max(
            sum(self.notes[kind] for kind in kinds), 1
        )


def marked(data: bytes) -> bytes:
    """Give the notes with marks a velocity that tells which."""
    root = etree.fromstring(data)
    for chord in _chords(root):
        for name, tags in MARKS.items():
            if any(note.find(f".//{tag}") is not None for note in chord for tag in tags):
                for note in chord:
                    note.set("dynamics", str(VELOCITY[name] / 0.9))
    return bytes(etree.tostring(root))


def _chords(root: etree._Element) -> list[list[etree._Element]]:
    chords: list[list[etree._Element]] = []
    for note in root.iter("note"):
        if note.find("chord") is not None and chords:
            chords[-1].append(note)
        else:
            chords.append([note])
    return chords


def agreement(name: str, written: Piece, played: Piece) -> Agreement:
    """Compare the MusicXML reading with the MIDI reading."""
    by_pitch: dict[int, list[list[float]]] = {}
    for note in played.notes:
        row = [float(note.onset), float(note.duration), 0.0]
        by_pitch.setdefault(note.pitch, []).append(row)
    kinds = {velocity: kind for kind, velocity in VELOCITY.items()}
    notes: Counter[str] = Counter()
    equal: Counter[str] = Counter()
    onsets = 0
    for note in sorted(
        set(written.notes), key=lambda note: (note.onset, note.pitch, -note.duration)
    ):
        if note.grace:
            continue
        kind = kinds.get(note.velocity, "plain")
        notes[kind] += 1
        near = [row for row in by_pitch.get(note.pitch, ()) if abs(row[0] - note.onset) <= SLACK]
        if near:
            best = min(near, key=lambda row: abs(row[1] - note.duration))
            onsets += 1
            equal[kind] += bool(abs(best[1] - note.duration) <= SLACK)
    return Agreement(name, notes, equal, onsets)


def measure(folder: Path) -> list[Agreement]:
    """Compare the readings of all titles in a folder."""
    found = []
    for path in sorted(folder.rglob("xml_score.musicxml")):
        written = piece_from_musicxml(marked(path.read_bytes()), unfold=True)
        midi = read_piece(path.with_name("midi_score.mid"))
        name = path.parent.relative_to(folder).as_posix()
        found.append(agreement(name, written, restore_note_ends(midi)))
    return found


def total(found: list[Agreement]) -> Agreement:
    """Sum over all titles."""
    notes = sum((row.notes for row in found), Counter[str]())
    equal = sum((row.equal for row in found), Counter[str]())
    return Agreement("all", notes, equal, sum(row.onsets for row in found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=DATA / "asap" / "scores")
    found = measure(parser.parse_args().folder)
    print(f"{'':46}{'notes':>7}{'onset':>8}{'equal':>8}{'plain':>8}  notes with marks")
    for row in [*sorted(found, key=lambda row: row.share("plain")), total(found)]:
        low = " <--" if row.share("plain") < LISTED else ""
        marks = ", ".join(f"{row.notes[kind]} {kind}" for kind in MARKS if row.notes[kind])
        count = sum(row.notes.values())
        print(
            f"{row.name:46}{count:7}{row.onsets / count:8.2%}{row.share():8.2%}"
            f"{row.share('plain'):8.2%}  {marks}{low}"
        )


if __name__ == "__main__":
    main()
