"""Errors: one line each, which says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from partimento.errors import (
    InvalidScoreError,
    PartimentoError,
    ReadError,
    choose,
    import_extra,
    no_such,
)


def test_a_file_that_cannot_be_read_is_one_line_of_path_and_reason() -> None:
    error = ReadError(Path("a.mid"), "it ends\n  too early")
    assert (error.path, error.reason) == ("a.mid", "it ends too early")
    assert str(error) == "a.mid: it ends too early"
    assert isinstance(error, PartimentoError)
    assert issubclass(InvalidScoreError, ValueError)
    assert not issubclass(InvalidScoreError, PartimentoError)  # its path is not known yet


def test_an_unknown_name_is_answered_with_the_nearest_or_with_all() -> None:
    known = ["lstm", "vae", "gan"]
    assert no_such("vea", known, "model") == "there is no model vea; did you mean vae?"
    assert no_such("oboe", known, "model", prefix="m.") == (
        "there is no model m.oboe (there are m.lstm, m.vae, m.gan)"
    )


def test_a_name_is_looked_up_or_refused() -> None:
    table = {"lstm": 1, "vae": 2}
    assert choose("vae", table, what="model") == 2
    with pytest.raises(PartimentoError, match=r"^there is no model lsmt; did you mean lstm\?$"):
        choose("lsmt", table, what="model")


def test_an_optional_library_is_imported_or_named_with_its_extra() -> None:
    assert import_extra("json", extra="notebook").loads("1") == 1
    with pytest.raises(PartimentoError, match=r"pip install 'partimento\[notebook\]'"):
        import_extra("no_such_library", extra="notebook")
