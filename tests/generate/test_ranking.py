"""Ranking of candidates."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from partimento import Event, Key, Piece
from partimento.corpus.entries import Corpus, CorpusEntry
from partimento.generate.candidates import Generated
from partimento.generate.finish import Transposer
from partimento.generate.prompt import make_prompt
from partimento.generate.ranking import Candidate, Candidates, rank_candidates
from partimento.training.trained_model import TrainedModel

QUARTER = Fraction(1)
LOOP = [Event((60, 64, 67), QUARTER), Event((60, 65, 69), QUARTER)] * 8
MELODY = (60, 62, 64, 65, 67, 69, 67, 65, 67, 64, 65, 62, 64, 60, 59, 60)


def onward() -> list[Event]:
    """Return a melody over C that ends with a cadence."""
    basses = {60: 48, 64: 48, 67: 48, 65: 53, 69: 53, 62: 55, 59: 55}
    events = [Event((basses[pitch], pitch), QUARTER) for pitch in MELODY[:-2]]
    return [*events, Event((55, 59, 62, 65), QUARTER), Event((48, 60, 64), QUARTER)]


def ranked(run: TrainedModel, *pieces: Piece, **options: object) -> list[Candidate]:
    """Rank pieces as if the model had composed them."""
    dead = np.array(options.pop("dead_ends", [0] * len(pieces)), np.int32)
    zeros = np.zeros(len(pieces), np.float32)
    generated = Generated(np.zeros((len(pieces), 1, 3), np.int32), zeros, dead, zeros)
    key = options.pop("key", None)
    prompt = make_prompt(run, None, 0, seed=0, key=key)  # type: ignore[arg-type]
    transposer = Transposer(run, prompt, key=key, seed=0)  # type: ignore[arg-type]
    return rank_candidates(pieces, generated, transposer, **options)  # type: ignore[arg-type]


def test_a_loop_is_passed_over(run: TrainedModel) -> None:
    loop, melody = Piece.from_events(LOOP), Piece.from_events(onward())
    best, worst = ranked(run, loop, melody)
    assert best.piece == melody
    assert best.penalties["loop"] == 0 < worst.penalties["loop"]
    assert not worst.is_sound


def test_an_end_with_a_cadence_is_better(run: TrainedModel) -> None:
    events = onward()
    closed = Piece.from_events(events)
    opened = Piece.from_events([*events[:-1], Event((50, 62, 65), QUARTER)])
    best, worst = ranked(run, opened, closed)
    assert best.piece == closed
    assert best.criteria.cadence == "authentic"
    assert best.is_sound
    assert worst.penalties["ending"] > 0
    assert ranked(run, opened, closed, ending="open")[0].penalties["ending"] == 0


def test_a_half_cadence_can_be_wanted(run: TrainedModel) -> None:
    events = onward()
    closed = Piece.from_events(events)
    half = Piece.from_events([*events[:-1], Event((55, 59, 62, 67), QUARTER)])
    assert ranked(run, closed, half, ending="half")[0].piece == half


def test_a_broken_constraint_comes_before_all_other_criteria(run: TrainedModel) -> None:
    loop, melody = Piece.from_events(LOOP), Piece.from_events(onward())
    best = ranked(run, loop, melody, dead_ends=[0, 1])[0]
    assert (best.piece, best.number) == (loop, 0)


def test_a_note_out_of_range_counts(run: TrainedModel) -> None:
    wide = Piece.from_events([*onward(), Event((1, 127), QUARTER), *onward()])
    near = Piece.from_events([*onward(), Event((48, 67), QUARTER), *onward()])
    best, worst = ranked(run, wide, near)
    assert best.piece == near
    assert worst.criteria.outside > 0 < worst.penalties["range"]


def test_a_candidate_in_another_mode_does_not_fit(run: TrainedModel) -> None:
    assert all(c.fits for c in ranked(run, Piece.from_events(onward())))
    minor = ranked(run, Piece.from_events(onward()), key=Key.from_name("a minor"))
    assert not minor[0].fits


def test_the_table_has_a_row_per_candidate(run: TrainedModel) -> None:
    both = Candidates(ranked(run, Piece.from_events(LOOP), Piece.from_events(onward())))
    assert [row["number"] for row in both.rows()] == [1, 2]
    assert len(both.table().splitlines()) == 3
    assert "authentic" in both.table().splitlines()[1]


def test_shared_passages_and_changes_are_shown_only_where_they_are_known(run: TrainedModel) -> None:
    both = Candidates(ranked(run, Piece.from_events(LOOP), Piece.from_events(onward())))
    assert "shared" not in both.table()
    known = Piece.from_events(onward()).replace(title="Known").transpose(3)
    compared = Candidates([replace(each, distance=0.25) for each in both.compared_with([known])])
    first = compared.rows()[0]  # the melody, which stands in the corpus
    assert first["shared_notes"] == len(MELODY)
    assert (first["shared_from"], first["distance"]) == ("Known, bar 1-4", 0.25)
    assert compared.rows()[1]["shared_notes"] < first["shared_notes"]
    assert "Known, bar 1-4" in compared.table()


def test_only_composed_bars_are_compared(run: TrainedModel) -> None:
    known = Piece.from_events(onward()).replace(title="Known")
    (candidate,) = ranked(run, known)
    part = Candidates([replace(candidate, bars=(2, 2))]).compared_with([known])
    assert part.rows()[0]["shared_notes"] == 4


def test_with_a_split_the_training_pieces_count(run: TrainedModel) -> None:
    known, other = Piece.from_events(onward()), Piece.from_events(LOOP)
    corpus = Corpus([CorpusEntry(known, split="test"), CorpusEntry(other, split="train")])
    rows = Candidates(ranked(run, known)).compared_with(corpus).rows()
    assert rows[0]["shared_notes"] < len(MELODY)
