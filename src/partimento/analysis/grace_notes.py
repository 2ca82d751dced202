"""Find the grace notes in MIDI files that were made from scores, and remove them.

A program that plays a score takes the time of a grace note from the note before it. If the grace
note is played on the beat, it takes the time from its main note. Such times do not occur in
notation. In a piece that otherwise keeps to the grid of notation, a grace note is therefore a short
note with three properties:

1. It begins off that grid.
2. It ends where a main note begins.
3. The note before it ends where it begins.

If many notes are off the grid, as in a performance, nothing is certain, and no note is marked.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import numpy as np

from partimento.music.events import distinct
from partimento.music.grace_placement import GRACE_QL, grace_targets
from partimento.music.notes import Notes
from partimento.music.piece import Piece

# Notes per quarter: 64th notes; 32nd notes in triplets, quintuplets and septuplets; half of these.
GRIDS = (16, 12, 10, 14, 32, 24, 20, 28)
# If points of a grid are at least this many steps apart, times that are rounded to a step next to a
# point count as on the grid.
FINENESS = 8
MOST_OFF = 1 / 3  # the share of a part's onsets that may be off the grid
MOST_DOUBTFUL = 1 / 20  # the share that may be off it and be neither grace notes nor tuplets
# A grace note lasts at most a quarter divided by this: less than any sixteenth note, even in swing.
LONGEST = 8
MOST_ON_BEAT = 4  # grace notes in a row before one main note
MOST_PARTS = 9  # notes of a tuplet, in which the last one may be longer than the note before
LARGEST_TABLE = 2**14  # steps per quarter up to which a table of the grid is kept


def on_plain_grid(times: np.ndarray, divisions: int) -> np.ndarray:
    """Return which times occur in plain notation.

    These are multiples of a 128th note, or of a triplet, quintuplet or septuplet 64th note.

    Parameters
    ----------
    times : (N,) int64
        In steps. If a point of the grid lies between two steps, both count as on the grid, because
        files round to whole ticks.
    divisions : int
        Steps per quarter.

    Returns
    -------
    (N,) bool

    Examples
    --------
    >>> on_plain_grid(np.array([0, 12, 54, 55, 341]), 384)
    array([ True,  True,  True,  True, False])
    """
    steps = times % divisions
    is_on_grid: np.ndarray = (
        _on_grid(steps, divisions) if divisions > LARGEST_TABLE else _table(divisions)[steps]
    )
    return is_on_grid


def _on_grid(steps: np.ndarray, divisions: int) -> np.ndarray:
    is_on_grid = np.zeros(len(steps), bool)
    for notes in GRIDS:
        # The distance past a point of the grid, in units of step/notes: integers stay exact.
        past = steps * notes % divisions
        is_on_grid |= past == 0
        if divisions % notes and divisions >= FINENESS * notes:
            is_on_grid |= np.minimum(past, divisions - past) < notes
    return is_on_grid


@lru_cache(maxsize=64)
def _table(divisions: int) -> np.ndarray:
    return _on_grid(np.arange(divisions), divisions)


def mark_grace_notes(piece: Piece) -> Piece:
    """Flag the grace notes of a piece that was read exactly from MIDI.

    No times change. The rules are those of this file's beginning. Chains and chords of grace notes
    are flagged, and also short notes on the beat whose main note begins late.

    Parameters
    ----------
    piece : Piece
        If it has flagged grace notes already, it is returned unchanged.

    Returns
    -------
    Piece
        With `Note.grace` set.
    """
    notes = piece.notes
    if notes.grace.any():
        return piece
    off_grid = ~on_plain_grid(notes.onset, notes.divisions)
    if not off_grid.any():
        return piece
    grace = np.zeros(len(notes), np.int64)
    for part in distinct(notes.part[off_grid]).tolist():
        grace[_graces_of(_Staff(notes, part))] = 1
    return piece.replace(notes=notes.replace(grace=grace)) if grace.any() else piece


class _Staff:
    """The notes of one part.

    A place is the index of a note within the part. A slot is a time at which notes begin.
    """

    def __init__(self, notes: Notes, part: int) -> None:
        self.divisions = notes.divisions
        self.tolerance = max(1, notes.divisions // 192)  # times this close are equal, in steps
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
        """Return the places of the notes that end at a time, within the tolerance."""
        first, last = np.searchsorted(self.ends, (time - self.tolerance, time + self.tolerance + 1))
        places = np.sort(self.by_end[first:last])
        return places[self.onset[places] < time]

    def slot_after(self, slot: int, low: int, high: int) -> int | None:
        """Return the first slot after `slot` and between two times, within the tolerance."""
        place = bisect_left(self.slots, max(slot + 1, low - self.tolerance))
        return (
            self.slots[place]
            if place < len(self.slots) and self.slots[place] <= high + self.tolerance
            else None
        )

    def plain_near(self, time: int) -> int:
        """Return the nearest time on the grid within the tolerance, or the time itself."""
        near = time + np.array(sorted(range(-self.tolerance, self.tolerance + 1), key=abs))
        near = near[on_plain_grid(near, self.divisions)]
        return int(near[0]) if len(near) else time

    def is_near_plain(self, time: int) -> bool:
        return bool(on_plain_grid(np.array([self.plain_near(time)]), self.divisions)[0])


def _graces_of(staff: _Staff) -> np.ndarray:
    """Return the indices in the piece of the grace notes of this part: (n,) int64."""
    off_grid = [slot for slot, plain in staff.is_plain.items() if not plain]
    none = staff.index[:0]
    if len(off_grid) > MOST_OFF * len(staff.slots):
        return none
    graces: set[int] = set()
    doubtful = set(off_grid)
    for chain, target in _chains(staff, off_grid):
        verdict = _verdict(staff, chain, target)
        if verdict == "grace":
            graces.update(place for slot in chain for place in staff.at(slot).tolist())
        if verdict is not None:
            doubtful.difference_update(chain)
    for slot in sorted(doubtful - set(staff.onset[sorted(graces)].tolist())):
        if on_beat := _on_beat(staff, slot):
            doubtful -= {slot, *staff.onset[on_beat].tolist()}
            graces.update(on_beat)
    return (
        staff.index[sorted(graces)] if len(doubtful) <= MOST_DOUBTFUL * len(staff.slots) else none
    )


def _chains(staff: _Staff, off_grid: list[int]) -> Iterator[tuple[list[int], int]]:
    """Yield chains of short notes off the grid, and the time on the grid they lead to.

    Every note of a chain ends where the next one begins. A chain is given by its slots.
    """
    leads: dict[int, int] = {}
    for slot in reversed(off_grid):
        ends = staff.end[staff.at(slot)]
        low, high = int(ends.min()), int(ends.max())
        if high - low > staff.tolerance or LONGEST * (high - slot) > staff.divisions:
            continue
        target = staff.slot_after(slot, low, high)
        if target is None:
            leads[slot] = staff.plain_near(high)  # grace notes after the last note before a rest
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
    shortened = [onset for onset in before if staff.is_plain[onset]]
    lengths = [after - slot for slot, after in pairwise([*chain, target])]
    if any(_are_equal([chain[0] - onset, *lengths]) for onset in shortened):
        return "tuplet"
    main = staff.at(target)
    too_long = len(main) > 0 and max(lengths) > int((staff.end[main] - staff.onset[main]).max())
    if too_long or (not shortened and (before or not len(main))):
        return None
    if not shortened and len(chain) > 1 and _are_equal(lengths):
        # After a rest: if the rest could be the first note of a tuplet, nothing is certain.
        rest = np.array([2 * chain[0] - chain[1]])
        return None if on_plain_grid(rest, staff.divisions)[0] else "grace"
    return "grace"


def _are_equal(lengths: list[int]) -> bool:
    return max(lengths) - min(lengths) <= 1  # a step apart: the times were rounded


def _on_beat(staff: _Staff, slot: int) -> list[int]:
    """Return the places of the grace notes on the beat that delay the notes at a slot.

    They begin on the grid. The list is empty if there are none.
    """
    graces: list[int] = []
    start = slot
    while not staff.is_plain[start]:
        short = [
            place
            for place in staff.ending(start).tolist()
            if LONGEST * (start - int(staff.onset[place])) <= staff.divisions
        ]
        if not short or len(graces) == MOST_ON_BEAT:
            return []
        start = int(staff.onset[short[-1]])
        graces += [place for place in short if staff.onset[place] == start]
    end = int(staff.end[staff.at(slot)].max())
    delay, whole = slot - start, end - start
    parts = round(whole / delay)
    is_tuplet = parts <= MOST_PARTS and abs(parts * delay - whole) <= staff.tolerance
    return graces if whole >= 4 * delay and not is_tuplet and staff.is_near_plain(end) else []


def remove_grace_notes(piece: Piece) -> Piece:
    """Remove grace notes, and return their time to the notes that it was taken from.

    A note that was shortened for a grace note gets its written length back. A main note that was
    delayed begins on its beat again. If no note was shortened or delayed, as in pieces that were
    read from notation, the other notes do not change.

    Parameters
    ----------
    piece : Piece
        With its grace notes flagged, by its reader or by `mark_grace_notes`.
    """
    return _without_grace_notes(piece, merge=False)


def merge_grace_notes(piece: Piece) -> Piece:
    """Merge every grace note with its main notes into one chord.

    It gets the onset and duration of the main note that is nearest in pitch. Its time is returned
    as by `remove_grace_notes`.

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
    targets = grace_targets(notes)
    for part in distinct(notes.part[~kept]).tolist():
        staff = _Staff(notes, part)
        is_grace = ~kept[staff.index]
        main_onsets = staff.onset[~is_grace]
        ornaments = [
            (
                ornament,
                _main_notes(staff, is_grace, targets[int(staff.index[ornament[-1]])])
                if _is_written(staff, ornament)
                else _return_time(staff, is_grace, main_onsets, ornament, onset, end),
            )
            for ornament in _ornaments(staff, is_grace)
        ]
        for ornament, main in ornaments if merge else ():
            if len(main):
                # (grace notes, main notes), in semitones
                distance = np.abs(staff.pitch[ornament][:, None] - staff.pitch[main])
                merged, nearest = staff.index[ornament], staff.index[main[distance.argmin(axis=1)]]
                onset[merged], end[merged], kept[merged] = onset[nearest], end[nearest], True
    return piece.replace(
        notes=notes.replace(
            keep=kept,
            onset=onset,
            duration=end - onset,
            grace=np.zeros_like(onset),
            across_voices=True,
        )
    )


