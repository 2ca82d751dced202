"""Write Guitar Pro 5 files through PyGuitarPro.

The rhythm is that of the notation, in two voices. Strings and frets are those of the notes. Guitar
Pro knows no pickup: it becomes a short first bar.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import guitarpro
from guitarpro import models

from partimento.errors import PartimentoError
from partimento.music.piece import Piece
from partimento.music.text import check_names
from partimento.music.timelines import Bar, Key, Meter, Part, Tempo, from_start
from partimento.notation.graces import Ornaments, WrittenNotes, written_notes
from partimento.notation.layout import (
    PartLayout,
    by_bar,
    drawn_times,
    lay_out,
    spans_of,
    ticks_for,
    voice_bar,
)
from partimento.notation.rhythm import Tuplet
from partimento.notation.symbol import Symbol
from partimento.notation.voices import Span

# PyGuitarPro's objects have no types.
Song = Any
Beat = Any

VERSION = (5, 1, 0)
VALUES = {
    "whole": 1,
    "half": 2,
    "quarter": 4,
    "eighth": 8,
    "16th": 16,
    "32nd": 32,
    "64th": 64,
    "128th": 128,
}
LONGER = {"breve": 2, "long": 4}  # in whole notes, which are tied
TUPLETS = {(3, 2), (5, 4), (6, 4), (7, 4), (9, 8), (10, 8), (11, 8), (12, 8), (13, 8)}
VOICES = 2
DRUM_CHANNEL = 9
MOST_TRACKS = 15  # channels besides that of the drums
HIGHEST_FRET = 24
NOTICE = 200  # characters of a line of the notice, which has at most 255 bytes
MOST_STRINGS = 7


def to_guitar_pro(piece: Piece) -> bytes:
    """Convert a piece to a Guitar Pro 5 file.

    Parameters
    ----------
    piece : Piece
        Each note, except those of drums, has a string and a fret, and each part its strings.

    Raises
    ------
    PartimentoError
        If a note has no string, or a rhythm has no notation in Guitar Pro.
    """
    check_names(piece)
    check_strings(piece)
    if sum(not part.is_drum for part in piece.parts) > MOST_TRACKS:
        raise PartimentoError(f"a Guitar Pro file has at most {MOST_TRACKS} tracks besides drums")
    song, lost = _song(piece, "grace")
    if lost:
        song, lost = _with_written_graces(piece) or (song, lost)
    if lost:
        notes = "1 grace note is" if lost == 1 else f"{lost} grace notes are"
        warnings.warn(f"{notes} left out: Guitar Pro has one per note", stacklevel=2)
    stream = io.BytesIO()
    guitarpro.write(song, stream, version=VERSION, encoding=_encoding(piece))
    return stream.getvalue()


def _with_written_graces(piece: Piece) -> tuple[Song, int] | None:
    """Return the song with grace notes as short notes; None if they are too short."""
    notes = piece.notes
    try:
        return _song(piece.replace(notes=notes.replace(grace=notes.grace * 0)), "exact")
    except PartimentoError:
        return None


def _song(piece: Piece, ornaments: Ornaments) -> tuple[Song, int]:
    """Return the song, and how many grace notes it lacks."""
    bars = piece.bars()
    song = models.Song(title=piece.title, music=piece.composer, artist=piece.composer)
    if piece.provenance is not None:
        text = piece.provenance.to_text()
        song.notice = [text[i : i + NOTICE] for i in range(0, len(text), NOTICE)]
    tempos = from_start(piece.tempos, Tempo())
    song.tempo = _bpm(tempos[0])
    song.tracks = []
    song.measureHeaders = [_header(piece, number, bar) for number, bar in enumerate(bars, 1)]
    ticks = ticks_for(piece)
    written = written_notes(piece, ornaments)
    lost = int(written.is_grace.sum())
    drawn = drawn_times(piece, written, bars, ticks)
    for number, part in enumerate(piece.parts):
        track = _track(song, number, part)
        layout = lay_out(piece, written, number, bars, ticks, drawn)
        writer = _TrackWriter(piece, number, track, ticks)
        writer.write(bars, _two_voices(piece, written, number, layout, bars, drawn, ticks))
        lost -= writer.graces
        song.tracks.append(track)
    _add_marks(piece, song, bars, tempos[1:])
    return song, lost


def check_strings(piece: Piece) -> None:
    """Raise PartimentoError if a note, but of drums, has no string and fret."""
    notes, drums = piece.notes, piece.drums
    missing = ~drums & ((notes.fret < 0) | (notes.string < 1))
    if missing.any():
        first = int(missing.argmax())
        onset = Fraction(int(notes.onset[first]), notes.divisions)
        bar = [bar.number for bar in piece.bars() if bar.onset <= onset][-1]
        name = piece.parts[int(notes.part[first])].name or "the piece"
        raise PartimentoError(
            f"{int(missing.sum())} notes have no string and fret, the first one in bar {bar} of"
            f" {name}: Guitar Pro cannot hold them"
        )


def _encoding(piece: Piece) -> str:
    text = "".join((piece.title, piece.composer, *(part.name for part in piece.parts)))
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return "utf-8"
    return "cp1252"


def _bpm(tempo: Tempo) -> int:
    return max(1, round(tempo.bpm))


def _header(piece: Piece, number: int, bar: Bar) -> Any:
    key = next((key for key in reversed(piece.keys) if key.onset <= bar.onset), Key())
    length, meter = bar.duration, bar.meter
    if length != meter.bar_ql:  # a pickup, or a bar before a change of meter
        whole = length / 4
        meter = Meter(whole.numerator, whole.denominator)
        while meter.denominator < bar.meter.denominator:
            meter = Meter(meter.numerator * 2, meter.denominator * 2)
    return models.MeasureHeader(
        number=number,
        keySignature=models.KeySignature((key.fifths, int(key.mode == "minor"))),
        timeSignature=models.TimeSignature(meter.numerator, models.Duration(meter.denominator)),
    )


def _track(song: Song, number: int, part: Part) -> Any:
    channel = DRUM_CHANNEL if part.is_drum else [c for c in range(16) if c != DRUM_CHANNEL][number]
    strings = part.strings or (64, 59, 55, 50, 45, 40)
    return models.Track(
        song,
        number=number + 1,
        name=part.name or f"Track {number + 1}",
        fretCount=HIGHEST_FRET,
        offset=part.capo,
        isPercussionTrack=part.is_drum,
        strings=[models.GuitarString(i, pitch) for i, pitch in enumerate(strings, 1)],
        channel=models.MidiChannel(
            channel=channel, effectChannel=channel, instrument=part.program or 0
        ),
    )


def _two_voices(
    piece: Piece,
    written: WrittenNotes,
    number: int,
    layout: PartLayout,
    bars: Sequence[Bar],
    drawn: Sequence[dict[int, int]],
    ticks: int,
) -> Iterator[list[Sequence[Symbol]]]:
    """Yield one or two voices of each bar; further ones are joined with the second.

    A note stays in the voice in which it begins, so that its ties do, too.
    """
    spans = spans_of(piece, written, number, ticks)
    voice_of: dict[int, int] = {}
    for bar, in_bar, times, staves in zip(
        bars, by_bar(spans, bars, ticks), drawn, layout.bars, strict=True
    ):
        symbols = [voice for staff in staves for voice in staff.voices]
        graces: dict[int, tuple[int, ...]] = {}
        for rank, voice in enumerate(symbols):
            for symbol in voice:
                for note, _, _ in symbol.notes:
                    voice_of.setdefault(note, min(rank, VOICES - 1))
                    if symbol.graces:
                        graces.setdefault(note, symbol.graces)
        by_voice: list[list[Span]] = [[], []]
        for span in in_bar:
            by_voice[voice_of.get(span.note, 0)].append(span)
        used = by_voice if by_voice[1] else by_voice[:1]
        yield [
            [_with_graces(symbol, graces) for symbol in voice_bar(bar, voice, ticks, times)]
            for voice in used
        ]


def _with_graces(symbol: Symbol, graces: Mapping[int, tuple[int, ...]]) -> Symbol:
    """Return a symbol with the grace notes before one of its notes."""
    before = [graces[note] for note, is_tied, _ in symbol.notes if note in graces and not is_tied]
    return replace(symbol, graces=before[0]) if before else symbol


def _add_marks(piece: Piece, song: Song, bars: Sequence[Bar], tempos: Sequence[Tempo]) -> None:
    """Add chord symbols and changes of tempo to the beats of the first track."""
    marks: list[Any] = [*piece.chord_symbols, *tempos]
    for mark in marks:
        beat = _beat_at(song, bars, mark.onset)
        if beat is None:
            continue
        if isinstance(mark, Tempo):
            change = models.MixTableChange(tempo=models.MixTableItem(value=_bpm(mark), duration=0))
            beat.effect.mixTableChange = change
        else:
            beat.text = mark.text


def _beat_at(song: Song, bars: Sequence[Bar], onset: Fraction) -> Beat | None:
    """Return the last beat of the first track's first voice that begins by a time."""
    place = max((i for i, bar in enumerate(bars) if bar.onset <= onset), default=0)
    now, last = bars[place].onset, None
    for beat in song.tracks[0].measures[place].voices[0].beats:
        if now > onset:
            break
        last = beat
        duration = Fraction(4, beat.duration.value)
        duration *= Fraction(3, 2) if beat.duration.isDotted else 1
        now += duration * Fraction(beat.duration.tuplet.times, beat.duration.tuplet.enters)
    return last


