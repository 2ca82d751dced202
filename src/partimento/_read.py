"""Read one score file: what ``partimento render`` reads, from Python."""

from __future__ import annotations

from pathlib import Path

from partimento.io.read import read_piece
from partimento.music.piece import Piece


def read(path: Path | str, *, unfold: bool = False) -> Piece:
    """Read a score file as a piece, exactly as it is written.

    Parameters
    ----------
    path : path or str
        A MIDI, MusicXML, ABC or kern file.
    unfold : bool
        Play repeats out (MusicXML) instead of reading them once.

    Returns
    -------
    Piece

    Raises
    ------
    ReadError
        If the file cannot be read as music, with the reason.

    See Also
    --------
    load_corpus : Read many files, in processes that may crash without harm.

    Examples
    --------
    ``read("prelude.mid").transpose(-2).save("prelude.pdf")``
    """
    return read_piece(path, unfold=unfold)
