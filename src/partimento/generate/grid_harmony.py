"""Harmonise a melody or a bass with a model of a grid.

`harmonise` calls this for such models. The given part is a known voice of the grid, and the sampler
writes the others (`complete`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from partimento.analysis.chord_labels import with_chord_labels
from partimento.errors import PartimentoError
from partimento.generate.complete import complete, place, unknown_cells
from partimento.generate.constraints.base import (
    Constraint,
    Scene,
    check_constraints,
    report_on,
)
from partimento.generate.constraints.cadences import Cadences
from partimento.generate.constraints.lines import PartWriting
from partimento.generate.criteria import measure, penalties
from partimento.generate.dynamics import with_dynamics
from partimento.generate.given_part import GivenPart, choose_part, one_line
from partimento.generate.harmonise import ending_of, with_document
from partimento.generate.own_corpus import with_own_corpus
from partimento.generate.ranking import Candidate
from partimento.generate.sampler import Sampling
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Source
from partimento.progress import Progress, silent
from partimento.tokens.event_tokens import final_key
from partimento.training.trained_model import TrainedModel

TRIES = 3  # versions to write for each one that is asked for


def harmonise_on_grid(
    trained: TrainedModel,
    piece: Piece,
    *,
    best: int,
    part: str | int | None = None,
    role: str | None = None,
    key: Key | None = None,
    seed: int = 0,
    sampling: Sampling | None = None,
    constraints: Sequence[Constraint] = (),
    symbols: bool = False,
    progress: Progress = silent,
) -> list[Candidate]:
    """Harmonise a part several times; see `harmonise_candidates` for the parameters.

    Raises
    ------
    PartimentoError
        If the part has no notes or does not fit the model, or no version meets all constraints.
    """
    source = _given(trained, piece, part, role, key)
    tokenizer: Any = trained.tokenizer
    voice = tokenizer.voices - 1 if source.is_bass else 0
    placed = place(trained, source.piece, [voice])
    rules = with_own_corpus(check_constraints(constraints), trained)
    versions = complete(
        trained,
        placed,
        unknown_cells(trained, placed),
        candidates=TRIES * best,
        seed=seed,
        sampling=sampling,
        constraints=[*rules, PartWriting("all")],
        progress=progress,
    )
    scene = Scene(
        grid=tokenizer.grid,
        total=int(source.end * tokenizer.grid),
        bar=int(source.bar * tokenizer.grid),
        pickup=int(source.pickup * tokenizer.grid),
        key=source.key,
    )
    kind = ending_of(source)
    cadences = Cadences(source.piece.phrase_ends, source.end, kind)
    wishes = [PartWriting("all"), cadences]
    candidates = []
    for number, version in enumerate(versions):
        report = report_on(version, [*rules, *wishes], scene)
        if not all(finding.holds for finding in report[: len(rules)]):
            continue
        criteria = measure(version, source.key)
        penalty = penalties(criteria, trained.real_pieces, kind, seed=seed % 2**32)
        finished = _finished(version, piece, source, voice, symbols=symbols)
        candidates.append(Candidate(finished, number, seed, True, 0, criteria, penalty, report))
    if not candidates:
        names = " and ".join(map(repr, rules))
        raise PartimentoError(f"none of {len(versions)} versions met all constraints: {names}")
    # First versions without parallels, then those with most cadences and nearest to real pieces.
    missing = {each.number: cadences.missing(each.piece, scene) for each in candidates}
    candidates.sort(key=lambda each: (not each.report[-2].holds, missing[each.number], each.rank))
    return candidates[:best]


def _given(
    trained: TrainedModel, piece: Piece, part: str | int | None, role: str | None, key: Key | None
) -> GivenPart:
    """Return the given part, which a grid reads where it stands."""
    index, is_bass = choose_part(piece, part, role)
    alone = piece if len(piece.parts) == 1 else piece.part(index)
    line = one_line(alone, trained.tokenizer.grid, lowest=is_bass)
    if not line:
        raise PartimentoError("the given part has no notes: choose another one with part")
    key = replace(key or final_key(alone), onset=Fraction(0))
    bar = alone.first_meter.bar_ql
    return GivenPart(
        alone, index, is_bass, key, line, 0, Fraction(0), bar, alone.pickup, alone.length
    )


def _finished(
    version: Piece, original: Piece, source: GivenPart, voice: int, *, symbols: bool
) -> Piece:
    """Return a version with its key, instruments, loudness and file."""
    program = source.piece.parts[0].program
    parts = [
        each if number == voice or program is None else replace(each, program=program)
        for number, each in enumerate(version.parts)
    ]
    version = version.replace(
        parts=tuple(parts),
        keys=source.piece.keys or (source.key,),
        score=None,
        source=Source(license="composed by a program"),
    )
    louder, notes = with_dynamics(version).notes, version.notes
    velocity = np.where(notes.part == voice, notes.velocity, louder.velocity)
    version = version.replace(notes=notes.replace(velocity=velocity))
    version = with_document(version, original, source)
    return with_chord_labels(version) if symbols else version
