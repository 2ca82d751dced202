"""Write a tablature as plain text, as guitarists share it.

Above the strings, letters show the time to the next note: W whole, H half, Q quarter, E eighth, S
sixteenth, T 32nd. A dot after the letter prolongs it by half, and 3 marks a triplet.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction

from partimento.errors import PartimentoError
from partimento.music.names import NAMES, pitch_name
from partimento.music.piece import Piece
from partimento.music.timelines import Bar, Tempo, from_start

WIDTH = 88  # characters per line
LETTERS = {
    Fraction(4): "W",
    Fraction(2): "H",
    Fraction(1): "Q",
    Fraction(1, 2): "E",
    Fraction(1, 4): "S",
    Fraction(1, 8): "T",
}
DOT, TRIPLET = Fraction(3, 2), Fraction(2, 3)
MOST_STEPS = 4  # the width of a column, as a multiple of that of the bar's shortest time
Column = tuple[Fraction, dict[int, int]]  # onset in the bar, and frets by string


def to_ascii(piece: Piece, *, width: int = WIDTH) -> str:
    """Return the tablature of a piece as text.

    Parameters
    ----------
    piece : Piece
        With strings and frets, from `fingerings.fingering`.
    width : int
        The length of a line in characters; a bar that is longer stands alone.

    Raises
    ------
    PartimentoError
        If no part has strings and frets.

    Examples
    --------
    >>> from partimento.guitar.fingerings import fingering
    >>> from partimento.music.notes import Note
    >>> notes = [Note(i, 1, pitch) for i, pitch in enumerate((48, 52, 55, 60))]
    >>> print("".join(to_ascii(fingering(Piece(notes))).splitlines(keepends=True)[-6:]))
    e|---------|
    B|-------1-|
    G|-----0---|
    D|---2-----|
    A|-3-------|
    E|---------|
    <BLANKLINE>
    """
    parts = [i for i, part in enumerate(piece.parts) if part.strings and _has_frets(piece, i)]
    if not parts:
        raise PartimentoError("the piece has no tablature: find a fingering first")
    lines = [text for text in (piece.title, piece.composer) if text]
    tempo = from_start(piece.tempos, Tempo())[0]
    meter = piece.first_meter
    key = f"{piece.keys[0].name}, " if piece.keys else ""
    lines.append(f"{key}{meter.numerator}/{meter.denominator}, {tempo.bpm:.5g} quarters per minute")
    for number in parts:
        lines += _part(piece, number, width, named=len(piece.parts) > 1)
    return "\n".join(lines) + "\n"


def _has_frets(piece: Piece, number: int) -> bool:
    notes = piece.notes
    return bool((notes.fret[notes.part == number] >= 0).any())


def _part(piece: Piece, number: int, width: int, *, named: bool) -> list[str]:
    part = piece.parts[number]
    lines = [f"\n{part.name or f'Part {number + 1}'}"] if named else []
    lines.append(f"Tuning: {tuning_text(part.strings)}")
    if part.capo:
        lines.append(f"Capo: fret {part.capo}, from which all frets are counted")
    bars = piece.bars()
    labels = _labels(part.strings)
    systems: list[list[tuple[Bar, list[str]]]] = [[]]
    room = width
    for bar, columns in zip(bars, _columns(piece, number, bars), strict=True):
        meter_text = _change_of_meter(bars, bar)
        block = _block(bar, columns, len(part.strings), meter_text)
        if systems[-1] and len(block[-1]) + 1 > room:
            systems.append([])
            room = width
        if not systems[-1]:
            room -= len(labels[0]) + 1
        systems[-1].append((bar, block))
        room -= len(block[-1]) + 1
    for system in systems:
        lines += ["", *_system(system, labels)]
    return lines


def tuning_text(strings: Sequence[int]) -> str:
    """Return the name of a tuning, if it has one, and its strings from the lowest.

    >>> tuning_text((64, 59, 55, 50, 45, 38))
    'drop d, D A D G B E'
    """
    from partimento.guitar.tunings import TUNINGS

    name = next((t.name for t in TUNINGS.values() if t.strings == tuple(strings)), "")
    names = " ".join(NAMES[pitch % 12] for pitch in reversed(strings))
    return f"{name}, {names}" if name else " ".join(pitch_name(p) for p in reversed(strings))


def _labels(strings: Sequence[int]) -> list[str]:
    """Return the names of the strings; the first of two equal ones in lower case."""
    names = [NAMES[pitch % 12] for pitch in strings]
    if names.count(names[0]) > 1:
        names[0] = names[0].lower()
    widest = max(map(len, names))
    return [name.ljust(widest) for name in names]


def _columns(piece: Piece, number: int, bars: Sequence[Bar]) -> list[list[Column]]:
    """Return the strikes of each bar, in the order of time."""
    starts = [bar.onset for bar in bars]
    by_bar: list[dict[Fraction, dict[int, int]]] = [{} for _ in bars]
    for note in piece.notes:
        if note.part == number and note.string is not None and note.fret is not None:
            place = bisect_right(starts, note.onset) - 1
            frets = by_bar[place].setdefault(note.onset - starts[place], {})
            frets[note.string - 1] = note.fret
    return [sorted(strikes.items()) for strikes in by_bar]


def _change_of_meter(bars: Sequence[Bar], bar: Bar) -> str:
    before = next((b for b in reversed(bars) if b.onset < bar.onset), None)
    pairs = [(b.meter.numerator, b.meter.denominator) for b in (before, bar) if b]
    return f" {pairs[-1][0]}/{pairs[-1][1]}" if len(pairs) == 2 and pairs[0] != pairs[1] else ""


def _block(bar: Bar, columns: Sequence[Column], strings: int, meter: str) -> list[str]:
    """Return the lines of a bar: its number, the rhythm, and each string."""
    times = [onset for onset, _ in columns]
    gaps = [b - a for a, b in zip(times, [*times[1:], bar.duration], strict=True)]
    shortest = min((gap for gap in gaps if gap > 0), default=Fraction(1))
    lead = 2 if not times or times[0] > 0 else 1
    rhythm, rows = " " * lead, ["-" * lead for _ in range(strings)]
    for (_, frets), gap in zip(columns, gaps, strict=True):
        widest = max(len(str(fret)) for fret in frets.values())
        letter = _letter(gap)
        steps = min(max(round(gap / shortest), 1), MOST_STEPS)
        size = max(2 * steps, widest + 1, len(letter) + 1)
        rhythm += letter.ljust(size)
        rows = [row + str(frets.get(i, "")).ljust(size, "-") for i, row in enumerate(rows)]
    size = max(len(rows[0]), len(str(bar.number)) + len(meter) + 1, 4)
    head = f"{bar.number}{meter}"
    return [head.ljust(size), rhythm.ljust(size), *(row.ljust(size, "-") for row in rows)]


def _letter(gap: Fraction) -> str:
    """Return the letter of a time in quarters; a blank if it has none."""
    for factor, sign in ((Fraction(1), ""), (DOT, "."), (TRIPLET, "3")):
        if gap / factor in LETTERS:
            return LETTERS[gap / factor] + sign
    return " "


def _system(system: Sequence[tuple[Bar, list[str]]], labels: Sequence[str]) -> list[str]:
    """Return the lines of some bars side by side."""
    blocks = [block for _, block in system]
    margin = " " * (len(labels[0]) + 1)
    lines = [margin + " ".join(block[row] for block in blocks) for row in (0, 1)]
    for string, label in enumerate(labels):
        lines.append(f"{label}|" + "|".join(block[2 + string] for block in blocks) + "|")
    return [line.rstrip() for line in lines]
