"""Change how a piece is played and drawn: its instrument and its clef."""

from __future__ import annotations

from dataclasses import replace

from partimento.errors import PartimentoError
from partimento.music.instruments import PROGRAM_NAMES, instruments_of_text
from partimento.music.piece import Piece
from partimento.music.timelines import Part

CLEF_NAMES = ("treble", "treble-8", "treble+8", "bass", "bass-8", "alto", "tenor")


def instrument_name(program: int) -> str:
    """Return the name of a General MIDI program as a score shows it.

    >>> instrument_name(24), instrument_name(40)
    ('Nylon Guitar', 'Violin')
    """
    return " ".join(
        word.capitalize() if word[:1].isalpha() else word for word in PROGRAM_NAMES[program].split()
    )


def name_with_program(name: str, program: int) -> str:
    """Return the name of a part with another instrument.

    A name that names instruments is replaced; others, such as *Melody*, are kept.
    """
    return instrument_name(program) if instruments_of_text(name) else name


def with_program(piece: Piece, program: int) -> Piece:
    """Return a piece whose parts, except drums, have another instrument.

    Raises
    ------
    ValueError
        If there is no such program.
    """
    if not 0 <= program <= 127:
        raise ValueError(f"a General MIDI program is a number from 0 to 127, not {program}")
    parts = tuple(part if part.is_drum else _with_program(part, program) for part in piece.parts)
    score = None if piece.score is None else piece.score.edited("program", program)
    return piece.replace(parts=parts, score=score)


def _with_program(part: Part, program: int) -> Part:
    if part.program == program:
        return part
    return replace(part, program=program, name=name_with_program(part.name, program), staves=None)


def with_clef(piece: Piece, clef: str) -> Piece:
    """Return a piece whose parts, except drums, are drawn in one clef on one staff.

    Raises
    ------
    PartimentoError
        If there is no such clef.
    """
    if clef not in CLEF_NAMES:
        raise PartimentoError(f"no such clef: {clef!r}; choose from {' '.join(CLEF_NAMES)}")
    parts = tuple(part if part.is_drum else replace(part, clef=clef) for part in piece.parts)
    score = None if piece.score is None else piece.score.edited("clef", clef)
    return piece.replace(parts=parts, score=score)
