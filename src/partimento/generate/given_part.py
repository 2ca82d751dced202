"""Prepare a melody or a bass, so that a model can compose other parts to it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Literal, NamedTuple

from partimento.errors import PartimentoError, no_such
from partimento.generate.constraints.base import Constraint, Scene
from partimento.generate.constraints.fixed import FixedNotes
from partimento.generate.constraints.timetable import scene_of
from partimento.generate.limits import MAX_BARS, Limits
from partimento.generate.prompt import Prompt, with_key
from partimento.music.names import pitch_name
from partimento.music.notes import Note, Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter
from partimento.music.transpose import interval_to_common_key
from partimento.short_repr import short_repr
from partimento.tokens.event_tokens import EventTokenizer, final_key, meter_of
from partimento.tokens.voices import VoiceTokenizer
from partimento.training.dataset import in_common_key
from partimento.training.piece_record import PieceRecord
from partimento.training.trained_model import TrainedModel

Role = Literal["melody", "bass"]
ROLES: tuple[Role, ...] = ("melody", "bass")
LOW = 54  # a part whose mean pitch is below this, F sharp 3, is taken for a bass
FARTHEST = 12  # semitones by which a part may be moved for composing
EVENTS_PER_BAR = 48


@short_repr
class GivenPart(NamedTuple):
    """Hold a given part, and how the model reads it.

    Attributes
    ----------
    piece : Piece
        The given part alone, as it is.
    place : int
        Its index in the score from which it is.
    is_bass : bool
    key : Key
        The key in which the piece ends, as it sounds.
    line : tuple of Note
        One note at a time, on the model's grid, from the beginning of the composition.
    shift : int
        Semitones from sounding to composed pitches.
    lead : Fraction
        Quarters of silence with which the composition begins, if the model knows no such pickup.
    bar, pickup : Fraction
        The bar and the pickup that the header states.
    end : Fraction
        Where the composition ends, with the lead.
    """

    piece: Piece
    place: int
    is_bass: bool
    key: Key
    line: tuple[Note, ...]
    shift: int
    lead: Fraction
    bar: Fraction
    pickup: Fraction
    end: Fraction

    @property
    def composed_key(self) -> Key:
        """The key in which the model composes."""
        return moved_key(self.key, self.shift)

    def composed(self, time: Fraction) -> Fraction:
        """Return a time of the piece as a time of the composition."""
        return time + self.lead


def choose_part(piece: Piece, part: str | int | None, role: str | None) -> tuple[int, bool]:
    """Return the index of the given part, and whether it is a bass.

    By default, it is the only part, or the first one. A part is a bass if it is asked for, or if
    its pitches are low. If a bass is asked for, it is the last part.

    Raises
    ------
    PartimentoError
        If there is no such part.
    """
    if role is not None and role not in ROLES:
        raise PartimentoError(no_such(role, ROLES, "role of a part"))
    if part is None:
        index = len(piece.parts) - 1 if role == "bass" else 0
    else:
        alone = piece.part(part)  # reports parts that do not exist
        names = [each.name for each in piece.parts]
        own = alone.parts[0].name
        index = part % len(names) if isinstance(part, int) else names.index(own)
    pitches = piece.notes.pitch[piece.notes.part == index]
    is_low = bool(len(pitches)) and float(pitches.mean()) < LOW
    return index, role == "bass" or (role is None and is_low)


def given_part(
    trained: TrainedModel,
    piece: Piece,
    *,
    part: str | int | None = None,
    role: str | None = None,
    key: Key | None = None,
) -> GivenPart:
    """Choose a part, and place it where the model can compose to it.

    Parameters
    ----------
    trained : TrainedModel
    piece : Piece
    part : str or int, optional
        See `choose_part`.
    role : str, optional
        ``melody`` or ``bass``.
    key : Key, optional
        By default that in which the part ends.

    Raises
    ------
    PartimentoError
        If the part has no notes, or the model cannot write its range.
    """
    index, is_bass = choose_part(piece, part, role)
    alone = piece if len(piece.parts) == 1 else piece.part(index)
    line = one_line(alone, trained.tokenizer.grid, lowest=is_bass)
    if not line:
        raise PartimentoError("the given part has no notes: choose another one with part")
    key = replace(key or final_key(alone), onset=Fraction(0))
    bar, pickup, lead = place_in_bar(trained, alone)
    shift = _shift(trained, line, key, is_bass)
    grid = trained.tokenizer.grid
    end = Fraction(ceil((lead + line[-1].onset + line[-1].duration) * grid), grid)
    moved = tuple(replace(note, onset=note.onset + lead, pitch=note.pitch + shift) for note in line)
    return GivenPart(alone, index, is_bass, key, moved, shift, lead, bar, pickup, end)


def one_line(piece: Piece, grid: int, *, lowest: bool = False) -> tuple[Note, ...]:
    """Return the notes of a piece one at a time, on a grid.

    Notes that begin between two steps of the grid are left out, and the note before goes on.
    Chords keep their highest or lowest note. Grace notes and drums are left out.

    Parameters
    ----------
    piece : Piece
    grid : int
        Steps per quarter.
    lowest : bool
        Whether to keep the lowest notes.
    """
    notes = [
        note
        for note, is_drum in zip(piece.notes, piece.drums.tolist(), strict=True)
        if not note.grace and not is_drum
    ]
    notes.sort(key=lambda note: (note.onset, note.pitch if lowest else -note.pitch))
    first: dict[Fraction, Note] = {}
    for note in notes:
        if (note.onset * grid).denominator == 1:
            first.setdefault(note.onset, note)
    line = []
    for onset, after in pairwise([*sorted(first), None]):
        assert onset is not None
        ends = [n.end for n in notes if onset <= n.onset and (after is None or n.onset < after)]
        stop = Fraction(ceil(max(ends) * grid), grid)
        stop = stop if after is None else min(stop, after)
        line.append(Note(onset, stop - onset, first[onset].pitch))
    return tuple(line)


def place_in_bar(trained: TrainedModel, piece: Piece) -> tuple[Fraction, Fraction, Fraction]:
    """Return the bar, the pickup and the silence that a model is given."""
    bar, pickup = piece.first_meter.bar_ql, piece.pickup
    tokenizer = trained.tokenizer
    if not isinstance(tokenizer, EventTokenizer):
        return bar, pickup, Fraction(0)
    known = [length for length in tokenizer.bars.symbols if length % bar == 0]
    bar = bar if bar in known else min(known, default=bar)
    pickups = tokenizer.pickups.symbols
    if not pickup or pickup in pickups:
        return bar, pickup, Fraction(0)
    # A silence is one event, so that its length must be a known duration.
    for stated in sorted({*pickups, bar} - {0}):
        if stated - pickup in tokenizer.durations.symbols:
            return bar, stated % bar, stated - pickup
    return bar, Fraction(0), Fraction(0)


def _shift(trained: TrainedModel, line: tuple[Note, ...], key: Key, is_bass: bool) -> int:
    """Return the smallest shift that moves a line into the model's range."""
    low, high = _range(trained, is_bass)
    to_common = trained.settings.tokens.to_common_key
    base = interval_to_common_key(key) if to_common else 0
    moves = [12 * n for n in range(-3, 4)] if to_common else range(-FARTHEST, FARTHEST + 1)
    pitches = [note.pitch for note in line]
    for shift in sorted((base + move for move in moves), key=abs):
        if low <= min(pitches) + shift and max(pitches) + shift <= high:
            return shift
    what = "bass" if is_bass else "melody"
    raise PartimentoError(
        f"the {what} goes from {pitch_name(min(pitches))} to {pitch_name(max(pitches))}, and the"
        f" model writes it from {pitch_name(low)} to {pitch_name(high)}: transpose it"
    )


