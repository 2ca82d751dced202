"""Hold a corpus in memory: pieces with their splits and metadata."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from partimento.analysis.keys import analyze_key
from partimento.corpus.select import Selection
from partimento.corpus.settings import DataSettings
from partimento.corpus.splits import SPLITS
from partimento.corpus.store.rows import facts_of
from partimento.errors import PartimentoError, import_extra
from partimento.music.piece import Piece
from partimento.music.timelines import Key
from partimento.short_repr import short_repr

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped, unused-ignore]

    from partimento.corpus.reading import Reject
    from partimento.corpus.store.store import Head

Facts = Mapping[str, Any]


@short_repr
@dataclass(frozen=True)
class CorpusEntry:
    """A piece of a corpus with its split and metadata.

    Attributes
    ----------
    piece : Piece
        In the view that was requested.
    split : str
        ``train``, ``valid`` or ``test``; empty if no split is stored.
    instrument_hint : str
        The instruments as stated in a manifest.
    format : str
        The suffix of the file, such as ``mid`` or ``musicxml``; empty if there was no file.
    group : int or None
        Equal for near-duplicates in one store; None if the pieces were not compared.
    facts : mapping or None
        Measurements made when the file was read: see `rows.facts_of`.
    """

    piece: Piece
    split: str = ""
    instrument_hint: str = ""
    format: str = ""
    group: int | None = None
    facts: Facts | None = field(default=None, repr=False, compare=False)

    @cached_property
    def key(self) -> Key:
        """The estimated key of the piece; drums are ignored."""
        return analyze_key(self.piece.without_drums())[0]

    @cached_property
    def description(self) -> dict[str, Any]:
        """All values that pieces can be selected by, named like the columns of a store."""
        facts = self.facts
        if facts is None:
            facts = facts_of(self.piece, self.piece.without_drums(), self.instrument_hint)
        return {
            "path": self.piece.source.path,
            "title": self.piece.title,
            "composer": self.piece.composer,
            "license": self.piece.source.license,
            "split": self.split,
            "group": self.group,
            "format": self.format,
            "instrument": self.instrument_hint,
            **facts,
        }


@dataclass(frozen=True, repr=False)
class Corpus(Sequence[CorpusEntry]):
    """An immutable sequence of pieces, from files, stores, benchmark sets or Python.

    Attributes
    ----------
    entries : tuple of CorpusEntry
    rejects : tuple of Reject
        The files that could not be read, with the reasons.
    config : DataSettings or None
        The view of the pieces; None if they were not changed.
    sources : tuple of str
        The paths that the corpus was loaded from; empty for pieces made in Python.
    selections : tuple of Selection
        The criteria that were applied, one after another.
    head : Head or None
        How the store was built, if the corpus comes from a single store.

    Examples
    --------
    >>> corpus = Corpus.of([Piece([], title="A", composer="Sor"), Piece([], title="B")])
    >>> corpus
    <Corpus: 2 pieces, no split>
    >>> [entry.piece.title for entry in corpus.select(composer="sor")]
    ['A']
    """

    entries: tuple[CorpusEntry, ...] = ()
    rejects: tuple[Reject, ...] = ()
    config: DataSettings | None = None
    sources: tuple[str, ...] = ()
    selections: tuple[Selection, ...] = ()
    head: Head | None = None

    @classmethod
    def of(cls, pieces: Iterable[Piece | CorpusEntry]) -> Corpus:
        """Build a corpus from pieces or entries; a corpus is returned unchanged."""
        if isinstance(pieces, Corpus):
            return pieces
        return cls(tuple(as_entries(pieces)))

    def __len__(self) -> int:
        return len(self.entries)

    @overload
    def __getitem__(self, index: int) -> CorpusEntry: ...
    @overload
    def __getitem__(self, index: slice) -> Corpus: ...
    def __getitem__(self, index: int | slice) -> CorpusEntry | Corpus:
        if isinstance(index, slice):
            # Without sources, because loading these would give all entries.
            return replace(self, entries=self.entries[index], sources=())
        return self.entries[index]

    def __repr__(self) -> str:
        splits = ", ".join(f"{count:,} {name}" for name, count in self.splits.items())
        rejects = f", {len(self.rejects):,} files not read" if self.rejects else ""
        return f"<Corpus: {len(self):,} pieces, {splits or 'no split'}{rejects}>"

    @property
    def pieces(self) -> list[Piece]:
        """The pieces without their splits. For training, pass the corpus instead."""
        return [entry.piece for entry in self.entries]

    @property
    def partly_read(self) -> tuple[Reject, ...]:
        """The files that were read only in part, with what was left out."""
        from partimento.corpus.reading import partly_read

        return tuple(
            reject
            for entry in self.entries
            for reject in partly_read(entry.piece.source.path, entry.piece.warnings)
        )

    @property
    def splits(self) -> dict[str, int]:
        """The number of pieces in each stored split; empty if no split is stored."""
        counts = Counter(entry.split for entry in self.entries if entry.split)
        return {name: counts[name] for name in SPLITS} if counts else {}

    def select(self, selection: Selection | None = None, **criteria: Any) -> Corpus:
        """Return the corpus of those pieces that meet all criteria.

        Parameters
        ----------
        selection : Selection, optional
        **criteria
            The fields of `Selection`, instead of `selection`.

        Raises
        ------
        PartimentoError
            If there is no such criterion, or the corpus has no split to select by.

        Examples
        --------
        ``corpus.select(composer="giuliani", solo=True)``
        """
        selection = Selection.of(**criteria) if criteria else selection
        if not selection or self.selections[-1:] == (selection,):
            return self
        if selection.split and not self.splits:
            raise PartimentoError("only a store or a benchmark set has a split to select by")
        selected = tuple(entry for entry in self.entries if selection.matches(entry.description))
        return replace(self, entries=selected, selections=(*self.selections, selection))

    def to_dataframe(self) -> pd.DataFrame:
        """Return a table with one row per piece: its split, origin and metadata.

        Raises
        ------
        PartimentoError
            If pandas is not installed.
        """
        pandas: Any = import_extra("pandas", extra="dataframe")
        return pandas.DataFrame([entry.description for entry in self.entries])


def as_entries(items: Iterable[Piece | CorpusEntry]) -> Iterator[CorpusEntry]:
    """Yield an entry for every item: pieces are wrapped, entries kept."""
    for item in items:
        yield item if isinstance(item, CorpusEntry) else CorpusEntry(item)
