"""Find the grace notes of played music in MIDI files, and remove them.

A program that plays a score takes a grace note's time from the note before it, or on the beat from
its main note. No notation writes such a time. In a piece that keeps to the grid of its notation, a
grace note is therefore a short note with three properties. It begins off that grid. It ends where a
main note begins. The note before it ends off the grid at its onset. Where much lies off the grid,
as in a performance, nothing is certain, and nothing is marked.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import numpy as np

from partimento.music.events import distinct
from partimento.music.notes import Notes
from partimento.music.piece import Piece

GRIDS = (
    16,
    12,
    10,
    14,
    32,
    24,
    20,
    28,
)  # notes per quarter: 64th notes, 32nd in threes, fives, sevens; their halves
FINENESS = (
    8  # where such a grid is so many steps wide, times that are rounded to whole steps meet it too
)
MOST_OFF = 1 / 3  # of a part's onsets may lie off the grid
MOST_DOUBTFUL = 1 / 20  # of them may do so and be neither grace notes nor tuplets
# of a quarter's parts: a grace note lasts an eighth of it at most, less than any sixteenth note,
# however it swings
LONGEST = 8
MOST_ON_BEAT = 4
# a main note that is longer by up to this factor than the note before may belong to a tuplet
MOST_PARTS = 9
LARGEST_TABLE = 2**14


def on_plain_grid(times: np.ndarray, divisions: int) -> np.ndarray:
    """Return which times plain notation can write.

    These are multiples of a 128th note, or of one divided in threes, fives or sevens.

    Parameters
    ----------
    times : (N,) int64
        In steps, `divisions` per quarter. If the steps cannot hold a point of the grid, both
        neighbors count as it, because files round to whole ticks.

    Returns
    -------
    (N,) bool

    Examples
    --------
    >>> on_plain_grid(np.array([0, 12, 54, 55, 341]), 384)
    array([ True,  True,  True,  True, False])
    """
    steps = times % divisions
    found: np.ndarray = (
        _on_grid(steps, divisions) if divisions > LARGEST_TABLE else _table(divisions)[steps]
    )
    return found


def _on_grid(steps: np.ndarray, divisions: int) -> np.ndarray:
    found = np.zeros(len(steps), bool)
    for notes in GRIDS:
        past = (
            steps * notes % divisions
        )  # how far past a point of the grid, in as many parts of a step
        found |= past == 0
        if divisions % notes and divisions >= FINENESS * notes:
            found |= np.minimum(past, divisions - past) < notes
    return found


@lru_cache(maxsize=64)
def _table(divisions: int) -> np.ndarray:
    return _on_grid(np.arange(divisions), divisions)


def mark_grace_notes(piece: Piece) -> Piece:
    """Flag the grace notes of a piece read exactly from MIDI; no time changes.

    Parameters
    ----------
    piece : Piece
        If its reader has flagged grace notes, the piece is returned as it is.

    Returns
    -------
    Piece
        With `Note.grace` set on notes that are short, begin off the plain grid and end where a main
        note begins. Their part must keep to the grid otherwise. Chains and chords of such notes are
        flagged, and short notes on the beat whose main note begins late.
    """
    notes = piece.notes
    if notes.grace.any():
        return piece
    off = ~on_plain_grid(notes.onset, notes.divisions)
    if not off.any():
        return piece
    grace = np.zeros(len(notes), np.int64)
    for part in distinct(notes.part[off]).tolist():
        grace[_graces_of(_Staff(notes, part))] = 1
    return piece.replace(notes=notes.replace(grace=grace)) if grace.any() else piece


class _Staff:
    """The notes of one part.

    A place is the number of a note in the part; a slot is a time at which notes begin.
    """

    def __init__(self, notes: Notes, part: int) -> None:
        self.divisions = notes.divisions
        self.tolerance = max(
            1, notes.divisions // 192
        )  # by how many steps times may miss each other
        self.index = np.flatnonzero(notes.part == part)
        self.onset, self.end, self.pitch = (
            notes.onset[self.index],
            notes.end[self.index],
            notes.pitch[self.index],
        )
        self.by_end = np.argsort(self.end, kind="stable")
        self.ends = self.end[self.by_end]
        slots = distinct(self.onset)
        self.slots: list[int] = slots.tolist()
        self.is_plain = dict(
            zip(self.slots, on_plain_grid(slots, self.divisions).tolist(), strict=True)
        )

    def at(self, slot: int) -> np.ndarray:
        """Return the places of the notes that begin at a time."""
        return np.arange(*np.searchsorted(self.onset, (slot, slot + 1)))

    def ending(self, time: int) -> np.ndarray:
        """Return the places of the notes that end at a time, or nearly."""
        first, last = np.searchsorted(self.ends, (time - self.tolerance, time + self.tolerance + 1))
        found = np.sort(self.by_end[first:last])
        return found[self.onset[found] < time]

    def slot_after(self, slot: int, low: int, high: int) -> int | None:
        """Return the first slot after another between two times, or nearly."""
        place = bisect_left(self.slots, max(slot + 1, low - self.tolerance))
        return (
            self.slots[place]
            if place < len(self.slots) and self.slots[place] <= high + self.tolerance
            else None
        )

    def plain_near(self, time: int) -> int:
        """Return the time on the plain grid that a time may stand for, or the time itself."""
        near = time + np.array(sorted(range(-self.tolerance, self.tolerance + 1), key=abs))
        near = near[on_plain_grid(near, self.divisions)]
        return int(near[0]) if len(near) else time

    def is_near_plain(self, time: int) -> bool:
        return bool(on_plain_grid(np.array([self.plain_near(time)]), self.divisions)[0])


def _graces_of(staff: _Staff) -> np.ndarray:
    """Return the notes of the piece that are grace notes in this part: (n,) int64."""
    off = [slot for slot, plain in staff.is_plain.items() if not plain]
    none = staff.index[:0]
    if len(off) > MOST_OFF * len(staff.slots):
        return none
    graces: set[int] = set()
    doubtful = set(off)
    for chain, target in _chains(staff, off):
        verdict = _verdict(staff, chain, target)
        if verdict == "grace":
            graces.update(place for slot in chain for place in staff.at(slot).tolist())
        if verdict is not None:
            doubtful.difference_update(chain)
    for slot in sorted(doubtful - set(staff.onset[sorted(graces)].tolist())):
        if early := _on_beat(staff, slot):
            doubtful -= {slot, *staff.onset[early].tolist()}
            graces.update(early)
    return (
        staff.index[sorted(graces)] if len(doubtful) <= MOST_DOUBTFUL * len(staff.slots) else none
    )


def _chains(staff: _Staff, off: list[int]) -> Iterator[tuple[list[int], int]]:
    """Yield runs of short notes off the grid, and the time on the grid they lead to.

    Each note of a run ends where the next begins.
    """
    leads: dict[int, int] = {}
    for slot in reversed(off):
        ends = staff.end[staff.at(slot)]
        low, high = int(ends.min()), int(ends.max())
        if high - low > staff.tolerance or LONGEST * (high - slot) > staff.divisions:
            continue
        target = staff.slot_after(slot, low, high)
        if target is None:
            leads[slot] = staff.plain_near(high)  # as after-graces end, before a rest
        elif target in leads or staff.is_plain[target]:
            leads[slot] = target
    for slot in sorted(leads.keys() - set(leads.values())):
        chain = [slot]
        while chain[-1] in leads:
            chain.append(leads[chain[-1]])
        yield chain[:-1], chain[-1]


def _verdict(staff: _Staff, chain: list[int], target: int) -> str | None:
    """Classify a chain as "grace" or "tuplet"; None if it is uncertain."""
    before = staff.onset[staff.ending(chain[0])].tolist()
    cut = [onset for onset in before if staff.is_plain[onset]]
    lengths = [after - slot for slot, after in pairwise([*chain, target])]
    if any(_are_even([chain[0] - onset, *lengths]) for onset in cut):
        return "tuplet"
    main = staff.at(target)
    too_long = len(main) > 0 and max(lengths) > int((staff.end[main] - staff.onset[main]).max())
    if too_long or (not cut and (before or not len(main))):
        return None
    if not cut and len(chain) > 1 and _are_even(lengths):  # after a rest: is it one of a tuplet?
        rest = np.array([2 * chain[0] - chain[1]])
        return None if on_plain_grid(rest, staff.divisions)[0] else "grace"
    return "grace"


def _are_even(lengths: list[int]) -> bool:
    return max(lengths) - min(lengths) <= 1  # as far as whole steps can be


def _on_beat(staff: _Staff, slot: int) -> list[int]:
    """Return the places of grace notes on the beat that delay this time.

    They begin on the grid. The list is empty if there are none.
    """
    found: list[int] = []
    start = slot
    while not staff.is_plain[start]:
        short = [
            place
            for place in staff.ending(start).tolist()
            if LONGEST * (start - int(staff.onset[place])) <= staff.divisions
        ]
        if not short or len(found) == MOST_ON_BEAT:
            return []
        start = int(staff.onset[short[-1]])
        found += [place for place in short if staff.onset[place] == start]
    end = int(staff.end[staff.at(slot)].max())
    taken, whole = slot - start, end - start
    parts = round(whole / taken)
    of_tuplet = parts <= MOST_PARTS and abs(parts * taken - whole) <= staff.tolerance
    return found if whole >= 4 * taken and not of_tuplet and staff.is_near_plain(end) else []


def remove_grace_notes(piece: Piece) -> Piece:
    """Remove grace notes and give their time back: the piece then keeps to its grid.

    A note that was shortened for a grace note gets its written length again. A main note that was
    late begins on its beat. A main note after grace notes keeps its onset. Where nothing was
    shortened (readers of notation shorten nothing) nothing changes.

    Parameters
    ----------
    piece : Piece
        With its grace notes flagged, by its reader or by `mark_grace_notes`.
    """
    return _without_grace_notes(piece, merge=False)


def merge_grace_notes(piece: Piece) -> Piece:
    """Merge each grace note with its main note into one chord.

    It lasts as long as the main note nearest in pitch. Its time is given back, as by
    `remove_grace_notes`.

    Parameters
    ----------
    piece : Piece
        With its grace notes flagged, by its reader or by `mark_grace_notes`.
    """
    return _without_grace_notes(piece, merge=True)


def _without_grace_notes(piece: Piece, *, merge: bool) -> Piece:
    notes = piece.notes
    kept = notes.grace == 0
    if kept.all():
        return piece
    onset, end = notes.onset.copy(), notes.end
    for part in distinct(notes.part[~kept]).tolist():
        staff = _Staff(notes, part)
        small = ~kept[staff.index]
        mains = staff.onset[~small]
        found = [
            (each, _give_back(staff, small, mains, each, onset, end))
            for each in _ornaments(staff, small)
        ]
        for ornament, main in found if merge else ():
            if len(main):
                apart = np.abs(
                    staff.pitch[ornament][:, None] - staff.pitch[main]
                )  # (grace notes, main notes)
                together, nearest = staff.index[ornament], staff.index[main[apart.argmin(axis=1)]]
                onset[together], end[together], kept[together] = onset[nearest], end[nearest], True
    return piece.replace(
        notes=notes.replace(
            keep=kept, onset=onset, duration=end - onset, grace=np.zeros_like(onset)
        )
    )


def _ornaments(staff: _Staff, small: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the places of grace notes that belong together.

    Each begins where the one before ends, and no main note begins there, too.
    """
    main = staff.onset[~small]
    ornament: list[int] = []
    for place in np.flatnonzero(small).tolist():
        onset = int(staff.onset[place])
        if ornament and onset > (last := int(staff.onset[ornament[-1]])):
            stop = int(staff.end[ornament[-1]]) + staff.tolerance
            between = np.searchsorted(main, stop, side="right") - np.searchsorted(
                main, last, side="right"
            )
            if onset > stop or between:
                yield np.array(ornament)
                ornament = []
        ornament.append(place)
    yield np.array(ornament)


