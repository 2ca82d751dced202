"""The table of an originality report, worked out by hand."""

from __future__ import annotations

from dataclasses import replace

from partimento.analysis.similarity.borrowing import Originality, Shared, SharedPassage
from partimento.evaluation.originality import Group, Level, Report
from partimento.evaluation.originality_table import HEADER, name_of, rows

PASSAGE = SharedPassage(
    length=12,
    bar=3,
    title="Prelude",
    path="bach/bwv1.mid",
    corpus_bar=6,
    semitones=-3,
    same_rhythm=True,
    pieces=1,
)
NOTHING = Shared(40, None, 0.0)
PIECE = Originality("Mine", "out/mine.mid", Shared(1500, PASSAGE, 0.254), NOTHING)
LEVEL = Level((4.0, 9.5, 12.0), (0.0, 0.5, 1.0), 100.0)
GROUP = Group(1200, LEVEL, LEVEL)
REPORT = Report([PIECE], GROUP, GROUP, "how", 10, 1000)


def where(**changes: object) -> str:
    passage = replace(PASSAGE, **changes)
    piece = replace(PIECE, chords=Shared(1500, passage, 0.254))
    return rows(REPORT, [piece], together=False)[0][3]


def test_a_piece_has_a_row_for_chords_and_one_for_the_melody() -> None:
    table = rows(replace(REPORT, real=None), [PIECE], together=False)
    place = "bar 3 is bar 6 of Prelude (bwv1.mid): 3 semitones lower, same rhythm"
    assert table == [
        ("mine.mid", "chords", "12 of 1,500", place, "25 %"),
        ("", "melody", "0 of 40", "", "0 %"),
    ]
    assert {len(row) for row in table} == {len(HEADER)}


def test_real_pieces_come_last_and_all_pieces_before_them() -> None:
    table = rows(REPORT, [PIECE], together=True)
    assert [row[0] for row in table[2:]] == ["all of them (1,200)", "", "real pieces (1,200)", ""]
    assert table[-1][2:] == ("4 · 9.5 · 12", "median · 95 % · most", "0 % · 50 % · 100 %")
    assert len(rows(REPORT, [], together=False)) == 2


def test_a_passage_says_how_far_it_is_moved() -> None:
    assert where(semitones=0).endswith("same pitch, same rhythm")
    assert where(semitones=1).endswith("1 semitone higher, same rhythm")
    assert where(same_rhythm=False).endswith("other rhythm")
    assert where(pieces=3).endswith("; in 2 more")


def test_a_title_that_is_the_name_of_the_file_is_not_repeated() -> None:
    assert "of bwv1:" in where(title="bwv1")
    assert "of bwv1.mid:" in where(title="")
    assert "of an untitled piece:" in where(title="", path="")


def test_a_piece_of_the_corpus_is_named_as_such() -> None:
    assert name_of(replace(PIECE, path="")) == "Mine"
    assert name_of(replace(PIECE, path="", title="")) == "untitled"
    assert name_of(replace(PIECE, in_corpus=("a.mid",))) == "mine.mid (in the corpus)"
