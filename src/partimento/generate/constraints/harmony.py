"""Constrain harmony: a chord progression, and how a piece ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from partimento.errors import PartimentoError
from partimento.generate.constraints.base import (
    PITCHES,
    Constraint,
    Finding,
    Scene,
    Sounding,
    notes_in,
    set_values,
)
from partimento.generate.constraints.rules import Rule, ShareRule
from partimento.generate.constraints.timetable import BLOCK, HOLD, Timetable
from partimento.music.chord_names import ALTERATIONS, FLATS, classes_named
from partimento.music.piece import Piece
from partimento.short_repr import short_repr

PITCH = np.arange(PITCHES)
REPEAT, NO_CHORD = "%", "N.C."
SYMBOL = re.compile(r"([A-G])([#♯b♭]?)(.*)")


@short_repr
class ChordSpan(NamedTuple):
    """A chord: begin and end in steps, pitch classes, and the bass or -1."""

    begin: int
    end: int
    classes: frozenset[int]
    bass: int = -1


@short_repr
@dataclass(frozen=True)
class ChordProgression(Constraint):
    """Follow chord symbols: a share of the notes are chord tones.

    Parameters
    ----------
    chords : str
        Bars are separated by ``|``, chords within a bar by spaces; they share the bar evenly. ``%``
        repeats the bar before, and ``N.C.`` asks for no chord. The progression begins with the
        first full bar, and is repeated until the end. A bass after a slash counts with `roots`.
    share : int
        The percentage of notes that must be chord tones. A note counts in every chord in which it
        sounds.
    roots : bool
        Whether each chord begins over its root or, after a slash, over the bass that is named.
    except_parts : sequence of int
        Parts whose notes are not asked and not counted, such as a given melody. Only a model that
        writes voices knows parts.

    Examples
    --------
    >>> ChordProgression("Dm | Gm A7 | Dm", share=90).demand
    'chords Dm | Gm A7 | Dm, at least 90 % chord tones'
    """

    needs_bars = True
    chords: Annotated[str, Field(description="Chord symbols, such as Dm | Gm A7 | Dm.")]
    share: Annotated[int, Field(ge=1, le=100, description="Percentage of chord tones.")] = 100
    roots: Annotated[bool, Field(description="Whether each chord begins over its bass.")] = False
    except_parts: Annotated[Sequence[int], Field(description="Parts that are not asked.")] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.share <= 100:
            raise PartimentoError("the share of chord tones is a percentage from 1 to 100")
        chords = " | ".join(" ".join(bar) for bar in _bars(self.chords))
        set_values(self, chords=chords, except_parts=tuple(self.except_parts))
        _classes(self.chords)

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        roots = ", over their roots" if self.roots else ""
        return f"chords {self.chords}, at least {self.share} % chord tones{roots}"

    def spans(self, scene: Scene, stop: int) -> list[ChordSpan]:
        """Return the chords up to `stop`."""
        bars = _classes(self.chords)
        basses = _basses(self.chords)
        lines = [*([] if scene.pickup else [0]), *scene.bar_lines(stop)]
        found = []
        for number, line in enumerate(lines):
            chords = bars[number % len(bars)]
            edges = [line + scene.bar * i // len(chords) for i in range(len(chords) + 1)]
            found += [
                ChordSpan(begin, min(end, stop), classes, bass)
                for begin, end, classes, bass in zip(
                    edges, edges[1:], chords, basses[number % len(bars)], strict=False
                )
                if begin < stop
            ]
        return found

    def names(self, scene: Scene, stop: int) -> list[tuple[int, str]]:
        """Return the beginning of each chord up to `stop`, in steps, and its symbol."""
        texts = _texts(self.chords)
        lines = [*([] if scene.pickup else [0]), *scene.bar_lines(stop)]
        return [
            (line + scene.bar * i // len(bar), symbol)
            for number, line in enumerate(lines)
            for bar in [texts[number % len(texts)]]
            for i, symbol in enumerate(bar)
        ]

    def narrow(self, table: Timetable, scene: Scene) -> None:
        """Let an event begin with each chord; with a share of 100, forbid other notes."""
        here = table.window(scene)
        for begin, end, classes, bass in self.spans(scene, table.last):
            if here.start <= begin < here.stop:
                table.edge[begin] = True
                if self.roots and bass >= 0:
                    ask_bass(table, begin, begin + 1, bass)
            if self.share == 100 and classes and not self.except_parts:
                inside = np.isin(PITCH % 12, list(classes))
                first, last = max(begin, here.start), min(end, here.stop)
                table.strike[first:last] &= inside
                if begin >= here.start:
                    table.hold[first:last] &= inside

    def rules(self, table: Timetable, scene: Scene) -> Sequence[Rule]:
        """Return the rule that counts chord tones, if not all notes must be."""
        if self.share == 100 and not self.except_parts:
            return []
        length = len(table.strike) + (-len(table.strike) % BLOCK or 0)
        weights, change = np.zeros((length, PITCHES), np.int32), np.zeros(length, bool)
        here = table.window(scene)
        for begin, end, classes, _ in self.spans(scene, table.last):
            if classes:
                inside = np.isin(PITCH % 12, list(classes))
                first, last = max(begin, here.start), min(end, here.stop)
                weights[first:last] = np.where(inside, self.share - 100, self.share)
                if here.start <= begin < here.stop:
                    change[begin] = True
        for step, pitch in _given(table, self.except_parts):
            weights[step, pitch] = 0
        return [ShareRule(weights, change)]

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Return the share of chord tones."""
        notes = notes_in(piece, scene, all_notes=True)
        scale = notes.grid // scene.grid
        stop = int(piece.length * scene.grid)
        tones = total = wrong = 0
        counts = ~np.isin(notes.part, list(self.except_parts))
        for begin, end, classes, bass in self.spans(scene, stop):
            if self.roots and bass >= 0 and scene.start <= begin < scene.end:
                wrong += _lowest(notes, begin * scale) % 12 != bass
            if not classes or end <= scene.start or 0 <= scene.stop <= begin:
                continue
            # A chord that began before the constraint counts the notes that begin in it.
            first = max(begin, scene.start)
            limit = min(end, scene.stop) if scene.stop >= 0 else end
            starts = (notes.onset >= first * scale) & (notes.onset < limit * scale)
            goes_on = (notes.onset < begin * scale) & (notes.end > begin * scale)
            heard = counts & (starts | (goes_on if begin >= scene.start else False))
            tones += int(np.isin(notes.pitch[heard] % 12, list(classes)).sum())
            total += int(heard.sum())
        text = f"{tones} of {total} notes ({100 * tones / total:.0f} %)" if total else "no notes"
        text += f", {wrong} chords over another bass" if wrong else ""
        return self._finding(text, 100 * tones >= self.share * total and not wrong)

    def transposed(self, semitones: int) -> ChordProgression:
        """Return the chords moved by `semitones`."""
        if not semitones % 12:
            return self
        moved = (
            " ".join(_moved(symbol, semitones) for symbol in bar) for bar in _bars(self.chords)
        )
        return replace(self, chords=" | ".join(moved))


