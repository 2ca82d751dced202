"""Constrain harmony: a chord progression, and how a piece ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import Field

from partimento.errors import PartimentoError, no_such
from partimento.generate.constraints.base import (
    PITCHES,
    Constraint,
    Finding,
    Scene,
    Sounding,
    notes_in,
    parse_key,
    parse_time,
    set_values,
    transposed_key,
)
from partimento.generate.constraints.rules import Rule, ShareRule
from partimento.generate.constraints.timetable import BLOCK, HOLD, Timetable
from partimento.music.chord_names import ALTERATIONS, FLATS, classes_named
from partimento.music.piece import Piece
from partimento.music.timelines import Key
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
                    _ask_bass(table, begin, begin + 1, bass)
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


def _ask_bass(table: Timetable, begin: int, end: int, bass: int) -> None:
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


Kind = Literal["tonic", "cadence", "half"]
KINDS: tuple[Kind, ...] = ("tonic", "cadence", "half")


@short_repr
@dataclass(frozen=True)
class End(Constraint):
    """End on the tonic, with a cadence, or on the dominant.

    Parameters
    ----------
    kind : str
        ``tonic``: the last bar has the tonic triad alone, over its root. ``cadence``: the dominant
        triad or seventh chord over its root stands on the last beat before it. ``half``: the last
        bar has the dominant triad over its root.
    key : Key or str, optional
        By default the key of the piece.
    begin : Fraction, optional
        When the last chord begins, in quarters; by default with the last bar.

    Examples
    --------
    >>> End("cadence", "d minor").demand
    'an authentic cadence in D minor'
    """

    needs_bars = True
    kind: Annotated[Kind, Field(description="Tonic, cadence or half.")] = "cadence"
    key: Annotated[Key | str | None, Field(description="A key, such as d minor.")] = None
    begin: Annotated[
        Fraction | int | str | None, Field(description="Beginning of the last chord, in quarters.")
    ] = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise PartimentoError(no_such(self.kind, KINDS, "ending"))
        set_values(self, key=None if self.key is None else parse_key(self.key))
        if self.begin is not None:
            set_values(self, begin=parse_time(self.begin, "the beginning of the last chord"))

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        name = f" in {self.key.name}" if isinstance(self.key, Key) else ""
        words = {
            "tonic": "a last bar on the tonic",
            "cadence": "an authentic cadence",
            "half": "a last bar on the dominant",
        }
        return words[self.kind] + name

    def _chords(self, scene: Scene, stop: int) -> list[tuple[int, int, int, frozenset[int]]]:
        """Return begin, end, bass and pitch classes of the last chords, in steps."""
        key = self.key if isinstance(self.key, Key) else scene.key
        if key is None:
            raise PartimentoError("End needs a key, such as End('cadence', 'd minor')")
        tonic, fifth = key.tonic, (key.tonic + 7) % 12
        third = 3 if key.mode == "minor" else 4
        beat, last = _beat(scene), self._last(scene, stop)
        triad = frozenset((tonic + step) % 12 for step in (0, third, 7))
        dominant = frozenset((fifth + step) % 12 for step in (0, 4, 7))
        if self.kind == "half":
            return [(last, stop, fifth, dominant)]
        chords = [(last, stop, tonic, triad)]
        if self.kind == "cadence":
            begin = last - beat
            if begin < scene.start:
                raise PartimentoError("End('cadence') needs more bars")
            seventh = dominant | {(fifth + 10) % 12}
            chords.insert(0, (begin, last, fifth, seventh))
        return chords

    def _last(self, scene: Scene, stop: int) -> int:
        """Return the step at which the last chord begins."""
        if isinstance(self.begin, Fraction):
            return min(scene.steps(self.begin, "the last chord"), max(stop - 1, 0))
        lines = [line for line in scene.bar_lines(stop) if line < stop]
        last = lines[-1] if lines else 0
        return lines[-2] if stop - last < _beat(scene) and len(lines) > 1 else last

    def narrow(self, table: Timetable, scene: Scene) -> None:
        """Remove all other notes at the end, and give the chords their bass."""
        if scene.stop >= 0:
            return
        for begin, end, bass, classes in self._chords(scene, table.last):
            if begin < scene.start:
                raise PartimentoError("End needs more bars: the prompt reaches the last bar")
            inside = np.isin(PITCH % 12, list(classes))
            table.strike[begin:end] &= inside
            table.hold[begin:end] &= inside
            table.edge[begin] = True
            _ask_bass(table, begin, end, bass)

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Look at the notes of the last chords."""
        if scene.stop >= 0:
            return self._finding("not in these bars", True)
        notes = notes_in(piece, scene, all_notes=True)
        scale = notes.grid // scene.grid
        faults = []
        for begin, end, bass, classes in self._chords(scene, int(piece.length * scene.grid)):
            first, last = begin * scale, end * scale
            heard = (notes.onset < last) & (notes.end > first)
            strange = ~np.isin(notes.pitch[heard] % 12, list(classes))
            times = {first, *notes.onset[heard & (notes.onset > first)].tolist()}
            lowest = [
                notes.pitch[(notes.onset <= t) & (notes.end > t)].min(initial=PITCHES)
                for t in times
            ]
            if strange.any() or any(pitch == PITCHES or pitch % 12 != bass for pitch in lowest):
                faults.append(Fraction(begin, scene.grid))
        return self._finding("reached" if not faults else "missed", not faults)

    def transposed(self, semitones: int) -> End:
        """Return the ending in a key moved by `semitones`."""
        if not isinstance(self.key, Key):
            return self
        return replace(self, key=transposed_key(self.key, semitones))


def _beat(scene: Scene) -> int:
    """Return the length of a beat: a quarter, or three eighths in 6/8, 9/8 and 12/8."""
    eighths = Fraction(2 * scene.bar, scene.grid)
    is_compound = eighths in (3, 9)
    return int(Fraction(3, 2) * scene.grid) if is_compound else scene.grid
