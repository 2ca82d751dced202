"""Say for each step of a piece what may sound, begin and end there.

All demands that do not depend on the music so far meet in one `Timetable`. Its rhythm is then
completed: a duration stays only if the rest of the piece can still be filled after it. Sampling
therefore never runs into a dead end of the rhythm.

Shapes: T steps, P pitches, D durations, N voices.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from partimento.errors import PartimentoError
from partimento.generate.constraints.base import PITCHES, Constraint, Scene, place_name
from partimento.generate.limits import Limits
from partimento.music.timelines import Key
from partimento.short_repr import short_repr
from partimento.tokens import note_grammar
from partimento.tokens.base import Tokenizer
from partimento.tokens.chords import ChordTokenizer
from partimento.tokens.event_tokens import EventTokenizer
from partimento.tokens.grid import GridTokenizer
from partimento.tokens.notes import NoteTokenizer
from partimento.tokens.voices import VoiceTokenizer

BLOCK = 256  # tables are padded to a multiple of this, to compile loops for few lengths
MOST_STEPS = 2_000_000
# What a voice must do, if it need not strike a certain pitch: NEW is to begin a note or a rest, ANY
# is to strike some pitch.
FREE, HOLD, SILENT, NEW, ANY = -1, -2, -3, -4, -5
LONGEST_HOLD = 64  # steps that an event of a grid is taken to last at most
MANY = 1000  # more notes than can sound at once


@short_repr
class Timetable:
    """Hold what may sound at each step.

    Attributes
    ----------
    tokenizer : Tokenizer
    kind : str
        ``chords``, ``notes`` or ``voices``: how the tokenizer writes an event.
    steps : (D,) int
        The length of each duration, in steps; 0 for none.
    first, last : int
        The tables hold from the step `first`, where composing begins, up to `last`.
    strike, hold : (T, P) bool
        The pitches that may begin, or go on, in an event that begins at a step.
    must_strike, must_hold : (T, P) bool
        Those that must.
    voices : (T, N) int
        The pitch that each voice must strike, or FREE, HOLD, SILENT, NEW or ANY.
    fewest, most : (T,) int
        How many notes may sound.
    strikes : (T,) bool
        Whether a note must begin in an event that begins there.
    bass : (T,) int
        The pitch class that the lowest note must have; -1 for any.
    event : (T,) bool
        Whether an event may begin there.
    edge : (T,) bool
        Whether an event must begin there.
    duration : (D,) bool
        The durations that events may have.
    phrase : (T + 1,) int
        Whether a phrase ends with an event that ends there: 1 yes, 0 no, FREE in either way.
    """

    def __init__(self, tokenizer: Tokenizer, scene: Scene) -> None:
        self.tokenizer = tokenizer
        self.kind = kind_of(tokenizer)
        self.steps = steps_of(tokenizer)
        self.first = scene.start
        self.last = scene.total if scene.total >= 0 else _reach(scene, self.steps)
        if self.last > MOST_STEPS:
            raise PartimentoError("the piece is too long for constraints: use fewer bars")
        length = self.last
        self.strike = np.ones((length, PITCHES), bool)
        self.hold = np.ones((length, PITCHES), bool)
        self.must_strike = np.zeros((length, PITCHES), bool)
        self.must_hold = np.zeros((length, PITCHES), bool)
        count = getattr(tokenizer, "voices", 0) if self.kind == "voices" else 0
        self.voices = np.full((length, count), FREE, np.int32)
        self.fewest = np.zeros(length, np.int32)
        self.most = np.full(length, MANY, np.int32)
        self.strikes = np.zeros(length, bool)
        self.bass = np.full(length, -1, np.int32)
        self.event = np.ones(length, bool)
        self.edge = np.zeros(length, bool)
        self.duration = self.steps > 0
        self.phrase = np.full(length + 1, FREE, np.int32)

    @property
    def strikes_again(self) -> bool:
        """Return True if every event strikes all its notes, as in frames."""
        tokenizer = self.tokenizer
        return isinstance(tokenizer, EventTokenizer) and tokenizer.layout.framed

    def window(self, scene: Scene) -> slice:
        """Return the steps at which constraints apply."""
        return slice(scene.start, scene.stop if scene.stop >= 0 else self.last)

    def forbid(self, pitches: np.ndarray, scene: Scene) -> None:
        """Remove pitches ``(P,)`` bool at all steps at which constraints apply."""
        here = self.window(scene)
        self.strike[here] &= ~pitches
        self.hold[here] &= ~pitches


def kind_of(tokenizer: Tokenizer) -> str:
    """Return how a tokenizer writes an event: as a chord, as notes or as voices.

    Raises
    ------
    PartimentoError
        If constraints do not know the tokenizer.
    """
    if isinstance(tokenizer, ChordTokenizer):
        return "chords"
    if isinstance(tokenizer, VoiceTokenizer) or tokenizer.name == GridTokenizer.name:
        return "voices"
    if not isinstance(tokenizer, NoteTokenizer):
        raise PartimentoError(f"constraints do not know the tokenizer {tokenizer.name}")
    return "notes"


def steps_of(tokenizer: Tokenizer) -> np.ndarray:
    """Return the length of each duration of a tokenizer in steps, (D,) int32."""
    if isinstance(tokenizer, ChordTokenizer):
        return tokenizer.duration_steps
    if tokenizer.name == GridTokenizer.name:  # a cell can hold for any number of steps
        own: Any = tokenizer
        return np.arange(1, LONGEST_HOLD + 1, dtype=np.int32) * int(own.frame.numerator)
    assert isinstance(tokenizer, EventTokenizer)
    return tokenizer.layout.duration_steps


def _reach(scene: Scene, steps: np.ndarray) -> int:
    """Return a length in steps that a piece of unknown duration does not exceed."""
    return scene.start + max(int(steps.max(initial=1)), 1) * max(-scene.total, 1)


def scene_of(
    tokenizer: Tokenizer,
    prompt: np.ndarray,
    limits: Limits,
    *,
    bar: Fraction = Fraction(0),
    pickup: Fraction = Fraction(0),
    key: Key | None = None,
) -> Scene:
    """Return the scene of a composition that continues a prompt ``(n, F)``.

    Parameters
    ----------
    tokenizer : Tokenizer
    prompt : (n, F) int32
    limits : Limits
    bar, pickup : Fraction
        Their lengths in quarters; 0 if there are none.
    key : Key, optional
        The key in which the model composes.
    """
    grid = tokenizer.grid
    start = sum((event.duration for event in tokenizer.decode_events(prompt)), Fraction(0)) * grid
    header = (1, 0)
    if isinstance(tokenizer, EventTokenizer):
        grammar = tokenizer.grammar()
        state = grammar.start(1, reach=1)
        for token in np.ravel(prompt)[: tokenizer.header_rows]:
            state = grammar.advance(state, np.array([token], np.int32), 0)
        past = getattr(state, "past", state)
        header = int(past.bar[0]), int(past.place[0])
    return Scene(
        grid=grid,
        total=limits.total if limits.total >= 0 else -limits.events,
        bar=int(bar * grid),
        pickup=int(pickup * grid),
        start=int(start),
        key=key,
        header=header,
    )


# ---------------------------------------------------------------------- the finished tables


class Tables(NamedTuple):
    """Hold a finished timetable as inputs of a loop, padded to L steps.

    Attributes
    ----------
    strike, hold, must_strike, must_hold : (L, P) bool
    voices : (L, N) int32
    counts : (L, 4) int32
        Fewest and most notes, whether a note must begin, and the pitch class of the bass.
    duration : (L, D) bool
        The durations after which the rest of the piece can be filled.
    """

    strike: np.ndarray
    hold: np.ndarray
    must_strike: np.ndarray
    must_hold: np.ndarray
    voices: np.ndarray
    counts: np.ndarray
    duration: np.ndarray


@short_repr
class Dead(NamedTuple):
    """Say why no piece can meet a timetable.

    Attributes
    ----------
    step : int
        The last step that can be reached.
    reason : str
        The part that is missing there.
    """

    step: int
    reason: str


def filled(constraints: Sequence[Constraint], tokenizer: Tokenizer, scene: Scene) -> Timetable:
    """Return the timetable of constraints together."""
    table = Timetable(tokenizer, scene)
    for constraint in constraints:
        constraint.narrow(table, scene)
    return table


def finish(table: Timetable, scene: Scene) -> tuple[Tables, Dead | None]:
    """Complete the rhythm of a timetable.

    Returns
    -------
    tables : Tables
    dead : Dead or None
        Why no piece can meet the demands; None if one can.
    """
    possible = table.event & _is_possible(table) & _can_change(table)
    duration, reached = _durations(table, possible, scene)
    dead = None
    if table.last > table.first and not duration[table.first].any():
        step = reached
        missing = not possible[step] if step < table.last else False
        dead = Dead(step, "no note fits" if missing else "no rhythm fits")
    counts = np.stack(
        [table.fewest, table.most, table.strikes.astype(np.int32), table.bass], axis=-1
    ).astype(np.int32)
    rows = (table.strike, table.hold, table.must_strike, table.must_hold, table.voices, counts)
    return Tables(*(_padded(array) for array in (*rows, duration))), dead


def _padded(array: np.ndarray) -> np.ndarray:
    more = -len(array) % BLOCK or (BLOCK if not len(array) else 0)
    return np.pad(array, ((0, more), (0, 0)))


def _durations(table: Timetable, possible: np.ndarray, scene: Scene) -> tuple[np.ndarray, int]:
    """Return the durations that may begin at each step, and the farthest step."""
    length, steps = table.last, table.steps
    now = np.arange(length)
    edges = np.flatnonzero(table.edge)
    if scene.total >= 0:
        edges = np.append(edges, length)
    following = np.append(edges, 2**30)[np.searchsorted(edges, now, side="right")]
    base = _grammar_durations(table, scene) & table.duration
    allowed = base & (now[:, None] + steps <= following[:, None])
    ends = np.minimum(now[:, None] + steps, length)
    is_open = np.append(possible, True)
    allowed &= is_open[ends]
    if (table.phrase != FREE).any():
        wanted = table.phrase[ends]
        allowed &= (wanted == FREE) | (wanted == _ends_phrase(table))
    fills = [True] * (length + 1)
    numbers = [np.flatnonzero(row).tolist() for row in allowed[table.first :]]
    sizes = steps.tolist()
    for step in range(length - 1, table.first - 1, -1):
        row = numbers[step - table.first]
        fills[step] = bool(possible[step]) and any(fills[min(step + sizes[d], length)] for d in row)
    done = allowed & np.array(fills, bool)[ends]
    done[: table.first] = False
    done[~possible] = False
    reached = table.first
    if length > table.first and not fills[table.first]:
        reached = _reached(numbers, possible, sizes, table)
    return done, reached


def _ends_phrase(table: Timetable) -> np.ndarray:
    """Return ``(D,)``: which durations end a phrase."""
    assert isinstance(table.tokenizer, EventTokenizer)
    return np.arange(len(table.steps)) >= table.tokenizer.layout.plain_durations


def _reached(
    numbers: list[list[int]], possible: np.ndarray, sizes: list[int], table: Timetable
) -> int:
    """Return the farthest step that durations can reach from the beginning."""
    reachable = np.zeros(table.last + 1, bool)
    reachable[table.first] = True
    farthest = table.first
    for step in range(table.first, table.last):
        if reachable[step]:
            farthest = step
            if possible[step]:
                for number in numbers[step - table.first]:
                    reachable[min(step + sizes[number], table.last)] = True
    return farthest


def _grammar_durations(table: Timetable, scene: Scene) -> np.ndarray:
    """Return the durations that the grammar itself allows at each step, (T, D) bool."""
    tokenizer, length = table.tokenizer, table.last
    everything = np.ones((length, len(table.steps)), bool)
    if not isinstance(tokenizer, EventTokenizer):
        return everything
    layout = tokenizer.layout
    now = np.arange(length)
    bar, place = scene.header
    total = np.full(length, scene.total if scene.total >= 0 else -1)
    state: Any = SimpleNamespace(elapsed=now, total=total, place=(now + place) % bar)
    mask = np.ones((length, layout.bar), bool)
    return np.asarray(note_grammar.writable(layout, state, mask)[:, layout.duration : layout.bar])


def _is_possible(table: Timetable) -> np.ndarray:
    """Return ``(T,)``: whether an event at a step can have notes at all."""
    parts = [np.packbits(array, axis=1) for array in (table.strike, table.hold)]
    parts += [np.packbits(array, axis=1) for array in (table.must_strike, table.must_hold)]
    numbers = [table.voices, *(c[:, None] for c in (table.fewest, table.most, table.bass))]
    parts += [
        np.ascontiguousarray(n.astype(np.int32)).view(np.uint8).reshape(len(n), -1)
        for n in numbers
        if n.size
    ]
    parts.append(table.strikes[:, None].astype(np.uint8))
    rows = np.ascontiguousarray(np.concatenate(parts, axis=1))
    if not len(rows):
        return np.zeros(0, bool)
    keys = rows.view(np.dtype((np.void, rows.shape[1]))).ravel()
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    kinds = np.array([_fits(table, int(step)) for step in first], bool)
    return np.asarray(kinds[inverse.ravel()])


def _can_change(table: Timetable) -> np.ndarray:
    """Return ``(T,)``: False where notes that must go on leave no room."""
    if table.kind == "voices" and len(table.voices) > 1:
        codes, before = table.voices[1:], table.voices[:-1]
        goes_on = (codes == HOLD) | ((codes == SILENT) & (before == SILENT))
        return np.concatenate([[True], ~goes_on.all(1)])
    must = table.must_strike | table.must_hold
    fixed = np.zeros(len(must), bool)
    if len(must) > 1 and table.must_hold.any():
        is_full = (table.must_hold[1:].sum(1) >= table.most[1:]) & (
            table.most[:-1] <= table.most[1:]
        )
        goes_on = (table.must_hold[1:] & ~must[:-1]).sum(1) == 0
        fixed[1:] = is_full & goes_on & ~table.must_strike[1:].any(1)
    return ~fixed


def _fits(table: Timetable, step: int) -> bool:
    strike, hold = table.strike[step], table.hold[step]
    strike = strike & _in_writable(table)
    must_strike, must_hold = table.must_strike[step], table.must_hold[step]
    fewest, most, bass = int(table.fewest[step]), int(table.most[step]), int(table.bass[step])
    if (must_strike & ~strike).any() or (must_hold & ~hold).any() or fewest > most:
        return False
    if table.kind == "voices":
        return _voices_fit(table, step, strike, fewest, most)
    must = must_strike | must_hold
    if must.sum() > most:
        return False
    if most == 0:
        can_rest = not isinstance(table.tokenizer, ChordTokenizer) or () in set(
            table.tokenizer.chords.symbols
        )
        return can_rest and not table.strikes[step] and bass < 0
    usable = strike | hold
    if bass >= 0:
        low = usable & (np.arange(PITCHES) % 12 == bass)
        if not low.any() or (must.any() and low.argmax() > must.argmax()):
            return False
    if isinstance(table.tokenizer, ChordTokenizer):
        return _chord_fits(table.tokenizer, usable, must, (fewest, most), bass)
    if not strike.any() and not must_hold.any():
        return False
    return bool(
        (strike | hold | must).sum() >= fewest and (strike.any() or not table.strikes[step])
    )


def _voices_fit(table: Timetable, step: int, strike: np.ndarray, fewest: int, most: int) -> bool:
    codes = table.voices[step]
    ranges = _voice_ranges(table)
    pitches = np.arange(PITCHES)
    least = greatest = 0
    strikes = False
    for voice, code in enumerate(codes.tolist()):
        low, high = ranges[voice]
        inside = strike & (pitches >= low) & (pitches <= high)
        if code >= 0:
            if not inside[code]:
                return False
            least, greatest, strikes = least + 1, greatest + 1, True
        elif code == HOLD:
            least, greatest = least + 1, greatest + 1
        elif code == ANY:
            if not inside.any():
                return False
            least, greatest, strikes = least + 1, greatest + 1, True
        elif code in (FREE, NEW):
            usable = bool(inside.any())
            greatest, strikes = greatest + usable, strikes or usable
    bass = int(table.bass[step])
    if bass >= 0:
        low, high = ranges[-1]
        at = np.flatnonzero(strike & (pitches % 12 == bass) & (pitches >= low) & (pitches <= high))
        code = int(codes[-1])
        if (
            code == SILENT
            or (code >= 0 and code % 12 != bass)
            or (code in (FREE, ANY) and not len(at))
        ):
            return False
    if most > 0 and (codes == FREE).all() and not strikes:
        return False
    return least <= most and greatest >= fewest and (strikes or not table.strikes[step])


def _chord_fits(
    tokenizer: ChordTokenizer,
    usable: np.ndarray,
    must: np.ndarray,
    sizes: tuple[int, int],
    bass: int,
) -> bool:
    notes = tokenizer.chord_notes
    count = notes.sum(1)
    fits = (notes @ (~usable).astype(np.float32) == 0) & (count > 0)
    fits &= (count >= sizes[0]) & (count <= sizes[1]) & (notes @ must == must.sum())
    if bass >= 0:
        fits &= (notes > 0).argmax(1) % 12 == bass
    return bool(fits.any())


def _voice_ranges(table: Timetable) -> list[tuple[int, int]]:
    if table.tokenizer.name == GridTokenizer.name:
        own: Any = table.tokenizer
        return [(int(own.low), int(own.high))] * int(own.voices)
    assert isinstance(table.tokenizer, VoiceTokenizer)
    ranges = table.tokenizer.layout.ranges
    count = table.tokenizer.voices
    return [tuple(row) for row in ranges.tolist()] if len(ranges) else [(0, 127)] * count


def _writable(table: Timetable) -> tuple[int, int]:
    """Return the lowest pitch that the grammar lets begin, and one past the highest."""
    tokenizer = table.tokenizer
    if table.kind != "notes" or not isinstance(tokenizer, EventTokenizer):
        return 0, PITCHES
    ranges = tokenizer.layout.ranges
    # The grammar of notes never writes pitch 0.
    return (int(ranges[0, 0]), int(ranges[0, 1]) + 1) if len(ranges) else (1, PITCHES)


def _in_writable(table: Timetable) -> np.ndarray:
    low, stop = _writable(table)
    pitches = np.arange(PITCHES)
    return np.asarray((pitches >= low) & (pitches < stop))


# ---------------------------------------------------------------------- contradictions


def check_possible(
    constraints: Sequence[Constraint],
    tokenizer: Tokenizer,
    scene: Scene,
    *,
    shown: Sequence[Constraint] | None = None,
) -> None:
    """Raise PartimentoError if no piece can meet all constraints.

    Parameters
    ----------
    constraints : sequence of Constraint
        On composed pitches.
    tokenizer : Tokenizer
    scene : Scene
    shown : sequence of Constraint, optional
        The same on sounding pitches, to be named.
    """
    names = {
        id(each): repr(own) for each, own in zip(constraints, shown or constraints, strict=True)
    }
    for constraint in constraints:
        name = names[id(constraint)]
        if constraint.needs_bars and scene.total < 0:
            raise PartimentoError(f"{name} needs a length in bars, not in events")
        if constraint.needs_voices and kind_of(tokenizer) != "voices":
            raise PartimentoError(f"{name} needs a model that writes voices, such as chorales")
    for one, other in permutations(constraints, 2):
        if one.contradicts(other):
            pair = " and ".join(names[id(each)] for each in (one, other))
            raise PartimentoError(f"these constraints contradict each other: {pair}")
    _, dead = finish(filled(constraints, tokenizer, scene), scene)
    if dead is None:
        return
    guilty = list(constraints)
    for constraint in constraints:
        others = [other for other in guilty if other is not constraint]
        _, without = finish(filled(others, tokenizer, scene), scene)
        if without is not None:
            guilty, dead = others, without
    where = f"{dead.reason} at {place_name(dead.step, scene)}"
    named = " and ".join(names[id(constraint)] for constraint in guilty)
    if not guilty:
        raise PartimentoError(f"the model cannot fill this length: {where}")
    if len(guilty) == 1:
        raise PartimentoError(f"this model cannot meet {named}: {where}")
    raise PartimentoError(f"these constraints contradict each other: {named}; {where}")
