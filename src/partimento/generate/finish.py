"""Finish a candidate: its length, key, range, meter, tempo, instruments and title."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from partimento.analysis.keys import analyze_key
from partimento.generate.prompt import Prompt, training_pieces
from partimento.music.notes import Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter, Part, Source, Tempo
from partimento.music.transpose import interval_to_common_key, transpose
from partimento.training.trained_model import TrainedModel

OCTAVE = 12


def with_length(piece: Piece, length: Fraction) -> Piece:
    """Return the piece with exactly this length.

    Notes are cut there. If the piece is shorter, the notes of its last event sound on.
    """
    notes = piece.notes
    divisions = math.lcm(notes.divisions, length.denominator, piece.length.denominator)
    scale, stop, last = divisions // notes.divisions, length * divisions, piece.length * divisions
    onset, end = notes.onset * scale, notes.end * scale
    end = np.where(end == int(last), int(stop), np.minimum(end, int(stop)))
    kept = onset < int(stop)
    columns = {name: getattr(notes, name)[kept] for name in Notes.COLUMNS}
    columns |= {"onset": onset[kept], "duration": (end - onset)[kept]}
    return piece.replace(notes=Notes.from_columns(divisions, **columns), length=length)


class Transposer:
    """Decide by how many semitones a candidate is transposed once it is composed.

    Models that learn in a common key compose there. The piece is then moved to a key of the
    training pieces, or to the requested one. From silence it is also moved into the range,
    by octaves.

    Parameters
    ----------
    trained : TrainedModel
    prompt : Prompt
    key : Key, optional
        The key that is wanted.
    seed : int
        Draws the training piece whose key is taken.
    fixed : bool
        Whether the interval must be known before anything is composed: constraints speak of the
        pitches that sound. It then depends on nothing that is composed.
    """

    def __init__(
        self,
        trained: TrainedModel,
        prompt: Prompt,
        *,
        key: Key | None,
        seed: int,
        fixed: bool = False,
    ) -> None:
        self.trained, self.prompt, self.key, self.seed = trained, prompt, key, seed
        self.tokens = trained.settings.tokens
        self.fixed = self._fixed() if fixed else None
        train = training_pieces(trained)
        self.low = self.tokens.low or min(piece.low for piece in train)
        self.high = self.tokens.high or max(piece.high for piece in train)
        self.usual = [
            shift for shift, _ in Counter(-piece.interval for piece in train).most_common()
        ]

    def _fixed(self) -> int:
        if not self.tokens.to_common_key:
            return 0
        mode = self.key.mode if self.key else self.prompt.reference.key.split()[-1]
        return self._from_common_key(mode)

    def interval(self, notes: Notes, analyzed: Key) -> int:
        """Return the semitones from the composed pitches, in key `analyzed`, to sound."""
        if self.fixed is not None:
            return self.fixed
        if self.tokens.to_common_key:
            shift = self._from_common_key(analyzed.mode)
        else:
            # To the tonic that is wanted, by the shorter way.
            shift = (self.key.tonic - analyzed.tonic + 6) % OCTAVE - 6 if self.key else 0
        return shift if self.prompt.has_events else self.within_range(notes, shift)

    def _from_common_key(self, mode: str) -> int:
        usual = -self._usual_interval(mode)
        if self.key is None:
            return usual
        shift = -interval_to_common_key(self.key)
        if self.tokens.transpose == "key-octave":  # its octave is the usual one, too
            shift += OCTAVE * round((usual - shift) / OCTAVE)
        return shift

    def _usual_interval(self, mode: str) -> int:
        """Return how far a piece of this mode was moved to the common key.

        It is the piece of the prompt or, from silence, a training piece.
        """
        if self.prompt.has_events:
            return self.prompt.reference.interval
        alike = [piece for piece in training_pieces(self.trained) if piece.key.endswith(mode)]
        alike = alike or [self.prompt.reference]
        return alike[int(np.random.default_rng([self.seed, 2]).integers(len(alike)))].interval

    def within_range(self, notes: Notes, shift: int) -> int:
        """Return the shift if it keeps to the range, else the best one.

        One an octave off is tried first and, if the key is free, those of other training pieces.
        """
        usual = self.usual if self.key is None else []
        shifts = [shift, shift - OCTAVE, shift + OCTAVE, *usual]
        return min(shifts, key=lambda each: self.notes_out_of_range(notes, each))  # the first best

    def notes_out_of_range(self, notes: Notes, shift: int) -> tuple[int, int]:
        """Count the notes that leave MIDI's pitches once they are shifted, and the range.

        The range is the one that is set, or the training pieces'.
        """
        pitch = notes.pitch + shift
        outside_midi = (pitch < 0) | (pitch > 127)
        outside = (pitch < self.low) | (pitch > self.high)
        return int(np.count_nonzero(outside_midi)), int(np.count_nonzero(outside))


def finish_piece(piece: Piece, transposer: Transposer, *, program: int | None, title: str) -> Piece:
    """Give a candidate its key, meter, tempo, instruments and names."""
    trained, reference = transposer.trained, transposer.prompt.reference
    analyzed, _ = analyze_key(piece)
    shift = transposer.interval(piece.notes, analyzed)
    home = Key(0, analyzed.mode) if trained.settings.tokens.to_common_key else analyzed
    sounding = Key.from_tonic((home.tonic + shift) % 12, home.mode)
    composers = Counter(record.composer for record in trained.pieces if record.composer)
    return transpose(piece, shift).replace(
        meters=(Meter(reference.meter.numerator, reference.meter.denominator),),
        keys=(transposer.key or sounding,),
        tempos=(Tempo(reference.tempo.us_per_quarter),),
        pickup=reference.pickup,
        parts=_parts(piece.parts, transposer, program),
        title=title,
        composer=f"after {composers.most_common(1)[0][0]}" if composers else "",
        source=Source(path=str(trained.folder or ""), license="composed by a program"),
    )


def _parts(parts: Sequence[Part], transposer: Transposer, program: int | None) -> tuple[Part, ...]:
    """Return the parts, each with an instrument: requested, its own, or the usual one."""
    if program is not None:
        return tuple(replace(part, program=program) for part in parts)
    usual = transposer.prompt.reference.program
    if usual is None:
        programs = Counter(p.program for p in transposer.trained.pieces if p.program is not None)
        usual = programs.most_common(1)[0][0] if programs else None
    return tuple(
        replace(part, program=usual if part.program is None else part.program) for part in parts
    )
