"""Read damaged MIDI files event by event, and rewrite them as plain ones.

One bad event never costs a file: everything that can be understood is kept, and the rest is
counted. The result is a valid file, which is read like any other.

- Data after a wrapper (RIFF) or after foreign bytes at the start is found.
- The announced number of tracks and length of a track are not trusted.
- A note that is struck again before its release ends there. A note that is never released ends with
  "All Notes Off", or with its track.
- Notes without duration, and keys, meters and tempos that do not exist, are left out.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from partimento.errors import InvalidScoreError
from partimento.io.midi.smf import (
    END_OF_TRACK,
    ESCAPE,
    META,
    NOTE_OFF,
    NOTE_ON,
    SIZES,
    SYSEX,
    variable_number,
)
from partimento.music.limits import MAX_QUARTERS

CONTROL = 0xB0
KEY, METER, TEMPO = 0x59, 0x58, 0x51
# Controllers that end all notes of a channel: All Sound Off, All Notes Off, changes of mode.
NOTES_OFF = frozenset({120, 123, 124, 125, 126, 127})
HEADER = struct.Struct(">HHH")
FOREIGN = 4096  # bytes before the header in which it is searched
USUAL_DIVISION = 480  # ticks per quarter, if the file states none
FILM_QUARTER_S = 0.5  # seconds per quarter, in files that count film frames
LARGEST_TICK = 2**31 - 1
LONGEST_DELTA = 2**28 - 1
EVENT_ORDER = {"mark": 0, "off": 1, "control": 2, "on": 3}

# Kinds of faults, with their warnings: for one and for several.
FAULTS = {
    "riff": "the MIDI data is wrapped in RIFF",
    "foreign": "foreign bytes before the header were passed over",
    "tracks": "the header announces another number of tracks than there are",
    "format": "an unknown MIDI format was read as format 1",
    "format 2": "the sequences of a MIDI file of format 2 were read one after another",
    "frames": "time is counted in film frames: a quarter was taken to last half a second",
    "division": f"no ticks per quarter are stated: {USUAL_DIVISION} were assumed",
    "truncated": "the file ends within a track",
    "between": "foreign bytes between tracks were passed over",
    "empty": ("a note without duration was left out", "{} notes without duration were left out"),
    "restruck": (
        "a note that is struck again before its release ends there",
        "{} notes that are struck again before their release end there",
    ),
    "unreleased": (
        "a note that is never released ends with its track",
        "{} notes that are never released end with their track",
    ),
    "late": (
        "a note later than any score was left out",
        "{} notes later than any score were left out",
    ),
    "key": ("a key that does not exist was left out", "{} keys that do not exist were left out"),
    "meter": (
        "a meter that does not exist was left out",
        "{} meters that do not exist were left out",
    ),
    "tempo": (
        "a tempo that does not exist was left out",
        "{} tempos that do not exist were left out",
    ),
    "event": ("a damaged event was left out", "{} damaged events were left out"),
    "track": (
        "a track breaks off within an event",
        "{} tracks break off within an event",
    ),
}
Events = list[tuple[int, int, bytes]]  # tick, order at the tick, bytes of the event


@dataclass
class Track:
    """The events of a track, and the tick at which it ends."""

    events: Events = field(default_factory=list)
    end: int = 0


def repair(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Rewrite a MIDI file without its faults.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    data : bytes
        A MIDI file of format 1.
    warnings : tuple of str
        A sentence for each kind of fault: what was left out or assumed.

    Raises
    ------
    InvalidScoreError
        If there is no MIDI header in the data.
    """
    faults: Counter[str] = Counter()
    begin = _find_header(data, faults)
    header = int.from_bytes(data[begin + 4 : begin + 8], "big")
    if len(data) < begin + 14:
        raise InvalidScoreError("truncated: it ends within its header")
    kind, count, division = HEADER.unpack_from(data, begin + 8)
    if kind > 1:
        faults["format 2" if kind == 2 else "format"] += 1
    division = _ticks_per_quarter(division, faults)
    limit = min(MAX_QUARTERS * division, LARGEST_TICK)
    chunks = list(_chunks(data, begin + 8 + max(header, 6), faults))
    if len(chunks) != count:
        faults["tracks"] += 1
    tracks = [_TrackRepair(chunk, limit, faults).run() for chunk in chunks]
    if kind == 2:
        _one_after_another(tracks)
    body = b"".join(_track_bytes(track) for track in tracks)
    clean = b"MThd\0\0\0\6" + HEADER.pack(1, len(tracks), division) + body
    return clean, warnings_of(faults)


