"""The mechanism of settings: validation, messages in one line, bounds in words, TOML, --set."""

from __future__ import annotations

import tomllib
from typing import Any, Literal, Self

import pytest
from pydantic import Field, model_validator

from partimento.config import Section, bounds_of, merge, parse_settings, settings_of, to_toml
from partimento.errors import PartimentoError


class Small(Section):
    """A section with a setting of every kind."""

    section = "small"

    count: int = Field(default=3, ge=1, le=4096, description="A whole number within bounds.")
    share: float = Field(default=0.5, ge=0, lt=1, description="A share.")
    rate: float = Field(default=0.1, gt=0, le=10, description="A rate.")
    weight: float = Field(default=0.0, ge=0, description="A number without an upper bound.")
    free: float = Field(default=0.0, description="A number without bounds.")
    kind: Literal["a", "b", "c"] = Field(default="a", description="One of three words.")
    word: str = Field(default="", pattern="^[a-z]*$", examples=["abc", ""], description="Letters.")
    on: bool = Field(default=True, description="A switch.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.kind == "b" and not self.on:
            raise ValueError('small.kind = "b" needs small.on')
        return self


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"cuont": 5}, "there is no setting small.cuont; did you mean small.count?"),
        ({"zzz": 5}, "there is no setting small.zzz (there are small.count, small.share, "),
        ({"count": 0}, "small.count must be between 1 and 4,096, not 0"),
        ({"count": 4097}, "small.count must be between 1 and 4,096, not 4097"),
        ({"count": 2.0}, "small.count must be a whole number, not 2.0"),
        ({"count": "five"}, "small.count must be a whole number, not 'five'"),
        ({"count": True}, "small.count must be a whole number, not True"),
        ({"count": None}, "small.count must be a whole number, not None"),
        ({"share": 1}, "small.share must be at least 0 and below 1, not 1"),
        ({"share": -0.1}, "small.share must be at least 0 and below 1, not -0.1"),
        ({"share": "0.5"}, "small.share must be a number, not '0.5'"),
        ({"share": True}, "small.share must be a number, not True"),
        ({"rate": 0}, "small.rate must be above 0 and at most 10, not 0"),
        ({"rate": float("nan")}, "small.rate must be above 0 and at most 10, not nan"),
        ({"weight": float("inf")}, "small.weight must be at least 0 and finite, not inf"),
        ({"free": float("inf")}, "small.free must be finite, not inf"),
        ({"kind": "d"}, "small.kind must be a, b or c, not 'd'"),
        ({"kind": 1}, "small.kind must be a, b or c, not 1"),
        ({"word": "A"}, 'small.word must be like "abc" or "", not \'A\''),
        ({"word": 1}, "small.word must be text, not 1"),
        ({"on": 1}, "small.on must be true or false, not 1"),
        ({"on": "yes"}, "small.on must be true or false, not 'yes'"),
        ({"kind": "b", "on": False}, 'small.kind = "b" needs small.on'),
        ({"count": 0, "cuont": 5}, "there is no setting small.cuont; did you mean small.count?"),
    ],
)
def test_messages(values: dict[str, Any], message: str) -> None:
    with pytest.raises(PartimentoError) as caught:
        Small(**values)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_whole_numbers_are_numbers() -> None:
    assert Small(share=0).share == 0.0
    assert isinstance(Small(share=0).share, float)


def test_sections_are_values() -> None:
    one = Small(count=4)
    assert one == Small(count=4) != Small()
    assert hash(one) == hash(Small(count=4))
    with pytest.raises(Exception, match="frozen"):
        one.count = 5  # type: ignore[misc]


def test_replace_validates() -> None:
    assert Small(count=4).replace(share=0.1) == Small(count=4, share=0.1)
    with pytest.raises(PartimentoError, match=r"small\.count must be"):
        Small().replace(count=0)
    with pytest.raises(PartimentoError, match=r"did you mean small\.count"):
        Small().replace(counts=1)


def test_bounds_in_words() -> None:
    bounds = {row.name: row.bounds for row in settings_of(Small)}
    assert bounds == {
        "count": "between 1 and 4,096",
        "share": "at least 0 and below 1",
        "rate": "above 0 and at most 10",
        "weight": "at least 0",
        "free": "",
        "kind": "a, b or c",
        "word": 'like "abc" or ""',
        "on": "",
    }
    assert bounds_of(Small.model_fields["count"]) == bounds["count"]
    kinds = ["a whole number", *["a number"] * 4, "text", "text", "true or false"]
    assert [row.kind for row in settings_of(Small)] == kinds


def test_toml_gives_the_values_back() -> None:
    small = Small(word="abc", rate=1e-7, count=12)
    text = to_toml(small)
    assert tomllib.loads(text) == {"small": small.model_dump()}
    assert "# A share. (at least 0 and below 1)\nshare = 0.5\n" in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_settings_from_words() -> None:
    assert parse_settings(["train.learning_rate=1e-3", "model.joint=false"]) == {
        "train": {"learning_rate": 0.001},
        "model": {"joint": False},
    }
    for wrong in ("train.epochs", "epochs=5", "=5", "train.=5"):
        with pytest.raises(PartimentoError, match=r"section\.name=value"):
            parse_settings([wrong])
    assert merge({"a": {"x": 1, "y": 2}}, {"a": {"y": 3}}) == {"a": {"x": 1, "y": 3}}
