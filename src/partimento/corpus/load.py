"""Load a corpus from sources of every kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from partimento.analysis.similarity.duplicates import group
from partimento.analysis.similarity.fingerprints import fingerprint
from partimento.corpus.benchmarks import is_benchmark, read_benchmark
from partimento.corpus.entries import Corpus, CorpusEntry
from partimento.corpus.reading import read_pieces
from partimento.corpus.select import Selection
from partimento.corpus.settings import DataSettings
from partimento.corpus.splits import settle
from partimento.errors import PartimentoError
from partimento.io.formats import is_store
from partimento.progress import Progress, silent


def load_corpus(
    sources: Iterable[Path | str] | Path | str,
    *,
    config: DataSettings | None = None,
    selection: Selection | None = None,
    progress: Progress = silent,
    **criteria: Any,
) -> Corpus:
    """Load pieces from sources of every kind; a stored split is kept.

    Parameters
    ----------
    sources : path or iterable of paths
        Files, folders, zips, ``bundled:chorales``, benchmark sets and stores (``.parquet``).
    config : DataSettings, optional
        The view; by default the one that is best to learn from.
    selection : Selection, optional
        Which pieces are taken.
    progress : Progress, optional
        Called while files are read.
    **criteria
        The fields of `Selection`, instead of `selection`: ``composer="Giuliani", solo=True``.

    Returns
    -------
    Corpus
        Files first, then benchmark sets, then stores. Near-duplicates from several sources
        get one split, the one that is held out most strictly.

    Raises
    ------
    PartimentoError
        If nothing could be read, nothing is selected, or there is no such criterion.
    """
    config = config or DataSettings()
    if criteria:
        selection = Selection.of(**criteria)
    names = (
        [str(sources)] if isinstance(sources, (str, Path)) else [str(source) for source in sources]
    )
    if not names:
        raise PartimentoError("an empty corpus: no place given")
    found = [
        corpus.select(selection)
        for corpus in _each(names, config, selection or Selection(), progress)
    ]
    corpus = found[0] if len(found) == 1 else _joined(found)
    if not corpus:
        raise PartimentoError(f"an empty corpus: no piece in {', '.join(names[:3])} is {selection}")
    return replace(corpus, sources=tuple(names))


def _each(
    names: Sequence[str], config: DataSettings, selection: Selection, progress: Progress
) -> Iterable[Corpus]:
    """Load all files together, then each benchmark set, then each store."""
    sets = [name for name in names if is_benchmark(name)]
    files = [name for name in names if not is_store(name) and name not in sets]
    if files:
        if selection.split:
            raise PartimentoError("only a store or a benchmark set has a split to select by")
        yield read_pieces(files, config=config, progress=progress)
    for name in sets:  # as they are: their figures are for these very notes
        yield read_benchmark(name)
    for path in dict.fromkeys(
        Path(name).resolve() for name in names if is_store(name)
    ):  # none twice
        from partimento.corpus.store.store import (
            open_store,  # Arrow is loaded only where there is a store
        )

        yield open_store(path).select(selection).load(config, progress=progress)


def _joined(corpora: Sequence[Corpus]) -> Corpus:
    """Join corpora, so that what one holds out is not learned from in another."""
    entries = [entry for corpus in corpora for entry in corpus]
    rejects = tuple(reject for corpus in corpora for reject in corpus.rejects)
    selections = next((corpus.selections for corpus in corpora), ())
    if any(entry.split for entry in entries):
        groups = group(fingerprint(entry.piece) for entry in entries).tolist()
        splits = settle([entry.split for entry in entries], groups)
        entries = [
            _settled(entry, split, number)
            for entry, split, number in zip(entries, splits, groups, strict=True)
        ]
    return Corpus(tuple(entries), rejects, corpora[0].config, selections=selections)


def _settled(entry: CorpusEntry, split: str, number: int) -> CorpusEntry:
    return replace(entry, split=split, group=number)
