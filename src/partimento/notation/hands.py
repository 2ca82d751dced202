"""Divide the notes of a keyboard part between two hands.

A hand is a staff. A beam search over the onsets finds the division that needs the fewest stretches,
ledger lines and changes of hand within a melodic line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from partimento.notation.voices import Span, in_order

BEAM_WIDTH = 8  # partial solutions that are kept
# The cost of a note in another hand than the note before it in its line. `benchmarks/hands.py`
# compares values: more puts notes far off their staff.
CHANGES_HAND = 2.0


def hands_of(spans: Sequence[Span], before: Mapping[int, int]) -> dict[int, int]:
    """Map each note index to staff 0 (right hand) or 1 (left hand).

    Parameters
    ----------
    spans : sequence of Span
    before : mapping
        From `lines_before`.
    """
    states = [_Hands(0.0, ((), ()), (67.0, 48.0), {}, None)]
    for onset, group in groupby(in_order(spans), key=lambda s: s.start):
        new = list(group)
        extended = [
            _with_hands(state, onset, new, right, before)
            for state in states
            for right in range(len(new) + 1)
        ]
        states = sorted(extended, key=lambda state: state.cost)[:BEAM_WIDTH]
    hand: dict[int, int] = {}
    history = states[0].history
    while history is not None:
        history, placed = history
        hand |= placed
    return hand


class _Hands(NamedTuple):
    """A partial solution of the search for hands.

    `active` are the notes that each hand holds, `last` its latest mean pitch. `latest` has the hand
    of the latest note of each line. `history` has the hands of new notes, last ones first.
    """

    cost: float
    active: tuple[tuple[Span, ...], tuple[Span, ...]]
    last: tuple[float, float]
    latest: Mapping[int, int]
    history: tuple[Any, Mapping[int, int]] | None


def _with_hands(
    state: _Hands, onset: int, new: Sequence[Span], right: int, before: Mapping[int, int]
) -> _Hands:
    """Return the state after new notes, the `right` highest in the right hand."""
    placed = {span.note: int(rank >= right) for rank, span in enumerate(new)}
    latest = dict(state.latest)
    changes = 0
    for note, hand in placed.items():
        changes += latest.pop(before.get(note, -1), hand) != hand
        latest[note] = hand
    active = tuple(tuple(s for s in side if s.end > onset) for side in state.active)
    held = [[s.pitch for s in side] for side in active]
    cost = _hand_cost([s.pitch for s in new], right, held, state.last) + CHANGES_HAND * changes
    sides = new[:right], new[right:]
    last = [
        sum(s.pitch for s in side) / len(side) if side else before_it
        for side, before_it in zip(sides, state.last, strict=True)
    ]
    return _Hands(
        state.cost + cost,
        ((*active[0], *sides[0]), (*active[1], *sides[1])),
        (last[0], last[1]),
        latest,
        (state.history, placed),
    )


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
