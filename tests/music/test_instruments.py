"""The names of instruments become General MIDI programs."""

from __future__ import annotations

import pytest

from partimento.errors import PartimentoError
from partimento.music.instruments import PROGRAM_NAMES, PROGRAMS, program_named


def test_every_program_has_a_name_that_is_read_back() -> None:
    assert len(PROGRAM_NAMES) == len(PROGRAMS) == 128
    assert [program_named(name) for name in PROGRAM_NAMES] == list(range(128))
    assert all(0 <= program_named(name) <= 127 for name in PROGRAMS)


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("0", 0),
        ("127", 127),
        ("guitar", 24),
        ("Guitar", 24),
        ("Gitarre", 24),
        ("acoustic guitar (nylon)", 24),
        ("electric guitar", 27),
        ("piano", 0),
        ("Klavier", 0),
        ("cembalo", 6),
        ("organ", 19),
        ("church organ", 19),
        ("strings", 48),
        ("violin", 40),
        ("cello", 42),
        ("double bass", 43),
        ("choir", 52),
        ("brass", 61),
        ("sax", 65),
        ("flute", 73),
        ("reed", 64),
        ("2 guitars", 24),
    ],
)
def test_instruments_and_families(name: str, program: int) -> None:
    assert program_named(name) == program


@pytest.mark.parametrize(
    ("name", "said"), [("guitr", "guitar"), ("vioin", "violin"), ("sitarr", "sitar")]
)
def test_a_typo_is_answered_with_the_nearest_name(name: str, said: str) -> None:
    with pytest.raises(PartimentoError, match=f"no instrument '{name}': did you mean {said}"):
        program_named(name)


@pytest.mark.parametrize(
    ("name", "said"),
    [("128", "0 to 127"), ("-1", "0 to 127"), ("xyzzy", "write one like"), ("", "write one like")],
)
def test_unknown_instruments_are_refused(name: str, said: str) -> None:
    with pytest.raises(PartimentoError, match=said):
        program_named(name)
