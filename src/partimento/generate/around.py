"""Read a piece as a model does, around the bars that are to be composed.

Two clocks are used. The *piece* counts quarters from its own beginning. The *view* of the model
begins at a bar line from which on one meter holds and every event is known to the model. Its
pitches are those in which the model composes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from typing import NamedTuple

import numpy as np

from partimento.errors import PartimentoError
from partimento.generate.constraints.base import Scene
from partimento.generate.constraints.fixed import FixedNotes, Others
from partimento.generate.constraints.seam import Seam
from partimento.generate.constraints.timetable import scene_of
from partimento.generate.limits import Limits
from partimento.generate.prompt import Prompt, encode_from, piece_key, with_key
from partimento.music.change import Change
from partimento.music.excerpt import cut_between
from partimento.music.notes import Note, Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Meter, from_start
from partimento.short_repr import short_repr
from partimento.tokens.grid import GridTokenizer
from partimento.tokens.voices import VoiceTokenizer
from partimento.training.dataset import TransposedPiece
from partimento.training.piece_record import PieceRecord
from partimento.training.trained_model import TrainedModel

EVERY_EVENT = 2**30
EVENTS_PER_BAR = 48  # a candidate stops after this many events per bar
MOST_BARS_BEFORE = 64  # that the model reads
TOP, BOTTOM = 0.9, 0.9  # share of the time in which a kept part is the highest or the lowest


@short_repr
class Gap(NamedTuple):
    """Say what is composed: the notes of some parts that begin within a span of time.

    Attributes
    ----------
    begin, end : Fraction
        In quarters of the piece.
    parts : tuple of int
        The parts that are composed; the others are kept.
    length : Fraction
        The length of the piece afterwards.
    """

    begin: Fraction
    end: Fraction
    parts: tuple[int, ...]
    length: Fraction


@short_repr
@dataclass(frozen=True)
class View:
    """Hold a piece as the model reads it around a gap.

    Attributes
    ----------
    piece : Piece
        The piece as given.
    gap : Gap
    start : Fraction
        Where the view begins, in quarters of the piece.
    item : TransposedPiece
        The music from there on.
    prompt : Prompt
        The ids of the music before the gap.
    """

    piece: Piece
    gap: Gap
    start: Fraction
    item: TransposedPiece
    prompt: Prompt

    @property
    def begin(self) -> Fraction:
        """The beginning of the gap in the view."""
        return self.gap.begin - self.start

    @property
    def end(self) -> Fraction:
        """The end of the gap in the view."""
        return self.gap.end - self.start

    @property
    def length(self) -> Fraction:
        """The length of the view, with the music that is composed."""
        return self.gap.length - self.start

    def limits(self, grid: int) -> Limits:
        """Return the limits at which a candidate stops."""
        bar = self.prompt.reference.meter.bar_ql
        events = len(self.item.moved.events) + EVENTS_PER_BAR * ceil((self.end - self.begin) / bar)
        return Limits(
            events + 2, ceil(self.end * grid), may_end=False, total=ceil(self.length * grid)
        )

    def scene(self, trained: TrainedModel, limits: Limits) -> Scene:
        """Return where constraints apply: in the gap, which must be filled exactly."""
        reference = self.prompt.reference
        scene = scene_of(
            trained.tokenizer,
            self.prompt.ids,
            limits,
            bar=reference.meter.bar_ql,
            pickup=self.item.moved.pickup,
            key=self.prompt.header_key or self.prompt.key,
        )
        # The ids before the gap may end earlier: a model of a grid also reads what it cannot write.
        start = int(self.begin * trained.tokenizer.grid)
        return scene._replace(total=limits.steps, start=start)

    def locked(self) -> tuple[FixedNotes, Seam]:
        """Return the constraints that keep all notes of the gap which stay."""
        locked = self._locked_notes()
        rows = [(note.onset, note.duration, note.pitch, note.part) for note in locked]
        kept = [part for part in range(len(self.item.moved.parts)) if part not in self.gap.parts]
        fixed = FixedNotes(rows, [(self.begin, self.end)], kept, self._others(kept))
        held = [(note.part, note.pitch) for note in locked if note.onset < self.begin]
        return fixed, Seam(held)

    def _locked_notes(self) -> list[Note]:
        """Return the notes of kept parts in the gap, and those over its ends."""
        begin, end = self.begin, self.end
        return [
            note
            for note in self.item.moved.notes
            if note.onset < end
            and note.end > begin
            and (note.part not in self.gap.parts or note.onset < begin or note.end > end)
        ]

    def _others(self, kept: Sequence[int]) -> Others:
        """Return where a model without voices may add notes beside the kept parts."""
        if len(kept) == 0:
            return "free"
        notes = cut_between(self.item.moved, self.begin, min(self.end, self.item.moved.length))
        high = low = total = 0.0
        for event in notes.replace(cuts=()).events:
            own = [n for n in event.chord if self._has(notes, kept, n)]
            if event.chord and own:
                length = float(event.duration)
                total += length
                high += length * (max(own) == max(event.chord))
                low += length * (min(own) == min(event.chord))
        if not total or (high >= TOP * total and low >= BOTTOM * total):
            return "free"
        return "below" if high >= TOP * total else "above" if low >= BOTTOM * total else "free"

    @staticmethod
    def _has(piece: Piece, parts: Sequence[int], pitch: int) -> bool:
        notes = piece.notes
        return bool((np.isin(notes.part, list(parts)) & (notes.pitch == pitch)).any())

    def change(self, decoded: Piece) -> Change:
        """Return the change of the view that a composed candidate makes."""
        moved, gap = self.item.moved, self.gap
        has_parts = len(decoded.parts) == len(moved.parts) and len(moved.parts) > 1
        locked = self._locked_notes()
        stays = {(note.onset, note.pitch, note.part if has_parts else 0) for note in locked}
        rows = []
        for note in decoded.notes:
            onset, stop = max(note.onset, self.begin), min(note.end, self.end)
            part = note.part if has_parts else 0
            if onset >= stop or (note.onset, note.pitch, part) in stays:
                continue
            if has_parts and part not in gap.parts:
                continue
            rows.append(replace(note, onset=onset, duration=stop - onset, part=part))
        if not has_parts:
            rows = [replace(row, part=self._part_of(row.pitch)) for row in rows]
        rows = [replace(row, velocity=self._velocity(row.part)) for row in rows]
        crossing = frozenset(
            (note.onset, note.pitch, note.part)
            for note in locked
            if note.part in gap.parts and note.onset >= self.begin
        )
        length = max(self.length, self.end)
        fermatas = self._fermatas(decoded)
        return Change(self.begin, self.end, gap.parts, Notes(rows), crossing, length, fermatas)

    def _fermatas(self, decoded: Piece) -> tuple[Fraction, ...]:
        """Return the fermatas of the gap: those of kept parts, or else the composed ones."""
        moved, begin, end = self.item.moved, self.begin, self.end
        if len(self.gap.parts) == len(moved.parts):
            return tuple(time for time in decoded.fermatas if begin <= time < end)
        onsets = {note.onset for note in moved.notes if note.part not in self.gap.parts}
        return tuple(time for time in moved.fermatas if begin <= time < end and time in onsets)

    def _part_of(self, pitch: int) -> int:
        """Return the composed part whose pitches are nearest, for a model without voices."""
        parts = self.gap.parts
        if len(parts) == 1:
            return parts[0]
        notes = self.item.moved.notes
        middle = {
            part: float(np.median(notes.pitch[notes.part == part]))
            for part in parts
            if (notes.part == part).any()
        }
        return min(middle or {parts[0]: 0.0}, key=lambda part: abs(middle.get(part, 0) - pitch))

    def _velocity(self, part: int) -> int:
        notes = self.item.moved.notes
        own = notes.velocity[notes.part == part]
        return int(np.median(own)) if len(own) else 80

    def sounding(self, change: Change) -> Change:
        """Return a change of the view as a change of the piece."""
        notes = change.notes
        grid = np.lcm(notes.divisions, self.start.denominator)
        scale = int(grid) // notes.divisions
        moved = notes.replace(
            divisions=int(grid),
            onset=notes.onset * scale + int(self.start * int(grid)),
            duration=notes.duration * scale,
            pitch=notes.pitch - self.item.interval,
        )
        kept = frozenset(
            (onset + self.start, pitch - self.item.interval, part)
            for onset, pitch, part in change.kept
        )
        gap = self.gap
        fermatas = tuple(time + self.start for time in change.fermatas)
        return Change(gap.begin, gap.end, gap.parts, moved, kept, gap.length, fermatas)


def view_of(trained: TrainedModel, piece: Piece, gap: Gap) -> View:
    """Return a piece as a model reads it around a gap.

    Raises
    ------
    PartimentoError
        If the meter changes in the gap, or the model cannot read the piece.
    """
    read = piece.replace(
        notes=piece.notes.select(piece.notes.grace == 0), cuts=(), score=None, lyrics=()
    )
    _check(trained, read, gap)
    starts = _starts(read, gap)
    start = starts[0]
    reads_all = trained.tokenizer.name == GridTokenizer.name
    while True:
        item, ids, known = _encoded(trained, read, start, gap)
        # An event that the model does not know ends the prompt: begin after it.
        is_read = known >= gap.begin - start or reads_all
        if is_read or start == starts[-1]:
            break
        start = next((bar for bar in starts if bar > start + known), starts[-1])
    if not is_read:
        start, item, ids = _without_music(trained, read, gap)
    key = piece_key(item.piece, item)
    ids, header = with_key(trained, ids, key)
    reference = PieceRecord.from_transposed(item, ids, "given")
    has_events = len(ids) > trained.tokenizer.header_rows
    prompt = Prompt(ids, reference, piece.title, ids, has_events, header, item.piece)
    return View(piece, gap, start, item, prompt)


def _check(trained: TrainedModel, piece: Piece, gap: Gap) -> None:
    # After a shortened bar, the same meter is stated again: that is no change.
    meters = from_start(piece.meters, Meter())
    before = [meter for meter in meters if meter.onset <= gap.begin][-1]
    inside = [meter for meter in meters if gap.begin < meter.onset < gap.end]
    if any(meter.bar_ql != before.bar_ql for meter in inside):
        raise PartimentoError("the meter changes in these bars: fill the bars of each meter alone")
    if any(piece.parts[part].is_drum for part in gap.parts):
        raise PartimentoError("drums cannot be composed: keep them")
    tokenizer = trained.tokenizer
    if not isinstance(tokenizer, VoiceTokenizer):
        return
    if len(piece.parts) > tokenizer.voices:
        raise PartimentoError(
            f"the model writes {tokenizer.voices} voices, and the piece has"
            f" {len(piece.parts)} parts"
        )
    for number, part in enumerate(piece.parts):
        notes = piece.notes.select(piece.notes.part == number)
        order = np.lexsort((notes.pitch, notes.onset))
        if (notes.onset[order][1:] < notes.end[order][:-1]).any():
            raise PartimentoError(
                f"the part {part.name or number + 1} has several notes at once, but the model"
                " writes one voice per part: use another model"
            )


def _starts(piece: Piece, gap: Gap) -> list[Fraction]:
    """Return the bar lines at which the view may begin."""
    meters = from_start(piece.meters, Meter())
    since = max((meter.onset for meter in meters if meter.onset <= gap.begin), default=Fraction(0))
    bars = [bar.onset for bar in piece.bars() if since <= bar.onset <= gap.begin]
    return bars[-MOST_BARS_BEFORE:] or [gap.begin]


def _encoded(
    trained: TrainedModel, piece: Piece, start: Fraction, gap: Gap
) -> tuple[TransposedPiece, np.ndarray, Fraction]:
    """Return the music from `start` on, the ids up to the gap, and how long they last."""
    view = cut_between(piece, start, piece.length)
    key_here = [key for key in view.keys if key.onset <= gap.begin - start][-1:]
    view = view.replace(keys=tuple(replace(key, onset=Fraction(0)) for key in key_here))
    item, ids = encode_from(trained, view, gap.begin - start)
    events = trained.tokenizer.decode_events(ids)
    return item, ids, sum((event.duration for event in events), Fraction(0))


def _without_music(
    trained: TrainedModel, piece: Piece, gap: Gap
) -> tuple[Fraction, TransposedPiece, np.ndarray]:
    """Return a view that begins with the gap, as no bar before it is known."""
    if all(bar.onset != gap.begin for bar in piece.bars()):
        raise PartimentoError("the model does not know the rhythm of the last bar")
    item, ids, _ = _encoded(trained, piece, gap.begin, gap)
    return gap.begin, item, ids
