"""What a piece shares with a corpus: planted runs are found where they were planted, and Bach's own
level is the one known.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.analysis.similarity.passages import Chords, moved, noise, piece

from partimento.analysis.similarity.borrowing import index_corpus, shared_with
from partimento.corpus import Corpus, CorpusEntry
from partimento.errors import PartimentoError
from partimento.evaluation.originality import originality, together, verdict, verdict_together


def test_a_piece_of_the_corpus_is_laid_beside_the_rest_and_says_so() -> None:
    tune = noise(1, 60)
    others = [piece(noise(n, 60), name=f"p{n}") for n in range(2, 8)]
    corpus = Corpus.of([piece(tune, name="a"), piece(moved(tune, 2), name="twin"), *others])
    report = originality([piece(tune, name="a")], corpus)
    (found,) = report.pieces
    assert found.in_corpus == ("a.mid", "twin.mid")
    assert found.chords.length < 4
    assert verdict(found, report.real).startswith(
        "this piece is in the corpus (a.mid, twin.mid) and is compared with the rest: longest"
    )
    # The same music in another file is no such case: all of it is borrowed.
    (found,) = originality([piece(tune, name="other")], corpus).pieces
    assert found.in_corpus == ()
    assert (found.chords.length, found.chords.share) == (60, 1.0)
    assert verdict(found, report.real).startswith("all of it occurs in a.mid: longest passage")
    assert verdict(found, report.real).endswith("more chords and melody than 95 % of real pieces")


def test_real_pieces_are_left_out_one_by_one_with_their_near_duplicates() -> None:
    shared = noise(0, 10)
    tunes = [noise(n, 30) + shared + noise(100 + n, 30) for n in range(1, 6)]
    corpus = Corpus.of(
        [
            *(piece(tune, name=f"p{n}") for n, tune in enumerate(tunes)),
            piece(moved(tunes[0], 5), name="twin"),
        ]
    )
    report = originality([piece(noise(50, 40), name="mine")], corpus)
    assert report.real is not None
    assert (report.real.pieces, report.against, report.events) == (6, 6, 6 * 70)
    assert report.real.chords.length == (10.0, 10.0, 10.0)
    assert report.real.chords.share == pytest.approx((1 / 7,) * 3)
    assert report.real.chords.elements == 70
    assert "no more than real pieces do" in verdict(report.pieces[0], report.real)
    assert "0 of 1 beyond 95 % of real pieces" in verdict_together(report)


def test_a_stored_split_says_which_pieces_are_real() -> None:
    shared = noise(0, 12)
    chords = {
        "a": noise(1, 30) + shared,
        "b": noise(2, 40),
        "c": shared + noise(3, 9),
        "d": noise(6, 20),
    }
    pieces = [piece(line, name=name) for name, line in chords.items()]
    mine = [piece(noise(4, 9) + shared[:5], name="mine"), *pieces]
    report = originality(
        mine, Corpus.of(map(CorpusEntry, pieces, ["train", "train", "test", "valid"]))
    )
    assert report.real is not None
    assert (report.against, report.real.pieces, report.real.chords.length) == (
        2,
        1,
        (12.0, 12.0, 12.0),
    )
    assert report.pieces[0].chords.length == 5
    assert report.pieces[3].chords.length == 12
    assert [found.in_corpus for found in report.pieces] == [
        (),
        ("a.mid",),
        ("b.mid",),
        ("c.mid",),
        ("d.mid",),
    ]


def test_one_piece_alone_has_no_real_ones_beside_it() -> None:
    report = originality(
        [piece(noise(1, 9), name="mine")], Corpus.of([piece(noise(2, 20), name="a")])
    )
    assert report.real is None
    assert "real pieces" not in verdict(report.pieces[0], report.real)


def test_progress_reaches_its_end_and_nothing_is_refused() -> None:
    told: list[tuple[str, int, int]] = []
    corpus = Corpus.of([piece(noise(n, 30), name=f"p{n}") for n in range(4)])
    originality([piece(noise(9, 9), name="mine")], corpus, progress=lambda *step: told.append(step))
    assert {stage: (done, total) for stage, done, total in told} == {
        "index": (4, 4),
        "real pieces": (4, 4),
        "compare": (1, 1),
    }
    with pytest.raises(PartimentoError, match="no pieces"):
        originality([], corpus)
    with pytest.raises(PartimentoError, match="empty corpus"):
        index_corpus([])


def test_bachs_own_level(data_folder: Path) -> None:
    """Test chorales beside those of training, a frame a quarter, by the index and by sets of runs,
    which is the plainest way.
    """
    sides = json.loads((data_folder / "jsb" / "jsb-chorales-quarter.json").read_text())
    frames = {
        side: [[tuple(sorted(set(frame))) for frame in each] for each in sides[side]]
        for side in ("train", "test")
    }
    corpus = index_corpus(piece(each) for each in frames["train"])
    found = [shared_with(corpus, piece(each)) for each in frames["test"]]
    lengths = [each.chords.length for each in found]
    plainest = [0] * len(lengths)
    for length in range(1, 20):
        known = {run for each in frames["train"] for run in runs(each, length)}
        plainest = [
            length if known & runs(each, length) else best
            for each, best in zip(frames["test"], plainest, strict=True)
        ]
    assert lengths == plainest
    level = together(found).chords.length
    assert level == pytest.approx((5.0, 9.4, 16.0))


def runs(frames: Chords, length: int) -> set[tuple[tuple[int, ...], ...]]:
    """All runs of so many frames that begin and end with sound, from their first bass up."""
    cuts = [frames[at : at + length] for at in range(len(frames) - length + 1)]
    return {
        tuple(tuple(p - cut[0][0] for p in frame) for frame in cut)
        for cut in cuts
        if cut[0] and cut[-1]
    }
