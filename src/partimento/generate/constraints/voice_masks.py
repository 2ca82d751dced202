"""Mask the tokens of the voice tokenizer, which writes one token per voice.

Each mask looks ahead to the voices that follow in the event. Shapes: B candidates, N voices, P
pitches, V tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from partimento.generate.constraints.base import PITCHES, Constraint, Scene
from partimento.generate.constraints.masks import ConstraintGrammar, MaskState
from partimento.generate.constraints.rules import Rule, View, wide
from partimento.generate.constraints.timetable import ANY, FREE, HOLD, NEW, SILENT
from partimento.tokens.base import Tokenizer
from partimento.tokens.note_grammar import NONE, NOTE
from partimento.tokens.voice_grammar import CONTINUE, REST
from partimento.tokens.voices import VoiceTokenizer

PITCH = np.arange(PITCHES, dtype=np.int32)


class VoiceMasks(ConstraintGrammar):
    """Decide which tokens of voices the constraints allow."""

    def __init__(
        self, constraints: Sequence[Constraint], tokenizer: Tokenizer, scene: Scene
    ) -> None:
        assert isinstance(tokenizer, VoiceTokenizer)
        self.slots = tokenizer.voices
        super().__init__(constraints, tokenizer, scene)
        self.layout = tokenizer.layout
        self.order = np.array([*tokenizer.order, tokenizer.order[-1]], np.int32)
        self.places = np.argsort(tokenizer.order).astype(np.int32)  # of each voice in the order
        self.repeated = tokenizer.repeated_notes
        ranges = self.layout.ranges
        whole = np.tile(np.array([[0, PITCHES - 1]], np.int32), (self.slots, 1))
        self.ranges = ranges if len(ranges) else whole

    @property
    def _pitch_width(self) -> int:
        return self.slots

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
        is_voice = (ids >= NOTE) & (ids <= REST)
        here = (wide(state.count, xp) == self.places) & wide(is_voice, xp)
        own = xp.sum(xp.where(here, state.before_pitch, 0), axis=-1)
        pitch = xp.where(ids == CONTINUE, own, xp.where(ids == REST, NONE, ids - NOTE))
        state = state._replace(
            pitch=xp.where(here, wide(pitch, xp), state.pitch),
            sounds=state.sounds | (here & wide(pitch < NONE, xp)),
            struck=state.struck | (here & wide(ids < CONTINUE, xp)),
            count=state.count + xp.where(is_voice, 1, 0),
        )
        state = self.noted(state, p, xp.where(is_voice, pitch, NONE), xp)
        return self.ended(state, p, grammars, xp)

    def allowed(self, state: MaskState, p: Sequence[Any], field: int, xp: Any = np) -> Any:
        """Return a mask ``(B, V)`` of the tokens that the constraints allow."""
        is_last = state.count >= self.slots
        voice = xp.take(self.order, xp.minimum(state.count, self.slots), axis=0)
        view = self.view(state, p, xp, voice)
        here = wide(voice, xp) == np.arange(self.slots)
        own = xp.sum(xp.where(here, state.before_pitch, 0), axis=-1)
        sounded = own < NONE
        codes = self.row(p, "voices", view.t, xp)
        code = xp.sum(xp.where(here, codes, 0), axis=-1)
        strike = self._strikes(state, p, view, code, xp)
        stay = self._stays(state, p, view, here, own, code, xp)
        rest = sounded & ((code == FREE) | (code == SILENT) | (code == NEW))
        for rule, own_state, parameters in self.each_rule(state, p):
            must = rule.must_hold(own_state, parameters, view, xp)
            if must is not None:
                must_stay = xp.any(must & here, axis=-1)
                strike, rest = strike & ~wide(must_stay, xp), rest & ~must_stay
            must = rule.must_strike(own_state, parameters, view, xp)
            if must is not None:
                must_begin = xp.any(must & here, axis=-1)
                stay, rest = stay & ~must_begin, rest & ~must_begin
        strike, stay, rest = self._ahead(state, p, view, codes, (strike, stay, rest), own, xp)
        tokens = [strike, wide(stay, xp), wide(rest, xp)]
        of_voice = xp.concatenate(tokens, axis=-1) & ~wide(is_last, xp)
        closes = self.durations(state, p, view, xp) & wide(is_last, xp)
        return xp.concatenate([self.special(strike, state.count, xp), of_voice, closes], axis=-1)

    def bias(self, state: MaskState, p: Sequence[Any], field: int) -> np.ndarray | None:
        """Return what wishes add to the logits of durations, the last of ``(B, V)``."""
        is_last = np.asarray(state.count >= self.slots)
        wishes = [row for row in self.each_rule(state, p) if type(row[0]).bias is not Rule.bias]
        if not wishes or not is_last.any():
            return None
        view = self.view(state, p, np)
        added = np.zeros((len(is_last), self.tokenizer.sizes[0]))
        durations = added[:, -len(self.steps) :]
        for rule, own, parameters in wishes:
            nats = rule.bias(own, parameters, view)
            durations += 0 if nats is None else np.where(is_last[:, None], nats, 0.0)
        return added

    def _strikes(self, state: MaskState, p: Sequence[Any], view: View, code: Any, xp: Any) -> Any:
        """Return the pitches that the next voice may strike."""
        strike = self.row(p, "strike", view.t, xp)
        ranges = xp.take(self.ranges, view.voice, axis=0)
        strike = strike & (ranges[:, :1] <= PITCH) & (ranges[:, 1:] >= PITCH)
        if self.flags.voices:
            free = wide((code == FREE) | (code == NEW) | (code == ANY), xp)
            strike = strike & (free | (wide(code, xp) == PITCH))
        answer = self.combined(state, p, lambda r, s, q: r.strike(s, q, view, xp))
        strike = strike if answer is None else strike & answer
        budget = self.budget(state, p, view, xp)
        return strike if budget is None else strike & wide(budget > 0, xp)

    def _stays(
        self,
        state: MaskState,
        p: Sequence[Any],
        view: View,
        here: Any,
        own: Any,
        code: Any,
        xp: Any,
    ) -> Any:
        """Return whether the next voice may go on with its note or rest."""
        sounded = own < NONE
        at = wide(own, xp) == PITCH
        may_hold = xp.any(self.row(p, "hold", view.t, xp) & at, axis=-1) | ~sounded
        stay = may_hold & ((code == FREE) | ((code == HOLD) & sounded))
        stay = stay | (((code == SILENT) | (code == NEW)) & ~sounded)
        if not self.repeated:
            stay = stay | ((code >= 0) & (code == own))
        answer = self.combined(state, p, lambda r, s, q: r.hold(s, q, view, xp))
        if answer is not None:
            stay = stay & (xp.any(answer & here, axis=-1) | ~sounded)
        return stay

    def _ahead(
        self,
        state: MaskState,
        p: Sequence[Any],
        view: View,
        codes: Any,
        options: tuple[Any, Any, Any],
        own: Any,
        xp: Any,
    ) -> tuple[Any, Any, Any]:
        """Keep the options after which the voices that follow can meet the demands."""
        strike, stay, rest = options
        counts = self.row(p, "counts", view.t, xp)
        later = self.places > wide(state.count, xp)  # (B, N)
        any_strike = xp.any(self.row(p, "strike", view.t, xp), axis=-1, keepdims=True)
        is_open = (codes == FREE) | (codes == NEW) | (codes == ANY)
        strikes_later = xp.any(later & ((codes >= 0) | (is_open & any_strike)), axis=-1)
        if self.flags.counts:
            certain = later & ((codes >= 0) | (codes == HOLD) | (codes == ANY))
            can = later & (codes != SILENT) & (state.before | any_strike)
            so_far = xp.sum(xp.where(state.sounds, 1, 0), axis=-1)
            least = so_far + xp.sum(xp.where(certain, 1, 0), axis=-1)
            greatest = so_far + xp.sum(xp.where(can, 1, 0), axis=-1)
            sound = (least + 1 <= counts[:, 1]) & (greatest + 1 >= counts[:, 0])
            silent = (least <= counts[:, 1]) & (greatest >= counts[:, 0])
            strike = strike & wide(sound, xp)
            stay = stay & xp.where(own < NONE, sound, silent)
            rest = rest & silent
        if self.flags.strikes:
            needs = (counts[:, 2] > 0) & ~xp.any(state.struck, axis=-1) & ~strikes_later
            stay, rest = stay & ~needs, rest & ~needs
        if self.flags.voices or self.flags.counts or self.rules:
            changed = state.struck | (state.sounds != state.before)
            done = self.places < wide(state.count, xp)
            idle = ~xp.any(changed & done, axis=-1)
            ends = (codes == SILENT) | (codes == FREE) | (codes == NEW)
            changes = strikes_later | xp.any(later & ends & state.before, axis=-1)
            first = (state.t == 0) & ~xp.any(state.before, axis=-1)
            stay = stay & (~idle | changes | first)
        if self.flags.basses:
            strike, stay, rest = self._bass(state, view, counts, (strike, stay, rest), own, p, xp)
        return strike, stay, rest

    def _bass(
        self,
        state: MaskState,
        view: View,
        counts: Any,
        options: tuple[Any, Any, Any],
        own: Any,
        p: Sequence[Any],
        xp: Any,
    ) -> tuple[Any, Any, Any]:
        """Give the lowest voice the pitch class of the bass, and keep the others above it."""
        strike, stay, rest = options
        bass = wide(counts[:, 3], xp)
        wanted = bass >= 0
        is_bass = wide(view.voice == self.slots - 1, xp)
        low, high = int(self.ranges[-1, 0]), int(self.ranges[-1, 1])
        roots = self.row(p, "strike", view.t, xp) & (bass == PITCH % 12)
        roots = roots & (low <= PITCH) & (high >= PITCH)
        lowest_root = xp.min(xp.where(roots, PITCH, NONE), axis=-1, keepdims=True)
        held = state.before_pitch[:, -1:]
        kept = (held < NONE) & (held % 12 == bass)
        lowest_root = xp.where(kept, xp.minimum(held, lowest_root), lowest_root)
        bass_now = state.pitch[:, -1:]
        floor = xp.where(bass_now < NONE, bass_now, lowest_root)
        ceiling = xp.min(xp.where(state.sounds, state.pitch, NONE), axis=-1, keepdims=True)
        at_bass = (bass == PITCH % 12) & (ceiling >= PITCH)
        good = xp.where(is_bass, at_bass, floor <= PITCH) | ~wanted
        strike = strike & good
        own_good = xp.any(good & (wide(own, xp) == PITCH), axis=-1)
        rests_well = ~(is_bass & wanted)[:, 0]
        stay = stay & xp.where(own < NONE, own_good, rests_well)
        return strike, stay, rest & rests_well
