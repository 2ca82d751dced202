"""Assign each note to a staff and a voice.

There are three textures: lines, hands and a single staff. Lines are four parts, as in a chorale, on
two staves of two voices each. Hands are the two staves of a keyboard. All other parts have a single
staff. On hands and single staves, notes that begin and end together share one voice. Elsewhere they
divide into two voices, with stems up and down, and rarely into three. A melodic line (see
`analysis.voice_separation`) changes hand or voice only where that helps a reader. Voices that a
piece states are kept; see `stated_voices`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, combinations_with_replacement, groupby
from typing import NamedTuple

import numpy as np

from partimento.analysis.voice_separation import voices_of

# Partial solutions that are kept while voices are assigned. More changed nothing on 100 pieces.
BEAM_WIDTH = 8
# Costs, by how much they disturb a reader: a tie, a crossing of voices, the use of a second voice,
# a rest in the upper voice, and a leap (per semitone).
CUT, CROSSING, SECOND_VOICE, GAP, LEAP = 4.0, 2.0, 0.6, 0.4, 0.03
LEAVES_LINE = 0.55  # the cost of a note in another voice than the note before it in its line
UNEVEN = 0.5  # the cost of a chord that is tied to the next bar in part
MORE_RESTS = 1.6  # the cost of each further beat that a rest of the upper voice reaches into
MANY_TIES = 3  # in a bar: three voices are tried as well
THIRD_VOICE = 6.0  # the cost that a third voice must save


class Span(NamedTuple):
    """A note, or the portion of it within one bar; `note` is its index.

    Times are in ticks from the beginning of the piece.
    """

    start: int
    end: int
    pitch: int
    note: int
    from_previous_bar: bool = False
    into_next_bar: bool = False


def lines_before(spans: Sequence[Span], quarter: int) -> dict[int, int]:
    """Map each note index to the index of the note before it in the same melodic line.

    Parameters
    ----------
    spans : sequence of Span
        The notes of a part.
    quarter : int
        Ticks per quarter note.
    """
    onset, end, pitch, note, *_ = np.array(in_order(spans), np.int64).reshape(-1, 6).T
    before: dict[int, int] = {}
    latest: dict[int, int] = {}
    for index, line in zip(
        note.tolist(), voices_of(onset, end, pitch, quarter).tolist(), strict=True
    ):
        if line in latest:
            before[index] = latest[line]
        latest[line] = index
    return before


def lines_of(spans: Sequence[Span]) -> dict[int, int]:
    """Map each note index to one of four lines, from 0 (soprano) to 3 (bass).

    The notes of a chord are assigned, from the highest down, to the lines that were nearest in
    pitch.
    """
    last = [67.0, 62.0, 55.0, 48.0]
    line: dict[int, int] = {}
    sounding: list[Span] = []
    for onset, group in groupby(
        sorted(spans, key=lambda s: (s.start, -s.pitch)), key=lambda s: s.start
    ):
        sounding = [s for s in sounding if s.end > onset]
        new = list(group)
        for span, voice in zip(new, _nearest_lines(new, sounding, line, last), strict=True):
            line[span.note] = voice
            last[voice] = span.pitch
        sounding += new
    return line


def _nearest_lines(
    new: Sequence[Span], sounding: Sequence[Span], line: dict[int, int], last: Sequence[float]
) -> tuple[int, ...]:
    def cost(choice: tuple[int, ...]) -> float:
        total = 0.0
        for span, voice in zip(new, choice, strict=True):
            total += abs(span.pitch - last[voice])
            for held in sounding:
                other = line[held.note]
                total += 40 * (other == voice) + 15 * (
                    (held.pitch - span.pitch) * (other - voice) > 0
                )
        # Avoid silent outer lines: where two lines meet on one pitch, the outer one has the note.
        active = {*choice, *(line[held.note] for held in sounding)}
        return total + 12 * (0 not in active) + 12 * (3 not in active)

    if len(new) > 4:
        return tuple(min(3, rank * 4 // len(new)) for rank in range(len(new)))
    return min(combinations(range(4), len(new)), key=cost)


class _Context(NamedTuple):
    """The lines of a bar, and the voices of notes from earlier bars.

    `earlier` are the voices of notes that began before it. `links` map a note to the place of the
    note before it in its line, in the order of the bar. Times are in ticks.
    """

    earlier: Mapping[int, int]
    links: Mapping[int, int]
    start: int
    beat: int

    def beats_in(self, start: int, end: int) -> int:
        """Return how many beats begin within a time, not counting its start and end."""
        if not self.beat or start >= end:
            return 0
        return (end - 1 - self.start) // self.beat - (start - self.start) // self.beat


class _State(NamedTuple):
    """A partial solution of the search for voices."""

    cost: float
    active: tuple[tuple[Span, ...], ...]  # for each voice the notes that sound
    last: tuple[float, ...]  # for each voice the latest mean pitch
    until: tuple[int, ...]  # for each voice the end of its latest note
    voices: tuple[int, ...]  # for each note so far its voice


UPPER, LOWER, MIDDLE = 0, 1, 2
FROM_THE_TOP = (UPPER, MIDDLE, LOWER)


def voices_on_staff(
    spans: Sequence[Span],
    earlier: Mapping[int, int],
    start: int,
    before: Mapping[int, int] | None = None,
    beat: int = 0,
) -> dict[int, int]:
    """Map each note index to its voice on one staff in one bar.

    The voices are `UPPER` and `LOWER`, and `MIDDLE` where two voices would need many ties.

    Parameters
    ----------
    spans : sequence of Span
    earlier : mapping
        The voices of notes that began in an earlier bar.
    start : int
        The beginning of the bar, in ticks.
    before : mapping, optional
        From `lines_before`.
    beat : int
        The length of a beat in ticks; 0 if it does not matter.
    """
    place = {span.note: i for i, span in enumerate(in_order(spans))}
    links = {
        span.note: place[before[span.note]]
        for span in spans
        if before and before.get(span.note) in place
    }
    context = _Context(earlier, links, start, beat)
    two = _assign(spans, context, start, (UPPER, LOWER))
    best = two
    if two.cost >= MANY_TIES * CUT:
        three = _assign(spans, context, start, FROM_THE_TOP)
        best = three if three.cost + THIRD_VOICE < two.cost else two
    voices = best.voices
    if voices and UPPER not in voices:
        voices = tuple(UPPER if voice == max(voices) else voice for voice in voices)
    return {span.note: voice for span, voice in zip(in_order(spans), voices, strict=True)}


def in_order(spans: Sequence[Span]) -> list[Span]:
    """Sort notes by onset, and from the highest to the lowest."""
    return sorted(spans, key=lambda s: (s.start, -s.pitch))


def _assign(spans: Sequence[Span], context: _Context, start: int, voices: Sequence[int]) -> _State:
    """Assign notes to voices with the fewest ties, crossings and leaps.

    This is a beam search over the onsets. At each onset the new notes, from the highest down, are
    divided among `voices` (in order from the top) in every possible way.
    """
    states = [_State(0.0, ((),) * 3, (67.0, 52.0, 60.0), (start,) * 3, ())]
    for onset, group in groupby(in_order(spans), key=lambda s: s.start):
        new = list(group)
        choices = list(combinations_with_replacement(voices, len(new)))
        extended = [
            _extend(state, onset, new, choice, context) for state in states for choice in choices
        ]
        states = sorted(extended, key=lambda state: state.cost)[:BEAM_WIDTH]
    # A rest of the upper voice at the end of the bar counts, too.
    end = max((span.end for span in spans), default=start)
    return min(states, key=lambda state: state.cost + GAP * (state.until[UPPER] < end))


def _extend(
    state: _State, onset: int, new: Sequence[Span], choice: Sequence[int], context: _Context
) -> _State:
    """Return the state after the notes `new` begin, in the voices of `choice`."""
    cost, last, until = state.cost, list(state.last), list(state.until)
    for s, voice in zip(new, choice, strict=True):
        place = context.links.get(s.note, len(state.voices))
        cost += LEAVES_LINE * (place < len(state.voices) and state.voices[place] != voice)
    active = [tuple(s for s in voice if s.end > onset) for voice in state.active]
    for voice in dict.fromkeys(choice):
        in_voice = [s for s, v in zip(new, choice, strict=True) if v == voice]
        sounding = (*active[voice], *in_voice)
        cost += CUT * (len(active[voice]) + _later_cuts(sounding) - _later_cuts(active[voice]))
        cost += sum(
            CROSSING
            for s in in_voice
            for other in FROM_THE_TOP
            for o in active[other]
            if _cross(voice, s.pitch, other, o.pitch)
        )
        cost += sum(
            SECOND_VOICE
            for s in in_voice
            if s.from_previous_bar and context.earlier.get(s.note, voice) != voice
        )
        cost += UNEVEN * (len({s.into_next_bar for s in in_voice}) > 1)
        center = sum(s.pitch for s in in_voice) / len(in_voice)
        # Where all voices are silent, a rest is drawn in any case.
        silent_until = min(onset, max(until))
        cost += (
            SECOND_VOICE * (voice != UPPER)
            + (voice == UPPER and until[voice] < onset)
            * (GAP + MORE_RESTS * context.beats_in(until[voice], silent_until))
            + LEAP * abs(center - last[voice])
        )
        active[voice], last[voice], until[voice] = sounding, center, max(s.end for s in sounding)
    return _State(cost, tuple(active), tuple(last), tuple(until), (*state.voices, *choice))


def _cross(voice: int, pitch: int, other: int, other_pitch: int) -> bool:
    place, other_place = FROM_THE_TOP.index(voice), FROM_THE_TOP.index(other)
    return (pitch < other_pitch and place < other_place) or (
        pitch > other_pitch and place > other_place
    )


def _later_cuts(active: Sequence[Span]) -> int:
    """Count the ties that notes of one voice need because shorter ones end earlier."""
    ends = sorted({s.end for s in active})
    return sum(ends.index(s.end) for s in active)
