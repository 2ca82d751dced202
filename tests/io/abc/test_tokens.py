# ruff: noqa: E501 - tables of cases, one in a line
"""The signs of a line of music."""

from fractions import Fraction

import pytest

from partimento.io.abc.tokens import length_of, tokens, without_comment


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        ("^c'3/2- _/d,", "note space note"),
        ("[CEG]2[K:D][1 A|[2", "chord field ending space note bar"),
        ("|: :| :: :|: |] [| || |1 :|2", " ".join(["bar space"] * 8) + " bar"),
        ("A>B c<<d", "note broken note space note broken note"),
        (
            "(3ABC (3:2:2AB (AB)",
            "tuplet note note note space tuplet note note space ignored note note ignored",
        ),
        ("{/ga}b !trill!c +turn+d", "grace note space decoration note space decoration note"),
        ('"Am"A "^text"B', "text note space text note"),
        ("z2 x/ Z4 y2", "rest space rest space rest space spacer"),
        ("A&B (&A&B&)", "note overlay note space overlay note overlay note overlay"),
        (
            "~A .B uc vd HA",
            "ignored note space ignored note space ignored note space ignored note space fermata note",
        ),
        ("A - B", "note space late_tie space note"),
        ("A § B", "note space bad space note"),
    ],
)
def test_a_line_is_split_into_signs(line, kinds):
    assert [str(token.lastgroup) for token in tokens(line)] == kinds.split()
    assert "".join(token[0] for token in tokens(line)) == line


def test_comments_and_lengths():
    assert without_comment(r"A 50\% B % the rest") == r"A 50\% B "
    assert [length_of(text) for text in ("0", "1/0", "999999", "/" * 9)] == [None] * 4
    assert length_of("3//") == Fraction(3, 4)
