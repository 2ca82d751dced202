"""Phrases end where they should, and nowhere else."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.generate.constrained import compose_within, tokenizer_of

import partimento as pt
from partimento.errors import PartimentoError
from partimento.generate.constraints import PhraseEnds
from partimento.generate.constraints.phrase_ends import knows_phrases


@pytest.mark.parametrize("times", [[8], [6, 16], ["7/2", 11, 16], []])
def test_phrases_end_exactly_there(times: list[int | str]) -> None:
    rule = PhraseEnds(times)
    result = compose_within("voices", [rule], candidates=4)
    assert result.pieces
    for piece in result.pieces:
        assert piece.phrase_ends == tuple(Fraction(time) for time in times)
        assert rule.check(piece, result.scene).holds


def test_other_ends_are_reported() -> None:
    result = compose_within("voices", [PhraseEnds([8])], candidates=1)
    finding = PhraseEnds([4]).check(result.pieces[0], result.scene)
    assert (finding.achieved, finding.holds) == ("0 of 1, 1 others", False)


def test_a_model_without_phrases_is_refused() -> None:
    assert knows_phrases(tokenizer_of("voices"))
    assert not knows_phrases(tokenizer_of("chords"))
    with pytest.raises(PartimentoError, match="needs a model that writes phrase ends"):
        compose_within("notes", [PhraseEnds([8])])


def test_a_phrase_cannot_end_at_the_beginning() -> None:
    with pytest.raises(PartimentoError, match="after the piece begins"):
        PhraseEnds([0])


def test_it_is_written_as_json() -> None:
    from partimento.generate.constraints import constraint_from_json

    assert constraint_from_json(PhraseEnds([4, "17/2"]).to_json()) == PhraseEnds([4, "17/2"])
    assert pt.PhraseEnds is PhraseEnds