def warnings_of(faults: Counter[str]) -> tuple[str, ...]:
    """Return a sentence for each kind of fault, in the order of `FAULTS`."""
    sentences = []
    for kind, text in FAULTS.items():
        if number := faults[kind]:
            one, several = (text, text) if isinstance(text, str) else text
            sentences.append(one if number == 1 else several.format(number))
    return tuple(sentences)


def _find_header(data: bytes, faults: Counter[str]) -> int:
    if not data:
        raise InvalidScoreError("it is empty")
    if data.startswith(b"MThd"):
        return 0
    begin = data.find(b"MThd", 0, FOREIGN)
    if begin < 0:
        raise InvalidScoreError("not a MIDI file, despite its suffix")
    # A RIFF wrapper is a usual form and loses nothing.
    if data[:4] != b"RIFF":
        faults["foreign"] += 1
    return begin


def _ticks_per_quarter(division: int, faults: Counter[str]) -> int:
    if division >= 0x8000:
        frames, ticks = 256 - (division >> 8), division & 0xFF
        faults["frames"] += 1
        return max(round(frames * ticks * FILM_QUARTER_S), 1)
    if division == 0:
        faults["division"] += 1
        return USUAL_DIVISION
    return division


def _chunks(data: bytes, at: int, faults: Counter[str]) -> Iterator[bytes]:
    """Yield the content of all tracks; the next track's name corrects wrong lengths."""
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
        end = at + 8 + size
        if not (name.isascii() and name.isalnum()):
            found = data.find(b"MTrk", at)
            if found < 0:
                return  # padding or foreign bytes at the end of the file
            faults["between"] += 1
            at = found
            continue
        if end > len(data):
            following = data.find(b"MTrk", at + 8)
            end = following if following > 0 else len(data)
            faults["truncated" if following < 0 else "between"] += 1
        elif name == b"MTrk" and not _is_chunk(data, end):
            # The length is wrong: the track ends where the next one begins.
            following = data.find(b"MTrk", at + 8)
            if following > 0:
                end = following
                faults["between"] += 1
        if name == b"MTrk":
            yield data[at + 8 : end]
        at = end


def _is_chunk(data: bytes, at: int) -> bool:
    """Return whether a chunk begins here, or the data ends."""
    name = data[at : at + 4]
    return (
        not name
        or (len(name) == 4 and name.isascii() and name.isalnum())
        or b"MTrk" not in data[at:]
    )


