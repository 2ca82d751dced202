"""Numbers of frequent symbols, and the price of those that have none."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from partimento import Event, Piece
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import END, PAD, START, UNKNOWN, OutOfVocabularyCost, Vocabulary
from partimento.training.dataset import prepare


def test_the_most_frequent_symbol_has_the_first_number() -> None:
    assert Vocabulary.from_symbols("abcab", always="z").symbols == ("z", "a", "b", "c")
    assert Vocabulary.from_symbols("ccaab").symbols == ("c", "a", "b")  # equal: as they appear
    assert Vocabulary.from_symbols("abcab", min_count=2, always="z").symbols == ("z", "a", "b")
    assert Vocabulary.from_symbols("aab", always="b").symbols == ("b", "a")  # and not twice


def test_numbers_and_symbols_are_inverse() -> None:
    words = Vocabulary(("C", "G"))
    assert len(words) == 6
    assert [words[symbol] for symbol in ("C", "G", "F")] == [4, 5, UNKNOWN]
    assert [words.symbol(number) for number in (4, 5)] == ["C", "G"]
    for number in (PAD, START, END, UNKNOWN):
        with pytest.raises(ValueError, match="has no symbol"):
            words.symbol(number)
    with pytest.raises(IndexError):
        words.symbol(6)


def test_a_cost_without_pieces_is_finite() -> None:
    cost = OutOfVocabularyCost([])
    assert cost.mean_ql == 1
    assert np.isfinite(cost.chord(Event((60,), Fraction(1))))
    assert cost.duration(Fraction(1, 7)) > cost.duration(Fraction(1)) > 0


def test_unknown_chords_pay_by_their_notes(pieces: list[Piece]) -> None:
    data = prepare(pieces, TokenSettings(min_count=1), validation=0.2, test=0.1, seed=0)
    cost = OutOfVocabularyCost([item.events for item in data.train])
    low, strange = Event((48, 60), Fraction(1)), Event((48, 61, 66, 127), Fraction(5, 7))
    assert cost.chord(strange) > cost.chord(low) > 0
    assert (
        data.tokenizer.missing_cost(Piece.from_events([low]), cost) == 0
        or data.tokenizer.chords[low.chord] == 3
    )
    assert data.tokenizer.missing_cost(Piece.from_events([strange]), cost) == pytest.approx(
        cost.chord(strange) + cost.duration(strange.duration)
    )


def test_duration_prices_are_a_distribution() -> None:
    """Over all fractions n/d, written in any terms, the probabilities that it charges sum to at
    most one.
    """
    cost = OutOfVocabularyCost([[Event((60,), Fraction(1))]])
    total = sum(
        np.exp(-cost.duration(Fraction(n, d)))
        for d in range(1, 40)
        for n in range(1, 400)
        if Fraction(n, d).denominator == d
    )
    assert 0.6 < total <= 1
