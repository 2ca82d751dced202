"""Notes colored by the passages that they share with a corpus."""

from __future__ import annotations

from dataclasses import replace

from tests.analysis.similarity.test_passages import OTHER, THEME, line

from partimento.corpus.entries import Corpus, CorpusEntry
from partimento.evaluation.borrowed_notes import originality_colors


def test_a_note_names_the_source_the_bar_and_the_interval() -> None:
    theme = line(*OTHER, *THEME).replace(title="A theme")
    theme = theme.replace(source=replace(theme.source, path="scores/theme.mid"))
    piece = line(48, *(pitch - 5 for pitch in THEME), 40)
    colors = originality_colors(piece, [theme], names=["scores/"])
    assert colors.levels.tolist() == [0, *[2] * 9, 0]
    assert colors.texts[1] == (
        "From bar 1: 9 chords as in “A theme” (theme.mid), from bar 2, a fourth higher."
    )
    assert colors.texts[0] == "In no passage of 4 or more that stands in the corpus."
    assert colors.record == {"kind": "originality", "against": ["scores/"], "pieces": 1}


def test_only_training_pieces_count_and_the_piece_itself_does_not() -> None:
    theme = line(*THEME)
    theme = theme.replace(source=replace(theme.source, sha256="same"))
    corpus = Corpus(
        (CorpusEntry(line(*OTHER), "train"), CorpusEntry(line(*THEME), "test")),
    )
    assert set(originality_colors(theme, corpus).levels.tolist()) == {0}
    assert set(originality_colors(theme, [theme, line(*OTHER)]).levels.tolist()) == {0}


def test_other_pieces_with_the_passage_are_counted() -> None:
    corpus = [line(*THEME), line(*THEME, *OTHER)]
    assert "1 other piece has it, too" in originality_colors(line(*THEME[:6]), corpus).texts[0]
