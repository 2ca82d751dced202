"""Compare our reading of kern files with that of verovio, notes and speed.

    python benchmarks/kern.py                 # all kern files of music21's corpus
    python benchmarks/kern.py FOLDER --show 5

Notes are equal if part order, pitch, onset and duration agree; ties are joined. Grace notes are
counted apart.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import verovio
from lxml import etree

import partimento as pt

XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
STEPS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
ALTERATIONS = {"s": 1, "ss": 2, "x": 2, "f": -1, "ff": -2, "n": 0}
Notes = Counter[tuple[Fraction, Fraction, int]]


class Reading(NamedTuple):
    """The notes of a file without grace notes, and the number of these."""

    notes: Notes
    graces: int


def our_reading(path: Path) -> Reading:
    """Read a file with partimento."""
    notes = pt.read(path).notes
    main = [note for note in notes if not note.grace]
    return Reading(
        Counter((note.onset, note.duration, note.pitch) for note in main), len(notes) - len(main)
    )


def verovio_reading(path: Path, toolkit: verovio.toolkit) -> Reading:
    """Read a file with verovio: times from its timemap, pitches and ties from its MEI."""
    if not toolkit.loadFile(str(path)):
        raise ValueError(f"verovio cannot read {path}")
    parser = etree.XMLParser(huge_tree=True)
    root = etree.fromstring(toolkit.getMEI().encode("utf-8", "replace"), parser)
    pitches, graces = _pitches(root)
    # Grace notes, arpeggios, and directions after the end of a bar move other notes in verovio's
    # timemap.
    moving = [one for one in root.iterfind(".//{*}measure/*") if _moves_notes(one)]
    if graces or moving:
        for element in moving:
            element.getparent().remove(element)
        _remove_graces(root)
        toolkit.loadData(etree.tostring(root, encoding="unicode"))
    times = _times(toolkit)
    follower = {tie.get("startid", "")[1:]: tie.get("endid", "")[1:] for tie in root.iter("{*}tie")}
    ends = set(follower.values())
    notes: Notes = Counter()
    for name, pitch in pitches.items():
        if name in ends or name not in times:
            continue
        onset, end = times[name]
        while (name := follower.get(name, "")) in times and abs(times[name][0] - end) < 1e-6:
            end = times[name][1]
        notes[_exact(onset), _exact(end - onset), pitch] += 1
    return Reading(notes, graces)


def _exact(quarters: float) -> Fraction:
    return Fraction(quarters).limit_denominator(1000)


def _times(toolkit: verovio.toolkit) -> dict[str, tuple[float, float]]:
    """Return onset and end of each note by its id, in quarters."""
    onsets: dict[str, float] = {}
    times: dict[str, tuple[float, float]] = {}
    for entry in toolkit.renderToTimemap({"includeRests": False}):
        now = entry["qstamp"]
        for name in entry.get("off", ()):
            if name in onsets:
                times[name] = onsets.pop(name), now
        onsets |= dict.fromkeys(entry.get("on", ()), now)
    return times


def _moves_notes(element: etree._Element) -> bool:
    return element.get("tstamp") is not None or element.tag.endswith("arpeg")


def _remove_graces(root: etree._Element) -> None:
    graces = [one for one in root.iter("{*}note", "{*}chord", "{*}graceGrp") if _is_grace(one)]
    for element in graces:
        if element.getparent() is not None:
            element.getparent().remove(element)


def _is_grace(element: etree._Element) -> bool:
    return bool(element.get("grace")) or element.tag.endswith("graceGrp")


def _pitches(root: etree._Element) -> tuple[dict[str, int], int]:
    """Return the pitch of each note by its id, and the number of grace notes."""
    shift = {
        staff.get("n"): int(staff.get("trans.semi", "0")) for staff in root.iter("{*}staffDef")
    }
    pitches, graces = {}, 0
    for staff in root.iter("{*}staff"):
        for note in staff.iter("{*}note"):
            if _is_grace(note) or any(_is_grace(one) for one in note.iterancestors()):
                graces += 1
            elif note.get("pname"):
                pitches[note.get(XML_ID)] = _pitch(note) + shift.get(staff.get("n"), 0)
    return pitches, graces


def _pitch(note: etree._Element) -> int:
    marks = [note, *note.iterchildren("{*}accid")]
    alteration = next(
        (mark.get(key) for key in ("accid.ges", "accid") for mark in marks if mark.get(key)), "n"
    )
    octave = int(note.get("oct.ges") or note.get("oct"))
    return 12 * (octave + 1) + STEPS[note.get("pname")] + ALTERATIONS[alteration]


def unisons(notes: Notes) -> Notes:
    """Return the notes that overlap another note of their pitch.

    Two voices of one part then are one line with us, and two with verovio.
    """
    by_pitch: dict[int, list[tuple[Fraction, Fraction, int]]] = {}
    for note in sorted(notes.elements()):
        by_pitch.setdefault(note[2], []).append(note)
    overlapping: Notes = Counter()
    for line in by_pitch.values():
        for i, (onset, duration, pitch) in enumerate(line):
            near = line[max(i - 8, 0) : i] + line[i + 1 : i + 9]
            if any(o < onset + duration and onset < o + d for o, d, _ in near):
                overlapping[onset, duration, pitch] += 1
    return overlapping


def new_toolkit() -> verovio.toolkit:
    """Return a toolkit that plays scores as they are written."""
    toolkit = verovio.toolkit()
    verovio.enableLog(verovio.LOG_OFF)
    toolkit.setOptions({"breaks": "none", "expandNever": True})
    return toolkit


def corpus_files() -> list[Path]:
    """Return all kern files of music21's corpus."""
    from music21 import common

    return sorted((common.getSourceFilePath() / "corpus").rglob("*.krn"))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--suffix", default="krn")
    parser.add_argument("--show", type=int, default=3, help="differences shown per file")
    options = parser.parse_args()
    files = (
        sorted(options.folder.rglob(f"*.{options.suffix}")) if options.folder else corpus_files()
    )
    toolkit = new_toolkit()
    pt.read(files[0])
    seconds = [0.0, 0.0]
    total = equal = merged = warned = graces = 0
    for path in files:
        began = time.perf_counter()
        try:
            ours = our_reading(path)
        except pt.PartimentoError as error:
            print(f"{path.name}: not read by us: {error}")
            ours = Reading(Counter(), 0)
        between = time.perf_counter()
        theirs = verovio_reading(path, toolkit)
        seconds[0] += between - began
        seconds[1] += time.perf_counter() - between
        total += max(theirs.notes.total(), ours.notes.total())
        equal += (ours.notes & theirs.notes).total()
        lost = theirs.notes - ours.notes
        merged += (lost & unisons(theirs.notes)).total()
        graces += ours.graces != theirs.graces
        if ours.notes != theirs.notes or ours.graces != theirs.graces:
            warned += 1
            print(f"{path.parent.name}/{path.name}: graces {ours.graces} {theirs.graces}")
            for name, more in (
                ("only we", ours.notes - theirs.notes),
                ("only verovio", lost - unisons(theirs.notes)),
            ):
                shown = sorted(more.items())[: options.show]
                print(f"   {name} ({more.total()}):", *(tuple(map(str, note)) for note, _ in shown))
    print(
        f"{len(files)} files, {equal} of {total} notes equal ({equal / total:.4%}), {merged} more"
        f" are unisons of two voices ({(equal + merged) / total:.4%}); {warned} files"
        f" differ, {graces} of them in grace notes"
    )
    print(
        f"ours {seconds[0]:.1f} s, verovio {seconds[1]:.1f} s: a ratio of"
        f" {seconds[1] / seconds[0]:.1f}"
    )


if __name__ == "__main__":
    main()
