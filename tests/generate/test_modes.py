"""Composing from runs that learned as written, in a common key, in a common octave too, and from
copies in all keys.
"""

from __future__ import annotations

import pytest
from tests.conftest import small_piece

from partimento import Key, Piece
from partimento.corpus import analyze_key
from partimento.generate.compose import compose
from partimento.training.train import learn, over_recipe
from partimento.training.trained_model import TrainedModel, load_model

QUICK, SLOW = ("none", "key-octave"), ("key", "all")


def settings(encode: dict[str, object]) -> dict[str, object]:
    model = {"units": 32, "dense": 16, "embed_size": 8, "layers": 1}
    return over_recipe(
        {
            "model": model,
            "train": {"epochs": 10, "batch_size": 8, "learning_rate": 0.01},
            "tokens": encode,
        },
        "lstm-notes",
    )


@pytest.fixture(scope="module")
def songs() -> list[Piece]:
    """Some as they sound, some an octave higher."""
    return [small_piece(number, shift=number % 4 - 6 + 12 * (number % 2)) for number in range(8)]


@pytest.fixture(
    scope="module", params=[*QUICK, *(pytest.param(mode, marks=pytest.mark.slow) for mode in SLOW)]
)
def run(
    request: pytest.FixtureRequest, songs: list[Piece], tmp_path_factory: pytest.TempPathFactory
) -> TrainedModel:
    folder = tmp_path_factory.mktemp(request.param) / "run"
    learn(songs, settings=settings({"min_count": 1, "transpose": request.param}), out=folder)
    return load_model(folder)


def test_each_piece_is_listed_once(run: TrainedModel, songs: list[Piece]) -> None:
    assert sorted(piece.title for piece in run.pieces) == sorted(piece.title for piece in songs)
    assert [piece.interval for piece in run.pieces] == [0] * 8 or run.settings.tokens.to_common_key
    by_title = {piece.title: piece for piece in songs}
    assert all(learned.events == len(by_title[learned.title].events) for learned in run.pieces)


def test_it_comes_out_in_the_key_and_range(run: TrainedModel) -> None:
    learned = [piece for piece in run.pieces if piece.split == "train"]
    low, high = min(piece.low for piece in learned), max(piece.high for piece in learned)
    for seed in range(2):
        for key in (None, Key(-3), Key(2)):
            piece = compose(run, bars=4, seed=seed, key=key)
            # As written or in a common key alone, a key that is asked for may leave no room:
            # octaves are what can be chosen.
            if run.settings.tokens.transpose in ("key-octave", "all") or key is None:
                assert low <= piece.notes.pitch.min() <= piece.notes.pitch.max() <= high
            found, _ = analyze_key(piece)
            assert key is None or (found.tonic, found.mode) == (key.tonic, key.mode)
            assert key is None or piece.keys == (key,)
            assert piece.length == 16


def test_openings_stay_where_they_were(run: TrainedModel, songs: list[Piece]) -> None:
    by_title = {piece.title: piece for piece in songs}
    for number in [number for number, piece in enumerate(run.pieces) if piece.split == "train"][
        :3
    ]:  # all their chords are known
        original = by_title[run.pieces[number].title]
        assert (
            compose(run, bars=8, seed=4, start=number, prompt_events=6).events[:6]
            == original.events[:6]
        )
    trained = next(by_title[piece.title] for piece in run.pieces if piece.split == "train")
    assert (
        compose(run, bars=8, seed=4, start=trained, prompt_events=6).events[:6]
        == trained.events[:6]
    )


def test_a_key_moves_an_opening_no_further_than_it_must(
    run: TrainedModel, songs: list[Piece]
) -> None:
    trained = next(piece for piece in run.pieces if piece.split == "train")
    original = next(piece for piece in songs if piece.title == trained.title)
    from_name = Key.from_name(trained.key)
    asked = Key.from_tonic((from_name.tonic + 2) % 12, "major")
    piece = compose(
        run, bars=8, seed=4, start=run.pieces.index(trained), prompt_events=6, key=asked
    )
    shift = piece.events[0].chord[0] - original.events[0].chord[0]
    if run.settings.tokens.transpose == "key-octave":
        assert abs(shift) <= 6
    if run.settings.tokens.to_common_key:
        assert shift % 12 == 2


@pytest.mark.parametrize("mode", ["key-octave", "all"])
def test_a_range_that_is_set_is_kept(mode: str, songs: list[Piece]) -> None:
    encode = {"min_count": 1, "transpose": mode, "low": 45, "high": 75}
    made, data = learn(
        [piece for piece in songs if piece.notes.pitch.max() < 76], settings=settings(encode)
    )
    assert mode == "key-octave" or len(data.training_tokens()) > len(data.train)
    assert min(piece.low for piece in made.pieces) < 45  # what is learned from need not keep to it
    for seed in range(3):
        pitches = compose(made, bars=4, seed=seed, key=Key(2)).notes.pitch
        assert 45 <= pitches.min() <= pitches.max() <= 75
