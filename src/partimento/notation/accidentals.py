"""Decide which notes are printed with an accidental.

An accidental is valid in its octave, on its staff, and up to the bar line. Beyond that, a reader
may still have it in mind: courtesy accidentals then say that it is no longer valid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from partimento.music.timelines import Key
from partimento.notation.layout import StaffBar
from partimento.notation.spelling import Spelling

SHARPS, FLATS = "FCGDAEB", "BEADGCF"
Place = tuple[str, int]  # step and octave
GRACE_BEFORE, NOTE, GRACE_AFTER = range(3)  # the order of what is written at one time


class Accidental(NamedTuple):
    """A printed accidental: its alteration, and whether it is only a courtesy."""

    alter: int
    is_courtesy: bool


class _Written(NamedTuple):
    """A note as it is written, in the order in which it is read."""

    onset: int
    order: int
    note: int
    staff: int
    is_tied: bool  # to a note before


class PartAccidentals:
    """The accidentals of one part, bar after bar.

    A courtesy accidental is given to the first note of a bar on a line or space in two cases:

    - In the bar before on the staff, this step was last altered otherwise, at most an octave away.
    - In this bar, the same step is altered otherwise in another octave, on the other staff or by a
      note tied over the bar line.

    See Gould, *Behind Bars*, 2011, chapter 4.

    Parameters
    ----------
    names : sequence of Spelling
        One for each note of the piece.
    keys : sequence of Key
    ticks : int
        Ticks per quarter.
    """

    def __init__(self, names: Sequence[Spelling], keys: Sequence[Key], ticks: int) -> None:
        self.names, self.ticks = names, ticks
        self.keys = list(keys)
        self.signature: dict[str, int] = {}
        # For each staff the last alteration of each place in the bar before.
        self.before: dict[int, dict[Place, int]] = {}

    def in_bar(self, staves: Sequence[StaffBar]) -> dict[tuple[int, int], Accidental]:
        """Return the accidentals of the next bar by note and onset of its symbol."""
        accidentals: dict[tuple[int, int], Accidental] = {}
        valid: list[dict[Place, int]] = [{} for _ in staves]
        sounded: list[dict[Place, int]] = [{} for _ in staves]
        seen: set[tuple[int, Place]] = set()
        for written in sorted(_notes_of(staves)):
            while self.keys and self.keys[0].onset * self.ticks <= written.onset:
                self.signature = signature_of(self.keys.pop(0))
                valid = [{} for _ in staves]
            name, staff = self.names[written.note], written.staff
            place = (name.step, name.octave)
            if not written.is_tied:
                known = valid[staff].get(place, self.signature.get(name.step, 0))
                if known != name.alter:
                    accidentals[written.note, written.onset] = Accidental(name.alter, False)
                    valid[staff][place] = name.alter
                elif (staff, place) not in seen and self._is_unclear(name, staff, sounded):
                    accidentals[written.note, written.onset] = Accidental(name.alter, True)
                seen.add((staff, place))
            sounded[staff][place] = name.alter
        self.before = dict(enumerate(sounded))
        return accidentals

    def _is_unclear(
        self, name: Spelling, staff: int, sounded: Sequence[Mapping[Place, int]]
    ) -> bool:
        """Return whether the step of a note was altered otherwise shortly before."""
        before = self.before.get(staff, {})
        near = {place: before[place] for place in before if abs(place[1] - name.octave) <= 1}
        return any(
            step == name.step and alter != name.alter
            for places in (*sounded, near)
            for (step, _), alter in places.items()
        )


def _notes_of(staves: Sequence[StaffBar]) -> list[_Written]:
    """Return the notes of a bar; grace notes at its end come after all others."""
    written = []
    for number, staff in enumerate(staves):
        for symbol in (symbol for voice in staff.voices for symbol in voice):
            onset, last = symbol.onset, symbol.onset + symbol.duration - 1
            written += [_Written(onset, NOTE, n, number, tied) for n, tied, _ in symbol.notes]
            written += [_Written(onset, GRACE_BEFORE, n, number, False) for n in symbol.graces]
            written += [_Written(last, GRACE_AFTER, n, number, False) for n in symbol.graces_after]
    return written


def signature_of(key: Key) -> dict[str, int]:
    """Return the alteration of each step that a key signature alters."""
    if key.fifths >= 0:
        return dict.fromkeys(SHARPS[: key.fifths], 1)
    return dict.fromkeys(FLATS[: -key.fifths], -1)
