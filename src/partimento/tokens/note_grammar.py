"""Decide which note tokens may come next, and compute their input features.

The same array operations run on NumPy to prepare training data, and on `keras.ops` inside the
compiled generation loop. Shapes: B pieces or candidates in a batch, V tokens, P pitches, K slots
for the notes of the previous event, R tokens of history.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from partimento.short_repr import short_repr
from partimento.tokens import plan as plans
from partimento.tokens.plan import Plan, class_of
from partimento.tokens.vocabulary import END, PAD, SPECIAL, UNKNOWN

PITCHES = 128
KEYS = 13  # 12 tonics, then one for pieces without a declared key
MODES = 25  # 12 major keys, 12 minor keys, then one for pieces without a declared key
UNKNOWN_LENGTH = -1  # the total of a piece whose length is not known
HEADER = 4  # tokens before the first event: start, meter, pickup, key
NOTE = SPECIAL  # the token of the lowest struck note
NONE = PITCHES  # stands for "no pitch" in columns of pitches
REACH = 2048  # R: tokens of history that are searched for a repeat
SLOTS = 8  # K: pitches of the previous event that are features, highest first
# Input features for predicting a token, one column each; `features` describes them. SLOTS more
# columns with the pitches of the previous event follow.
COLUMNS = (
    "token",
    "last",
    "count",
    "above",
    "below",
    "place",
    "bar",
    "key",
    "duration",
    "repeat_token",
    "repeat_length",
    "age",
    "may_close",
    "after_header",
)
(
    TOKEN,
    LAST,
    COUNT,
    ABOVE,
    BELOW,
    PLACE,
    BAR,
    KEY,
    DURATION,
    REPEAT_TOKEN,
    REPEAT_LENGTH,
    AGE,
    MAY_CLOSE,
    AFTER_HEADER,
) = range(len(COLUMNS))
WIDTH = len(COLUMNS) + SLOTS  # number of features
REPEAT_LENGTHS = (
    1,
    2,
    3,
    4,
    5,
    6,
    8,
    11,
    16,
    23,
    32,
    64,
)  # lower bounds, in tokens, of the classes of REPEAT_LENGTH
AGES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64)  # lower bounds of the classes of events so far
PLACES = 24  # maximum number of positions per quarter that features distinguish
MOST_PLACES = 1024  # maximum number of positions per bar


@short_repr
class Layout(NamedTuple):
    """Hold the id at which each kind of token begins, and the lengths in steps.

    Attributes
    ----------
    hold, duration, bar, pickup, key : int
        Ids of the first held note, duration, bar length, pickup and key. Struck notes begin at
        NOTE. After the header, only ids below `bar` occur.
    stop : int
        One past the last key: the vocabulary size.
    duration_steps, bar_steps, pickup_steps : (n,) int32
        Each length of the vocabularies, in steps.
    grid : int
        Steps per quarter.
    framed : bool
        Whether pieces are read in frames. An event may then equal the previous one.
    plan : Plan
        With phrases, each duration has two tokens: a plain one and, after all plain ones, one that
        ends a phrase. `duration_steps` has the lengths of both.
    notated : (grid, D) bool or None
        Which durations can be written plainly from each position within a quarter; None if all are
        allowed.
    ranges : (n, 2) int
        The lowest and the highest pitch that may be struck: one row per voice, or one for all
        notes. No rows if every pitch may be struck.
    """

    hold: int
    duration: int
    bar: int
    pickup: int
    key: int
    stop: int
    duration_steps: np.ndarray
    bar_steps: np.ndarray
    pickup_steps: np.ndarray
    grid: int
    framed: bool
    plan: Plan = Plan()
    notated: np.ndarray | None = None
    ranges: np.ndarray = np.zeros((0, 2), np.int32)

    @property
    def keys(self) -> int:
        """Return the number of keys in a header, the unknown one included."""
        return self.stop - self.key

    @property
    def plain_durations(self) -> int:
        """Return the number of durations that do not end a phrase."""
        return len(self.duration_steps) // (1 + self.plan.phrases)


@short_repr
class NoteGrammarState(NamedTuple):
    """Summarize the tokens so far.

    Attributes
    ----------
    token : (B,) int
        The last token.
    before, now : (B, P) bool
        The pitches of the previous event, and those of the current event so far.
    last : (B,) int
        The lowest pitch of the current event so far; NONE before its first note.
    count, struck : (B,) int
        The notes of the current event so far, and how many of them are struck.
    place, bar : (B,) int
        Steps since the bar line, and steps per bar.
    elapsed, events : (B,) int
        Steps and complete events since the beginning.
    bar_token, key, duration : (B,) int
        Index of the bar length, the key and the previous duration within its kind, from 0.
    rows : (B,) int
        Header tokens so far, at most HEADER.
    history : (B, R) int
        The tokens after the header, latest first.
    repeat : (B, R) int
        For each token of the history, how many tokens just before it match the latest tokens: the
        length of the repeat that it would continue.
    total : (B,) int
        Steps of the whole piece; UNKNOWN_LENGTH if this is not known.
    since, phrase : (B,) int
        Steps since the last phrase end, and steps of the phrase before; 0 if there is none.
    """

    token: Any
    before: Any
    now: Any
    last: Any
    count: Any
    struck: Any
    place: Any
    bar: Any
    elapsed: Any
    events: Any
    bar_token: Any
    key: Any
    duration: Any
    rows: Any
    history: Any
    repeat: Any
    total: Any
    since: Any
    phrase: Any


def start(
    batch: int,
    xp: Any = np,
    *,
    reach: int = REACH,
    total: Any = UNKNOWN_LENGTH,
    keys: int = KEYS,
) -> NoteGrammarState:
    """Return the state before the first token.

    Parameters
    ----------
    batch : int
        B.
    xp : module
        `numpy` or `keras.ops`.
    reach : int
        R.
    total : int or (B,) int
        Steps of the whole piece, if known.
    keys : int
        Number of keys in a header.
    """

    def number(value: int) -> Any:
        return xp.full((batch,), value, dtype="int32")

    zero, silence, past = (
        number(0),
        xp.zeros((batch, PITCHES), dtype="bool"),
        xp.zeros((batch, reach), dtype="int32"),
    )
    return NoteGrammarState(
        token=number(PAD),
        before=silence,
        now=silence,
        last=number(NONE),
        count=zero,
        struck=zero,
        place=zero,
        bar=number(1),
        elapsed=zero,
        events=zero,
        bar_token=zero,
        key=number(keys - 1),
        duration=zero,
        rows=zero,
        history=past,
        repeat=past,
        total=zero + total,
        since=zero,
        phrase=zero,
    )


def advance(layout: Layout, state: NoteGrammarState, token: Any, xp: Any = np) -> NoteGrammarState:
    """Return the state after one more token ``(B,)``."""
    bar, pickup, key = layout.bar, layout.pickup, layout.key
    is_note = xp.logical_and(token >= NOTE, token < layout.duration)
    # In the header, an unknown token is a meter or a pickup.
    unknown = xp.logical_and(token == UNKNOWN, state.rows >= HEADER)
    is_duration = xp.logical_or(xp.logical_and(token >= layout.duration, token < bar), unknown)
    pitch = xp.where(is_note, (token - NOTE) % PITCHES, NONE)
    now = xp.logical_or(state.now, xp.expand_dims(pitch, -1) == np.arange(PITCHES, dtype="int32"))
    ended = xp.expand_dims(is_duration, -1)
    # An unknown duration has index -1 and takes no time.
    number = xp.where(is_duration, xp.maximum(token - layout.duration, -1), 0)
    steps = xp.where(
        number >= 0, xp.where(is_duration, _look_up(layout.duration_steps, number, xp), 0), 0
    )
    is_bar, is_pickup = (
        xp.logical_and(token >= bar, token < pickup),
        xp.logical_and(token >= pickup, token < key),
    )
    is_key = xp.logical_and(token >= key, token < layout.stop)
    bar_steps = xp.where(
        is_bar, xp.maximum(_look_up(layout.bar_steps, token - bar, xp), 1), state.bar
    )
    place = (
        xp.where(is_pickup, -_look_up(layout.pickup_steps, token - pickup, xp), state.place + steps)
        % bar_steps
    )
    ends_phrase = xp.logical_and(is_duration, number >= layout.plain_durations)
    since = state.since + steps
    in_event = xp.expand_dims(xp.logical_or(is_note, is_duration), -1)
    # A match grows by one where the new token equals the token after the match. Both arrays shift
    # by one place, so `repeat` keeps pointing at the token that would continue the match.
    same = state.history == xp.expand_dims(token, -1)
    repeat = xp.where(same, xp.minimum(state.repeat + 1, REPEAT_LENGTHS[-1]), 0)
    history = xp.concatenate([xp.expand_dims(token, -1), state.history[:, :-1]], axis=-1)
    return NoteGrammarState(
        token=token,
        before=xp.where(ended, now, state.before),
        now=xp.logical_and(now, xp.logical_not(ended)),
        last=xp.where(is_duration, NONE, xp.where(is_note, pitch, state.last)),
        count=xp.where(is_duration, 0, state.count + xp.where(is_note, 1, 0)),
        struck=xp.where(
            is_duration,
            0,
            state.struck + xp.where(xp.logical_and(is_note, token < layout.hold), 1, 0),
        ),
        place=place,
        bar=bar_steps,
        elapsed=state.elapsed + steps,
        events=state.events + xp.where(is_duration, 1, 0),
        bar_token=xp.where(is_bar, token - bar, state.bar_token),
        key=xp.where(is_key, token - key, state.key),
        duration=xp.where(is_duration, number, state.duration),
        rows=xp.minimum(state.rows + 1, HEADER),
        history=xp.where(in_event, history, state.history),
        repeat=xp.where(in_event, repeat, state.repeat),
        total=state.total,
        since=xp.where(ends_phrase, 0, since) if layout.plan.phrases else since,
        phrase=xp.where(ends_phrase, since, state.phrase) if layout.plan.phrases else state.phrase,
    )


def features(layout: Layout, state: NoteGrammarState, xp: Any = np) -> Any:
    """Return the features of the next token ``(B, WIDTH)`` int: see COLUMNS.

    - `above`: the note of the previous event with the same rank from the top as the next note. In
      an event of more than SLOTS notes, it stays at the last slot.
    - `below`: the highest note of the previous event below the last note.
    - `repeat_token`, `repeat_length`: the token that followed the longest earlier occurrence of the
      latest tokens, and the class of its length; see `repeated`.
    - `age`: the class of the number of events so far.
    - `may_close`: 0 while the event only holds all notes of the previous one, so that a duration
      may not follow yet; else 1.
    - `after_header`: 1 after the header, else 0.
    """
    pitches = np.arange(PITCHES, dtype="int32")
    sounding = xp.sort(xp.where(state.before, -pitches, 1), axis=-1)[:, :SLOTS]  # from the highest
    slots = xp.where(sounding > 0, NONE, -sounding)
    above = xp.take_along_axis(
        slots, xp.expand_dims(xp.minimum(state.count, SLOTS - 1), -1), axis=-1
    )[:, 0]
    lower = xp.logical_and(state.before, pitches < xp.expand_dims(state.last, -1))
    below = xp.max(xp.where(lower, pitches, -1), axis=-1)
    again, length = repeated(state, xp)
    columns = [
        state.token,
        state.last,
        xp.minimum(state.count, SLOTS),
        above,
        xp.where(below < 0, NONE, below),
        place_of(layout, state.place, xp),
        state.bar_token,
        state.key,
        state.duration + 1,
        again,
        length,
        class_of(state.events, AGES, xp),
        is_new(state, xp),
        state.rows // HEADER,
    ]
    return xp.concatenate(
        [as_columns(columns, xp), slots, *plan_columns(layout, state, xp)], axis=-1
    )


def as_columns(columns: list[Any], xp: Any) -> Any:
    """Stack arrays ``(B,)`` as the columns of one integer array."""
    return xp.stack([xp.cast(c, "int32") if xp is not np else c for c in columns], axis=-1)


def plan_columns(layout: Layout, state: NoteGrammarState, xp: Any = np) -> list[Any]:
    """Return the features of the plan as a list of at most one array; see `plan.Plan`."""
    columns: list[Any] = []
    if layout.plan.countdown:
        left = xp.where(state.total >= 0, xp.maximum(state.total - state.elapsed, 0), -1)
        columns += plans.countdown(left, state.bar, layout.grid, xp)
    if layout.plan.phrases:
        columns += plans.phrase_classes(state.since, state.phrase, layout.grid, xp)
    return [as_columns(columns, xp)] if columns else []


def writable(layout: Layout, state: NoteGrammarState, mask: Any, xp: Any = np) -> Any:
    """Remove unusable durations from `mask` ``(B, V)``.

    They exceed the length of the piece, or they cannot be written plainly from their place. Where
    this would leave no duration, the piece's length comes before the notation.
    """
    if not len(layout.duration_steps):
        return mask
    durations = mask[..., layout.duration : layout.bar]
    left = xp.expand_dims(state.total - state.elapsed, -1)
    unknown = xp.expand_dims(state.total < 0, -1)
    fits = xp.logical_and(durations, xp.logical_or(unknown, layout.duration_steps <= left))
    durations = _unless_empty(fits, durations, xp)
    if layout.notated is not None:
        notated = xp.take(layout.notated, state.place % layout.grid, axis=0)
        durations = _unless_empty(xp.logical_and(durations, notated), durations, xp)
    return xp.concatenate([mask[..., : layout.duration], durations], axis=-1)


def _unless_empty(mask: Any, otherwise: Any, xp: Any) -> Any:
    return xp.where(xp.any(mask, axis=-1, keepdims=True), mask, otherwise)


def is_new(state: NoteGrammarState, xp: Any = np) -> Any:
    """Return ``(B,)`` bool: False while the event only holds the previous one's notes.

    An event that holds all notes of the previous one and strikes none would merely prolong it.
    """
    differs = xp.any(xp.logical_xor(state.before, state.now), axis=-1)
    begins = state.events == 0  # a piece may begin with a rest, although no event precedes it
    return xp.logical_or(xp.logical_or(state.struck > 0, differs), begins)


def place_of(layout: Layout, steps: Any, xp: Any = np) -> Any:
    """Return the position in the bar ``(B,)``, with at most PLACES per quarter."""
    return xp.minimum(steps * min(PLACES, layout.grid) // layout.grid, MOST_PLACES - 1)


def repeated(state: NoteGrammarState, xp: Any = np) -> tuple[Any, Any]:
    """Find the longest earlier occurrence of the latest tokens.

    Returns
    -------
    token : (B,) int
        The token that followed it; PAD if nothing is repeated.
    length : (B,) int
        The class of its length: how many of REPEAT_LENGTHS it reaches.
    """
    best = xp.argmax(state.repeat, axis=-1)
    length = xp.take_along_axis(state.repeat, xp.expand_dims(best, -1), axis=-1)[:, 0]
    again = xp.take_along_axis(state.history, xp.expand_dims(best, -1), axis=-1)[:, 0]
    return xp.where(length > 0, again, PAD), class_of(length, REPEAT_LENGTHS, xp)


def allowed(layout: Layout, columns: Any, xp: Any = np, *, may_end: Any = True) -> Any:
    """Return a mask ``(…, V)`` of the tokens allowed by features ``(…, WIDTH)``.

    The pitches that may be held are those of the previous event. The features have only its SLOTS
    highest pitches: if all slots are filled, every pitch below the lowest may be held, too.
    """
    pitch = (np.arange(layout.bar, dtype="int32") - NOTE) % PITCHES
    slots = columns[..., len(COLUMNS) : WIDTH]
    lowest = slots[..., -1:]
    rest = xp.logical_and(lowest < NONE, pitch < lowest)
    holdable = xp.logical_or(xp.any(xp.expand_dims(slots, -1) == pitch, axis=-2), rest)
    last, count, free = (columns[..., c : c + 1] for c in (LAST, COUNT, MAY_CLOSE))
    return _allowed(layout, last, xp.logical_and(count == 0, may_end), free > 0, holdable, xp)


def _allowed(
    layout: Layout, last: Any, may_end: Any, may_close: Any, holdable: Any, xp: Any
) -> Any:
    """Return the mask: pitches descend, and only notes that sounded may be held.

    A duration needs `may_close`, except in frames, which may equal the previous frame.
    """
    tokens = np.arange(layout.bar, dtype="int32")
    is_note = (tokens >= NOTE) & (tokens < layout.duration)
    notes = xp.logical_and(is_note, (tokens - NOTE) % PITCHES < last)
    if layout.hold < layout.duration:
        is_strike = tokens < layout.hold
        notes = xp.logical_and(notes, xp.logical_or(is_strike, holdable))
    durations = (tokens >= layout.duration) | (tokens == UNKNOWN)
    if not layout.framed:
        durations = xp.logical_and(durations, may_close)
    end = xp.logical_and(tokens == END, may_end)
    return xp.logical_or(notes, xp.logical_or(durations, end))


def with_reach(state: NoteGrammarState, reach: int) -> NoteGrammarState:
    """Return the state with its NumPy history resized to `reach`, at most REACH."""
    reach = min(reach, REACH)
    more = max(0, reach - state.history.shape[1])
    history, repeat = (
        np.pad(array, ((0, 0), (0, more)))[:, :reach] for array in (state.history, state.repeat)
    )
    return state._replace(history=history, repeat=repeat)


@short_repr
@dataclass(frozen=True, eq=False)
class NoteGrammar:
    """Decide which tokens may come next in the note tokenizer's order."""

    layout: Layout

    def start(
        self, batch: int, xp: Any = np, *, reach: int = REACH, total: Any = UNKNOWN_LENGTH
    ) -> NoteGrammarState:
        """Return the state before the first token; see `start`."""
        return start(batch, xp, reach=reach, total=total, keys=self.layout.keys)

    def advance(
        self, state: NoteGrammarState, ids: Any, field: int, xp: Any = np
    ) -> NoteGrammarState:
        """Return the state after one more token ``(B,)``."""
        return advance(self.layout, state, ids, xp)

    def allowed(self, state: NoteGrammarState, field: int, xp: Any = np) -> Any:
        """Return a mask ``(B, V)`` of the tokens that may come next, without UNKNOWN."""
        layout, tokens = self.layout, np.arange(self.layout.bar, dtype="int32")
        last, at_end, new = (
            xp.expand_dims(column, -1)
            for column in (state.last, state.count == 0, is_new(state, xp))
        )
        holdable = xp.take(state.before, (tokens - NOTE) % PITCHES, axis=-1)
        mask = _allowed(layout, last, at_end, new, holdable, xp)
        # After holding all previous notes, a lower note must be struck. Nothing can be struck below
        # pitch 0, so the lowest notes are excluded to avoid a dead end.
        lowest = (tokens == NOTE) | (
            (tokens >= layout.hold) & (tokens < layout.hold + 2) & (tokens < layout.duration)
        )
        mask = xp.logical_and(mask, (tokens != UNKNOWN) & ~lowest)
        if len(layout.ranges):
            mask = self.viable(state, field, xp.logical_and(mask, self._in_range), xp)
        return writable(layout, state, mask, xp)

    @property
    def _in_range(self) -> np.ndarray:
        """Return ``(V,)`` bool: all tokens but the strikes of pitches out of range."""
        tokens, (low, high) = np.arange(self.layout.bar), self.layout.ranges[0]
        is_strike = (tokens >= NOTE) & (tokens < NOTE + PITCHES)
        is_inside = (tokens - NOTE >= low) & (tokens - NOTE <= high)
        return np.asarray(~is_strike | is_inside)

    def viable(self, state: NoteGrammarState, field: int, permitted: Any, xp: Any = np) -> Any:
        """Remove from `permitted` ``(B, V)`` the holds that would lead to a dead end.

        An event that holds all notes of the previous one needs a struck note below them. Its last
        hold is therefore permitted only above the lowest pitch that may be struck. Where none may
        be struck yet, a constraint wants this hold first, and knows what follows.
        """
        layout = self.layout
        if layout.hold == layout.duration:
            return permitted
        pitches = np.arange(PITCHES, dtype="int32")
        strikes = permitted[..., NOTE : layout.hold]
        lowest = xp.min(xp.where(strikes, pitches, PITCHES), axis=-1, keepdims=True)  # (B, 1)
        lowest = xp.where(lowest == PITCHES, -1, lowest)
        sounded = xp.sum(xp.where(state.before, 1, 0), axis=-1)
        last = xp.logical_and(state.struck == 0, state.count + 1 == sounded)
        stuck = xp.logical_and(xp.expand_dims(last, -1), pitches <= lowest)  # (B, P)
        holds = xp.logical_and(permitted[..., layout.hold : layout.duration], xp.logical_not(stuck))
        parts = [permitted[..., : layout.hold], holds, permitted[..., layout.duration :]]
        return xp.concatenate(parts, axis=-1)

    def allowed_by_features(self, columns: Any, xp: Any = np, *, may_end: Any = True) -> Any:
        """Return a mask from features alone, ``(…, WIDTH)`` → ``(…, V)``.

        UNKNOWN is allowed. Training uses this: it has the features of all steps, but no states.
        """
        return allowed(self.layout, columns, xp, may_end=may_end)

    def features(self, state: NoteGrammarState, xp: Any = np) -> Any:
        """Return the input features ``(B, WIDTH)`` int: see COLUMNS."""
        return features(self.layout, state, xp)

    def with_reach(self, state: NoteGrammarState, reach: int) -> NoteGrammarState:
        """Return the state, its NumPy history arrays resized to `reach` rows."""
        return with_reach(state, reach)

    def at_event_end(self, state: NoteGrammarState) -> Any:
        """Return ``(B,)`` bool: True just after an event, and before the first one."""
        return state.count == 0


def _look_up(table: np.ndarray, index: Any, xp: Any) -> Any:
    return xp.take(table, xp.minimum(xp.maximum(index, 0), len(table) - 1), axis=0)


assert END < UNKNOWN == NOTE - 1
