"""Find the scores that a model learned from, for demands that refer to them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from partimento.corpus.settings import DataSettings
from partimento.errors import PartimentoError
from partimento.generate.constraints.base import Constraint
from partimento.generate.constraints.borrowed import MaxBorrowed
from partimento.generate.prompt import training_pieces
from partimento.music.piece import Piece
from partimento.training.trained_model import TrainedModel

NAME = "the pieces that the model learned from"


def with_own_corpus(rules: Sequence[Constraint], trained: TrainedModel) -> tuple[Constraint, ...]:
    """Return constraints of which none refers to a corpus without naming it.

    A `MaxBorrowed` without a corpus gets the training pieces of the model.

    Raises
    ------
    PartimentoError
        If these are not here.
    """
    return tuple(
        MaxBorrowed.of(rule.most, own_pieces(trained), NAME)
        if isinstance(rule, MaxBorrowed) and not rule.corpus
        else rule
        for rule in rules
    )


def own_pieces(trained: TrainedModel) -> Sequence[Piece]:
    """Return the training pieces of a model, read from their files.

    They are read from the bundled collection that they are from, or from the paths that the run
    states, seen from the current folder.

    Raises
    ------
    PartimentoError
        If one of the files is not here, or has changed.
    """
    from partimento.collect.bundled import PREFIX

    records = training_pieces(trained)
    learned = frozenset(record.source.sha256 for record in records)
    urls = {record.source.url for record in records}
    bundled = len(urls) == 1 and next(iter(urls)).startswith(PREFIX)
    sources = urls if bundled else {record.source.path for record in records}
    missing = [path for path in sources if not bundled and not (path and _file_of(path).exists())]
    if missing or not sources:
        name = next(filter(None, missing), "the run states no files")
        raise PartimentoError(
            f"the scores that the model learned from are not here ({name}): name them, for example"
            " --max-borrowed 8:scores/"
        )
    return _read(tuple(sorted(sources)), learned, trained.settings.data)


def _file_of(path: str) -> Path:
    """Return the file of a piece, which may be inside it: ``tunes.abc/2``."""
    whole = Path(path)
    return whole if whole.exists() or not path else whole.parent


@lru_cache(4)
def _read(
    sources: tuple[str, ...], learned: frozenset[str], config: DataSettings
) -> tuple[Piece, ...]:
    """Read the files of a corpus, and return the pieces that a model learned from."""
    # Imported here because composing needs no reader otherwise.
    from partimento.collect.bundled import PREFIX
    from partimento.corpus.load import load_corpus

    files = [source if source.startswith(PREFIX) else str(_file_of(source)) for source in sources]
    pieces = load_corpus(sorted(set(files)), config=config).pieces
    own = tuple(piece for piece in pieces if piece.source.sha256 in learned)
    if not own:
        raise PartimentoError(
            f"{files[0]} has changed since the model learned from it: name a corpus, for example"
            " --max-borrowed 8:scores/"
        )
    return own
