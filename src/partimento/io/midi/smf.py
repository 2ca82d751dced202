"""Read the details of a MIDI file that symusic does not report, from its bytes.

These are damage, the title, the end, and whether a program is set. Only a few tracks are scanned
event by event in Python: small ones, and those whose program is in doubt. symusic reads the notes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from partimento.errors import InvalidScoreError

NOTE_OFF, NOTE_ON, PROGRAM, SYSEX, ESCAPE, META = 0x80, 0x90, 0xC0, 0xF0, 0xF7, 0xFF
TRACK_END = b"\xff\x2f\0"
UNRELEASED = 2**28 - 1  # ticks from the end of a track to the releases of `with_releases`
# An empty text and the time `UNRELEASED`.
PAUSE = b"\xff\x01\0\xff\xff\xff\x7f"
# For each channel: releases of all pitches, each followed by the time to the next event: 0.
RELEASES = [
    bytes([NOTE_OFF | channel]) + b"".join(bytes([pitch, 0, 0]) for pitch in range(128))
    for channel in range(16)
]
# What a byte can be in a pitch above 127: 1 is the status of a note, 2 another byte above 127.
KINDS = bytes(1 if 0x80 <= code < 0xA0 else 2 * (code > 127) for code in range(256))
NO_NOTE_ON = bytes(code for code in range(256) if code & 0xF0 != NOTE_ON)
TEXTS, TRACK_NAME, END_OF_TRACK = range(1, 8), 0x03, 0x2F
MOST_TEXTS = 500  # texts of a track that are kept
SYSEX_HEAD = re.compile(rb"\xf0[\x80-\xff]{0,3}[\0-\x7f]")
LONGEST_NUMBER = 4  # bytes of a variable-length number
# Meters, keys and tempos that do not exist.
SENSELESS = re.compile(
    rb"\xff(?:\x58(?!\x04[\x01-\xff][\x00-\x07])|\x59(?!\x02[\x00-\x07\xf9-\xff][\x00\x01])"
    rb"|\x51(?!\x03)|\x51\x03\x00\x00\x00)"
)
# Number of data bytes by status.
SIZES = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}
# Messages for devices, which should not be in a file.
SIZES |= {0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF6: 0, 0xF8: 0, 0xFA: 0, 0xFB: 0, 0xFC: 0, 0xFE: 0}


class DamagedError(InvalidScoreError):
    """The file has a fault: `repair.repair` reads what can be understood of it."""


@dataclass
class Voice:
    """The notes of one track, channel and program, which symusic calls a track.

    Attributes
    ----------
    notes : int
        Number of notes.
    has_program : bool
        Whether the program is set explicitly.
    """

    notes: int = 0
    has_program: bool = False


@dataclass
class TrackScan:
    """The contents of one track; `end` is the tick of its end-of-track event."""

    name: bytes = b""
    texts: list[bytes] = field(default_factory=list)
    end: int = 0
    voices: dict[tuple[int, int], Voice] = field(default_factory=dict)  # (program, channel)


def split_tracks(data: bytes) -> list[bytes]:
    """Split a MIDI file into tracks and check that it is complete.

    Returns
    -------
    list of bytes
        The content of each track chunk.

    Raises
    ------
    DamagedError
        If the data is not a complete MIDI file of format 0 or 1.
    """
    if data[:8] != b"MThd\0\0\0\6" or len(data) < 14:
        raise DamagedError("it has no usual header")
    kind, count, division = struct.unpack_from(">HHH", data, 8)
    if kind > 1 or not 0 < division < 0x8000:
        raise DamagedError("its time is not counted in quarter notes from one beginning")
    tracks: list[bytes] = []
    at = 14
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
        if at + 8 + size > len(data):
            raise DamagedError("a track ends early")
        if name == b"MTrk":
            tracks.append(data[at + 8 : at + 8 + size])
        at += 8 + size
    if len(tracks) != count:
        raise DamagedError("it announces another number of tracks")
    return tracks


def check_marks_exist(data: bytes) -> None:
    """Raise DamagedError for a meter, key or tempo that does not exist.

    symusic would read 4/2⁶⁴ as 4/1, and a key without data as A minor. The bytes may also belong to
    another event: it does no harm to read such a file as a damaged one.
    """
    if SENSELESS.search(data):
        raise DamagedError("a meter, key or tempo does not exist")


def check_pitches(tracks: Sequence[bytes]) -> None:
    """Raise DamagedError for pitches above 127: symusic would corrupt its memory."""
    for track in tracks:
        kinds = track.translate(KINDS)
        # A quick test for such bytes. They may also be part of a time, a tempo or text.
        if b"\1\2" not in kinds and b"\1\1" not in kinds:
            continue
        for _, status, body, _ in events_of(track):
            if NOTE_OFF <= status < 0xA0 and body[0] > 127:
                raise DamagedError("a note has no pitch")


def with_releases(data: bytes, tracks: Sequence[bytes]) -> bytes:
    """Return a file in which every pitch is released long after the end of its track.

    symusic passes over notes that are never released. Here these last `UNRELEASED` ticks or longer.

    Raises
    ------
    DamagedError
        If a track does not end with its end-of-track event.
    """
    chunks = [data[:14]]
    for track in tracks:
        if not track.endswith(TRACK_END):
            raise DamagedError("a track does not end with the event for it")
        channels = set(track.translate(None, NO_NOTE_ON))
        releases = b"".join(RELEASES[code & 0x0F] for code in sorted(channels))
        content = (track[: -len(TRACK_END)], PAUSE, releases, TRACK_END) if channels else (track,)
        chunks += [b"MTrk", sum(map(len, content)).to_bytes(4, "big"), *content]
    return b"".join(chunks)


def without_escapes(data: bytes, tracks: Sequence[bytes]) -> bytes:
    """Return a file with escapes (F7, a size, any bytes) as system-exclusive messages.

    symusic would read the bytes of an escape as notes.
    """
    if b"\xf7" not in data:
        return data
    ends = {
        match.end() - 1 + variable_number(data, match.start() + 1)[0]
        for match in SYSEX_HEAD.finditer(data)
    }
    if all(match.start() in ends for match in re.finditer(b"\xf7", data)):
        return data  # every F7 ends a system-exclusive message
    chunks = [b"MThd\0\0\0\6", data[8:14]]
    for track in tracks:
        codes = bytearray(track)
        for _, status, _, begin in events_of(track):
            if status == ESCAPE:
                codes[begin] = SYSEX
        chunks += [b"MTrk", len(codes).to_bytes(4, "big"), bytes(codes)]
    return b"".join(chunks)


def sets_program(track: bytes) -> bool | None:
    """Return whether a program is set before the first note, on its channel.

    None if the track has no notes.
    """
    channels = set()
    for _, status, body, _ in events_of(track):
        if status & 0xF0 == PROGRAM:
            channels.add(status & 0x0F)
        elif status & 0xF0 == NOTE_ON and body[1]:
            return status & 0x0F in channels
    return None


def scan_track(track: bytes, *, until_note: bool = False) -> TrackScan | None:
    """Scan all events of a track; with `until_note`, return None at its first note."""
    scan = TrackScan()
    program: dict[int, int] = {}
    for tick, status, body, _ in events_of(track):
        scan.end = tick
        command, channel = status & 0xF0, status & 0x0F
        if status == META and body[0] in TEXTS:
            if body[0] == TRACK_NAME and not scan.name:
                scan.name = body[1:]
            elif len(scan.texts) < MOST_TEXTS:
                scan.texts.append(body[1:])
        elif command == PROGRAM:
            program[channel] = body[0]
        elif command == NOTE_ON and body[1]:
            if until_note:
                return None
            voice = scan.voices.setdefault((program.get(channel, 0), channel), Voice())
            voice.notes += 1
            voice.has_program |= channel in program
    return scan


def events_of(track: bytes) -> Iterator[tuple[int, int, bytes, int]]:
    """Yield tick, status, data bytes and start of each event.

    The start is an index into `track`. The data of a meta event begins with its type.

    Raises
    ------
    DamagedError
        If the track ends within an event, or an event is unknown.
    """
    at = tick = running = 0
    try:
        while at < len(track):
            delta, at = variable_number(track, at)
            tick += delta
            begin, status = at, track[at]
            if status < 0x80:
                status = running  # like symusic, also after events that end the running status
            else:
                at += 1
            if status in (META, SYSEX, ESCAPE):
                kind = track[at : at + 1] if status == META else b""
                size, at = variable_number(track, at + len(kind))
                yield tick, status, kind + track[at : at + size], begin
                if kind == bytes([END_OF_TRACK]):
                    return
            else:
                running = status if status < 0xF0 else running
                size = SIZES[status & 0xF0 if status < 0xF0 else status]
                if at + size > len(track):
                    raise IndexError
                yield tick, status, track[at : at + size], begin
            at += size
    except LookupError:
        raise DamagedError("a track ends within an event, or has an unknown event") from None


def variable_number(track: bytes, at: int) -> tuple[int, int]:
    """Read a variable-length number; return it and the index after it."""
    value = 0
    for _ in range(LONGEST_NUMBER):
        byte = track[at]
        at += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return value, at
