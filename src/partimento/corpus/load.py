"""Load a corpus from files, folders, zips, bundled collections, or stores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from partimento.analysis.similarity.duplicates import group
from partimento.analysis.similarity.fingerprints import fingerprint
from partimento.corpus.benchmarks import is_benchmark, read_benchmark
from partimento.corpus.entries import Corpus
from partimento.corpus.reading import read_pieces
from partimento.corpus.select import Selection
from partimento.corpus.settings import DataSettings
from partimento.corpus.splits import strictest_splits
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
    """Load a corpus from one or several sources; a stored split is kept.

    Parameters
    ----------
    sources : path or iterable of paths
        Files, folders, zips, ``bundled:chorales``, benchmark sets and stores (``.parquet``).
    config : DataSettings, optional
        How the pieces are prepared. By default, those of a store as stated when it was built, and
        files as recommended for training.
    selection : Selection, optional
        Criteria that the pieces must meet.
    progress : Progress, optional
        Called while files are read.
    **criteria
        The fields of `Selection`, instead of `selection`: ``composer="Giuliani", solo=True``.

    Returns
    -------
    Corpus
        Pieces from files come first, then those from benchmark sets and stores. Near-duplicates
        from several sources get the same split: test before validation before training.

    Raises
    ------
    PartimentoError
        If nothing could be read, no piece meets the criteria, or there is no such criterion.
    """
    if criteria:
        selection = Selection.of(**criteria)
    names = (
        [str(sources)] if isinstance(sources, (str, Path)) else [str(source) for source in sources]
    )
    if not names:
        raise PartimentoError("an empty corpus: no source given")
    corpora = [
        corpus.select(selection)
        for corpus in _load_all(names, config, selection or Selection(), progress)
    ]
    corpus = corpora[0] if len(corpora) == 1 else _joined(corpora)
    if not corpus:
        raise PartimentoError(f"an empty corpus: no piece in {', '.join(names[:3])} is {selection}")
    return replace(corpus, sources=tuple(names))


def _load_all(
    names: Sequence[str], config: DataSettings | None, selection: Selection, progress: Progress
) -> Iterable[Corpus]:
    """Yield one corpus for all files, then one per benchmark set, then one per store."""
    benchmarks = [name for name in names if is_benchmark(name)]
    files = [name for name in names if not is_store(name) and name not in benchmarks]
    if files:
        if selection.split:
            raise PartimentoError("only a store or a benchmark set has a split to select by")
        yield read_pieces(files, config=config or DataSettings(), progress=progress)
    for name in benchmarks:  # not prepared: published results are for the original notes
        yield read_benchmark(name)
    stores = dict.fromkeys(Path(name).resolve() for name in names if is_store(name))
    for path in stores:  # without repetitions
        # Imported here, so that Arrow is loaded only if there is a store.
        from partimento.corpus.store.store import open_store

        yield open_store(path).select(selection).load(config, progress=progress)


def _joined(corpora: Sequence[Corpus]) -> Corpus:
    """Join corpora; near-duplicates get the same split."""
    entries = [entry for corpus in corpora for entry in corpus]
    rejects = tuple(reject for corpus in corpora for reject in corpus.rejects)
    selections = next((corpus.selections for corpus in corpora), ())
    if any(entry.split for entry in entries):
        groups = group(fingerprint(entry.piece) for entry in entries).tolist()
        splits = strictest_splits([entry.split for entry in entries], groups)
        entries = [
            replace(entry, split=split, group=number)
            for entry, split, number in zip(entries, splits, groups, strict=True)
        ]
    return Corpus(tuple(entries), rejects, corpora[0].config, selections=selections)
