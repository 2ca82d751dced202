"""Mask the tokens of the note tokenizer, from the highest note down.

Each mask looks ahead to the end of the event: a note is allowed only if all that must follow below
it can follow. Shapes: B candidates, P pitches, V tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from partimento.generate.constraints.base import PITCHES, Constraint, Scene
from partimento.generate.constraints.masks import ConstraintGrammar, MaskState
from partimento.generate.constraints.rules import View, wide
from partimento.tokens.base import Tokenizer
from partimento.tokens.note_grammar import NONE, NOTE
from partimento.tokens.notes import NoteTokenizer

PITCH = np.arange(PITCHES, dtype=np.int32)


class NoteMasks(ConstraintGrammar):
    """Decide which note tokens the constraints allow."""

    slots = PITCHES

    def __init__(
        self, constraints: Sequence[Constraint], tokenizer: Tokenizer, scene: Scene
    ) -> None:
        super().__init__(constraints, tokenizer, scene)
        assert isinstance(tokenizer, NoteTokenizer)
        self.layout = tokenizer.layout
        self.holds = self.layout.hold < self.layout.duration

    def advance(
        self,
        state: MaskState,
        p: Sequence[Any],
        grammars: tuple[Any, Any],
        ids: Any,
        field: int,
        xp: Any = np,
    ) -> MaskState:
        """Return the state after one more token ``(B,)``."""
        layout = self.layout
        is_note = (ids >= NOTE) & (ids < layout.duration)
        pitch = xp.where(is_note, (ids - NOTE) % PITCHES, NONE)
        here = wide(pitch, xp) == PITCH
        is_strike = wide(is_note & (ids < NOTE + PITCHES), xp)
        state = state._replace(
            sounds=state.sounds | here,
            struck=state.struck | (here & is_strike),
            count=state.count + xp.where(is_note, 1, 0),
        )
        return self.ended(self.noted(state, p, pitch, xp), p, grammars, xp)

    def allowed(self, state: MaskState, p: Sequence[Any], field: int, xp: Any = np) -> Any:
        """Return a mask ``(B, V)`` of the tokens that the constraints allow."""
        view = self.view(state, p, xp)
        strike, hold, must = self._pitches(state, p, view, xp)
        usable = everything = strike | hold
        counts = self.row(p, "counts", view.t, xp)
        closes = self.durations(state, p, view, xp)
        may_close: Any = None
        if self.flags.musts:
            usable, pending = _down_to_next_must(usable, must, xp)
            may_close = ~pending
        if self.flags.counts or self.flags.musts:
            fits, enough = self._counts(state, counts, everything, must, xp)
            usable = usable & fits
            may_close = enough if may_close is None else may_close & enough
        if self.flags.basses:
            fits, is_low = self._lowest(state, p, view, counts, everything, xp)
            usable = usable & fits
            may_close = is_low if may_close is None else may_close & is_low
        strike, hold = strike & usable, hold & usable
        if self.flags.strikes:
            needs = (counts[:, 2] > 0) & ~xp.any(state.struck, axis=-1)
            below = _exclusive(strike, xp) > 0
            if self.flags.counts:
                below = below & wide(state.count + 2 <= counts[:, 1], xp)
            hold = hold & (below | ~wide(needs, xp))
            may_close = ~needs if may_close is None else may_close & ~needs
        if may_close is not None:
            closes = closes & wide(may_close, xp)
        return self._joined(state, strike, hold, closes, counts, xp)

    def _pitches(
        self, state: MaskState, p: Sequence[Any], view: View, xp: Any
    ) -> tuple[Any, Any, Any]:
        """Return the lower pitches that may be struck or held, and that must."""
        lowest = xp.min(xp.where(state.sounds, PITCH, NONE), axis=-1, keepdims=True)
        below = lowest > PITCH
        strike = self.row(p, "strike", view.t, xp) & below
        hold = self.row(p, "hold", view.t, xp) & state.before & below
        answer = self.combined(state, p, lambda r, s, q: r.strike(s, q, view, xp))
        strike = strike if answer is None else strike & answer
        answer = self.combined(state, p, lambda r, s, q: r.hold(s, q, view, xp))
        hold = hold if answer is None else hold & answer
        budget = self.budget(state, p, view, xp)
        if budget is not None:
            strike = strike & wide(budget > 0, xp)
        if not self.flags.musts:
            return strike, hold, None
        must_strike = self.row(p, "must_strike", view.t, xp)
        must_hold = self.row(p, "must_hold", view.t, xp)
        for rule, own, parameters in self.each_rule(state, p):
            answer = rule.must_hold(own, parameters, view, xp)
            if answer is not None:
                must_hold = must_hold | answer
            answer = rule.must_strike(own, parameters, view, xp)
            if answer is not None:
                must_strike = must_strike | answer
        return strike & ~must_hold, hold & ~must_strike, (must_strike | must_hold) & below

    def _counts(
        self, state: MaskState, counts: Any, usable: Any, must: Any, xp: Any
    ) -> tuple[Any, Any]:
        """Return which pitches leave room for others, and whether to close."""
        fewest, most = wide(counts[:, 0], xp), wide(counts[:, 1], xp)
        after = wide(state.count, xp) + 1
        pending = 0 if must is None else _exclusive(must, xp)
        fits = (after + pending <= most) & (after + _exclusive(usable, xp) >= fewest)
        return fits, state.count >= counts[:, 0]

    def _lowest(
        self,
        state: MaskState,
        p: Sequence[Any],
        view: View,
        counts: Any,
        usable: Any,
        xp: Any,
    ) -> tuple[Any, Any]:
        """Return which pitches leave a proper bass, and whether there is one."""
        begins = wide(state.count == 0, xp)
        top = xp.max(xp.where(state.sounds, PITCH, -1), axis=-1, keepdims=True)
        bass = wide(counts[:, 3], xp)
        is_low = (bass < 0) | (bass == PITCH % 12)
        low_now = self.combined(state, p, lambda r, s, q: r.bass(q, view, top, PITCH, xp))
        low_alone = self.combined(state, p, lambda r, s, q: r.bass(q, view, PITCH, PITCH, xp))
        tops = self.combined(state, p, lambda r, s, q: r.top(q, view, PITCH, xp))
        later = is_low if low_now is None else is_low & (low_now | begins)
        own = is_low
        if low_now is not None:
            own = is_low & xp.where(begins, low_alone, low_now)
        room = wide(state.count + 2 <= counts[:, 1], xp)
        fits = own | ((_exclusive(usable & later, xp) > 0) & room)
        if tops is not None:
            fits = fits & (tops | ~begins)
        last = xp.min(xp.where(state.sounds, PITCH, NONE), axis=-1, keepdims=True)
        proper = is_low if low_now is None else is_low & low_now
        at = xp.broadcast_to(proper, usable.shape)
        closes = xp.any(at & (last == PITCH), axis=-1)
        rests = (state.count == 0) & (counts[:, 3] < 0)
        return fits, closes | rests

    def _joined(
        self, state: MaskState, strike: Any, hold: Any, closes: Any, counts: Any, xp: Any
    ) -> Any:
        """Return the masks of all kinds of tokens side by side."""
        special = self.special(strike, state.count, xp)
        if not self.holds:
            return xp.concatenate([special, strike, closes], axis=-1)
        if self.flags.counts:
            # The last note that there is room for must not complete a copy of the previous event.
            sounded = xp.sum(xp.where(state.before, 1, 0), axis=-1)
            full = state.count + 1 >= counts[:, 1]
            copies = ~xp.any(state.struck, axis=-1) & (state.count + 1 == sounded) & full
            hold = hold & ~wide(copies, xp)
        return xp.concatenate([special, strike, hold, closes], axis=-1)


def _exclusive(mask: Any, xp: Any) -> Any:
    """Return how many pitches below each one are in a mask."""
    ones = xp.where(mask, 1, 0)
    return xp.cumsum(ones, axis=-1) - ones


def _down_to_next_must(usable: Any, must: Any, xp: Any) -> tuple[Any, Any]:
    """Remove the pitches below the next that must come, if there is one."""
    highest = xp.max(xp.where(must, PITCH, -1), axis=-1, keepdims=True)
    return usable & (highest <= PITCH), highest[:, 0] >= 0
