"""Go back to an earlier event where constraints leave no choice.

Masks look ahead within an event, and the rhythm to the end of the piece. Still, the music can reach
an event that no id can continue. The candidate then goes back to a stored state and samples anew:
first a few events, then further, and at last to the prompt. After several restarts it has failed.
No constraint is broken on the way.

The same code runs on NumPy and inside a compiled loop. Shapes: B candidates.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from partimento.short_repr import short_repr

STRIDE = 4  # events between two stored states
NEAR_TRIES, FAR_TRIES = 5, 14  # dead ends up to which the nearer or the farther state is restored
RESTARTS = 4  # from the prompt, after which a candidate has failed


@short_repr
class Snapshot(NamedTuple):
    """Hold all that a candidate needs to go on, with the batch as first axis.

    Attributes
    ----------
    grammar, model, rules : nested tuples of arrays
    logits : (B, V)
    at : (B,) int
        The row that is written next.
    nats : (B,) float
    """

    grammar: Any
    model: Any
    rules: Any
    logits: Any
    at: Any
    nats: Any


@short_repr
class Trail(NamedTuple):
    """Hold the states to which candidates can go back.

    Attributes
    ----------
    start, far, near : Snapshot
        After the prompt, and at two later events.
    tries : (B,) int
        Dead ends since the candidate last got farther than ever.
    farthest : (B,) int
        The step that it has reached.
    restarts : (B,) int
        How often it went back to the prompt.
    """

    start: Snapshot
    far: Snapshot
    near: Snapshot
    tries: Any
    farthest: Any
    restarts: Any


def choose(mask: Any, new: Any, old: Any, xp: Any = np) -> Any:
    """Return nested tuples of arrays, for each candidate those of `new` or of `old`."""
    if isinstance(new, tuple):
        parts = [choose(mask, a, b, xp) for a, b in zip(new, old, strict=True)]
        return type(new)(*parts) if hasattr(new, "_fields") else tuple(parts)
    shaped = xp.reshape(mask, (-1,) + (1,) * (len(new.shape) - 1))
    return xp.where(shaped, new, old)


def put(mask: Any, new: Any, old: Any, xp: Any = np) -> Any:
    """Return what `choose` does; on NumPy, the arrays of `old` are changed in place."""
    if xp is not np:
        return choose(mask, new, old, xp)
    if isinstance(new, tuple):
        for a, b in zip(new, old, strict=True):
            put(mask, a, b)
    else:
        old[mask] = new[mask]
    return old


def copied(state: Any) -> Any:
    """Return nested tuples of arrays that share nothing with `state`."""
    if isinstance(state, tuple):
        parts = [copied(part) for part in state]
        return type(state)(*parts) if hasattr(state, "_fields") else tuple(parts)
    return np.array(state)


def first_trail(now: Snapshot, xp: Any = np) -> Trail:
    """Return the trail of candidates that have not gone anywhere."""
    zero = xp.zeros_like(now.at)
    if xp is np:  # the states are changed in place
        return Trail(copied(now), copied(now), copied(now), zero, zero, zero)
    return Trail(now, now, now, zero, zero, zero)


def is_due(trail: Trail, now: Snapshot, at_event_end: Any, begins: Any) -> Any:
    """Return ``(B,)`` bool: whose state is to be stored.

    `begins` is True where the prompt has just been read.
    """
    return at_event_end & (begins | (now.grammar.events - trail.near.grammar.events >= STRIDE))


def store(trail: Trail, now: Snapshot, due: Any, begins: Any, xp: Any = np) -> Trail:
    """Return the trail with the present states stored where they are `due`."""
    far = put(due, trail.near, trail.far, xp)
    if xp is not np or begins.any():
        far = put(due & begins, now, far, xp)
        trail = trail._replace(start=put(due & begins, now, trail.start, xp))
    return trail._replace(far=far, near=put(due, now, trail.near, xp))


def progressed(trail: Trail, now: Snapshot, xp: Any = np) -> Trail:
    """Return the trail, with no tries for candidates that got farther than ever."""
    elapsed = now.grammar.elapsed
    is_new = elapsed > trail.farthest
    return trail._replace(
        tries=xp.where(is_new, 0, trail.tries),
        farthest=xp.where(is_new, elapsed, trail.farthest),
    )


def restore(trail: Trail, now: Snapshot, dead: Any, xp: Any = np) -> tuple[Trail, Snapshot]:
    """Return the trail and the states, after candidates at a dead end have gone back."""
    tries = trail.tries + xp.where(dead, 1, 0)
    restarts = dead & (tries > FAR_TRIES)
    is_far = dead & (tries > NEAR_TRIES)
    back = choose(is_far, trail.far, trail.near, xp)
    back = choose(restarts, trail.start, back, xp)
    trail = trail._replace(
        near=choose(is_far, back, trail.near, xp),
        far=choose(restarts, back, trail.far, xp),
        tries=xp.where(restarts, 0, tries),
        restarts=trail.restarts + xp.where(restarts, 1, 0),
    )
    return trail, choose(dead, back, now, xp)


def has_failed(trail: Trail) -> Any:
    """Return ``(B,)`` bool: which candidates have restarted too often."""
    return trail.restarts >= RESTARTS
