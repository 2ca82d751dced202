"""Pieces made in code, each for one thing that features may get wrong, and some real ones."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from partimento import Event, Meter, Note, Part, Piece
from partimento.corpus import read_piece

Q = Fraction(1)
KIT = Part("Kit", is_drum=True)


def melody(*pitches: int, duration: Fraction = Q, **more: Any) -> Piece:
    return Piece.from_events(
        [Event((pitch,) if pitch else (), duration) for pitch in pitches], **more
    )


MADE = {
    "one note": melody(60),
    "whole bars": melody(*[60, 62, 64, 65] * 3),
    "rests": melody(0, 0, 0, 0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 67, duration=Q / 2),
    "two bars, the last beat silent": melody(60, 0, 0, 0, 0, 64, 67, 0),
    "a pickup": melody(67, 60, 0, 0, 0, 0, 64, 62, meters=(Meter(3, 4),), pickup=Q),
    "a pickup off the beat": melody(
        67, 60, 64, 62, 61, 60, 0, 59, duration=Q / 2, meters=(Meter(6, 8),), pickup=Q / 2
    ),
    "no note value": melody(60, 62, 64, 65, duration=Fraction(5, 7)),
    "short notes": melody(60, 62, 64, 65, 67, duration=Fraction(1, 100)),
    "parts": Piece(
        [Note(Q * t, Q * 2, 60 + t % 3, part=t % 2) for t in range(9)], parts=(Part(), Part())
    ),
    "unisons of parts": Piece(
        [Note(Q, Q, 60), Note(Q, 3 * Q, 60, part=1), Note(3 * Q, Q, 64)], parts=(Part(), Part())
    ),
    "drums at the end": Piece(
        [Note(Q, Q, 60), Note(9 * Q, Q, 36, part=1), Note(Q, Q / 2, 38, part=1)],
        parts=(Part(), KIT),
    ),
    "a silent part": Piece([Note(Q * 0, Q, 60)], parts=(Part(), Part("Tacet"))),
}


def scores(data_folder: Path, most: int) -> list[Piece]:
    paths = sorted((data_folder / "mutopia-guitar").glob("*/*.mid"))
    if not paths:
        pytest.skip("no mutopia-guitar")
    return [read_piece(path) for path in paths[:: len(paths) // most]]
