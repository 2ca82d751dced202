"""Count the notes of frames: baselines for the benchmarks.

A frame is a sequence of its notes from the highest down, and an end symbol. Each symbol is
predicted from the notes above it and from earlier frames, with counts interpolated with those of
shorter contexts (Witten & Bell 1991). The product over the symbols is the exact joint probability
of the frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from partimento.evaluation.baselines import BackoffCounts, Context
from partimento.short_repr import short_repr

END = 128  # the symbol after the 128 pitches: end of a frame, or silence of a voice
LONGEST_STAY = 16  # steps; a note held for longer counts as this long
Frames = Sequence[tuple[int, ...]]


@short_repr
class NoteCounts:
    """A model that counts the notes of frames.

    Parameters
    ----------
    train : iterable of sequences of chords
        The training pieces, with one chord per frame.
    order : {0, 1, 2}
        The number of previous frames to predict from, in addition to the notes above.
    """

    def __init__(self, train: Iterable[Frames], *, order: int) -> None:
        if order not in (0, 1, 2):
            raise ValueError("order must be 0, 1 or 2 previous frames")
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


@short_repr
class VoiceCounts:
    """A model that counts whether a voice holds its pitch and, if not, the next pitch.

    Parameters
    ----------
    train : iterable of sequences of rows
        The training pieces, with one pitch per voice at every step; `END` for silence.
    order : {0, 1}
        With 0, the context is only the number of the voice. With 1, it includes the position in the
        quarter, how long voices have held their pitches, the voices above, and earlier pitches.
    """

    def __init__(self, train: Iterable[Frames], *, order: int) -> None:
        if order not in (0, 1):
            raise ValueError("order must be 0 or 1")
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
