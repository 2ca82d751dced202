"""Continue a piece from its end, in its own key, meter and instruments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from partimento.errors import PartimentoError
from partimento.generate.around import Gap, View, view_of
from partimento.generate.compose import MAX_EVENTS, Goal, best_of_attempts, strategy_of
from partimento.generate.constraints.base import Constraint, check_constraints, report_on
from partimento.generate.constraints.timetable import check_possible
from partimento.generate.criteria import ENDINGS
from partimento.generate.default_hand import default_hand, with_default
from partimento.generate.fill import parts_to_compose
from partimento.generate.finish import Transposer
from partimento.generate.limits import check_length
from partimento.generate.own_corpus import with_own_corpus
from partimento.generate.provenance import with_provenance
from partimento.generate.ranking import Candidate, Candidates
from partimento.generate.sampler import Sampling
from partimento.generate.strategies import Request
from partimento.io.splice import with_change
from partimento.music.piece import Piece
from partimento.training.trained_model import TrainedModel


def continue_(trained: TrainedModel, piece: Piece, **options: Any) -> Piece:
    """Continue a piece; see `continue_candidates` for the options."""
    return continue_candidates(trained, piece, best=1, **options)[0].piece


def continue_candidates(
    trained: TrainedModel,
    piece: Piece,
    *,
    bars: int = 8,
    ending: str = "authentic",
    best: int = 8,
    seed: int = 0,
    sampling: Sampling | None = None,
    candidates: int | None = None,
    constraints: Sequence[Constraint] = (),
    playable: bool = True,
) -> Candidates:
    """Compose bars after the end of a piece, and return the best candidates.

    The piece itself stays as it is; MIDI and MusicXML files are copied byte for byte. The new bars
    keep its meter, tempo, parts and instruments.

    Parameters
    ----------
    trained : TrainedModel
    piece : Piece
    bars : int
        Number of new bars. An incomplete last bar of the piece is completed first.
    ending : str
        How the new bars end: ``authentic`` with a cadence to the tonic, ``half`` on the dominant,
        ``open`` in any way.
    best : int
        Number of candidates to return.
    seed : int
    sampling : Sampling, optional
        By default that of the run's settings.
    candidates : int, optional
        Number of candidates to compose at once; by default that of the run's settings.
    constraints : sequence of Constraint
        Demands on the new bars.
    playable : bool
        Whether a hand must be able to hold every chord of the new bars, if they are for one guitar.
        Where the notes that stay leave no way to it, the report says so.

    Returns
    -------
    Candidates
        The best first.

    Raises
    ------
    PartimentoError
        If the model cannot read the piece, or cannot continue one.
    """
    arguments = dict(locals())
    strategy = strategy_of(trained)
    if not strategy.keeps_prompt:
        raise PartimentoError(f"a run of {trained.settings.name} cannot continue a piece")
    if ending not in ENDINGS:
        raise PartimentoError(f"no such ending: {ending!r}; choose from {', '.join(ENDINGS)}")
    check_length(bars, None)
    if not len(piece.notes):
        raise PartimentoError("the piece has no notes to continue")
    end = end_after(piece, bars)
    view = view_of(trained, piece, Gap(piece.length, end, parts_to_compose(piece, ()), end))
    limits = view.limits(trained.tokenizer.grid)
    scene = view.scene(trained, limits)
    rules = with_own_corpus(check_constraints(constraints), trained)
    hand = (
        default_hand(trained, replace(view.prompt, start=piece), None, rules) if playable else None
    )
    if hand is not None:
        options = {**arguments, "constraints": (*rules, hand)}
        try:
            return continue_candidates(**options)
        except PartimentoError:
            pass  # an error that has another cause is raised below
    own = tuple(rule.transposed(view.item.interval) for rule in rules)
    check_possible((*view.locked(), *own), trained.tokenizer, scene)
    settings = trained.settings.sample
    count = max(candidates or settings.candidates, best)
    request = Request(
        prompt=view.prompt,
        limits=limits,
        sampling=sampling or settings,
        candidates=max(1, min(count, MAX_EVENTS // limits.events)),
        constraints=(*view.locked(), *own),
        scene=scene,
    )
    transposer = Transposer(trained, view.prompt, key=None, seed=seed, fixed=True)
    goal = Goal(view.end, ending, best)
    chosen = best_of_attempts(trained, strategy, request, goal, transposer, seed)

    def finished(candidate: Candidate) -> Candidate:
        change = view.change(candidate.piece)
        new = with_change(piece, view.sounding(change))
        numbers = [bar.number for bar in new.bars() if bar.onset + bar.duration > piece.length]
        shown, place = _in_view(new, view), scene.transposed(-view.item.interval)
        report = with_default(report_on(shown, rules, place), hand, shown, place)
        return replace(
            candidate, piece=new, report=report, bars=(numbers[0], numbers[-1]), distance=None
        )

    found = Candidates(finished(candidate) for candidate in chosen)
    return with_provenance(found, arguments, verb="continue")


def end_after(piece: Piece, bars: int) -> Fraction:
    """Return where a piece ends after some more bars, in quarters.

    An incomplete last bar is completed first. If it lacks what the pickup took, as is usual in
    print, the new last bar lacks it, too.
    """
    last = next(bar for bar in reversed(piece.bars()) if bar.onset < piece.length or not bar.onset)
    whole = last.onset + last.duration
    lacking = whole - piece.length
    end = whole + bars * last.meter.bar_ql
    return end - lacking if lacking and lacking == piece.pickup else end


def _in_view(piece: Piece, view: View) -> Piece:
    """Return the piece from the beginning of the view on."""
    from partimento.music.excerpt import cut_between

    return cut_between(piece.replace(score=None), view.start, piece.length)
