"""Compose a piece: build a prompt, generate candidates, and finish the best one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from typing import Any, NamedTuple

import numpy as np

from partimento.errors import PartimentoError
from partimento.generate.candidates import Generated
from partimento.generate.constraints.base import (
    Constraint,
    Scene,
    check_constraints,
    report_on,
)
from partimento.generate.constraints.pitch import Range
from partimento.generate.constraints.rhythm import InMeter, parse_meter
from partimento.generate.constraints.timetable import check_possible, scene_of
from partimento.generate.criteria import ENDINGS, Ending
from partimento.generate.default_form import FREE, default_form
from partimento.generate.default_hand import default_hand, with_default
from partimento.generate.finish import Transposer, finish_piece, with_length
from partimento.generate.gibbs import GibbsStrategy
from partimento.generate.latent import LatentStrategy
from partimento.generate.limits import Limits, check_length
from partimento.generate.own_corpus import with_own_corpus
from partimento.generate.prompt import Prompt, check_number, make_prompt
from partimento.generate.provenance import with_provenance
from partimento.generate.ranking import Candidate, Candidates, rank_candidates
from partimento.generate.sampler import Sampling
from partimento.generate.strategies import AutoregressiveStrategy, Request, Strategy
from partimento.models.base import Autoregressive, Gibbs, Latent
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter
from partimento.short_repr import short_repr
from partimento.training.piece_record import PieceRecord
from partimento.training.trained_model import TrainedModel

EVENTS_PER_BAR = 48  # a candidate stops after this many events per requested bar
ATTEMPTS = 8  # batches of candidates to try until one is in the requested key
FURTHER = 3  # of them, batches to try until one is without a fault
CONTINUED = ", continued"  # after the title of a piece that goes on
MAX_STEPS = 2**30  # practically no limit, and still an int32
MAX_EVENTS = 200_000  # of all candidates together; longer pieces get fewer candidates

# How a model composes, by its first capability in this table.
STRATEGIES: dict[type[Any], Strategy] = {
    Autoregressive: AutoregressiveStrategy(),
    Latent: LatentStrategy(),
    Gibbs: GibbsStrategy(),
}


@dataclass(frozen=True)
class Length:
    """The length of a composition: `bars`, without the pickup, or `events`."""

    bars: int | None
    events: int | None

    def limits(self, prompt: Prompt, grid: int) -> Limits:
        """Return the limits at which a candidate stops; the header counts as an event."""
        duration = self.duration(prompt)
        if self.bars is None or duration is None:
            assert self.events is not None
            return Limits(self.events + 1, MAX_STEPS, may_end=False)
        if duration * grid >= MAX_STEPS:
            raise PartimentoError(f"{self.bars} bars are too many")
        steps = ceil(duration * grid)
        return Limits(self.bars * EVENTS_PER_BAR + 2, steps, may_end=False, total=steps)

    def duration(self, prompt: Prompt) -> Fraction | None:
        """Return the length in quarters; None if the length is given in events.

        The last bar lacks what the pickup took, as is usual in print.
        """
        if self.bars is None:
            return None
        reference = prompt.reference
        bars = self.bars * reference.meter.bar_ql
        is_short = self.bars == 1 and reference.pickup > 0
        return bars + reference.pickup if is_short else bars


def compose(trained: TrainedModel, **options: Any) -> Piece:
    """Compose a piece of 16 bars, or of another length; the prompt counts towards it.

    Several candidates are generated at once, and the best is returned. If none of them ends well,
    or all have a fault such as a loop, more are generated.

    Parameters
    ----------
    trained : TrainedModel
    **options
        See `compose_candidates`.

    Returns
    -------
    Piece

    Raises
    ------
    PartimentoError
        If the options contradict each other or the model, or no candidate is in the key.
    """
    return compose_candidates(trained, best=1, **options)[0].piece


def compose_candidates(
    trained: TrainedModel,
    *,
    best: int = 8,
    bars: int | None = None,
    events: int | None = None,
    form: str = "",
    sampling: Sampling | None = None,
    seed: int = 0,
    start: Piece | int | None = None,
    towards: int | None = None,
    prompt_events: int = 8,
    key: Key | str | None = None,
    meter: Meter | str | None = None,
    ending: str = "authentic",
    program: int | None = None,
    title: str = "",
    composer: str = "",
    tempo: float | None = None,
    candidates: int | None = None,
    constraints: Sequence[Constraint] = (),
    playable: bool = True,
) -> Candidates:
    """Compose candidates, and return the best ones with their criteria.

    Parameters
    ----------
    trained : TrainedModel
    best : int
        Number of candidates to return; fewer if fewer are composed.
    bars : int, optional
        Length in bars, without the pickup.
    events : int, optional
        Length in events, instead of bars.
    form : str
        Sections, such as ``"AABA"`` or ``"A A' B A'"``: see `form`. By default, a piece that
        begins from silence has bars that return as in a real piece: see `default_form`. With
        ``"free"``, no bar needs to return.
    sampling : Sampling, optional
        By default that of the run's settings (section ``sample``).
    seed : int
        The same arguments and seed give the same piece.
    start : None, int or Piece
        None begins from silence, an int with the training piece of this number, and a piece with
        its first events.
    towards : int, optional
        For a model with a latent space: the number of the training piece towards which the music
        moves. Music between two pieces is a mixture of them. By default, the target is random.
    prompt_events : int
        Number of events to copy from `start`. A model with a latent space copies none, but begins
        at the point to which it encodes the prompt.
    key : Key or str, optional
        The key of the piece, to which `start` is moved, too. By default that of `start` or, from
        silence, that of a training piece.
    meter : Meter or str, optional
        The meter, such as ``"3/4"``; by default the most frequent one of the training pieces. A
        continued piece keeps its own.
    ending : str
        How the piece should end: ``authentic`` with a cadence to its tonic, ``half`` on the
        dominant, ``open`` in any way.
    program : int, optional
        General MIDI program of all parts; by default that of the training pieces.
    title, composer : str
        By default those of a given `start`, with the word *continued*. From silence, the title
        has the seed, and the composer is the most frequent one of the training pieces.
    tempo : float, optional
        Quarter notes per minute; by default that of `start` or of a training piece.
    candidates : int, optional
        Number of candidates to compose at once; by default that of the run's settings.
    constraints : sequence of Constraint
        Demands that the piece must meet, on sounding pitches and from the end of the prompt. No
        candidate that breaks one is returned.
    playable : bool
        Whether a hand must be able to hold every chord of a piece for one guitar. If the other
        demands leave no way to this, it is given up, and the report says it.

    Returns
    -------
    Candidates
        The best first.

    Raises
    ------
    PartimentoError
        If the arguments contradict each other or the model, or no candidate is in `key`.
    """
    arguments = dict(locals())
    strategy = strategy_of(trained)
    if towards is not None and not strategy.has_targets:
        raise PartimentoError(
            "towards needs a model with a latent space (autoencoder, vae);"
            f" this is a run of {trained.settings.name}"
        )
    if ending not in ENDINGS:
        raise PartimentoError(f"no such ending: {ending!r}; choose from {', '.join(ENDINGS)}")
    check_length(bars, events, prompt_events)
    length = Length(16 if bars is None and events is None else bars, events)
    key = _key(key)
    rules = with_own_corpus(check_constraints(constraints), trained)
    if form and form != FREE:
        if start is not None or towards is not None or events is not None:
            raise PartimentoError("a form begins from silence, and has a length in bars")
        if ending != ENDINGS[0]:
            raise PartimentoError(f"a form ends with a cadence to its tonic, not {ending}")
        from partimento.generate.form import compose_form

        found = compose_form(
            trained,
            best=best,
            form=form,
            bars=bars,
            key=key,
            meter=_meter(meter) or _asked_meter(rules),
            seed=seed,
            constraints=rules,
            title=title,
            sampling=sampling,
            program=program,
            composer=composer,
            tempo=tempo,
            candidates=candidates,
            playable=playable,
        )
        return with_provenance(found, arguments)
    meter = _meter(meter) or (_asked_meter(rules) if start is None else None)
    prompt = make_prompt(trained, start, prompt_events, seed=seed, key=key, meter=meter)
    limits = length.limits(prompt, trained.tokenizer.grid)
    if strategy.keeps_prompt:
        _check_prompt(trained, prompt, limits)
    settings = trained.settings.sample
    count = max(candidates or settings.candidates, best)
    request = Request(
        prompt=prompt,
        limits=limits,
        sampling=sampling or settings,
        candidates=max(1, min(count, MAX_EVENTS // limits.events)),
        towards=None if towards is None else check_number(trained, towards),
    )
    goal = Goal(length.duration(prompt), ending, best)
    # What a model without keys composes is moved to the requested one by an interval that depends
    # on the notes. A demand on sounding pitches would fix it, and few candidates would be in key.
    can_ask = key is None or prompt.header_key is not None
    hand = default_hand(trained, prompt, program, rules) if playable and can_ask else None
    arguments["playable"] = True if hand is not None else None
    is_free = bool(form) or not can_ask
    returns = None if is_free else default_form(trained, prompt, length.bars, rules, seed)
    composed, given_up = _with_or_without(
        hand, returns, rules, trained, request, goal, key=key, seed=seed
    )
    title = title or _title(prompt, seed)

    def finished(candidate: Candidate) -> Candidate:
        piece = finish_piece(
            candidate.piece,
            composed.transposer,
            program=program,
            title=title,
            composer=composer,
            tempo=tempo,
        )
        report = report_on(piece, composed.rules, composed.scene)
        for demand in given_up:
            report = with_default(report, demand, piece, composed.scene)
        return replace(candidate, piece=piece, report=report)

    pieces = Candidates(finished(candidate) for candidate in composed.candidates)
    return with_provenance(pieces, arguments)


@short_repr
class Composed(NamedTuple):
    """Hold candidates before they are finished.

    Attributes
    ----------
    candidates : list of Candidate
        The best first.
    transposer : Transposer
    rules : tuple of Constraint
        Those that the candidates meet, on sounding pitches.
    scene : Scene
        Where they apply, in the sounding key.
    """

    candidates: list[Candidate]
    transposer: Transposer
    rules: tuple[Constraint, ...]
    scene: Scene


def _with_or_without(
    hand: Constraint | None,
    returns: Constraint | None,
    rules: tuple[Constraint, ...],
    trained: TrainedModel,
    request: Request,
    goal: Goal,
    *,
    key: Key | None,
    seed: int,
) -> tuple[Composed, list[Constraint]]:
    """Compose returning bars that a hand can play, as far as possible.

    The second value are the demands that were given up: returning bars first, then a hand, too.
    """
    few = goal._replace(attempts=FURTHER)
    defaults = [rule for rule in (hand, returns) if rule is not None]
    given_up: list[Constraint] = []
    while defaults:
        demands = (*rules, *_own_range(trained), *defaults)
        try:
            return _composed(demands, trained, request, few, key=key, seed=seed), given_up
        except PartimentoError:  # an error that has another cause is raised below
            given_up = [defaults.pop(), *given_up]
    return _composed(rules, trained, request, goal, key=key, seed=seed), given_up


def _own_range(trained: TrainedModel) -> tuple[Constraint, ...]:
    """Return the stated range of a model that does not keep to it while composing.

    With a demand, the piece is no longer moved by octaves to be within the range.
    """
    tokens = trained.settings.tokens
    if tokens.within_range or not (tokens.low and tokens.high):
        return ()
    return (Range(tokens.low, tokens.high),)


def _composed(
    rules: tuple[Constraint, ...],
    trained: TrainedModel,
    request: Request,
    goal: Goal,
    *,
    key: Key | None,
    seed: int,
) -> Composed:
    """Compose candidates that meet constraints on sounding pitches."""
    prompt = request.prompt
    transposer = Transposer(trained, prompt, key=key, seed=seed, fixed=bool(rules))
    shift = transposer.fixed or 0
    scene = _scene(trained, prompt, request.limits, transposer)
    if rules:
        moved = tuple(rule.transposed(-shift) for rule in rules)
        check_possible(moved, trained.tokenizer, scene, shown=rules)
        request = replace(request, constraints=moved, scene=scene)
    strategy = strategy_of(trained)
    chosen = best_of_attempts(trained, strategy, request, goal, transposer, seed)
    return Composed(chosen, transposer, rules, scene.transposed(shift))


def _asked_meter(rules: Sequence[Constraint]) -> Meter | None:
    """Return the meter that a constraint asks for."""
    names = [rule.meter for rule in rules if isinstance(rule, InMeter) and rule.meter]
    return parse_meter(names[0]) if names else None


def _scene(trained: TrainedModel, prompt: Prompt, limits: Limits, transposer: Transposer) -> Scene:
    """Return where constraints apply, with the key in which the model composes."""
    reference = prompt.reference
    key = transposer.intended_key
    if key is None and trained.settings.tokens.to_common_key:
        key = Key(0, transposer.key.mode if transposer.key else Key.from_name(reference.key).mode)
    return scene_of(
        trained.tokenizer,
        prompt.ids,
        limits,
        bar=reference.meter.bar_ql,
        pickup=reference.pickup,
        key=key or transposer.key or prompt.key,
    )


@short_repr
class Goal(NamedTuple):
    """Say what the candidates should reach.

    Attributes
    ----------
    duration : Fraction or None
        Length in quarters, if it is not given in events.
    ending : str
        The wanted end.
    best : int
        The number of candidates to return.
    attempts : int
        Batches of candidates to try until one meets all constraints and is in the key.
    """

    duration: Fraction | None
    ending: Ending
    best: int
    attempts: int = ATTEMPTS


def _title(prompt: Prompt, seed: int) -> str:
    if prompt.start is not None and prompt.start.title:
        return f"{prompt.start.title.removesuffix(CONTINUED)}{CONTINUED}"
    return f"Partimento no. {seed}"


def composes(trained: TrainedModel) -> bool:
    """Return True if a model can compose; embeddings, for example, cannot."""
    return any(capability in STRATEGIES for capability in trained.model_class.capabilities)


def strategy_of(trained: TrainedModel) -> Strategy:
    """Return the strategy by which a model composes.

    Raises
    ------
    PartimentoError
        If it cannot compose.
    """
    for capability in trained.model_class.capabilities:
        if capability in STRATEGIES:
            return STRATEGIES[capability]
    raise PartimentoError(f"a run of {trained.settings.name} cannot compose")


def compose_ids(trained: TrainedModel, *, candidates: int, events: int, seed: int) -> np.ndarray:
    """Compose candidates from silence, and return the ids of all of them, unranked.

    Returns
    -------
    (candidates, rows, F) int32
        The header and the events; padding after the end.
    """
    prompt = make_prompt(trained, None, 0, seed=seed, key=None)
    limits = Limits(events + 1, MAX_STEPS, may_end=False)
    request = Request(prompt, limits, Sampling(), candidates)
    return strategy_of(trained).compose(trained, request, seed).ids


def _key(key: Key | str | None) -> Key | None:
    if not isinstance(key, str):
        return key
    try:
        return Key.from_name(key)
    except ValueError as error:
        raise PartimentoError(str(error)) from error


def _meter(meter: Meter | str | None) -> Meter | None:
    if not isinstance(meter, str):
        return meter
    return parse_meter(meter)


def _check_prompt(trained: TrainedModel, prompt: Prompt, limits: Limits) -> None:
    events = trained.tokenizer.decode_events(prompt.ids)
    steps = sum((event.duration for event in events), Fraction(0)) * trained.tokenizer.grid
    if len(events) + 1 >= limits.events or steps >= limits.steps:
        raise PartimentoError(
            "the prompt alone is longer than the requested piece: use more bars or a shorter prompt"
        )


def best_of_attempts(
    trained: TrainedModel,
    strategy: Strategy,
    request: Request,
    goal: Goal,
    transposer: Transposer,
    seed: int,
) -> list[Candidate]:
    """Compose batches of candidates until enough are without a fault; return the best."""
    key = transposer.key
    ranked: list[Candidate] = []
    for attempt in range(goal.attempts):
        batch = seed + attempt * 2**32
        generated = strategy.compose(trained, request, batch)
        pieces = _decoded(trained, generated, goal.duration, request.prompt.reference)
        new = rank_candidates(pieces, generated, transposer, ending=goal.ending, seed=batch)
        ranked += _that_hold(new, request)
        ranked.sort(key=lambda candidate: candidate.rank)
        if sum(candidate.is_sound for candidate in ranked) >= goal.best:
            break
        if attempt >= FURTHER and ranked and (key is None or ranked[0].fits):
            break
    if not ranked:
        names = " and ".join(map(repr, request.constraints))
        raise PartimentoError(
            f"none of {request.candidates * goal.attempts} candidates met all constraints: {names};"
            " try another seed, or ask for less"
        )
    if key is not None and not ranked[0].fits:
        raise PartimentoError(
            f"none of {request.candidates * goal.attempts} candidates is in"
            f" {key.name if request.prompt.header_key else key.mode}: try another seed or key"
        )
    return ranked[: goal.best]


def _that_hold(candidates: Sequence[Candidate], request: Request) -> list[Candidate]:
    """Return the candidates that meet all constraints, as their notes show."""
    scene = request.scene
    if scene is None:
        return list(candidates)
    return [
        candidate
        for candidate in candidates
        if not candidate.dead_ends and report_on(candidate.piece, request.constraints, scene).holds
    ]


def _decoded(
    trained: TrainedModel, generated: Generated, duration: Fraction | None, reference: PieceRecord
) -> list[Piece]:
    # Some tokenizers have no header, and a header has only the length of a bar.
    meter = Meter(reference.meter.numerator, reference.meter.denominator)
    pieces = [
        trained.tokenizer.decode(ids).replace(meters=(meter,), pickup=reference.pickup)
        for ids in generated.ids
    ]
    return pieces if duration is None else [with_length(piece, duration) for piece in pieces]
