"""Give the notes of a document the ids of the notes of its piece."""

from __future__ import annotations

from collections import Counter
from itertools import accumulate
from typing import Any

from partimento.io.musicxml.layout import BAR, GRACE, ONSET, PITCH
from partimento.io.musicxml.lengths import bar_lengths, fit_to_bars, kept_meters
from partimento.io.musicxml.part import PartReader
from partimento.io.musicxml.read import read_notes
from partimento.music.piece import Piece

Element = Any
Sounding = dict[int, list[tuple[int, int, int]]]  # pitch → onset, end and index of notes


def bar_starts(readers: list[PartReader], grid: int) -> list[int]:
    """Return the beginning of each bar and the end of the last one, in ticks.

    Notes with rounded times are moved, as in the piece.
    """
    lengths = bar_lengths(readers, kept_meters(readers, grid), grid)
    for reader in readers:
        fit_to_bars(reader, lengths)
    return list(accumulate(lengths, initial=0))


def add_note_ids(root: Element, piece: Piece) -> None:
    """Set the ids of notes to ``n5`` or ``n5.2``, as our own writer does.

    Parameters
    ----------
    root : Element
        The document of `piece`; it is changed.
    piece : Piece
    """
    readers, grid = read_notes(root)
    starts = bar_starts(readers, grid)
    same_parts = len(readers) == len(piece.parts)
    by_part = [_by_pitch(piece, grid, part) for part in range(len(piece.parts))]
    seen: Counter[int] = Counter()
    for part, reader in enumerate(readers):
        own = [by_part[part]] if same_parts else by_part
        graces: Counter[int] = Counter()
        for row, element in zip(reader.rows, reader.elements or (), strict=True):
            bar, onset, pitch = row[BAR], row[ONSET], row[PITCH]
            if row[GRACE]:
                found = _grace(own, pitch, graces[pitch])
                graces[pitch] += 1
            else:
                found = _note_at(own, pitch, starts[bar] + onset)
            if found is not None:
                seen[found] += 1
                element.set("id", f"n{found}" if seen[found] == 1 else f"n{found}.{seen[found]}")


def _by_pitch(piece: Piece, grid: int, part: int) -> tuple[Sounding, Sounding]:
    """Return the notes of a part by pitch, and its grace notes; times are in ticks."""
    sounding: tuple[Sounding, Sounding] = {}, {}
    notes = piece.notes
    columns = (notes.onset, notes.end, notes.pitch, notes.grace, notes.part)
    for i, (onset, end, pitch, grace, own) in enumerate(
        zip(*(column.tolist() for column in columns), strict=True)
    ):
        if own == part:
            times = (onset * grid // notes.divisions, end * grid // notes.divisions, i)
            sounding[grace > 0].setdefault(pitch, []).append(times)
    return sounding


def _note_at(parts: list[tuple[Sounding, Sounding]], pitch: int, time: int) -> int | None:
    """Return the note of a pitch that sounds at a time; the one that began last."""
    for notes, _ in parts:
        found = [i for onset, end, i in notes.get(pitch, ()) if onset <= time < end]
        if found:
            return found[-1]
    return None


def _grace(parts: list[tuple[Sounding, Sounding]], pitch: int, number: int) -> int | None:
    """Return a grace note by its number among those of its pitch."""
    for _, graces in parts:
        if number < len(graces.get(pitch, ())):
            return graces[pitch][number][2]
    return None