def _is_written(staff: _Staff, ornament: np.ndarray) -> bool:
    """Return whether grace notes were read from notation, where they take no time.

    They last as long as readers of scores make them. A played ornament may last as long by chance.
    The note before it then ends at a time that does not occur in notation.
    """
    if (GRACE_QL * staff.divisions != staff.end[ornament] - staff.onset[ornament]).any():
        return False
    start = staff.onset[ornament].min()
    return not (staff.end == start).any() or bool(
        on_plain_grid(np.array([start]), staff.divisions)[0]
    )


def _main_notes(staff: _Staff, is_grace: np.ndarray, time: int) -> np.ndarray:
    """Return the places of the main notes that begin at a time."""
    places = staff.at(time)
    main: np.ndarray = places[~is_grace[places]]
    return main


def _ornaments(staff: _Staff, is_grace: np.ndarray) -> Iterator[np.ndarray]:
    """Yield groups of grace notes that belong together, as places.

    In a group, every note begins where the one before ends, and no main note begins in between.
    """
    main = staff.onset[~is_grace]
    ornament: list[int] = []
    for place in np.flatnonzero(is_grace).tolist():
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


def _return_time(
    staff: _Staff,
    is_grace: np.ndarray,
    main_onsets: np.ndarray,
    ornament: np.ndarray,
    onset: np.ndarray,
    end: np.ndarray,
) -> np.ndarray:
    """Return the time of an ornament to other notes, in `onset` and `end` in place.

    Parameters
    ----------
    staff : _Staff
    is_grace : (n,) bool
        For each note of the part.
    main_onsets : (m,) int64
        Onsets of the other notes.
    ornament : (k,) int64
        Places of its grace notes.
    onset, end : (N,) int64
        The times of all notes of the piece.

    Returns
    -------
    (j,) int64
        The places of the ornament's main notes.
    """
    start, stop = int(staff.onset[ornament].min()), int(staff.end[ornament].max())
    later = int(np.searchsorted(main_onsets, max(stop - staff.tolerance, start + 1)))
    after = int(main_onsets[later]) if later < len(main_onsets) else None
    main: np.ndarray = ornament[:0]
    if after is not None and after <= stop + staff.tolerance:
        main = _main_notes(staff, is_grace, after)
        if staff.is_plain[start] and not staff.is_plain[after]:
            onset[staff.index[main]] = start
            return main
    before = staff.ending(start)
    shortened = ~on_plain_grid(staff.end[before], staff.divisions)
    for place in before[shortened & ~is_grace[before]].tolist():
        new_end = staff.plain_near(stop)
        # Grace notes after their main note may end before the written end of that note. It then
        # lasted to the next note, if that is near.
        if after is not None and 2 * (after - new_end) <= new_end - int(staff.onset[place]):
            new_end = after
        end[staff.index[place]] = new_end
    return main
