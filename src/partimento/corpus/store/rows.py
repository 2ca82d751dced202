"""Convert a piece to a row of the corpus store, and back.

The parsing process measures everything that a file's bytes alone determine. These are notes,
events, key, players, range and counts. The origin of the file is added when the store is written
(see `store`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from partimento.analysis.guitar_octave import octave_notated
from partimento.analysis.keys import analyze_key
from partimento.analysis.players import players_of
from partimento.analysis.similarity.fingerprints import Fingerprint, fingerprint
from partimento.corpus.store.columns import ARRAYS, EVENTS, NOTE_NAMES, NOTES, PLAIN
from partimento.music.events import Sweep
from partimento.music.instruments import instruments_of_text
from partimento.music.notes import Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter, Part, Tempo

Values = dict[str, Any]
# The plain values that pieces are selected by.
FACTS = ("key", "meter", "ensemble", "solo", "single_instrument", "instruments", "events")


@dataclass(frozen=True)
class Row:
    """One row: plain values and arrays, by the names of `columns`."""

    plain: Values
    arrays: Mapping[str, np.ndarray]


def pack_row(row: Row) -> bytes:
    """Pack a row as a line of JSON and the bytes of its arrays."""
    sizes = [len(row.arrays[name]) for name in ARRAYS]
    body = [np.ascontiguousarray(row.arrays[name], kind).tobytes() for name, kind in ARRAYS.items()]
    return b"".join([json.dumps({"row": row.plain, "sizes": sizes}).encode(), b"\n", *body])


def unpack_row(data: bytes) -> Row:
    """Unpack what `pack_row` returned.

    Raises
    ------
    ValueError
        If the bytes are no row: wrong types, sizes that do not fit, pitches beyond 127.
    """
    head, _, tail = data.partition(b"\n")
    header = json.loads(head)
    plain = header["row"]
    if plain.keys() != {column.name for column in PLAIN}:
        raise ValueError("a row of other columns")
    arrays, at = {}, 0
    for (name, kind), size in zip(ARRAYS.items(), header["sizes"], strict=True):
        arrays[name] = np.frombuffer(tail, kind, size, at)
        at += arrays[name].nbytes
    if at != len(tail):
        raise ValueError("a row of another length")
    _check(plain, arrays)
    Fingerprint.from_bytes(arrays["fingerprint"].tobytes())
    return Row(plain, arrays)


def _check(plain: Values, arrays: Mapping[str, np.ndarray]) -> None:
    """Check everything that building a piece from the row and storing it require."""
    for column in PLAIN:
        column.check_value(plain[column.name])
    for column in (*NOTES, *EVENTS):
        column.check_array(arrays)
    notes, events, parts = plain["notes"], plain["events"], plain["parts"]
    fit = (
        all(len(arrays[name]) == notes for name in NOTE_NAMES)
        and all(len(arrays[name]) == events for name in ("durations", "chords_sizes", "held_sizes"))
        and all(
            int(arrays[f"{name}_sizes"].sum()) == len(arrays[f"{name}_pitches"])
            for name in ("chords", "held")
        )
        and int(arrays["part"].max(initial=0)) < len(parts)
        and all(0 <= count <= notes for _, _, _, count in parts)
    )
    if not fit:
        raise ValueError("columns of a row do not fit each other")


@dataclass(frozen=True)
class Origin:
    """The file of a row: SHA-256, size, format, and a manifest's word for the players."""

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
    cut, event_divisions = view.sweep()
    events = len(cut.times) - 1
    counts = np.bincount(notes.part, minlength=len(piece.parts)).tolist()
    plain: Values = {
        "sha256": origin.sha256,
        "bytes": origin.size,
        "format": origin.suffix.lstrip("."),
        "instrument": origin.instrument,
        "title_in_file": piece.title,
        "composer_in_file": piece.composer,
        **_facts(piece, events, origin.instrument),
        "keys": [[_steps(k.onset, divisions), k.fifths, k.mode] for k in piece.keys],
        "meters": [[_steps(m.onset, divisions), m.numerator, m.denominator] for m in piece.meters],
        "tempo_bpm": round(piece.tempos[0].bpm, 3) if piece.tempos else 0.0,
        "tempos": [[_steps(t.onset, divisions), t.us_per_quarter] for t in piece.tempos],
        "pickup": _steps(piece.pickup, divisions),
        "pickup_inferred": None if pickup is None else _steps(pickup, divisions),
        "parts": [
            [part.name, part.program, part.is_drum, count]
            for part, count in zip(piece.parts, counts, strict=True)
        ],
        "octave_notated": octave_notated(piece, instrument=origin.instrument),
        "lowest": int(notes.pitch.min(initial=127)),
        "highest": int(notes.pitch.max(initial=0)),
        "notes": len(notes),
        "grace_notes": int(notes.grace.sum()),
        "quarters": float(piece.length),
        "divisions": divisions,
        "length": _steps(piece.length, divisions),
        "event_divisions": event_divisions,
    }
    if notes.voice.any():
        raise ValueError("a store has no place for voices within a part")
    arrays = {name: getattr(notes, name) for name in NOTE_NAMES}
    arrays |= {
        "onset": notes.onset * scale,
        "duration": notes.duration * scale,
        **_event_arrays(cut),
        "fingerprint": np.frombuffer(fingerprint(piece).to_bytes(), np.uint8),
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
    measured = _facts(piece, len(view.sweep()[0].times) - 1, instrument_hint)
    return {name: measured[name] for name in FACTS}


def _facts(piece: Piece, events: int, instrument_hint: str) -> Values:
    key, correlation = analyze_key(piece)
    players = players_of(piece).named(instruments_of_text(instrument_hint))
    first = f"{piece.meters[0].numerator}/{piece.meters[0].denominator}" if piece.meters else ""
    return {
        "key": key.code,
        "key_correlation": round(correlation, 6),
        "meter": first,
        "ensemble": players.kind,
        "solo": players.solo,
        "single_instrument": players.single_instrument,
        "instruments": list(players.instruments),
        "events": events,
    }


def _steps(time: Fraction, divisions: int) -> int:
    return time.numerator * (divisions // time.denominator)


def _event_arrays(cut: Sweep) -> dict[str, np.ndarray]:
    sizes = np.diff(cut.first)
    event = np.repeat(np.arange(len(sizes)), sizes)
    return {
        "durations": np.diff(cut.times),
        "chords_sizes": sizes,
        "chords_pitches": cut.pitch,
        "held_sizes": np.bincount(event[cut.held], minlength=len(sizes)),
        "held_pitches": cut.pitch[cut.held],
    }


def piece_of(plain: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Piece:
    """Return the piece exactly as the file had it.

    This inverts `row_of`, but for title, composer and source.
    """
    divisions = plain["divisions"]

    def when(step: int) -> Fraction:
        return Fraction(step, divisions)

    columns = {name: arrays[name].astype(np.int64) for name in NOTE_NAMES}
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
