"""Errors of collecting: what stops a collection, and what only leaves one file out."""

from __future__ import annotations

from partimento.collect.errors import RefusedError, StatusError, UnreachableError
from partimento.errors import PartimentoError


def test_only_what_stops_a_collection_is_an_error_of_the_program() -> None:
    assert issubclass(StatusError, PartimentoError)
    assert issubclass(UnreachableError, PartimentoError)
    assert not issubclass(RefusedError, PartimentoError)  # one file less: the collection continues


def test_an_answer_of_the_archive_keeps_its_status() -> None:
    error = StatusError(404, "https://www.example.org/a.mid: the archive answers 404")
    assert error.status == 404
    assert str(error) == "https://www.example.org/a.mid: the archive answers 404"
