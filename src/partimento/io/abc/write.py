"""Write a piece as ABC, the text format of folk music, by the ABC standard 2.1.

Every line of simultaneous notes is a voice. A directive says which voices are one part, for our own
reader; other programs show each voice by itself. An accidental is written wherever readers could
disagree about an earlier one in the bar.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from partimento.io.abc.fields import signature
from partimento.io.abc.tune_reader import PARTS
from partimento.io.abc.words import words_of
from partimento.music.grace_placement import grace_targets
from partimento.music.lyrics import Syllable
from partimento.music.piece import Piece
from partimento.music.text import check_names
from partimento.music.timelines import Bar, Key, Meter, Part, Tempo, from_start
from partimento.notation.spelling import Spelling, spell

SIGNS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
BARS_PER_LINE = 4
MOST_IN_TUPLET = 9  # ABC has no larger number
DECIMALS = 6  # of a tempo, as far as our reader reads them


class _Chord(NamedTuple):
    """Notes of one voice that begin and end together; times in quarters."""

    onset: Fraction
    end: Fraction
    notes: tuple[int, ...]


@dataclass
class _Line:
    """A voice of ABC: notes of one part that do not overlap, except in chords."""

    part: int
    chords: list[_Chord] = field(default_factory=list)


def to_abc(piece: Piece) -> str:
    """Return a piece as a tune in ABC.

    Notes, voices, parts with their instruments, meters, keys, tempos, chord symbols, grace notes,
    fermatas, words, title and composer are kept. Velocities, strings and clefs are not.

    Parameters
    ----------
    piece : Piece

    Raises
    ------
    PartimentoError
        If a name cannot be encoded.

    Examples
    --------
    >>> from partimento.music.notes import Note
    >>> print(to_abc(Piece([Note(Fraction(0), Fraction(3), 61)])).splitlines()[-1])
    ^C3 |]
    """
    check_names(piece)
    return "\n".join([*_head(piece), *_Writer(piece).body()]) + "\n"


def _head(piece: Piece) -> Iterator[str]:
    yield "X:1"
    if piece.provenance is not None:
        yield f"%{piece.provenance.to_text()}"
    yield f"T:{_text(piece.title)}"
    if piece.composer:
        yield f"C:{_text(piece.composer)}"
    meter = from_start(piece.meters, Meter())[0]
    yield f"M:{meter.numerator}/{meter.denominator}"
    yield "L:1/4"
    if piece.tempos and piece.tempos[0].onset == 0:
        yield f"Q:{_tempo(piece.tempos[0])}"
    lines = _lines_of(piece)
    if len({line.part for line in lines}) != len(lines) or len(lines) != len(piece.parts):
        yield f"%%{PARTS} {' '.join(str(line.part + 1) for line in lines)}"
    first = piece.keys[0] if piece.keys and piece.keys[0].onset == 0 else None
    yield f"K:{_key(first)}"


def _lines_of(piece: Piece) -> list[_Line]:
    """Divide the notes of each part into voices without overlaps."""
    notes = piece.notes
    lines: list[_Line] = []
    for part in range(len(piece.parts)):
        own = np.flatnonzero((notes.part == part) & (notes.grace == 0))
        groups: dict[tuple[int, int, int], list[int]] = {}
        for i in own.tolist():
            groups.setdefault(
                (int(notes.voice[i]), int(notes.onset[i]), int(notes.end[i])), []
            ).append(i)
        of_part: list[tuple[int, _Line]] = []
        for (voice, onset, end), members in sorted(groups.items(), key=lambda item: item[0]):
            begin, stop = Fraction(onset, notes.divisions), Fraction(end, notes.divisions)
            line = next(
                (old for number, old in of_part if number == voice and old.chords[-1].end <= begin),
                None,
            )
            if line is None:
                line = _Line(part)
                of_part.append((voice, line))
            line.chords.append(_Chord(begin, stop, tuple(members)))
        lines += [line for _, line in of_part] or [_Line(part)]
    return lines


class _Writer:
    """Write the voices of a piece, bar by bar."""

    def __init__(self, piece: Piece) -> None:
        self.piece = piece
        self.names: Sequence[Spelling] = spell(piece)
        self.bars = [bar for bar in piece.bars() if bar.onset < piece.length]
        self.graces = self._graces()
        self.altered: dict[str, int] = {}  # by the key signature
        self.touched: set[str] = set()  # letters with an accidental in this bar
        self.fermatas = set(piece.fermatas)
        self.sung: list[Fraction | None] = []  # of this line of music

    def _graces(self) -> dict[tuple[int, Fraction], list[int]]:
        """Return the grace notes by part and by the time to which they lead."""
        notes = self.piece.notes
        graces: dict[tuple[int, Fraction], list[int]] = {}
        for i, target in grace_targets(notes).items():
            key = int(notes.part[i]), Fraction(target, notes.divisions)
            graces.setdefault(key, []).append(i)
        return graces

    def body(self) -> Iterator[str]:
        """Yield the lines of all voices."""
        lines = _lines_of(self.piece)
        for number, line in enumerate(lines):
            is_first = number == 0
            part = self.piece.parts[line.part]
            is_new = is_first or lines[number - 1].part != line.part
            if len(lines) > 1 or part.name or part.is_drum:
                yield f"V:{number + 1}{_voice(part) if is_new else ''}"
            if part.is_drum:
                yield "%%MIDI channel 10"
            elif part.program is not None:
                yield f"%%MIDI program {part.program}"
            yield from self._voice(line, is_first=is_first, has_graces=is_new)

    def _voice(self, line: _Line, *, is_first: bool, has_graces: bool) -> Iterator[str]:
        first = self.piece.keys[0] if self.piece.keys and not self.piece.keys[0].onset else None
        self.altered = signature(first.fifths) if first else {}
        graces = self.graces if has_graces else {}
        # Only the first voice of a part has its words.
        lyrics = [s for s in self.piece.lyrics if s.part == line.part and has_graces]
        text, self.sung = "", []
        for number, bar in enumerate(self.bars):
            self.touched = set()
            changes, inside = self._changes(bar, is_first=is_first)
            if changes or (number % BARS_PER_LINE == 0 and text):
                yield from self._line(text, lyrics)
                text = ""
                yield from changes
            is_last = number == len(self.bars) - 1
            end = "|" if not is_last or self.piece.open_end else "|]"
            text += f"{self._bar(line, bar, inside, graces)} {end} "
        yield from self._line(text, lyrics)

    def _line(self, text: str, lyrics: Sequence[Syllable]) -> Iterator[str]:
        """Yield a line of music, and its words."""
        if text:
            yield text.rstrip()
            if words := words_of(self.sung, lyrics):
                yield f"w:{_text(words)}"
        self.sung = []

    def _changes(self, bar: Bar, *, is_first: bool) -> tuple[list[str], dict[Fraction, list[str]]]:
        """Return the fields before a bar, and those inside of it by their time.

        The chord symbols are among those inside, as texts of the first voice.
        """
        piece, end = self.piece, bar.onset + bar.duration
        lines: list[str] = []
        inside: dict[Fraction, list[str]] = {}

        def add(time: Fraction, name: str, value: str) -> None:
            if bar.onset <= time < end and time > 0:
                if time == bar.onset:
                    lines.append(f"{name}:{value}")
                else:
                    inside.setdefault(time, []).append(f"[{name}:{value}]")

        for key in piece.keys:
            add(key.onset, "K", _key(key))
        for meter in piece.meters:
            add(meter.onset, "M", f"{meter.numerator}/{meter.denominator}")
        if is_first:
            for tempo in piece.tempos:
                add(tempo.onset, "Q", _tempo(tempo))
            for symbol in piece.chord_symbols:
                if bar.onset <= symbol.onset < end:
                    inside.setdefault(symbol.onset, []).append(_symbol(symbol.text))
        for key in piece.keys:  # the signature from this bar on
            if key.onset == bar.onset:
                self.altered = signature(key.fifths)
        return lines, inside

    def _bar(
        self,
        line: _Line,
        bar: Bar,
        inside: dict[Fraction, list[str]],
        graces: dict[tuple[int, Fraction], list[int]],
    ) -> str:
        end = min(bar.onset + bar.duration, self.piece.length)
        cuts = sorted({*inside, end, *self._grace_times(line, bar, graces)})
        words: list[tuple[str, Fraction, str]] = []  # what comes before, duration, the sign
        now = bar.onset
        chords = [c for c in line.chords if c.onset < end and c.end > bar.onset]
        keys = {key.onset: key for key in self.piece.keys}
        while now < end:
            before = " ".join(inside.get(now, ()))
            if now in keys:
                self.altered = signature(keys[now].fifths)
            before += self._grace(graces.get((line.part, now), ()), now)
            chord = next((c for c in chords if c.onset <= now < c.end), None)
            following = next((c.onset for c in chords if c.onset > now), end)
            stop = min(chord.end if chord else following, next(cut for cut in cuts if cut > now))
            if chord is not None and chord.onset == now and now in self.fermatas:
                before += "!fermata!"
            for value in values_of(stop - now):
                if chord is not None:
                    self.sung.append(now if now == chord.onset else None)
                now += value
                sign = "z" if chord is None else self._sign(chord, tie=now < chord.end)
                words.append((before, value, sign))
                before = ""
        text = _with_lengths(words)
        after = graces.get((line.part, end), ()) if end == self.piece.length else ()
        return f"{text} {self._grace(after, end)}".strip() if after else text

    def _grace_times(
        self, line: _Line, bar: Bar, graces: dict[tuple[int, Fraction], list[int]]
    ) -> list[Fraction]:
        """Return the times in a bar to which grace notes of a part lead."""
        end = bar.onset + bar.duration
        return [time for part, time in graces if part == line.part and bar.onset < time < end]

    def _grace(self, notes: Sequence[int], _: Fraction) -> str:
        if not notes:
            return ""
        onsets: dict[int, list[int]] = {}
        for i in notes:
            onsets.setdefault(int(self.piece.notes.onset[i]), []).append(i)
        chords = [self._pitches(tuple(onsets[onset]), "") for onset in sorted(onsets)]
        return "{" + "".join(chords) + "}"

    def _sign(self, chord: _Chord, *, tie: bool) -> str:
        """Return a note or chord with a mark for its length, and its ties."""
        return self._pitches(chord.notes, "\0" + "-" * tie)

    def _pitches(self, notes: tuple[int, ...], after: str) -> str:
        names = [self._pitch(self.names[i]) for i in notes]
        return f"{names[0]}{after}" if len(names) == 1 else f"[{''.join(names)}]{after}"

    def _pitch(self, name: Spelling) -> str:
        """Return a pitch, with an accidental where the key or the bar requires it."""
        usual = self.altered.get(name.step, 0)
        sign = ""
        if name.alter != usual or name.step in self.touched:
            sign = SIGNS[name.alter]
            self.touched.add(name.step)
        if name.octave >= 5:
            return f"{sign}{name.step.lower()}{chr(39) * (name.octave - 5)}"
        return f"{sign}{name.step}{',' * (4 - name.octave)}"


def values_of(length: Fraction) -> list[Fraction]:
    """Divide a length into those of single note values, with up to two dots.

    Triplets and other tuplets are divided as if they were plain.

    >>> [str(value) for value in values_of(Fraction(5, 4))], len(values_of(Fraction(7, 2)))
    (['1', '1/4'], 1)
    """
    values, numerator = [], length.numerator
    while numerator:
        size = numerator.bit_length()
        bits = next(n for n in (3, 2, 1) if n == 1 or _has_ones(numerator, n))
        value = ((1 << bits) - 1) << (size - bits) if size >= bits else numerator
        values.append(Fraction(value, length.denominator))
        numerator -= value
    return values


def _has_ones(number: int, count: int) -> bool:
    """Return whether the first `count` binary digits of a number are ones."""
    size = number.bit_length()
    return size >= count and number >> (size - count) == (1 << count) - 1


def _with_lengths(words: Sequence[tuple[str, Fraction, str]]) -> str:
    """Put the lengths into signs, with tuplets where they need them."""
    result: list[str] = []
    at = 0
    while at < len(words):
        factor = _odd(words[at][1])
        stop = at + 1
        if factor == 1 or factor > MOST_IN_TUPLET:
            result.append(_word(words[at], Fraction(1)))
            at = stop
            continue
        total = words[at][1]
        # A tuplet goes on until its notes together need none.
        while _odd(total) != 1 and stop < len(words) and _odd(words[stop][1]) == factor:
            total += words[stop][1]
            stop += 1
        time = 1 << (factor.bit_length() - 1)
        group = [_word(word, Fraction(factor, time)) for word in words[at:stop]]
        result.append(f"({factor}:{time}:{stop - at}" + " ".join(group))
        at = stop
    return " ".join(result)


def _odd(length: Fraction) -> int:
    """Return the odd factor of a denominator: 3 for triplets.

    >>> _odd(Fraction(1, 12)), _odd(Fraction(5, 8))
    (3, 1)
    """
    denominator = length.denominator
    return denominator // (denominator & -denominator)


def _word(word: tuple[str, Fraction, str], scale: Fraction) -> str:
    before, duration, sign = word
    length = duration * scale
    number = "" if length.numerator == 1 else str(length.numerator)
    size = "" if length.denominator == 1 else f"/{length.denominator}"
    shown = f"{number}{size}"
    return before + (sign.replace("\0", shown) if "\0" in sign else f"{sign}{shown}")


def _voice(part: Part) -> str:
    name = f' name="{_quoted(part.name)}"' if part.name else ""
    return f"{name}{' clef=perc' if part.is_drum else ''}"


def _tempo(tempo: Tempo) -> str:
    return f"1/4={f'{tempo.bpm:.{DECIMALS}f}'.rstrip('0').rstrip('.')}"


def _key(key: Key | None) -> str:
    if key is None:
        return "none"
    tonic, mode = key.name.replace("♯", "#").replace("♭", "b").split()
    return tonic + ("m" if mode == "minor" else "")


def _text(text: str) -> str:
    """Return a text on one line, in which no letter has a special meaning."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line.replace("&", "&amp;").replace("\\", "&#92;").replace("%", "&#37;")


def _symbol(text: str) -> str:
    # Entities are not read in chord symbols.
    return f'"{" ".join(text.replace(chr(34), chr(39)).split())}"'


def _quoted(text: str) -> str:
    return _text(text).replace('"', "&quot;")
