"""Reduce a piece to a fingerprint of notes and hashes, to find similar pieces.

Hashes are computed along the outer lines and thinned out by winnowing (Schleimer, Wilkerson and
Aiken 2003, "Winnowing: local algorithms for document fingerprinting"). Two lines that agree over 13
successive pitches therefore share at least one hash, wherever these are in the pieces.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partimento.music.events import distinct
from partimento.music.piece import Piece
from partimento.short_repr import short_repr

GRID = 48  # steps per quarter: represents sixteenth notes and their triplets exactly
RUN = 6  # pitches in a hash
WINDOW = 8  # among this many successive hashes at least one is kept
OCCURRENCES = 4  # anchors with the same hash in one piece, at most
REACH = 32  # onsets that a held note covers, at most: limits the work for malicious files
HASH_SHIFT = np.uint64(24)
LOW = np.uint64(2**24 - 1)  # mask of the lower 24 bits of an anchor or an index entry
NONE = np.uint64(2**64 - 1)  # stands for no hash; greater than any hash


@short_repr
class Fingerprint(NamedTuple):
    """The fingerprint of a piece, by which similar pieces are found.

    Attributes
    ----------
    notes : (N,) uint32
        Sorted by onset, then pitch. Each number contains, from the highest bit down, the onset in
        steps of `GRID` (23 bits), two flags, and the MIDI pitch (7 bits). The flags are whether the
        note is a repetition without a gap, and whether it is the highest sounding note.
    anchors : (A,) uint64
        Sorted. Each is a hash (40 bits) and the index of the note at which it begins (24 bits).
    """

    notes: np.ndarray
    anchors: np.ndarray

    def to_bytes(self) -> bytes:
        """Return bytes that compress well and are the same on every machine."""
        steps = np.diff(self.notes, prepend=np.uint32(0))
        return (
            len(self.notes).to_bytes(4, "little")
            + _shuffle(steps, "<u4")
            + _shuffle(self.anchors, "<u8")
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Fingerprint:
        """Read a fingerprint from the result of `to_bytes`.

        Raises
        ------
        ValueError
            If the bytes are not a valid fingerprint.
        """
        count = int.from_bytes(data[:4], "little")
        middle = 4 + 4 * count
        if not 4 <= middle <= len(data) or (len(data) - middle) % 8:
            raise ValueError("a fingerprint of another length")
        notes = np.cumsum(_unshuffle(data[4:middle], "<u4"), dtype=np.uint32)
        anchors = _unshuffle(data[middle:], "<u8")
        too_often = hashes_of(anchors[OCCURRENCES:]) == hashes_of(anchors[:-OCCURRENCES])
        if (anchors & LOW >= count).any() or (anchors[1:] < anchors[:-1]).any() or too_often.any():
            raise ValueError(
                "a fingerprint whose anchors are not on its notes, not in order or too many"
            )
        return cls(notes, anchors)


def _shuffle(column: np.ndarray, kind: str) -> bytes:
    """Return the first bytes of all numbers, then all second bytes, and so on.

    The result compresses better than the numbers one by one.
    """
    return column.astype(kind).view(np.uint8).reshape(-1, np.dtype(kind).itemsize).T.tobytes()


def _unshuffle(data: bytes, kind: str) -> np.ndarray:
    size = np.dtype(kind).itemsize
    return (
        np.frombuffer(data, np.uint8).reshape(size, -1).T.copy().view(kind).ravel().astype(kind[1:])
    )


def fingerprint(piece: Piece) -> Fingerprint:
    """Return the fingerprint of a piece; drums and grace notes are left out."""
    notes = piece.notes
    kept = ~piece.drums & (notes.grace == 0)
    return fingerprint_of(notes.divisions, notes.onset[kept], notes.end[kept], notes.pitch[kept])


def fingerprint_of(
    divisions: int, onset: np.ndarray, end: np.ndarray, pitch: np.ndarray
) -> Fingerprint:
    """Return the fingerprint of notes in any order.

    Parameters
    ----------
    divisions : int
        Steps per quarter of `onset` and `end`.
    onset, end, pitch : (N,) int64
        The notes, without those of drums.
    """
    onset, end = ((2 * GRID * times + divisions) // (2 * divisions) for times in (onset, end))
    code = onset << 7 | pitch
    order = np.argsort(code, kind="stable")
    code = code[order]
    kept = code < 1 << 30  # the onset must fit into 23 bits: 170,000 quarters
    kept[1:] &= code[1:] != code[:-1]  # doubled notes count once
    code, end = code[kept], end[order][kept]
    if not len(code):
        return Fingerprint(np.zeros(0, np.uint32), np.zeros(0, np.uint64))
    onset, pitch = code >> 7, code & 127
    lines, top = _outer_lines(onset, end, pitch)
    repeated = _is_repeated(onset, end, pitch)
    return Fingerprint(
        (onset << 9 | repeated << 8 | top << 7 | pitch).astype(np.uint32), _anchors(lines, pitch)
    )


def _is_repeated(onset: np.ndarray, end: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """Return which notes follow a note of the same pitch without a gap: (N,) bool.

    Another edition may tie the two.
    """
    order = np.argsort(pitch, kind="stable")
    repeated = np.zeros(len(order), bool)
    repeated[order[1:]] = (pitch[order][1:] == pitch[order][:-1]) & (
        end[order][:-1] >= onset[order][1:]
    )
    return repeated


def _outer_lines(
    onset: np.ndarray, end: np.ndarray, pitch: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return four lines as note indices, and which notes are highest at their onset.

    Two lines are the lowest and the highest of the notes that begin at each onset. The other two
    have only those of them that are also the lowest and highest sounding note. These lines do not
    change if an inner voice is missing.
    """
    begins = onset[1:] != onset[:-1]
    first = np.flatnonzero(np.append(True, begins))
    last = np.append(first[1:], len(onset)) - 1
    group = np.append(0, np.cumsum(begins))
    spans = np.clip(np.searchsorted(onset[first], end) - group, 1, REACH)
    covered = np.repeat(group - np.cumsum(spans) + spans, spans) + np.arange(spans.sum())
    covered = np.minimum(covered, len(first) - 1)
    sounding = np.repeat(pitch, spans)
    lowest, highest = np.full(len(first), 127), np.zeros(len(first), np.int64)
    np.minimum.at(lowest, covered, sounding)
    np.maximum.at(highest, covered, sounding)
    lines = [first, last, first[pitch[first] == lowest], last[pitch[last] == highest]]
    return lines, pitch == highest[group]


