"""Restore the written ends of notes that a notation program shortened.

Programs that export MIDI from a score keep the onsets on the grid of notation. They end each note
early: by one tick, by a tenth of its length, or by both. The written end is the point of the grid
that the same shortening leads to. The evidence is strong if one shortening explains nearly all
notes of a part. Music that was played is never changed, and neither are notes that end on the grid:
a short note, as in staccato, stays short.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partimento.analysis.grace_notes import FINENESS, on_plain_grid
from partimento.music.events import distinct
from partimento.music.piece import Piece

FINEST = 24  # points of the grid of written ends per quarter: 32nds and triplet 16ths
LEAST_ON_GRID = 0.8  # share of onsets on the grid of notation
LEAST_OFF = 0.5  # share of ends off that grid
# Shares of the ends off the grid that one shortening explains. By chance, a tick explains about a
# tenth of all ends, and a share of the length a third.
LEAST_BY_TICK, LEAST_BY_TICKS, LEAST_BY_GATE = 0.5, 0.9, 0.95
LEAST_OF_REST = 0.6  # share that a second shortening explains of what the first one leaves
FEWEST_NOTES = 6  # of a part
GATES = tuple(percent / 100 for percent in range(99, 84, -1))  # shares of the written length
MOST_TICKS = 1 / 16  # of a quarter, by which all notes end early


@dataclass(frozen=True)
class Shortening:
    """How the notes of a part were shortened.

    Attributes
    ----------
    part : int
    gate : float
        The share of the written length that is played, 0.85 to 1.
    ticks : int
        Steps by which notes end earlier than that.
    notes, explained : int
        Number of notes that end off the grid, and how many of them the shortening explains.
    """

    part: int
    gate: float
    ticks: int
    notes: int
    explained: int

    def __str__(self) -> str:
        """Return the evidence in words."""
        early = f"{self.ticks} ticks early" if self.ticks != 1 else "a tick early"
        percent = f"at {self.gate:.0%} of their length" if self.gate < 1 else ""
        how = ", ".join(filter(None, (percent, early if self.ticks else "")))
        return f"{self.explained} of {self.notes} notes end {how}"


def find_shortenings(piece: Piece) -> tuple[Shortening, ...]:
    """Find the parts whose notes were shortened for playback.

    Parameters
    ----------
    piece : Piece
        As it was read from a MIDI file, without quantizing.

    Returns
    -------
    tuple of Shortening
        One or two for each part with strong evidence; none for played music.
    """
    notes = piece.notes
    drums = piece.drums
    if not len(notes) or drums.all():
        return ()
    onset, end, divisions = notes.onset, notes.end, notes.divisions
    starts = on_plain_grid(onset, divisions)
    if np.mean(starts[~drums]) < LEAST_ON_GRID:
        return ()
    is_off = ~_on_written_grid(end, divisions) & (notes.grace == 0)
    if np.mean(is_off[~drums]) < LEAST_OFF:
        return ()
    found = []
    for part in distinct(notes.part[~drums]).tolist():
        chosen = np.flatnonzero(is_off & (notes.part == part))
        total = np.count_nonzero(notes.part == part)
        if len(chosen) >= max(FEWEST_NOTES, LEAST_OFF * total):
            found += _shortenings(part, onset[chosen], end[chosen], divisions)
    return tuple(found)


def restore_note_ends(piece: Piece, shortenings: tuple[Shortening, ...] | None = None) -> Piece:
    """Return the piece with the written ends of its notes.

    Parameters
    ----------
    piece : Piece
        As it was read from a MIDI file, without quantizing.
    shortenings : tuple of Shortening, optional
        From `find_shortenings`; found here by default.

    Returns
    -------
    Piece
        The same piece if there is no strong evidence.

    Examples
    --------
    >>> from fractions import Fraction as F
    >>> from partimento.music.notes import Note
    >>> short = Piece([Note(F(i), F(479, 480), 60 + i) for i in range(8)])
    >>> [str(note.duration) for note in restore_note_ends(short).notes][:3]
    ['1', '1', '1']
    """
    shortenings = find_shortenings(piece) if shortenings is None else shortenings
    if not shortenings:
        return piece
    notes = piece.notes
    duration = notes.duration.copy()
    is_off = ~_on_written_grid(notes.end, notes.divisions) & (notes.grace == 0)
    for how in shortenings:
        chosen = np.flatnonzero(is_off & (notes.part == how.part) & (duration == notes.duration))
        onset, end = notes.onset[chosen], notes.end[chosen]
        written = _written_ends(onset, end, notes.divisions, how.gate, how.ticks)
        duration[chosen[written > 0]] = (written - onset)[written > 0]
    for how in shortenings:
        if how.gate == 1:
            # Also ends of the rarer tuplets, now that the ticks are known.
            later = notes.end + how.ticks
            rare = is_off & (notes.part == how.part) & (duration == notes.duration)
            rare &= on_plain_grid(later, notes.divisions)
            duration[rare] = later[rare] - notes.onset[rare]
    return piece.replace(notes=notes.replace(duration=duration))


def _shortenings(part: int, onset: np.ndarray, end: np.ndarray, divisions: int) -> list[Shortening]:
    """Return the shortening of a part, and a second one if both are needed.

    A program may end most notes a tick early, and some, such as those with a certain mark, at a
    share of their length.
    """
    best = (1.0, 0, 0)
    for ticks in _usual_ticks(end, divisions, int(divisions * MOST_TICKS)):
        explained = int(np.count_nonzero(_written_ends(onset, end, divisions, 1.0, ticks)))
        needed = LEAST_BY_TICK if ticks == 1 else LEAST_BY_TICKS
        if explained >= needed * len(onset):
            best = max(best, (1.0, ticks, explained), key=lambda how: how[2])
    if not best[2]:
        best = _best_gate(onset, end, divisions)
        if best[2] < LEAST_BY_GATE * len(onset):
            return []
        return [Shortening(part, best[0], best[1], len(onset), best[2])]
    found = [Shortening(part, best[0], best[1], len(onset), best[2])]
    rest = _written_ends(onset, end, divisions, 1.0, best[1]) == 0
    if np.count_nonzero(rest) >= FEWEST_NOTES:
        gate = _best_gate(onset[rest], end[rest], divisions)
        if gate[2] >= LEAST_OF_REST * np.count_nonzero(rest):
            found.append(Shortening(part, gate[0], gate[1], int(rest.sum()), gate[2]))
    return found


def _best_gate(onset: np.ndarray, end: np.ndarray, divisions: int) -> tuple[float, int, int]:
    """Return the share of the length, ticks and number of notes that it explains."""
    best = (1.0, 0, 0)
    for gate in GATES:
        for ticks in (1, 0):
            # On a fine grid, any share of the length would lead to some point.
            written = _written_ends(onset, end, divisions, gate, ticks, (4, 6))
            explained = int(np.count_nonzero(written))
            best = max(best, (gate, ticks, explained), key=lambda how: how[2])
    return best


def _usual_ticks(end: np.ndarray, divisions: int, most: int) -> list[int]:
    """Return the most frequent distances from an end to the next point of the grid."""
    counts = np.zeros(most + 2, np.int64)
    for points in (FINEST // 3, FINEST // 2):
        distance = -end * points % divisions // points
        counts += np.bincount(distance[distance <= most], minlength=most + 2)
    order = np.argsort(-counts[1:], kind="stable")[:3] + 1
    return [int(ticks) for ticks in order if counts[ticks]]


def _written_ends(
    onset: np.ndarray,
    end: np.ndarray,
    divisions: int,
    gate: float,
    ticks: int,
    grid: tuple[int, ...] = (4, 6, 8, 12, 24),
) -> np.ndarray:
    """Return the written end of each note in steps; 0 where it is not explained.

    A shortened length is rounded to ticks, so that it may differ by one. The coarsest of the grids
    (points per quarter) with a fitting point counts.
    """
    length = end - onset
    written = (length + ticks) / gate
    target = np.zeros(len(onset), np.int64)
    for points in grid:
        if divisions % points and divisions < FINENESS * points:
            continue  # almost every step would be near some point
        unit = divisions / points
        near = np.round((onset + written) / unit) * unit
        exact = np.round(near).astype(np.int64)
        played = (exact - onset) * gate - ticks
        # A point that is between two ticks may be rounded to either side.
        slack = (0.5 if gate == 1 and not divisions % points else 1.01) + (gate < 1) * 0.5
        fits = (np.abs(played - length) <= slack) & (exact > onset) & (exact > end) & (target == 0)
        target[fits] = exact[fits]
    return target


def _on_written_grid(times: np.ndarray, divisions: int) -> np.ndarray:
    """Return which times are 32nds, or triplet 16ths, exactly or rounded to a step."""
    on_grid = np.zeros(len(times), bool)
    for points in (FINEST // 3, FINEST):
        past = times * points % divisions
        on_grid |= past == 0
        if divisions % points and divisions >= FINENESS * points:
            on_grid |= np.minimum(past, divisions - past) < points
    return on_grid


def write_out_staccato(piece: Piece) -> Piece:
    """Return the piece with short notes that last until the next note of their part.

    Programs play staccato notes for a half or a third of their length. A note is lengthened if the
    time to the next onset in its part is twice or three times its length. Nothing else of the part
    may sound then. A written rest after a short note is lost, so that this is a choice.

    Parameters
    ----------
    piece : Piece
        From `restore_note_ends`.

    Examples
    --------
    >>> from fractions import Fraction as F
    >>> from partimento.music.notes import Note
    >>> short = Piece([Note(F(i), F(1, 2), 60 + i) for i in range(4)])
    >>> [str(note.duration) for note in write_out_staccato(short).notes]
    ['1', '1', '1', '1/2']
    """
    notes = piece.notes
    duration = notes.duration.copy()
    for part in distinct(notes.part).tolist():
        chosen = np.flatnonzero((notes.part == part) & (notes.grace == 0))
        if not len(chosen):
            continue
        onset, length = notes.onset[chosen], notes.duration[chosen]
        slots = distinct(onset)
        following = np.searchsorted(slots, onset, side="right")
        gap = np.append(slots, slots[-1])[following] - onset
        slack = notes.divisions // 160
        is_short = (np.abs(gap - 2 * length) <= slack) | (np.abs(gap - 3 * length) <= slack)
        # Nothing of the part sounds from the end of a short note to the next onset.
        end = onset + length
        for i in np.flatnonzero(is_short & (gap > 0)).tolist():
            sounds = (onset < onset[i] + gap[i]) & (end > end[i] + slack)
            if not sounds.any():
                duration[chosen[i]] = gap[i]
    return piece.replace(notes=notes.replace(duration=duration))
