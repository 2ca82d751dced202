"""Find near-duplicates: the same music under two names, to keep it in one split.

Every piece has a `Fingerprint`: its notes on a coarse grid, and *anchors*. An anchor is a hash of
six successive pitches of an outer line. It is independent of key, meter, tempo and note values.
Pieces that share anchors are compared note by note (`compare`). The shared anchors give the
transposition between the two pieces, the ratio of their note values (the scale), and the shift in
time. There may be several shifts if one piece has repeats or cuts.

Two pieces are the same music if two conditions hold. At least three fifths of the smaller one's
notes are in passages that the larger one has nearly note for note, in any octave. And at least
seven tenths of all its notes are in their places. Therefore a single voice, section or movement is
the same music as the whole. Another harmonization of a tune is not, unless most of its harmonies
are the same or `melody` is set.
"""

from __future__ import annotations

import hashlib
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from partimento.analysis.similarity.fingerprints import LOW, Fingerprint, hashes_of
from partimento.short_repr import short_repr

# Ratios of note values, the more probable ones first.
SCALES = np.array([(1, 1), (2, 1), (1, 2), (3, 2), (2, 3), (4, 1), (1, 4)])
MAX_SHIFTS = 8  # shifts that are tried together, because of written-out repeats and cuts
MIN_VOTES = 2  # anchors that must agree on a shift
TOLERANCE = 1  # steps
STRETCH = 16  # notes of a passage that is compared as a whole
SAME = 7 / 8  # of the notes of a stretch: it is then nearly note for note the same
# Thresholds for the same music. Of 18,198 variants made in code 99.9 % have 0.71 and 0.89 or more.
# Among 340,000 pairs of real pieces, different music had 0.48 at most.
VERBATIM = 0.6  # the share of the smaller piece's notes in such stretches
SHARE = 0.7  # the share of all its notes that are in their places
ENOUGH = 24  # notes in such stretches; fewer are a common formula, unless they are the whole piece
NEIGHBORS = 16  # next larger pieces with the same hash that are considered
CANDIDATES = 16  # failed comparisons of one piece, at most
CANDIDATES_OF_A_GROUP = 5  # failed comparisons with pieces of one group, at most
SHARED = 0.04  # share of the smaller piece's hashes that a candidate must have


@short_repr
class Likeness(NamedTuple):
    """How much of the smaller of two pieces occurs in the larger one.

    Attributes
    ----------
    semitones : int
        The interval from the smaller piece up to the larger.
    scale : Fraction
        The larger piece's note values as a multiple of the smaller one's.
    share : float
        The share of the smaller piece's notes that the larger one has at the same place, in any
        octave. Immediately repeated notes do not count, because another edition may tie them.
    verbatim : float
        The share of the smaller piece's notes in passages that the larger has nearly note for note.
    sizes : tuple of int
        Number of notes of the smaller and of the larger piece.
    """

    semitones: int
    scale: Fraction
    share: float
    verbatim: float
    sizes: tuple[int, int]

    @property
    def same_music(self) -> bool:
        """Whether the pieces are the same music and must be in the same split."""
        enough = self.verbatim * self.sizes[0] >= ENOUGH or self.sizes[0] >= SAME * self.sizes[1]
        return self.verbatim >= VERBATIM and self.share >= SHARE and enough


@short_repr
class Link(NamedTuple):
    """Two near-duplicates: the music of piece `part` occurs in piece `whole`.

    Both are positions in the sequence of fingerprints.
    """

    part: int
    whole: int
    likeness: Likeness


