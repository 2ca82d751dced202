"""Files become `Piece`s: reading, the view that reads as music21 does, keys.

One file: `read_piece`. Many files: `read_pieces`, in worker processes, with a reason for each that is not read. The key: `analyse_key`.
"""

from partimento.corpus.errors import ReadError
from partimento.corpus.formats import SUFFIXES
from partimento.corpus.keys import analyse_key
from partimento.corpus.read import read_piece
from partimento.corpus.reading import Reading, Reject, read_pieces, write_rejects

__all__ = ["SUFFIXES", "ReadError", "Reading", "Reject", "analyse_key", "read_piece", "read_pieces", "write_rejects"]
