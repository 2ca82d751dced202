"""No long run of events stands in a corpus."""

from __future__ import annotations

import pytest
from tests.generate.constrained import chorales, compose_within, violations

import partimento as pt
from partimento.errors import PartimentoError
from partimento.generate.constraints import Scene
from partimento.generate.constraints.borrowed import _hash_of, _runs


@pytest.mark.parametrize("kind", ["chords", "notes", "voices", "frames"])
def test_no_longer_run_is_borrowed(kind: str) -> None:
    constraint = pt.MaxBorrowed.of(1, chorales(), "chorales")
    pieces = compose_within(kind, [constraint]).pieces
    assert pieces
    assert not any(violations(piece, constraint) for piece in pieces)


def test_a_copy_in_another_key_is_found() -> None:
    piece = chorales()[0]
    constraint = pt.MaxBorrowed.of(8, [piece], "one chorale")
    scene = Scene(grid=4)
    assert constraint.check(piece.transpose(3), scene).achieved != "0 longer runs"
    assert constraint.check(chorales()[5], scene).holds


def test_runs_have_different_numbers() -> None:
    runs = _runs(chorales(), 4)
    assert len({_hash_of(run) for run in runs}) == len(runs)


def test_nonsense_is_refused() -> None:
    with pytest.raises(PartimentoError, match="from 1 to 64"):
        pt.MaxBorrowed(0, "bundled:chorales")
