"""Chords are exchanged for near ones, and all else stays."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest

import partimento as pt
from partimento.errors import PartimentoError
from partimento.generate.chord_exchange import ChordWriter, chord_spaces
from partimento.generate.like import vary_like
from partimento.generate.provenance import compose_again
from partimento.generate.vary import vary_candidates
from partimento.music.piece import Piece
from partimento.training.trained_model import TrainedModel


def rhythm(piece: Piece) -> Counter[tuple[Fraction, Fraction, int]]:
    return Counter((n.onset, n.duration, n.part) for n in piece.notes)


def in_parts(piece: Piece) -> Piece:
    """Return a piece whose chords are divided between two parts, the upper one first."""
    notes = [pt.Note(n.onset, n.duration, n.pitch, part=int(n.pitch < 55)) for n in piece.notes]
    return piece.replace(notes=notes, parts=(pt.Part("High"), pt.Part("Low")))


def test_the_rhythm_stays_and_chords_are_of_the_vocabulary(
    embeddings_run: TrainedModel, pieces: list[Piece]
) -> None:
    piece = pieces[0]
    found = vary_like(embeddings_run, piece, best=2, amount=1.0, seed=1)
    shift = ChordWriter(embeddings_run, piece, frozenset(), slice(0, 8)).shift
    known = {
        tuple(row - shift) for each in chord_spaces(embeddings_run).values() for row in each.pitches
    }
    for candidate in found:
        version = candidate.piece
        assert rhythm(version) == rhythm(piece)
        assert version.notes != piece.notes
        assert {event.chord for event in version.events if event.chord} <= known
        assert version.events[-1].chord == piece.events[-1].chord
        assert candidate.distance
        assert candidate.report[0].constraint == "Like"
    assert found[0].rank <= found[1].rank
    assert found[0].piece.notes != found[1].piece.notes


def test_parts_are_kept(embeddings_run: TrainedModel, pieces: list[Piece]) -> None:
    piece = in_parts(pieces[0])
    (best,) = vary_candidates(
        embeddings_run, piece, best=1, amount=1.0, like=True, keep=["Low"], seed=1
    )
    assert best.piece.part(1).notes == piece.part(1).notes
    assert best.piece.part(0).notes != piece.part(0).notes
    assert rhythm(best.piece) == rhythm(piece)


def test_it_is_made_again(embeddings_run: TrainedModel, pieces: list[Piece]) -> None:
    piece = embeddings_run.vary(pieces[0], like=True, amount=0.5, distance="near", seed=2)
    record = piece.provenance
    assert record is not None
    assert record.options["like"] is True
    assert compose_again(embeddings_run, record, pieces={"piece": pieces[0]}) == piece


def test_constraints_hold(embeddings_run: TrainedModel, pieces: list[Piece]) -> None:
    low, high = pieces[0].notes.pitch.min(), pieces[0].notes.pitch.max()
    wide = [pt.Range(int(low), int(high))]
    found = vary_like(embeddings_run, pieces[0], best=1, amount=0.3, constraints=wide)
    assert [row.constraint for row in found[0].report] == ["Like", "Range"]
    with pytest.raises(PartimentoError, match="none of 4 versions met all constraints"):
        vary_like(embeddings_run, pieces[0], best=1, amount=0.3, constraints=[pt.Range(1, 2)])


def test_what_cannot_be_done_is_refused(
    embeddings_run: TrainedModel, markov_run: TrainedModel, pieces: list[Piece]
) -> None:
    with pytest.raises(
        PartimentoError, match="like needs chord vectors, and this is a run of mark"
    ):
        markov_run.vary(pieces[0], like=True)
    with pytest.raises(PartimentoError, match="no distance of chords nearer; did you mean near"):
        embeddings_run.vary(pieces[0], like=True, distance="nearer")
    with pytest.raises(PartimentoError, match="from 0 to 1, not 2"):
        embeddings_run.vary(pieces[0], like=True, amount=2)
    with pytest.raises(PartimentoError, match="no chord of this piece can be exchanged"):
        embeddings_run.vary(Piece([pt.Note(0, 1, 100), pt.Note(1, 1, 101)]), like=True)
    with pytest.raises(PartimentoError, match="vary needs a model that composes"):
        embeddings_run.vary(pieces[0])
