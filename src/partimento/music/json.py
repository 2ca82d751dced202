"""Convert pieces to JSON values and back, without loss."""

from __future__ import annotations

from dataclasses import asdict, fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from partimento.music.lyrics import Syllable
from partimento.music.notes import Notes
from partimento.music.provenance import Provenance
from partimento.music.score_reference import ScoreReference
from partimento.music.timelines import ChordSymbol, Key, Meter, Part, Source, Tempo

if TYPE_CHECKING:
    from partimento.music.piece import Piece

# Values of a part that are left out.
UNSTATED = (("staves", None), ("clef", ""), ("strings", ()), ("capo", 0))
TIMES = ("fermatas", "phrase_ends")  # left out if empty
TIMELINES: dict[str, Any] = {
    "meters": Meter,
    "keys": Key,
    "tempos": Tempo,
    "parts": Part,
    "chord_symbols": ChordSymbol,
    "lyrics": Syllable,
}


def to_dict(piece: Piece) -> dict[str, Any]:
    """Return a piece as a dictionary of JSON values."""
    values = {f.name: _plain(getattr(piece, f.name)) for f in fields(piece) if f.name != "notes"}
    if piece.score is None:
        del values["score"]
    if not piece.open_end:
        del values["open_end"]
    if piece.provenance is None:
        del values["provenance"]
    if not piece.lyrics:
        del values["lyrics"]
    for name in TIMES:
        if not values[name]:
            del values[name]
    columns = {name: getattr(piece.notes, name).tolist() for name in Notes.COLUMNS}
    if not any(columns["voice"]):  # in most pieces each part has one voice: save the space
        del columns["voice"]
    return {"notes": {"divisions": piece.notes.divisions, **columns}, **values}


def fields_from_dict(values: dict[str, Any]) -> dict[str, Any]:
    """Convert the result of `to_dict` to the arguments of `Piece`.

    Raises
    ------
    KeyError, TypeError, ValueError
        If the values do not come from `to_dict`.
    """
    table = values["notes"]
    table = {"voice": [0] * len(table["onset"]), **table}
    arrays = {name: np.array(table[name], np.int64) for name in Notes.COLUMNS}
    timelines = {
        name: tuple(
            kind(**{k: Fraction(v) if k == "onset" else v for k, v in row.items()})
            for row in values.get(name, ())
        )
        for name, kind in TIMELINES.items()
    }
    return {
        "notes": Notes.from_columns(table["divisions"], **arrays),
        "pickup": Fraction(values["pickup"]),
        "length": Fraction(values["length"]),
        "title": values["title"],
        "composer": values["composer"],
        "source": Source(**values["source"]),
        "cuts": tuple(Fraction(cut) for cut in values["cuts"]),
        "open_end": bool(values.get("open_end", False)),
        **{name: tuple(Fraction(time) for time in values.get(name, ())) for name in TIMES},
        "warnings": tuple(values.get("warnings", ())),
        "score": ScoreReference.from_dict(values["score"]) if values.get("score") else None,
        "provenance": Provenance.from_dict(values["provenance"])
        if values.get("provenance")
        else None,
        **timelines,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, (ScoreReference, Provenance)):
        return value.to_dict()
    if isinstance(value, (Meter, Key, Tempo, Part, Source, ChordSymbol, Syllable)):
        items = asdict(value).items()
        return {key: _plain(item) for key, item in items if (key, item) not in UNSTATED}
    return value
