"""Check the notation of pieces and score files."""

from __future__ import annotations

from partimento.io.musicxml.document import ScoreDocument
from partimento.io.musicxml.write import to_musicxml
from partimento.io.musicxml.written import written_score
from partimento.music.piece import Piece
from partimento.notation.lint import Finding, check_score


def lint(piece: Piece) -> list[Finding]:
    """Check the notation of a piece against the rules of engravers.

    A piece that was read from MusicXML is checked as its file writes it. Any other piece is checked
    as this program would draw it.

    Parameters
    ----------
    piece : Piece

    Returns
    -------
    list of Finding
        The places that break a rule of `notation.lint.RULES`, in the order of parts and bars.

    Raises
    ------
    PartimentoError
        If the piece cannot be written, or its file is missing or has changed.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from partimento.music.notes import Note
    >>> lint(Piece([Note(Fraction(0), Fraction(4), 60)]))
    []
    """
    if piece.score is not None:
        document = ScoreDocument.load(piece.score)
    else:
        text = to_musicxml(piece, ornaments="grace")
        document = ScoreDocument.from_bytes(text.encode())
    return check_score(written_score(document.root))
