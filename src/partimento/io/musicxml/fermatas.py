"""Decide where fermatas are written."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction

import numpy as np

from partimento.music.piece import Piece
from partimento.notation.layout import StaffBar

Places = dict[tuple[int, int, int], tuple[int, bool]]


def ends_under_fermata(piece: Piece, *, is_exact: bool = True) -> dict[int, int]:
    """Map the index of each note under a fermata to its end, in steps.

    These are the notes that begin at a fermata and with which a phrase ends. Where none of the
    notes at a fermata ends a phrase, all of them are under it. For pictures (`is_exact` is false),
    the other voices that end with these notes are under a fermata, too, as in printed scores.
    """
    notes = piece.notes
    if not piece.fermatas:
        return {}
    at = _steps(piece.fermatas, notes.divisions)
    begins = np.isin(notes.onset, at) & (notes.grace == 0)
    closes = begins & np.isin(notes.end, _steps(piece.phrase_ends, notes.divisions))
    others = begins & ~np.isin(notes.onset, notes.onset[closes])
    under = closes | others
    if not is_exact:
        under |= np.isin(notes.end, notes.end[closes]) & (notes.grace == 0)
    return {int(i): int(notes.end[i]) for i in np.flatnonzero(under)}


def _steps(times: Collection[Fraction], divisions: int) -> list[int]:
    scaled = [time * divisions for time in times]
    return [time.numerator for time in scaled if time.denominator == 1]


def fermatas_of_bar(
    staves: Sequence[StaffBar],
    ends: Mapping[int, int],
    onsets: Sequence[int],
    *,
    is_lower: bool = False,
    is_exact: bool = True,
) -> Places:
    """Place the fermatas of a bar.

    Two voices of a staff share a fermata. It is above the upper voice, and on a lower staff
    upside down below the lower voice. A tied note has it at its end.

    Parameters
    ----------
    staves : sequence of StaffBar
    ends : mapping of int to int
        From `ends_under_fermata`.
    onsets : sequence of int
        The onset of each note of the piece, in steps.
    is_lower : bool
        Whether the first staff is the lower one of two, as of a choir.
    is_exact : bool
        Whether every onset under a fermata is written. Pictures have one fermata on a staff
        where several voices end together.

    Returns
    -------
    dict
        (staff, voice, onset of the symbol in ticks) → the note that has it, whether it is upside
        down.
    """
    places: Places = {}
    for staff, content in enumerate(staves):
        lower = is_lower or staff > 0
        taken: set[tuple[int, int]] = set()
        voices = list(enumerate(content.voices))
        for rank, symbols in reversed(voices) if lower else voices:
            for symbol in symbols:
                for note, _, to_next in symbol.notes:
                    if to_next or note not in ends:
                        continue
                    key = (ends[note], onsets[note] if is_exact else 0)
                    if key not in taken:
                        is_below = rank % 2 == 1 if content.stems else lower
                        places[staff, rank, symbol.onset] = (note, is_below)
                        taken.add(key)
    return places
