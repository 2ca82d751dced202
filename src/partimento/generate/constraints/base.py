"""Define what a constraint is: a demand in musical words, for any tokenizer.

A constraint is a small frozen class. It narrows a `Timetable`, which says what may sound at each
step of the piece. If its demand depends on the music so far, it also returns rules (`rules.Rule`).
`masks.ConstraintGrammar` turns both into masks of ids, which multiply with that of the grammar.

`Constraint.check` reads a composed piece, and knows nothing of tables or masks.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np

from partimento.errors import PartimentoError, no_such
from partimento.music.names import pitch_from_name, pitch_name
from partimento.music.piece import Piece
from partimento.music.timelines import Key
from partimento.short_repr import short_repr, short_text

if TYPE_CHECKING:
    from partimento.generate.constraints.rules import Rule
    from partimento.generate.constraints.timetable import Timetable

PITCHES = 128
NAMES: dict[str, type[Constraint]] = {}  # every kind of constraint by its name


@short_repr
class Scene(NamedTuple):
    """Say where constraints apply, and what they refer to.

    Attributes
    ----------
    grid : int
        Steps per quarter.
    total : int
        Steps of the whole piece. If its length is given in events, their number, negative.
    bar : int
        Steps per bar.
    pickup : int
        Steps before the first bar line.
    start : int
        The step from which constraints apply: the end of the prompt.
    stop : int
        The step before which they apply; negative for the end of the piece. Only fixed notes apply
        after it.
    key : Key or None
        The key in which the model composes.
    header : (int, int)
        Steps per bar as the header of the ids states it, and the position of the beginning in it.
    """

    grid: int
    total: int = -1
    bar: int = 0
    pickup: int = 0
    start: int = 0
    stop: int = -1
    key: Key | None = None
    header: tuple[int, int] = (1, 0)

    def transposed(self, semitones: int) -> Scene:
        """Return the scene with its key moved by `semitones`."""
        return self if self.key is None else self._replace(key=transposed_key(self.key, semitones))

    @property
    def end(self) -> int:
        """Return the step at which the constraints end; negative if it is unknown."""
        return self.stop if self.stop >= 0 else self.total

    def steps(self, time: Fraction, what: str) -> int:
        """Return a time as steps; raise PartimentoError if it is not on the grid."""
        steps = time * self.grid
        if steps.denominator != 1:
            raise PartimentoError(f"the model cannot write {what}: {time} is not on its grid")
        return int(steps)

    def bar_lines(self, stop: int) -> range:
        """Return the bar lines after the beginning and before `stop`, in steps."""
        if not self.bar:
            raise PartimentoError("bars are not known here: give the length in bars")
        return range(self.pickup or self.bar, stop, self.bar)


@short_repr
@dataclass(frozen=True)
class Finding:
    """Say what a constraint asked, and what a piece achieved.

    Attributes
    ----------
    constraint : str
        The name of the constraint.
    demand, achieved : str
        Asked and achieved, in words.
    holds : bool
    by_default : bool
        Whether the demand is not the user's, and was given up because it could not be met.
    """

    constraint: str
    demand: str
    achieved: str
    holds: bool
    by_default: bool = False

    @property
    def verdict(self) -> str:
        """Return the first word of the finding in a table."""
        if self.holds:
            return "holds "
        return "unmet " if self.by_default else "BROKEN"


@short_repr
class Report(tuple[Finding, ...]):
    """Hold the finding of each constraint."""

    @property
    def holds(self) -> bool:
        """Return True if the piece meets every constraint of the user."""
        return all(finding.holds or finding.by_default for finding in self)

    def rows(self) -> list[dict[str, Any]]:
        """Return one row of a table per constraint."""
        return [
            {
                "constraint": row.constraint,
                "asked": row.demand,
                "achieved": row.achieved,
                "holds": row.holds,
            }
            for row in self
        ]

    def table(self) -> str:
        """Return one line per constraint."""
        return "\n".join(f"{row.verdict}  {row.demand}: {row.achieved}" for row in self)


@short_repr
@dataclass(frozen=True)
class Constraint(ABC):
    """Describe a demand that a composition must meet."""

    needs_bars: ClassVar[bool] = False  # whether the length must be given in bars
    needs_voices: ClassVar[bool] = False  # whether the model must write voices

    def __init_subclass__(cls, *, is_public: bool = True, **options: Any) -> None:
        super().__init_subclass__(**options)
        if is_public:  # others are used only inside of `generate`
            NAMES[cls.__name__] = cls

    @property
    @abstractmethod
    def demand(self) -> str:
        """Return the demand in words."""

    def narrow(self, table: Timetable, scene: Scene) -> None:  # noqa: B027  (not all narrow it)
        """Remove from the timetable what the demand never allows."""

    def rules(self, table: Timetable, scene: Scene) -> Sequence[Rule]:
        """Return the rules for what depends on the music so far."""
        return ()

    def contradicts(self, other: Constraint) -> bool:
        """Return True if no piece can meet both, where no table shows it."""
        return False

    @abstractmethod
    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Return what a piece achieved, from its notes alone."""

    def transposed(self, semitones: int) -> Self:
        """Return the constraint with all its pitches moved by `semitones`.

        Models may compose in another key than that in which the piece sounds in the end.
        """
        return self

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """Return the JSON schema of the parameters, from which a page can make a form."""
        return dict(_adapter(cls).json_schema())

    def to_json(self) -> dict[str, Any]:
        """Return the parameters as JSON values, with the name under ``constraint``."""
        values = _adapter(type(self)).dump_python(self, mode="json")
        return {"constraint": type(self).__name__, **values}

    def _finding(self, achieved: str, holds: Any) -> Finding:
        return Finding(type(self).__name__, self.demand, achieved, bool(holds))


