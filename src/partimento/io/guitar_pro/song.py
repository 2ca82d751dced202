"""Hold the content of a Guitar Pro file, and build a Piece from it.

All versions of the format are read as a `Song`. Bars are laid out in time, repeats unfolded, grace
notes placed and ties joined as for MusicXML.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from partimento.errors import InvalidScoreError
from partimento.io.musicxml.layout import piece_of
from partimento.io.musicxml.marks import Instruments
from partimento.io.musicxml.part import TIES, BarLength, PartReader
from partimento.io.musicxml.repeats import playing_order
from partimento.io.musicxml.turns import Turns
from partimento.music.fermatas import FERMATA
from partimento.music.grace_placement import GRACE_QL
from partimento.music.limits import MAX_QUARTERS, check_size
from partimento.music.notes import MAX_GRID
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter, Part, Tempo

HARMONIC = "harmonic"  # a key of `Song.left_out`
LEAST_GRID = 32  # steps per quarter that represent grace notes, and bars of every meter


@dataclass
class Tone:
    """A note of a beat.

    Attributes
    ----------
    pitch : int
        MIDI pitch, as it sounds.
    velocity : int
    string, fret : int
        As printed; string 1 is the highest. They are -1 for drums and other notes without them.
    tied : bool
        Whether it continues the note before it on its string.
    """

    pitch: int
    velocity: int = 80
    string: int = -1
    fret: int = -1
    tied: bool = False


@dataclass
class Beat:
    """The notes of a voice that begin together; none for a rest.

    Attributes
    ----------
    duration : Fraction
        In quarters; not used for grace notes.
    tones : list of Tone
    grace : bool
    chord : str
        The chord symbol above it; empty if there is none.
    tempo : Tempo or None
        The tempo that is valid from here on.
    """

    duration: Fraction
    tones: list[Tone] = field(default_factory=list)
    grace: bool = False
    chord: str = ""
    tempo: Tempo | None = None


Voices = list[list[Beat]]  # the voices of a bar


@dataclass
class Track:
    """One instrument; `bars` has its voices for each bar."""

    part: Part
    bars: list[Voices] = field(default_factory=list)


@dataclass
class BarHead:
    """The marks of a bar, for all tracks.

    `tempos` are by the quarters before them; `fermatas` are such times.
    """

    meter: Meter
    key: Key | None = None
    turns: Turns = field(default_factory=Turns)
    tempos: dict[Fraction, Tempo] = field(default_factory=dict)
    fermatas: set[Fraction] = field(default_factory=set)


@dataclass
class Song:
    """The content of a file.

    Attributes
    ----------
    heads : list of BarHead
    tracks : list of Track
    title, composer : str
    has_pickup : bool
        Whether the file states that the first bar is a pickup.
    left_out : Counter of str
        The numbers of what is not read, by names in the singular.
    warning : str
        A further warning; empty if there is none.
    """

    heads: list[BarHead]
    tracks: list[Track]
    title: str = ""
    composer: str = ""
    has_pickup: bool = False
    left_out: Counter[str] = field(default_factory=Counter)
    warning: str = ""


def piece_of_song(song: Song, *, unfold: bool) -> Piece:
    """Build a piece from the content of a file.

    Parameters
    ----------
    song : Song
    unfold : bool
        Whether repeats, endings and jumps are written out as they are played.

    Raises
    ------
    InvalidScoreError, ValueError
        If there are no notes, a value is invalid, or the piece is larger than any score.
    """
    if not song.heads or not song.tracks:
        raise InvalidScoreError("it has no notes")
    _check_limits(song)
    grid = _grid(song)
    pickup = _pickup(song)
    lengths = [head.meter.bar_ql for head in song.heads]
    if pickup:
        lengths[0] = pickup
    fermatas = [head.fermatas for head in song.heads]
    readers = [_reader(track, lengths, fermatas, grid) for track in song.tracks]
    _add_marks(readers[0], song, grid, has_pickup=bool(pickup))
    turns = {i: head.turns for i, head in enumerate(song.heads)}
    order = playing_order(turns, len(song.heads)) if unfold else None
    piece = piece_of(
        readers,
        grid,
        order,
        parts=tuple(track.part for track in song.tracks),
        title=song.title,
        composer=song.composer,
    )
    # A fermata holds all tracks: the highest note under it says where the phrase ends.
    return piece.replace(phrase_ends=(), warnings=(*piece.warnings, *_warnings(song)))


def _warnings(song: Song) -> list[str]:
    counts = dict(song.left_out)
    harmonics = counts.pop(HARMONIC, 0)
    names = [f"{n} {name}{'s' * (n > 1)}" for name, n in sorted(counts.items())]
    lines = [song.warning, f"left out: {', '.join(names)}" if names else ""]
    if harmonics:
        are = "harmonic is" if harmonics == 1 else "harmonics are"
        lines.append(f"{harmonics} {are} read as the pitch of the fret")
    return [line for line in lines if line]


def _beats(song: Song) -> Iterator[Beat]:
    return (beat for track in song.tracks for bar in track.bars for voice in bar for beat in voice)


def _check_limits(song: Song) -> None:
    notes = sum(len(beat.tones) for beat in _beats(song))
    check_size(notes or 1, 0)
    for beat in _beats(song):
        if not 0 < beat.duration <= MAX_QUARTERS:
            raise InvalidScoreError("damaged: a note or rest has no duration")
        for tone in beat.tones:
            if not 0 <= tone.pitch <= 127:
                raise InvalidScoreError(f"a pitch is outside 0 to 127: {tone.pitch}")


def _grid(song: Song) -> int:
    """Return steps per quarter that represent all times."""
    grid = LEAST_GRID
    for denominator in {beat.duration.denominator for beat in _beats(song) if not beat.grace}:
        grid = math.lcm(grid, denominator)
        if grid > MAX_GRID:
            raise InvalidScoreError(
                f"its times have no common grid: it would need more than {MAX_GRID} steps per"
                " quarter"
            )
    return grid


def _end(voice: list[Beat]) -> Fraction:
    return sum((beat.duration for beat in voice if not beat.grace), Fraction(0))


def _pickup(song: Song) -> Fraction:
    """Return the length of an incomplete first bar; 0 if it is complete.

    Its voices end too early, or its meter is shorter than that of the second bar.
    """
    if len(song.heads) < 2:
        return Fraction(0)
    first, second = song.heads[0].meter.bar_ql, song.heads[1].meter.bar_ql
    ends = [_end(voice) for track in song.tracks if track.bars for voice in track.bars[0] if voice]
    sounds = any(beat.tones for track in song.tracks for v in track.bars[0] for beat in v)
    longest = max(ends, default=Fraction(0))
    if sounds and 0 < longest < first:
        return longest
    return first if first < second and (sounds or song.has_pickup) else Fraction(0)


def _reader(
    track: Track, lengths: list[Fraction], fermatas: list[set[Fraction]], grid: int
) -> PartReader:
    """Return the notes of a track in the form in which MusicXML is read."""
    instruments = Instruments(track.part.program, track.part.is_drum)
    reader = PartReader(grid, instruments, has_tab=True, is_exact=True, turns=None)
    # The last row on each string, by voice and over all voices.
    last: dict[tuple[int, int], int] = {}
    for index, length in enumerate(lengths):
        voices = track.bars[index] if index < len(track.bars) else []
        ends = []
        for number, voice in enumerate(voices):
            if voice:
                ends.append(int(_end(voice) * grid))
                _add_voice(reader, (index, number), voice, last, fermatas[index])
        whole = int(length * grid)
        sounds = any(beat.tones for voice in voices for beat in voice)
        full = tuple(max(end, whole) for end in ends) or (whole,)
        furthest = max(full)
        reader.lengths.append(
            BarLength(
                full,
                rests=False,
                sounds=sounds,
                uncounted=False,
                furthest=furthest,
                sounded=furthest,
                heard=furthest,
            )
        )
    return reader


def _add_voice(
    reader: PartReader,
    place: tuple[int, int],
    voice: list[Beat],
    last: dict[tuple[int, int], int],
    fermatas: set[Fraction],
) -> None:
    """Add the notes of a voice to the rows of a part.

    `place` has the indices of the bar and the voice, and `last` the last row of each string.
    """
    index, number = place
    now = Fraction(0)
    for beat in voice:
        onset = int(now * reader.grid)
        ticks = int((GRACE_QL if beat.grace else beat.duration) * reader.grid)
        if beat.tones and beat.grace:
            reader.voices.append(str(number))
        grace = len(reader.voices) - 1 if beat.grace else 0
        written = reader.written_voices.setdefault(("1", str(number)), len(reader.written_voices))
        marks = FERMATA * (now in fermatas)
        if beat.chord.strip():
            reader.chords.setdefault((index, onset), beat.chord.strip())
        if beat.tempo:
            reader.tempos.setdefault((index, onset), beat.tempo)
        for tone in beat.tones:
            string = tone.string if tone.string > 0 else -1 - tone.pitch
            before = last.get((number, string), last.get((-1, string)))
            pitch, ties = tone.pitch, 0
            if tone.tied and before is not None and not beat.grace:
                row = reader.rows[before]
                reader.rows[before] = (*row[:-1], row[-1] | TIES["start"])
                pitch, ties = row[3], TIES["stop"]
            if not beat.grace:
                last[number, string] = last[-1, string] = len(reader.rows)
            position = (tone.string, tone.fret) if tone.string > 0 else (-1, -1)
            note = (index, onset, ticks, pitch, tone.velocity)
            reader.rows.append((*note, *position, grace, written, marks, ties))
        if not beat.grace:
            now += beat.duration


def _add_marks(reader: PartReader, song: Song, grid: int, *, has_pickup: bool) -> None:
    """Add the meters, keys and tempos of the bars to the first part."""
    meter: Meter | None = None
    key: Key | None = None
    for index, head in enumerate(song.heads):
        is_pickup = has_pickup and index == 0
        stated = song.heads[1].meter if is_pickup else head.meter
        if stated != meter:
            reader.meters[index, 0] = meter = stated
        if head.key is not None and head.key != key:
            reader.keys[index, 0] = key = head.key
        for time, tempo in head.tempos.items():
            reader.tempos.setdefault((index, int(time * grid)), tempo)
