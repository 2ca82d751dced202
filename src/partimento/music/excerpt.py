"""Cut bars out of a piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from partimento.errors import PartimentoError
from partimento.music.grace_placement import grace_targets
from partimento.music.notes import Note, Notes
from partimento.music.piece import Piece
from partimento.music.timelines import M


def cut(piece: Piece, first: int, last: int | None = None) -> Piece:
    """Return the bars `first` to `last`, with what is valid when they begin.

    Meter, key and tempo are those that are valid at the cut. Notes that sound over its ends are
    shortened. Grace notes belong to the bar of their main note. A phrase that ends at the end of
    the excerpt is kept.

    Parameters
    ----------
    piece : Piece
    first, last : int
        Numbers of bars, counted from 1; a pickup is bar 0. Both are included. Without `last`, the
        excerpt goes on to the end of the piece.

    Raises
    ------
    PartimentoError
        If the piece has no such bars.

    Examples
    --------
    >>> piece = Piece([Note(Fraction(0), Fraction(6), 60), Note(Fraction(6), Fraction(2), 64)])
    >>> [(int(n.onset), int(n.duration), n.pitch) for n in piece.cut(2).notes]
    [(0, 2, 60), (2, 2, 64)]
    """
    bars = [bar for bar in piece.bars() if bar.onset < piece.length] or piece.bars()
    numbers = [bar.number for bar in bars]
    stop = numbers[-1] if last is None else last
    if first not in numbers or stop not in numbers or first > stop:
        raise PartimentoError(
            f"no bars {first}-{stop}: the piece has bars {numbers[0]}-{numbers[-1]}"
        )
    chosen = bars[numbers.index(first) : numbers.index(stop) + 1]
    is_last = stop == numbers[-1]
    end = piece.length if is_last else chosen[-1].onset + chosen[-1].duration
    return cut_between(piece, chosen[0].onset, end)


def cut_between(piece: Piece, start: Fraction, end: Fraction) -> Piece:
    """Return what sounds between two bar lines, given in quarters; see `cut`."""
    end = min(end, piece.length)
    if start == 0 and end == piece.length:
        return piece
    score = None if piece.score is None else piece.score.edited("cut", str(start), str(end))
    return piece.replace(
        notes=_notes(piece, start, end),
        meters=_marks(piece.meters, start, end),
        keys=_marks(piece.keys, start, end),
        tempos=_marks(piece.tempos, start, end),
        chord_symbols=tuple(
            replace(symbol, onset=symbol.onset - start)
            for symbol in piece.chord_symbols
            if start <= symbol.onset < end
        ),
        lyrics=tuple(
            replace(syllable, onset=syllable.onset - start)
            for syllable in piece.lyrics
            if start <= syllable.onset < end
        ),
        fermatas=tuple(time - start for time in piece.fermatas if start <= time < end),
        phrase_ends=tuple(time - start for time in piece.phrase_ends if start < time <= end),
        cuts=tuple(time - start for time in piece.cuts if start <= time < end),
        pickup=_pickup(piece, start, end),
        length=end - start,
        open_end=piece.open_end or end < piece.length,
        score=score,
    )


def _pickup(piece: Piece, start: Fraction, end: Fraction) -> Fraction:
    """Return the length of the first bar if it is shorter than its meter, or 0."""
    bar = next(bar for bar in reversed(piece.bars()) if bar.onset <= start)
    if bar.number == 0 and piece.pickup:
        return piece.pickup
    rest = bar.onset + bar.duration - start
    return rest if rest < bar.meter.bar_ql and start + rest < end else Fraction(0)


def _marks(marks: Sequence[M], start: Fraction, end: Fraction) -> tuple[M, ...]:
    """Return the marks of an excerpt; the one that is valid at its start comes first."""
    before = [mark for mark in marks if mark.onset <= start][-1:]
    inside = [mark for mark in marks if start < mark.onset < end]
    return tuple(
        replace(mark, onset=max(mark.onset - start, Fraction(0))) for mark in (*before, *inside)
    )


def _notes(piece: Piece, start: Fraction, end: Fraction) -> Notes:
    """Return the notes of an excerpt, whose times count from its start."""
    targets = grace_targets(piece.notes)
    divisions = piece.notes.divisions
    notes: list[Note] = []
    early: list[Note] = []  # grace notes that lead to the first beat
    for i, note in enumerate(piece.notes):
        if not note.grace:
            onset, stop = max(note.onset, start), min(note.end, end)
            if onset < stop:
                notes.append(replace(note, onset=onset - start, duration=stop - onset))
            continue
        target = Fraction(targets[i], divisions)
        if not (start <= target < end or target == end == piece.length):
            continue
        if note.onset < start:
            early.append(note)
        else:
            notes.append(replace(note, onset=note.onset - start))
    for part in {note.part for note in early}:
        row = [note for note in early if note.part == part]
        begin = min(note.onset for note in row)
        notes += [replace(note, onset=note.onset - begin) for note in row]
    return Notes(notes)
