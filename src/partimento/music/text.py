"""Reject text that cannot be encoded, before it is written to a file.

Bytes of a file name that are not valid text appear in Python as lone surrogates.
"""

from __future__ import annotations

from partimento.errors import PartimentoError
from partimento.music.piece import Piece


def check_text(what: str, text: str) -> str:
    """Return `text` unchanged if it can be encoded.

    Parameters
    ----------
    what : str
        Names the text in the message: ``the title``.
    text : str

    Raises
    ------
    PartimentoError
        If the text contains lone surrogates.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        around = text[max(0, error.start - 20) : error.end + 20]
        raise PartimentoError(
            f"{what} contains a character that cannot be written: {around!a}"
        ) from None
    return text


def check_names(piece: Piece) -> None:
    """Check the title, composer and part names of a piece; raises as `check_text`."""
    check_text("the title", piece.title)
    check_text("the composer", piece.composer)
    for part in piece.parts:
        check_text("the name of a part", part.name)
