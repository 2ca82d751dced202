"""Recognize the two hands of a keyboard in two parts, and change their clefs.

Many programs write a track for each hand to MIDI files. On paper they are two staves under one
brace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from partimento.music.events import sweep
from partimento.music.notes import Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Bar
from partimento.notation.staves import BASS, KEYBOARDS, TREBLE, Clef, instrument_of
from partimento.notation.voices import Span

# A hand spans up to a tenth, and more for at most this share of the time.
TENTH, WIDE_SHARE = 16, 0.3
APART = 5  # semitones between the average pitches of the hands
# Notes up to one ledger line away from the staff are easy to read. Farther ones cost a point per
# step and note, and a change of clef this many.
EASY, CHANGE = 6, 24
UNUSUAL = 0.5  # points per bar, for treble clef in the left hand and bass clef in the right


def has_hands(piece: Piece) -> bool:
    """Return whether the two parts of a piece are the hands of one keyboard player.

    Both are keyboards, or at least not known to be anything else. The first one is higher, each has
    notes that a hand can reach, and together they need both clefs.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from partimento.music.notes import Note
    >>> from partimento.music.timelines import Part
    >>> notes = [Note(Fraction(0), Fraction(4), 72), Note(Fraction(0), Fraction(4), 48, part=1)]
    >>> has_hands(Piece(notes, parts=(Part("", 0), Part("", 0))))
    True
    """
    parts = piece.parts
    if len(parts) != 2 or any(p.is_drum or p.clef or p.staves == 2 for p in parts):
        return False
    instruments = {instrument_of(part) for part in parts}
    # The second track of a piano often states no program.
    if not instruments <= KEYBOARDS | {""} or len(instruments - {""}) > 1:
        return False
    notes = piece.notes
    if not all((notes.part == part).any() for part in (0, 1)):
        return False
    right, left = (
        float(
            np.average(notes.pitch[notes.part == part], weights=notes.duration[notes.part == part])
        )
        for part in (0, 1)
    )
    needs_both = bool(notes.pitch.min() < 57 and notes.pitch.max() > 63)
    return (
        needs_both
        and right >= left + APART
        and all(_wide_share(notes, part) <= WIDE_SHARE for part in (0, 1))
    )


def _wide_share(notes: Notes, part: int) -> float:
    """Return the share of the sounding time in which a part spans more than a tenth."""
    own = notes.select(notes.part == part)
    cut = sweep(own.onset, own.end, own.pitch)
    first, last = cut.first[:-1], cut.first[1:] - 1
    sounds = last >= first
    lasting = np.diff(cut.times)[sounds]
    span = cut.pitch[last[sounds]] - cut.pitch[first[sounds]]
    return float(lasting[span > TENTH].sum() / max(lasting.sum(), 1))


def clefs_by_bar(
    spans: Sequence[Span],
    place: Mapping[int, int],
    bars: Sequence[Bar],
    ticks: int,
    clefs: Sequence[Clef],
) -> list[tuple[Clef, ...]]:
    """Choose the clefs of the staves of a keyboard for each bar.

    They change where the ledger lines of several notes are more disturbing than the change.

    Parameters
    ----------
    spans : sequence of Span
    place : mapping of int to int
        The staff of each note; those that are missing are on the first one.
    bars : sequence of Bar
    ticks : int
        Ticks per quarter.
    clefs : sequence of Clef
        The usual clef of each staff.
    """
    starts = np.array([int(bar.onset * ticks) for bar in bars])
    columns = []
    for staff, usual in enumerate(clefs):
        costs = np.zeros((len(bars), 2))
        costs[:, 0 if usual == BASS else 1] += UNUSUAL
        for span in spans:
            if place.get(span.note, 0) == staff:
                bar = max(int(np.searchsorted(starts, span.start, side="right")) - 1, 0)
                step = span.pitch * 7 / 12 - 7
                for i, clef in enumerate((TREBLE, BASS)):
                    costs[bar, i] += max(0.0, abs(step - clef.middle) - EASY)
        columns.append([(TREBLE, BASS)[i] for i in _cheapest(costs)])
    return list(zip(*columns, strict=True))


def _cheapest(costs: np.ndarray) -> list[int]:
    """Return the cheapest row of choices, where each change costs `CHANGE`."""
    total, came_from = costs[0].copy(), []
    for row in costs[1:]:
        change = total[::-1] + CHANGE < total
        came_from.append(np.where(change, [1, 0], [0, 1]))
        total = np.where(change, total[::-1] + CHANGE, total) + row
    choice = [int(total.argmin())]
    for origin in reversed(came_from):
        choice.append(int(origin[choice[-1]]))
    return choice[::-1]
