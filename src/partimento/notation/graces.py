"""Find the notes that are written as grace notes, before their main note."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from partimento.music.grace_placement import grace_targets
from partimento.music.piece import Piece
from partimento.notation.rhythm import is_usual

Ornaments = Literal["exact", "grace"]
# The longest played grace note, in quarters. Notation programs play an eighth grace note for 9/80.
SHORT_QL = 0.13


@dataclass(frozen=True)
class WrittenNotes:
    """The notes of a piece as they are to be written.

    Attributes
    ----------
    onset, end : (N,) int64
        In steps of ``piece.notes``.
    is_grace : (N,) bool
    leads_to : mapping of int to int
        Index of a grace note → the step at which its main note begins. Before a rest and after the
        last note, this is the time at which the row of grace notes ends.
    """

    onset: np.ndarray
    end: np.ndarray
    is_grace: np.ndarray
    leads_to: Mapping[int, int]


def written_notes(piece: Piece, ornaments: Ornaments) -> WrittenNotes:
    """Separate grace notes from notes with a written duration.

    Parameters
    ----------
    piece : Piece
    ornaments : str
        ``"exact"``: only notes that are flagged as grace notes, so that reading the score gives the
        same piece. ``"grace"``, for pictures: also unflagged ornaments of MIDI files. These are
        short notes that begin at an unusual time and end where a main note begins. The note that
        was shortened for one gets its full duration.

    Returns
    -------
    WrittenNotes
    """
    notes = piece.notes
    onset, end = notes.onset.tolist(), notes.end.tolist()
    part, pitch = notes.part.tolist(), notes.pitch.tolist()
    starts: dict[int, list[int]] = {}
    for voice, time in zip(part, onset, strict=True):
        starts.setdefault(voice, []).append(time)
    # Programs that write MIDI round times to ticks, so that a grace note may end a tick too early.
    slack = notes.divisions // 100 if ornaments == "grace" else 0
    leads = grace_targets(notes)
    # (part, onset) of a grace note → onset of its main note
    by_start = {(part[i], onset[i]): to for i, to in leads.items()}
    unflagged: set[int] = set()
    # From the end, because a grace note may lead to another one.
    for i in reversed(range(len(notes))) if ornaments == "grace" else ():
        if (
            i in leads
            or end[i] - onset[i] > SHORT_QL * notes.divisions
            or is_usual(onset[i], notes.divisions)
        ):
            continue
        onsets = starts[part[i]]
        at = bisect_left(onsets, end[i])
        if at < len(onsets) and onsets[at] <= end[i] + slack:
            leads[i] = by_start[part[i], onset[i]] = by_start.get((part[i], onsets[at]), onsets[at])
            unflagged.add(i)
    # An ornament that is not flagged is one only if it leads to a main note.
    full = {(part[i], onset[i]) for i in range(len(notes)) if i not in leads}
    leads = {i: to for i, to in leads.items() if i not in unflagged or (part[i], to) in full}
    restored_end = {
        (part[i], onset[i]): to
        for i, to in leads.items()
        if i in unflagged or (ornaments == "grace" and not is_usual(onset[i], notes.divisions))
    }
    attacks = set(zip(part, pitch, onset, strict=True))
    new_end = [
        e if i in leads or (part[i], pitch[i], e) in attacks else restored_end.get((part[i], e), e)
        for i, e in enumerate(end)
    ]
    is_grace = np.zeros(len(notes), bool)
    is_grace[list(leads)] = True
    return WrittenNotes(notes.onset, np.array(new_end, np.int64), is_grace, leads)


def by_target(written: WrittenNotes, parts: Sequence[int], part: int) -> dict[int, list[int]]:
    """Map the times to which grace notes of a part lead to these notes.

    Parameters
    ----------
    written : WrittenNotes
    parts : sequence of int
        The part of every note.
    part : int
        The part whose grace notes are returned.

    Returns
    -------
    dict of int to list of int
        Time in steps → indices of grace notes.
    """
    graces: dict[int, list[int]] = {}
    for note in sorted(written.leads_to, key=lambda i: (int(written.onset[i]), i)):
        if parts[note] == part:
            graces.setdefault(written.leads_to[note], []).append(note)
    return graces


def slots_of(graces: Iterable[int], onset: np.ndarray) -> list[list[int]]:
    """Group grace notes by onset, in playing order: each group is a note or a chord."""
    slots: dict[int, list[int]] = {}
    for note in graces:
        slots.setdefault(int(onset[note]), []).append(note)
    return [slots[time] for time in sorted(slots)]


def shared_out(
    slots: Iterable[Sequence[int]], chords: Sequence[Sequence[int]], pitch: np.ndarray
) -> list[list[int]]:
    """Share the grace notes before several chords among these, by nearest pitch.

    Each chord gets a row without gaps. Otherwise its grace notes would be read at other times.

    Parameters
    ----------
    slots : iterable of sequence of int
        Grace notes with one target, from `slots_of`; first those that every row has.
    chords : sequence of sequence of int
        The notes of each chord that begins at the target.
    pitch : (N,) int64
        The pitches of all notes.

    Returns
    -------
    list of list of int
        The grace notes of each chord, in no order.
    """
    shares: list[list[int]] = [[] for _ in chords]
    candidates = set(range(len(chords)))
    for slot in slots:
        taken: set[int] = set()
        for grace in slot:
            nearest = min(
                candidates,
                key=lambda k: min(abs(int(pitch[note]) - int(pitch[grace])) for note in chords[k]),
            )
            taken.add(nearest)
            shares[nearest].append(grace)
        candidates = taken
    return shares