class _TrackWriter:
    """Write the beats of one track."""

    def __init__(self, piece: Piece, number: int, track: Any, ticks: int) -> None:
        self.piece, self.track, self.ticks = piece, track, ticks
        self.part = piece.parts[number]
        notes = piece.notes
        self.pitch, self.velocity = notes.pitch.tolist(), notes.velocity.tolist()
        self.string, self.fret = notes.string.tolist(), notes.fret.tolist()
        self.latest: dict[tuple[int, int], int] = {}  # voice and string → the latest note

        self.graces = 0  # that are written
        self.cut = _cut_times(piece, number, ticks)

    def write(self, bars: Sequence[Bar], voices_of_bars: Iterator[list[Sequence[Symbol]]]) -> None:
        self.track.measures = []
        for bar, header, voices in zip(
            bars, self.track.song.measureHeaders, voices_of_bars, strict=True
        ):
            measure = models.Measure(self.track, header)
            self.track.measures.append(measure)
            for number, symbols in enumerate(voices):
                for symbol in symbols:
                    self._symbol(measure.voices[number], number, symbol, bar)

    def _symbol(self, voice: Any, voice_number: int, symbol: Symbol, bar: Bar) -> None:
        struck = [index for index, from_before, _ in symbol.notes if not from_before]
        tied = [
            index
            for index, from_before, _ in symbol.notes
            if from_before and symbol.onset < self.cut.get(index, symbol.onset + 1)
        ]
        for place, duration in enumerate(_durations(symbol, bar)):
            beat = models.Beat(voice, duration=duration, status=models.BeatStatus.rest)
            if place:
                struck, tied = [], struck + tied
            for index in struck:
                self._note(beat, index, voice_number, "normal")
            for index in tied:
                self._note(beat, index, voice_number, "tie")
            if not place and symbol.graces:
                self._grace(beat, symbol.graces[-1])
            voice.beats.append(beat)

    def _note(self, beat: Beat, index: int, voice: int, kind: str) -> None:
        """Add a note, unless its string is used or a tie would prolong another one."""
        string = self._string(index, {note.string for note in beat.notes})
        if string is None:
            return
        if kind == "tie" and self.latest.get((voice, string), index) != index:
            return
        self.latest[voice, string] = index
        fret = self.pitch[index] if self.part.is_drum else self.fret[index]
        velocity, note_type = self._velocity(index), models.NoteType[kind]
        beat.notes.append(models.Note(beat, fret, velocity=velocity, string=string, type=note_type))
        beat.status = models.BeatStatus.normal

    def _string(self, index: int, used: set[int]) -> int | None:
        """Return the string of a note, None if it is used; drums have any string each."""
        if not self.part.is_drum:
            return int(self.string[index]) if self.string[index] not in used else None
        return next((number for number in range(1, MOST_STRINGS + 1) if number not in used), None)

    def _velocity(self, index: int) -> int:
        """Return the nearest of the eight dynamics of Guitar Pro."""
        level = round((self.velocity[index] - 15) / 16)
        return int(15 + 16 * min(max(level, 0), 7))

    def _grace(self, beat: Beat, index: int) -> None:
        """Add a grace note to the note of the beat on whose string it can be played.

        Guitar Pro has one per note, and on its string.
        """
        opens = [string.value + self.track.offset for string in self.track.strings]
        frets = [self.pitch[index] - opens[note.string - 1] for note in beat.notes]
        possible = [
            (note.string != self.string[index], abs(fret - note.value), place)
            for place, (note, fret) in enumerate(zip(beat.notes, frets, strict=True))
            if 0 <= fret <= HIGHEST_FRET
        ]
        if possible and not self.part.is_drum:
            *_, place = min(possible)
            self.graces += 1
            beat.notes[place].effect.grace = models.GraceEffect(
                fret=frets[place], velocity=self._velocity(index)
            )


