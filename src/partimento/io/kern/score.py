"""Read the lines of one Humdrum piece as a written score."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from partimento.io.kern import marks
from partimento.io.kern.chords import CHORD_SPINES, chord_symbol
from partimento.io.kern.expansion import Expansions
from partimento.io.kern.parts import Staves, read_name
from partimento.io.kern.spines import NULL, PATHS, Spine, Spines
from partimento.io.kern.timing import grid_of, time_of_barline, time_of_line
from partimento.io.kern.tokens import KernToken, duration_of, read_token
from partimento.io.written import WrittenNote, WrittenScore, checked_mark
from partimento.music.limits import MAX_NOTES, MAX_QUARTERS, check_size
from partimento.music.timelines import ChordSymbol, Key

BAR_NUMBER = re.compile(r"=+(\d+)")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class ScoreReader:
    """Read the lines of a piece, one after another.

    Parameters
    ----------
    lines : list of (int, str)
        The lines with their numbers in the file.

    Attributes
    ----------
    score : WrittenScore
    expansions : Expansions
    now : int
        The time of the current line, in steps.
    """

    def __init__(self, lines: list[tuple[int, str]]) -> None:
        self.lines = lines
        self.score = WrittenScore(grid=grid_of(lines))
        self.expansions = Expansions()
        self.spines = Spines()
        self.staves = Staves()
        self.records: dict[str, list[str]] = {}
        self.now = 0
        self.last = -1  # the time of the last line with a note or rest
        self.bar = 0  # the beginning of the bar
        self.whole = 0  # the length that the meter states for a bar, 0 if unknown
        self.numbered = any(BAR_NUMBER.match(line) for _, line in lines)
        self.line = 0
        self.number = ""  # of the bar
        self.signatures: dict[int, Key] = {}
        self.designations: dict[int, tuple[Key, bool]] = {}  # whether the mode is a church mode
        self.pending: list[list[str]] = []  # chord symbols of lines without a note
        self.durations: dict[str, tuple[int, KernToken]] = {}

    def read(self) -> WrittenScore:
        """Read all lines, and return the score."""
        for number, line in self.lines:
            self.line = number
            if not line or line.startswith("!"):
                self._comment(line)
                continue
            tokens = line.split("\t")
            if line.startswith("**") and not self.spines.active:
                self.spines.begin(tokens)
                continue
            fitting = self.spines.fit(tokens)
            if fitting is None:
                self._warn(f"{len(tokens)} tokens for {len(self.spines.active)} spines")
                count = len(self.spines.active)
                null = "*" if line.startswith("*") else "."
                fitting = [token or null for token in tokens[:count]]
                fitting += [null] * (count - len(fitting))
            if not fitting:
                continue
            if line.startswith("*"):
                self._interpretations(fitting)
            elif line.startswith("=") or _is_barline(fitting, self.spines):
                self._barline(fitting)
            else:
                self._data(fitting)
            if self.now > MAX_QUARTERS * self.score.grid or len(self.score.notes) > MAX_NOTES:
                check_size(len(self.score.notes) or 1, self.now // self.score.grid)
        return self._finish()

    def _warn(self, message: str) -> None:
        self.score.warn(f"line {self.line}: {CONTROL.sub(' ', message)}")

    def _comment(self, line: str) -> None:
        if line.startswith("!!!"):
            marks.add_record(self.records, line)
        if "[" in line and (line.startswith("!!!OMD") or ":TX" in line):
            tempo = checked_mark(self.score, lambda: marks.printed_tempo(line), f"line {self.line}")
            if tempo:
                self.score.tempos.setdefault(self.now, tempo)

    # ------------------------------------------------------------------ interpretations

    def _interpretations(self, tokens: list[str]) -> None:
        if any(token.startswith("**") for token in tokens):
            self.spines.begin(tokens)
            tokens = ["*" if token.startswith("**") else token for token in tokens]
        # From left to right: where staves differ, the uppermost one counts.
        for token, spine in zip(tokens, self.spines.active, strict=True):
            if token != NULL and token not in PATHS and spine.is_kern:
                self._interpretation(token, spine)
        if any(token in PATHS for token in tokens):
            for fault in self.spines.follow(tokens):
                self._warn(fault)

    def _interpretation(self, token: str, spine: Spine) -> None:
        column = spine.column
        if token.startswith("*>"):
            self.expansions.read(token, self.now)
        elif token.startswith("*MM"):
            if tempo := self._checked(marks.tempo_of, token):
                self.score.tempos[self.now] = tempo
        elif token.startswith("*M"):
            if meter := self._checked(marks.meter_of, token):
                self.score.meters[self.now] = meter
                self.whole = int(meter.bar_ql * self.score.grid)
        elif (transposition := marks.transposition_of(token)) is not None:
            column.semitones, column.fifths = transposition
        elif (fifths := marks.signature_of(token)) is not None:
            self.signatures[self.now] = marks.transposed_key(Key(fifths), column.fifths)
        elif key := marks.designation_of(token):
            is_modal = not token.endswith((":", "maj", "min"))
            self.designations[self.now] = marks.transposed_key(key, column.fifths), is_modal
        elif token.startswith("*S/"):
            first = next(one for one in self.spines.active if one.column is column)
            spine.muted = first is not spine
        elif token.startswith("*S-"):
            spine.muted = False
        else:
            read_name(token, column)

    def _checked(self, read: Any, token: str) -> Any:
        return checked_mark(self.score, lambda: read(token), f"line {self.line}")

    # ------------------------------------------------------------------ bar lines

    def _barline(self, tokens: list[str]) -> None:
        ends = [spine.end for spine in self.spines.active if spine.is_rhythmic]
        time = time_of_barline(ends, self.now, self.bar + self.whole)
        self._place_pending(time)
        token = next((token for token in tokens if token.startswith("=")), "=")
        match = BAR_NUMBER.match(token)
        number = match[1] if match else ""
        # A repeat sign within a bar has no number, or that of the bar with a letter.
        is_inside = (
            self.numbered
            and number in ("", self.number)
            and not token.startswith("==")
            and 0 < time - self.bar < self.whole
        )
        self.number = number or self.number
        if ":|" in token or ":!" in token:
            self.expansions.backward.add(time)
        if "|:" in token or "!:" in token:
            self.expansions.forward.add(time)
        if any(";" in token for token in tokens):
            self.score.breaks.add(time)
        for spine in self.spines.active:
            spine.end = max(spine.end, time)
        self.now = time
        if not is_inside and time > self.bar:
            self.score.bars.append(time)
            self.bar = time

    # ------------------------------------------------------------------ notes

    def _data(self, tokens: list[str]) -> None:
        read: list[tuple[Spine, int, KernToken, int]] = []
        symbols: list[str] = []
        voice, column = 0, None
        for spine, token in zip(self.spines.active, tokens, strict=True):
            voice = voice + 1 if spine.column is column else 0
            column = spine.column
            if token in (".", ""):
                continue
            if spine.is_rhythmic:
                duration, content = self._token(token, is_kern=spine.is_kern)
                read.append((spine, duration, content, voice))
            elif spine.column.kind in CHORD_SPINES and (symbol := chord_symbol(token)):
                symbols.append(symbol)
        if not any(duration for _, duration, _, _ in read):
            # A line with grace notes only, or without any note, takes no time.
            for spine, _, content, voice in read:
                self._add_notes(spine, 0, content, voice)
            if read or self.last < 0:
                self._add_symbols(symbols, self.now)
            else:
                self.pending.append(symbols)
            return
        # Where a grace note took its place in the line before, a note may follow at the same time.
        ends = [
            spine.end
            for spine, duration, _, _ in read
            if duration and spine.end > self.last - spine.after_grace
        ]
        if len(set(ends)) > 1:
            self._warn("the notes before this line do not end together")
        time = time_of_line(ends, self.now)
        self._place_pending(time)
        self._add_symbols(symbols, time)
        self.now = self.last = time
        for spine, duration, content, voice in read:
            self._add_notes(spine, duration, content, voice)
            if duration:
                spine.end = time + duration
            spine.after_grace = content.is_grace
        ends = [spine.end for spine in self.spines.active if spine.end > time]
        self.now = min(ends, default=time)

    def _token(self, token: str, *, is_kern: bool) -> tuple[int, KernToken]:
        """Return the duration of a token in steps, and its content."""
        if not is_kern:
            return round(duration_of(token) * self.score.grid), KernToken(Fraction(0))
        found = self.durations.get(token)
        if found is None:
            content = read_token(token)
            steps = content.duration * self.score.grid
            if steps.denominator > 1 and not content.fault:
                content = content._replace(fault=f"an odd duration is rounded: {token[:20]!r}")
            found = self.durations[token] = (max(round(steps), 1) if steps else 0, content)
        if found[1].fault:
            self._warn(found[1].fault)
        return found

    def _add_notes(self, spine: Spine, duration: int, content: KernToken, voice: int) -> None:
        if spine.muted:
            return
        column, is_chord = spine.column, False
        if content.is_unpitched:
            column.names["drums"] = "yes"
        if content.mark and not content.notes:
            self.score.breaks.add(self.now + duration)
        for pitch, ties in content.notes:
            sounding = pitch + column.semitones
            if not 0 <= sounding <= 127:
                self._warn(f"a pitch is outside 0 to 127: {sounding}")
                continue
            if content.is_grace:
                ties = -1 if is_chord else 0
            note = WrittenNote(self.now, duration, sounding, column.number, voice, ties)
            self.score.notes.append(note._replace(mark=content.mark))
            is_chord = True

    # ------------------------------------------------------------------ chord symbols

    def _add_symbols(self, symbols: list[str], time: int) -> None:
        if symbols:
            self.score.chord_symbols.setdefault(time, ChordSymbol(symbols[0]))

    def _place_pending(self, time: int) -> None:
        """Place the chord symbols of lines without notes evenly up to the next time."""
        for i, symbols in enumerate(self.pending, 1):
            between = self.last + (time - self.last) * i // (len(self.pending) + 1)
            self._add_symbols(symbols, between)
        self.pending = []

    # ------------------------------------------------------------------ the whole

    def _finish(self) -> WrittenScore:
        ends = [spine.end for spine in self.spines.active]
        score = self.score
        self._place_pending(max([self.now, *ends]))
        notes = [note.onset + note.duration for note in score.notes]
        score.length = max([self.now, *ends, *notes])
        score.bars = [0, *score.bars]
        if score.bars[-1] >= score.length and len(score.bars) > 1:
            score.bars.pop()
        score.keys = self._keys()
        score.title, score.composer = marks.title_and_composer(self.records)
        score.notes, score.parts = self.staves.parts(self.spines.columns, score.notes)
        return score

    def _keys(self) -> dict[int, Key]:
        """Return the keys by time.

        A signature without a key of its own is taken for major. In a church mode, the signature
        decides the number of accidentals, because many pieces do not write all of them.
        """
        keys = dict(self.signatures)
        fifths: int | None = None
        for time in sorted(self.signatures | self.designations):
            if time in self.signatures:
                fifths = self.signatures[time].fifths
            if time in self.designations:
                key, is_modal = self.designations[time]
                keys[time] = Key(fifths, key.mode) if is_modal and fifths is not None else key
        return keys


def _is_barline(tokens: list[str], spines: Spines) -> bool:
    """Return whether all kern spines of a line have bar lines."""
    kern = [token for token, spine in zip(tokens, spines.active, strict=True) if spine.is_kern]
    return bool(kern) and all(token.startswith("=") for token in kern)