def compare(a: Fingerprint, b: Fingerprint, *, melody: bool = False) -> Likeness | None:
    """Compare two pieces.

    Parameters
    ----------
    a, b : Fingerprint
    melody : bool
        Compare only their top lines.

    Returns
    -------
    Likeness or None
        None if fewer than `MIN_VOTES` shared anchors agree on a shift.
    """
    small, large = (a, b) if len(a.notes) <= len(b.notes) else (b, a)
    alignment = _alignment(small, large)
    if alignment is None:
        return None
    semitones, scale, shifts = alignment
    part, whole = (
        notes[notes >> 7 & 1 == 1] if melody else notes for notes in (small.notes, large.notes)
    )
    # Leave out immediately repeated notes, which another edition may tie.
    part, whole_size = part[part >> 8 & 1 == 0], int((whole >> 8 & 1 == 0).sum())
    if not len(part):
        return None
    # Pitch class and onset as one sortable integer.
    keys = np.append(np.sort(_pitches(whole) % 12 << 32 | _onsets(whole)), np.iinfo(np.int64).max)
    expected = (
        ((_pitches(part) + semitones) % 12 << 32)
        + _scaled(_onsets(part), scale)
        + shifts[:, None]
        - TOLERANCE
    )
    # (shifts, notes): whether the larger piece has the note
    is_present = keys[np.searchsorted(keys, expected)] <= expected + 2 * TOLERANCE
    starts = np.arange(0, max(len(part) - STRETCH // 2, 1), STRETCH)
    # For each stretch, the shift at which it fits best counts.
    hits = np.add.reduceat(is_present, starts, axis=1, dtype=np.int64).max(axis=0)
    lengths = np.diff(starts, append=len(part))
    verbatim = lengths[hits >= SAME * lengths].sum()
    up, down = scale[0].tolist()
    return Likeness(
        semitones,
        Fraction(up, down),
        float(hits.sum() / len(part)),
        float(verbatim / len(part)),
        (len(part), whole_size),
    )


def _pitches(notes: np.ndarray) -> np.ndarray:
    return (notes & 127).astype(np.int64)


def _onsets(notes: np.ndarray) -> np.ndarray:
    return (notes >> 9).astype(np.int64)


def _scaled(times: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Multiply times by each of the scales, rounded to the nearest step: (S, T)."""
    up, down = scales[:, :1], scales[:, 1:]
    scaled: np.ndarray = (2 * times * up + down) // (2 * down)
    return scaled


def _alignment(small: Fingerprint, large: Fingerprint) -> tuple[int, np.ndarray, np.ndarray] | None:
    """Return the transposition, scale and shifts on which most anchors agree.

    Shifts are in steps, the most probable first.
    """
    hashes, others = hashes_of(small.anchors), hashes_of(large.anchors)
    start = np.searchsorted(others, hashes)
    counts = np.searchsorted(others, hashes, side="right") - start
    # All pairs (one, other) of anchors with equal hashes.
    one = np.repeat(np.arange(len(hashes)), counts)
    other = np.repeat(start - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
    if len(one) < MIN_VOTES:
        return None
    part, whole = small.notes[small.anchors[one] & LOW], large.notes[large.anchors[other] & LOW]
    semitones = _pitches(whole) - _pitches(part)
    shifts = _onsets(whole) - _scaled(_onsets(part), SCALES)
    # Pack scale, transposition and shift into one integer, to count the votes for each.
    upper = np.arange(len(SCALES))[:, None] << 8 | semitones + 128
    values, votes = np.unique((upper << 40) + shifts + (1 << 36), return_counts=True)
    best = int(votes.argmax())
    if votes[best] < MIN_VOTES:
        return None
    same = np.flatnonzero(values >> 40 == values[best] >> 40)
    same = same[np.argsort(-votes[same], kind="stable")[:MAX_SHIFTS]]
    code = int(values[best]) >> 40
    return (code & 255) - 128, SCALES[code >> 8 :][:1], (values[same] & (1 << 40) - 1) - (1 << 36)


def group(fingerprints: Iterable[Fingerprint], *, melody: bool = False) -> np.ndarray:
    """Group pieces that are the same music.

    The same pieces give the same groups in any order. The time grows nearly linearly with their
    number, even if groups are large. A piece is compared with few others, and with none of its own
    group.

    Parameters
    ----------
    fingerprints : iterable of Fingerprint
        Read once; about 4 kB are kept for a piece of 500 notes.
    melody : bool
        Whether pieces with the same melody belong together, whatever their harmony.

    Returns
    -------
    (N,) int64
        The group of each piece, numbered by first appearance.
    """
    return _search(fingerprints, melody=melody)[0]


def duplicates_of(fingerprints: Iterable[Fingerprint], *, melody: bool = False) -> list[Link]:
    """Return the pairs of near-duplicates that connect the groups of `group`.

    A group of n pieces has n - 1 links. They are sorted by the position of the smaller piece.
    """
    return sorted(_search(fingerprints, melody=melody)[1], key=lambda link: link[:2])


def _search(fingerprints: Iterable[Fingerprint], *, melody: bool) -> tuple[np.ndarray, list[Link]]:
    """Return groups and links.

    Pieces are processed from the largest to the smallest. Each one is compared with larger ones
    that share its hashes, until it belongs to a group or too many comparisons have failed.
    """
    packed, sizes, digests = _packed(fingerprints)
    order = np.lexsort((digests, -sizes)).tolist()
    index = _index([packed[place] for place in order])
    roots, links = list(range(len(order))), []
    for rank, place in enumerate(order):
        piece = _unpacked(packed[place])
        failures: Counter[int] = Counter()
        for other in _candidates(index, piece, rank):
            root = _root(roots, other)
            if failures.total() == CANDIDATES:
                break
            if root == _root(roots, rank) or failures[root] == CANDIDATES_OF_A_GROUP:
                continue
            larger = _unpacked(packed[order[other]])
            likeness = compare(piece, larger)
            if melody and not (likeness and likeness.same_music):
                likeness = compare(piece, larger, melody=True)
            if likeness and likeness.same_music:
                links.append(Link(place, order[other], likeness))
                roots[_root(roots, rank)] = root
            else:
                failures[root] += 1
    piece_roots = np.array([_root(roots, rank) for rank in np.argsort(order)], np.int64)
    _, first, groups = np.unique(piece_roots, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[groups], links


def _root(roots: list[int], rank: int) -> int:
    """Return the representative of a piece's group (union-find with path halving)."""
    while roots[rank] != rank:
        roots[rank] = rank = roots[roots[rank]]
    return rank


def _packed(fingerprints: Iterable[Fingerprint]) -> tuple[list[bytes], np.ndarray, np.ndarray]:
    """Compress fingerprints to half their size, so that 100,000 fit into memory.

    Returns
    -------
    packed : list of bytes
    sizes : (N,) int64
        The number of notes of each piece.
    digests : (N,) uint64
        They order pieces of equal size, whatever their position.
    """
    packed, sizes, digests = [], array("q"), bytearray()
    for piece in fingerprints:
        data = piece.to_bytes()
        packed.append(zlib.compress(data, 1))
        sizes.append(len(piece.notes))
        digests += hashlib.blake2b(data, digest_size=8).digest()
    return packed, np.array(sizes, np.int64), np.frombuffer(digests, "<u8")


def _unpacked(packed: bytes) -> Fingerprint:
    return Fingerprint.from_bytes(zlib.decompress(packed))


def _index(packed: list[bytes]) -> np.ndarray:
    """Return the sorted index entries: a hash (40 bits) and a piece's rank (24 bits)."""
    entries = array("Q")
    for rank, data in enumerate(packed):
        entries.frombytes((_distinct(_unpacked(data).anchors) | np.uint64(rank)).tobytes())
    index = np.frombuffer(entries, np.uint64)
    index.sort()
    return index


def _distinct(anchors: np.ndarray) -> np.ndarray:
    """Return the different hashes of sorted anchors, in the upper 40 bits of each."""
    hashes = anchors & ~LOW
    distinct: np.ndarray = hashes[np.append(True, hashes[1:] != hashes[:-1])[: len(hashes)]]
    return distinct


def _candidates(index: np.ndarray, piece: Fingerprint, rank: int) -> list[int]:
    """Return the ranks of larger pieces that share hashes, those with most first.

    For each hash, only the largest piece and some next larger ones are considered. The list of all
    pieces with a hash may be as long as the corpus, but similar pieces share many hashes.
    """
    hashes = _distinct(piece.anchors)
    start, place = np.searchsorted(index, hashes), np.searchsorted(index, hashes | np.uint64(rank))
    entries = place[:, None] - np.arange(1, NEIGHBORS + 1)
    entries = np.concatenate([entries[entries >= start[:, None]], start[place - start > NEIGHBORS]])
    others, shared = np.unique(index[entries] & LOW, return_counts=True)
    enough = shared >= max(min(2, len(hashes)), SHARED * len(hashes))
    others, shared = others[enough], shared[enough]
    ranked: list[int] = others[np.argsort(-shared, kind="stable")].tolist()
    return ranked
