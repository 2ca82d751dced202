"""Find near-duplicates: the same music under two names, to keep it in one split.

Each piece gives a `Fingerprint`: its notes on a coarse grid, and *anchors*. These are hashes
of six successive pitches of its outer lines, equal in every key, meter, tempo and note value.
Pieces that share anchors are compared note by note (`compare`). The anchors give the transposition,
scale and shift between them, at several places if repeats or cuts lie between.

Two pieces are the same music under two conditions. Three fifths of the smaller one's notes lie in
passages that the larger has nearly note for note, in whatever octave. And seven tenths of all its
notes are in their places. Hence a voice, a section or a movement alone is the same music as the
whole. Another harmonization of a tune is not, unless most of its harmonies are the same or `melody`
is set.
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

SCALES = np.array([(1, 1), (2, 1), (1, 2), (3, 2), (2, 3), (4, 1), (1, 4)])  # the likelier first
PLACES = 8  # shifts that are tried together: repeats written out, sections left out
MIN_VOTES = 2  # anchors that agree on a shift
TOLERANCE = 1  # steps
STRETCH = 16  # notes
SAME = 7 / 8  # of a stretch: that is nearly note for note
# Of 18,198 variants made in code 99.9 % have 0.71 and 0.89 or more; among 340,000 pairs of real
# pieces different music had 0.48 at most.
VERBATIM = 0.6  # of the smaller piece in such stretches,
SHARE = 0.7  # and of all its notes in their places: that is the same music
ENOUGH = 24  # notes in such stretches; fewer are a formula, unless they are all there is
NEIGHBOURS = 16  # in the list of pieces that share a hash
CANDIDATES = 16  # pieces that one is compared with in vain, at most
CANDIDATES_OF_A_GROUP = 5  # of them
SHARED = 0.04  # of the smaller piece's hashes, to be worth a comparison


class Likeness(NamedTuple):
    """How the smaller of two pieces is found in the larger.

    Attributes
    ----------
    semitones : int
        The interval from the smaller piece up to the larger.
    scale : Fraction
        The larger piece's note values as a multiple of the smaller one's.
    share : float
        The share of the smaller piece's notes that the larger has in their place, in whatever
        octave. (A note struck again at once does not count: another edition may tie it.)
    verbatim : float
        The share of the smaller piece's notes in passages that the larger has nearly note for note.
    sizes : tuple of int
        Notes of the smaller and of the larger piece.
    """

    semitones: int
    scale: Fraction
    share: float
    verbatim: float
    sizes: tuple[int, int]

    @property
    def same_music(self) -> bool:
        """Whether the pieces belong on one side of a split."""
        enough = self.verbatim * self.sizes[0] >= ENOUGH or self.sizes[0] >= SAME * self.sizes[1]
        return self.verbatim >= VERBATIM and self.share >= SHARE and enough


class Link(NamedTuple):
    """Two pieces of one group, by their places: the music of `part` is in `whole`."""

    part: int
    whole: int
    likeness: Likeness


def compare(a: Fingerprint, b: Fingerprint, *, melody: bool = False) -> Likeness | None:
    """Compare two pieces; None if their lines have nothing in common.

    Parameters
    ----------
    a, b : Fingerprint
    melody : bool
        Compare their top lines alone.
    """
    small, large = (a, b) if len(a.notes) <= len(b.notes) else (b, a)
    found = _shifts(small, large)
    if found is None:
        return None
    semitones, scale, shifts = found
    part, whole = (
        notes[notes >> 7 & 1 == 1] if melody else notes for notes in (small.notes, large.notes)
    )
    part, fresh = part[part >> 8 & 1 == 0], int((whole >> 8 & 1 == 0).sum())
    if not len(part):
        return None
    keys = np.append(np.sort(_pitches(whole) % 12 << 32 | _onsets(whole)), np.iinfo(np.int64).max)
    wanted = (
        ((_pitches(part) + semitones) % 12 << 32)
        + _scaled(_onsets(part), scale)
        + shifts[:, None]
        - TOLERANCE
    )
    there = keys[np.searchsorted(keys, wanted)] <= wanted + 2 * TOLERANCE  # (shifts, notes)
    starts = np.arange(0, max(len(part) - STRETCH // 2, 1), STRETCH)
    hits = np.add.reduceat(there, starts, axis=1, dtype=np.int64).max(
        axis=0
    )  # each stretch where it fits best
    lengths = np.diff(starts, append=len(part))
    verbatim = lengths[hits >= SAME * lengths].sum()
    up, down = scale[0].tolist()
    return Likeness(
        semitones,
        Fraction(up, down),
        float(hits.sum() / len(part)),
        float(verbatim / len(part)),
        (len(part), fresh),
    )


def _pitches(notes: np.ndarray) -> np.ndarray:
    return (notes & 127).astype(np.int64)


def _onsets(notes: np.ndarray) -> np.ndarray:
    return (notes >> 9).astype(np.int64)


def _scaled(times: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Multiply times by each of the scales, to the nearest step: (S, T)."""
    up, down = scales[:, :1], scales[:, 1:]
    scaled: np.ndarray = (2 * times * up + down) // (2 * down)
    return scaled


