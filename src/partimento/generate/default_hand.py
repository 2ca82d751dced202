"""Let a hand be able to play music for one guitar, by default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from partimento.analysis.players import players_of
from partimento.generate.constraints.base import Constraint, Report, Scene
from partimento.generate.constraints.playable import Playable
from partimento.generate.finish import usual_program
from partimento.generate.prompt import Prompt
from partimento.music.instruments import PROGRAMS
from partimento.music.piece import Piece
from partimento.training.trained_model import TrainedModel

GUITAR = "guitar"
WRITTEN_TOGETHER = ("chords", "notes")  # tokenizers that write the notes of one player
UNMET = "the other demands leave no way to meet it everywhere"


def default_hand(
    trained: TrainedModel, prompt: Prompt, program: int | None, rules: Sequence[Constraint]
) -> Playable | None:
    """Return the constraint that makes a piece for one guitar playable.

    None if the piece is for another instrument or for several players. Also None if `rules` state
    what a hand must be able to play.

    Parameters
    ----------
    trained : TrainedModel
    prompt : Prompt
    program : int or None
        The requested General MIDI program.
    rules : sequence of Constraint
        The demands of the user.
    """
    if any(isinstance(rule, Playable) for rule in rules):
        return None
    if trained.tokenizer.name not in WRITTEN_TOGETHER:
        return None
    if program is None:
        program = usual_program(trained, prompt.reference)
    if program is None or PROGRAMS[program] != GUITAR:
        return None
    if prompt.start is not None and not _is_for_one(prompt.start):
        return None
    return Playable(GUITAR)


def _is_for_one(piece: Piece) -> bool:
    return len(players_of(piece.without_drums()).players) <= 1


def with_default(report: Report, demand: Constraint | None, piece: Piece, scene: Scene) -> Report:
    """Add to a report how far a demand by default, which was given up, is met."""
    if demand is None:
        return report
    finding = demand.check(piece, scene)
    if not finding.holds:
        achieved = f"{finding.achieved}; {UNMET}"
        finding = replace(finding, achieved=achieved, by_default=True)
    return Report((*report, finding))
