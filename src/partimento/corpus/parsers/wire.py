"""Pack pieces as bytes, to send them from a parsing process to the main one."""

from __future__ import annotations

import json

import numpy as np

from partimento.corpus.store.columns import PLAIN
from partimento.corpus.store.rows import FACTS, Values
from partimento.music.notes import Notes
from partimento.music.piece import Piece


def pack(piece: Piece, facts: Values | None = None) -> bytes:
    """Return a line of JSON, then the notes as one table of integers.

    This is eight times as fast as JSON alone.
    """
    table = np.stack([getattr(piece.notes, name) for name in Notes.COLUMNS])
    plain = piece.replace(notes=Notes(), score=piece.score).to_dict()
    plain["notes"] = {"divisions": piece.notes.divisions, "count": table.shape[1]}
    return (
        json.dumps({"piece": plain, "facts": facts}).encode()
        + b"\n"
        + table.astype("<i8").tobytes()
    )


def unpack(body: bytes) -> tuple[Piece, Values | None]:
    """Read the result of `pack`, with all checks that building a Piece makes.

    Raises
    ------
    ValueError, LookupError, TypeError, AttributeError
        If the bytes are not a valid piece, or the facts have other names or types.
    """
    head, _, tail = body.partition(b"\n")
    answer = json.loads(head)
    plain, facts = answer["piece"], answer["facts"]
    notes = plain.pop("notes")
    table = np.frombuffer(tail, "<i8").reshape(len(Notes.COLUMNS), notes["count"])
    columns = dict(zip(Notes.COLUMNS, table, strict=True))
    empty = {"divisions": 1, **{name: [] for name in Notes.COLUMNS}}
    without_notes = Piece.from_dict({"notes": empty, **plain})
    piece = without_notes.replace(
        notes=Notes.from_columns(notes["divisions"], **columns), score=without_notes.score
    )
    return piece, None if facts is None else _checked(facts)


def _checked(facts: Values) -> Values:
    if facts.keys() != set(FACTS):
        raise ValueError("facts with other names")
    for column in PLAIN:
        if column.name in FACTS:
            column.check_value(facts[column.name])
    return facts
