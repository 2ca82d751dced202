"""Files become `Piece`s, and pieces a corpus that can be searched, credited and learned from.

From files to pieces
    sources, walk, formats      what a person means by SOURCE: files, folders, zips, manifests,
    bundled collections workers, worker, packing    parsers in processes that may crash or hang
    read, reading               one file (`read_piece`), many (`read_pieces`) entries, gather
    a corpus in memory (`Corpus`), and the one door to it (`load_corpus`) midi, smf
    MIDI musicxml, musicxml_*        MusicXML scores                      ABC and kern, by music21
    chordify                    the view that reads as music21 does

What the notes tell
    keys                        the key (`analyse_key`)
    forces, instruments         who plays
    graces, octave, pickup      grace notes, guitar notated an octave high, upbeats
    views, parts                a piece as it is best learned from

The store
    columns                     what a row holds: names, types, meanings, checks
    measure, rows, table        a piece as a row, rows as Arrow tables
    sketches, duplicates        the same music under two names
    splits, select              training, validation and test; which pieces are meant
    build, shelf, crew          building a store, what was read before, who does the work
    store                       an open store (`open_store`)
    benchmarks                  the field's sets, each with its split
    lines, index                runs that pieces share
"""

from partimento.analysis.keys import analyse_key
from partimento.corpus.entries import Corpus, CorpusEntry
from partimento.corpus.reading import Reject, read_pieces, write_rejects
from partimento.io.formats import SUFFIXES
from partimento.io.read import read_piece
from partimento.music.limits import ReadError

__all__ = [
    "SUFFIXES",
    "Corpus",
    "CorpusEntry",
    "ReadError",
    "Reject",
    "analyse_key",
    "read_piece",
    "read_pieces",
    "write_rejects",
]
