"""What each encoding takes on real music, beside the tutorial's combinatorics: the tables of
docs/encodings.md.

python benchmarks/encoding_sizes.py                  write them into the page
python benchmarks/encoding_sizes.py --page -         print them
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from partimento.corpus.load import load_corpus
from partimento.corpus.select import Selection
from partimento.corpus.settings import DataSettings
from partimento.errors import PartimentoError
from partimento.files import write_atomically
from partimento.music.events import merge_held
from partimento.music.piece import Piece
from partimento.tokens.chords import ChordTokenizer
from partimento.tokens.vectors.sizes import EncodingSize, combinations, encoding_sizes
from partimento.tokens.vocabulary import SPECIAL

ROOT = Path(__file__).parents[1]
GUITAR = Path(os.environ.get("PARTIMENTO_DATA", ROOT.parent / "shared" / "data")) / "mutopia-guitar"
PAGE = ROOT / "docs" / "encodings.md"
BEGIN, END = (
    "<!-- made by `python benchmarks/encoding_sizes.py`: change the program, not these tables -->",
    "<!-- end of what is made -->",
)
MUSIC21 = DataSettings(quantise="music21")
C_MAJOR = Selection(composer="Giuliani", key="C major")
TUTORIAL, LARGEST = "Giuliani in C major, as music21 reads MIDI", 4


def corpora() -> Iterator[tuple[str, list[Piece]]]:
    """A name and the pieces of each corpus, read as training reads them unless the name says
    otherwise.
    """
    yield TUTORIAL, load_corpus(GUITAR, config=MUSIC21, selection=C_MAJOR).pieces
    yield "Giuliani in C major", load_corpus(GUITAR, selection=C_MAJOR).pieces
    yield "all Giuliani", load_corpus(GUITAR, selection=Selection(composer="Giuliani")).pieces
    guitar = load_corpus(GUITAR).pieces
    yield "all guitar", guitar
    yield "guitar, the pieces of two parts", [piece for piece in guitar if len(piece.parts) == 2]
    yield "Bach's chorales", load_corpus("bundled:chorales").pieces


def combinatorics(tokenizers: dict[str, ChordTokenizer]) -> str:
    """The tutorial's figures and their sum, beside how many of those chords each corpus has."""
    counts = combinations(largest=LARGEST)
    sizes = [
        np.array([len(chord) for chord in tokenizer.chords.symbols])
        for tokenizer in tokenizers.values()
    ]
    rows = [
        [
            f"of {size} note{'s' * (size > 1)}, C(128, {size})",
            f"{count:,}",
            *(f"{(each == size).sum():,}" for each in sizes),
        ]
        for size, count in enumerate(counts, 1)
    ]
    rows.append(
        [
            "**together**",
            f"**{sum(counts):,}**",
            *(f"**{((each > 0) & (each <= LARGEST)).sum():,}**" for each in sizes),
        ]
    )
    rows.append(
        [
            "of more notes, and the rest",
            "–",
            *(f"{((each == 0) | (each > LARGEST)).sum():,}" for each in sizes),
        ]
    )
    return _markdown(["chords", "possible", *tokenizers], rows)


def about(name: str, pieces: list[Piece], tokenizer: ChordTokenizer, length: int) -> str:
    """The sizes on one corpus."""
    events = sum(len(merge_held(piece.without_drums().events)) for piece in pieces)
    chords, patterns, durations = (size - SPECIAL for size in tokenizer.sizes)
    words = f"{len(pieces):,} pieces, {events:,} events; {chords:,} chords, {patterns:,} held patterns, {durations:,} durations."
    head = [
        "encoding",
        "V, numbers an event",
        f"flat, {length} · V",
        "ones an event",
        "zeros",
        "dense, bytes",
        "sparse, bytes",
    ]
    rows = [_row(size, length) for size in encoding_sizes(pieces, length=length)]
    return f"### {name[0].upper()}{name[1:]}\n\n{words}\n\n{_markdown(head, rows)}"


def _row(size: EncodingSize, length: int) -> list[str]:
    thin = (
        ["–", "–"]
        if size.sparse_bytes is None
        else [f"{size.ones:.2f}", f"{100 * size.zeros:.2f} %"]
    )
    stored = "–" if size.sparse_bytes is None else f"{size.sparse_bytes:,}"
    return [
        size.encoding,
        f"{size.width:,}",
        f"{size.width * length:,}",
        *thin,
        f"{size.dense_bytes:,}",
        stored,
    ]


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--length", type=int, default=32, help="events a window")
    parser.add_argument(
        "--page", default=str(PAGE), help="the page that takes the tables, - to print them"
    )
    options = parser.parse_args()
    if not GUITAR.is_dir():
        sys.exit(f"no data at {GUITAR} (set PARTIMENTO_DATA)")
    tokenizers: dict[str, ChordTokenizer] = {}
    tables = []
    for name, pieces in corpora():
        tokenizers[name] = ChordTokenizer.fit_events(
            piece.without_drums().events for piece in pieces
        )
        tables.append(about(name, pieces, tokenizers[name], options.length))
    made = "\n\n".join(
        [f"### The tutorial's combinatorics\n\n{combinatorics(tokenizers)}", *tables]
    )
    if options.page == "-":
        print(made)
        return
    page = Path(options.page)
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise PartimentoError(f"{page} has no place for the tables: {BEGIN} … {END}")
    write_atomically(page, f"{before}{BEGIN}\n\n{made}\n\n{END}{after}")
    print(page)


if __name__ == "__main__":
    try:
        main()
    except PartimentoError as error:
        sys.exit(str(error))
