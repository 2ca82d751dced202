"""Check text before it is written: lone surrogates stand for broken bytes."""

from __future__ import annotations

from partimento.errors import PartimentoError
from partimento.music.piece import Piece


def check_text(what: str, text: str) -> str:
    """Return a text that can be written.

    Raises
    ------
    PartimentoError
        If it has lone surrogates.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        around = text[max(0, error.start - 20) : error.end + 20]
        raise PartimentoError(
            f"{what} holds a character that cannot be written: {around!a}"
        ) from None
    return text


def check_names(piece: Piece) -> None:
    """Check title, composer and names of parts; raises as `check_text` does."""
    check_text("the title", piece.title)
    check_text("the composer", piece.composer)
    for part in piece.parts:
        check_text("the name of a part", part.name)
