"""Check staves, voices, slurs and bar lines of a written score; see `lint`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from partimento.notation.lint_place import Place, bars_of
from partimento.notation.written import WrittenScore

MOST_VOICES = 4


def voice_count(score: WrittenScore) -> Iterator[tuple[Place, str]]:
    """Find staves of too many voices."""
    for place, _, bar in bars_of(score):
        for staff, count in Counter(staff for staff, _ in bar.voices).items():
            if count > MOST_VOICES:
                yield place, f"{count} voices on staff {staff + 1}"


def empty_staff(score: WrittenScore) -> Iterator[tuple[Place, str]]:
    """Find staves without any notes, in parts that have some."""
    for number, part in enumerate(score.parts):
        used = {staff for bar in part.bars for staff, _, s in bar.symbols() if s.pitches}
        if used and not part.is_drum:
            for staff in set(range(part.staves)) - used:
                yield Place(number), f"staff {staff + 1} has no notes"


def slur(score: WrittenScore) -> Iterator[tuple[Place, str]]:
    """Find slurs without a beginning or an end, which join with later ones."""
    for place, _, bar in bars_of(score):
        if bar.open_slurs:
            yield place, "a slur without an end or a beginning"


def final_bar_line(score: WrittenScore) -> Iterator[tuple[Place, str]]:
    """Find parts that end without a final bar line."""
    if score.open_end:
        return
    for number, part in enumerate(score.parts):
        if part.bars and not part.bars[-1].is_final:
            yield Place(number, len(part.bars) - 1, part.bars[-1].number), "no final bar line"
