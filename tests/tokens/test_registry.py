"""Tokenizers by name, and from the text that they were saved as."""

from __future__ import annotations

import json

import pytest

from partimento import Piece
from partimento.errors import PartimentoError
from partimento.tokens.registry import TOKENIZERS, tokenizer_class, tokenizer_from_json


@pytest.mark.parametrize("name", ["chords", "notes", "voices", "grid"])
def test_a_class_is_found_by_the_name_that_it_writes(name: str, pieces: list[Piece]) -> None:
    kind = tokenizer_class(name)
    assert kind.name == name
    tokenizer = kind.fit(pieces[:2])
    assert json.loads(tokenizer.to_json())["tokenizer"] == name
    again = tokenizer_from_json(tokenizer.to_json())
    assert type(again) is kind
    assert again == tokenizer


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    assert {"chords", "notes", "voices", "grid"} <= set(TOKENIZERS)
    with pytest.raises(PartimentoError, match=r"chord.*did you mean chords"):
        tokenizer_class("chord")


@pytest.mark.parametrize("text", ["no JSON", "{}", '{"tokenizer": "notes"}'])
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        tokenizer_from_json(text)
