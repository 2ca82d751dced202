"""Read MEI as a piece.

The rules are:

- Staves that a brace joins are one part. Pitches are read as they sound, with ``oct.ges``,
  ``accid.ges`` and the transposition of the staff.
- Movements follow each other.
- Repeats are read once, unless they are to be unfolded: by the first expansion list of a section,
  else by repeat signs and endings.
- Of several versions of a passage, a correction or the lemma is read, else the first one. Cue
  notes, ossias and deleted notes are ignored.
- What cannot be read is left out, with a warning; the rest is read.
"""

from __future__ import annotations

from partimento.errors import InvalidScoreError
from partimento.io.formats import ReadOptions
from partimento.io.mei.document import parse
from partimento.io.mei.expansion import playing_spans
from partimento.io.mei.score import ScoreReader
from partimento.io.written import piece_of_written
from partimento.music.piece import Piece


def read_score(data: bytes, options: ReadOptions) -> Piece:
    """Read an MEI file as a piece; errors as for `piece_from_mei`."""
    return piece_from_mei(data, unfold=options.unfold)


def piece_from_mei(data: bytes, *, unfold: bool = False) -> Piece:
    """Read an MEI document.

    Parameters
    ----------
    data : bytes
    unfold : bool
        Whether repeats are written out as they are played.

    Raises
    ------
    InvalidScoreError, ValueError
        If the document cannot be read as a piece with notes; the message gives the reason.
    """
    if not data.strip():
        raise InvalidScoreError("it is empty")
    reader = ScoreReader(parse(data))
    score = reader.read()
    return piece_of_written(score, playing_spans(reader) if unfold else None)
