"""Mask the rows of the chord tokenizer: chord, held notes and duration.

Shapes: B candidates, C chords, H held patterns, K notes of the largest chord, P pitches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from partimento.generate.constraints.base import PITCHES, Constraint, Scene
from partimento.generate.constraints.masks import ConstraintGrammar, MaskState
from partimento.generate.constraints.rules import ChordTables, Rule, View, wide
from partimento.tokens.base import Tokenizer
from partimento.tokens.chord_grammar import CHORD, HELD
from partimento.tokens.chords import ChordTokenizer
from partimento.tokens.note_grammar import NONE
from partimento.tokens.vocabulary import END, SPECIAL

PITCH = np.arange(PITCHES, dtype=np.int32)
MOST_BITS = 16  # notes of a chord whose held patterns are looked up ahead


class ChordMasks(ConstraintGrammar):
    """Decide which chords, held patterns and durations the constraints allow."""

    slots = PITCHES

    def __init__(
        self, constraints: Sequence[Constraint], tokenizer: Tokenizer, scene: Scene
    ) -> None:
        super().__init__(constraints, tokenizer, scene)
        assert isinstance(tokenizer, ChordTokenizer)
        self.notes = tokenizer.chord_notes  # (C, P)
        self.sizes = self.notes.sum(1).astype(np.int32)
        is_rest = self.sizes == 0
        top = np.where(is_rest, NONE, PITCHES - 1 - (self.notes > 0)[:, ::-1].argmax(1))
        bass = np.where(is_rest, NONE, (self.notes > 0).argmax(1))
        self.chords = ChordTables(self.notes, top.astype(np.int32), bass.astype(np.int32))
        self.slots_of = tokenizer.chord_slots  # (C, K)
        self.bits = tokenizer.pattern_bits  # (H, K)
        self.regular = np.arange(len(self.sizes)) >= SPECIAL
        count = tokenizer.most_notes
        self.known = np.zeros(1 << min(count, MOST_BITS), bool)
        if count <= MOST_BITS:
            codes = (self.bits[SPECIAL:] * (1 << np.arange(count))).sum(1)
            self.known[codes] = True

    def advance(
        self,
        state: MaskState,
        p: Sequence[Any],
        grammars: tuple[Any, Any],
        ids: Any,
        field: int,
        xp: Any = np,
    ) -> MaskState:
        """Return the state after one more id ``(B,)`` of `field`."""
        if field == CHORD:
            sounds = xp.take(self.notes > 0, ids, axis=0)
            count = xp.take(self.sizes, ids, axis=0)
            pitch = state.pitch
            return state._replace(sounds=sounds, struck=sounds, count=count, pitch=pitch)
        if field == HELD:
            chord = grammars[0].chord
            held = xp.take(self.bits, ids, axis=0)  # (B, K)
            slots = xp.take(self.slots_of, chord, axis=0)
            at = xp.expand_dims(slots, -1) == PITCH  # (B, K, P)
            is_held = xp.any(at & xp.expand_dims(held, -1), axis=1)
            return state._replace(struck=state.sounds & ~is_held)
        return self.ended(state, p, grammars, xp)

    def allowed(self, state: MaskState, p: Sequence[Any], field: int, xp: Any = np) -> Any:
        """Return a mask ``(B, V)`` of the ids of `field` that the constraints allow."""
        if field == CHORD:
            empty = state._replace(sounds=state.sounds & False, struck=state.struck & False)
            return self._chord(empty, p, self.view(empty, p, xp), xp)
        view = self.view(state, p, xp)
        if field == HELD:
            return self._held(state, p, view, xp)
        return self.durations(state, p, view, xp)

    def _demands(
        self, state: MaskState, p: Sequence[Any], view: View, xp: Any
    ) -> tuple[Any, Any, Any, Any]:
        """Return the pitches that may be struck or held, and those that must."""
        nothing = state.before & False
        blank = state._replace(sounds=nothing, struck=nothing)
        seen = view._replace(sounds=nothing, struck=nothing)
        strike = self.row(p, "strike", view.t, xp)
        hold = self.row(p, "hold", view.t, xp) & state.before
        answer = self.combined(blank, p, lambda r, s, q: _of_note(r, r.strike(s, q, seen, xp)))
        strike = strike if answer is None else strike & answer
        answer = self.combined(blank, p, lambda r, s, q: _of_note(r, r.hold(s, q, seen, xp)))
        hold = hold if answer is None else hold & answer
        if not self.flags.musts:
            return strike, hold, None, None
        must_strike = self.row(p, "must_strike", view.t, xp)
        must_hold = self.row(p, "must_hold", view.t, xp)
        return strike & ~must_hold, hold & ~must_strike, must_strike, must_hold

    def _chord(self, state: MaskState, p: Sequence[Any], view: View, xp: Any) -> Any:
        strike, hold, must_strike, must_hold = self._demands(state, p, view, xp)
        outside = _floats(~(strike | hold), xp)
        mask = (xp.matmul(outside, self.notes.T) < 0.5) & self.regular
        counts = self.row(p, "counts", view.t, xp)
        if self.flags.counts:
            mask = mask & (self.sizes >= wide(counts[:, 0], xp))
            mask = mask & (self.sizes <= wide(counts[:, 1], xp))
        if self.flags.strikes:
            mask = mask & ((self.sizes > 0) | wide(counts[:, 2] == 0, xp))
        if self.flags.musts:
            must = must_strike | must_hold
            inside = xp.matmul(_floats(must, xp), self.notes.T)
            mask = mask & (inside > wide(xp.sum(_floats(must, xp), axis=-1), xp) - 0.5)
            mask = mask & self._holdable(must_hold | (hold & ~strike), state, xp)
        if self.flags.basses:
            tables, bass = self.chords, wide(counts[:, 3], xp)
            mask = mask & ((bass < 0) | (tables.bass % 12 == bass) & (tables.bass < NONE))
            for answer in (
                self.combined(state, p, lambda r, s, q: r.top(q, view, tables.top, xp)),
                self.combined(
                    state, p, lambda r, s, q: r.bass(q, view, tables.top, tables.bass, xp)
                ),
            ):
                mask = mask if answer is None else mask & answer
        answer = self.combined(state, p, lambda r, s, q: r.chords(s, q, view, self.chords, xp))
        mask = mask if answer is None else mask & answer
        budget = self.budget(state, p, view, xp)
        if budget is not None:
            fresh = xp.matmul(_floats(~hold, xp), self.notes.T)
            mask = mask & (fresh <= _floats(wide(budget, xp), xp) + 0.5)
        return mask | (self.may_end & (np.arange(len(self.sizes)) == END))

    def _holdable(self, required: Any, state: MaskState, xp: Any) -> Any:
        """Return ``(B, C)``: the chords whose required notes can be held.

        A pattern that holds more would do, too; such chords are passed over.
        """
        if self.slots_of.shape[1] > MOST_BITS:
            return ~xp.any(required, axis=-1, keepdims=True) | True
        nothing = xp.zeros_like(required[:, :1])
        wider = xp.concatenate([required, nothing], axis=-1)
        bits = xp.take(wider, self.slots_of.reshape(-1), axis=-1)
        bits = xp.reshape(bits, (-1, *self.slots_of.shape))
        powers = (1 << np.arange(self.slots_of.shape[1])).astype(np.int32)
        codes = xp.sum(xp.where(bits, powers, 0), axis=-1)
        whole = xp.sum(xp.where(bits, 1, 0), axis=-1) == self.sizes
        common = xp.matmul(_floats(state.before, xp), self.notes.T)
        sounded = wide(xp.sum(_floats(state.before, xp), axis=-1), xp)
        same = (common > self.sizes - 0.5) & (sounded < self.sizes + 0.5)
        return xp.take(self.known, codes, axis=0) & ~(whole & same)

    def _held(self, state: MaskState, p: Sequence[Any], view: View, xp: Any) -> Any:
        strike, hold, must_strike, must_hold = self._demands(state, p, view, xp)
        required = state.sounds & ~strike
        forbidden = state.sounds & ~hold
        if self.flags.musts:
            required = required | (must_hold & state.sounds)
            forbidden = forbidden | (must_strike & state.sounds)
        # Rank the notes of the chord from the lowest: the k-th has the k-th bit.
        rank = xp.cumsum(xp.where(state.sounds, 1, 0), axis=-1) - 1
        ranks = np.arange(self.bits.shape[1], dtype=np.int32)
        at = (xp.expand_dims(rank, -1) == ranks) & xp.expand_dims(state.sounds, -1)  # (B, P, K)
        need = _floats(xp.any(at & xp.expand_dims(required, -1), axis=1), xp)
        refuse = _floats(xp.any(at & xp.expand_dims(forbidden, -1), axis=1), xp)
        bits = self.bits.astype(np.float32).T
        mask = xp.matmul(refuse, bits) < 0.5
        mask = mask & (xp.matmul(need, bits) > wide(xp.sum(need, axis=-1), xp) - 0.5)
        begun = wide(state.count, xp) - self.bits.sum(1).astype(np.int32)
        if self.flags.strikes:
            counts = self.row(p, "counts", view.t, xp)
            mask = mask & ((begun > 0) | wide(counts[:, 2] == 0, xp))
        nothing = state.before & False
        budget = self.budget(state._replace(struck=nothing), p, view._replace(struck=nothing), xp)
        if budget is not None:
            mask = mask & (begun <= wide(budget, xp))
        return mask


def _of_note(rule: Rule, answer: Any) -> Any:
    """Return an answer about single notes, unless the rule answers for whole chords."""
    return None if rule.answers_for_chords else answer


def _floats(mask: Any, xp: Any) -> Any:
    return mask.astype(np.float32) if xp is np else xp.cast(mask, "float32")