def _shifts(small: Fingerprint, large: Fingerprint) -> tuple[int, np.ndarray, np.ndarray] | None:
    """Return transposition and scale on which most anchors agree, and the shifts.

    Shifts are in steps, the most probable first.
    """
    prints, others = hashes_of(small.anchors), hashes_of(large.anchors)
    start = np.searchsorted(others, prints)
    counts = np.searchsorted(others, prints, side="right") - start
    one = np.repeat(np.arange(len(prints)), counts)
    other = np.repeat(start - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
    if len(one) < MIN_VOTES:
        return None
    part, whole = small.notes[small.anchors[one] & LOW], large.notes[large.anchors[other] & LOW]
    semitones = _pitches(whole) - _pitches(part)
    shifts = _onsets(whole) - _scaled(_onsets(part), SCALES)
    how = np.arange(len(SCALES))[:, None] << 8 | semitones + 128
    values, votes = np.unique((how << 40) + shifts + (1 << 36), return_counts=True)
    best = int(votes.argmax())
    if votes[best] < MIN_VOTES:
        return None
    alike = np.flatnonzero(values >> 40 == values[best] >> 40)
    alike = alike[np.argsort(-votes[alike], kind="stable")[:PLACES]]
    kind = int(values[best]) >> 40
    return (kind & 255) - 128, SCALES[kind >> 8 :][:1], (values[alike] & (1 << 40) - 1) - (1 << 36)


def group(fingerprints: Iterable[Fingerprint], *, melody: bool = False) -> np.ndarray:
    """Return the group of each piece, numbered by first appearance: (N,) int64.

    The same pieces give the same groups in any order. Time grows nearly linearly with their number,
    however large the groups. A piece is compared with few others, and with none that it is known to
    belong to.

    Parameters
    ----------
    fingerprints : iterable of Fingerprint
        Read once; about 4 kB are kept for a piece of 500 notes.
    melody : bool
        Whether pieces with one melody belong together, too, however it is harmonized.
    """
    return _search(fingerprints, melody=melody)[0]


def duplicates_of(fingerprints: Iterable[Fingerprint], *, melody: bool = False) -> list[Link]:
    """Return the links within groups, by place of the smaller piece.

    A group of n pieces has n - 1 links.
    """
    return sorted(_search(fingerprints, melody=melody)[1], key=lambda link: link[:2])


def _search(fingerprints: Iterable[Fingerprint], *, melody: bool) -> tuple[np.ndarray, list[Link]]:
    """Return groups and links.

    Each piece, from the largest on, is compared with larger ones that share its hashes.
    """
    packed, sizes, digests = _packed(fingerprints)
    order = np.lexsort((digests, -sizes)).tolist()
    index = _index([packed[place] for place in order])
    roots, links = list(range(len(order))), []
    for rank, place in enumerate(order):
        mine = _unpacked(packed[place])
        failures: Counter[int] = Counter()
        for other in _candidates(index, mine, rank):
            root = _root(roots, other)
            if failures.total() == CANDIDATES:
                break
            if root == _root(roots, rank) or failures[root] == CANDIDATES_OF_A_GROUP:
                continue
            yours = _unpacked(packed[order[other]])
            likeness = compare(mine, yours)
            if melody and not (likeness and likeness.same_music):
                likeness = compare(mine, yours, melody=True)
            if likeness and likeness.same_music:
                links.append(Link(place, order[other], likeness))
                roots[_root(roots, rank)] = root
            else:
                failures[root] += 1
    found = np.array([_root(roots, rank) for rank in np.argsort(order)], np.int64)
    _, first, groups = np.unique(found, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[groups], links


def _root(roots: list[int], rank: int) -> int:
    while roots[rank] != rank:
        roots[rank] = rank = roots[roots[rank]]
    return rank


def _packed(fingerprints: Iterable[Fingerprint]) -> tuple[list[bytes], np.ndarray, np.ndarray]:
    """Pack fingerprints in half their size, so that 100,000 fit into memory.

    Returns them with the number of notes and a digest of each.
    """
    packed, sizes, digests = [], array("q"), bytearray()
    for each in fingerprints:
        data = each.to_bytes()
        packed.append(zlib.compress(data, 1))
        sizes.append(len(each.notes))
        digests += hashlib.blake2b(data, digest_size=8).digest()
    return packed, np.array(sizes, np.int64), np.frombuffer(digests, "<u8")


def _unpacked(packed: bytes) -> Fingerprint:
    return Fingerprint.from_bytes(zlib.decompress(packed))


def _index(packed: list[bytes]) -> np.ndarray:
    """Return sorted pairs of a hash (40 bits) and a rank (24 bits) that has it."""
    entries = array("Q")
    for rank, each in enumerate(packed):
        entries.frombytes((_distinct(_unpacked(each).anchors) | np.uint64(rank)).tobytes())
    index = np.frombuffer(entries, np.uint64)
    index.sort()
    return index


def _distinct(anchors: np.ndarray) -> np.ndarray:
    """Return the hashes of sorted anchors, in their upper 40 bits."""
    prints = anchors & ~LOW
    distinct: np.ndarray = prints[np.append(True, prints[1:] != prints[:-1])[: len(prints)]]
    return distinct


def _candidates(index: np.ndarray, mine: Fingerprint, rank: int) -> list[int]:
    """Return ranks of larger pieces that share hashes, those with most first.

    For each hash, only the largest piece and some next larger ones are considered. A list
    may be as long as the corpus, but pieces that share much meet in many lists.
    """
    prints = _distinct(mine.anchors)
    start, place = np.searchsorted(index, prints), np.searchsorted(index, prints | np.uint64(rank))
    near = place[:, None] - np.arange(1, NEIGHBOURS + 1)
    near = np.concatenate([near[near >= start[:, None]], start[place - start > NEIGHBOURS]])
    others, shared = np.unique(index[near] & LOW, return_counts=True)
    enough = shared >= max(min(2, len(prints)), SHARED * len(prints))
    others, shared = others[enough], shared[enough]
    ranked: list[int] = others[np.argsort(-shared, kind="stable")].tolist()
    return ranked
