"""Hold fermatas, as players do: slow down until the phrase ends."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from partimento.music.piece import Piece
from partimento.music.timelines import Tempo, from_start

HOLD = Fraction(1)  # quarters by which the last note of a phrase is longer
LAST_HOLD = Fraction(2)  # of the last phrase
MOST = Fraction(3)  # times as long as written, at most


def hold_fermatas(piece: Piece) -> Piece:
    """Return the piece with tempos that hold its fermatas.

    Notes keep their times in quarters. The tempo is slower from the last fermata of a phrase to the
    end of the phrase. This adds the time of one quarter, or of two at the end of the piece.

    Parameters
    ----------
    piece : Piece

    Examples
    --------
    >>> from partimento import Note
    >>> quarter = Fraction(1)
    >>> notes = [Note(quarter * time, quarter, 60) for time in range(4)]
    >>> piece = Piece(notes, fermatas=[quarter], tempos=[Tempo.from_bpm(60)])
    >>> held = hold_fermatas(piece)
    >>> [(mark.onset, round(mark.bpm)) for mark in held.tempos]
    [(Fraction(0, 1), 60), (Fraction(1, 1), 30), (Fraction(2, 1), 60)]
    >>> piece.seconds, held.seconds
    (4.0, 5.0)
    """
    spans = _spans(piece)
    marks = from_start(piece.tempos, Tempo())
    starts = [*(mark.onset for mark in marks), *(time for span in spans for time in span)]
    tempos: list[Tempo] = []
    for time in sorted({start for start in starts if start < piece.length or not start}):
        mark = [mark for mark in marks if mark.onset <= time][-1]
        factor = next((rate for (start, end), rate in spans.items() if start <= time < end), 1)
        rate = min(round(mark.us_per_quarter * factor), 2**24 - 1)
        if not tempos or tempos[-1].us_per_quarter != rate:
            tempos.append(Tempo(rate, time))
    return piece.replace(tempos=tuple(tempos))


def _spans(piece: Piece) -> dict[tuple[Fraction, Fraction], Fraction]:
    """Map the time of each held fermata, from start to end, to its stretch factor."""
    spans = {}
    for before, end in pairwise((Fraction(-1), *piece.phrase_ends)):
        inside = [time for time in piece.fermatas if before <= time < end]
        if inside:
            length = end - inside[-1]
            hold = LAST_HOLD if end >= piece.length else HOLD
            spans[inside[-1], end] = min((length + hold) / length, MOST)
    return spans
