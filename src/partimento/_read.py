"""Read one score file from Python, as ``partimento render`` does."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from partimento.corpus.settings import AS_WRITTEN
from partimento.corpus.views import as_configured
from partimento.io.read import read_piece
from partimento.music.piece import Piece


def read(
    path: Path | str,
    *,
    unfold: bool = False,
    encoding: str = "",
    note_ends: Literal["restored", "exact", "full"] = "restored",
    quantize: bool = False,
) -> Piece:
    """Read a score file as a piece, as it is written.

    Parameters
    ----------
    path : path or str
        A MIDI, MusicXML, ABC, kern, MEI or Guitar Pro file.
    unfold : bool
        Write out repeats in the order in which they are played. MIDI states none. By default each
        bar is read once.
    encoding : str
        The encoding of text in a file that does not state it, such as ``shift-jis`` or ``cp1251``.
        By default it is detected.
    note_ends : "restored", "exact" or "full"
        Notation programs end the notes of a MIDI file early. By default their written ends are
        restored where the evidence is strong. ``exact`` keeps them as in the file, and ``full``
        also writes out staccato notes.
    quantize : bool
        Quantize a MIDI file that was played, so that it can be read: its beats are tracked.

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
    piece = read_piece(path, unfold=unfold, encoding=encoding)
    config = AS_WRITTEN.replace(
        note_ends=note_ends, quantize="beats" if quantize else "exact", encoding=encoding or "auto"
    )
    suffix = Path(piece.source.path).suffix.lower()
    return as_configured(piece, config, suffix=suffix)
