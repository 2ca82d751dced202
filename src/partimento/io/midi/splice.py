"""Copy a MIDI file, and replace only the notes of a change.

All other events keep their bytes and their times, and the tracks their order. The time before an
event is written anew only where the event before it is another one. A status byte is added only
where a running status no longer holds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from partimento.errors import InvalidScoreError, PartimentoError
from partimento.io.midi.read import midi_from_bytes
from partimento.io.midi.smf import (
    END_OF_TRACK,
    ESCAPE,
    META,
    NOTE_OFF,
    NOTE_ON,
    PROGRAM,
    SIZES,
    SYSEX,
    events_of,
    split_tracks,
    variable_number,
)
from partimento.music.change import Change
from partimento.music.piece import Piece
from partimento.music.provenance import MARK
from partimento.short_repr import short_repr

TEXT = 0x01
Voice = tuple[int, int]  # program and channel


@short_repr
@dataclass
class Event:
    """One event of a track.

    Attributes
    ----------
    tick : int
    status : int
    body : bytes
        Its bytes after the status; those of a meta event with type and size.
    time : bytes
        The bytes of the time before it, in the file.
    before : int
        The index of the event before it in the file; -1 at the beginning, -2 for a new event.
    is_running : bool
        Whether it has no status byte in the file.
    """

    tick: int
    status: int
    body: bytes
    time: bytes = b""
    before: int = -2
    is_running: bool = False


def splice(data: bytes, change: Change, remark: str = "") -> bytes:
    """Return a MIDI file with the notes of a change.

    Parameters
    ----------
    data : bytes
        The file.
    change : Change
        Its parts are those of `midi.read`: the voices of each track, by program and channel.
    remark : str
        A text event for the beginning of the first track. It replaces an earlier one of Partimento
        that stands there.

    Raises
    ------
    PartimentoError
        If the file is damaged, or cannot represent the times of the new notes. The new file is
        read again, and must have exactly the notes of the change.
    """
    try:
        tracks = [_events(track) for track in split_tracks(data)]
        before = midi_from_bytes(data).to_piece()
    except InvalidScoreError as error:
        raise PartimentoError(f"a damaged MIDI file cannot be copied: {error}") from error
    ticks = int.from_bytes(data[12:14], "big")
    first = 0
    for number, track in enumerate(tracks):
        voices = _voices(track)
        count = len(voices)
        parts = dict(zip(voices, range(first, first + count), strict=True))
        if any(part in change.parts for part in parts.values()) or _continues(change):
            tracks[number] = _changed(track, change, parts, ticks)
        first += count
    if first <= max(change.parts, default=0):
        raise PartimentoError("the parts of the MIDI file are not those of the piece")
    if remark and tracks:
        tracks[0] = _with_remark(tracks[0], remark)
    new = data[:14] + b"".join(_chunks(data, iter(tracks)))
    # A note-off ends any note of its pitch and channel: see whether the file says what it should.
    if _sounding(midi_from_bytes(new).to_piece()) != _sounding(change.applied(before)):
        raise PartimentoError("new and old notes of one pitch overlap on a MIDI channel")
    return new


def _sounding(piece: Piece) -> list[tuple[Fraction, Fraction, int, int]]:
    return sorted((note.onset, note.duration, note.pitch, note.part) for note in piece.notes)


def _continues(change: Change) -> bool:
    return change.length == change.end


def _chunks(data: bytes, tracks: Iterator[list[Event]]) -> Iterator[bytes]:
    """Yield the chunks of the new file; those that are no tracks are copied."""
    at = 14
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
        content = data[at + 8 : at + 8 + size]
        if name == b"MTrk":
            content = _written(next(tracks))
        yield name + len(content).to_bytes(4, "big") + content
        at += 8 + size
    yield data[at:]


def _events(track: bytes) -> list[Event]:
    """Return the events of a track with all their bytes."""
    events: list[Event] = []
    at = 0
    for number, (tick, status, _, begin) in enumerate(events_of(track)):
        is_running = track[begin] < 0x80
        stop = _stop(track, begin, status)
        body = track[begin + (not is_running) : stop]
        events.append(Event(tick, status, body, track[at:begin], number - 1, is_running))
        at = stop
    return events


def _stop(track: bytes, begin: int, status: int) -> int:
    """Return the index after an event that begins at `begin`."""
    at = begin + (track[begin] >= 0x80)
    if status in (META, SYSEX, ESCAPE):
        size, at = variable_number(track, at + (status == META))
        return at + size
    return at + SIZES[status & 0xF0 if status < 0xF0 else status]


def _voices(track: list[Event]) -> list[Voice]:
    """Return the voices that have notes, in the order of `midi.read`."""
    return sorted({voice for event, voice in _with_voices(track) if _is_on(event)})


def _with_voices(track: list[Event]) -> Iterator[tuple[Event, Voice]]:
    program: dict[int, int] = {}
    for event in track:
        channel = event.status & 0x0F
        if event.status & 0xF0 == PROGRAM:
            program[channel] = event.body[0]
        yield event, (program.get(channel, 0), channel)


def _is_on(event: Event) -> bool:
    return event.status & 0xF0 == NOTE_ON and event.body[1] > 0


def _is_off(event: Event) -> bool:
    return event.status & 0xF0 == NOTE_OFF or (
        event.status & 0xF0 == NOTE_ON and event.body[1] == 0
    )


def _changed(
    track: list[Event], change: Change, parts: dict[Voice, int], ticks: int
) -> list[Event]:
    """Return a track without the replaced notes, and with the new ones."""
    gone = _replaced(track, change, parts, ticks)
    kept = [event for event in track if id(event) not in gone]
    channels = {part: channel for (_, channel), part in parts.items()}
    offs, ons = _new(change, channels, ticks)
    if _continues(change) and kept and _is_end(kept[-1]):
        last = kept[-1]
        end = max(_ticks(change.length, ticks), last.tick)
        if end > last.tick:
            kept[-1] = Event(end, last.status, last.body)
    merged: list[Event] = []
    for event in kept:
        limit = event.tick
        merged += _due(offs, limit + 1, ons, limit)
        if _is_end(event):
            merged += _due(offs, limit + 1, ons, limit + 1)
        merged.append(event)
    return merged + _due(offs, 2**40, ons, 2**40)


def _due(offs: deque[Event], off_limit: int, ons: deque[Event], on_limit: int) -> list[Event]:
    """Remove and return the new events before two limits, ends of notes first."""
    due: list[Event] = []
    while (offs and offs[0].tick < off_limit) or (ons and ons[0].tick < on_limit):
        if offs and offs[0].tick < off_limit and not (ons and ons[0].tick < offs[0].tick):
            due.append(offs.popleft())
        else:
            due.append(ons.popleft())
    return due


def _is_end(event: Event) -> bool:
    return event.status == META and event.body[:1] == bytes([END_OF_TRACK])


def _replaced(track: list[Event], change: Change, parts: dict[Voice, int], ticks: int) -> set[int]:
    """Return the ids of the events that begin and end the replaced notes."""
    first, stop = change.begin * ticks, change.end * ticks
    gone: set[int] = set()
    # The beginnings of each sounding pitch, with whether they are replaced: first in, first out.
    sounding: dict[tuple[int, int], deque[bool]] = {}
    for event, voice in _with_voices(track):
        if _is_on(event):
            part = parts[voice]
            place = (Fraction(event.tick, ticks), event.body[0], part)
            goes = part in change.parts and first <= event.tick < stop and place not in change.kept
            sounding.setdefault((voice[1], event.body[0]), deque()).append(goes)
            if goes:
                gone.add(id(event))
        elif _is_off(event):
            begun = sounding.get((voice[1], event.body[0]))
            if begun and begun.popleft():
                gone.add(id(event))
    return gone


def _new(change: Change, channels: dict[int, int], ticks: int) -> tuple[deque[Event], deque[Event]]:
    """Return the ends and the beginnings of the new notes, each in the order of time."""
    offs, ons = [], []
    notes = change.notes
    columns = (notes.onset, notes.end, notes.pitch, notes.velocity, notes.part)
    rows = zip(*(np.asarray(column).tolist() for column in columns), strict=True)
    for onset, end, pitch, velocity, part in rows:
        if part not in channels:
            continue
        channel = channels[part]
        begin, stop = (_ticks(Fraction(time, notes.divisions), ticks) for time in (onset, end))
        ons.append(Event(begin, NOTE_ON | channel, bytes([pitch, max(velocity, 1)])))
        offs.append(Event(stop, NOTE_OFF | channel, bytes([pitch, 0])))

    def order(event: Event) -> tuple[int, int, bytes]:
        return event.tick, event.status, event.body

    return deque(sorted(offs, key=order)), deque(sorted(ons, key=order))


def _ticks(time: Fraction, ticks: int) -> int:
    value = time * ticks
    if value.denominator != 1:
        raise PartimentoError(
            f"the MIDI file has {ticks} ticks per quarter note, and cannot represent the new note"
            f" at {time}: write MusicXML, or save the piece first"
        )
    return int(value)


def _with_remark(track: list[Event], remark: str) -> list[Event]:
    """Return a track that begins with a text event."""
    text = remark.encode()
    rest = list(track)
    for at, event in enumerate(track):
        if event.tick:
            break
        if event.status == META and event.body[0] == TEXT and MARK.encode() in event.body[:20]:
            del rest[at]
            break
    return [Event(0, META, bytes([TEXT]) + _number(len(text)) + text), *rest]


def _written(track: list[Event]) -> bytes:
    """Return the bytes of a track."""
    out = bytearray()
    now, running = 0, -1
    previous: Event | None = None
    for event in track:
        follows = event.before == -1 if previous is None else _is_next(previous, event)
        out += event.time if follows else _number(event.tick - now)
        if not (event.is_running and running == event.status):
            out.append(event.status)
        out += event.body
        now, previous = event.tick, event
        running = event.status if event.status < 0xF0 else running
    return bytes(out)


def _is_next(previous: Event, event: Event) -> bool:
    """Return whether one event follows another in the file."""
    return previous.before >= -1 and event.before == previous.before + 1


def _number(value: int) -> bytes:
    """Return a variable-length number."""
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))