@cache
def _adapter(kind: type[Constraint]) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def constraint_from_json(values: Mapping[str, Any]) -> Constraint:
    """Return the constraint that `Constraint.to_json` wrote.

    Raises
    ------
    PartimentoError
        If there is no such constraint, or a parameter is invalid.
    """
    from pydantic import ValidationError

    name = str(values.get("constraint"))
    if name not in NAMES:
        raise PartimentoError(no_such(name, NAMES, "constraint"))
    kind = NAMES[name]
    try:
        constraint = _adapter(kind).validate_python(
            {key: value for key, value in values.items() if key != "constraint"}
        )
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise PartimentoError(f"{name}: {place}: {first['msg']}") from None
    assert isinstance(constraint, Constraint)
    return constraint


def check_constraints(constraints: Iterable[Any]) -> tuple[Constraint, ...]:
    """Return the constraints as a tuple; raise PartimentoError for other objects."""
    checked = tuple(constraints)
    for constraint in checked:
        if not isinstance(constraint, Constraint):
            raise PartimentoError(
                f"{short_text(constraint)} is not a constraint: use Range or InKey, for example"
            )
    return checked


def report_on(piece: Piece, constraints: Iterable[Constraint], scene: Scene) -> Report:
    """Check a piece against each constraint."""
    return Report(constraint.check(piece, scene) for constraint in constraints)


# ---------------------------------------------------------------------- for the constraints


def parse_pitch(bound: int | str) -> int:
    """Return a MIDI pitch; raise PartimentoError if it is none."""
    try:
        text = str(bound)
        pitch = int(text) if text.lstrip("-").isdecimal() else pitch_from_name(text)
    except ValueError as error:
        raise PartimentoError(str(error)) from error
    if not 0 <= pitch < PITCHES:
        raise PartimentoError(f"a MIDI pitch must be between 0 and 127, not {bound}")
    return pitch


def parse_key(key: Key | str) -> Key:
    """Return a key; raise PartimentoError if there is none of this name."""
    if isinstance(key, Key):
        return key
    try:
        return Key.from_name(key)
    except ValueError as error:
        raise PartimentoError(str(error)) from error


def parse_time(value: Fraction | int | float | str, what: str) -> Fraction:
    """Return a time in quarters; raise PartimentoError if it is none."""
    try:
        time = Fraction(value)
    except (ValueError, ZeroDivisionError, OverflowError, TypeError) as error:
        raise PartimentoError(f"{what} must be quarters, such as 1/2, not {value!r}") from error
    if time.denominator > 1024 or abs(time) > 100_000:
        raise PartimentoError(f"{what} must be quarters, such as 1/2, not {value!r}")
    return time


def transposed_key(key: Key, semitones: int) -> Key:
    """Return a key moved by `semitones`."""
    return Key.from_tonic((key.tonic + semitones) % 12, key.mode) if semitones % 12 else key


def set_values(item: Any, **values: Any) -> None:
    """Set attributes of a frozen object, when it is created."""
    for name, value in values.items():
        object.__setattr__(item, name, value)


@short_repr
class Sounding(NamedTuple):
    """Hold the notes of a piece where constraints apply, in steps of `grid`.

    Attributes
    ----------
    grid : int
        Steps per quarter.
    onset, end, pitch, part : (N,) int
    """

    grid: int
    onset: np.ndarray
    end: np.ndarray
    pitch: np.ndarray
    part: np.ndarray


def notes_in(piece: Piece, scene: Scene, *, all_notes: bool = False) -> Sounding:
    """Return the notes that begin where constraints apply, or all of them, by onset."""
    notes = piece.notes
    grid = int(np.lcm(notes.divisions, scene.grid))
    scale, own = grid // notes.divisions, grid // scene.grid
    kept = ~piece.drums & (notes.grace == 0)
    onset, end = notes.onset * scale, notes.end * scale
    if not all_notes:
        stop = scene.stop * own if scene.stop >= 0 else np.inf
        kept &= (onset >= scene.start * own) & (onset < stop)
    order = np.lexsort((notes.pitch[kept], onset[kept]))
    columns = [c[kept][order].astype(np.int64) for c in (onset, end, notes.pitch, notes.part)]
    return Sounding(grid, *columns)


def span_of(pitches: np.ndarray) -> str:
    """Return the lowest and the highest pitch in words."""
    if not len(pitches):
        return "no notes"
    return f"{pitch_name(int(pitches.min()))} to {pitch_name(int(pitches.max()))}"


def place_name(step: int, scene: Scene) -> str:
    """Return where a step is, such as ``bar 3``."""
    if not scene.bar:
        return f"quarter {step // scene.grid + 1}"
    bar = (step - scene.pickup) // scene.bar + 1
    return f"bar {bar}" if bar > 0 else "the pickup"
