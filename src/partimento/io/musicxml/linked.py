"""Join a tablature with the notation of the same notes: two staves, or two parts.

Programs that print both write every note twice, and give string and fret to one of the two only.
"""

from __future__ import annotations

from collections.abc import Sequence

from partimento.io.musicxml.part import PartReader

BAR, ONSET, DURATION, PITCH, VELOCITY, STRING, FRET, GRACE = range(8)
# The part of the notes that must stand in both, so that they are taken for the same music.
LEAST_SHARED = 0.9
Row = tuple[int, ...]


def join_staves(reader: PartReader) -> None:
    """Join the notes of a notation staff and a tablature staff of one part, in place."""
    tab = [i for i, row in enumerate(reader.rows) if row[FRET] >= 0]
    plain = [i for i, row in enumerate(reader.rows) if row[FRET] < 0]
    pairs = _pairs(reader.rows, tab, reader.rows, plain)
    if tab and len(pairs) >= LEAST_SHARED * len(tab):
        for i, k in pairs.items():
            reader.rows[k] = _with_position(reader.rows[k], reader.rows[i])
        reader.rows = [row for i, row in enumerate(reader.rows) if i not in pairs]


def join_parts(readers: Sequence[PartReader]) -> dict[int, int]:
    """Join parts of notation with parts that are their tablature, in place.

    Returns
    -------
    dict of int to int
        Index of a tablature that was joined → index of its part.
    """
    joined: dict[int, int] = {}
    tabs = [i for i, reader in enumerate(readers) if _is_tab(reader)]
    plain = [
        i
        for i, reader in enumerate(readers)
        if reader.rows and all(row[FRET] < 0 for row in reader.rows)
    ]
    for tab in tabs:
        for part in sorted(plain, key=lambda i: abs(i - tab)):
            if part not in joined.values() and _join(readers[part], readers[tab]):
                joined[tab] = part
                break
    return joined


def _is_tab(reader: PartReader) -> bool:
    frets = sum(row[FRET] >= 0 for row in reader.rows)
    return frets > 0 and frets >= LEAST_SHARED * len(reader.rows)


def _join(reader: PartReader, tab: PartReader) -> bool:
    """Join a part with its tablature, and return whether it was one."""
    most = max(len(reader.rows), len(tab.rows))
    if min(len(reader.rows), len(tab.rows)) < LEAST_SHARED * most:
        return False
    pairs = _pairs(tab.rows, range(len(tab.rows)), reader.rows, range(len(reader.rows)))
    if len(pairs) < LEAST_SHARED * most:
        return False
    for i, k in pairs.items():
        reader.rows[k] = _with_position(reader.rows[k], tab.rows[i])
    reader.rows += [row for i, row in enumerate(tab.rows) if i not in pairs and not row[GRACE]]
    for name in ("meters", "keys", "tempos", "chords"):
        marks = getattr(reader, name)
        for place, mark in getattr(tab, name).items():
            marks.setdefault(place, mark)
    return True


def _pairs(
    rows: Sequence[Row], places: Sequence[int], others: Sequence[Row], among: Sequence[int]
) -> dict[int, int]:
    """Map places of rows to those of other rows with the same notes, each once."""
    free: dict[tuple[int, int, int, bool], list[int]] = {}
    for k in reversed(among):
        free.setdefault(_identity(others[k]), []).append(k)
    pairs: dict[int, int] = {}
    for i in places:
        if same := free.get(_identity(rows[i])):
            pairs[i] = same.pop()
    return pairs


def _identity(row: Row) -> tuple[int, int, int, bool]:
    return row[BAR], row[ONSET], row[PITCH], row[GRACE] > 0


def _with_position(row: Row, tab: Row) -> Row:
    """Return a row with the string and the fret of another one."""
    return (*row[:STRING], tab[STRING], tab[FRET], *row[GRACE:])
