"""Let a hand be able to hold every chord."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from partimento.errors import PartimentoError, no_such
from partimento.generate.constraints.base import PITCHES, Constraint, Finding, Scene, notes_in
from partimento.generate.constraints.rules import ChordSetRule, Rule, View, wide
from partimento.generate.constraints.timetable import Timetable
from partimento.guitar.playable import is_playable
from partimento.guitar.playable_table import PlayableTable, playable_table
from partimento.music.piece import Piece
from partimento.short_repr import short_repr
from partimento.tokens.chords import ChordTokenizer
from partimento.tokens.note_grammar import NONE
from partimento.tokens.vocabulary import SPECIAL
from partimento.tokens.voices import VoiceTokenizer

INSTRUMENTS = ("guitar",)
PITCH = np.arange(PITCHES, dtype=np.int32)


@short_repr
@dataclass(frozen=True)
class Playable(Constraint):
    """Let a hand be able to hold every chord, with the notes that go on.

    Parameters
    ----------
    instrument : str
        ``guitar``, in standard tuning.
    shift : int
        Semitones from the pitches of the instrument to those that are composed.

    Examples
    --------
    >>> Playable("guitar").demand
    'chords that a hand can hold on a guitar'
    """

    instrument: Annotated[str, Field(description="The instrument: guitar.")] = "guitar"
    shift: Annotated[int, Field(description="Semitones to the composed pitches.")] = 0

    def __post_init__(self) -> None:
        if self.instrument not in INSTRUMENTS:
            raise PartimentoError(no_such(self.instrument, INSTRUMENTS, "instrument with a hand"))

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        return f"chords that a hand can hold on a {self.instrument}"

    def narrow(self, table: Timetable, scene: Scene) -> None:
        """Remove pitches that the instrument lacks, and notes beyond its strings."""
        hand = playable_table()
        single = hand.allowed(hand.start(1))[0]
        moved = np.zeros(PITCHES, bool)
        for pitch in np.flatnonzero(single).tolist():
            if 0 <= pitch + self.shift < PITCHES:
                moved[pitch + self.shift] = True
        table.forbid(~moved, scene)
        here = table.window(scene)
        table.most[here] = np.minimum(table.most[here], 6)

    def rules(self, table: Timetable, scene: Scene) -> Sequence[Rule]:
        """Return the rule for the chords."""
        tokenizer, hand = table.tokenizer, playable_table()
        if isinstance(tokenizer, ChordTokenizer):
            fits = [self._fits(hand, chord) for chord in tokenizer.chords.symbols]
            return [ChordSetRule(np.array([False] * SPECIAL + fits, bool))]
        voices = 0
        if isinstance(tokenizer, VoiceTokenizer):
            if tokenizer.outer_first:
                raise PartimentoError(f"{self!r} needs a model that writes notes from the top down")
            voices = tokenizer.voices
        return [HandRule(hand, self.shift, voices)]

    def _fits(self, hand: PlayableTable, chord: Sequence[int]) -> bool:
        pitches = [int(pitch) - self.shift for pitch in chord]
        if any(not 0 <= pitch < PITCHES for pitch in pitches):
            return False
        return not pitches or bool(hand.positions(pitches).any())

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Count the chords that no hand can hold."""
        notes = notes_in(piece, scene)
        begins = {Fraction(int(onset), notes.grid) for onset in notes.onset}
        now, chords = Fraction(0), []
        for event in piece.events:
            if event.chord and now in begins:
                chords.append(event.chord)
            now += event.duration
        known: dict[tuple[int, ...], bool] = {}
        for chord in chords:
            if chord not in known:
                known[chord] = is_playable(pitch - self.shift for pitch in chord)
        bad = sum(not known[chord] for chord in chords)
        text = f"{len(chords) - bad} of {len(chords)} chords"
        return self._finding(text, not bad)

    def transposed(self, semitones: int) -> Playable:
        """Return the constraint for pitches moved by `semitones`."""
        return replace(self, shift=self.shift + semitones)


class HandRule(Rule):
    """Allow the notes that a hand can add to the chord so far, from the highest down.

    The state is that of the automata (`guitar.playable_table`) for the current chord, (B, H).

    Parameters
    ----------
    hand : PlayableTable
    shift : int
    voices : int
        How many voices the tokenizer writes; 0 if none.
    """

    def __init__(self, hand: PlayableTable, shift: int, voices: int) -> None:
        self.hand, self.voices = hand, voices
        self.kind = ("hand", voices)
        self.parameters = (np.array(shift, np.int32),)

    def start(self, batch: int, slots: int, xp: Any = np) -> tuple[Any, ...]:
        """Return an empty chord."""
        return (self.hand.start(batch, xp),)

    def note(self, state: Any, p: Sequence[Any], pitch: Any, xp: Any = np) -> Any:
        """Add a note to the chord."""
        played = xp.minimum(xp.maximum(pitch - p[0], 0), PITCHES - 1)
        added = self.hand.add(state[0], played, xp)
        return (xp.where(wide(pitch < NONE, xp), added, state[0]),)

    def advance(self, state: Any, p: Sequence[Any], view: View, steps: Any, xp: Any = np) -> Any:
        """Return an empty chord: the hand may be anywhere."""
        return (self.hand.start(state[0].shape[0], xp),)

    def _allowed(self, state: Any, p: Sequence[Any], view: View, xp: Any) -> Any:
        played = PITCH - p[0]
        inside = (played >= 0) & (played < PITCHES)
        allowed = self.hand.allowed(state[0], xp)
        played = xp.minimum(xp.maximum(played, 0), PITCHES - 1)
        allowed = xp.take(allowed, played, axis=-1) & inside
        if self.voices:  # notes must descend
            lowest = xp.min(xp.where(view.sounds, view.pitch, NONE), axis=-1, keepdims=True)
            allowed = allowed & (lowest > PITCH)
        return allowed

    def strike(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Allow the pitches that can be added."""
        return self._allowed(state, p, view, xp)

    def hold(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Allow the notes to go on that can be added."""
        allowed = self._allowed(state, p, view, xp)
        if not self.voices:
            return allowed
        pitch = xp.minimum(view.before_pitch, PITCHES - 1)
        return xp.take_along_axis(allowed, pitch, axis=-1)
