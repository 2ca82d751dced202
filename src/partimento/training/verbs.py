"""Implement the methods of `TrainedModel` that need higher layers of the package.

Each function imports what it needs when it is called, so that loading a model loads neither
`generate` nor `evaluation`. This file is the only exception to the direction of imports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from partimento.corpus.entries import Corpus
    from partimento.evaluation.held_out_results import HeldOutResults
    from partimento.generate.ranking import Candidates
    from partimento.music.piece import Piece
    from partimento.training.trained_model import TrainedModel


def compose(model: TrainedModel, **options: Any) -> Piece:
    """Compose one piece; see `generate.compose.compose` for the options."""
    from partimento.generate.compose import compose

    return compose(model, **options)


def compose_candidates(model: TrainedModel, **options: Any) -> Candidates:
    """Compose candidates; see `generate.compose.compose_candidates` for the options."""
    from partimento.generate.compose import compose_candidates

    return compose_candidates(model, **options)


def harmonise(model: TrainedModel, piece: Piece, **options: Any) -> Piece:
    """Harmonise a part; see `generate.harmonise.harmonise_candidates` for the options."""
    from partimento.generate.harmonise import harmonise

    return harmonise(model, piece, **options)


def harmonise_candidates(model: TrainedModel, piece: Piece, **options: Any) -> Candidates:
    """Harmonise a part several times; see `generate.harmonise.harmonise_candidates`."""
    from partimento.generate.harmonise import harmonise_candidates

    return harmonise_candidates(model, piece, **options)


def continue_candidates(model: TrainedModel, piece: Piece, **options: Any) -> Candidates:
    """Continue a piece; see `generate.continue_.continue_candidates` for the options."""
    from partimento.generate.continue_ import continue_candidates

    return continue_candidates(model, piece, **options)


def fill_candidates(
    model: TrainedModel, piece: Piece, bars: slice | str | int, **options: Any
) -> Candidates:
    """Fill bars of a piece; see `generate.fill.fill_candidates` for the options."""
    from partimento.generate.fill import fill_candidates

    return fill_candidates(model, piece, bars, **options)


def vary(model: TrainedModel, piece: Piece, **options: Any) -> Piece:
    """Vary a piece; see `generate.vary.vary_candidates` for the options."""
    from partimento.generate.vary import vary

    return vary(model, piece, **options)


def vary_candidates(model: TrainedModel, piece: Piece, **options: Any) -> Candidates:
    """Vary a piece several times; see `generate.vary.vary_candidates`."""
    from partimento.generate.vary import vary_candidates

    return vary_candidates(model, piece, **options)


def reconstruct(model: TrainedModel, piece: Piece, **options: Any) -> Piece:
    """Encode and decode a piece; see `generate.morph.reconstruct`."""
    from partimento.generate.morph import reconstruct

    return reconstruct(model, piece, **options)[0].piece


def morph(model: TrainedModel, first: Piece, last: Piece, **options: Any) -> list[Piece]:
    """Change one piece into another in steps; see `generate.morph.morph`."""
    from partimento.generate.morph import morph

    return [step.piece for step in morph(model, first, last, **options)]


def sample(model: TrainedModel, n: int, **options: Any) -> list[Piece]:
    """Decode random points of the latent space; see `generate.morph.sample`."""
    from partimento.generate.morph import sample

    return [each.piece for each in sample(model, n, **options)]


def steer(model: TrainedModel, piece: Piece, amounts: dict[str, float], **options: Any) -> Piece:
    """Move a piece in a latent space; see `generate.directions.steer`."""
    from partimento.generate.directions import steer

    return steer(model, piece, amounts, **options)[0].piece


def evaluate(model: TrainedModel, corpus: Corpus | None) -> HeldOutResults:
    """Evaluate a model on held-out pieces, or read the results stored after training."""
    from partimento.evaluation.held_out_results import measured, recorded

    return recorded(model) if corpus is None else measured(model, corpus)
