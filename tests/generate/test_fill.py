"""Filled bars fit both sides, and nothing else changes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from partimento import InKey, Note, Part, Piece, Range, read
from partimento.errors import PartimentoError
from partimento.generate import fill as module
from partimento.generate.fill import (
    bar_numbers,
    drawn,
    fill,
    fill_candidates,
    parts_to_compose,
    weights_of,
)
from partimento.generate.provenance import compose_again
from partimento.music.change import Change
from partimento.music.notes import Notes
from partimento.training.trained_model import TrainedModel, load_model


@pytest.fixture(scope="module")
def chorales() -> TrainedModel:
    return load_model("chorales")


@pytest.fixture(scope="module")
def hymn(chorales: TrainedModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hymn") / "hymn.mid"
    chorales.compose(bars=6, seed=3, candidates=4).save(path)
    return path


def rows(piece: Piece, begin: int, end: int, part: int | None = None) -> set[tuple[object, ...]]:
    return {
        (note.onset, note.duration, note.pitch, note.part)
        for note in piece.notes
        if begin <= note.onset < end and (part is None or note.part == part)
    }


def test_only_the_asked_bars_and_parts_change(chorales: TrainedModel, hymn: Path) -> None:
    piece = read(hymn)
    begin, end = next((b.onset, b.onset + b.duration) for b in piece.bars() if b.number == 3)
    candidates = fill_candidates(chorales, piece, 3, keep=["soprano"], best=2, seed=1, candidates=8)
    for candidate in candidates:
        filled = candidate.piece
        assert rows(filled, 0, int(begin)) == rows(piece, 0, int(begin))
        assert rows(filled, int(end), 999) == rows(piece, int(end), 999)
        assert rows(filled, int(begin), int(end), 0) == rows(piece, int(begin), int(end), 0)
        assert 0 < (candidate.distance or 0) <= 1
        assert candidate.bars == (3, 3)
        assert candidate.weighing is not None
        assert 1 <= candidate.weighing.effective <= candidate.weighing.sampled <= 8
    assert len({c.piece.notes.pitch.tobytes() for c in candidates}) == len(candidates)
    assert "weighed" in candidates.rows()[0]


def test_the_same_seed_fills_the_same_and_again_does(chorales: TrainedModel, hymn: Path) -> None:
    piece = read(hymn)
    one = fill(chorales, piece, slice(2, 4), seed=5, candidates=4)
    assert fill(chorales, piece, "2-3", seed=5, candidates=4).notes == one.notes
    assert fill(chorales, piece, "2-3", seed=6, candidates=4).notes != one.notes
    record = one.provenance
    assert record is not None
    assert record.verb == "fill"
    assert record.options["piece"]["file"] == "hymn.mid"
    assert compose_again(chorales, record, pieces={"piece": piece}).notes == one.notes


def test_the_first_and_the_last_bars_can_be_filled(chorales: TrainedModel, hymn: Path) -> None:
    piece = read(hymn)
    first, last = piece.bars()[0].number, piece.bars()[-1].number
    opened = fill(chorales, piece, f"{first}-1", seed=1, candidates=4)
    ended = fill(chorales, piece, last, seed=1, candidates=4)
    assert opened.length == ended.length == piece.length
    assert rows(opened, 5, 99) == rows(piece, 5, 99)


def test_constraints_hold_in_the_new_bars(chorales: TrainedModel, hymn: Path) -> None:
    piece = read(hymn)
    rules = [Range("C3", "G5"), InKey(piece.keys[0].name)]
    (one,) = fill_candidates(
        chorales, piece, "3-4", best=1, seed=2, candidates=8, constraints=rules
    )
    assert len(one.report) == 2
    assert one.report.holds


def test_candidates_that_the_following_bars_expect_are_preferred(
    chorales: TrainedModel, hymn: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nats = np.array([50.0, 50, 3, 50, 50, 50])
    monkeypatch.setattr(module, "following_nats", lambda *_, **__: nats)
    chosen = fill_candidates(chorales, read(hymn), 3, best=4, seed=1, candidates=6)
    assert [each.number for each in chosen] == [2]
    plain = fill_candidates(chorales, read(hymn), 3, best=4, seed=1, candidates=6, weigh=False)
    assert len(plain) == 4


def test_systematic_resampling_follows_the_weights() -> None:
    weights = weights_of(np.array([0.0, 0.0, 30.0]))
    assert weights == pytest.approx([0.5, 0.5, 0], abs=1e-9)
    counts = np.zeros(3)
    for seed in range(400):
        counts[drawn(np.array([0.7, 0.2, 0.1]), 1, seed)] += 1
    assert counts / 400 == pytest.approx([0.7, 0.2, 0.1], abs=0.07)
    assert sorted(drawn(np.full(4, 0.25), 4, 1)) == [0, 1, 2, 3]


def test_copies_of_a_candidate_are_one() -> None:
    notes = [Notes([Note(Fraction(0), Fraction(1), pitch)]) for pitch in (60, 62, 60)]
    changes = [
        Change(Fraction(0), Fraction(4), (0,), each, frozenset(), Fraction(4)) for each in notes
    ]
    filled = module.Filled(changes, np.zeros(3), np.zeros(3))
    assert module.joined_weights(filled, np.array([0.5, 0.3, 0.2])).tolist() == [0.7, 0.3, 0.0]


@pytest.mark.parametrize("bars", ["five", "5-8-9", slice(None, 4), slice(1, 9, 2)])
def test_bars_must_be_numbers(bars: object) -> None:
    with pytest.raises(PartimentoError, match="bars"):
        bar_numbers(bars)  # type: ignore[arg-type]


def test_parts_are_named_or_numbered() -> None:
    parts = (Part("Melody"), Part("Bass"), Part("Drums", is_drum=True))
    piece = Piece([], parts=parts)
    assert parts_to_compose(piece, []) == (0, 1)
    assert parts_to_compose(piece, ["melody"]) == parts_to_compose(piece, ["1"]) == (1,)
    assert parts_to_compose(piece, [1]) == (0,)
    for wrong, message in ((["Flute"], "no part 'Flute'"), (["1", "2"], "all parts are kept")):
        with pytest.raises(PartimentoError, match=message):
            parts_to_compose(piece, wrong)


def test_a_piece_without_these_bars_is_refused(chorales: TrainedModel, hymn: Path) -> None:
    with pytest.raises(PartimentoError, match="no bars 90-91"):
        fill(chorales, read(hymn), "90-91")


def test_a_model_of_chords_fills_too(run: TrainedModel, pieces: list[Piece]) -> None:
    """No note sounds over the seam before bar 8: its vocabulary has no chord that is all held."""
    piece = pieces[0]
    filled = fill(run, piece, "8-14", seed=2, candidates=8)
    assert rows(filled, 0, 28) == rows(piece, 0, 28)
    assert len(rows(filled, 28, 56)) > 7
