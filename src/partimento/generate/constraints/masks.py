"""Turn constraints into masks of ids, as a grammar does.

`ConstraintGrammar` has the functions of a grammar: `start`, `advance` and `allowed`. Its tables and
the numbers of its rules are inputs of the compiled loop. Only its `key` is fixed when a loop is
compiled, so moving a value compiles nothing.

Shapes: B candidates, P pitches, S slots (see `rules`), D durations, L steps of the tables, V ids.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from partimento.generate.constraints.base import Constraint, Scene
from partimento.generate.constraints.rules import Rule, View, wide
from partimento.generate.constraints.timetable import (
    FREE,
    MANY,
    Tables,
    filled,
    finish,
    kind_of,
    steps_of,
)
from partimento.short_repr import short_repr
from partimento.tokens.base import Tokenizer
from partimento.tokens.note_grammar import NONE
from partimento.tokens.vocabulary import END, SPECIAL


@short_repr
class MaskState(NamedTuple):
    """Hold the music so far, as far as constraints need it.

    Attributes
    ----------
    t : (B,) int
        The step at which the current event begins.
    before, sounds, struck : (B, S) bool
        The slots that sounded in the previous event, that sound in the current one so far, and
        whose notes begin with it.
    before_pitch, pitch : (B, S) int
        The pitches of the voices in both events; empty if the slots are pitches.
    top, bass : (B,) int
        The highest and the lowest pitch of the previous event; NONE without one.
    count : (B,) int
        How many voices have a token in the current event.
    rules : tuple
        The state of each rule.
    """

    t: Any
    before: Any
    sounds: Any
    struck: Any
    before_pitch: Any
    pitch: Any
    top: Any
    bass: Any
    count: Any
    rules: tuple[Any, ...]


@short_repr
class Flags(NamedTuple):
    """Say which kinds of demands there are, so that the others cost nothing."""

    musts: bool
    counts: bool
    basses: bool
    strikes: bool
    voices: bool


class ConstraintGrammar(ABC):
    """Decide which ids the constraints allow.

    Parameters
    ----------
    constraints : sequence of Constraint
    tokenizer : Tokenizer
    scene : Scene

    Attributes
    ----------
    key : tuple
        All that is fixed when a loop is compiled.
    parameters : list of arrays
        Inputs of the loop.
    """

    slots: int

    def __init__(
        self, constraints: Sequence[Constraint], tokenizer: Tokenizer, scene: Scene
    ) -> None:
        table = filled(constraints, tokenizer, scene)
        tables, _ = finish(table, scene)
        self.tokenizer, self.steps = tokenizer, steps_of(tokenizer)
        self.rules = tuple(rule for each in constraints for rule in each.rules(table, scene))
        self.flags = Flags(
            musts=bool(tables.must_strike.any() or tables.must_hold.any())
            or any(
                type(rule).must_hold is not Rule.must_hold
                or type(rule).must_strike is not Rule.must_strike
                for rule in self.rules
            ),
            counts=bool(tables.counts[:, 0].any() or (tables.counts[: table.last, 1] < MANY).any()),
            basses=bool((table.bass >= 0).any())
            or any(rule.has_top or rule.has_bass for rule in self.rules),
            strikes=bool(table.strikes.any()),
            voices=bool((table.voices != FREE).any()),
        )
        # Without a length, the model may end the piece wherever an event ends.
        self.may_end = scene.total < 0
        self.key = (
            type(self).__name__,
            self.flags,
            self.may_end,
            tuple(rule.kind for rule in self.rules),
        )
        self.parameters = [*tables, *(p for rule in self.rules for p in rule.parameters)]

    # ------------------------------------------------------------------ for the subclass

    @abstractmethod
    def advance(
        self,
        state: MaskState,
        p: Sequence[Any],
        grammars: tuple[Any, Any],
        ids: Any,
        field: int,
        xp: Any = np,
    ) -> MaskState:
        """Return the state after `ids` ``(B,)`` of `field`.

        Parameters
        ----------
        state : MaskState
        p : sequence of arrays
            The parameters.
        grammars : tuple of two grammar states
            Before and after the ids.
        ids : (B,) int
        field : int
        xp : module
            `numpy` or `keras.ops`.
        """

    @abstractmethod
    def allowed(self, state: MaskState, p: Sequence[Any], field: int, xp: Any = np) -> Any:
        """Return a mask ``(B, V)`` of the ids of `field` that the constraints allow."""

    # ------------------------------------------------------------------ shared

    def start(self, batch: int, p: Sequence[Any], xp: Any = np) -> MaskState:
        """Return the state before the first row."""
        zero = xp.zeros((batch,), dtype="int32")
        silent = xp.zeros((batch, self.slots), dtype="bool")
        none = xp.full((batch, self._pitch_width), NONE, dtype="int32")
        rules = tuple(rule.start(batch, self.slots, xp) for rule in self.rules)
        never = zero + NONE
        return MaskState(zero, silent, silent, silent, none, none, never, never, zero, rules)

    @property
    def _pitch_width(self) -> int:
        return 0

    def row(self, p: Sequence[Any], name: str, t: Any, xp: Any) -> Any:
        """Return a table's rows at the steps `t`."""
        table = p[Tables._fields.index(name)]
        return xp.take(table, xp.minimum(t, table.shape[0] - 1), axis=0)

    def view(self, state: MaskState, p: Sequence[Any], xp: Any, voice: Any = None) -> View:
        """Return what the rules see."""
        length = p[0].shape[0]
        t = xp.minimum(state.t, length - 1)
        pitches = np.arange(self.slots, dtype=np.int32)[None]
        own = self._pitch_width > 0
        return View(
            t,
            state.sounds,
            state.struck,
            state.pitch if own else pitches,
            state.before,
            state.before_pitch if own else pitches,
            state.top,
            state.bass,
            self.steps,
            self.row(p, "duration", t, xp),
            voice,
        )

    def special(self, mask: Any, count: Any, xp: Any) -> Any:
        """Return the mask of the special ids, of which one ends the piece, beside `mask`."""
        ids = np.arange(SPECIAL)
        ends = wide(count == 0, xp) & (ids == END) & self.may_end
        return ends & xp.ones_like(mask[:, :SPECIAL])

    def each_rule(
        self, state: MaskState, p: Sequence[Any]
    ) -> list[tuple[Rule, Any, Sequence[Any]]]:
        """Return each rule with its state and its parameters."""
        at = len(Tables._fields)
        rows = []
        for rule, own in zip(self.rules, state.rules, strict=True):
            rows.append((rule, own, p[at : at + len(rule.parameters)]))
            at += len(rule.parameters)
        return rows

    def combined(
        self, state: MaskState, p: Sequence[Any], ask: Callable[[Rule, Any, Sequence[Any]], Any]
    ) -> Any:
        """Return the conjunction of what the rules answer; None if none answers."""
        mask = None
        for rule, own, parameters in self.each_rule(state, p):
            answer = ask(rule, own, parameters)
            if answer is not None:
                mask = answer if mask is None else mask & answer
        return mask

    def budget(self, state: MaskState, p: Sequence[Any], view: View, xp: Any) -> Any:
        """Return how many notes may still begin in this event; None for any number."""
        least = None
        for rule, own, parameters in self.each_rule(state, p):
            answer = rule.budget(own, parameters, view, xp)
            if answer is not None:
                least = answer if least is None else xp.minimum(least, answer)
        if least is None:
            return None
        return least - xp.sum(xp.where(state.struck, 1, 0), axis=-1)

    def durations(self, state: MaskState, p: Sequence[Any], view: View, xp: Any) -> Any:
        """Return ``(B, D)`` bool: how long the event may last as it is now."""
        closes = self.combined(state, p, lambda r, s, q: r.closes(s, q, view, xp))
        return view.durations if closes is None else view.durations & closes

    def bias(self, state: MaskState, p: Sequence[Any], field: int) -> np.ndarray | None:
        """Return what wishes add to the logits ``(B, V)`` of `field`; None for nothing."""
        return None

    def noted(self, state: MaskState, p: Sequence[Any], pitch: Any, xp: Any) -> MaskState:
        """Return the state after a note of an event; `pitch` ``(B,)`` is NONE without one."""
        rules = tuple(
            rule.note(own, parameters, pitch, xp)
            for rule, own, parameters in self.each_rule(state, p)
        )
        return state._replace(rules=rules)

    def ended(
        self, state: MaskState, p: Sequence[Any], grammars: tuple[Any, Any], xp: Any
    ) -> MaskState:
        """Return the state after ids that may have ended an event."""
        before, after = grammars
        ended = after.events > before.events
        steps = after.elapsed - before.elapsed
        view = self.view(state, p, xp)
        rules = tuple(
            _where(ended, rule.advance(own, parameters, view, steps, xp), own, xp)
            for rule, own, parameters in self.each_rule(state, p)
        )
        last = wide(ended, xp)
        top, bass = self.outer(state, xp) if self.flags.basses else (state.top, state.bass)
        return state._replace(
            t=after.elapsed,
            before=xp.where(last, state.sounds, state.before),
            before_pitch=xp.where(last, state.pitch, state.before_pitch),
            sounds=state.sounds & ~last,
            struck=state.struck & ~last,
            pitch=xp.where(last, NONE, state.pitch),
            top=xp.where(ended, top, state.top),
            bass=xp.where(ended, bass, state.bass),
            count=xp.where(ended, 0, state.count),
            rules=rules,
        )

    def outer(self, state: MaskState, xp: Any) -> tuple[Any, Any]:
        """Return the outer pitches of the current event; NONE without notes."""
        pitches = np.arange(self.slots, dtype=np.int32)
        top = xp.max(xp.where(state.sounds, pitches, -1), axis=-1)
        bass = xp.min(xp.where(state.sounds, pitches, NONE), axis=-1)
        return xp.where(top < 0, NONE, top), bass

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self.rules)} rules>"


def _where(chosen: Any, new: Any, old: Any, xp: Any) -> Any:
    """Return, for each candidate, the arrays of one of two tuples."""
    return tuple(
        xp.where(xp.reshape(chosen, (-1,) + (1,) * (len(a.shape) - 1)), a, b)
        for a, b in zip(new, old, strict=True)
    )


def constraint_grammar(
    constraints: Sequence[Constraint], tokenizer: Tokenizer, scene: Scene
) -> ConstraintGrammar | None:
    """Return the grammar of constraints; None if there are none."""
    from partimento.generate.constraints.chord_masks import ChordMasks
    from partimento.generate.constraints.note_masks import NoteMasks
    from partimento.generate.constraints.voice_masks import VoiceMasks

    if not constraints:
        return None
    kinds: dict[str, type[ConstraintGrammar]] = {
        "chords": ChordMasks,
        "notes": NoteMasks,
        "voices": VoiceMasks,
    }
    return kinds[kind_of(tokenizer)](constraints, tokenizer, scene)
