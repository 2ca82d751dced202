"""Instrument codes of Humdrum."""

from __future__ import annotations

from partimento.io.kern.instruments import (
    DRUMS,
    KEYBOARDS,
    PROGRAM_BY_CODE,
    name_of,
    program_of,
)


def test_codes_names_and_numbers_give_programs() -> None:
    assert program_of("clars", "Flute", 3) == 71
    assert program_of("", "Flute", 3) == 73
    assert program_of("unknown", "Discant", 53) == 52
    assert program_of("", "Discant", None) is None
    assert program_of("", "", 129) is None


def test_each_code_is_listed_once() -> None:
    assert all(0 <= program < 128 for program in PROGRAM_BY_CODE.values())
    assert PROGRAM_BY_CODE.keys() >= KEYBOARDS
    assert not PROGRAM_BY_CODE.keys() & DRUMS


def test_codes_have_names() -> None:
    assert [name_of(code) for code in ("piano", "cant", "oboe", "xyz")] == [
        "Piano",
        "Cantus",
        "Oboe",
        "",
    ]
