"""A piece goes on from its end, and itself stays as it is."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from partimento import Meter, Note, Piece, Range, read
from partimento.errors import PartimentoError
from partimento.generate.continue_ import continue_, continue_candidates, end_after
from partimento.generate.provenance import compose_again
from partimento.training.trained_model import TrainedModel, load_model

ONE = Fraction(1)


@pytest.fixture(scope="module")
def chorales() -> TrainedModel:
    return load_model("chorales")


@pytest.fixture(scope="module")
def hymn(chorales: TrainedModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hymn") / "hymn.musicxml"
    piece = chorales.compose(bars=4, seed=3, candidates=4, title="Hymn", composer="Me", tempo=70)
    piece.save(path)
    return path


def test_the_piece_is_kept_and_new_bars_follow(chorales: TrainedModel, hymn: Path) -> None:
    piece = read(hymn)
    longer = continue_(chorales, piece, bars=2, seed=1, candidates=4)
    count = len(piece.notes)
    assert [*longer.notes][:count] == [*piece.notes]
    assert all(note.onset >= piece.length for note in [*longer.notes][count:])
    assert longer.length == end_after(piece, 2)
    for name in ("title", "composer", "keys", "meters", "tempos", "parts", "pickup"):
        assert getattr(longer, name) == getattr(piece, name)


def test_it_is_made_again(chorales: TrainedModel, hymn: Path) -> None:
    piece = read(hymn)
    best = continue_candidates(chorales, piece, bars=2, best=2, seed=1, candidates=4)
    assert best[0].bars is not None
    assert best[0].bars[1] == best[0].piece.bars()[-1].number
    record = best[1].piece.provenance
    assert record is not None
    assert record.verb == "continue"
    assert compose_again(chorales, record, pieces={"piece": piece}).notes == best[1].piece.notes


def test_constraints_hold_in_the_new_bars_only(chorales: TrainedModel, hymn: Path) -> None:
    piece = read(hymn)
    rule = Range("C3", "D5")
    (one,) = continue_candidates(
        chorales, piece, bars=2, best=1, seed=1, candidates=4, constraints=[rule]
    )
    assert one.report.holds
    new = [note.pitch for note in one.piece.notes if note.onset >= piece.length]
    assert max(new) <= 74


@pytest.mark.parametrize(
    ("piece", "end"),
    [
        (Piece([Note(Fraction(0), ONE * 8, 60)]), 16),
        (Piece([Note(Fraction(0), ONE * 7, 60)]), 16),  # the last bar is completed
        (Piece([Note(Fraction(0), ONE * 8, 60)], pickup=ONE), 16),  # it lacks the pickup again
        (Piece([Note(Fraction(0), ONE * 6, 60)], meters=(Meter(3, 4),)), 12),
    ],
)
def test_where_it_ends(piece: Piece, end: int) -> None:
    assert end_after(piece, 2) == end


def test_wrong_demands_are_refused(chorales: TrainedModel, hymn: Path) -> None:
    piece = read(hymn)
    with pytest.raises(PartimentoError, match="no such ending"):
        continue_(chorales, piece, ending="sad")
    with pytest.raises(PartimentoError, match="bars must be between"):
        continue_(chorales, piece, bars=0)
    with pytest.raises(PartimentoError, match="no notes"):
        continue_(chorales, Piece([]))
