"""Count the notes of frames, one after another: the baselines of the benchmarks.

A frame is its notes from the highest down, and an end. Each is predicted from what came before it,
interpolated from longer contexts to shorter ones (Witten & Bell 1991). The product over a frame is
its exact joint probability.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from partimento.evaluation.baselines import BackoffCounts, Context

END = 128  # after the 128 pitches
LONGEST_STAY = 16  # longer stays count as this one
Frames = Sequence[tuple[int, ...]]


class NoteCounts:
    """Count the notes of frames.

    Parameters
    ----------
    train : iterable of sequences of chords
        Pieces, with one chord per frame.
    order : {0, 1, 2}
        How many previous frames a note is predicted from, beside the notes above it in its frame.
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
        """Return the nats of all frames of a piece."""
        return -sum(
            float(np.log(self.counts.probability(symbol, contexts)))
            for symbol, contexts in self._walk(piece)
        )


class VoiceCounts:
    """Count on a grid of voices: whether a voice stays, then what it sings instead.

    Parameters
    ----------
    train : iterable of sequences of rows
        Pieces, with one pitch per voice at every step; `END` for silence.
    order : {0, 1}
        With 0, only the voice is known. With 1 also the place in the quarter, how long each voice
        has stayed, what the voices above do, and what all voices sang before.
    """

    def __init__(self, train: Iterable[Frames], *, order: int) -> None:
        if order not in (0, 1):
            raise ValueError("counts of voices look back or do not")
        self.order, self.stays, self.moves = order, BackoffCounts(2), BackoffCounts(END)
        for piece in train:
            for symbol, contexts, moves in self._walk(piece):
                (self.moves if moves else self.stays).add(symbol, contexts)

    def _walk(self, piece: Frames) -> Iterator[tuple[int, list[Context], bool]]:
        before: tuple[int, ...] = ()
        earlier: tuple[int, ...] = ()
        age: list[int] = []
        for t, row in enumerate(piece):
            before = before or (END,) * len(row)
            earlier = earlier or before
            age = [min(steps, LONGEST_STAY) for steps in age] or [0] * len(row)
            for v, pitch in enumerate(row):
                above, own = row[:v], before[v]
                moved = tuple(a != b for a, b in zip(above, before, strict=False))
                when = (v, t % 4, age[v])
                stays: list[Context] = (
                    [(), (v,)]
                    if not self.order
                    else [(), when[:2], when, (*when, moved), (*when, moved, *age[:v])]
                )
                yield int(pitch == own), stays, False
                if pitch != own:
                    notes: list[Context] = (
                        [(v,)] if not self.order else [(v,), (v, own), (v, own, earlier[v])]
                    )
                    if self.order:
                        notes += [
                            (v, own, "under", above[-1:]),
                            (v, own, "among", above),
                            (v, before, above),
                        ]
                    yield pitch if pitch < END else own, notes, True
            age = [steps + 1 if a == b else 0 for steps, a, b in zip(age, row, before, strict=True)]
            if row != before:
                earlier, before = before, row

    def nats(self, piece: Frames) -> float:
        """Return the nats of all notes and rests of a piece."""
        steps = (
            (self.moves if moves else self.stays, symbol, contexts)
            for symbol, contexts, moves in self._walk(piece)
        )
        return -sum(
            float(np.log(counts.probability(symbol, contexts)))
            for counts, symbol, contexts in steps
        )
