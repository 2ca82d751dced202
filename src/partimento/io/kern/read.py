"""Read a Humdrum file with kern spines as a piece.

The rules are:

- Each kern spine is a staff. The rightmost staff comes first, as in the printed score. Staves of
  one ``*part`` are one part, and so are neighboring staves of one keyboard instrument.
- Pitches are read as they sound: data that ``*Tr`` marks as transposed are moved back. Data marked
  ``*ITr`` sound as they stand.
- The first passage is read once from beginning to end. Expansion lists and repeat signs count only
  if repeats are to be unfolded.
- Of several versions of a passage (``*strophe``), the first one is read.
- A token that cannot be read is left out, with a warning; the rest is read.
"""

from __future__ import annotations

from partimento.errors import InvalidScoreError
from partimento.io.formats import ReadOptions, tune_names
from partimento.io.kern.score import ScoreReader
from partimento.io.kern.segments import numbered_lines, split_tunes
from partimento.io.text_encoding import decode_document
from partimento.io.written import piece_of_written
from partimento.music.piece import Piece

NOT_KERN = "not kern, despite its suffix"


def read_score(data: bytes, options: ReadOptions) -> Piece:
    """Read a kern file as a piece; errors as for `piece_from_kern`."""
    return piece_from_kern(data, unfold=options.unfold, encoding=options.encoding)


def piece_from_kern(data: bytes, *, unfold: bool = False, encoding: str = "") -> Piece:
    """Read a Humdrum file with kern spines.

    Parameters
    ----------
    data : bytes
    unfold : bool
        Whether repeats are written out as they are played.
    encoding : str
        The encoding of the text; empty to detect it.

    Raises
    ------
    InvalidScoreError, ValueError
        If the content is not one piece with notes; the message gives the reason.
    """
    if not data.strip():
        raise InvalidScoreError("it is empty")
    tunes = split_tunes(data)
    if len(tunes) > 1:
        raise InvalidScoreError(
            f"{tune_names(tunes)}: add the name of one to the path, such as /{tunes[0].name}"
        )
    decoded = decode_document(data, encoding)
    text = decoded.texts[0]
    if "**kern" not in text or "\0" in text:
        raise InvalidScoreError(NOT_KERN)
    piece = _piece_of(numbered_lines(text), unfold=unfold)
    if not decoded.warning:
        return piece
    return piece.replace(warnings=(decoded.warning, *piece.warnings))


def _piece_of(lines: list[tuple[int, str]], *, unfold: bool) -> Piece:
    """Build a piece from its numbered lines; errors as for `piece_from_kern`."""
    reader = ScoreReader(lines)
    score = reader.read()
    order = reader.expansions.order(score.bars, score.length) if unfold else None
    return piece_of_written(score, order)