def _give_back(
    staff: _Staff,
    small: np.ndarray,
    mains: np.ndarray,
    ornament: np.ndarray,
    onset: np.ndarray,
    end: np.ndarray,
) -> np.ndarray:
    """Write the times without an ornament into `onset` and `end` of the piece.

    Returns the places of its main notes.
    """
    start, stop = int(staff.onset[ornament].min()), int(staff.end[ornament].max())
    later = int(np.searchsorted(mains, max(stop - staff.tolerance, start + 1)))
    after = int(mains[later]) if later < len(mains) else None
    main: np.ndarray = ornament[:0]
    if after is not None and after <= stop + staff.tolerance:
        main = staff.at(after)
        main = main[~small[main]]
        if staff.is_plain[start] and not staff.is_plain[after]:
            onset[staff.index[main]] = start
            return main
    before = staff.ending(start)
    cut = ~on_plain_grid(staff.end[before], staff.divisions) | np.isin(
        staff.pitch[before], staff.pitch[ornament]
    )
    for place in before[cut & ~small[before]].tolist():
        until = staff.plain_near(stop)
        # After-graces end before what they ornament would, but it sounds no more: it lasted to the
        # next note, if that is near.
        if after is not None and 2 * (after - until) <= until - int(staff.onset[place]):
            until = after
        end[staff.index[place]] = until
    return main
