"""Find the notes that are written as grace notes, before their main note."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

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
        Index of a grace note → the step at which its main note begins.
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
    leads: dict[int, int] = {}
    by_start: dict[tuple[int, int], int] = {}  # (part, onset) of a grace note → main note's onset
    unflagged: set[int] = set()
    # From the end, because a grace note may lead to another one.
    for i in range(len(notes) - 1, -1, -1):
        flagged = bool(notes.grace[i])
        evident = (
            ornaments == "grace"
            and end[i] - onset[i] <= SHORT_QL * notes.divisions
            and not is_usual(onset[i], notes.divisions)
        )
        if not flagged and not evident:
            continue
        onsets = starts[part[i]]
        at = bisect_left(onsets, end[i])
        if at < len(onsets) and onsets[at] <= end[i] + slack:
            leads[i] = by_start[part[i], onset[i]] = by_start.get((part[i], onsets[at]), onsets[at])
            if not flagged:
                unflagged.add(i)
    # A grace note can only be drawn before a main note, which has a written duration.
    full = {(part[i], onset[i]) for i in range(len(notes)) if i not in leads}
    leads = {i: to for i, to in leads.items() if (part[i], to) in full}
    restored_end = {(part[i], onset[i]): to for i, to in leads.items() if i in unflagged}
    attacks = set(zip(part, pitch, onset, strict=True))
    new_end = [
        e if i in leads or (part[i], pitch[i], e) in attacks else restored_end.get((part[i], e), e)
        for i, e in enumerate(end)
    ]
    is_grace = np.zeros(len(notes), bool)
    is_grace[list(leads)] = True
    return WrittenNotes(notes.onset, np.array(new_end, np.int64), is_grace, leads)


def by_target(written: WrittenNotes, parts: Sequence[int], part: int) -> dict[int, list[int]]:
    """Map the onset of each main note of a part to its grace notes, in playing order.

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
        Onset in steps → indices of grace notes.
    """
    graces: dict[int, list[int]] = {}
    for note in sorted(written.leads_to, key=lambda i: (int(written.onset[i]), i)):
        if parts[note] == part:
            graces.setdefault(written.leads_to[note], []).append(note)
    return graces