def _range(trained: TrainedModel, is_bass: bool) -> tuple[int, int]:
    """Return the lowest and the highest pitch that the model writes in a part."""
    tokenizer, settings = trained.tokenizer, trained.settings.tokens
    if isinstance(tokenizer, EventTokenizer) and tokenizer.ranges:
        is_voices = isinstance(tokenizer, VoiceTokenizer)
        return tokenizer.ranges[-1 if is_voices and is_bass else 0]
    return settings.low or 0, settings.high or 127


def moved_key(key: Key, semitones: int) -> Key:
    """Return a key moved by `semitones`."""
    return Key.from_tonic((key.tonic + semitones) % 12, key.mode) if semitones % 12 else key


# ---------------------------------------------------------------------- for the model


def header_of(trained: TrainedModel, piece: Piece, placed: GivenPart) -> Prompt:
    """Return a prompt that states meter, pickup and key, and has no events."""
    key = placed.composed_key
    meter = meter_of(placed.bar) or piece.first_meter
    example = Piece(
        Notes([Note(Fraction(0), placed.bar, 60)]),
        meters=(Meter(meter.numerator, meter.denominator),),
        keys=(key,),
        pickup=placed.pickup,
    )
    ids = trained.tokenizer.prompt(trained.tokenizer.encode(example).ids, 0)
    ids, header = with_key(trained, ids, key)
    item = in_common_key(piece, "none", key=placed.key)
    record = PieceRecord.from_transposed(item, ids, "given")
    return Prompt(ids, record, piece.title, ids, has_events=False, header_key=header)


def scene_for(trained: TrainedModel, prompt: Prompt, placed: GivenPart) -> tuple[Limits, Scene]:
    """Return the limits of the composition, and where constraints apply."""
    grid = trained.tokenizer.grid
    bar = placed.piece.first_meter.bar_ql
    steps = int(placed.end * grid)
    bars = ceil(placed.end / bar)
    if bars > MAX_BARS:
        raise PartimentoError(f"the given part has more than {MAX_BARS:,} bars")
    limits = Limits((bars + 1) * EVENTS_PER_BAR + 2, steps, may_end=False, total=steps)
    pickup = (placed.piece.pickup + placed.lead) % bar
    scene = scene_of(
        trained.tokenizer, prompt.ids, limits, bar=bar, pickup=pickup, key=placed.composed_key
    )
    return limits, scene


def kept_notes(trained: TrainedModel, placed: GivenPart) -> list[Constraint]:
    """Return the constraints that keep the given part, and the rest before it."""
    rows = [(note.onset, note.duration, note.pitch) for note in placed.line]
    tokenizer = trained.tokenizer
    if isinstance(tokenizer, VoiceTokenizer):
        own = tokenizer.voices - 1 if placed.is_bass else 0
        kept = FixedNotes([(*row, own) for row in rows], [(Fraction(0), placed.end)], [own])
        others = [voice for voice in range(tokenizer.voices) if voice != own]
    else:
        side: Literal["above", "below"] = "above" if placed.is_bass else "below"
        span = [(Fraction(0), placed.end)]
        kept, others = FixedNotes([(*row, 0) for row in rows], span, [0], side), [0]
    silence = placed.line[0].onset
    if not isinstance(tokenizer, EventTokenizer) or silence not in tokenizer.durations.symbols:
        return [kept]
    sides: Literal["none", "free"] = "none" if others == [0] else "free"
    return [kept, FixedNotes([], [(Fraction(0), silence)], others, sides)]
