"""The heading of a picture has all names and titles that a document states."""

from __future__ import annotations

import pytest
from tests.io.musicxml.documents import START, note, score

from partimento.io.musicxml.heading import heading_of
from partimento.io.musicxml.read import parse

WORK = "<work><work-title>Suite</work-title></work>"


def creators(*pairs: tuple[str, str]) -> str:
    names = "".join(f'<creator type="{kind}">{name}</creator>' for kind, name in pairs)
    return f"<identification>{names}<rights>© 1900 A</rights></identification>"


def credit(kind: str, text: str) -> str:
    words = f"<credit-words>{text}</credit-words>"
    return f'<credit page="1"><credit-type>{kind}</credit-type>{words}</credit>'


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (WORK, ("Suite", "")),
        (
            WORK
            + "<movement-number>2</movement-number><movement-title>Air</movement-title>"
            + creators(("composer", "Bach"), ("arranger", "B"), ("lyricist", "Words by C")),
            ("Suite · 2. Air", "Bach · arr. B · Words by C · © 1900 A"),
        ),
        ("<movement-title>Air</movement-title>", ("Air", "")),
        (WORK + "<movement-title>suite.mxl</movement-title>", ("Suite", "")),
        (
            WORK + credit("subtitle", "for guitar") + credit("arranger", "arr. D"),
            ("Suite · for guitar", "arr. D"),
        ),
    ],
)
def test_headings(head: str, expected: tuple[str, str]) -> None:
    root = parse(score([START + note("C4", 16)], head=head).encode())
    assert heading_of(root) == expected
