"""Assign each note to a staff and a voice.

There are three textures: lines, hands and a single staff. Lines are four parts, as in a chorale, on
two staves of two voices each. Hands are the two staves of a keyboard. All other parts have a single
staff. On hands and single staves, notes that begin and end together share one voice. Elsewhere they
divide into two voices, with stems up and down, and rarely into three.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, combinations_with_replacement, groupby
from typing import NamedTuple

# Partial solutions that are kept while voices are assigned. More changed nothing on 100 pieces.
BEAM_WIDTH = 8
# Costs, by how much they disturb a reader: a tie, a crossing of voices, the use of a second voice,
# a rest in the upper voice, and a leap (per semitone).
CUT, CROSSING, SECOND_VOICE, GAP, LEAP = 4.0, 2.0, 0.6, 0.4, 0.03
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


def hands_of(spans: Sequence[Span]) -> dict[int, int]:
    """Map each note index to staff 0 (right hand) or 1 (left hand)."""
    hand: dict[int, int] = {}
    sounding: list[Span] = []
    last = [67.0, 48.0]
    for onset, group in groupby(
        sorted(spans, key=lambda s: (s.start, -s.pitch)), key=lambda s: s.start
    ):
        sounding = [s for s in sounding if s.end > onset]
        new = list(group)
        held = [[s.pitch for s in sounding if hand[s.note] == side] for side in (0, 1)]
        best = min(
            range(len(new) + 1), key=lambda k: _hand_cost([s.pitch for s in new], k, held, last)
        )
        for rank, span in enumerate(new):
            hand[span.note] = int(rank >= best)
        for side, pitches in enumerate(
            ([s.pitch for s in new[:best]], [s.pitch for s in new[best:]])
        ):
            if pitches:
                last[side] = sum(pitches) / len(pitches)
        sounding += new
    return hand


def _hand_cost(
    pitches: Sequence[int], right: int, held: Sequence[Sequence[int]], last: Sequence[float]
) -> float:
    """Return the cost of giving the `right` highest of `pitches` to the right hand.

    `held` are the pitches that each hand still holds, `last` its latest mean pitch.
    """
    cost = 0.0
    for hand, new in enumerate((pitches[:right], pitches[right:])):
        if not new:
            continue
        reach = [*new, *held[hand]]
        cost += 3.0 * max(0, max(reach) - min(reach) - 12)  # no hand spans much more than an octave
        cost += 0.15 * abs(sum(new) / len(new) - last[hand])
        # Avoid ledger lines: middle C divides the staves.
        cost += sum(
            0.5 * max(0, 60 - p - 2) if hand == 0 else 0.5 * max(0, p - 60 - 2) for p in new
        )
    return cost


class _State(NamedTuple):
    """A partial solution of the search for voices."""

    cost: float
    active: tuple[tuple[Span, ...], ...]  # for each voice the notes that sound
    last: tuple[float, ...]  # for each voice the latest mean pitch
    until: tuple[int, ...]  # for each voice the end of its latest note
    voices: tuple[int, ...]  # for each note so far its voice


UPPER, LOWER, MIDDLE = 0, 1, 2
FROM_THE_TOP = (UPPER, MIDDLE, LOWER)


def voices_on_staff(spans: Sequence[Span], before: Mapping[int, int], start: int) -> dict[int, int]:
    """Map each note index to its voice on one staff in one bar.

    The voices are `UPPER` and `LOWER`, and `MIDDLE` where two voices would need many ties.

    Parameters
    ----------
    spans : sequence of Span
    before : mapping
        The voices of notes that began in an earlier bar.
    start : int
        The beginning of the bar, in ticks.
    """
    two = _assign(spans, before, start, (UPPER, LOWER))
    best = two
    if two.cost >= MANY_TIES * CUT:
        three = _assign(spans, before, start, FROM_THE_TOP)
        best = three if three.cost + THIRD_VOICE < two.cost else two
    voices = best.voices
    if voices and UPPER not in voices:
        voices = tuple(UPPER if voice == max(voices) else voice for voice in voices)
    return {span.note: voice for span, voice in zip(_in_order(spans), voices, strict=True)}


def _in_order(spans: Sequence[Span]) -> list[Span]:
    return sorted(spans, key=lambda s: (s.start, -s.pitch))


def _assign(
    spans: Sequence[Span], before: Mapping[int, int], start: int, voices: Sequence[int]
) -> _State:
    """Assign notes to voices with the fewest ties, crossings and leaps.

    This is a beam search over the onsets. At each onset the new notes, from the highest down, are
    divided among `voices` (in order from the top) in every possible way.
    """
    states = [_State(0.0, ((),) * 3, (67.0, 52.0, 60.0), (start,) * 3, ())]
    for onset, group in groupby(_in_order(spans), key=lambda s: s.start):
        new = list(group)
        choices = list(combinations_with_replacement(voices, len(new)))
        extended = [
            _extend(state, onset, new, choice, before) for state in states for choice in choices
        ]
        states = sorted(extended, key=lambda state: state.cost)[:BEAM_WIDTH]
    return states[0]


def _extend(
    state: _State, onset: int, new: Sequence[Span], choice: Sequence[int], before: Mapping[int, int]
) -> _State:
    """Return the state after the notes `new` begin, in the voices of `choice`."""
    cost, last, until = state.cost, list(state.last), list(state.until)
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
            if s.from_previous_bar and before.get(s.note, voice) != voice
        )
        center = sum(s.pitch for s in in_voice) / len(in_voice)
        cost += (
            SECOND_VOICE * (voice != UPPER)
            + GAP * (until[voice] < onset and voice == UPPER)
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
