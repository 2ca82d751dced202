"""Split pieces into training, validation and test sets.

Near-duplicates (see `duplicates`) are always in the same split, and the pieces of every composer
are distributed by the requested shares. The split depends only on the seed and the identities of
the pieces, not on their order.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from partimento.errors import PartimentoError

TRAIN, VALID, TEST = SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class _Group:
    """A group of near-duplicates.

    Attributes
    ----------
    places : list of int
        The indices of its pieces in the input.
    composer : str
        The composer of most of them.
    order : bytes
        A pseudo-random sort key.
    """

    places: list[int]
    composer: str
    order: bytes


def split(
    groups: Sequence[int],
    composers: Sequence[str],
    identities: Sequence[str],
    *,
    validation: float,
    test: float,
    seed: int,
) -> list[str]:
    """Assign each piece to a split: ``train``, ``valid`` or ``test``.

    The method is systematic sampling. All groups are put in pseudo-random order, composer after
    composer. Then each group in turn is assigned to the split that is farthest below its share of
    the pieces so far. This continues over the boundaries between composers. The shares are thus met
    as closely as whole groups allow, for all pieces together and for each composer.

    Parameters
    ----------
    groups : (N,) sequence of int
        Pieces with the same number stay together.
    composers, identities : (N,) sequences of str
        One per piece. Identities must be unique, and should not change when pieces are added or
        removed. A group counts for the composer of most of its pieces.
    validation, test : float
        Requested shares of the pieces. Training and validation get at least one group. The test set
        does, too, unless `test` is 0 or there are only two groups.
    seed : int
        Determines the pseudo-random order.

    Raises
    ------
    PartimentoError
        If there are fewer than two groups, or the shares leave nothing to train on.

    Examples
    --------
    >>> composers, names = ["Sor", "Sor", "Sor", "Giuliani"], ["a", "b", "c", "d"]
    >>> split([0, 1, 1, 2], composers, names, validation=0.25, test=0, seed=1)
    ['valid', 'train', 'train', 'train']
    """
    if not (0 < validation < 1 and 0 <= test < 1 and validation + test < 1):
        raise PartimentoError(
            "validation and test must be shares between 0 and 1, and less than 1 together"
        )
    ordered = _ordered_groups(groups, composers, identities, seed)
    if len(ordered) < 2:
        raise PartimentoError(
            "a split needs at least two different pieces, one of them for validation; here"
            f" {'is one' if ordered else 'are none'}"
        )
    if len(ordered) == 2:
        test = 0.0
    group_splits = _assign(ordered, (1 - validation - test, validation, test), seed)
    _fill(ordered, group_splits, needed=SPLITS if test else SPLITS[:2])
    splits = [TRAIN] * len(groups)
    for group, name in zip(ordered, group_splits, strict=True):
        for place in group.places:
            splits[place] = name
    return splits


def strictest_splits(splits: Sequence[str], groups: Sequence[int]) -> list[str]:
    """Give near-duplicates the same split: the strictest one of any of them.

    Test is stricter than validation, and validation stricter than training.

    Parameters
    ----------
    splits : (N,) sequence of str
        The stored split of each piece; empty if it has none.
    groups : (N,) sequence of int
        Equal for near-duplicates.

    Returns
    -------
    list of str
        The new split of each piece.

    Examples
    --------
    >>> strictest_splits(["train", "", "test", "", ""], [0, 0, 1, 1, 2])
    ['train', 'train', 'test', 'test', '']
    """
    strictest: dict[int, str] = {}
    rank = ("", *SPLITS)
    for split, number in zip(splits, groups, strict=True):
        strictest[number] = max(strictest.get(number, ""), split, key=rank.index)
    return [strictest[number] for number in groups]


def _ordered_groups(
    groups: Sequence[int], composers: Sequence[str], identities: Sequence[str], seed: int
) -> list[_Group]:
    """Sort the groups by composer, with composers and groups in pseudo-random order."""
    by_number: dict[int, list[int]] = {}
    for place, number in enumerate(groups):
        by_number.setdefault(number, []).append(place)
    result = [
        _Group(
            places,
            max(
                sorted(names := Counter(composers[place] for place in places)),
                key=names.__getitem__,
            ),
            min(_sort_key(seed, "piece", identities[place]) for place in places),
        )
        for places in by_number.values()
    ]
    return sorted(
        result, key=lambda group: (_sort_key(seed, "composer", group.composer), group.order)
    )


def _sort_key(seed: int, kind: str, name: str) -> bytes:
    """Return a pseudo-random sort key that depends only on the arguments."""
    return hashlib.sha256(f"{seed} {kind} {name}".encode()).digest()


def _assign(ordered: Sequence[_Group], shares: Sequence[float], seed: int) -> list[str]:
    """Assign each group in turn to the split that is farthest below its share so far."""
    # As in systematic sampling, the start is random: from 0, the first few groups would always be
    # assigned to training.
    valid, test = (
        int.from_bytes(_sort_key(seed, "start", name)[:6], "big") / 2**48 - 0.5
        for name in (VALID, TEST)
    )
    deficits = [-valid - test, valid, test]  # pieces that each split lacks
    splits: list[str] = []
    for group in ordered:
        deficits = [
            deficit + share * len(group.places)
            for deficit, share in zip(deficits, shares, strict=True)
        ]
        index = max((number for number in range(3) if shares[number]), key=deficits.__getitem__)
        deficits[index] -= len(group.places)
        splits.append(SPLITS[index])
    return splits


def _fill(ordered: Sequence[_Group], splits: list[str], *, needed: Sequence[str]) -> None:
    """Move a group to each needed split that has none, changing `splits` in place.

    It is the smallest group of the split that has most groups, the first one if several are equal.
    """
    for name in needed:
        if name not in splits:
            largest = Counter(splits).most_common(1)[0][0]
            candidates = [place for place, split in enumerate(splits) if split == largest]
            moved = min(
                candidates, key=lambda place: (len(ordered[place].places), ordered[place].order)
            )
            splits[moved] = name
