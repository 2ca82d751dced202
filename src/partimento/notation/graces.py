"""Find the ornaments that are written small, before the note they lead to."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from partimento.music.piece import Piece
from partimento.notation.rhythm import is_usual

Ornaments = Literal["exact", "grace"]
SHORT_QL = 0.13  # a played eighth grace lasts 9/80 of a quarter


@dataclass(frozen=True)
class Written:
    """The notes of a piece as they are to be written.

    Attributes
    ----------
    onset, end : (N,) int64
        In steps of ``piece.notes``.
    is_grace : (N,) bool
    leads_to : mapping of int to int
        Grace note → the step at which its main note begins.
    """

    onset: np.ndarray
    end: np.ndarray
    is_grace: np.ndarray
    leads_to: Mapping[int, int]


def written_notes(piece: Piece, ornaments: Ornaments) -> Written:
    """Separate grace notes from notes with a time of their own.

    Parameters
    ----------
    piece : Piece
    ornaments : str
        ``"exact"``: only notes flagged as grace notes, which readers put back where they were.
        ``"grace"``, for pictures: also played ornaments. These are short notes that begin at an
        unusual time and end where a main note begins. The shortened note gets its time back.
    """
    notes = piece.notes
    onset, end = notes.onset.tolist(), notes.end.tolist()
    part, pitch = notes.part.tolist(), notes.pitch.tolist()
    starts: dict[int, list[int]] = {}
    for voice, time in zip(part, onset, strict=True):
        starts.setdefault(voice, []).append(time)
    slack = (
        notes.divisions // 100 if ornaments == "grace" else 0
    )  # players of MIDI round: a tick may be lost
    leads: dict[int, int] = {}
    by_start: dict[tuple[int, int], int] = {}  # (part, onset) of a grace note → where it leads
    played: set[int] = set()
    for i in range(
        len(notes) - 1, -1, -1
    ):  # from the end, so that one grace note may lead to the next
        flagged = bool(notes.grace[i])
        evident = (
            ornaments == "grace"
            and end[i] - onset[i] <= SHORT_QL * notes.divisions
            and not is_usual(onset[i], notes.divisions)
        )
        if not flagged and not evident:
            continue
        mine = starts[part[i]]
        at = bisect_left(mine, end[i])
        if at < len(mine) and mine[at] <= end[i] + slack:
            leads[i] = by_start[part[i], onset[i]] = by_start.get((part[i], mine[at]), mine[at])
            if not flagged:
                played.add(i)
    # Only what leads to a note that is itself written in full can be drawn before it.
    full = {(part[i], onset[i]) for i in range(len(notes)) if i not in leads}
    leads = {i: to for i, to in leads.items() if (part[i], to) in full}
    back = {(part[i], onset[i]): to for i, to in leads.items() if i in played}
    struck = set(zip(part, pitch, onset, strict=True))
    new_end = [
        e if i in leads or (part[i], pitch[i], e) in struck else back.get((part[i], e), e)
        for i, e in enumerate(end)
    ]
    is_grace = np.zeros(len(notes), bool)
    is_grace[list(leads)] = True
    return Written(notes.onset, np.array(new_end, np.int64), is_grace, leads)


def by_target(written: Written, part: Sequence[int], wanted: int) -> dict[int, list[int]]:
    """Map the step of each main note to its grace notes, in playing order."""
    found: dict[int, list[int]] = {}
    for note in sorted(written.leads_to, key=lambda i: (int(written.onset[i]), i)):
        if part[note] == wanted:
            found.setdefault(written.leads_to[note], []).append(note)
    return found
