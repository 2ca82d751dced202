"""Turn score files into pieces that can be searched, credited and learned from.

- `load`, `entries`: `load_corpus`, the one way in, and what it returns, a `Corpus`.
- `sources`, `reading`, `parsers`: from files, folders and zips to pieces, in separate processes.
- `views`, `settings`: the form in which pieces are best learned from.
- `select`, `splits`: which pieces are taken; training, validation and test pieces.
- `store`: a corpus in one Parquet file.
- `benchmarks`: the field's data sets, each with its split.
- `stats`, `coverage`: what a corpus contains.
"""

from partimento.analysis.keys import analyze_key
from partimento.corpus.entries import Corpus, CorpusEntry
from partimento.corpus.reading import Reject, read_pieces, write_rejects
from partimento.errors import ReadError
from partimento.io.formats import SUFFIXES
from partimento.io.read import read_piece

__all__ = [
    "SUFFIXES",
    "Corpus",
    "CorpusEntry",
    "ReadError",
    "Reject",
    "analyze_key",
    "read_piece",
    "read_pieces",
    "write_rejects",
]
