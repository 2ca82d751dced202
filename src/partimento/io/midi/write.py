"""Write standard MIDI files with exact times.

The files have format 1: a conductor track (title, meters, keys, tempos), then a track per part.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from partimento.errors import PartimentoError
from partimento.music.notes import Notes
from partimento.music.piece import Piece
from partimento.music.text import check_names
from partimento.music.timelines import Key, Meter, Part, from_start

if TYPE_CHECKING:
    import mido

FINEST = 32767  # ticks per quarter: the most that a MIDI header can state
USUAL = (480, 384)  # ticks per quarter
LONGEST = 2**28 - 1  # ticks between two events, at most; some readers accept no later time
DRUM_CHANNEL = 9
POWERS_OF_TWO = (4, 8, 16, 32, 64, 128)  # denominators
LARGEST_NUMERATOR = 255
PITCHED_CHANNELS = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)


def to_midi(piece: Piece) -> bytes:
    """Return a piece as a standard MIDI file.

    Notes, meters, keys, tempos, programs, part names, title, words and length are kept. Strings,
    frets, voices and grace flags are lost, because MIDI cannot represent them. Grace notes sound,
    except during a longer note of the same pitch in their part: MIDI cannot end one of these alone.

    Raises
    ------
    PartimentoError
        If no resolution of MIDI represents all times exactly, the piece is too long, or a name
        cannot be encoded.

    Examples
    --------
    >>> from partimento.music.notes import Note
    >>> to_midi(Piece([Note(Fraction(0), Fraction(1), 60)]))[:4]
    b'MThd'
    """
    import mido

    check_names(piece)
    resolution = resolution_for(piece)
    end = _ticks(piece.length, resolution)
    if end > LONGEST:
        raise PartimentoError(
            f"the piece is too long for MIDI: {float(piece.length):,.0f} quarter notes"
        )
    file = mido.MidiFile(type=1, ticks_per_beat=resolution, charset="utf-8")
    file.tracks.append(_track(_conductor(piece, resolution), end))
    for number, ((port, channel), part) in enumerate(
        zip(channels_for(piece.parts), piece.parts, strict=True)
    ):
        head = [*_part_head(part, port, channel), *_lyrics(piece, number, resolution)]
        file.tracks.append(_track([*head, *_notes(piece, number, channel, resolution)], end))
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def resolution_for(piece: Piece) -> int:
    """Return ticks per quarter that represent every time of a piece exactly.

    This is 480 or 384 if possible, else the least suitable multiple of 480, 384 or 1.

    Raises
    ------
    PartimentoError
        If there is none; the message names the duration or time that prevents it.
    """
    needed = math.lcm(piece.notes.divisions, *(time.denominator for time in _other_times(piece)))
    for base in USUAL:
        if base % needed == 0:
            return base
    for base in (*USUAL, 1):
        if (common := math.lcm(base, needed)) <= FINEST:
            return common
    raise PartimentoError(_misfit_message(piece))


def _other_times(piece: Piece) -> Iterator[Fraction]:
    yield piece.length
    for line in (piece.meters, piece.keys, piece.tempos, piece.lyrics):
        yield from (mark.onset for mark in line)


def _misfit_message(piece: Piece) -> str:
    """Return the error message: the first duration or time that does not fit."""
    common = 1
    for what, times in (
        ("duration", (note.duration for note in piece.notes)),
        ("time", (note.onset for note in piece.notes)),
        ("time", _other_times(piece)),
    ):
        for time in times:
            needed = math.lcm(common, time.denominator)
            if needed > FINEST:
                beside = (
                    f" beside the others, which need {common:,}"
                    if common > 1 and time.denominator <= FINEST
                    else ""
                )
                return (
                    f"MIDI cannot represent the {what} of {time} quarter notes exactly{beside}"
                    f" (at most {FINEST:,} ticks per quarter note)"
                )
            common = needed
    raise AssertionError("every time fits")


def channels_for(parts: Sequence[Part]) -> list[tuple[int, int]]:
    """Return the MIDI port and channel of each part, counted from 0.

    Drums use channel 9. Up to 15 other parts have a channel each. If there are more, parts with the
    same program share a channel. Beyond 15 programs, further ones use the next MIDI port.
    """
    pitched = [i for i, part in enumerate(parts) if not part.is_drum]
    slots: list[Any] = (
        list(pitched)
        if len(pitched) <= len(PITCHED_CHANNELS)
        else [("program", parts[i].program) for i in pitched]
    )
    order = list(dict.fromkeys(slots))
    place = {
        i: divmod(order.index(slot), len(PITCHED_CHANNELS))
        for i, slot in zip(pitched, slots, strict=True)
    }
    return [
        (0, DRUM_CHANNEL) if part.is_drum else (place[i][0], PITCHED_CHANNELS[place[i][1]])
        for i, part in enumerate(parts)
    ]


def _ticks(time: Fraction, resolution: int) -> int:
    return int(time * resolution)


def _conductor(piece: Piece, resolution: int) -> Iterator[tuple[int, mido.MetaMessage]]:
    from mido import MetaMessage

    if piece.title:
        yield 0, MetaMessage("track_name", name=piece.title)
    if piece.composer:
        yield 0, MetaMessage("text", text=f"composer: {piece.composer}")
    if piece.provenance is not None:
        yield 0, MetaMessage("text", text=piece.provenance.to_text())
    for meter in written_meters(piece):
        clocks = 36 if meter.numerator % 3 == 0 and meter.denominator == 8 else 24
        yield (
            _ticks(meter.onset, resolution),
            MetaMessage(
                "time_signature",
                numerator=meter.numerator,
                denominator=meter.denominator,
                clocks_per_click=clocks,
            ),
        )
    for key in piece.keys:
        yield _ticks(key.onset, resolution), MetaMessage("key_signature", key=_key_name(key))
    for tempo in piece.tempos:
        yield _ticks(tempo.onset, resolution), MetaMessage("set_tempo", tempo=tempo.us_per_quarter)


def written_meters(piece: Piece) -> tuple[Meter, ...]:
    """Return the meters of a MIDI file, in which a pickup is a bar of its own.

    MIDI has no pickups. The first meter is therefore as long as the pickup, as in the files of
    notation programs, and the meter of the piece follows. Otherwise every bar line would be off.

    Examples
    --------
    >>> from partimento.music.notes import Note
    >>> piece = Piece([Note(Fraction(0), Fraction(9), 60)], pickup=Fraction(1))
    >>> [(meter.numerator, meter.denominator, int(meter.onset)) for meter in written_meters(piece)]
    [(1, 4, 0), (4, 4, 1)]
    """
    first, *later = from_start(piece.meters, Meter())
    if not 0 < piece.pickup < piece.length or any(m.onset < piece.pickup for m in later):
        return piece.meters
    for denominator in (first.denominator, *POWERS_OF_TWO):
        numerator = piece.pickup * denominator / 4
        if numerator.denominator == 1 and numerator <= LARGEST_NUMERATOR:
            short = Meter(int(numerator), denominator)
            if later and later[0].onset == piece.pickup:
                return (short, *later)
            return (short, replace(first, onset=piece.pickup), *later)
    return piece.meters  # no meter is as long as, for example, an eighth note of a triplet


def _key_name(key: Key) -> str:
    """Return the name of a key as mido writes it: ``Bb``, ``F#m``."""
    tonic = key.code.split()[0].replace("-", "b")
    return tonic[0].upper() + tonic[1:] + ("m" if key.mode == "minor" else "")


