"""Chord symbols in Humdrum spines."""

from __future__ import annotations

import pytest

from partimento.io.kern.chords import chord_symbol


@pytest.mark.parametrize(
    ("token", "symbol"),
    [
        ("C major", "C"),
        ("D minor-seventh", "Dm7"),
        ("B- dominant", "Bb7"),
        ("F#:min7/A", "F#m7/A"),
        ("G7", "G7"),
        ("Am7b5", "Am7b5"),
        ("E-maj7/B-", "Ebmaj7/Bb"),
        ("N.C.", "N.C."),
        ("V7", ""),
        ("viio6", ""),
        ("I", ""),
        ("Cadence", ""),
        (".", ""),
    ],
)
def test_chord_symbols(token: str, symbol: str) -> None:
    assert chord_symbol(token) == symbol