def _mix(x: np.ndarray) -> np.ndarray:
    """Hash 64-bit integers (finalizer of SplitMix64: Steele, Lea and Flood 2014)."""
    x = (x ^ x >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ x >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    mixed: np.ndarray = x ^ x >> np.uint64(31)
    return mixed


TABLE = _mix(np.arange(1, RUN * 256 + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)).reshape(
    RUN, 256
)


def _anchors(lines: list[np.ndarray], pitch: np.ndarray) -> np.ndarray:
    """Return winnowed hashes of successive intervals along lines: (A,) uint64.

    Repeated notes count once.
    """
    lines = [line[np.append(True, np.diff(pitch[line]) != 0)] for line in lines]
    line = np.concatenate(lines)
    count = len(line) - RUN + 1
    if count <= 0:
        return np.zeros(0, np.uint64)
    steps = np.diff(pitch[line]) & 255
    hashes = np.zeros(count, np.uint64)
    for place in range(RUN - 1):
        hashes += TABLE[place, steps[place : place + count]]
    hashes = _mix(hashes) & ~LOW
    ends = np.cumsum([len(line) for line in lines[:-1]])
    across = (ends[:, None] - np.arange(1, RUN)).ravel()  # from one line into the next
    hashes[across[(across >= 0) & (across < count)]] = NONE
    around = np.full(WINDOW - 1, NONE)
    least = _slide(np.minimum, np.concatenate([around, hashes, around]))
    # Winnowing keeps a hash if it is the least one in any of the windows that contain it.
    selected = np.flatnonzero((_slide(np.maximum, least) == hashes) & (hashes != NONE))
    anchors = distinct(hashes[selected] | line[selected].astype(np.uint64))
    kept = np.append(
        np.full(OCCURRENCES, True),
        hashes_of(anchors[OCCURRENCES:]) != hashes_of(anchors[:-OCCURRENCES]),
    )
    rare: np.ndarray = anchors[kept[: len(anchors)]]
    return rare


def _slide(extreme: np.ufunc, values: np.ndarray) -> np.ndarray:
    """Return the minimum or maximum of every `WINDOW` successive values.

    The step doubles until it covers the window, because `WINDOW` is a power of two.
    """
    step = 1
    while step < WINDOW:
        values = extreme(values[:-step], values[step:])
        step *= 2
    return values


def hashes_of(anchors: np.ndarray) -> np.ndarray:
    """Return the hashes of anchors, without their positions."""
    return anchors >> HASH_SHIFT
