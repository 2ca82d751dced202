"""The playing order of MEI."""

from __future__ import annotations

import pytest
from tests.io.mei.documents import measure, note, read

from partimento.errors import InvalidScoreError


def section(name: str, *pitches: str, inner: str = "") -> str:
    return (
        f'<section xml:id="{name}">{inner}{"".join(measure(note(p, 1)) for p in pitches)}</section>'
    )


def pitches(*content: str, unfold: bool = True) -> list[int]:
    return [n.pitch for n in read(*content, unfold=unfold).notes]


def test_the_first_expansion_list_decides() -> None:
    lists = '<expansion plist="#a #a #b"/><expansion plist="#b #a"/>'
    content = (lists, section("a", "c4"), section("b", "d4"))
    assert pitches(*content) == [60, 60, 62]
    assert pitches(*content, unfold=False) == [60, 62]


def test_expansions_within_expansions() -> None:
    inner = '<expansion plist="#c #c"/>' + section("c", "e4")
    content = ('<expansion plist="#a #b #a"/>', section("a", inner=inner), section("b", "d4"))
    assert pitches(*content) == [64, 64, 62, 64, 64]


def test_repeat_signs_and_endings() -> None:
    first = measure(note("e4", 1), attributes='right="rptend"')
    content = (
        measure(note("c4", 1)),
        measure(note("d4", 1), attributes='left="rptstart"'),
        f'<ending n="1">{first}</ending>',
        f'<ending n="2">{measure(note("f4", 1))}</ending>',
        measure(note("g4", 1), attributes='right="rptboth"'),
        measure(note("a4", 1), attributes='right="rptend"'),
    )
    assert pitches(*content) == [60, 62, 64, 62, 65, 67, 67, 69, 69]
    assert pitches(*content, unfold=False) == [60, 62, 64, 65, 67, 69]


def test_empty_sections_in_many_expansions_end() -> None:
    nested = "".join(
        f'<section xml:id="s{i}"><expansion plist="#s{i + 1} #s{i + 1}"/></section>'
        for i in range(40)
    )
    with pytest.raises(InvalidScoreError, match="with its repeats it is longer"):
        pitches('<expansion plist="#s0"/>', nested, section("s40", "c4"))


def test_an_expansion_of_itself_is_refused() -> None:
    ring = '<expansion plist="#b #b"/>' + section("b", "d4", inner='<expansion plist="#a #a"/>')
    with pytest.raises(InvalidScoreError, match="with its repeats it is longer"):
        pitches('<expansion plist="#a"/>', section("a", "c4", inner=ring))
