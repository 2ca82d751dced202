"""Generate within constraints, in a compiled loop that goes back at dead ends.

Each candidate has a row of its own, because candidates go back independently. Shapes: B candidates,
F fields of a row.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from keras import ops

from partimento.generate import backtrack
from partimento.generate.autoregressive import GenerationLoop, LoopState
from partimento.generate.backtrack import Snapshot, Trail
from partimento.generate.candidates import constrained
from partimento.generate.constraints.masks import ConstraintGrammar, MaskState
from partimento.generate.sampler import NEVER, sample_token
from partimento.models.base import NextModel
from partimento.short_repr import short_repr
from partimento.tokens.vocabulary import END, PAD


@short_repr
class ConstrainedState(NamedTuple):
    """Hold the state of the loop.

    Attributes
    ----------
    loop : LoopState
        Its `row` counts the turns of the loop.
    at : (B,) int
        The row that each candidate writes next.
    rules : MaskState
    trail : Trail
    """

    loop: LoopState
    at: Any
    rules: MaskState
    trail: Trail


class ConstrainedLoop(GenerationLoop):
    """The generation loop within constraints.

    Parameters
    ----------
    model : NextModel
    candidates : int
    truncates : bool
    rules : ConstraintGrammar
        Its parameters are the inputs ``rule_0``, ``rule_1`` and so on.
    """

    def __init__(
        self, model: NextModel, *, candidates: int, truncates: bool, rules: ConstraintGrammar
    ) -> None:
        super().__init__(model, candidates=candidates, truncates=truncates)
        self.rules = rules
        self.count = len(rules.parameters)

    def call(self, inputs: dict[str, Any]) -> Any:
        """Generate all candidates; see `GenerationLoop.call`."""
        inputs = {name: value[0] for name, value in inputs.items()}
        turns = ops.shape(inputs["uniform"])[0]

        def unfinished(*state: Any) -> Any:
            now = ConstrainedState(*state).loop
            return ops.logical_and(now.row < turns, ops.logical_not(ops.all(now.done)))

        def step(*state: Any) -> Any:
            return tuple(self._turn(ConstrainedState(*state), inputs))

        state = ops.while_loop(unfinished, step, tuple(self._begin(inputs)))
        end = ConstrainedState(*state).loop
        ids = ops.transpose(end.ids, (1, 0, 2))
        # Rows after the end are left from before the candidate went back.
        number = ops.arange(ops.shape(ids)[1], dtype="int32")
        written = ops.expand_dims(number, 0) < ops.expand_dims(state[1], -1)
        ids = ops.where(ops.expand_dims(written, -1), ids, PAD)
        given_up = ops.where(end.done, end.dead_ends, 1)
        return {"ids": ids, "closing": end.closing, "dead_ends": given_up, "nats": end.nats}

    def _parameters(self, inputs: dict[str, Any]) -> list[Any]:
        return [inputs[f"rule_{number}"] for number in range(self.count)]

    def _begin(self, inputs: dict[str, Any]) -> ConstrainedState:
        loop = self._start(inputs)
        at = ops.zeros((self.candidates,), "int32")
        rules = self.rules.start(self.candidates, self._parameters(inputs), ops)
        snapshot = _snapshot(loop, at, rules)
        return ConstrainedState(loop, at, rules, backtrack.first_trail(snapshot, ops))

    def _turn(self, state: ConstrainedState, inputs: dict[str, Any]) -> ConstrainedState:
        """Generate one row of every candidate, or go back."""
        dead = state.at < 0  # none
        chosen: list[Any] = []
        for field in range(len(self.tokenizer.fields)):
            state, ids, is_dead = self._choose(state, field, inputs)
            chosen.append(ids)
            dead = dead | is_dead
        loop = state.loop
        ids = loop.ids
        rows = ops.arange(self.candidates, dtype="int32")
        for field, values in enumerate(chosen):
            # A complete candidate keeps its rows: it writes padding after them.
            place = ops.stack([state.at, rows, ops.full_like(rows, field)], axis=-1)
            ids = ops.scatter_update(ids, place, values)
        last_row = ops.shape(ids)[0] - 1
        at = ops.where(loop.done, state.at, ops.minimum(state.at + 1, last_row))
        prompt_rows, _, events, steps, _ = self._limits(inputs)
        now = _snapshot(loop, at, state.rules)
        # Going back copies all states, so it is done only when a candidate does.
        trail, now = ops.cond(
            ops.any(dead),
            lambda: backtrack.restore(state.trail, now, dead, ops),
            lambda: (state.trail, now),
        )
        trail = self._stored(trail, now, prompt_rows)
        was_done = loop.done
        loop = loop._replace(
            ids=ids, grammar=now.grammar, model=now.model, logits=now.logits, nats=now.nats
        )
        loop = self._stop(loop, ops.logical_and(chosen[0] == END, ~dead), inputs)
        incomplete = (loop.grammar.elapsed < steps) & (loop.grammar.events < events)
        lost = backtrack.has_failed(trail) | (now.at >= last_row) | (loop.done & incomplete)
        lost = lost & ~was_done
        loop = loop._replace(
            done=loop.done | lost,
            dead_ends=ops.where(lost, 1, loop.dead_ends),
            closing=ops.where(lost, NEVER, loop.closing),
        )
        return ConstrainedState(loop, now.at, now.rules, trail)

    def _stored(self, trail: Trail, now: Snapshot, prompt_rows: Any) -> Trail:
        begins = now.at == prompt_rows
        due = backtrack.is_due(trail, now, self.grammar.at_event_end(now.grammar), begins)
        trail = backtrack.progressed(trail, now, ops)
        # Copies of all states take time, so they are made only when one is due.
        return Trail(
            *ops.cond(
                ops.any(due),
                lambda: tuple(backtrack.store(trail, now, due, begins, ops)),
                lambda: tuple(trail),
            )
        )

    def _choose(
        self, state: ConstrainedState, field: int, inputs: dict[str, Any]
    ) -> tuple[ConstrainedState, Any, Any]:
        """Choose one id for every candidate; also return which have no choice."""
        loop, parameters = state.loop, self._parameters(inputs)
        prompt_rows, *_ = self._limits(inputs)
        mask = self._allowed(loop.grammar, field, inputs)
        allowed = self.rules.allowed(state.rules, parameters, field, ops)
        inner, dead = constrained(self.grammar, loop.grammar, field, mask, allowed, ops)
        uniform, sampling = inputs["uniform"][loop.row, field], inputs["sampling"]
        sampled = sample_token(loop.logits, inner, uniform, sampling, ops, truncates=self.truncates)
        from_prompt = state.at < prompt_rows
        prompt = ops.take(inputs["prompt"], state.at, axis=0)[:, field]
        chosen = ops.where(from_prompt, prompt, sampled)
        logp = ops.log_softmax(ops.where(mask, loop.logits, NEVER), axis=-1)
        known = ops.minimum(chosen, logp.shape[-1] - 1)  # a header has further ids
        picked = ops.take_along_axis(logp, ops.expand_dims(known, -1), axis=-1)[:, 0]
        counted = ops.logical_not(ops.logical_or(loop.done, from_prompt))
        nats = loop.nats - ops.where(counted, picked, 0.0)
        chosen = ops.where(loop.done, PAD, chosen)
        grammar = self.grammar.advance(loop.grammar, chosen, field, ops)
        rules = self.rules.advance(
            state.rules, parameters, (loop.grammar, grammar), chosen, field, ops
        )
        features = self.grammar.features(grammar, ops)
        model, logits = self._get_model().step(loop.model, chosen, field=field, features=features)
        loop = loop._replace(grammar=grammar, model=model, logits=logits, nats=nats)
        return state._replace(loop=loop, rules=rules), chosen, ops.logical_and(dead, counted)


def _snapshot(loop: LoopState, at: Any, rules: MaskState) -> Snapshot:
    return Snapshot(loop.grammar, loop.model, rules, loop.logits, at, loop.nats)
