"""Phrases prefer to end with a cadence."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from tests.generate.constraints.test_rules import view

import partimento as pt
from partimento.analysis.cadences import Cadence
from partimento.errors import PartimentoError
from partimento.generate.constraints import NAMES, Scene
from partimento.generate.constraints.cadences import MISSING, CadenceRule, Cadences, fits
from partimento.generate.constraints.rules import View

C = pt.Key(0)
G7, TONIC, SUBDOMINANT = (43, 59, 65, 67), (36, 60, 64, 67), (41, 60, 65, 69)


def chord(pitches: tuple[int, ...], t: int) -> View:
    sounds = np.zeros((1, 128), bool)
    sounds[0, list(pitches)] = True
    return view(sounds=sounds, t=np.array([t]))


def biased(*chords: tuple[int, ...], marks: dict[int, int], ending: str = "open") -> list[float]:
    """Return the bias of durations of 1, 2 and 4 steps; chords follow each other every step."""
    table = np.zeros(17, np.int32)
    for step, mark in marks.items():
        table[step] = mark
    rule = CadenceRule(table, C, ending)  # type: ignore[arg-type]
    state = rule.start(1, 128)
    *before, last = chords
    for step, pitches in enumerate(before):
        state = rule.advance(state, (), chord(pitches, step), np.array([1]))
    added = rule.bias(state, (), chord(last, len(before)))
    return [0.0] * 3 if added is None else added[0].tolist()


def test_only_an_end_without_a_cadence_weighs_less() -> None:
    assert biased(G7, TONIC, marks={2: 1}) == [0, 0, 0]
    assert biased(SUBDOMINANT, G7, TONIC, TONIC, marks={4: 1}) == [0, 0, 0]  # the bass stays
    assert biased(TONIC, SUBDOMINANT, marks={2: 1}) == [MISSING, 0, 0]
    assert biased(TONIC, SUBDOMINANT, marks={5: 1}) == [0, 0, MISSING]
    assert biased(TONIC, marks={1: 1}) == [MISSING, 0, 0]
    assert biased(TONIC, SUBDOMINANT, marks={9: 1}) == [0, 0, 0]


def test_a_rest_does_not_hide_the_bass_before() -> None:
    assert biased(G7, (), TONIC, marks={3: 1}) == [0, 0, 0]
    assert biased(G7, TONIC, (), marks={3: 1}) == [MISSING, 0, 0]


def test_the_end_of_a_piece_wants_its_own_cadence() -> None:
    half = (SUBDOMINANT, G7)
    assert biased(*half, marks={2: 1}, ending="authentic") == [0, 0, 0]
    assert biased(*half, marks={2: 2}, ending="authentic") == [MISSING, 0, 0]
    assert biased(*half, marks={2: 2}, ending="half") == [0, 0, 0]
    assert biased(G7, TONIC, marks={2: 2}, ending="authentic") == [0, 0, 0]
    assert not fits(Cadence("authentic", 7), "authentic", C)
    assert fits(Cadence("authentic", 7), "open", C)


def test_a_known_last_chord_is_judged_where_it_begins() -> None:
    rule = CadenceRule(np.zeros(9, np.int32), C, "authentic", 2)
    state = rule.advance(rule.start(1, 128), (), chord(SUBDOMINANT, 0), np.array([2]))
    bias = rule.bias(state, (), chord((36, 60, 64), 2))
    assert bias is None or not bias.any()  # plagal
    state = rule.advance(rule.start(1, 128), (), chord(TONIC, 0), np.array([2]))
    bias = rule.bias(state, (), chord(TONIC, 2))
    assert bias is not None
    assert (bias == MISSING).all()


def test_the_finding_is_a_wish() -> None:
    rows = [(0, G7), (2, TONIC), (4, TONIC), (6, SUBDOMINANT)]
    piece = pt.Piece([pt.Note(time, 2, pitch) for time, each in rows for pitch in each])
    rule = Cadences([4], 8, "authentic")
    assert rule.times == (Fraction(4), Fraction(8))
    finding = rule.check(piece, Scene(grid=1, total=8, bar=4, key=C))
    assert (finding.achieved, finding.holds, finding.verdict) == ("1 of 2", False, "unmet ")
    assert "Cadences" not in NAMES
    with pytest.raises(PartimentoError, match="need a key"):
        rule.check(piece, Scene(grid=1))