def _bars(text: str) -> list[list[str]]:
    bars = [bar.split() for bar in text.strip().strip("|").split("|")]
    if not all(bars):
        raise PartimentoError(f"write chords such as Dm | Gm A7 | Dm, not {text!r}")
    return bars


def _classes(text: str) -> list[list[frozenset[int]]]:
    """Return the pitch classes of the chords of each bar; an empty set for no chord."""
    found: list[list[frozenset[int]]] = []
    for bar in _bars(text):
        if bar == [REPEAT]:
            if not found:
                raise PartimentoError("the first bar of a chord progression cannot be %")
            found.append(found[-1])
            continue
        chords = []
        for symbol in bar:
            classes = (
                frozenset() if symbol in (NO_CHORD, "NC") else classes_named(symbol.split("/")[0])
            )
            if classes is None:
                raise PartimentoError(f"no such chord: {symbol!r} (write, for example, Dm or A7)")
            chords.append(classes)
        found.append(chords)
    return found


def _basses(text: str) -> list[list[int]]:
    """Return the bass of each chord: after the slash, or the root; or -1."""
    found = []
    for bar in _texts(text):
        matches = [SYMBOL.fullmatch(symbol.split("/")[-1]) for symbol in bar]
        found.append(
            [-1 if m is None else (FLATS.index(m[1]) + ALTERATIONS[m[2]]) % 12 for m in matches]
        )
    return found


def _texts(text: str) -> list[list[str]]:
    """Return the symbols of each bar, with repeated bars written out."""
    found: list[list[str]] = []
    for bar in _bars(text):
        found.append(found[-1] if bar == [REPEAT] and found else bar)
    return found


def ask_bass(table: Timetable, begin: int, end: int, bass: int) -> None:
    """Ask for the pitch class of the lowest note; another one there cannot be met."""
    here = slice(begin, end)
    differs = (table.bass[here] >= 0) & (table.bass[here] != bass)
    table.most[here] = np.where(differs, 0, table.most[here])
    table.bass[here] = bass
    table.fewest[here] = np.maximum(table.fewest[here], 1)


def _given(table: Timetable, parts: Sequence[int]) -> list[tuple[int, int]]:
    """Return step and pitch of each note that is given in some voices of a table."""
    found = []
    for voice in parts if table.voices.shape[1] else ():
        pitch = -1
        for step, code in enumerate(table.voices[:, voice].tolist()):
            pitch = code if code >= 0 else pitch
            if pitch >= 0 and (code >= 0 or code == HOLD):
                found.append((step, pitch))
    return found


def _lowest(notes: Sounding, step: int) -> int:
    sounds = (notes.onset <= step) & (notes.end > step)
    return int(notes.pitch[sounds].min(initial=PITCHES))


def _moved(symbol: str, semitones: int) -> str:
    parts = []
    for part in symbol.split("/"):
        match = SYMBOL.fullmatch(part)
        if match is None:  # % or N.C.
            return symbol
        root = FLATS.index(match[1]) + ALTERATIONS[match[2]] + semitones
        parts.append(FLATS[root % 12].replace("♯", "#").replace("♭", "b") + match[3])
    return "/".join(parts)
