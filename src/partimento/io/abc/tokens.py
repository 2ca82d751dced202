"""Split a line of ABC's music into its signs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

ACCIDENTAL = r"\^\d*/\d*|_\d*/\d*|\^\^|\^|__|_|="
LENGTH = r"\d*(?:/+\d*)?"
NOTE = rf"(?:{ACCIDENTAL})?[A-Ga-g][,']*{LENGTH}"
MUSIC = re.compile(
    rf"""
      (?P<note>(?P<accidental>{ACCIDENTAL})?(?P<letter>[A-Ga-g])(?P<octave>[,']*)
        (?P<length>{LENGTH})(?P<tie>-?))
    | (?P<bar>\.?(?:\[?\|[\]|]*:*|:+\|[\]|]*:*|::+)(?:\d[\d,\-]*|[ ]*\[[ ]*\d[\d,\-]*)?)
    | (?P<space>[\s`]+)
    | (?P<text>"[^"]*")
    | (?P<rest>[zxZX]{LENGTH})
    | (?P<broken><+|>+)
    | (?P<tuplet>\(\d{{1,3}}(?::\d{{0,3}}){{0,2}})
    | (?P<overlay>\(&|&\)|&)
    | (?P<field>\[[A-Za-z]:[^\]]*\])
    | (?P<ending>\[[ ]*(?:\d[\d,\-]*|"[^"]*"))
    | (?P<chord>\[(?:[^\[\]"!|]|"[^"]*"|![^!]*!)*\]{LENGTH}-?)
    | (?P<grace>\{{[^}}]*\}})
    | (?P<decoration>![^!|\[\]]{{1,40}}!|\+[a-z0-9.<>()]{{1,20}}\+)
    | (?P<spacer>y{LENGTH})
    | (?P<late_tie>\.?-)
    | (?P<fermata>H)
    | (?P<ignored>[().~I-WYh-w$*\\!\#;?@'])
    | (?P<bad>.)
    """,
    re.VERBOSE | re.DOTALL,
)
IN_CHORD = re.compile(
    rf"""
      (?P<accidental>{ACCIDENTAL})?(?P<letter>[A-Ga-g])(?P<octave>[,']*)
      (?P<length>{LENGTH})[ ]*(?P<tie>-?)
    | (?P<text>"[^"]*")
    | (?P<decoration>![^!]*!)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
PARTS = re.compile(rf"\[(?P<inside>[^\]]*)\](?P<length>{LENGTH})|(?P<note>{NOTE})|(?P<other>.)")
COMMENT = re.compile(r"(?<!\\)%.*")
LONGEST_NUMBER = 5  # digits of a length


def tokens(line: str) -> Iterator[re.Match[str]]:
    """Yield the signs of a line; `Match.lastgroup` is the kind of sign.

    >>> [token.lastgroup for token in tokens('"Am"^c2-[CE]|')]
    ['text', 'note', 'chord', 'bar']
    """
    return MUSIC.finditer(line)


def without_comment(line: str) -> str:
    r"""Remove a comment from a line; ``\%`` is a percent sign.

    >>> without_comment("C D|% a comment")
    'C D|'
    """
    return COMMENT.sub("", line) if "%" in line else line


def length_of(text: str) -> Fraction | None:
    """Return a length in units: ``3/2``, ``/`` (a half), ``//`` (a quarter).

    None if a number is zero or absurdly long.

    >>> [str(length_of(text)) for text in ("", "3", "3/2", "/", "//", "/4", "3/")]
    ['1', '3', '3/2', '1/2', '1/4', '1/4', '3/2']
    """
    if not text:
        return Fraction(1)
    above, slashes, below = text.partition("/")
    slashes += below[: len(below) - len(below.lstrip("/"))]
    below = below.lstrip("/")
    if max(len(above), len(below), len(slashes)) > LONGEST_NUMBER:
        return None
    numerator = int(above) if above else 1
    denominator = int(below) if below else 2 ** len(slashes) if slashes else 1
    return Fraction(numerator, denominator) if numerator and denominator else None
