"""Tiny pieces for the guitar."""

from __future__ import annotations

from fractions import Fraction

from partimento import Key, Note, Part, Piece

GUITAR = Part("Guitar", 24)
STUDY = (48, 55, 60, 64, 60, 55)  # a broken chord of C major


def line(*pitches: int, duration: Fraction = Fraction(1, 2), **more: object) -> Piece:
    """Return a melody of equal notes."""
    notes = [Note(i * duration, duration, pitch) for i, pitch in enumerate(pitches)]
    return Piece(notes, parts=(GUITAR,), **more)


def study(bars: int = 2) -> Piece:
    """Return a broken chord over a bass that rings through each bar."""
    half = Fraction(1, 2)
    notes = []
    for bar in range(bars):
        start = Fraction(3 * bar)
        notes.append(Note(start, Fraction(3), STUDY[0]))
        notes += [Note(start + i * half, half, p) for i, p in enumerate(STUDY) if i]
    from partimento import Meter

    return Piece(
        notes, meters=(Meter(3, 4),), keys=(Key(0, "major"),), parts=(GUITAR,), title="Study",
        composer="A Learner",
    )  # fmt: skip


def positions(piece: Piece) -> list[tuple[int | None, int | None]]:
    return [(note.string, note.fret) for note in piece.notes]
