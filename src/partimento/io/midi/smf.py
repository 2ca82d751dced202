"""Read the details of a MIDI file that symusic does not report, from its bytes.

These are damage, the title, the end, and whether a program is set. Only a few tracks are scanned
event by event in Python: small ones, and those whose program is in doubt. symusic reads the notes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from partimento.errors import InvalidScoreError

NOTE_OFF, NOTE_ON, PROGRAM, SYSEX, ESCAPE, META = 0x80, 0x90, 0xC0, 0xF0, 0xF7, 0xFF
TRACK_NAME, END_OF_TRACK = 0x03, 0x2F
SYSEX_HEAD = re.compile(rb"\xf0[\x80-\xff]{0,3}[\0-\x7f]")
LONGEST_NUMBER = 4  # bytes of a variable-length number
# Number of data bytes by status.
SIZES = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}
# Messages for devices, which should not be in a file.
SIZES |= {0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF6: 0, 0xF8: 0, 0xFA: 0, 0xFB: 0, 0xFC: 0, 0xFE: 0}


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

    name: str = ""
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
    InvalidScoreError
        If the data is not a MIDI file, or is truncated.
    """
    if not data:
        raise InvalidScoreError("it is empty")
    if data[:4] != b"MThd":
        raise InvalidScoreError(
            "not a MIDI file, despite its suffix"
            if data[:4] != b"RIFF"
            else "a MIDI file wrapped in RIFF"
        )
    if len(data) < 14:
        raise InvalidScoreError("truncated: it ends within its header")
    header, kind, count, division = struct.unpack(">IHHH", data[4:14])
    if kind > 1:
        raise InvalidScoreError(
            "MIDI format 2: sequences that do not sound together"
            if kind == 2
            else f"no such MIDI format: {kind}"
        )
    if division == 0 or division >= 0x8000:
        raise InvalidScoreError(
            "it counts time in film frames, not in quarter notes"
            if division
            else "it has 0 ticks per quarter note"
        )
    tracks: list[bytes] = []
    at = 8 + header
    while at + 8 <= len(data) and len(tracks) < count:
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
        missing = at + 8 + size - len(data)
        if missing > 0:
            raise InvalidScoreError(
                f"truncated: track {len(tracks) + 1} ends {missing} bytes early"
            )
        if name == b"MTrk":
            tracks.append(data[at + 8 : at + 8 + size])
        at += 8 + size
    if len(tracks) < count:
        raise InvalidScoreError(f"truncated: it contains {len(tracks)} of {count} tracks")
    return tracks


def check_meters(data: bytes) -> None:
    """Reject meters with absurd denominators: symusic would read 4/2⁶⁴ as 4/1."""
    for match in re.finditer(rb"\xff\x58\x04(.)(.)", data, re.DOTALL):
        if match[2][0] > 7:
            raise InvalidScoreError(f"no such meter: {match[1][0]}/2 to the power of {match[2][0]}")


def check_pitches(tracks: Sequence[bytes]) -> None:
    """Reject notes with a pitch above 127: symusic would write outside its memory."""
    for track in tracks:
        codes = np.frombuffer(track, np.uint8)
        # A quick test for such bytes. They may also be part of a time, a tempo or text.
        if not ((codes[:-1] & 0xE0 == NOTE_OFF) & (codes[1:] > 127)).any():
            continue
        for _, status, body, _ in _events(track):
            if NOTE_OFF <= status < 0xA0 and body[0] > 127:
                raise InvalidScoreError("damaged: a note has no pitch")


def without_escapes(data: bytes, tracks: Sequence[bytes]) -> bytes:
    """Return a file with escapes (F7, a size, any bytes) as system-exclusive messages.

    symusic would read the bytes of an escape as notes.
    """
    if b"\xf7" not in data:
        return data
    ends = {
        match.end() - 1 + _variable(data, match.start() + 1)[0]
        for match in SYSEX_HEAD.finditer(data)
    }
    if all(match.start() in ends for match in re.finditer(b"\xf7", data)):
        return data  # every F7 ends a system-exclusive message
    chunks = [b"MThd\0\0\0\6", data[8:14]]
    for track in tracks:
        codes = bytearray(track)
        for _, status, _, begin in _events(track):
            if status == ESCAPE:
                codes[begin] = SYSEX
        chunks += [b"MTrk", len(codes).to_bytes(4, "big"), bytes(codes)]
    return b"".join(chunks)


def sets_program(track: bytes) -> bool | None:
    """Return whether a program is set before the first note, on its channel.

    None if the track has no notes.
    """
    channels = set()
    for _, status, body, _ in _events(track):
        if status & 0xF0 == PROGRAM:
            channels.add(status & 0x0F)
        elif status & 0xF0 == NOTE_ON and body[1]:
            return status & 0x0F in channels
    return None


def scan_track(track: bytes, *, until_note: bool = False) -> TrackScan | None:
    """Scan all events of a track; with `until_note`, return None at its first note."""
    scan = TrackScan()
    program: dict[int, int] = {}
    for tick, status, body, _ in _events(track):
        scan.end = tick
        command, channel = status & 0xF0, status & 0x0F
        if status == META and body[0] == TRACK_NAME and not scan.name:
            scan.name = decode(body[1:])
        elif command == PROGRAM:
            program[channel] = body[0]
        elif command == NOTE_ON and body[1]:
            if until_note:
                return None
            voice = scan.voices.setdefault((program.get(channel, 0), channel), Voice())
            voice.notes += 1
            voice.has_program |= channel in program
    return scan


def _events(track: bytes) -> Iterator[tuple[int, int, bytes, int]]:
    """Yield tick, status, data bytes and start of each event.

    The start is an index into `track`. The data of a meta event begins with its type.

    Raises
    ------
    InvalidScoreError
        If the track ends within an event, or an event is unknown.
    """
    at = tick = running = 0
    try:
        while at < len(track):
            delta, at = _variable(track, at)
            tick += delta
            begin, status = at, track[at]
            if status < 0x80:
                status = running  # like symusic, also after events that end the running status
            else:
                at += 1
            if status in (META, SYSEX, ESCAPE):
                kind = track[at : at + 1] if status == META else b""
                size, at = _variable(track, at + len(kind))
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
        raise InvalidScoreError(
            "damaged: a track ends within an event, or has an unknown event"
        ) from None


def _variable(track: bytes, at: int) -> tuple[int, int]:
    """Read a variable-length number; return it and the index after it."""
    value = 0
    for _ in range(LONGEST_NUMBER):
        byte = track[at]
        at += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return value, at


def decode(text: bytes) -> str:
    """Decode text as UTF-8 if possible, else as Latin-1: MIDI files state no encoding."""
    try:
        plain = text.decode()
    except UnicodeDecodeError:
        plain = text.decode("latin-1")
    return plain.replace("\0", "").strip()
