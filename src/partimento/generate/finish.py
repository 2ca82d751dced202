"""Finish a candidate: set length, key, range, meter, tempo, instruments and title."""

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
    """Return the piece with exactly this length in quarters.

    Notes are cut off at the end. If the piece is shorter, the notes of its last event are extended.
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
    """Compute by how many semitones to transpose a composed candidate.

    Models that are trained in a common key also compose in it. The piece is then moved to the
    requested key, or to that of a training piece. Without a prompt, it is also moved by octaves if
    it would otherwise leave the range.

    Parameters
    ----------
    trained : TrainedModel
    prompt : Prompt
    key : Key, optional
        The requested key.
    seed : int
        Seed for drawing the training piece whose key is used.
    fixed : bool
        True to compute one interval for all candidates, before they are composed. Constraints
        need this, because they are on sounding pitches.
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
        """Return the semitones from composed pitches, in key `analyzed`, to sounding ones."""
        if self.fixed is not None:
            return self.fixed
        if self.tokens.to_common_key:
            shift = self._from_common_key(analyzed.mode)
        else:
            # To the requested tonic by the shorter way: up to 6 semitones down or 5 up.
            shift = (self.key.tonic - analyzed.tonic + 6) % OCTAVE - 6 if self.key else 0
        return shift if self.prompt.has_events else self.within_range(notes, shift)

    def _from_common_key(self, mode: str) -> int:
        usual = -self._usual_interval(mode)
        if self.key is None:
            return usual
        shift = -interval_to_common_key(self.key)
        if self.tokens.transpose == "key-octave":  # undo the move by octaves in training, too
            shift += OCTAVE * round((usual - shift) / OCTAVE)
        return shift

    def _usual_interval(self, mode: str) -> int:
        """Return by how many semitones a piece of this mode was moved to the common key.

        The piece is that of the prompt or, from silence, a random training piece.
        """
        if self.prompt.has_events:
            return self.prompt.reference.interval
        alike = [piece for piece in training_pieces(self.trained) if piece.key.endswith(mode)]
        alike = alike or [self.prompt.reference]
        return alike[int(np.random.default_rng([self.seed, 2]).integers(len(alike)))].interval

    def within_range(self, notes: Notes, shift: int) -> int:
        """Return the shift that leaves the fewest notes out of range.

        Candidates, in order of preference: `shift`, an octave lower or higher and, if no key was
        requested, the shifts of training pieces.
        """
        usual = self.usual if self.key is None else []
        shifts = [shift, shift - OCTAVE, shift + OCTAVE, *usual]
        # `min` returns the first of several equally good shifts.
        return min(shifts, key=lambda other: self.notes_out_of_range(notes, other))

    def notes_out_of_range(self, notes: Notes, shift: int) -> tuple[int, int]:
        """Count the shifted notes outside MIDI's pitches, and those outside the range.

        The range is that of the settings, or else that of the training pieces.
        """
        pitch = notes.pitch + shift
        outside_midi = (pitch < 0) | (pitch > 127)
        outside = (pitch < self.low) | (pitch > self.high)
        return int(np.count_nonzero(outside_midi)), int(np.count_nonzero(outside))


def finish_piece(piece: Piece, transposer: Transposer, *, program: int | None, title: str) -> Piece:
    """Set key, meter, tempo, instruments, title and composer of a candidate."""
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
    """Return the parts, each with the requested instrument, its own or the usual one."""
    if program is not None:
        return tuple(replace(part, program=program) for part in parts)
    usual = transposer.prompt.reference.program
    if usual is None:
        programs = Counter(p.program for p in transposer.trained.pieces if p.program is not None)
        usual = programs.most_common(1)[0][0] if programs else None
    return tuple(
        replace(part, program=usual if part.program is None else part.program) for part in parts
    )
