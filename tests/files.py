"""Files made in code, byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from partimento.corpus import Corpus

Timed = tuple[int, bytes]  # ticks since the one before, and the bytes of an event


class MidiMaker:
    """Writes MIDI bytes by hand, right or wrong, independently of the libraries under test."""

    @staticmethod
    def number(value: int) -> bytes:
        digits = [value & 0x7F]
        while value := value >> 7:
            digits.append(0x80 | value & 0x7F)
        return bytes(reversed(digits))

    def meta(self, kind: int, data: bytes) -> bytes:
        return bytes([0xFF, kind]) + self.number(len(data)) + data

    def track(self, events: Iterable[Timed], *, end: int = 0) -> bytes:
        body = b"".join(
            self.number(delta) + event for delta, event in [*events, (end, b"\xff\x2f\0")]
        )
        return b"MTrk" + struct.pack(">I", len(body)) + body

    def file(
        self, *tracks: bytes, divisions: int = 480, kind: int = 1, count: int | None = None
    ) -> bytes:
        return (
            b"MThd"
            + struct.pack(">IHHH", 6, kind, len(tracks) if count is None else count, divisions)
            + b"".join(tracks)
        )

    @staticmethod
    def on(delta: int, pitch: int, *, velocity: int = 80, channel: int = 0) -> Timed:
        return delta, bytes([0x90 | channel, pitch, velocity])

    @staticmethod
    def off(delta: int, pitch: int, *, channel: int = 0) -> Timed:
        return delta, bytes([0x80 | channel, pitch, 0])

    def notes(self, *pitches: int, length: int = 480, channel: int = 0) -> list[Timed]:
        return [
            event
            for pitch in pitches
            for event in (
                self.on(0, pitch, channel=channel),
                self.off(length, pitch, channel=channel),
            )
        ]


@pytest.fixture(scope="session")
def midi() -> MidiMaker:
    return MidiMaker()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, bytes | str], Path]:
    def write_file(name: str, data: bytes | str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    return write_file


@pytest.fixture(scope="session")
def guitar(data_folder: Path) -> Path:
    """The folder of 415 real files."""
    return data_folder / "mutopia-guitar"


def of_set(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        pytest.skip(f"no {path}")
    return path


@pytest.fixture(scope="session")
def chorales(data_folder: Path) -> tuple[Path, Corpus]:
    """The benchmark set of the JSB chorales: its file and its pieces."""
    from partimento.corpus.benchmarks import read_benchmark

    path = of_set(data_folder, "jsb/jsb-chorales-quarter.json")
    return path, read_benchmark(str(path))