def _part_head(part: Part, port: int, channel: int) -> Iterator[tuple[int, Any]]:
    from mido import Message, MetaMessage

    if part.name:
        yield 0, MetaMessage("track_name", name=part.name)
    if port:
        yield 0, MetaMessage("midi_port", port=port)
    if part.program is not None:
        yield 0, Message("program_change", program=part.program, channel=channel)


def _lyrics(piece: Piece, part: int, resolution: int) -> Iterator[tuple[int, mido.MetaMessage]]:
    """Yield the words of a part, each before its note; see `lyrics` in this folder."""
    from mido import MetaMessage

    for syllable in piece.lyrics:
        if syllable.part == part:
            yield _ticks(syllable.onset, resolution), MetaMessage("lyrics", text=syllable.text)


def _notes(
    piece: Piece, part: int, channel: int, resolution: int
) -> Iterator[tuple[int, mido.Message]]:
    """Yield the note-on and note-off messages of a part, with their ticks.

    At the same tick, note-offs come first, so that they do not end a repeated note.
    """
    from mido import Message

    notes = piece.notes.select(piece.notes.part == part)
    notes = notes.select(~_silent_graces(notes))
    scale = resolution // notes.divisions
    rows: list[tuple[int, int, int, int]] = []
    columns = (notes.onset * scale, notes.end * scale, notes.pitch, notes.velocity)
    for onset, end, pitch, velocity in zip(*(column.tolist() for column in columns), strict=True):
        rows += [(onset, 1, pitch, velocity), (end, 0, pitch, 0)]
    for tick, is_on, pitch, velocity in sorted(rows):
        yield (
            tick,
            Message(
                "note_on" if is_on else "note_off", note=pitch, velocity=velocity, channel=channel
            ),
        )


def _silent_graces(notes: Notes) -> np.ndarray:
    """Return which grace notes would cut another note of their pitch: (N,) bool.

    These are the ones that begin during a note that lasts longer, or together with it, as at the
    start of a piece. The release of the grace note would end both.
    """
    silent = np.zeros(len(notes), bool)
    for pitch in set(notes.pitch[notes.grace > 0].tolist()):
        graces = np.flatnonzero((notes.pitch == pitch) & (notes.grace > 0))
        others = np.flatnonzero((notes.pitch == pitch) & (notes.grace == 0))
        # How long any of the notes up to each onset lasts; 0 before the first one.
        latest = np.concatenate([[0], np.maximum.accumulate(notes.end[others])])
        before = np.searchsorted(notes.onset[others], notes.onset[graces], side="right")
        begins_together = np.isin(notes.onset[graces], notes.onset[others])
        silent[graces] = begins_together | (latest[before] > notes.end[graces])
    return silent


def _track(events: Iterable[tuple[int, Any]], end: int) -> mido.MidiTrack:
    """Return a track with the given events at absolute ticks; it ends with the piece."""
    from mido import MetaMessage, MidiTrack

    track, now = MidiTrack(), 0
    for tick, message in sorted(events, key=lambda event: event[0]):
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(MetaMessage("end_of_track", time=max(0, end - now)))
    return track
