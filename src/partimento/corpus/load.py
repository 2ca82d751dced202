"""Pieces to work with, from files, folders, zips, bundled collections and stores alike: selected,
and in the view that is wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from partimento.corpus.benchmarks import is_benchmark, read_benchmark
from partimento.corpus.reading import Reading, Reject, read_pieces
from partimento.corpus.select import Selection
from partimento.corpus.settings import DataSettings
from partimento.corpus.store.rows import Origin, row_of
from partimento.corpus.views import as_configured, as_recorded
from partimento.errors import PartimentoError
from partimento.io.formats import is_store
from partimento.music.parts import without_drums
from partimento.music.piece import Piece


def gather(
    sources: Iterable[Path | str] | Path | str,
    *,
    config: DataSettings | None = None,
    selection: Selection | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Reading:
    """Read sources of every kind.

    Parameters
    ----------
    sources : path or iterable of paths
        What `read_pieces` takes, and stores.
    config : DataSettings, optional
        The view; by default, what is best to learn from.
    selection : Selection, optional
        Which pieces are taken.
    progress : callable, optional
        Called as ``progress(done, total)`` while files are read.

    Returns
    -------
    Reading
        With the store's own split where one store is all that was given.

    Raises
    ------
    PartimentoError
        If nothing could be read, or nothing is selected.
    """
    config, selection = config or DataSettings(), selection or Selection()
    names = (
        [str(sources)] if isinstance(sources, (str, Path)) else [str(source) for source in sources]
    )
    if not names:
        raise PartimentoError("an empty corpus: no place given")
    sets = [name for name in names if is_benchmark(name)]
    files = [name for name in names if not is_store(name) and name not in sets]
    stores = list(
        dict.fromkeys(Path(name).resolve() for name in names if is_store(name))
    )  # none twice
    pieces: list[Piece] = []
    rejects: list[Reject] = []
    if files:
        if selection.split:
            raise PartimentoError("only a store or a benchmark set has a split to select by")
        reading = read_pieces(
            files,
            quantise="music21" if config.quantise == "music21" else None,
            unfold=config.repeats == "unfolded",
            progress=progress,
        )
        rejects += reading.rejects
        for piece, word in zip(reading.pieces, reading.words, strict=True):
            suffix = Path(piece.source.path).suffix.lower()
            recorded = as_recorded(piece, suffix=suffix) if config.quantise != "music21" else piece
            view = as_configured(recorded, config, suffix=suffix, instrument=word)
            if _takes(selection, recorded, view, word):
                pieces.append(view)
    sides: list[str] | None = None
    for name in sets:  # as they are: their figures are for these very notes
        reading = read_benchmark(name)
        chosen = [
            number
            for number, side in enumerate(reading.sides or ())
            if not selection.split or side in selection.split.split(",")
        ]
        pieces += [reading.pieces[number] for number in chosen]
        sides = [(reading.sides or [])[number] for number in chosen] if len(names) == 1 else None
    for store in stores:
        from partimento.corpus.store.store import (
            open_corpus,  # Arrow is loaded only where there is a store
        )

        corpus = open_corpus(store)
        corpus = replace(corpus, selection=selection)
        pieces += corpus.pieces(config)
        sides = (
            [row["split"] for row in corpus.rows]
            if not files and not sets and len(stores) == 1
            else None
        )
    if not pieces:
        raise PartimentoError(f"an empty corpus: no piece in {', '.join(names[:3])} is {selection}")
    return Reading(pieces, rejects, sides)


def _takes(selection: Selection, recorded: Piece, view: Piece, word: str) -> bool:
    if not selection:
        return True
    row = row_of(recorded, without_drums(view), Origin(instrument=word)).plain
    return selection.takes(
        {**row, "composer": recorded.composer, "licence": recorded.source.licence}
    )
