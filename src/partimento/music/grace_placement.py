"""Place grace notes in time, in the same way for all formats.

A grace note takes no written time. Its onset and duration are those with which it is played: grace
notes stand in a row directly before their main note. Other notes keep their times.
"""

from __future__ import annotations

from bisect import bisect_left
from fractions import Fraction

import numpy as np

from partimento.music.notes import Notes

# The time in which a grace note is played, in quarters.
GRACE_QL = Fraction(1, 16)


def grace_onset(beat: int, back: int, count: int, step: int) -> int:
    """Return the time at which one of several grace notes in a row is played.

    Grace notes begin before the beat. At the start of a piece, the time before the beat may be too
    short. They then stand in a row from time 0 on, and sound together with their main note.

    Parameters
    ----------
    beat : int
        The onset of the main note, or the end of the last note for grace notes after it, in steps.
    back : int
        The place of the grace note, counted from the last of the row: 1 to `count`.
    count : int
        The number of grace notes in the row; those of a chord count once.
    step : int
        The duration of a grace note, in steps.

    Examples
    --------
    >>> [grace_onset(96, back, 2, 4) for back in (2, 1)], [grace_onset(0, b, 2, 4) for b in (2, 1)]
    ([88, 92], [0, 4])
    """
    return max(beat - count * step, 0) + (count - back) * step


def grace_targets(notes: Notes) -> dict[int, int]:
    """Find the times to which grace notes lead: the onset of their main note.

    A grace note leads to the next one that begins where it ends. The last one of a row leads to the
    main note of its part that begins there. If there is none, as before a rest and after the last
    note, it leads to the time itself. A row from time 0 on may lead to a main note that begins
    during the row.

    Parameters
    ----------
    notes : Notes

    Returns
    -------
    dict of int to int
        Index of a grace note → time in steps.
    """
    targets: dict[int, int] = {}
    graces = np.flatnonzero(notes.grace)
    for part in dict.fromkeys(notes.part[graces].tolist()):
        in_part = graces[notes.part[graces] == part]
        main = sorted(set(notes.onset[(notes.part == part) & (notes.grace == 0)].tolist()))
        onsets, ends = notes.onset[in_part].tolist(), notes.end[in_part].tolist()
        by_slot = _slot_targets(onsets, ends, main, slack=notes.divisions // 100)
        targets |= {i: by_slot[onset] for i, onset in zip(in_part.tolist(), onsets, strict=True)}
    return targets


def _slot_targets(
    onsets: list[int], ends: list[int], main: list[int], *, slack: int
) -> dict[int, int]:
    """Map the onsets of the grace notes of a part to the time to which they lead.

    `main` are the onsets of the other notes. `slack` is the number of steps by which a note may end
    too early, because programs that write MIDI round times to ticks.
    """
    end_by_slot: dict[int, int] = {}
    for onset, end in zip(onsets, ends, strict=True):
        end_by_slot[onset] = max(end, end_by_slot.get(onset, 0))
    slots = sorted(end_by_slot)
    follower = {slot: _first_from(slots, end_by_slot[slot], slack) for slot in slots}
    from_start: set[int] = set()  # the slots of a row that begins with the piece
    slot: int | None = 0 if 0 in follower else None
    while slot is not None:
        from_start.add(slot)
        slot = follower[slot]
    targets: dict[int, int] = {}
    for slot in reversed(slots):
        end, following = end_by_slot[slot], follower[slot]
        if following is not None:
            targets[slot] = targets[following]
            continue
        begins = _first_from(main, end, slack)
        if begins is None and slot in from_start:
            begins = main[0] if main and main[0] < end else 0
        targets[slot] = end if begins is None else begins
    return targets


def _first_from(times: list[int], start: int, slack: int) -> int | None:
    """Return the first of sorted times that is at most `slack` after `start`."""
    at = bisect_left(times, start)
    return times[at] if at < len(times) and times[at] <= start + slack else None
