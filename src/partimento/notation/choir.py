"""Recognize a choir of four voices, which is drawn on two staves.

Each staff has two voices with stems up and down, as in hymn books. The piece keeps its four parts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from partimento.music.instruments import PROGRAMS, plain_words
from partimento.music.notes import Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Bar, Part
from partimento.notation.grace_layout import Graces, StaffSpans
from partimento.notation.graces import WrittenNotes, by_target
from partimento.notation.layout import (
    PartLayout,
    StaffBar,
    by_bar,
    spans_of,
    voice_bar,
    whole_bar_rest,
)
from partimento.notation.rests import SharedStaff, with_rests
from partimento.notation.staves import BASS, CHOIRS, KEYBOARDS, TREBLE, nearest_clef
from partimento.notation.symbol import Symbol

VOICES = 4
# The names of singers from the top, as whole names of parts. Numbers may follow: "Tenor 2".
REGISTERS = (
    r"s|sop|sopran\w*|cant[ou]s?|discant\w*|superius|treble",
    r"a|alt|alt[oi]s?|contralt\w*|mezzo\w*",
    r"t|ten|tenor\w*",
    r"b|bass?|bass[eiou]\w*|barit\w*|baryt\w*",
)
NAMES = [re.compile(rf"(?:{words})(?: ?(?:voice|[1-4]|i{{1,3}}))?") for words in REGISTERS]
MIDDLE_C = 60
SINGERS = range(52, 55)  # General MIDI's choirs and voices
# Chorales are often played on these instruments, while their parts are named after singers.
PLAYED_ON = KEYBOARDS | CHOIRS


def shared_staves(piece: Piece, written: WrittenNotes) -> tuple[tuple[int, ...], ...]:
    """Return the parts that are drawn together on the staves of one part of the score.

    A choir has two staves: soprano and alto, tenor and bass. A piece is a choir if it has exactly
    four parts, each of one note at a time. They are named after singers, from the top, or all have
    a General MIDI program of voices. All other parts have staves of their own.

    Returns
    -------
    tuple of tuple of int
        ``((0, 1), (2, 3))`` for a choir, else ``((0,), (1,), …)``.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from partimento.music.notes import Note
    >>> from partimento.notation.graces import written_notes
    >>> notes = [Note(Fraction(0), Fraction(1), 72 - 7 * part, part=part) for part in range(4)]
    >>> choir = Piece(notes, parts=tuple(map(Part, ("Soprano", "Alto", "Tenor", "Bass"))))
    >>> shared_staves(choir, written_notes(choir, "exact"))
    ((0, 1), (2, 3))
    """
    if is_choir(piece.parts) and _has_single_notes(piece.notes, written):
        return (0, 1), (2, 3)
    return tuple((part,) for part in range(len(piece.parts)))


def is_choir(parts: Sequence[Part]) -> bool:
    """Return whether these are four singers, by their names or programs."""
    if len(parts) != VOICES or any(part.is_drum or part.clef for part in parts):
        return False
    ranks = [_register(part) for part in parts]
    if all(rank >= 0 for rank in ranks):
        return ranks == sorted(ranks)
    return all(part.program in SINGERS for part in parts)


def _register(part: Part) -> int:
    """Return the register of a singer, 0 (soprano) to 3 (bass), or -1."""
    if part.program is not None and PROGRAMS[part.program] not in PLAYED_ON:
        return -1
    name = " ".join(re.findall(r"\w+", plain_words(part.name)))
    return next((rank for rank, names in enumerate(NAMES) if names.fullmatch(name)), -1)


def _has_single_notes(notes: Notes, written: WrittenNotes) -> bool:
    """Return whether every part has single notes, and grace notes only before them."""
    for part in range(VOICES):
        own = (notes.part == part) & ~written.is_grace
        order = np.argsort(written.onset[own], kind="stable")
        onset, end = written.onset[own][order], written.end[own][order]
        if not len(onset) or (onset[1:] < end[:-1]).any():
            return False
        if by_target(written, notes.part.tolist(), part).keys() - set(onset.tolist()):
            return False
    return True


def lay_out_together(
    piece: Piece,
    written: WrittenNotes,
    parts: Sequence[int],
    bars: Sequence[Bar],
    ticks: int,
    drawn: Sequence[dict[int, int]],
) -> PartLayout:
    """Lay out parts of single notes on one staff, as a voice each.

    The parameters are those of `layout.lay_out`; `parts` are from `shared_staves`.
    """
    notes = piece.notes
    scale = ticks // notes.divisions
    spans = [spans_of(piece, written, part, ticks) for part in parts]
    graces = []
    for part, own in zip(parts, spans, strict=True):
        targets = by_target(written, notes.part.tolist(), part)
        by_time = {to * scale: group for to, group in targets.items()}
        graces.append(Graces(by_time, own, written.onset, notes.pitch))
    indices = np.isin(notes.part, parts) & ~written.is_grace
    clef = nearest_clef((TREBLE, BASS), notes.pitch[indices], notes.duration[indices])
    lowest = notes.pitch[indices & (notes.part == parts[-1])]
    is_low = len(lowest) and lowest.mean() < MIDDLE_C
    if parts[-1] == VOICES - 1 and is_low:  # men's voices, even if the tenor is high
        clef = BASS
    in_bars = [list(by_bar(own, bars, ticks)) for own in spans]
    style = SharedStaff("choir", clef, notes.pitch.tolist())
    staff_bars = []
    for number, (bar, drawn_in_bar) in enumerate(zip(bars, drawn, strict=True)):
        voices = []
        for rank, own_bars in enumerate(in_bars):
            staff = StaffSpans(own_bars[number], {span.note: 0 for span in own_bars[number]})
            symbols = voice_bar(bar, staff.spans, ticks, drawn_in_bar)
            if not staff.spans and bar.duration == bar.meter.bar_ql:
                symbols = [whole_bar_rest(bar, ticks)]
            voices.append(tuple(graces[rank].attach([[symbols]], [staff])[0][0]))
        staff_bars.append((StaffBar(_with_rests(voices, style), True, clef),))
    return PartLayout((clef,), tuple(staff_bars))


def _with_rests(
    voices: Sequence[Sequence[Symbol]], style: SharedStaff
) -> tuple[tuple[Symbol, ...], ...]:
    """Return the voices of a bar with their rests, or one voice if all are silent."""
    if all(not symbol.notes for voice in voices for symbol in voice):
        return (tuple(voices[0]),)
    return tuple(tuple(voice) for voice in with_rests(dict(enumerate(voices)), style))
