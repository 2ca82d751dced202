"""Vary a piece by exchanging chords for near ones in the space of chord vectors.

Chords that occur in the same surroundings have similar vectors (`models.embeddings`). A chord is
exchanged for one of its nearest neighbors, so that the music says something similar in other words.
Chuan, Agres and Herremans (2018, https://doi.org/10.1007/s00521-018-3923-1) proposed this.

`chord_exchange` says which chords can be exchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from partimento.analysis.cadences import final_chord
from partimento.analysis.similarity.note_distance import share_of_changed_notes
from partimento.errors import PartimentoError, no_such
from partimento.generate.chord_exchange import ChordWriter, Exchange
from partimento.generate.constraints.base import (
    Constraint,
    Finding,
    Report,
    Scene,
    check_constraints,
    report_on,
)
from partimento.generate.criteria import Ending, measure, penalties
from partimento.generate.own_corpus import with_own_corpus
from partimento.generate.ranking import Candidate
from partimento.io.splice import with_changes
from partimento.models.base import HasChordVectors
from partimento.music.piece import Piece
from partimento.progress import Progress, silent
from partimento.tokens.event_tokens import final_key
from partimento.training.trained_model import TrainedModel

# Which of the neighbors that fit are considered, by their rank.
NEIGHBOURS = {"near": slice(0, 8), "any": slice(0, 32), "far": slice(24, 96)}
TRIES = 4  # versions to write for each one that is asked for


def vary_like(
    trained: TrainedModel,
    piece: Piece,
    *,
    best: int,
    amount: float,
    distance: str | float = "any",
    kept: frozenset[int] = frozenset(),
    seed: int = 0,
    constraints: Sequence[Constraint] = (),
    progress: Progress = silent,
) -> list[Candidate]:
    """Replace chords by near ones several times; see `vary.vary_candidates`.

    Parameters
    ----------
    trained : TrainedModel
        A model with chord vectors.
    piece : Piece
    best : int
        Number of candidates.
    amount : float
        The share of the chords, among those that can change, more than 0 and at most 1.
    distance : str
        ``near``, ``any`` or ``far``.
    kept : frozenset of int
        The indices of parts that stay.
    seed : int
        It puts the chords in an order; a larger amount exchanges the same ones and more.
    constraints : sequence of Constraint
        Versions that break one are left out.
    progress : Progress

    Raises
    ------
    PartimentoError
        If the model has no chord vectors, no chord can be exchanged, or no version meets the
        constraints.
    """
    check_vectors(trained)
    if distance not in NEIGHBOURS:
        raise PartimentoError(no_such(str(distance), NEIGHBOURS, "distance of chords"))
    if not 0 < amount <= 1:
        raise PartimentoError(f"the amount is a share of the chords, from 0 to 1, not {amount}")
    rules = with_own_corpus(check_constraints(constraints), trained)
    own = ChordWriter(trained, piece, kept, NEIGHBOURS[str(distance)])
    key, scene = replace(final_key(piece), onset=Fraction(0)), _scene(trained, piece)
    end = final_chord(piece, key)
    ending: Ending = "authentic" if end.is_tonic and end.root_in_bass else "open"
    tries = best if not rules else TRIES * best
    found = []
    for number in range(tries):
        progress("exchange chords", number, tries)
        run = seed + number * 2**32
        version, exchanges = own.write(amount, seed, run)
        version = with_changes(piece, version)
        report = Report([_finding(exchanges), *report_on(version, rules, scene)])
        if not report.holds:
            continue
        criteria = measure(version, key)
        penalty = penalties(criteria, trained.real_pieces, ending, seed=seed % 2**32)
        changed = share_of_changed_notes(version, piece)
        found.append(
            Candidate(version, number, run, True, 0, criteria, penalty, report, distance=changed)
        )
    progress("exchange chords", tries, tries)
    if not found:
        names = " and ".join(map(repr, rules))
        raise PartimentoError(f"none of {tries} versions met all constraints: {names}")
    return sorted(found, key=lambda candidate: candidate.rank)[:best]


def check_vectors(trained: TrainedModel) -> None:
    """Raise PartimentoError unless a model has chord vectors."""
    if HasChordVectors not in trained.model_class.capabilities:
        raise PartimentoError(
            f"like needs chord vectors, and this is a run of {trained.settings.name}: train them"
            " with partimento train … --recipe embeddings"
        )


def _scene(trained: TrainedModel, piece: Piece) -> Scene:
    grid = piece.notes.divisions
    bar = piece.first_meter.bar_ql * grid
    return Scene(
        grid=grid,
        total=int(piece.length * grid),
        bar=int(bar),
        pickup=int(piece.pickup * grid),
        key=final_key(piece),
    )


def _finding(exchanges: Sequence[Exchange]) -> Finding:
    count = len(exchanges)
    near = float(np.mean([each.similarity for each in exchanges]))
    return Finding(
        "Like", f"{count} chords exchanged for near ones", f"mean similarity {near:.2f}", True
    )
