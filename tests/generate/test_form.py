"""Sections of a form return exactly, vary where primed, and end with cadences."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import pytest

import partimento as pt
from partimento.errors import PartimentoError
from partimento.generate.constraints import Report
from partimento.generate.form import Section, contrasting_key, joined, sections_of, varied_opening
from partimento.generate.provenance import compose_again
from partimento.guitar.playable import is_playable
from partimento.music.piece import Piece
from partimento.music.timelines import Key
from partimento.training.trained_model import TrainedModel, load_model

D_MINOR = Key.from_name("d minor")


@pytest.fixture(scope="module")
def chorales() -> TrainedModel:
    return load_model("chorales")


def rows(piece: Piece, begin: Fraction, end: Fraction) -> set[tuple[Any, ...]]:
    return {
        (n.onset - begin, n.duration, n.pitch, n.part)
        for n in piece.notes
        if begin <= n.onset < end
    }


def test_each_section_has_its_end_and_key() -> None:
    found = [(s.name, s.ending, s.key.name) for s in sections_of("AABA", Key(0))]
    assert found == [
        ("A", "cadence", "C major"),
        ("A", "cadence", "C major"),
        ("B", "cadence", "G major"),
        ("A", "cadence", "C major"),
    ]
    assert [s.ending for s in sections_of("A A’ B A′", D_MINOR)] == [
        "half", "cadence", "cadence", "cadence",
    ]  # fmt: skip
    assert contrasting_key(D_MINOR) == Key.from_name("f major")


@pytest.mark.parametrize("form", ["", "aaba", "A1", "A*", "A" * 27])
def test_what_is_no_form_is_refused(form: str) -> None:
    with pytest.raises(PartimentoError, match="a form has letters and primes"):
        sections_of(form, Key(0))


def test_sections_return_exactly_and_vary_where_primed(chorales: TrainedModel) -> None:
    (best,) = chorales.compose_candidates(
        best=1, form="A A' B A", bars=16, key="d minor", seed=3, candidates=4
    )
    piece, each = best.piece, Fraction(16)
    sections = [rows(piece, number * each, (number + 1) * each) for number in range(4)]
    assert piece.length == 64
    assert sections[0] == sections[3]
    assert sections[1] != sections[0]
    half = [{row for row in section if row[0] < 8} for section in sections]
    assert len(half[0] & half[1]) > len(half[0]) / 3
    assert len(half[0] & half[2]) < len(half[0] & half[1])
    assert all(number * each in piece.phrase_ends for number in range(1, 5))
    assert best.report.holds
    assert [row.constraint for row in best.report] == ["Form"] * 5
    assert best.report[-1].demand == "A' begins as A, varied"
    assert re.fullmatch(r"\d+ % of the notes changed", best.report[-1].achieved)
    assert pt.final_cadence(piece, D_MINOR).kind == "authentic"
    assert piece.title.endswith("A A' B A")
    assert piece.provenance is not None
    assert compose_again(chorales, piece.provenance) == piece


def test_a_section_that_cannot_be_varied_is_reported(chorales: TrainedModel) -> None:
    section = Section("A", 1, "cadence", Key(0))
    notes = [pt.Note(4 * bar, 4, 60 + bar) for bar in range(4)]
    piece = Piece(notes, keys=(Key(0),))  # one part, and the model writes four voices
    opening, finding = varied_opening(chorales, piece, 4, 1, section)
    assert opening.notes == piece.notes.select(piece.notes.onset < 8 * piece.notes.divisions)
    assert finding.verdict == "unmet "
    assert finding.achieved.startswith("not varied: this model writes 4 voices")
    assert Report([finding]).holds


def test_lengths_that_do_not_divide_are_refused(chorales: TrainedModel) -> None:
    with pytest.raises(PartimentoError, match="18 bars cannot be divided among 4 sections"):
        chorales.compose(form="AABA", bars=18)
    with pytest.raises(PartimentoError, match="begins from silence"):
        chorales.compose(form="AABA", bars=16, start=1)
    with pytest.raises(PartimentoError, match="a form ends with a cadence to its tonic, not half"):
        chorales.compose(form="AABA", bars=16, ending="half")


def test_a_hand_can_play_a_form_by_default_and_need_not() -> None:
    guitar = load_model("guitar")
    options = {"form": "A B", "bars": 8, "key": "d minor", "seed": 3, "candidates": 8}
    by_default, free = guitar.compose(**options), guitar.compose(**options, playable=False)
    assert all(is_playable(event.chord) for event in by_default.events)
    assert free.notes != by_default.notes
    assert free.provenance is not None
    assert compose_again(guitar, free.provenance) == free


def test_pieces_are_joined_with_their_phrase_ends() -> None:
    one = Piece([pt.Note(0, 4, 60)], phrase_ends=(Fraction(4),), fermatas=(Fraction(0),))
    two = Piece([pt.Note(0, Fraction(4, 3), 62)], length=Fraction(4))
    piece = joined([one, two, one], D_MINOR)
    assert [(n.onset, n.duration, n.pitch) for n in piece.notes] == [
        (0, 4, 60), (4, Fraction(4, 3), 62), (8, 4, 60),
    ]  # fmt: skip
    assert piece.phrase_ends == (4, 8, 12)
    assert piece.fermatas == (0, 8)
    assert piece.keys == (D_MINOR,)
