"""Finish a candidate: set length, key, range, meter, tempo, instruments and title."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from partimento.analysis.keys import analyze_key
from partimento.generate.dynamics import with_dynamics
from partimento.generate.prompt import Prompt, training_pieces
from partimento.music.notes import Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter, Part, Source, Tempo
from partimento.music.transpose import interval_to_common_key, transpose
from partimento.notation.choir import is_choir
from partimento.short_repr import short_repr
from partimento.training.piece_record import PieceRecord
from partimento.training.trained_model import TrainedModel

OCTAVE, FIFTH = 12, 7  # in semitones
CHOIR_BPM = 80  # of a choir, if the training pieces state no tempo
CHOIR = 52  # General MIDI: choir aahs


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


@short_repr
class Transposer:
    """Compute by how many semitones to transpose a composed candidate.

    Models that are trained in a common key also compose in it. The piece is then moved to the
    requested key, or to that of a training piece. With a prompt, it is moved back to where the
    prompt stands, and from there to the requested key by the shorter way. Without a prompt, it is
    also moved by octaves if it would otherwise leave the range.

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
        # A model that is given the key composes in it.
        is_given = prompt.header_key is not None
        self.fixed = self._fixed() if fixed or is_given else None
        train = training_pieces(trained)
        self.low = self.tokens.low or min(piece.low for piece in train)
        self.high = self.tokens.high or max(piece.high for piece in train)
        self.usual = [
            shift for shift, _ in Counter(-piece.interval for piece in train).most_common()
        ]

    @property
    def intended_key(self) -> Key | None:
        """The key in which the model was asked to compose, before transposition."""
        return self.prompt.header_key

    def _fixed(self) -> int:
        if self.prompt.has_events:
            return self._from_prompt()
        if not self.tokens.to_common_key:
            return 0
        mode = self.key.mode if self.key else self.prompt.reference.key.split()[-1]
        return self._from_common_key(mode)

    def interval(self, notes: Notes, analyzed: Key) -> int:
        """Return the semitones from composed pitches, in key `analyzed`, to sounding ones."""
        if self.fixed is not None:
            return self.fixed
        if self.prompt.has_events:
            return self._from_prompt()
        if self.tokens.to_common_key:
            shift = self._from_common_key(analyzed.mode)
        else:
            shift = _shorter_way(self.key.tonic - analyzed.tonic) if self.key else 0
        return self.within_range(notes, shift)

    def _from_prompt(self) -> int:
        """Return the shift that moves the prompt from its own key to the requested one.

        Between major and minor, it is moved to the same key signature.
        """
        back = -self.prompt.reference.interval if self.tokens.to_common_key else 0
        if self.key is None:
            return back
        return back + _shorter_way(FIFTH * (self.key.fifths - self.prompt.key.fifths))

    def _from_common_key(self, mode: str) -> int:
        usual = -self._usual_interval(mode)
        if self.key is None:
            return usual
        shift = -interval_to_common_key(self.key)
        if self.tokens.transpose == "key-octave":  # undo the move by octaves in training, too
            shift += OCTAVE * round((usual - shift) / OCTAVE)
        return shift

    def _usual_interval(self, mode: str) -> int:
        """Return by how many semitones a random training piece of this mode was moved."""
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


def _shorter_way(semitones: int) -> int:
    """Return an interval without octaves: up to 6 semitones down or 5 up."""
    return (semitones + 6) % OCTAVE - 6


def finish_piece(
    piece: Piece,
    transposer: Transposer,
    *,
    program: int | None,
    title: str,
    composer: str = "",
    tempo: float | None = None,
) -> Piece:
    """Set key, meter, tempo, dynamics, instruments, title and composer of a candidate.

    A continued piece keeps those that it declares, unless others are given.
    """
    trained, reference = transposer.trained, transposer.prompt.reference
    analyzed, _ = analyze_key(piece)
    shift = transposer.interval(piece.notes, analyzed)
    home = Key(0, analyzed.mode) if trained.settings.tokens.to_common_key else analyzed
    sounding = Key.from_tonic((home.tonic + shift) % 12, home.mode)
    prompt = transposer.prompt
    if prompt.has_events or prompt.header_key is not None:
        own = prompt.key if prompt.has_events else prompt.header_key
        assert own is not None
        sounding = Key.from_tonic((own.tonic + shift) % 12, own.mode) if shift % 12 else own
    key = transposer.key or prompt.declared_key or sounding
    start = prompt.start
    composers = Counter(record.composer for record in trained.pieces if record.composer)
    credit = f"after {composers.most_common(1)[0][0]}" if composers else ""
    finished = transpose(piece, shift).replace(
        meters=(Meter(reference.meter.numerator, reference.meter.denominator),),
        keys=(replace(key, onset=Fraction(0)),),
        tempos=(_tempo(transposer, piece.parts, tempo),),
        pickup=reference.pickup,
        parts=_parts(piece.parts, transposer, program),
        title=title,
        composer=composer or (start.composer if start is not None else "") or credit,
        source=Source(path=str(trained.folder or ""), license="composed by a program"),
    )
    return with_dynamics(finished)  # only now are its bars known


def _tempo(transposer: Transposer, parts: Sequence[Part], bpm: float | None) -> Tempo:
    """Return the wanted tempo, or that of the reference piece, or a usual one."""
    if bpm is not None:
        return Tempo.from_bpm(bpm)
    stated = Tempo(transposer.prompt.reference.tempo.us_per_quarter)
    is_unstated = stated == Tempo() and transposer.prompt.start is None
    return Tempo.from_bpm(CHOIR_BPM) if is_unstated and is_choir(parts) else stated


def usual_program(trained: TrainedModel, reference: PieceRecord) -> int | None:
    """Return the program of the reference piece, or of most training pieces."""
    if reference.program is not None:
        return reference.program
    programs = Counter(piece.program for piece in trained.pieces if piece.program is not None)
    return programs.most_common(1)[0][0] if programs else None


def _parts(parts: Sequence[Part], transposer: Transposer, program: int | None) -> tuple[Part, ...]:
    """Return the parts, each with the requested instrument, its own or the usual one."""
    if program is not None:
        return tuple(replace(part, program=program) for part in parts)
    usual = usual_program(transposer.trained, transposer.prompt.reference)
    start = transposer.prompt.start
    own = start.without_drums().parts if start is not None else ()
    if len(own) == len(parts):  # a continued piece keeps the names of its parts
        parts = [
            replace(part, name=part.name or old.name) for part, old in zip(parts, own, strict=True)
        ]
    if is_choir(parts):
        usual = CHOIR
        parts = [replace(part, program=part.program or None) for part in parts]
    return tuple(
        replace(part, program=usual if part.program is None else part.program) for part in parts
    )
