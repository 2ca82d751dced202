"""The honest baselines of the benchmarks: counts of what followed, over the notes of a frame, one after another.

A frame is its notes from the highest down and an end. Each is foretold from what came before it, interpolated from longer contexts to
shorter ones (Witten & Bell 1991), so that the product over a frame is its exact joint probability.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from partimento.evaluate.baselines import BackoffCounts, Context

END = 128  # after the 128 pitches
Frames = Sequence[tuple[int, ...]]


class NoteCounts:
    """Counts over the notes of frames.

    Parameters
    ----------
    train : iterable of sequences of chords
        Pieces, a chord a frame.
    order : {0, 1, 2}
        0: a note is foretold from the notes above it in its frame alone; 1: from the frame before too; 2: from the two before.
    """

    def __init__(self, train: Iterable[Frames], *, order: int) -> None:
        if order not in (0, 1, 2):
            raise ValueError("counts look back on no frame, one or two")
        self.order, self.counts = order, BackoffCounts(END + 1)
        for piece in train:
            for symbol, contexts in self._walk(piece):
                self.counts.add(symbol, contexts)

    def _walk(self, piece: Frames) -> Iterator[tuple[int, list[Context]]]:
        before: tuple[int, ...] = ()
        earlier: tuple[int, ...] = ()
        for chord in piece:
            notes = tuple(sorted(chord, reverse=True))
            for n, symbol in enumerate((*notes, END)):
                now, voice = notes[:n], before[n] if n < len(before) else END
                contexts: list[Context] = [(), (0, now[-1:]), (1, now)]
                if self.order > 0:
                    contexts += [(2, now, voice), (3, now, before)]
                if self.order > 1:
                    contexts.append((4, now, before, earlier))
                yield symbol, contexts
            earlier, before = before, notes

    def nats(self, piece: Frames) -> float:
        """Nats of all frames of a piece."""
        return -sum(float(np.log(self.counts.probability(symbol, contexts))) for symbol, contexts in self._walk(piece))
