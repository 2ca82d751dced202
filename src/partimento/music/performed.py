"""Hold the notes of a MIDI file in ticks, before they become a `Piece`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

import numpy as np

from partimento.music.limits import check_bars, check_density
from partimento.music.notes import Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter, Part, Tempo
from partimento.short_repr import short_repr

M = TypeVar("M", Meter, Key, Tempo)
LONGEST_BAR_QL = 16  # a longer bar has no upbeat: it is a free passage


@short_repr
@dataclass(frozen=True)
class Midi:
    """The notes of a MIDI file as symusic reads them, including doubled unisons.

    Attributes
    ----------
    divisions : int
        Ticks per quarter.
    onset, duration, pitch, velocity, part : (N,) int64
        Times in ticks. Notes are sorted by part, then onset.
    parts : tuple of Part
        One for each of symusic's tracks: the notes of one track, channel and program.
    meters, keys, tempos : tuple
        Sorted by onset.
    title : str
    end : int
        The end of the piece in ticks if the file states it, else 0.
    warnings : tuple of str
        Parts of the file that were left out; see `Piece.warnings`.
    """

    divisions: int
    onset: np.ndarray
    duration: np.ndarray
    pitch: np.ndarray
    velocity: np.ndarray
    part: np.ndarray
    parts: tuple[Part, ...]
    meters: tuple[Meter, ...]
    keys: tuple[Key, ...]
    tempos: tuple[Tempo, ...]
    title: str
    end: int
    warnings: tuple[str, ...] = ()

    def to_piece(self) -> Piece:
        """Convert to a piece exactly as the file has it, without quantizing."""
        notes = Notes.from_columns(
            self.divisions,
            self.onset,
            self.duration,
            self.pitch,
            velocity=self.velocity,
            part=self.part,
        )
        length = Fraction(max(self.end, int((self.onset + self.duration).max())), self.divisions)
        meters, pickup = pickup_of(until(length, self.meters))
        check_bars(meters, length)
        check_density(notes.onset, notes.end)
        return Piece(
            notes,
            meters=meters or (Meter(),),
            keys=until(length, self.keys),
            tempos=until(length, self.tempos) or (Tempo(),),
            pickup=pickup,
            length=length,
            parts=self.parts,
            title=self.title,
            warnings=self.warnings,
        )


def pickup_of(meters: tuple[Meter, ...]) -> tuple[tuple[Meter, ...], Fraction]:
    """Read a short first meter as a pickup, and return the meters without it.

    Notation programs write a pickup as one bar of a shorter meter, which the real meter follows.

    >>> pickup_of((Meter(1, 4), Meter(4, 4, Fraction(1))))
    ((Meter(numerator=4, denominator=4, onset=Fraction(0, 1)),), Fraction(1, 1))
    """
    if len(meters) < 2 or meters[0].onset:
        return meters, Fraction(0)
    short, whole = meters[:2]
    is_upbeat = short.bar_ql == whole.onset and short.bar_ql < whole.bar_ql <= LONGEST_BAR_QL
    if not is_upbeat:
        return meters, Fraction(0)
    return (replace(whole, onset=Fraction(0)), *meters[2:]), short.bar_ql


def until(end: Fraction, marks: tuple[M, ...]) -> tuple[M, ...]:
    """Return the marks at or before the end of the piece; `marks` are sorted."""
    return (
        marks
        if not marks or marks[-1].onset <= end
        else tuple(mark for mark in marks if mark.onset <= end)
    )