class _TrackRepair:
    """Read one track, and collect the events that can be understood."""

    def __init__(self, chunk: bytes, limit: int, faults: Counter[str]) -> None:
        self.chunk, self.limit, self.faults = chunk, limit, faults
        self.track = Track()
        self.tick = 0
        self.sounding: dict[
            tuple[int, int], tuple[int, int]
        ] = {}  # (channel, pitch) → on, velocity

    def run(self) -> Track:
        at, running, chunk = 0, 0, self.chunk
        try:
            while at < len(chunk):
                delta, at = variable_number(chunk, at)
                self.tick += delta
                status = chunk[at]
                if status < 0x80:
                    status = running
                else:
                    at += 1
                if status in (META, SYSEX, ESCAPE):
                    kind = chunk[at] if status == META else -1
                    size, begin = variable_number(chunk, at + (status == META))
                    at = begin + size
                    if kind == END_OF_TRACK:
                        break
                    self._mark(kind, chunk[begin:at], complete=at <= len(chunk))
                elif status in SIZES or status & 0xF0 in SIZES:
                    running = status if status < 0xF0 else running
                    size = SIZES[status if status >= 0xF0 else status & 0xF0]
                    body = chunk[at : at + size]
                    at += self._channel_event(status, body, size)
                else:
                    # No status is known yet, or it does not exist: look for the next event.
                    self.faults["event"] += 1
                    at += 1
        except IndexError:
            self.faults["track"] += 1
        self._release_all(None, "unreleased")
        self.track.end = max(min(self.tick, self.limit), self.track.end)
        return self.track

    def _add(self, kind: str, event: bytes, tick: int | None = None) -> None:
        tick = self.tick if tick is None else tick
        if tick <= self.limit:
            self.track.events.append((tick, EVENT_ORDER[kind], event))

    def _mark(self, kind: int, body: bytes, *, complete: bool) -> None:
        """Keep a meta event if it makes sense; other messages are for devices, not music."""
        if not complete:
            raise IndexError
        if kind < 0:
            return
        if kind == KEY and not (
            len(body) >= 2 and (body[0] <= 7 or body[0] >= 249) and body[1] <= 1
        ):
            self.faults["key"] += 1
        elif kind == METER and not (len(body) >= 2 and body[0] and body[1] <= 7):
            self.faults["meter"] += 1
        elif kind == TEMPO and not (len(body) == 3 and any(body)):
            self.faults["tempo"] += 1
        else:
            size = {KEY: 2, METER: 4}.get(kind, len(body))
            body = (body + b"\x18\x08")[:size] if kind == METER else body[:size]
            self._add("mark", bytes([META, kind]) + _number(len(body)) + body)

    def _channel_event(self, status: int, body: bytes, size: int) -> int:
        """Take an event of a channel; return how many bytes of data belong to it."""
        if len(body) < size:
            raise IndexError
        bad = next((i for i, value in enumerate(body) if value > 127), None)
        if bad is not None:
            self.faults["event"] += 1
            return size
        command, channel = status & 0xF0, status & 0x0F
        if command == NOTE_ON and body[1]:
            self._release((channel, body[0]), "restruck")
            self.sounding[channel, body[0]] = (self.tick, body[1])
        elif command in (NOTE_OFF, NOTE_ON):
            self._release((channel, body[0]), "")
        elif status < 0xF0:
            if command == CONTROL and body[0] in NOTES_OFF:
                self._release_all(channel, "")
            else:
                self._add("control", bytes([status]) + body)
        return size

    def _release_all(self, channel: int | None, fault: str) -> None:
        for key in [key for key in self.sounding if channel in (None, key[0])]:
            self._release(key, fault)

    def _release(self, key: tuple[int, int], fault: str) -> None:
        """End a sounding note now, and count the fault unless the note is left out."""
        if key not in self.sounding:
            return
        onset, velocity = self.sounding.pop(key)
        channel, pitch = key
        if self.tick > self.limit:
            self.faults["late"] += 1
        elif onset == self.tick:
            self.faults["empty"] += fault != "restruck"  # of a doubled note, the second one counts
        else:
            if fault:
                self.faults[fault] += 1
            self._add("on", bytes([NOTE_ON | channel, pitch, velocity]), onset)
            self._add("off", bytes([NOTE_OFF | channel, pitch, 0]))
            self.track.end = max(self.track.end, self.tick)


def _one_after_another(tracks: list[Track]) -> None:
    start = 0
    for track in tracks:
        track.events = [(tick + start, order, event) for tick, order, event in track.events]
        start = track.end = track.end + start


def _track_bytes(track: Track) -> bytes:
    """Return a track as a chunk of a MIDI file."""
    out = bytearray()
    now = 0
    for tick, _, event in sorted(track.events, key=lambda item: item[:2]):
        out += _delta(tick - now) + event
        now = tick
    out += _delta(max(track.end - now, 0)) + bytes([META, END_OF_TRACK, 0])
    return b"MTrk" + len(out).to_bytes(4, "big") + bytes(out)


def _delta(ticks: int) -> bytes:
    """Return a time difference, with empty texts if it is too large for one event."""
    out = bytearray()
    while ticks > LONGEST_DELTA:
        out += _number(LONGEST_DELTA) + bytes([META, 1, 0])
        ticks -= LONGEST_DELTA
    return bytes(out + _number(ticks))


def _number(value: int) -> bytes:
    """Write a variable-length number."""
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(value & 0x7F | 0x80)
    return bytes(reversed(out))
