"""Windows of a fixed length, with the event that follows each of theirs as its target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from partimento.tokens.base import Tokens
from partimento.tokens.vocabulary import PAD


class Windows(NamedTuple):
    """Shapes: N windows, L events a window, 3 fields, K notes of the largest chord.

    Attributes
    ----------
    inputs, targets : (N, L, 3) int32
        ``targets[n, l]`` follows ``inputs[n, l]``; past a piece's end both are padding.
    common : (N, L, K) bool
        Which notes of the target chord can be held.
    """

    inputs: np.ndarray
    targets: np.ndarray
    common: np.ndarray


def windows(
    pieces: Sequence[Tokens], *, length: int = 32, stride: int | None = None, whole: bool = False
) -> Windows:
    """Cut encoded pieces into windows; no window spans two pieces, and the last of a piece is
    padded.

    With `stride` None, windows follow one another without overlap. With `whole`, only windows that
    need no padding are cut, the end of the piece included; a piece that is shorter than one still
    gives one, padded.
    """
    inputs, targets, common = [], [], []
    for piece in pieces:
        (context,) = piece.context.values()
        last = len(piece.ids) - 1  # the end row is never an input
        for start in range(0, max(1, last - length + 1 if whole else last), stride or length):
            stop = min(start + length, last)
            inputs.append(_padded(piece.ids[start:stop], length))
            targets.append(_padded(piece.ids[start + 1 : stop + 1], length))
            common.append(_padded(context[start + 1 : stop + 1], length))
    if not inputs:
        raise ValueError("no piece, no window")
    return Windows(np.stack(inputs), np.stack(targets), np.stack(common))


def _padded(rows: np.ndarray, length: int) -> np.ndarray:
    return np.pad(rows, ((0, length - len(rows)), (0, 0)), constant_values=PAD)
