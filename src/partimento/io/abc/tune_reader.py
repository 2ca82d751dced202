"""Read the lines of an ABC tune: its fields, and the music of its voices."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

from partimento.errors import InvalidScoreError
from partimento.io.abc.fields import (
    AbcKey,
    Shift,
    default_length,
    has_key,
    parse_key,
    parse_length,
    parse_meter,
    parse_name,
    parse_shift,
    parse_tempo,
)
from partimento.io.abc.tokens import tokens, without_comment
from partimento.io.abc.tunes import plain_text
from partimento.io.abc.voice import Row, Voice
from partimento.io.abc.words import align
from partimento.music.timelines import ChordSymbol, Key, Meter, Tempo

FIELD = re.compile(r"[ \t]*([A-Za-z+]):(.*)", re.DOTALL)
# A line of music that looks like a field, because it begins with a note or rest: ``A:|``.
MUSIC_LINE = re.compile(r"[ \t]*[a-gA-Gzx]::?\|")
DIRECTIVE = re.compile(r"(?:%%|I:)\s*(\S+)\s*(.*)", re.DOTALL)
CHORD = re.compile(r"[A-H][#b♯♭]?(?:[^\s/]{0,16})(?:/[A-Ha-h][#b♯♭]?)?")
WORDS = re.compile(
    r"(?:fine|coda|segno|d\.?\s?[cs]\.?|da capo|dal segno|intro|chorus|verse)\b", re.IGNORECASE
)
MOST_VOICES = 128
PARTS = "partimento-parts"  # our directive: the number of the part of each voice
SHOWN_SIGNS = 12  # of those that are left out


class TuneReader:
    """Read a tune line by line.

    Attributes
    ----------
    voices : dict of str to Voice
        By their names in the file.
    meters, keys, tempos, chord_symbols : dict
        The marks by their time in quarters; at one time, the first one counts.
    parts_order : str
        The order of parts that the header states.
    part_bars : dict of str to int
        The bar of the first voice with which each part begins.
    """

    def __init__(self) -> None:
        self.title = self.composer = self.parts_order = ""
        self.part_bars: dict[str, int] = {}
        self.voices: dict[str, Voice] = {}
        self.voice: Voice | None = None
        self.meters: dict[Fraction, Meter] = {}
        self.keys: dict[Fraction, Key] = {}
        self.tempos: dict[Fraction, Tempo] = {}
        self.chord_symbols: dict[Fraction, ChordSymbol] = {}
        self.in_body = False
        self.unit: Fraction | None = None
        self.meter: Meter | None = None
        self.key, self.shift = AbcKey(), Shift()
        self.program: int | None = None
        self.is_drum = False
        self.propagate = "pitch"
        self.macros: dict[str, str] = {}
        self.left_out: list[str] = []
        self.faults: list[str] = []
        self.last_field = ""
        self.part_numbers: list[int] = []
        self.lyrics: list[tuple[Voice, Row, str]] = []
        self.sung: list[Row] = []  # the notes of the last line of music, one of each chord
        self.has_words = False  # whether this line has its first verse

    @property
    def heard(self) -> list[Voice]:
        """The voices that have notes, in the order of the file."""
        return [voice for voice in self.voices.values() if voice.rows]

    def warnings(self) -> list[str]:
        """Return what was left out, a sentence for each kind."""
        found = list(dict.fromkeys(self.faults))
        if self.left_out:
            signs = " ".join(dict.fromkeys(self.left_out[:SHOWN_SIGNS]))
            number = len(self.left_out)
            what = "a sign that is" if number == 1 else f"{number} signs that are"
            found.append(f"{what} no ABC, left out: {signs}")
        return found

    def read(self, text: str) -> None:
        """Read the whole text of a tune."""
        for line in re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff")):
            self._line(line)
        for voice in self.voices.values():
            voice.finish()

    def _line(self, line: str) -> None:
        if line.startswith(("%%", "I:")):
            self._directive(line)
            return
        line = without_comment(line).rstrip()
        field = FIELD.match(line)
        if field and not (self.in_body and MUSIC_LINE.match(line)):
            self._field(field[1], field[2].strip())
        elif self.in_body and line.strip():
            self._music(line)

    def _directive(self, line: str) -> None:
        match = DIRECTIVE.match(line)
        if match is None:
            return
        name, value = match[1].lower(), match[2].split("%")[0].strip()
        if name == "propagate-accidentals" and value in ("not", "octave", "pitch"):
            self.propagate = value
            for voice in self.voices.values():
                voice.propagate = value
        elif name == "midi":
            self._midi(value)
        elif name == PARTS and re.fullmatch(r"\d{1,3}( \d{1,3})*", value):
            self.part_numbers = [int(number) for number in value.split()]

    def _midi(self, value: str) -> None:
        words = value.split()
        numbers = [int(word) for word in words[1:] if re.fullmatch(r"[-+]?\d{1,4}", word)]
        if not words or not numbers:
            return
        voice = self.voice if self.in_body else None
        target = voice or self
        if words[0] == "program" and 0 <= numbers[-1] < 128:
            target.program = numbers[-1]
        elif words[0] == "channel":
            target.is_drum = numbers[0] == 10
        elif words[0] in ("transpose", "rtranspose"):
            semitones = max(min(numbers[0], 60), -60)
            if words[0] == "rtranspose":
                semitones += target.shift.midi
            target.shift = replace(target.shift, midi=semitones)

    # ------------------------------------------------------------------ fields

    def _field(self, name: str, value: str) -> None:
        if name == "+":
            name, value = self.last_field, value
            if name == "T":
                self.title = f"{self.title} {plain_text(value)}".strip()
            return
        self.last_field = name
        if name == "T" and not self.in_body:
            self.title = self.title or plain_text(value)
        elif name == "C" and not self.in_body:
            self.composer = self.composer or plain_text(value)
        elif name == "m" and "=" in value:
            target, _, replacement = value.partition("=")
            if "n" not in target and target.strip():
                self.macros[target.strip()] = replacement.strip()
        elif name == "w" and self.in_body:
            self._words(value)
        elif name in HANDLERS:
            try:
                HANDLERS[name](self, value)
            except (InvalidScoreError, ValueError, ArithmeticError) as error:
                self.faults.append(f"{error}: it was left out")

    def _current(self) -> Voice:
        """Return the current voice; music before any voice belongs to the first one."""
        if self.voice is None:
            self.voice = next(iter(self.voices.values()), None) or self._new_voice("1")
        return self.voice

    def _new_voice(self, name: str) -> Voice:
        voice = Voice(
            unit=self.unit or default_length(self.meter),
            meter=self.meter,
            key=self.key,
            shift=self.shift,
            propagate=self.propagate,
        )
        voice.program, voice.is_drum = self.program, self.is_drum
        self.voices[name] = voice
        return voice

    def _mark(self, marks: dict[Fraction, Any], time: Fraction, mark: Any) -> None:
        """Store a mark; at one time, the last one of the first voice counts."""
        if self.voice in (None, next(iter(self.voices.values()), None)) or time not in marks:
            marks[time] = mark

    def _meter(self, value: str) -> None:
        meter = parse_meter(value)
        if not self.in_body:
            self.meter = meter
            for voice in self.voices.values():
                voice.meter = meter
            return
        voice = self._current()
        voice.meter = meter
        if meter:
            self._mark(self.meters, voice.now, meter)

    def _length(self, value: str) -> None:
        unit = parse_length(value)
        if self.in_body:
            self._current().unit = unit
        else:
            self.unit = unit

    def _tempo(self, value: str) -> None:
        voice = self._current() if self.in_body else None
        unit = voice.unit if voice else self.unit or default_length(self.meter)
        tempo = parse_tempo(value, unit)
        if tempo:
            self._mark(self.tempos, voice.now if voice else Fraction(0), tempo)

    def _parts(self, value: str) -> None:
        if self.in_body:
            self.part_bars.setdefault(value.strip()[:1], len(self._current().bars) - 1)
        else:
            self.parts_order = value

    def _key(self, value: str) -> None:
        if self.in_body:
            voice = self._current()
            voice.shift = parse_shift(value, voice.shift)
            if has_key(value):
                voice.key = parse_key(value)
                voice.accidentals = {}
                if voice.key.key:
                    self._mark(self.keys, voice.now, voice.key.key)
            return
        self.key, self.shift = parse_key(value), parse_shift(value, self.shift)
        unit = self.unit or default_length(self.meter)
        for voice in self.voices.values():
            voice.key, voice.unit, voice.meter = self.key, unit, self.meter
            if voice.shift == Shift():
                voice.shift = self.shift
            voice.program = self.program if voice.program is None else voice.program
            voice.is_drum |= self.is_drum
        self.in_body = True
        if self.meter:
            self.meters.setdefault(Fraction(0), self.meter)
        if self.key.key:
            self.keys.setdefault(Fraction(0), self.key.key)

    def _voice(self, value: str) -> None:
        name, _, rest = value.strip().partition(" ")
        name = name or "1"
        if name not in self.voices and len(self.voices) >= MOST_VOICES:
            raise InvalidScoreError(f"more than {MOST_VOICES} voices")
        voice = self.voices.get(name) or self._new_voice(name)
        stated = parse_name(rest)
        if stated is not None:
            voice.name = plain_text(stated.replace("\\n", " "))
        if rest:
            voice.shift = parse_shift(rest, voice.shift)
            if re.search(r"(?:clef=|(?<![\w=]))perc", re.sub(r'"[^"]*"', "", rest)):
                voice.is_drum = True
        if self.in_body:
            self.voice = voice

    # ------------------------------------------------------------------ music

    def _music(self, line: str) -> None:
        for target, replacement in self.macros.items():
            line = line.replace(target, replacement)
        voice = self._current()
        first = len(voice.rows)
        for token in tokens(line):
            kind = str(token.lastgroup)
            if kind == "note":
                read: bool | None = voice.note(
                    *token.group("accidental", "letter", "octave", "length", "tie")
                )
            elif kind == "field":
                self._inline(token[0])
                voice = self._current()
                continue
            else:
                read = SIGNS[kind](self, voice, token[0]) if kind in SIGNS else True
            if read is False:
                self.left_out.append(token[0][:20])
        heard = [row for row in voice.rows[first:] if row.duration and not row.layer]
        self.sung = list({row.onset: row for row in reversed(heard)}.values())[::-1]
        self.has_words = False

    def _words(self, value: str) -> None:
        """Read the first verse of a line; further ones are left out."""
        voice = self._current()
        if not self.has_words:
            for row, text in align(plain_text(value), self.sung, voice.bars):
                self.lyrics.append((voice, row, text))
        self.has_words = True

    def _inline(self, text: str) -> None:
        name, value = text[1], text[3:-1].strip()
        if name == "I":
            self._directive(f"I:{value}")
        elif name in "KLMQVP":
            self._field(name, value)

    def _bar(self, voice: Voice, text: str) -> None:
        match = re.match(r"([.\[\]|:]*?)(\d.*|\s*\[\s*\d.*)?$", text, re.DOTALL)
        line, ending = (match[1], match[2] or "") if match else (text, "")
        voice.bar(line.rstrip(), ending)

    def _text(self, voice: Voice, text: str) -> None:
        """Read a chord symbol; text above or below the staff is ignored."""
        for symbol in re.split(r"[;\n]", text[1:-1]):
            symbol = symbol.strip()
            if symbol[:1] in ("^", "_", "<", ">", "@", ""):
                continue
            name = symbol.strip("() ")
            if name in ("N.C.", "NC") or (CHORD.fullmatch(name) and not WORDS.match(name)):
                self.chord_symbols[voice.now] = ChordSymbol(plain_text(name))
            return


HANDLERS: dict[str, Callable[[TuneReader, str], None]] = {
    "M": TuneReader._meter,
    "L": TuneReader._length,
    "Q": TuneReader._tempo,
    "P": TuneReader._parts,
    "K": TuneReader._key,
    "V": TuneReader._voice,
}
SIGNS: dict[str, Callable[[TuneReader, Voice, str], bool | None]] = {
    "bar": TuneReader._bar,
    "text": TuneReader._text,
    "rest": lambda _, voice, text: voice.rest(text),
    "chord": lambda _, voice, text: voice.chord(text),
    "grace": lambda _, voice, text: voice.grace(text),
    "broken": lambda _, voice, text: voice.broken_rhythm(text),
    "tuplet": lambda _, voice, text: voice.tuplet(text),
    "overlay": lambda _, voice, text: voice.overlay(text),
    "ending": lambda _, voice, text: voice.ending(text),
    "late_tie": lambda _, voice, text: voice.late_tie(),
    "decoration": lambda _, voice, text: voice.decoration(text),
    "fermata": lambda _, voice, text: voice.decoration("fermata"),
    "bad": lambda _, voice, text: False,
}
