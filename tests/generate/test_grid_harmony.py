"""Harmonising with a model of a grid."""

from __future__ import annotations

import pytest
from tests.generate.grids import flat_run, trio

from partimento.errors import PartimentoError
from partimento.generate.constraints.fixed import FixedNotes
from partimento.generate.constraints.pitch import Range
from partimento.generate.grid_harmony import harmonise_on_grid
from partimento.generate.harmonise import harmonise_candidates
from partimento.music.piece import Piece
from partimento.music.timelines import Part
from partimento.training.real_pieces import RealPieces


def run_of(**options: object):
    run = flat_run(**options)
    run.real_pieces, run.folder, run.fingerprint = RealPieces(), None, "0"
    return run


def melody() -> Piece:
    return trio(2).replace(
        notes=[n for n in trio(2).notes if n.part == 0], parts=(Part("Flute", 73),), title="Song"
    )


def test_the_melody_stays_and_the_other_voices_are_added() -> None:
    found = harmonise_on_grid(run_of(), melody(), best=2, seed=3, constraints=[Range(40, 80)])
    assert len(found) == 2
    for candidate in found:
        piece = candidate.piece
        assert [n for n in piece.notes if n.part == 0] == list(melody().notes)
        assert {n.part for n in piece.notes} == {0, 1, 2}
        assert {part.program for part in piece.parts} == {73}
        assert piece.keys
        names = [finding.constraint for finding in candidate.report]
        assert names == ["Range", "PartWriting", "Cadences"]
        assert candidate.report[0].holds
    no_parallels = [not candidate.report[1].holds for candidate in found]
    cadences = [candidate.report[2].achieved for candidate in found]
    assert no_parallels == sorted(no_parallels)
    assert no_parallels[0] != no_parallels[1] or cadences == sorted(cadences, reverse=True)


def test_a_bass_is_the_lowest_voice() -> None:
    bass = trio(2).part("Bass")
    piece = harmonise_on_grid(run_of(), bass, best=1)[0].piece
    assert [n.pitch for n in piece.notes if n.part == 2] == [n.pitch for n in bass.notes]


def test_harmonise_takes_these_models_but_no_chords() -> None:
    with pytest.raises(PartimentoError, match="chords needs a model that composes note by note"):
        harmonise_candidates(run_of(), melody(), chords="C | G")
    with pytest.raises(PartimentoError, match="no notes"):
        harmonise_on_grid(run_of(), Piece([]), best=1)
    rules = [FixedNotes([(0, 1, 120, 1)])]
    with pytest.raises(PartimentoError, match="no notes can meet"):
        harmonise_on_grid(run_of(), melody(), best=1, constraints=rules)
