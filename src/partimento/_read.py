"""Read one score file from Python, as ``partimento render`` does."""

from __future__ import annotations

from pathlib import Path

from partimento.io.read import read_piece
from partimento.music.piece import Piece


def read(path: Path | str, *, unfold: bool = False, encoding: str = "") -> Piece:
    """Read a score file as a piece, exactly as it is written.

    Parameters
    ----------
    path : path or str
        A MIDI, MusicXML, ABC, kern, MEI or Guitar Pro file.
    unfold : bool
        Write out repeats in the order in which they are played (MusicXML only). By default each
        bar is read once.
    encoding : str
        The encoding of text in a file that does not state it, such as ``shift-jis`` or ``cp1251``.
        By default it is detected.

    Returns
    -------
    Piece
        `Piece.warnings` tells what was left out of a damaged file.

    Raises
    ------
    ReadError
        If the file cannot be read as music; the message gives the reason.

    See Also
    --------
    load_corpus : Read many files, in worker processes that may crash without harm.

    Examples
    --------
    ``read("prelude.mid").transpose(-2).save("prelude.pdf")``
    """
    return read_piece(path, unfold=unfold, encoding=encoding)
