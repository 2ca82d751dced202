"""Decide which ids may come next in the rows of the chord tokenizer.

Shapes: B pieces or candidates in a batch, C chords, H held patterns, D durations, P pitches, K
notes of the largest chord.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from partimento.short_repr import short_repr
from partimento.tokens.vocabulary import END, PITCHES, SPECIAL, UNKNOWN

if TYPE_CHECKING:
    from partimento.tokens.chords import ChordTokenizer

CHORD, HELD, DURATION = range(3)


@short_repr
class ChordGrammarState(NamedTuple):
    """Summarize the ids so far.

    Attributes
    ----------
    previous, chord : (B,) int
        The chord ids of the previous event and of the current one.
    elapsed, events : (B,) int
        Grid steps and complete events so far.
    """

    previous: Any
    chord: Any
    elapsed: Any
    events: Any


@short_repr
@dataclass(frozen=True, eq=False)
class ChordGrammar:
    """Decide which ids may come next in the chord tokenizer's rows, by look-up tables."""

    tokenizer: ChordTokenizer

    def start(self, batch: int, xp: Any = np, *, total: Any = -1) -> ChordGrammarState:
        """Return the state before the first row."""
        none = xp.zeros((batch,), dtype="int32")
        return ChordGrammarState(none, none, none, none)

    def advance(
        self, state: ChordGrammarState, ids: Any, field: int, xp: Any = np
    ) -> ChordGrammarState:
        """Return the state after one more id ``(B,)`` of `field`."""
        if field == CHORD:
            return state._replace(chord=ids)
        if field == HELD:
            return state
        # A start row is not an event. Its duration field holds the pickup and takes no time.
        event = xp.logical_or(state.chord >= SPECIAL, state.chord == UNKNOWN)
        steps = xp.where(event, xp.take(self.tokenizer.duration_steps, ids, axis=0), 0)
        return ChordGrammarState(
            previous=state.chord,
            chord=state.chord,
            elapsed=state.elapsed + steps,
            events=state.events + xp.where(event, 1, 0),
        )

    def allowed(self, state: ChordGrammarState, field: int, xp: Any = np) -> Any:
        """Return a mask of the ids of `field` that may come next; see `allowed_after`."""
        return self.allowed_after(field, state.previous, state.chord, xp)

    def viable(self, state: ChordGrammarState, field: int, permitted: Any, xp: Any = np) -> Any:
        """Return `permitted`: a row can always be completed."""
        return permitted

    def features(self, state: ChordGrammarState, xp: Any = np) -> Any:
        """Return ``(B, K)`` bool: which notes of the chord sounded in the previous one."""
        return self.holdable(state.previous, state.chord, xp)

    def with_reach(self, state: ChordGrammarState, reach: int) -> ChordGrammarState:
        """Return the state as it is: it has no history."""
        return state

    def at_event_end(self, state: ChordGrammarState) -> Any:
        """Return ``(B,)`` True: an event ends with every row."""
        return state.elapsed >= 0

    def allowed_after(self, field: int, previous: Any, chord: Any, xp: Any = np) -> Any:
        """Return a mask of the ids of `field` that may come next.

        Parameters
        ----------
        field : int
            The field to choose: CHORD, HELD or DURATION.
        previous : (B,) int
            Chord of the previous event.
        chord : (B,) int
            Chord of the current event (ignored for CHORD).
        xp : module
            `numpy` or `keras.ops`.

        Returns
        -------
        (B, C), (B, H) or (B, D) bool
        """
        tokenizer = self.tokenizer
        number = np.arange(tokenizer.sizes[field])[None]
        if field == CHORD:
            rest = tokenizer.chords[()]  # two rests in a row would be one longer rest
            double_rest = xp.logical_and(number == rest, xp.expand_dims(previous == rest, -1))
            return xp.logical_and(
                (number >= SPECIAL) | (number == END), xp.logical_not(double_rest)
            )
        if field == HELD:
            fits = self.holdable_patterns(self.holdable(previous, chord, xp), xp)  # (B, H)
            notes = xp.take((tokenizer.chord_slots < PITCHES).sum(1), chord, axis=0)  # (B,)
            whole = tokenizer.pattern_bits.sum(1)[None] == xp.expand_dims(notes, -1)
            same = xp.expand_dims(xp.logical_and(previous == chord, chord >= SPECIAL), -1)
            # The same chord with every note held would only prolong the previous event.
            return xp.logical_and(fits, xp.logical_not(xp.logical_and(whole, same)))
        everywhere = xp.zeros_like(xp.expand_dims(chord, -1), dtype="bool")
        return xp.logical_or(everywhere, number >= SPECIAL)

    def holdable(self, previous: Any, chord: Any, xp: Any = np) -> Any:
        """Return ``(B, K)`` bool: which notes of `chord` sounded in `previous`."""
        # One column more than pitches: empty slots point there, where nothing sounds.
        sounded = np.pad(self.tokenizer.chord_notes > 0, ((0, 0), (0, 1)))  # (C, P + 1)
        slots = xp.take(self.tokenizer.chord_slots, chord, axis=0)  # (B, K)
        flat = xp.expand_dims(previous, -1) * (PITCHES + 1) + slots
        return xp.take(sounded.reshape(-1), flat, axis=0)

    def holdable_patterns(self, holdable: Any, xp: Any = np) -> Any:
        """Return which patterns hold only holdable notes, ``(…, K)`` → ``(…, H)`` bool."""
        bits = self.tokenizer.pattern_bits
        clash = xp.logical_and(bits, xp.logical_not(xp.expand_dims(holdable, -2)))  # (…, H, K)
        regular = np.arange(len(self.tokenizer.patterns)) >= SPECIAL
        return xp.logical_and(xp.logical_not(xp.any(clash, axis=-1)), regular)
