"""Counts of notes in frames and in voices, worked out by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from partimento.evaluation.note_counts import END, NoteCounts, VoiceCounts

TOY: list[list[tuple[int, ...]]] = [
    [(48, 60, 64), (48, 60), (), (48, 60, 64)],
    [(60, 64), (48, 60, 64), (60, 64)],
]


@pytest.mark.parametrize("order", [0, 1, 2])
def test_all_symbols_together_have_probability_one(order: int) -> None:
    model = NoteCounts(TOY, order=order)
    for piece in [*TOY, [(50, 51), (), (), (60, 64), (48, 60, 64), (20,)]]:
        contexts = [each for _, each in model._walk(piece)]
        assert len(contexts) == sum(len(chord) + 1 for chord in piece)
        for each in contexts:
            total = sum(model.counts.probability(symbol, each) for symbol in range(END + 1))
            assert total == pytest.approx(1, abs=1e-12)


def test_counting_by_hand() -> None:
    """One frame of one note: a context met n times keeps n / (n + k) for itself."""
    base = Fraction(1, 129)
    either = (1 + 2 * base) / 4  # two symbols, met once each
    sure = (1 + (1 + either) / 2) / 2  # after the note above it, then after all of them
    assert NoteCounts([[(60,)]], order=0).nats([(60,)]) == pytest.approx(-2 * np.log(float(sure)))
    other = 2 * base / 4 / 2 / 2  # never met; where no note is above it, it was another, both times
    assert NoteCounts([[(60,)]], order=0).nats([(61,)]) == pytest.approx(
        -np.log(float(other)) - np.log(float(either))
    )
    assert NoteCounts([[(60,)]], order=0).nats([]) == 0


def test_a_frame_is_foretold_from_those_before_it() -> None:
    alternating: list[list[tuple[int, ...]]] = [[(60,), (62,)] * 20]
    each = [NoteCounts(alternating, order=order).nats(alternating[0]) for order in (0, 1, 2)]
    assert each[0] > 3 * each[1] > each[2] > 0
    twice: list[list[tuple[int, ...]]] = [[(60,), (60,), (62,), (62,)] * 10]
    assert NoteCounts(twice, order=2).nats(twice[0]) < 0.6 * NoteCounts(twice, order=1).nats(
        twice[0]
    )
    assert NoteCounts([[(64, 60)]], order=1).nats([(60, 64)]) == NoteCounts(
        [[(60, 64)]], order=1
    ).nats([(64, 60)])
    with pytest.raises(ValueError, match="order must be 0, 1 or 2"):
        NoteCounts([], order=3)


def test_voices_that_move_as_in_training_cost_less_than_those_that_leap() -> None:
    train = [[(72, 48), (72, 48), (74, 48), (74, 50)] * 8]
    counts = VoiceCounts(train, order=1)
    leaping = [(72, 48), (60, 40), (72, 48), (60, 40)]
    assert 0 < counts.nats(train[0][:4]) < counts.nats(leaping)
    assert counts.nats(train[0]) < VoiceCounts(train, order=0).nats(train[0])
    assert counts.nats([]) == 0


def test_silence_is_a_pitch_of_a_voice() -> None:
    counts = VoiceCounts([[(END,), (60,), (END,)]], order=0)
    assert np.isfinite(counts.nats([(60,), (END,), (END,)]))
    with pytest.raises(ValueError):
        VoiceCounts([], order=2)


def test_voices_by_hand() -> None:
    """One voice, one step: it stays or moves with equal probability before anything is met."""
    assert VoiceCounts([], order=0).nats([(60,)]) == pytest.approx(np.log(2) + np.log(END))
