"""A duet that tests of piano rolls draw."""

from __future__ import annotations

from fractions import Fraction

from partimento import Meter, Note, Part, Piece

Q = Fraction(1)


def duet(**changes: object) -> Piece:
    """A held bass over a repeated note; the second part doubles one of them; then a 3/4 bar."""
    notes = [
        Note(Fraction(0), 6 * Q, 48),
        *(Note(Fraction(i), Q, 60) for i in range(4)),
        Note(Fraction(1), Q, 60, part=1),
        Note(Fraction(15, 4), Q / 4, 62, grace=True),
        Note(4 * Q, 3 * Q, 72, velocity=40, part=1),
    ]
    meters = (Meter(4, 4), Meter(3, 4, onset=4 * Q))
    whole = {
        "meters": meters,
        "parts": (Part("Primo:"), Part("1")),
        "title": "Duet",
        "composer": "Anna",
    } | changes
    return Piece(notes, **whole)
