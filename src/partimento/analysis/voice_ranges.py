"""State the ranges of voices and instruments, as sounding MIDI pitches."""

from __future__ import annotations

from partimento.analysis.voice_grid import Line
from partimento.music.instruments import PROGRAMS
from partimento.music.piece import Piece

# Soprano C4-A5, alto E3-D5, tenor A#2-A4 and bass C2-F#4: wider than a textbook's by about a third,
# as J. S. Bach writes for them.
SATB = {"soprano": (60, 81), "alto": (52, 74), "tenor": (46, 69), "bass": (36, 66)}
# The usual written range of an orchestral or solo part, without harmonics.
INSTRUMENTS = {
    "guitar": (40, 83),
    "bass": (28, 67),
    "violin": (55, 100),
    "viola": (48, 88),
    "cello": (36, 81),
    "double bass": (28, 67),
    "flute": (60, 96),
    "piccolo": (74, 108),
    "recorder": (60, 98),
    "oboe": (58, 91),
    "english horn": (52, 81),
    "clarinet": (50, 94),
    "bassoon": (34, 76),
    "trumpet": (52, 86),
    "horn": (34, 77),
    "trombone": (40, 77),
    "tuba": (26, 65),
    "harpsichord": (29, 89),
    "piano": (21, 108),
    "organ": (24, 96),
    "banjo": (48, 81),
}


def voice_ranges(piece: Piece, lines: tuple[Line, ...]) -> list[tuple[int, int] | None]:
    """Return the range of each line; None where nothing is known.

    A part named after a voice of a choir has the range of that voice. Four other lines that share
    one program, or have none, are soprano, alto, tenor and bass. All others have the range of their
    instrument.
    """
    parts = [piece.parts[line.part] for line in lines]
    if len(lines) == 4 and len({part.program for part in parts}) == 1:
        default: list[tuple[int, int] | None] = list(SATB.values())
    else:
        default = [program_range(part.program) for part in parts]
    return [
        next((pitches for voice, pitches in SATB.items() if voice == part.name.casefold()), other)
        for part, other in zip(parts, default, strict=True)
    ]


def program_range(program: int | None) -> tuple[int, int] | None:
    """Return the range of a General MIDI program; None if it is not known.

    >>> program_range(24), program_range(None)
    ((40, 83), None)
    """
    return None if program is None else INSTRUMENTS.get(PROGRAMS[program])
