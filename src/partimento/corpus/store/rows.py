"""A piece as a row of the corpus store, and back.

What can be known from a file's bytes alone is measured here, in the parsing process: the notes as
they are, their events, key, forces, range, counts. Where the file came from is added when the store
is written (see `store`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import isfinite
from typing import Any

import numpy as np

from partimento.analysis.guitar_octave import octave_notated
from partimento.analysis.keys import analyse_key
from partimento.analysis.players import forces_of
from partimento.analysis.similarity.fingerprints import Sketch, sketch
from partimento.music.events import Sweep, sweep
from partimento.music.instruments import instruments_of_text
from partimento.music.notes import MAX_GRID, Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter, Part, Tempo

Values = dict[str, Any]
WHOLE = (int,)
# Name → the types that a plain value of a row may have. What a parser says is held against it.
PLAIN: dict[str, tuple[type, ...]] = {
    "sha256": (str,), "bytes": WHOLE, "format": (str,), "instrument": (str,), "title_in_file": (str,), "composer_in_file": (str,),
    "key": (str,), "key_correlation": (float,), "keys": (list,), "metre": (str,), "meters": (list,), "tempo_bpm": (float,),
    "tempos": (list,), "pickup": WHOLE, "pickup_inferred": (int, type(None)), "parts": (list,), "forces": (str,), "solo": (bool,),
    "alone": (bool,), "instruments": (list,), "octave_notated": (bool,), "lowest": WHOLE, "highest": WHOLE, "notes": WHOLE,
    "graces": WHOLE, "events": WHOLE, "quarters": (float,), "divisions": WHOLE, "length": WHOLE, "event_divisions": WHOLE,
}  # fmt: skip
# Name → type of the numbers of a row's columns of arrays. `chords` and `held` are lists of lists:
# their sizes, then their pitches.
ARRAYS: dict[str, str] = {
    "onset": "<i8", "duration": "<i8", "pitch": "u1", "velocity": "u1", "part": "<i4", "string": "<i2", "fret": "<i2", "grace": "u1",
    "durations": "<i8", "chord_sizes": "u1", "chord_pitches": "u1", "held_sizes": "u1", "held_pitches": "u1",
    "sketch": "u1",
}  # fmt: skip


# The plain values that pieces are selected by.
FACTS = ("key", "metre", "forces", "solo", "alone", "instruments", "events")
FAR = 2**40  # steps, bytes or whatever: beyond it no score goes


@dataclass(frozen=True)
class Row:
    """One row: its plain values and its arrays, by the names in `PLAIN` and `ARRAYS`."""

    plain: Values
    arrays: Mapping[str, np.ndarray]


def pack_row(row: Row) -> bytes:
    """A row as a line of JSON and the bytes of its arrays."""
    sizes = [len(row.arrays[name]) for name in ARRAYS]
    body = [np.ascontiguousarray(row.arrays[name], kind).tobytes() for name, kind in ARRAYS.items()]
    return b"".join([json.dumps({"row": row.plain, "sizes": sizes}).encode(), b"\n", *body])


def unpack_row(data: bytes) -> Row:
    """The inverse of `pack_row`.

    Raises
    ------
    ValueError
        If the bytes are no row: wrong types, sizes that do not fit, pitches beyond 127.
    """
    head, _, tail = data.partition(b"\n")
    said = json.loads(head)
    plain = said["row"]
    if plain.keys() != PLAIN.keys() or any(
        not isinstance(plain[name], kinds) for name, kinds in PLAIN.items()
    ):
        raise ValueError("a row of other columns")
    arrays, at = {}, 0
    for (name, kind), size in zip(ARRAYS.items(), said["sizes"], strict=True):
        arrays[name] = np.frombuffer(tail, kind, size, at)
        at += arrays[name].nbytes
    if at != len(tail):
        raise ValueError("a row of another length")
    _check(plain, arrays)
    Sketch.from_bytes(arrays["sketch"].tobytes())
    return Row(plain, arrays)


def _check(plain: Values, arrays: Mapping[str, np.ndarray]) -> None:
    """Everything that building a piece from the row checks, and that storing it does."""
    notes, events, parts = plain["notes"], plain["events"], plain["parts"]
    text = (
        [value for value in plain.values() if isinstance(value, str)]
        + plain["instruments"]
        + [part[0] for part in parts]
    )
    "".join(text).encode()  # no halves of characters
    timelines = [[mark[0] for mark in plain[name]] for name in ("keys", "meters", "tempos")]
    fit = (
        all(len(arrays[name]) == notes for name in Notes.COLUMNS)
        and all(len(arrays[name]) == events for name in ("durations", "chord_sizes", "held_sizes"))
        and all(int(arrays[f"{kind}_sizes"].sum()) == len(arrays[f"{kind}_pitches"]) for kind in ("chord", "held"))
        and all(int(arrays[name].max(initial=0)) < 128 for name in ("pitch", "velocity", "chord_pitches", "held_pitches"))
        and all(int(arrays[name].min(initial=1)) > 0 for name in ("velocity", "duration", "durations"))
        and int(arrays["onset"].min(initial=0)) >= 0
        and all(int(arrays[name].max(initial=0)) < FAR for name in ("onset", "duration", "durations"))
        and 0 <= int(arrays["part"].min(initial=0)) <= int(arrays["part"].max(initial=0)) < len(parts)
        and all(0 <= plain[name] < FAR for name, kinds in PLAIN.items() if kinds == WHOLE)
        and all(isfinite(plain[name]) for name, kinds in PLAIN.items() if kinds == (float,))
        and (plain["pickup_inferred"] is None or 0 <= plain["pickup_inferred"] < FAR)
        and 0 < plain["divisions"] <= MAX_GRID and plain["event_divisions"] > 0 and plain["lowest"] < 128 and plain["highest"] < 128
        and all(0 <= a < FAR for line in timelines for a in line) and all(a < b for line in timelines for a, b in pairwise(line))
        and all(-7 <= fifths <= 7 and mode in ("major", "minor") for _, fifths, mode in plain["keys"])
        and all(Meter(numerator, denominator) for _, numerator, denominator in plain["meters"])
        and all(Tempo(microseconds) for _, microseconds in plain["tempos"])
        and all((program is None or 0 <= program < 128) and drums in (True, False) and 0 <= n <= notes for _, program, drums, n in parts)
    )  # fmt: skip
    if not fit:
        raise ValueError("columns of a row do not fit each other")


@dataclass(frozen=True)
class Origin:
    """The file that a row is of: its SHA-256, size in bytes and kind, and a manifest's word for
    what plays.
    """

    sha256: str = ""
    size: int = 0
    suffix: str = ""
    instrument: str = ""


def row_of(piece: Piece, view: Piece, origin: Origin, pickup: Fraction | None = None) -> Row:
    """Measure a piece.

    Parameters
    ----------
    piece : Piece
        As the file has it (see `views.as_recorded`).
    view : Piece
        As it is to be learned from; the row's events are those of this one.
    origin : Origin
    pickup : Fraction, optional
        As the notes let infer it.
    """
    notes = piece.notes
    marks: tuple[Meter | Key | Tempo, ...] = (*piece.meters, *piece.keys, *piece.tempos)
    times = (piece.pickup, pickup or Fraction(0), piece.length, *(mark.onset for mark in marks))
    divisions = math.lcm(notes.divisions, *{time.denominator for time in times})
    scale = divisions // notes.divisions
    cut, event_divisions = events_of(view)
    events = len(cut.times) - 1
    counts = np.bincount(notes.part, minlength=len(piece.parts)).tolist()
    plain: Values = {
        "sha256": origin.sha256, "bytes": origin.size, "format": origin.suffix.lstrip("."), "instrument": origin.instrument,
        "title_in_file": piece.title, "composer_in_file": piece.composer,
        **_facts(piece, events, origin.instrument),
        "keys": [[_steps(k.onset, divisions), k.fifths, k.mode] for k in piece.keys],
        "meters": [[_steps(m.onset, divisions), m.numerator, m.denominator] for m in piece.meters],
        "tempo_bpm": round(piece.tempos[0].bpm, 3) if piece.tempos else 0.0,
        "tempos": [[_steps(t.onset, divisions), t.us_per_quarter] for t in piece.tempos],
        "pickup": _steps(piece.pickup, divisions), "pickup_inferred": None if pickup is None else _steps(pickup, divisions),
        "parts": [[part.name, part.program, part.is_drum, count] for part, count in zip(piece.parts, counts, strict=True)],
        "octave_notated": octave_notated(piece, instrument=origin.instrument),
        "lowest": int(notes.pitch.min(initial=127)), "highest": int(notes.pitch.max(initial=0)),
        "notes": len(notes), "graces": int(notes.grace.sum()),
        "quarters": float(piece.length), "divisions": divisions, "length": _steps(piece.length, divisions),
        "event_divisions": event_divisions,
    }  # fmt: skip
    arrays = {name: getattr(notes, name) for name in Notes.COLUMNS}
    arrays |= {
        "onset": notes.onset * scale,
        "duration": notes.duration * scale,
        **_event_arrays(cut),
        "sketch": np.frombuffer(sketch(piece).to_bytes(), np.uint8),
    }
    return Row(plain, arrays)


def facts_of(piece: Piece, view: Piece, instrument_hint: str = "") -> Values:
    """Measure what pieces are selected by, under the names of a row's columns.

    Parameters
    ----------
    piece : Piece
        As the file has it (see `views.as_recorded`).
    view : Piece
        As it is to be learned from, without drums; its events are counted.
    instrument_hint : str
        A manifest's word for what plays.
    """
    measured = _facts(piece, len(events_of(view)[0].times) - 1, instrument_hint)
    return {name: measured[name] for name in FACTS}


def _facts(piece: Piece, events: int, instrument_hint: str) -> Values:
    key, correlation = analyse_key(piece)
    players = forces_of(piece).named(instruments_of_text(instrument_hint))
    first = f"{piece.meters[0].numerator}/{piece.meters[0].denominator}" if piece.meters else ""
    return {
        "key": key.code,
        "key_correlation": round(correlation, 6),
        "metre": first,
        "forces": players.kind,
        "solo": players.solo,
        "alone": players.alone,
        "instruments": list(players.instruments),
        "events": events,
    }


def _steps(time: Fraction, divisions: int) -> int:
    return time.numerator * (divisions // time.denominator)


def events_of(piece: Piece) -> tuple[Sweep, int]:
    """The events of a piece as arrays, with the steps a quarter of their times: what `Piece.events`
    gives as objects.
    """
    notes, edges = piece.notes, (Fraction(0), piece.length, *piece.cuts)
    grid = math.lcm(notes.divisions, *{edge.denominator for edge in edges})
    scale = grid // notes.divisions
    return sweep(
        notes.onset * scale, notes.end * scale, notes.pitch, [_steps(edge, grid) for edge in edges]
    ), grid


def _event_arrays(cut: Sweep) -> dict[str, np.ndarray]:
    sizes = np.diff(cut.first)
    event = np.repeat(np.arange(len(sizes)), sizes)
    return {
        "durations": np.diff(cut.times),
        "chord_sizes": sizes,
        "chord_pitches": cut.pitch,
        "held_sizes": np.bincount(event[cut.held], minlength=len(sizes)),
        "held_pitches": cut.pitch[cut.held],
    }


def piece_of(plain: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Piece:
    """The piece exactly as the file had it; the inverse of `row_of`, but for title, composer and
    source.
    """
    divisions = plain["divisions"]

    def when(step: int) -> Fraction:
        return Fraction(step, divisions)

    columns = {name: arrays[name].astype(np.int64) for name in Notes.COLUMNS}
    return Piece(
        Notes.from_columns(divisions, **columns),
        meters=tuple(Meter(n, d, when(at)) for at, n, d in plain["meters"]),
        keys=tuple(Key(fifths, mode, when(at)) for at, fifths, mode in plain["keys"]),
        tempos=tuple(Tempo(us, when(at)) for at, us in plain["tempos"]),
        pickup=when(plain["pickup"]),
        length=when(plain["length"]),
        parts=tuple(Part(name, program, is_drum) for name, program, is_drum, _ in plain["parts"]),
        title=plain["title_in_file"],
        composer=plain["composer_in_file"],
    )
