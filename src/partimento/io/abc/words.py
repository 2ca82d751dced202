"""Read and write the words of ABC, which are aligned with the notes of a line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from partimento.io.abc.voice import Row
from partimento.music.lyrics import Syllable, goes_on

WORD = re.compile(r"(?:\\-|[^\s\-_*|])+|[-_*|]")
SKIPS = ("_", "*")


def align(line: str, rows: Sequence[Row], bars: Sequence[Fraction]) -> Iterator[tuple[Row, str]]:
    """Yield each syllable of a line with the note to which it is sung.

    Parameters
    ----------
    line : str
        The text after ``w:``.
    rows : sequence of Row
        The notes of the line of music; of a chord only one.
    bars : sequence of Fraction
        The times of the bar lines.

    See Also
    --------
    ABC standard 2.1, section 5: lyrics.
    """
    signs = WORD.findall(line)
    at = 0
    for number, sign in enumerate(signs):
        before = signs[number - 1] if number else ""
        if sign == "|":
            passed = [bar for bar in bars if at < len(rows) and bar > rows[max(at - 1, 0)].onset]
            while passed and at < len(rows) and rows[at].onset < passed[0]:
                at += 1
            continue
        if sign in SKIPS or (sign == "-" and before == "-"):
            at += 1
            continue
        if sign == "-":
            continue
        if at >= len(rows):
            return
        is_inside = signs[number + 1 : number + 2] == ["-"]
        is_last = not any(other not in (*SKIPS, "-", "|") for other in signs[number + 1 :])
        text = sign.replace("~", " ").replace("\\-", "-")
        yield rows[at], f"{text}-" if is_inside else f"{text}\n" if is_last else f"{text} "
        at += 1


def words_of(sung: Sequence[Fraction | None], lyrics: Sequence[Syllable]) -> str:
    """Return the words of a line of music; empty if it has none.

    Parameters
    ----------
    sung : sequence of Fraction or None
        The onset of each written note, in quarters; None for a note that is tied to the one before.
    lyrics : sequence of Syllable
        The words of the part.
    """
    by_time = {
        syllable.onset: f"{syllable.text.strip().rstrip('-')}{'-' * inside}"
        for syllable, inside in zip(lyrics, goes_on(lyrics), strict=True)
    }
    words = ""
    for onset in sung:
        text = by_time.get(onset, "") if onset is not None else ""
        plain = text.strip()
        if not plain:
            words += "* "
            continue
        is_inside = plain.endswith("-")
        plain = plain.removesuffix("-")
        escaped = re.sub(r"[_*|\\]", "", plain).replace("-", "\\-").replace(" ", "~")
        words += f"{escaped or '*'}{'-' if is_inside else ' '}"
    stripped = words.rstrip(" *")
    return stripped or ""
