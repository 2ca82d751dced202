"""Ways to spoil a MIDI file that leave it whole enough to be read on: its header, its tracks, its
events, its times.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from tests.fuzz.spoil import BYTES, spoil

Timed = tuple[
    int, bytes
]  # ticks since the one before, and the bytes of an event, its status among them
DELTAS = (0, 1, 2, 43, 127, 128, 384, 16_383, 2**21 - 1, 2**27, 2**28 - 1)
DIVISIONS = (0, 1, 2, 3, 24, 96, 480, 960, 0x7FFF, 0x8000, 0xE728, 0xFFFF)
MOST_BYTES = 60_000
END = b"\xff\x2f\0"


@dataclass
class Song:
    """A MIDI file in pieces; `count` is what its header says of its tracks."""

    kind: int = 1
    division: int = 480
    tracks: list[list[Timed]] = field(default_factory=list)
    count: int | None = None
    lies: dict[int, int] = field(
        default_factory=dict
    )  # by how many bytes the length of a track is wrong

    def to_bytes(self, change: Callable[[bytes], bytes] = bytes) -> bytes:
        """The file; `change` is made to the bytes of each track before they are counted."""
        count = len(self.tracks) if self.count is None else self.count
        chunks = [
            b"MThd"
            + struct.pack(">IHHH", 6, self.kind & 0xFFFF, count & 0xFFFF, self.division & 0xFFFF)
        ]
        for number, track in enumerate(self.tracks):
            body = change(b"".join(variable(delta) + event for delta, event in track))
            chunks.append(
                b"MTrk" + struct.pack(">I", (len(body) + self.lies.get(number, 0)) % 2**32) + body
            )
        return b"".join(chunks)

    @classmethod
    def from_bytes(cls, data: bytes) -> Song:
        """Of a whole file only."""
        kind, count, division = struct.unpack(">HHH", data[8:14])
        song, at = cls(kind, division), 14
        for _ in range(count):
            size = int.from_bytes(data[at + 4 : at + 8], "big")
            song.tracks.append(_events(data[at + 8 : at + 8 + size]))
            at += 8 + size
        return song


def variable(value: int) -> bytes:
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(0x80 | value & 0x7F)
    return bytes(reversed(digits))


def meta(kind: int, data: bytes) -> bytes:
    return bytes([0xFF, kind]) + variable(len(data)) + data


def _events(track: bytes) -> list[Timed]:
    events, at, status = [], 0, 0
    while at < len(track):
        delta, at = _number(track, at)
        if track[at] >= 0x80:
            status, at = track[at], at + 1
        head = bytes([status])
        if status >= 0xF0:
            kind = track[at : at + (status == 0xFF)]
            size, after = _number(track, at + len(kind))
            head += kind + variable(size)
            at = after
        else:
            size = 1 if 0xC0 <= status < 0xE0 else 2
        events.append((delta, head + track[at : at + size]))
        at += size
    return events


def _number(track: bytes, at: int) -> tuple[int, int]:
    value = 0
    while True:
        byte, at = track[at], at + 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at


def hostile_event(rng: Random) -> bytes:
    """An event that a reader may not expect."""
    byte = rng.randrange
    return rng.choice(
        [
            lambda: meta(
                0x51,
                rng.choice(
                    [b"\0\0\0", b"\0\0\1", b"\xff\xff\xff", b"\x07\xa1", b"", rng.randbytes(9)]
                ),
            ),
            lambda: meta(
                0x58,
                bytes(
                    [
                        byte(256),
                        rng.choice([0, 1, 2, 3, 5, 7, 8, 31, 64, 255]),
                        byte(256),
                        byte(256),
                    ]
                ),
            ),
            lambda: meta(0x58, rng.randbytes(byte(6))),
            lambda: meta(0x59, bytes([byte(256), byte(4)])),
            lambda: meta(0x59, bytes([rng.choice([0, 7, 249, 8, 248]), byte(2)])),
            lambda: meta(byte(128), rng.randbytes(rng.choice([0, 1, 2, 200]))),
            lambda: meta(
                3,
                rng.choice(
                    [
                        "Étude".encode("latin-1"),
                        "音楽".encode("utf-16"),
                        b"a\nb\0\x07",
                        b"\xed\xa0\x80",
                        b"n" * 5000,
                    ]
                ),
            ),
            lambda: (
                b"\xff" + bytes([byte(128)]) + variable(rng.choice([1, 100, 2**21, 2**28 - 1]))
            ),  # longer than what is left
            lambda: b"\xff" + bytes([byte(256)]) + b"\x80" * rng.choice([1, 4, 5, 12]) + b"\0",
            lambda: END,
            lambda: b"\xf0" + variable(rng.choice([0, 3, 2**20])) + rng.randbytes(3),
            lambda: bytes([rng.randrange(0xF1, 0xFF)]) + rng.randbytes(byte(4)),
            lambda: bytes(
                [
                    0x90 | byte(16),
                    rng.choice([0, 60, 127, 128, 255]),
                    rng.choice([0, 1, 80, 127, 128, 255]),
                ]
            ),
            lambda: bytes([0x80 | byte(16), byte(128), byte(128)]),
            lambda: bytes([0xC0 | byte(16), byte(256)]),
            lambda: bytes([rng.choice([0xA0, 0xB0, 0xE0]) | byte(16), byte(128), byte(128)]),
            lambda: bytes([byte(128), byte(128)]),  # running status, or none to run
            lambda: bytes([0x90 | byte(16)]),
        ]
    )()


def _track(song: Song, rng: Random) -> list[Timed]:
    if not song.tracks:
        song.tracks.append([(0, END)])
    return rng.choice(song.tracks)


def change_header(song: Song, rng: Random, _: Song) -> None:
    match rng.randrange(4):
        case 0:
            song.kind = rng.choice([0, 1, 2, 3, 255, 0xFFFF])
        case 1:
            song.division = (
                rng.choice(DIVISIONS) if rng.random() < 0.7 else rng.randrange(1, 0x8000)
            )
        case 2:
            song.count = max(len(song.tracks) + rng.choice([-1, 1, 100]), 0)
        case _:
            song.count = rng.choice([0, 1, 0x7FFF, 0xFFFF])


def lie_of_length(song: Song, rng: Random, _: Song) -> None:
    if song.tracks:
        song.lies[rng.randrange(len(song.tracks))] = rng.choice(
            [-1, 1, -2, 8, -20, 100, 2**31, -(2**31), 2**32 - 1]
        )


def change_times(song: Song, rng: Random, _: Song) -> None:
    track = _track(song, rng)
    for _ in range(rng.choice([1, 1, 2, 10, 200])):
        if track:
            i = rng.randrange(len(track))
            track[i] = (rng.choice(DELTAS), track[i][1])


def scale_times(song: Song, rng: Random, _: Song) -> None:
    track, factor = _track(song, rng), rng.choice([0, 0, 2, 100, 10_000])
    track[:] = [(min(delta * factor, 2**28 - 1), event) for delta, event in track]


def add_events(song: Song, rng: Random, _: Song) -> None:
    track = _track(song, rng)
    for _ in range(rng.choice([1, 1, 1, 3, 20, 300])):
        track.insert(
            rng.randrange(len(track) + 1), (rng.choice([0, 0, 0, *DELTAS[:6]]), hostile_event(rng))
        )


def move_events(song: Song, rng: Random, _: Song) -> None:
    track = _track(song, rng)
    for _ in range(rng.choice([1, 5, 100])):
        if track:
            track.insert(rng.randrange(len(track)), track.pop(rng.randrange(len(track))))


def drop_events(song: Song, rng: Random, _: Song) -> None:
    """Those of one kind: the ends of notes, for one, or the end of the track."""
    track = _track(song, rng)
    if track:
        status, share = rng.choice(track)[1][:1], rng.choice([1.0, 0.5, 0.1])
        track[:] = [
            (delta, event) for delta, event in track if event[:1] != status or rng.random() > share
        ]


def change_notes(song: Song, rng: Random, _: Song) -> None:
    """Other pitches, loudnesses, channels, or all of them alike."""
    track, where, share = _track(song, rng), rng.choice([0, 1, 2]), rng.choice([1.0, 0.2, 0.02])
    value = rng.choice([0, 1, 60, 127, 128, 255, None])
    for i, (delta, event) in enumerate(track):
        if 0x80 <= event[0] < 0xA0 and len(event) == 3 and rng.random() < share:
            changed, new = bytearray(event), rng.randrange(128) if value is None else value
            changed[where] = event[0] & 0xF0 | new & 0x0F if where == 0 else new
            track[i] = (delta, bytes(changed))


def run_statuses(song: Song, rng: Random, _: Song) -> None:
    """Running status, where it is right, and where it is not."""
    track, before, wrong = _track(song, rng), b"", rng.random() < 0.3
    for i, (delta, event) in enumerate(track):
        if event[:1] == before and event[0] < 0xF0 and (not wrong or rng.random() < 0.9):
            track[i] = (delta, event[1:] or b"\0")
        before = b"" if event[0] >= 0xF0 and not wrong else event[:1] if event[0] < 0xF0 else before


def many_tracks(song: Song, rng: Random, _: Song) -> None:
    track = _track(song, rng)
    size = sum(len(event) + 2 for _, event in track) + 8
    song.tracks += [track] * min(rng.choice([1, 3, 17, 300, 5000]), MOST_BYTES // size)


def longer(song: Song, rng: Random, _: Song) -> None:
    track = _track(song, rng)
    size = sum(len(event) + 2 for _, event in track) + 8
    body = [event for event in track if event[1] != END]
    track[:] = body * max(1, min(rng.choice([2, 10, 100]), MOST_BYTES // size)) + [(0, END)]


def shuffle_tracks(song: Song, rng: Random, other: Song) -> None:
    match rng.randrange(3):
        case 0:
            rng.shuffle(song.tracks)
        case 1 if song.tracks:
            del song.tracks[rng.randrange(len(song.tracks))]
        case _:
            song.tracks += rng.sample(other.tracks, min(len(other.tracks), 2))


CHANGES: tuple[Callable[[Song, Random, Song], None], ...] = (
    change_header,
    lie_of_length,
    change_times,
    change_times,
    scale_times,
    add_events,
    add_events,
    move_events,
    drop_events,
    change_notes,
    change_notes,
    run_statuses,
    many_tracks,
    longer,
    shuffle_tracks,
)


def spoil_midi(data: bytes, rng: Random, other: bytes) -> bytes:
    """Spoil the music of one whole file, then perhaps its bytes; or its bytes alone, those inside
    its tracks or any.
    """
    if rng.random() < 0.2:
        return spoil(data, rng, other, BYTES)
    song, second = Song.from_bytes(data), Song.from_bytes(other)
    if rng.random() < 0.25:
        return song.to_bytes(
            lambda body: (
                spoil(body, rng, other, BYTES, most=2)
                if rng.random() < 1 / len(song.tracks)
                else body
            )
        )
    for _ in range(1 + min(int(rng.expovariate(0.6)), 6)):
        rng.choice(CHANGES)(song, rng, second)
    return (
        spoil(song.to_bytes(), rng, other, BYTES, most=2)
        if rng.random() < 0.15
        else song.to_bytes()
    )
