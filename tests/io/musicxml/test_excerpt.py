"""Excerpts of documents begin with what is valid there, and sound as those of pieces."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from tests.io.musicxml.documents import START, attributes, note, score, time_
from tests.io.musicxml.kept import CASES, scores_of_asap

import partimento as pt
from partimento.errors import InvalidScoreError
from partimento.io.musicxml.document import ScoreDocument

CLEF = "<clef><sign>F</sign><line>4</line></clef>"
TEMPO = (
    '<direction><direction-type><words>Slow</words></direction-type><sound tempo="60"/></direction>'
)


def cut(bars: list[str], start: int, end: int) -> ScoreDocument:
    return ScoreDocument.from_bytes(score(bars).encode()).cut(Fraction(start), Fraction(end))


def test_attributes_and_tempo_are_stated() -> None:
    bars = [START + TEMPO + note("C4", 16), attributes(CLEF, divisions=2) + note("D4", 8)]
    document = cut([*bars, note("E4", 8), note("F4", 8)], 8, 12)
    first = next(document.root.iter("attributes"))
    assert [child.tag for child in first] == ["divisions", "time", "clef"]
    assert first.findtext("divisions") == "2"
    piece = document.piece()
    assert [n.pitch for n in piece.notes] == [64]
    assert [tempo.bpm for tempo in piece.tempos] == [60]
    assert [m.get("number") for m in document.root.iter("measure")] == ["1"]


def test_attributes_of_the_first_bar_count() -> None:
    change = attributes(time_(3), divisions=4)
    document = cut([START + note("C4", 16), change + note("D4", 12)], 4, 7)
    assert [beats.text for beats in document.root.iter("beats")] == ["3"]


def test_only_bar_lines_are_cut() -> None:
    with pytest.raises(InvalidScoreError, match="where it is cut"):
        cut([START + note("C4", 16)], 1, 4)


def check(path: Path, bars: int) -> tuple[int, int]:
    """Return how many excerpts of a file are exact, and how many were tried."""
    piece = pt.read(path)
    numbers = [bar.number for bar in piece.bars() if bar.onset < piece.length]
    exact = tried = 0
    for first in numbers[:: max(len(numbers) // 4, 1)]:
        excerpt = piece.cut(first, min(first + bars, numbers[-1]))
        assert excerpt.score is not None
        try:
            again = ScoreDocument.load(excerpt.score).piece()
        except pt.PartimentoError:  # a bar longer than its meter is several bars of the piece
            continue
        tried += 1
        table = [
            [(n.onset, n.duration, n.pitch, n.part) for n in each.notes if not n.grace]
            for each in (excerpt, again)
        ]
        exact += table[0] == table[1]
        assert again.keys == excerpt.keys
        assert again.warnings == piece.warnings
    return exact, tried


@pytest.mark.parametrize("path", sorted(CASES.glob("*.musicxml")), ids=lambda path: path.stem)
def test_cases(path: Path) -> None:
    exact, tried = check(path, 1)
    assert exact == tried > 0


@pytest.mark.slow
def test_a_data_set(data_folder: Path) -> None:
    paths = scores_of_asap(data_folder)
    if not paths:
        pytest.skip("no scores of the data set")
    counts = [check(path, 5) for path in paths]
    tried = sum(tried for _, tried in counts)
    # Four excerpts differ: rounded or incomplete tuplets are read by the bars around them.
    assert sum(exact for exact, _ in counts) >= 0.97 * tried > 140
