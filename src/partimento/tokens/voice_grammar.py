"""Decide which tokens may come next in the order of the voice tokenizer.

Shapes: B pieces or candidates in a batch, N voices, V tokens of the vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from partimento.short_repr import short_repr
from partimento.tokens import note_grammar as g
from partimento.tokens.note_grammar import HEADER, NONE, NOTE, PITCHES, Layout
from partimento.tokens.plan import class_of
from partimento.tokens.vocabulary import END, UNKNOWN

CONTINUE = NOTE + PITCHES  # the voice does not change: its note or rest goes on
REST = CONTINUE + 1
VOICE_AGES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)  # classes of the steps since a voice last changed


def voice_order(voices: int, *, outer_first: bool) -> tuple[int, ...]:
    """Return the voices in the order in which an event has them.

    >>> voice_order(4, outer_first=False), voice_order(4, outer_first=True)
    ((0, 1, 2, 3), (0, 3, 2, 1))
    """
    return (0, *range(voices - 1, 0, -1)) if outer_first else tuple(range(voices))


@short_repr
class VoiceGrammarState(NamedTuple):
    """Summarize the tokens so far.

    Attributes
    ----------
    past : note_grammar.NoteGrammarState
        The state that both tokenizers share: last token, position in the bar, counts and history.
        Its `count` is the number of voices that have a token in the current event.
    before, now : (B, N) int
        The pitch of each voice in the previous event, and in the current one; NONE for a rest or
        a voice that has no token yet.
    since : (B, N) int
        Steps since each voice last changed.
    changed : (B,) int
        How many voices have changed in the current event.
    """

    past: g.NoteGrammarState
    before: Any
    now: Any
    since: Any
    changed: Any

    @property
    def elapsed(self) -> Any:
        return self.past.elapsed

    @property
    def events(self) -> Any:
        return self.past.events


@short_repr
@dataclass(frozen=True, eq=False)
class VoiceGrammar:
    """Decide which tokens may come next in the voice tokenizer's order."""

    layout: Layout
    order: tuple[int, ...]  # the voices in the order in which an event has them
    repeated_notes: bool

    @property
    def voices(self) -> int:
        """Return N."""
        return len(self.order)

    def start(
        self, batch: int, xp: Any = np, *, reach: int = g.REACH, total: Any = g.UNKNOWN_LENGTH
    ) -> VoiceGrammarState:
        """Return the state before the first token; see `note_grammar.start`."""
        past = g.start(batch, xp, reach=reach, total=total, keys=self.layout.keys)
        none = xp.full((batch, self.voices), NONE, dtype="int32")
        since = xp.zeros((batch, self.voices), dtype="int32")
        return VoiceGrammarState(past, none, none, since, past.events)

    @property
    def _places(self) -> np.ndarray:
        """Return the place of each voice in the order, (N,)."""
        return np.argsort(self.order).astype(np.int32)

    def advance(
        self, state: VoiceGrammarState, ids: Any, field: int, xp: Any = np
    ) -> VoiceGrammarState:
        """Return the state after one more token ``(B,)``."""
        layout, past = self.layout, state.past
        is_voice = xp.logical_and(ids >= NOTE, ids <= REST)
        # In the header, an unknown token is a meter or a pickup, not a duration.
        unknown = xp.logical_and(ids == UNKNOWN, past.rows >= HEADER)
        is_duration = xp.logical_or(
            xp.logical_and(ids >= layout.duration, ids < layout.bar), unknown
        )
        # Find the voice that this token belongs to, and its previous pitch.
        here = xp.expand_dims(past.count, -1) == self._places  # (B, N)
        own = xp.sum(xp.where(here, state.before, 0), axis=-1)
        pitch = xp.where(ids == CONTINUE, own, xp.where(ids == REST, NONE, ids - NOTE))
        fresh = xp.logical_and(is_voice, ids != CONTINUE)
        of_voice = xp.logical_and(here, xp.expand_dims(is_voice, -1))
        now = xp.where(of_voice, xp.expand_dims(pitch, -1), state.now)
        since = xp.where(xp.logical_and(here, xp.expand_dims(fresh, -1)), 0, state.since)
        after = g.advance(layout, past, ids, xp)
        ended = xp.expand_dims(is_duration, -1)
        steps = xp.expand_dims(after.elapsed - past.elapsed, -1)
        return VoiceGrammarState(
            past=after._replace(
                count=xp.where(is_duration, 0, past.count + xp.where(is_voice, 1, 0))
            ),
            before=xp.where(ended, now, state.before),
            now=xp.where(ended, NONE, now),
            since=xp.where(ended, since + steps, since),
            changed=xp.where(is_duration, 0, state.changed + xp.where(fresh, 1, 0)),
        )

    def viable(self, state: VoiceGrammarState, field: int, permitted: Any, xp: Any = np) -> Any:
        """Return `permitted` unchanged: the last voice can nearly always rest."""
        return permitted

    def features(self, state: VoiceGrammarState, xp: Any = np) -> Any:
        """Return the input features ``(B, width)`` int.

        They are COLUMNS, then the previous pitch, the pitch and the age of each voice. In COLUMNS,
        `last` is the pitch of the voice written last in the current event. `above` and `below` are
        the pitches of this voice and of the next one, in the order of writing, in the previous
        event.
        """
        past, count = state.past, state.past.count

        def voice(pitches: Any, number: Any) -> Any:
            there = xp.expand_dims(number, -1) == self._places
            pitch = xp.sum(xp.where(there, pitches, 0), axis=-1)
            return xp.where(xp.any(there, axis=-1), pitch, NONE)

        again, length = g.repeated(past, xp)
        free = xp.logical_or(state.changed > 0, past.events == 0)
        columns = [
            past.token,
            voice(state.now, count - 1),
            count,
            voice(state.before, count),
            voice(state.before, count + 1),
            g.place_of(self.layout, past.place, xp),
            past.bar_token,
            past.key,
            past.duration + 1,
            again,
            length,
            class_of(past.events, g.AGES, xp),
            xp.where(free, 1, 0),
            past.rows // HEADER,
        ]
        row = g.as_columns(columns, xp)
        since = class_of(state.since, VOICE_AGES, xp)
        plan = g.plan_columns(self.layout, past, xp)
        return xp.concatenate([row, state.before, state.now, since, *plan], axis=-1)

    def allowed(self, state: VoiceGrammarState, field: int, xp: Any = np) -> Any:
        """Return a mask ``(B, V)`` of the tokens that may come next, without UNKNOWN."""
        mask = self.allowed_by_features(self.features(state, xp), xp)
        tokens = np.arange(self.layout.bar, dtype="int32")
        mask = xp.logical_and(mask, tokens != UNKNOWN)
        if len(self.layout.ranges):
            # The range of the next voice; after the last one, any.
            ranges = self.layout.ranges[[*self.order, 0]]
            bounds = xp.take(ranges, xp.clip(state.past.count, 0, self.voices), axis=0)
            pitch = tokens - NOTE
            is_inside = xp.logical_and(bounds[:, :1] <= pitch, bounds[:, 1:] >= pitch)
            is_strike = (tokens >= NOTE) & (tokens < CONTINUE)
            mask = xp.logical_and(mask, xp.logical_or(is_inside, ~is_strike))
        return g.writable(self.layout, state.past, mask, xp)

    def allowed_by_features(self, features: Any, xp: Any = np, *, may_end: Any = True) -> Any:
        """Return a mask from features alone, ``(…, width)`` → ``(…, V)``.

        UNKNOWN is allowed. Training uses this: it has the features of all steps, but no states.
        """
        layout = self.layout
        tokens = np.arange(layout.bar, dtype="int32")
        count, own = features[..., g.COUNT : g.COUNT + 1], features[..., g.ABOVE : g.ABOVE + 1]
        of_voice = count < self.voices
        pitches = (tokens >= NOTE) & (tokens < CONTINUE)
        if not self.repeated_notes:
            pitches = xp.logical_and(pitches, tokens - NOTE != own)
        rest = xp.logical_and(tokens == REST, own < NONE)
        # If no voice has changed yet, the last one must.
        idle = xp.logical_and(
            count == self.voices - 1, features[..., g.MAY_CLOSE : g.MAY_CLOSE + 1] == 0
        )
        stays = xp.logical_and(tokens == CONTINUE, xp.logical_not(idle))
        voices = xp.logical_and(xp.logical_or(pitches, xp.logical_or(rest, stays)), of_voice)
        is_duration = (tokens >= layout.duration) | (tokens == UNKNOWN)
        durations = xp.logical_and(is_duration, xp.logical_not(of_voice))
        end = xp.logical_and(tokens == END, xp.logical_and(count == 0, may_end))
        return xp.logical_or(voices, xp.logical_or(durations, end))

    def with_reach(self, state: VoiceGrammarState, reach: int) -> VoiceGrammarState:
        """Return the state, its NumPy history arrays resized to `reach` rows."""
        return state._replace(past=g.with_reach(state.past, reach))

    def at_event_end(self, state: VoiceGrammarState) -> Any:
        """Return ``(B,)`` bool: True just after an event, and before the first one."""
        return state.past.count == 0
