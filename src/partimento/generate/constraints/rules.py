"""Decide by the music so far what may come next.

A rule answers questions about one event: which pitches may begin, and which notes may go on. It may
also limit the highest and the lowest note, the number of notes, and how long the event lasts. A
rule that has nothing to say returns None. The same code runs on NumPy and inside a compiled loop.

A note is in a *slot*. For a tokenizer of voices a slot is a voice, for others it is a pitch.

Shapes: B candidates, P pitches, S slots, D durations, C chords, L steps of the tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from partimento.generate.constraints.base import PITCHES
from partimento.short_repr import short_repr
from partimento.tokens.note_grammar import NONE

FIFTH, OCTAVE = 7, 12


@short_repr
class View(NamedTuple):
    """Hold what the rules see of the music so far.

    Attributes
    ----------
    t : (B,) int
        The step at which the current event begins.
    sounds, struck : (B, S) bool
        The slots that sound in the current event so far, and those whose note begins with it.
    pitch : (B, S) or (1, S) int
        The pitch in each slot.
    before : (B, S) bool
        The slots that sounded in the previous event.
    before_pitch : (B, S) or (1, S) int
        Their pitches.
    top, bass : (B,) int
        The highest and the lowest pitch of the previous event; NONE without one.
    steps : (D,) int
        The length of each duration.
    durations : (B, D) bool
        Those after which the rest of the piece can be filled.
    voice : (B,) int or None
        The voice that is written next; None without voices.
    """

    t: Any
    sounds: Any
    struck: Any
    pitch: Any
    before: Any
    before_pitch: Any
    top: Any
    bass: Any
    steps: np.ndarray
    durations: Any
    voice: Any = None


@short_repr
class ChordTables(NamedTuple):
    """Hold the chords of a vocabulary.

    Attributes
    ----------
    notes : (C, P) float32
    top, bass : (C,) int
        NONE for a rest.
    """

    notes: np.ndarray
    top: np.ndarray
    bass: np.ndarray


class Rule:
    """Answer nothing; the base of the rules.

    Attributes
    ----------
    kind : tuple
        All that is fixed when a loop is compiled.
    parameters : tuple of arrays
        Inputs of the loop; their shapes depend only on `kind` and the tables.
    """

    kind: tuple[Any, ...] = ()
    parameters: tuple[np.ndarray, ...] = ()
    has_top: ClassVar[bool] = False
    has_bass: ClassVar[bool] = False
    answers_for_chords: ClassVar[bool] = False  # of whole chords, `chords` says all

    def start(self, batch: int, slots: int, xp: Any = np) -> tuple[Any, ...]:
        """Return the state before the first event: arrays with the batch as first axis."""
        return ()

    def advance(self, state: Any, p: Sequence[Any], view: View, steps: Any, xp: Any = np) -> Any:
        """Return the state after the event of `view`, which lasts `steps` ``(B,)``."""
        return state

    def note(self, state: Any, p: Sequence[Any], pitch: Any, xp: Any = np) -> Any:
        """Return the state after a note of the current event; `pitch` is NONE without one."""
        return state

    def strike(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Return ``(B, P)`` bool: the pitches that may begin as the next note."""
        return None

    def hold(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Return ``(B, S)`` bool: the slots whose note may go on."""
        return None

    def must_hold(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Return ``(B, S)`` bool: the slots whose note must go on."""
        return None

    def must_strike(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Return ``(B, S)`` bool: the slots in which a note must begin."""
        return None

    def top(self, p: Sequence[Any], view: View, pitch: Any, xp: Any = np) -> Any:
        """Return whether each `pitch` may be the highest of the event."""
        return None

    def bass(self, p: Sequence[Any], view: View, top: Any, pitch: Any, xp: Any = np) -> Any:
        """Return whether each `pitch` may be the lowest of an event with this `top`."""
        return None

    def budget(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Return ``(B,)`` int: how many notes may begin in this event."""
        return None

    def closes(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Return ``(B, D)`` bool: how long the event may last, as it is now."""
        return None

    def chords(
        self, state: Any, p: Sequence[Any], view: View, tables: ChordTables, xp: Any = np
    ) -> Any:
        """Return ``(B, C)`` bool: the chords that may come next."""
        return None

    def bias(self, state: Any, p: Sequence[Any], view: View) -> np.ndarray | None:
        """Return ``(B, D)``: nats to add to each duration that would end the event now.

        Only the particle filter asks for it, because it can weigh a wish that it cannot force.
        """
        return None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.kind}>"


def row(table: Any, t: Any, xp: Any) -> Any:
    """Return the rows of a table at the steps `t`."""
    return xp.take(table, t, axis=0)


def wide(values: Any, xp: Any) -> Any:
    """Return values with a last axis of 1."""
    if xp is np:  # indexing takes a tenth of the time, and this is called many times per note
        return np.asarray(values)[..., None]
    return xp.expand_dims(values, -1)


# ---------------------------------------------------------------------- note values


class ValueRule(Rule):
    """Let notes have only certain durations.

    A note whose duration is not among them yet must go on. The state is how long each note has
    sounded, ``(B, S)``.

    Parameters
    ----------
    values : sequence of int
        The durations in steps.
    steps : (D,) int
    total : int
        The step at which the piece ends; notes must end there.
    must_go_on : bool
        Whether a note can be made to go on. If not, each note may end with every event.
    """

    def __init__(
        self, values: Sequence[int], steps: np.ndarray, total: int, *, must_go_on: bool
    ) -> None:
        longest = max([*values, 1])
        # The age of a note, and the rows of the tables, are below this fixed number.
        size = 1 << int(longest + int(steps.max(initial=1)) + 1).bit_length()
        is_value = np.zeros(2 * size, bool)
        is_value[list(values)] = True
        may_stay = is_value.copy()
        if must_go_on:
            used = [int(step) for step in steps if 0 < step <= longest]
            for age in range(longest - 1, 0, -1):
                may_stay[age] |= any(
                    age + step <= longest and may_stay[age + step] for step in used
                )
        ends = np.arange(size)[:, None] + steps
        valid = (steps > 0)[None]
        self.size = size
        self.kind = ("values", size, must_go_on)
        self.must_go_on = must_go_on
        self.parameters = (
            may_stay[ends] & valid,
            is_value[ends] & valid,
            is_value[:size],
            np.array(total if total >= 0 else 2**30, np.int32),
        )

    def start(self, batch: int, slots: int, xp: Any = np) -> tuple[Any, ...]:
        """Return ages of 0."""
        return (xp.zeros((batch, slots), dtype="int32"),)

    def advance(self, state: Any, p: Sequence[Any], view: View, steps: Any, xp: Any = np) -> Any:
        """Let the notes that sound grow older."""
        age = xp.where(view.struck, 0, state[0]) + wide(steps, xp)
        return (xp.where(view.sounds, xp.minimum(age, self.size - 1), 0),)

    def hold(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Let a note go on if some duration suits it and all notes so far."""
        open_now = self.closes(state, p, view, xp) & view.durations  # (B, D)
        age, here = state[0], _used(view.before, xp)
        fits = self._fits(age[:, here], p, view, xp)  # (B, S, D)
        holds = xp.any(fits & xp.expand_dims(open_now, 1), axis=-1)
        if xp is not np:
            return holds
        answer = np.zeros(age.shape, bool)
        answer[:, here] = holds
        return answer

    def must_hold(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Make a note go on that has none of the durations yet."""
        if not self.must_go_on:
            return None
        return view.before & ~xp.take(p[2], state[0], axis=0)

    def closes(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Let the event last as long as all its notes permit, with those that must go on.

        If several notes must go on after the event, they have the same age, so that one duration
        suits them all.
        """
        age = xp.where(view.struck, 0, state[0])
        sounds = view.sounds
        must = self.must_hold(state, p, view, xp)
        sounds = sounds if must is None else sounds | must
        used = _used(sounds, xp)
        age, here = age[:, used], xp.expand_dims(sounds[:, used], -1)
        closes = xp.all(self._fits(age, p, view, xp) | ~here, axis=1)
        if must is None:
            return closes
        later = wide(age, xp) + view.steps  # (B, S, D)
        goes_on = here & ~xp.take(p[2], xp.minimum(later, self.size - 1), axis=0)
        oldest = xp.max(xp.where(goes_on, later, 0), axis=1)
        youngest = xp.min(xp.where(goes_on, later, 2**20), axis=1)
        return closes & (oldest <= youngest)

    def _fits(self, age: Any, p: Sequence[Any], view: View, xp: Any) -> Any:
        at_end = xp.expand_dims(wide(view.t, xp) + view.steps >= p[3], 1)  # (B, 1, D)
        return xp.where(at_end, xp.take(p[1], age, axis=0), xp.take(p[0], age, axis=0))


def _used(sounds: Any, xp: Any) -> Any:
    """Return the slots with notes on NumPy, where others can be left out."""
    if xp is not np:
        return slice(None)
    used = np.flatnonzero(sounds.any(axis=0))
    return used if len(used) else np.zeros(1, np.int64)


# ---------------------------------------------------------------------- notes per bar


class DensityRule(Rule):
    """Let a certain number of notes begin in each bar; the state counts them.

    Parameters
    ----------
    low, high : (L,) int
        How many notes may begin in the bar of each step.
    left : (L,) int
        The steps from each step to the next bar line.
    shortest : int
        The shortest duration, in steps.
    """

    kind = ("density",)

    def __init__(self, low: np.ndarray, high: np.ndarray, left: np.ndarray, shortest: int) -> None:
        table = np.stack([low, high, left], axis=-1).astype(np.int32)
        self.parameters = (table, np.array(max(shortest, 1), np.int32))

    def start(self, batch: int, slots: int, xp: Any = np) -> tuple[Any, ...]:
        """Return 0 notes."""
        return (xp.zeros((batch,), dtype="int32"),)

    def _counts(self, state: Any, p: Sequence[Any], view: View, xp: Any) -> Any:
        now = row(p[0], view.t, xp)
        begun = xp.sum(xp.where(view.struck, 1, 0), axis=-1)
        return now[:, 0], now[:, 1], now[:, 2], state[0] + begun

    def advance(self, state: Any, p: Sequence[Any], view: View, steps: Any, xp: Any = np) -> Any:
        """Count the notes; begin again at a bar line."""
        _, _, left, count = self._counts(state, p, view, xp)
        return (xp.where(steps >= left, 0, count),)

    def budget(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Return how many notes the bar still permits."""
        return row(p[0], view.t, xp)[:, 1] - state[0]

    def closes(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Leave time for the notes that are missing; fill a bar that has all."""
        low, high, left, count = (wide(c, xp) for c in self._counts(state, p, view, xp))
        rest = left - view.steps
        enough = xp.where(rest <= 0, 0, rest // p[1]) + count >= low
        fills = (rest <= 0) & view.durations
        can_fill = xp.any(fills & enough, axis=-1, keepdims=True)
        return enough & ((count < high) | fills | ~can_fill)


# ---------------------------------------------------------------------- melodic lines


class LeapRule(Rule):
    """Limit the leaps of a line: melody, bass or every voice.

    Parameters
    ----------
    most : int
        In semitones.
    line : str
        ``melody``, ``bass`` or ``all``.
    voices : int
        How many voices the tokenizer writes; 0 if none.
    """

    has_top = has_bass = True

    def __init__(self, most: int, line: str, voices: int) -> None:
        self.kind = ("leap", line, voices)
        self.line, self.voices = line, voices
        self.parameters = (np.array(most, np.int32),)

    def strike(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Limit the leap of the next voice."""
        if not self.voices:
            return None
        here = wide(view.voice, xp) == np.arange(self.voices)
        own = wide(xp.sum(xp.where(here, view.before_pitch, 0), axis=-1), xp)
        near = _near(own, np.arange(PITCHES, dtype=np.int32), p[0], xp)
        if self.line == "all":
            return near
        wanted = 0 if self.line == "melody" else self.voices - 1
        return near | (wide(view.voice, xp) != wanted)

    def top(self, p: Sequence[Any], view: View, pitch: Any, xp: Any = np) -> Any:
        """Limit the leap of the highest line."""
        if self.voices or self.line == "bass":
            return None
        return _near(wide(view.top, xp), pitch, p[0], xp)

    def bass(self, p: Sequence[Any], view: View, top: Any, pitch: Any, xp: Any = np) -> Any:
        """Limit the leap of the lowest line."""
        if self.voices or self.line == "melody":
            return None
        return _near(wide(view.bass, xp), pitch, p[0], xp)


def _near(before: Any, pitch: Any, most: Any, xp: Any) -> Any:
    gap = xp.abs(xp.subtract(pitch, before))
    # Functions compare here, because symbolic tensors compare by identity with ==.
    return (gap <= most) | xp.equal(before, NONE) | xp.equal(pitch, NONE)


class ParallelsRule(Rule):
    """Remove parallel fifths, octaves and unisons.

    Two lines are in parallel if both move to another pitch and keep an interval of a fifth or an
    octave, give or take octaves.

    Parameters
    ----------
    pairs : str
        ``outer`` for the highest and the lowest line, ``all`` for every two voices.
    voices : int
        How many voices the tokenizer writes; 0 if none.
    """

    has_bass = True

    def __init__(self, pairs: str, voices: int) -> None:
        self.kind = ("parallels", pairs, voices)
        self.pairs, self.voices = pairs, voices

    def strike(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Remove the pitches with which the next voice would be in parallel with another."""
        if not self.voices:
            return None
        pitch = np.arange(PITCHES, dtype=np.int32)
        here = wide(view.voice, xp) == np.arange(self.voices)
        own = wide(xp.sum(xp.where(here, view.before_pitch, 0), axis=-1), xp)
        free: Any = None
        outer = (0, self.voices - 1)
        for voice in outer if self.pairs == "outer" else range(self.voices):
            before, now = view.before_pitch[:, voice : voice + 1], view.pitch[:, voice : voice + 1]
            sign = xp.where(
                wide(view.voice, xp) > voice, 1, -1
            )  # the other voice is above or below
            bad = _parallel(own, pitch, before, now, sign, xp)
            bad = bad & view.sounds[:, voice : voice + 1]
            bad = bad & (wide(view.voice, xp) != voice)
            if self.pairs == "outer":
                is_outer = (view.voice == 0) | (view.voice == self.voices - 1)
                bad = bad & wide(is_outer, xp)
            free = ~bad if free is None else free & ~bad
        return free

    def bass(self, p: Sequence[Any], view: View, top: Any, pitch: Any, xp: Any = np) -> Any:
        """Remove the basses that would be in parallel with the top."""
        if self.voices:
            return None
        sign = 1
        bad = _parallel(wide(view.bass, xp), pitch, wide(view.top, xp), top, sign, xp)
        return ~bad


def _parallel(own: Any, pitch: Any, other_before: Any, other: Any, sign: Any, xp: Any) -> Any:
    """Return whether one line moves from `own` to `pitch` in parallel with another."""
    known = (own < NONE) & (other_before < NONE) & (other < NONE) & (pitch < NONE)
    moves = xp.not_equal(own, pitch) & xp.not_equal(other_before, other)
    gap_before = (sign * xp.subtract(other_before, own) + 20 * OCTAVE) % OCTAVE
    gap_now = (sign * xp.subtract(other, pitch) + 20 * OCTAVE) % OCTAVE
    perfect = xp.equal(gap_now, 0) | xp.equal(gap_now, FIFTH)
    return known & moves & xp.equal(gap_now, gap_before) & perfect


# ---------------------------------------------------------------------- chord tones


class ShareRule(Rule):
    """Let at least a share of the notes be chord tones; the state is the debt.

    A note that is no chord tone adds `share` to the debt, a chord tone pays ``100 - share``. The
    debt never exceeds 0. A note counts in every chord in which it sounds.

    Parameters
    ----------
    weights : (L, P) int
        The debt that a note at each step adds.
    change : (L,) bool
        The steps at which a chord begins, where notes that go on count again.
    """

    kind = ("share",)
    answers_for_chords = True

    def __init__(self, weights: np.ndarray, change: np.ndarray) -> None:
        self.parameters = (weights.astype(np.int32), change)

    def start(self, batch: int, slots: int, xp: Any = np) -> tuple[Any, ...]:
        """Return no debt."""
        return (xp.zeros((batch,), dtype="int32"),)

    def _debt(self, state: Any, p: Sequence[Any], view: View, xp: Any) -> Any:
        weights = row(p[0], view.t, xp)
        slots = xp.minimum(view.pitch, PITCHES - 1) + xp.zeros_like(xp.where(view.sounds, 1, 0))
        own = xp.take_along_axis(weights, slots, axis=-1)
        counted = view.struck | (view.sounds & wide(row(p[1], view.t, xp), xp))
        return state[0] + xp.sum(xp.where(counted, own, 0), axis=-1)

    def advance(self, state: Any, p: Sequence[Any], view: View, steps: Any, xp: Any = np) -> Any:
        """Add the notes of an event."""
        return (self._debt(state, p, view, xp),)

    def strike(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Remove the pitches that would leave a debt."""
        return wide(self._debt(state, p, view, xp), xp) + row(p[0], view.t, xp) <= 0

    def hold(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Remove notes that go on into a chord if they would leave a debt."""
        weights = row(p[0], view.t, xp)
        shape = xp.zeros_like(xp.where(view.before, 1, 0))
        own = xp.take_along_axis(
            weights, xp.minimum(view.before_pitch, PITCHES - 1) + shape, axis=-1
        )
        fits = wide(self._debt(state, p, view, xp), xp) + own <= 0
        return fits | ~wide(row(p[1], view.t, xp), xp)

    def chords(
        self, state: Any, p: Sequence[Any], view: View, tables: ChordTables, xp: Any = np
    ) -> Any:
        """Remove the chords that leave a debt in the worst case.

        That is if all notes that are no chord tones begin, and all others go on if they can.
        """
        weights = row(p[0], view.t, xp)
        lazy = view.before & ~wide(row(p[1], view.t, xp), xp) & (weights < 0)
        worst = xp.where(lazy, 0, weights)
        worst = worst.astype(np.float32) if xp is np else xp.cast(worst, "float32")
        return wide(state[0], xp) + xp.matmul(worst, tables.notes.T) < 0.5


# ---------------------------------------------------------------------- sets of pitches


class ChordSetRule(Rule):
    """Allow the chords of a vocabulary for which a table says so.

    Parameters
    ----------
    allowed : (C,) bool
    """

    kind = ("chord set",)

    def __init__(self, allowed: np.ndarray) -> None:
        self.parameters = (allowed,)

    def chords(
        self, state: Any, p: Sequence[Any], view: View, tables: ChordTables, xp: Any = np
    ) -> Any:
        """Return the table."""
        return xp.expand_dims(p[0], 0)