def _cut_times(piece: Piece, number: int, ticks: int) -> dict[int, int]:
    """Return when strings are struck again before their note ends, in ticks."""
    notes, scale = piece.notes, ticks // piece.notes.divisions
    own = (notes.part == number) & (notes.fret >= 0)
    latest: dict[int, int] = {}
    cut: dict[int, int] = {}
    for index in own.nonzero()[0].tolist():
        string, onset = int(notes.string[index]), int(notes.onset[index])
        before = latest.get(string)
        if before is not None and onset < notes.end[before] and onset > notes.onset[before]:
            cut[before] = onset * scale
        latest[string] = index
    return cut


def _durations(symbol: Symbol, bar: Bar) -> Iterator[Any]:
    """Yield the durations that make up a symbol; all but the first one are tied."""
    value = symbol.value
    tuplet = models.Tuplet(*_ratio(value.tuplet, bar))
    if value.type in LONGER:
        count = LONGER[value.type]
        for _ in range(count):
            yield models.Duration(1, False, tuplet)
        if value.dots:
            for _ in range(count // 2):
                yield models.Duration(1, False, tuplet)
        return
    if value.type not in VALUES:
        raise PartimentoError(
            f"bar {bar.number} has a {value.type} note, which Guitar Pro cannot write"
        )
    number = VALUES[value.type]
    if value.dots < 2:
        yield models.Duration(number, value.dots == 1, tuplet)
        return
    # Each further dot adds half of the value before it.
    for dot in range(value.dots + 1):
        yield models.Duration(number << dot, False, tuplet)


def _ratio(tuplet: Tuplet | None, bar: Bar) -> tuple[int, int]:
    if tuplet is None:
        return 1, 1
    ratio = (tuplet.actual, tuplet.normal)
    if ratio not in TUPLETS:
        raise PartimentoError(
            f"bar {bar.number} has {tuplet.actual} notes in the time of {tuplet.normal}, which"
            " Guitar Pro cannot write"
        )
    return ratio
