"""What a piece shares with a corpus: planted runs are found where they were planted, and Bach's own
level is the one known.
"""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from partimento import Event, Meter, Piece
from partimento.analysis.similarity.borrowing import LONG, index_corpus, shared_with
from partimento.corpus import Corpus, CorpusEntry
from partimento.errors import PartimentoError
from partimento.evaluation.originality import originality, together, verdict, verdict_together
from partimento.music.timelines import Source

QUARTER = Fraction(1)
Chords = list[tuple[int, ...]]


def noise(seed: int, count: int) -> Chords:
    """Chords that hardly ever come again, seed after seed."""
    rng = np.random.default_rng(seed)
    return [tuple(sorted({int(p) for p in rng.integers(40, 80, 4)})) for _ in range(count)]


def piece(chords: Chords, *, name: str = "", duration: Fraction = QUARTER) -> Piece:
    """A chord an event, every note struck, in 4/4."""
    source = Source(path=f"{name}.mid", sha256=name)
    return Piece.from_events(
        [Event(chord, duration) for chord in chords],
        meters=(Meter(4, 4),),
        title=name.upper(),
        source=source,
    )


def moved(chords: Chords, by: int) -> Chords:
    return [tuple(pitch + by for pitch in chord) for chord in chords]


def test_a_planted_run_is_found_with_its_places() -> None:
    tune = noise(1, 60)
    corpus = index_corpus(
        [
            piece(noise(2, 40), name="a"),
            piece(tune, name="b"),
            piece(noise(3, 40) + tune[20:30], name="c"),
        ]
    )
    found = shared_with(
        corpus, piece(noise(4, 9) + moved(tune[20:32], 3) + noise(5, 9), name="mine")
    )
    run = found.chords.longest
    assert run is not None
    assert (run.length, run.bar, run.title, run.path, run.corpus_bar) == (12, 3, "B", "b.mid", 6)
    assert (run.semitones, run.same_rhythm, run.pieces) == (-3, True, 1)
    assert found.chords.elements == 30
    assert found.chords.share == pytest.approx(12 / 30)
    assert found.melody.longest is not None
    assert found.melody.longest.length >= 12


def test_the_place_with_the_same_rhythm_is_told_first() -> None:
    tune = noise(1, 10)
    eighths, quarters = piece(tune, name="a", duration=QUARTER / 2), piece(tune, name="b")
    run = shared_with(index_corpus([eighths, quarters]), piece(tune, name="mine")).chords.longest
    assert run is not None
    assert (run.path, run.same_rhythm, run.pieces) == ("b.mid", True, 2)
    run = shared_with(index_corpus([eighths]), piece(tune, name="mine")).chords.longest
    assert run is not None
    assert (run.path, run.same_rhythm, run.pieces) == ("a.mid", False, 1)


@pytest.mark.parametrize(("length", "share"), [(LONG - 1, 0.0), (LONG, LONG / 32)])
def test_only_long_runs_count_as_borrowed(length: int, share: float) -> None:
    tune = noise(1, 32)
    found = shared_with(
        index_corpus([piece(tune)]),
        piece(noise(2, 8) + tune[:length] + noise(3, 24 - length), name="mine"),
    )
    assert found.chords.elements == 32
    assert found.chords.length == length
    assert found.chords.share == share


def test_nothing_in_common() -> None:
    found = shared_with(index_corpus([piece([(60, 64, 67)] * 3)]), piece([(60, 61)] * 3))
    assert found.chords.longest is None
    assert (found.chords.length, found.chords.share) == (0, 0.0)
    silent = shared_with(index_corpus([piece([(60, 64, 67)] * 3)]), Piece([], length=Fraction(4)))  # type: ignore[arg-type]
    assert (silent.chords.elements, silent.melody.elements, silent.melody.longest) == (0, 0, None)


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
