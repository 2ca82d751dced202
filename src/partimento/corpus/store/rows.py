"""Convert a piece to a row of the corpus store, and back.

The parsing process computes everything that depends on the content of the file alone: notes,
events, key, players, range and counts. The provenance is added when the store is written (see
`build`).
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
from partimento.analysis.note_ends import find_shortenings
from partimento.analysis.players import players_of
from partimento.analysis.similarity.fingerprints import Fingerprint, fingerprint
from partimento.corpus.store.columns import ARRAYS, EVENTS, NOTE_NAMES, NOTES, PLAIN
from partimento.io.formats import MIDI_SUFFIXES
from partimento.music.events import Sweep
from partimento.music.instruments import instruments_of_text
from partimento.music.notes import Notes
from partimento.music.piece import Piece
from partimento.music.timelines import ChordSymbol, Key, Meter, Part, Tempo
from partimento.short_repr import short_repr

Values = dict[str, Any]
# The plain values by which pieces are selected.
FACTS = ("key", "meter", "ensemble", "solo", "single_instrument", "instruments", "events")


@short_repr
@dataclass(frozen=True)
class Row:
    """A row of a store: plain values and arrays, with the names of `columns`."""

    plain: Values
    arrays: Mapping[str, np.ndarray]


def pack_row(row: Row) -> bytes:
    """Pack a row as a line of JSON and the bytes of its arrays."""
    sizes = [len(row.arrays[name]) for name in ARRAYS]
    body = [np.ascontiguousarray(row.arrays[name], kind).tobytes() for name, kind in ARRAYS.items()]
    return b"".join([json.dumps({"row": row.plain, "sizes": sizes}).encode(), b"\n", *body])


def unpack_row(data: bytes) -> Row:
    """Read a row from the result of `pack_row`, and check it completely.

    Raises
    ------
    ValueError
        If the bytes are not a valid row: wrong types, inconsistent sizes, pitches above 127.
    """
    head, _, tail = data.partition(b"\n")
    header = json.loads(head)
    plain = header["row"]
    if plain.keys() != {column.name for column in PLAIN}:
        raise ValueError("a row with other columns")
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
    """Check that the row can be stored, and that a piece can be built from it."""
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
        raise ValueError("the columns of a row are inconsistent")


@short_repr
@dataclass(frozen=True)
class Origin:
    """The file of a row.

    Attributes
    ----------
    sha256 : str
    size : int
        In bytes.
    suffix : str
    instrument : str
        The instruments as stated in a manifest.
    """

    sha256: str = ""
    size: int = 0
    suffix: str = ""
    instrument: str = ""


def row_of(piece: Piece, view: Piece, origin: Origin, pickup: Fraction | None = None) -> Row:
    """Convert a piece to a row.

    Parameters
    ----------
    piece : Piece
        The exact piece, from `views.as_recorded`.
    view : Piece
        The piece as prepared for training, which gives the row's events.
    origin : Origin
    pickup : Fraction, optional
        The inferred pickup, in quarters.
    """
    notes = piece.notes
    marks: tuple[Meter | Key | Tempo | ChordSymbol, ...] = (
        *piece.meters,
        *piece.keys,
        *piece.tempos,
        *piece.chord_symbols,
    )
    times = (
        piece.pickup,
        pickup or Fraction(0),
        piece.length,
        *(mark.onset for mark in marks),
        *piece.fermatas,
        *piece.phrase_ends,
    )
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
        "note_ends": [
            f"{piece.parts[found.part].name or f'part {found.part + 1}'}: {found}"
            for found in (find_shortenings(piece) if origin.suffix in MIDI_SUFFIXES else ())
        ],
        "chord_symbols": [[_steps(s.onset, divisions), s.text] for s in piece.chord_symbols],
        "fermatas": [_steps(time, divisions) for time in piece.fermatas],
        "phrase_ends": [_steps(time, divisions) for time in piece.phrase_ends],
        "warnings": list(piece.warnings),
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
    arrays = {name: getattr(notes, name) for name in NOTE_NAMES}
    arrays |= {
        "onset": notes.onset * scale,
        "duration": notes.duration * scale,
        **_event_arrays(cut),
        "fingerprint": np.frombuffer(fingerprint(piece).to_bytes(), np.uint8),
    }
    return Row(plain, arrays)


def facts_of(piece: Piece, view: Piece, instrument_hint: str = "") -> Values:
    """Compute the values by which pieces are selected, named like columns of a row.

    Parameters
    ----------
    piece : Piece
        The exact piece, from `views.as_recorded`.
    view : Piece
        The piece as prepared for training, without drums; its events are counted.
    instrument_hint : str
        The instruments as stated in a manifest.

    Returns
    -------
    dict
        With the keys `FACTS`.
    """
    facts = _facts(piece, len(view.sweep()[0].times) - 1, instrument_hint)
    return {name: facts[name] for name in FACTS}


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
    """Convert a row back to the exact piece.

    This is the inverse of `row_of`, except that the source is lost.
    """
    divisions = plain["divisions"]

    def time(step: int) -> Fraction:
        return Fraction(step, divisions)

    columns = {name: arrays[name].astype(np.int64) for name in NOTE_NAMES}
    return Piece(
        Notes.from_columns(divisions, **columns),
        meters=tuple(Meter(n, d, time(at)) for at, n, d in plain["meters"]),
        keys=tuple(Key(fifths, mode, time(at)) for at, fifths, mode in plain["keys"]),
        tempos=tuple(Tempo(us, time(at)) for at, us in plain["tempos"]),
        pickup=time(plain["pickup"]),
        length=time(plain["length"]),
        parts=tuple(Part(name, program, is_drum) for name, program, is_drum, _ in plain["parts"]),
        title=plain["title_in_file"],
        composer=plain["composer_in_file"],
        chord_symbols=tuple(ChordSymbol(text, time(at)) for at, text in plain["chord_symbols"]),
        fermatas=tuple(map(time, plain["fermatas"])),
        phrase_ends=tuple(map(time, plain["phrase_ends"])),
        warnings=tuple(plain["warnings"]),
    )
