"""Decide which rests are drawn on a staff of several voices, and where.

Every voice fills its bar. A voice that sounds somewhere in the bar shows its rests, apart from
those that would only repeat another sign. See Gould, *Behind Bars*, 2011, chapter 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from partimento.notation.staves import Clef
from partimento.notation.symbol import Symbol
from partimento.notation.voices import LOWER, UPPER

# Voices that share a staff: of an instrument, of a choir, of drums, or the lines of a chorale that
# is one part.
Kind = Literal["instrument", "choir", "drums", "lines"]
STEPS = (0, 0, 1, 1, 2, 3, 3, 4, 4, 5, 5, 6)  # the degree of C major at or below a pitch class
# How far a rest extends above and below its place, in steps of the staff.
EXTENT = {"quarter": (3, 3), "eighth": (2, 2), "16th": (2, 2), "32nd": (3, 3), "64th": (4, 4)}
BLACK = {1, 3, 6, 8, 10}  # pitch classes that may be spelled a step higher
USUAL = 4  # the distance from the middle line at which engravers draw the rests of two voices
CLEARANCE = 1  # between a rest and the center of a note


class SharedStaff(NamedTuple):
    """A staff of several voices.

    Attributes
    ----------
    kind : {"instrument", "choir", "drums", "lines"}
    clef : Clef
    pitch : sequence of int
        MIDI pitches of all notes of the piece.
    """

    kind: Kind
    clef: Clef
    pitch: Sequence[int]


def with_rests(voices: Mapping[int, Sequence[Symbol]], staff: SharedStaff) -> list[list[Symbol]]:
    """Return the voices of a staff in one bar, with superfluous rests hidden.

    Two voices that rest together for the same time show one rest. Voices between them come and go:
    they show no rests, and the lower voice none while one of their notes sounds. Nor has it one
    below a note of the upper voice that reaches as far down. Two lines of a chorale may meet on
    one note: while one sounds, the other shows no rest. Neither do the hands of a drummer while the
    feet play. Rests of tuplets are always shown.

    Parameters
    ----------
    voices : mapping of int to sequence of Symbol
        By number: `voices.UPPER`, `voices.LOWER` or `voices.MIDDLE`.
    staff : SharedStaff

    Returns
    -------
    list of list of Symbol
        In the order of the numbers.
    """
    if len(voices) < 2 and staff.kind not in ("lines", "drums"):
        return [list(symbols) for symbols in voices.values()]
    shown = [
        [
            replace(s, hidden=True)
            if not s.notes and s.value.tuplet is None and _is_superfluous(s, number, voices, staff)
            else s
            for s in voices[number]
        ]
        for number in sorted(voices)
    ]
    if len(voices) < 2:
        return shown
    return [_placed(place, shown, staff) for place in range(len(shown))]


def _is_superfluous(
    rest: Symbol, number: int, voices: Mapping[int, Sequence[Symbol]], staff: SharedStaff
) -> bool:
    first = min(voices)
    if number != first and any(
        not s.notes and (s.onset, s.duration) == (rest.onset, rest.duration) for s in voices[first]
    ):
        return True
    if staff.kind in ("lines", "drums"):
        return number != first or any(
            s.notes and _sound_together(s, rest) for voice in voices.values() for s in voice
        )
    if staff.kind == "choir":  # singers count every rest
        return False
    if number not in (UPPER, LOWER):
        return True
    middle = [s for other in voices if other not in (UPPER, LOWER) for s in voices[other]]
    if number == LOWER and any(s.notes and _sound_together(s, rest) for s in middle):
        return True
    return number == LOWER and any(
        _sound_together(s, rest) and _reaches_down(s, staff) for s in voices.get(UPPER, ())
    )


def _sound_together(first: Symbol, second: Symbol) -> bool:
    """Return whether the times of two symbols overlap."""
    return (
        first.onset < second.onset + second.duration and second.onset < first.onset + first.duration
    )


def _reaches_down(symbol: Symbol, staff: SharedStaff) -> bool:
    """Return whether a symbol has notes where the lower voice's rests usually are."""
    lowest = min((staff.pitch[note] for note, _, _ in symbol.notes), default=127)
    return _step(lowest) <= staff.clef.middle - USUAL


def _placed(place: int, voices: Sequence[Sequence[Symbol]], staff: SharedStaff) -> list[Symbol]:
    """Return the symbols of a voice, the rests of which meet no note of another one."""
    others = [symbol for i, voice in enumerate(voices) if i != place for symbol in voice]
    return [
        replace(symbol, place=_place_of(symbol, others, staff, is_upper=place == 0))
        if not symbol.notes and not symbol.hidden
        else symbol
        for symbol in voices[place]
    ]


def _place_of(
    rest: Symbol, others: Sequence[Symbol], staff: SharedStaff, *, is_upper: bool
) -> int | None:
    """Return where a rest is drawn; None for the usual place of its voice."""
    beside = [s for s in others if s.onset == rest.onset or rest.whole_bar]
    pitches = [staff.pitch[note] for symbol in beside for note, _, _ in symbol.notes]
    middle = staff.clef.middle
    if not pitches:
        is_repeated = any(s.hidden and s.duration == rest.duration for s in beside)
        is_silent = not any(s.notes and _sound_together(s, rest) for s in others)
        return middle if is_repeated and is_silent else None
    above, below = EXTENT.get(rest.value.type, (1, 1))
    if is_upper:
        lowest = max(_step(pitch + (pitch % 12 in BLACK)) for pitch in pitches)
        lowest += CLEARANCE + below
        return None if lowest <= middle + USUAL else lowest + (lowest - middle) % 2
    highest = min(_step(pitch) for pitch in pitches) - CLEARANCE - above
    return None if highest >= middle - USUAL else highest - (highest - middle) % 2


def _step(pitch: int) -> int:
    """Return the position of a pitch, spelled with a sharp: seven per octave, C0 is 0."""
    octave, degree = divmod(pitch - 12, 12)
    return 7 * octave + STEPS[degree]
