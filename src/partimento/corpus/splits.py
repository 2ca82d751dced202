"""Split pieces into those to train on, to validate with, and to test with.

Whole groups of near-duplicates (see `duplicates`) are drawn, and each composer's pieces are spread
over the splits by the wanted shares. The draw hangs on the seed and on what identifies the pieces,
never on their order or on chance.
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
    """Hold near-duplicates together.

    Attributes
    ----------
    places : list of int
        Their numbers in the input.
    composer : str
        The one who has most of them.
    lot : bytes
        The lot that they drew.
    """

    places: list[int]
    composer: str
    lot: bytes


def split(
    groups: Sequence[int],
    composers: Sequence[str],
    identities: Sequence[str],
    *,
    validation: float,
    test: float,
    seed: int,
) -> list[str]:
    """Return the split of each piece: ``train``, ``valid`` or ``test``.

    All groups stand in a line, composer after composer, both in the order of their lots. Along it
    each group goes to the split that is most behind its share of the pieces so far (systematic
    sampling). The rest at the end of one composer's pieces is carried on to the next one's. Any
    stretch of the line, and so the whole, has the shares as nearly as whole groups allow.

    Parameters
    ----------
    groups : (N,) sequence of int
        Pieces of one number stay together.
    composers, identities : (N,) sequences of str
        One per piece; identities differ, and remain when pieces come or go. A group belongs to the
        composer who has most of it.
    validation, test : float
        Wanted shares of the pieces. Training and validation get at least one group, and so does
        `test`, unless it is 0, of three or more.
    seed : int
        Another seed draws other lots.

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
            "validation and test are shares between 0 and 1, and leave something to train on"
        )
    drawn = _draw(groups, composers, identities, seed)
    if len(drawn) < 2:
        raise PartimentoError(
            "a split needs at least two different pieces, one to check with; here"
            f" {'is one' if drawn else 'are none'}"
        )
    if len(drawn) == 2:
        test = 0.0
    splits = _share_out(drawn, (1 - validation - test, validation, test), seed)
    _fill(drawn, splits, needed=SPLITS if test else SPLITS[:2])
    chosen = [TRAIN] * len(groups)
    for group, side in zip(drawn, splits, strict=True):
        for place in group.places:
            chosen[place] = side
    return chosen


def settle(splits: Sequence[str], groups: Sequence[int]) -> list[str]:
    """Give near-duplicates one split: the strictest that is stored for any of them.

    Test is stricter than validation, and validation than training.

    Parameters
    ----------
    splits : (N,) sequence of str
        The stored split of each piece, or an empty text.
    groups : (N,) sequence of int
        Equal for near-duplicates.

    Examples
    --------
    >>> settle(["train", "", "test", "", ""], [0, 0, 1, 1, 2])
    ['train', 'train', 'test', 'test', '']
    """
    strictest: dict[int, str] = {}
    rank = ("", *SPLITS)
    for split, number in zip(splits, groups, strict=True):
        strictest[number] = max(strictest.get(number, ""), split, key=rank.index)
    return [strictest[number] for number in groups]


def _draw(
    groups: Sequence[int], composers: Sequence[str], identities: Sequence[str], seed: int
) -> list[_Group]:
    """Sort the groups composer after composer, both in the order of their lots."""
    places: dict[int, list[int]] = {}
    for place, number in enumerate(groups):
        places.setdefault(number, []).append(place)
    found = [
        _Group(
            together,
            max(
                sorted(names := Counter(composers[place] for place in together)),
                key=names.__getitem__,
            ),
            min(_lot(seed, "piece", identities[place]) for place in together),
        )
        for together in places.values()
    ]
    return sorted(found, key=lambda group: (_lot(seed, "composer", group.composer), group.lot))


def _lot(seed: int, kind: str, name: str) -> bytes:
    return hashlib.sha256(f"{seed} {kind} {name}".encode()).digest()


def _share_out(drawn: Sequence[_Group], shares: Sequence[float], seed: int) -> list[str]:
    """Give each group in turn the split that is most behind its share so far."""
    # From a start at 0 the first few pieces would always be learned from: it is by lot, as in
    # systematic sampling.
    valid, test = (
        int.from_bytes(_lot(seed, "start", name)[:6], "big") / 2**48 - 0.5 for name in (VALID, TEST)
    )
    behind = [-valid - test, valid, test]
    splits: list[str] = []
    for group in drawn:
        behind = [
            missing + share * len(group.places)
            for missing, share in zip(behind, shares, strict=True)
        ]
        chosen = max((number for number in range(3) if shares[number]), key=behind.__getitem__)
        behind[chosen] -= len(group.places)
        splits.append(SPLITS[chosen])
    return splits


def _fill(drawn: Sequence[_Group], splits: list[str], *, needed: Sequence[str]) -> None:
    """Give a group to each needed split that has none.

    It is the smallest group, then the first drawn, of the split that has most groups.
    """
    for name in needed:
        if name not in splits:
            most = Counter(splits).most_common(1)[0][0]
            spare = [place for place, each in enumerate(splits) if each == most]
            splits[min(spare, key=lambda place: (len(drawn[place].places), drawn[place].lot))] = (
                name
            )
