"""Read score files as a corpus of pieces, and select, split, store and count them.

- `load`, `entries`: the function `load_corpus`, and the `Corpus` that it returns.
- `sources`, `reading`, `parsers`: read files, folders and zips in separate processes.
- `views`, `settings`: prepare pieces for training (quantize, remove grace notes and so on).
- `select`, `splits`: select pieces, and split them for training, validation and test.
- `store`: keep a corpus in one Parquet file.
- `benchmarks`: read public data sets with their published splits.
- `stats`, `coverage`: count what a corpus contains.
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
