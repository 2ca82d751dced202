"""Which file is which case: of one seed and number always the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from random import Random

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from tests.fuzz import sources
from tests.fuzz.compose_guitar_pro import one_byte, one_number, pack
from tests.fuzz.compose_midi import midi_files
from tests.fuzz.compose_xml import musicxml_files
from tests.fuzz.spoil import BYTES, TEXT, spoil
from tests.fuzz.spoil_midi import spoil_midi
from tests.fuzz.spoil_xml import spoil_musicxml, spoil_mxl

SHARES = {
    "midi": 30,
    "midi-composed": 15,
    "musicxml": 17,
    "musicxml-composed": 15,
    "mxl": 4,
    "kern": 6,
    "mei": 4,
    "abc": 5,
    "guitar-pro": 2,
    "gp": 2,
}  # of a hundred
SUFFIXES = {
    "midi": ".mid",
    "midi-composed": ".mid",
    "musicxml": ".musicxml",
    "musicxml-composed": ".xml",
    "mxl": ".mxl",
    "kern": ".krn",
    "mei": ".mei",
    "abc": ".abc",
    "guitar-pro": ".gp5",
    "gp": ".gp",
}
COMPOSERS: dict[str, Callable[[], st.SearchStrategy[bytes]]] = {
    "midi-composed": midi_files,
    "musicxml-composed": musicxml_files,
}
BLOCK = 500  # cases whose composed files are made together
VIEWED = 0.3  # share of the cases that are read as music21 does


@dataclass(frozen=True)
class Case:
    """A file that was never seen before.

    Attributes
    ----------
    number : int
    kind : str
        One of `SHARES`.
    data : bytes
    viewed : bool
        Whether it is read with ``quantize="music21"``.
    """

    number: int
    kind: str
    data: bytes
    viewed: bool

    @property
    def suffix(self) -> str:
        return SUFFIXES[self.kind]


@cache
def _kinds() -> tuple[str, ...]:
    kinds = [kind for kind, share in SHARES.items() for _ in range(share)]
    Random(0).shuffle(kinds)
    return tuple(kinds)


def kind_of(number: int) -> str:
    return _kinds()[number % len(_kinds())]


def make_case(run: int, number: int) -> Case:
    """The case of a number in the run of a seed; the composed ones of a block are made together, at
    the first of them.
    """
    rng, kind = Random(f"{run}:{number}"), kind_of(number)
    data = _composed(run, number, kind) if kind in COMPOSERS else _spoilt(kind, rng)
    return Case(number, kind, data, rng.random() < VIEWED)


def _composed(run: int, number: int, kind: str) -> bytes:
    block, within = divmod(number, BLOCK)
    before = sum(kind_of(n) == kind for n in range(within))
    return composed(kind, run * 1_000_003 + block, SHARES[kind] * BLOCK // 100)[before]


@cache
def composed(kind: str, number: int, count: int) -> tuple[bytes, ...]:
    """So many files; equal numbers give equal files."""
    files: list[bytes] = []

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(COMPOSERS[kind]())
    def collect(data: bytes) -> None:
        files.append(data)

    collect()
    return tuple(files[i % len(files)] for i in range(count))


def _spoilt(kind: str, rng: Random) -> bytes:
    files = sources.SOURCES[kind]()
    data, other = rng.choice(files), rng.choice(files)
    match kind:
        case "midi":
            return spoil_midi(data, rng, other)
        case "musicxml" | "mei":
            return spoil_musicxml(data, rng, other)
        case "mxl":
            return spoil_mxl(data, rng, other)
        case "guitar-pro":
            return one_byte(data, rng) if rng.random() < 0.7 else spoil(data, rng, other, BYTES)
        case "gp":
            often = rng.random() < 0.7
            return pack(one_number(data, rng) if often else spoil(data, rng, other, TEXT), rng)
        case _:
            return spoil(data, rng, other, (*TEXT, *TEXT, *BYTES))
