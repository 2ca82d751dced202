"""Training takes a corpus whole: no held-out piece is ever trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from partimento import Corpus, CorpusEntry, Piece, load_corpus
from partimento.corpus.store.build import Plan, build_store
from partimento.errors import PartimentoError
from partimento.export.write import write
from partimento.models import model_class
from partimento.tokens.settings import TokenSettings
from partimento.training import train as module
from partimento.training.dataset import prepare
from partimento.training.train import learn, too_small

SETTINGS = {
    "model": {"name": "lstm", "units": 8, "dense": 8, "embed_size": 4, "layers": 1},
    "tokens": {"transpose": "none", "min_count": 1},
    "train": {"epochs": 1, "batch_size": 8},
}
# The split of eight pieces in a folder for two seeds: it must not change, or runs are no longer
# comparable.
DRAWN = {
    0: {"train": ["0", "2", "5", "7"], "valid": ["4", "6"], "test": ["1", "3"]},
    1: {"train": ["0", "1", "2", "4", "7"], "valid": ["5"], "test": ["3", "6"]},
}


@pytest.fixture(scope="module")
def scores(pieces: list[Piece], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("learn") / "scores"
    for number, piece in enumerate(pieces):
        write(piece, folder / f"{number}.mid")
    return folder


def passages(tokens: np.ndarray) -> set[bytes]:
    """Every run of 16 rows of tokens; padding has none of its own."""
    return {
        tokens[start : start + 16].tobytes()
        for start in range(len(tokens) - 15)
        if tokens[start : start + 16].all()
    }


def passages_of(data: Any, pieces: list[Any]) -> set[bytes]:
    encoded = data.tokenizer.encode_all([item.moved for item in pieces])
    return set().union(*(passages(each.ids) for each in encoded))


def test_from_a_store_no_held_out_piece_is_trained_on(
    scores: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = build_store(
        [scores], tmp_path / "scores.parquet", plan=Plan(validation=0.3, test=0.3, seed=1)
    ).store
    stored = {row["sha256"]: row["split"] for row in store.rows}
    assert sum(split != "train" for split in stored.values()) >= 4
    corpus = load_corpus(store.path)
    drawn = prepare(corpus.pieces, TokenSettings(), validation=0.1, test=0.1, seed=0)
    assert any(
        stored[item.piece.source.sha256] != "train" for item in drawn.train
    )  # a split drawn anew would mix them

    trained: list[np.ndarray] = []
    honest = module.fit

    def spy(model: Any, train: Any, valid: Any, *rest: Any, **named: Any) -> Any:
        trained.extend(batch["targets"] for batch in train)
        return honest(model, train, valid, *rest, **named)

    monkeypatch.setattr(module, "fit", spy)
    run, data = learn(corpus, settings=SETTINGS)
    assert {piece.source.sha256: piece.split for piece in run.pieces} == stored
    assert {item.piece.source.sha256 for item in data.train} == {
        sha for sha, split in stored.items() if split == "train"
    }
    seen = set().union(*(passages(window) for targets in trained for window in targets))
    items = [item for side in data.splits.values() for item in side]
    held_out = [item for item in items if stored[item.piece.source.sha256] != "train"]
    assert seen & passages_of(data, [item for item in items if item not in held_out])
    assert not seen & passages_of(data, held_out)


@pytest.mark.parametrize("seed", DRAWN)
def test_a_folder_has_the_split_that_the_seed_draws(scores: Path, seed: int) -> None:
    data = prepare(load_corpus(scores), TokenSettings(), validation=0.2, test=0.2, seed=seed)
    assert {
        name: [Path(item.piece.source.path).stem for item in items]
        for name, items in data.splits.items()
    } == DRAWN[seed]
    plain = prepare(
        load_corpus(scores).pieces, TokenSettings(), validation=0.2, test=0.2, seed=seed
    )
    assert plain.splits == data.splits


def test_a_stored_split_with_nothing_to_validate_with_is_refused(pieces: list[Piece]) -> None:
    with pytest.raises(PartimentoError, match="has no validation pieces"):
        learn(Corpus.of(CorpusEntry(piece, "train") for piece in pieces), settings=SETTINGS)
    with pytest.raises(PartimentoError, match="no pieces"):
        learn(Corpus(), settings=SETTINGS)


def test_a_corpus_that_is_too_small_is_told(pieces: list[Piece]) -> None:
    data = prepare(pieces, TokenSettings(min_count=1), validation=0.2, test=0.1, seed=0)
    kind = model_class("lstm")
    large, small = (
        kind(kind.config_type(units=512), data.tokenizer),
        kind(kind.config_type(units=4, dense=4, embed_size=2, layers=1), data.tokenizer),
    )
    assert "only" in str(too_small(small, data.training_tokens()))  # a few hundred events
    many = data.training_tokens() * 20
    assert "may memorize them" in str(too_small(large, many))
    assert too_small(small, many) is None
