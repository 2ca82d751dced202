"""Give new notes voices beside those that a piece states."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from partimento.music.change import Change
from partimento.music.excerpt import cut_between
from partimento.music.notes import Notes
from partimento.music.piece import Piece
from partimento.notation.graces import written_notes
from partimento.notation.layout import bars_of, drawn_times, lay_out, ticks_for


def voiced(piece: Piece, change: Change) -> Change:
    """Divide the new notes of parts with several voices among them.

    New notes of a model without voices are all in one. They are divided as engraving divides notes
    without voices. The highest voice is the highest one of the part, and the lowest one its lowest.

    Parameters
    ----------
    piece : Piece
        Before the change.
    change : Change
        Parts whose new notes are in several voices already keep them.

    Returns
    -------
    Change
    """
    new, old = change.notes, piece.notes
    voice = new.voice.copy()
    try:
        for part in change.parts:
            own = new.part == part
            stated = np.unique(old.voice[old.part == part])
            if len(stated) > 1 and len(np.unique(new.voice[own])) == 1:
                engraved = _voices(piece, change, part)[own]
                order = _from_the_top(stated, old, part)
                voice[own] = _numbered(engraved, new.pitch[own], order)
        return replace(change, notes=new.replace(voice=voice))
    except ValueError:  # two voices meet on a pitch
        return change


def _from_the_top(stated: np.ndarray, notes: Notes, part: int) -> list[int]:
    """Return the voices of a part by their mean pitch."""
    own = notes.part == part
    means = {int(v): float(notes.pitch[own & (notes.voice == v)].mean()) for v in stated}
    return sorted(means, key=lambda number: (-means[number], number))


def _voices(piece: Piece, change: Change, part: int) -> np.ndarray:
    """Return the engraved voice of each new note, as a number: (N,) int64.

    Notes of other parts have no meaning there.
    """
    plain = change.applied(piece.replace(score=None, lyrics=(), chord_symbols=()))
    notes = plain.notes
    flat = plain.replace(notes=notes.replace(voice=np.zeros_like(notes.voice)))
    bars = [bar for bar in flat.bars() if bar.onset < change.end]
    begin = max((bar.onset for bar in bars if bar.onset <= change.begin), default=change.begin)
    near = cut_between(flat, begin, change.end).part(part)
    written, ticks, rows = written_notes(near, "exact"), ticks_for(near), bars_of(near)
    laid = lay_out(near, written, 0, rows, ticks, drawn_times(near, written, rows, ticks))
    found: dict[tuple[int, int], int] = {}  # onset on the grid of the change, and pitch → voice
    grid = change.notes.divisions
    for bar in laid.bars:
        for staff, each in enumerate(bar):
            for number, symbols in enumerate(each.voices):
                for symbol in symbols:
                    for index, *_ in symbol.notes:
                        note = near.notes[index]
                        key = (int((note.onset + begin) * grid), note.pitch)
                        found.setdefault(key, staff * 10 + number)
    places = zip(change.notes.onset.tolist(), change.notes.pitch.tolist(), strict=True)
    return np.array([found.get(place, 0) for place in places], np.int64)


def _numbered(voice: np.ndarray, pitch: np.ndarray, order: list[int]) -> np.ndarray:
    """Replace the numbers of engraved voices by those of a part, from the top."""
    means = {int(v): float(pitch[voice == v].mean()) for v in np.unique(voice)}
    keys = sorted(means, key=lambda number: (-means[number], number))
    inner = [*order[1:-1], *range(max(order) + 1, max(order) + 1 + len(keys))]
    numbers = [order[0], *inner[: len(keys) - 2], order[-1]] if len(keys) > 1 else order[:1]
    table = dict(zip(keys, numbers, strict=True))
    return np.array([table[int(v)] for v in voice], np.int64)
