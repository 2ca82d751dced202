"""Fill bars of a piece so that they fit the music on both sides."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np

from partimento.analysis.similarity.note_distance import share_of_changed_notes
from partimento.errors import PartimentoError
from partimento.generate.around import Gap, View, view_of
from partimento.generate.candidates import Generated, generate_candidates
from partimento.generate.constraints.base import Constraint, Report, check_constraints, report_on
from partimento.generate.constraints.timetable import check_possible
from partimento.generate.criteria import measure, penalties
from partimento.generate.default_hand import default_hand, with_default
from partimento.generate.fill_request import Filled, FillRequest, FillStrategy
from partimento.generate.following import following_nats
from partimento.generate.grid_fill import GridFill
from partimento.generate.own_corpus import with_own_corpus
from partimento.generate.particles import compose_particles
from partimento.generate.provenance import with_provenance
from partimento.generate.ranking import Candidate, Candidates, Weighing
from partimento.generate.sampler import Sampling
from partimento.io.musicxml.bar_numbers import span_of_bars
from partimento.io.splice import with_change
from partimento.models.base import Autoregressive, Gibbs
from partimento.music.change import Change
from partimento.music.excerpt import cut_between
from partimento.music.piece import Piece
from partimento.progress import Progress, silent
from partimento.short_repr import short_repr
from partimento.tokens.event_tokens import EventTokenizer
from partimento.tokens.vocabulary import PAD
from partimento.training.trained_model import TrainedModel

POOL = 16  # drawn by their weights; the best of them is returned first
FOLLOWING_BARS = 4  # whose probability weighs a candidate
BARS = re.compile(r"\s*(\d{1,6})\s*(?:[-–]\s*(\d{1,6}))?\s*")


@short_repr
@dataclass(frozen=True)
class AutoregressiveFill:
    """Sample what comes next, and weigh it by the music that follows.

    Notes are sampled from p(gap | before). The weight p(following | before, gap) makes them samples
    of p(gap | before, following), the more exactly the more there are. With locked notes in the
    gap, a particle filter samples around them (`particles`).

    Attributes
    ----------
    filters : bool
        False to sample around locked notes without a particle filter, for comparison.
    candidates, weighs
        See `FillStrategy`.
    """

    filters: bool = True
    candidates: int = 128
    weighs: bool = True

    def fill(self, trained: TrainedModel, request: FillRequest, seed: int) -> Filled:
        """Return candidates that keep all locked notes."""
        view, tokenizer = request.view, trained.tokenizer
        limits = view.limits(tokenizer.grid)
        scene = view.scene(trained, limits)
        fixed, seam = view.locked()
        rules = (fixed, seam, *request.constraints)
        check_possible(rules, tokenizer, scene)
        if self.filters and fixed.notes and trained.numpy_step is not None:
            # Sampling alone would not see a locked note before it is due.
            generated = compose_particles(
                trained,
                view.prompt.ids,
                limits=limits,
                scene=scene,
                constraints=rules,
                sampling=request.sampling,
                particles=request.candidates,
                seed=seed,
                ends=False,
            )
        else:
            generated = generate_candidates(
                trained,
                view.prompt.ids,
                limits=limits,
                sampling=request.sampling,
                candidates=request.candidates,
                seed=seed,
                constraints=rules,
                scene=scene,
            )
        whole = np.flatnonzero(generated.dead_ends == 0)
        changes, rows, events = [], [], []
        for i in whole.tolist():
            ids = generated.ids[i]
            meters = (view.prompt.reference.meter,)
            decoded = tokenizer.decode(ids).replace(meters=meters, pickup=view.item.moved.pickup)
            changes.append(view.change(decoded))
            own = ids[len(view.prompt.ids) :]
            rows.append(own[own[:, 0] != PAD])
            events.append(max(len(decoded.events), 1))
        nats = generated.nats[whole] / np.array(events or [1])[: len(whole)]
        following = np.zeros(len(whole))
        if request.weigh and len(whole):
            following = self._following(trained, view, changes, rows)
        return Filled(changes, np.asarray(nats, np.float64), following)

    def _following(
        self,
        trained: TrainedModel,
        view: View,
        changes: Sequence[Change],
        rows: Sequence[np.ndarray],
    ) -> np.ndarray:
        bar = view.prompt.reference.meter.bar_ql
        stop = min(view.end + FOLLOWING_BARS * bar, view.length)
        if stop <= view.end:
            return np.zeros(len(rows))
        tails = [_rows_after(trained, view, change, stop) for change in changes]
        return following_nats(
            trained,
            view.prompt.ids,
            [np.concatenate(pair) for pair in zip(rows, tails, strict=True)],
            [len(row) for row in rows],
            total=view.limits(trained.tokenizer.grid).total,
        )

    def following_of(
        self, trained: TrainedModel, view: View, changes: Sequence[Change]
    ) -> np.ndarray:
        """Return the nats ``(B,)`` of the music after changes that were not sampled."""
        rows = []
        for change in changes:
            applied = cut_between(change.applied(view.item.moved), Fraction(0), view.end)
            rows.append(_ids(trained, applied)[len(view.prompt.ids) : -1])
        return self._following(trained, view, changes, rows)


# How a model fills bars, by its first capability in this table.
FILLERS: dict[type[Any], FillStrategy] = {
    Autoregressive: AutoregressiveFill(),
    Gibbs: GridFill(),
}


def _rows_after(trained: TrainedModel, view: View, change: Change, stop: Fraction) -> np.ndarray:
    """Return the ids of the music that follows a candidate."""
    applied = change.applied(view.item.moved)
    near = cut_between(applied, view.begin, stop)
    head = cut_between(applied, view.begin, view.end)
    both = [_ids(trained, piece) for piece in (near, head)]
    tail = both[0][len(both[1]) - 1 : -1]
    return tail[: _first_unknown(trained, tail)]


def _ids(trained: TrainedModel, piece: Piece) -> np.ndarray:
    tokenizer = trained.tokenizer
    if isinstance(tokenizer, EventTokenizer):  # without input features, which take long
        return tokenizer.encode_ids(piece)[:, None]
    return tokenizer.encode(piece).ids


def _first_unknown(trained: TrainedModel, ids: np.ndarray) -> int:
    """Return the index of the first row with an unknown id, or the number of rows."""
    from partimento.tokens.vocabulary import UNKNOWN

    unknown = np.flatnonzero((ids == UNKNOWN).any(axis=1))
    return int(unknown[0]) if len(unknown) else len(ids)


def fill(trained: TrainedModel, piece: Piece, bars: slice | str | int, **options: Any) -> Piece:
    """Fill bars of a piece; see `fill_candidates` for the options."""
    return fill_candidates(trained, piece, bars, best=1, **options)[0].piece


def fill_candidates(
    trained: TrainedModel,
    piece: Piece,
    bars: slice | str | int,
    *,
    keep: Sequence[str | int] = (),
    best: int = 8,
    seed: int = 0,
    sampling: Sampling | None = None,
    candidates: int | None = None,
    constraints: Sequence[Constraint] = (),
    weigh: bool = True,
    playable: bool = True,
    progress: Progress = silent,
) -> Candidates:
    """Compose bars anew, and return the best candidates.

    All other bars stay as they are, and so do the kept parts and notes that sound over the ends of
    these bars. Files of the same format are copied there, byte for byte.

    Parameters
    ----------
    trained : TrainedModel
    piece : Piece
    bars : slice, str or int
        Numbers of bars: ``slice(5, 9)`` or ``"5-8"`` for bars 5 to 8.
    keep : sequence of str or int
        Names or indices of parts that stay in these bars, too. Drums always stay.
    best : int
        Number of candidates to return.
    seed : int
    sampling : Sampling, optional
        By default that of the run's settings.
    candidates : int, optional
        Number of candidates to compose. By default, 128 are composed and weighed. A model of a
        grid composes 16, which need no weights, since it knows both sides.
    constraints : sequence of Constraint
        Demands on the new bars.
    weigh : bool
        Whether candidates are weighed by the probability of the bars that follow.
    playable : bool
        Whether a hand must be able to hold every chord of the new bars, if they are for one guitar.
        Where the notes that stay leave no way to it, the report says so.
    progress : Progress, optional

    Returns
    -------
    Candidates
        The best first.

    Raises
    ------
    PartimentoError
        If the piece has no such bars or parts, or the model cannot fill them.
    """
    arguments = {name: value for name, value in locals().items() if name != "progress"}
    strategy = filler_of(trained)
    arguments["candidates"] = candidates = max(candidates or strategy.candidates, best)
    first, last = bar_numbers(bars)
    begin, end = span_of_bars(piece, first, last)
    parts = parts_to_compose(piece, keep)
    length = max(piece.length, end) if end >= piece.length else piece.length
    view = view_of(trained, piece, Gap(begin, end, parts, length))
    rules = with_own_corpus(check_constraints(constraints), trained)
    hand = (
        default_hand(trained, replace(view.prompt, start=piece), None, rules) if playable else None
    )
    if hand is not None:
        options = {**arguments, "constraints": (*rules, hand), "progress": progress}
        try:
            return fill_candidates(**options)
        except PartimentoError:
            pass  # an error that has another cause is raised below
    settings = trained.settings.sample
    request = FillRequest(
        view=view,
        sampling=sampling or settings,
        candidates=candidates,
        constraints=tuple(rule.transposed(view.item.interval) for rule in rules),
        weigh=weigh,
        progress=progress,
    )
    filled = strategy.fill(trained, request, seed)
    if not filled.changes:
        raise PartimentoError(
            f"none of {request.candidates} candidates fits the locked notes: try another seed, or"
            " keep less"
        )
    weights = joined_weights(filled, weights_of(filled.following))
    effective = float(1 / (weights**2).sum())
    weighing = Weighing(len(weights), effective) if strategy.weighs else None
    order = drawn(weights, max(POOL, best), seed)
    judged = [_judged(trained, request, filled, i, seed) for i in order]
    # Where nothing weighs candidates, those that the model finds more probable come first.
    chosen = sorted(
        judged, key=lambda each: (each.score, 0.0 if strategy.weighs else each.criteria.nats)
    )[:best]
    finished = [
        replace(
            each,
            weighing=weighing,
            bars=(first, last),
            report=_with_wishes(
                _report(each.piece, rules, hand, view, trained), filled, each.piece, view, trained
            ),
        )
        for each in chosen
    ]
    return with_provenance(Candidates(finished), arguments, verb="fill")


def filler_of(trained: TrainedModel) -> FillStrategy:
    """Return the strategy by which a model fills bars.

    Raises
    ------
    PartimentoError
        If it cannot fill bars.
    """
    for capability in trained.model_class.capabilities:
        if capability in FILLERS:
            return FILLERS[capability]
    raise PartimentoError(f"a run of {trained.settings.name} cannot fill bars")


def bar_numbers(bars: slice | str | int) -> tuple[int, int]:
    """Return the numbers of the first and the last bar.

    >>> bar_numbers("5-8"), bar_numbers(slice(5, 9)), bar_numbers(3)
    ((5, 8), (5, 8), (3, 3))
    """
    if isinstance(bars, slice):
        if not isinstance(bars.start, int) or not isinstance(bars.stop, int) or bars.step:
            raise PartimentoError("bars need a beginning and an end, such as slice(5, 9) for 5-8")
        return bars.start, bars.stop - 1
    match = BARS.fullmatch(str(bars))
    if match is None:
        raise PartimentoError(f"bars are a number or a span, such as 5-8, not {str(bars)[:50]!r}")
    return int(match[1]), int(match[2] or match[1])


def parts_to_compose(piece: Piece, keep: Sequence[str | int]) -> tuple[int, ...]:
    """Return the indices of the parts that are not kept.

    Raises
    ------
    PartimentoError
        If there is no such part, or none is left.
    """
    names = [part.name.casefold() for part in piece.parts]
    kept = {number for number, part in enumerate(piece.parts) if part.is_drum}
    for which in keep:
        if isinstance(which, int) and 0 <= which < len(names):
            kept.add(which)
        elif isinstance(which, str) and names.count(which.casefold()) == 1:
            kept.add(names.index(which.casefold()))
        elif isinstance(which, str) and which.isdecimal() and 0 < int(which) <= len(names):
            kept.add(int(which) - 1)
        else:
            known = ", ".join(part.name or str(i) for i, part in enumerate(piece.parts, 1))
            raise PartimentoError(f"no part {which!r} to keep: the parts are {known}")
    parts = tuple(number for number in range(len(names)) if number not in kept)
    if not parts:
        raise PartimentoError("all parts are kept: there is nothing to compose")
    return parts


def weights_of(nats: np.ndarray) -> np.ndarray:
    """Return the weights ``(B,)`` of candidates, whose sum is 1."""
    weights = np.exp(nats.min(initial=np.inf) - nats) if len(nats) else nats
    return np.asarray(weights / weights.sum())


def drawn(weights: np.ndarray, count: int, seed: int) -> list[int]:
    """Draw candidates by their weights: systematic resampling, without repeats.

    If fewer than `count` are drawn, the heaviest others follow.

    Parameters
    ----------
    weights : (B,) float64
    count : int
    seed : int

    References
    ----------
    Douc, R., Cappé, O. and Moulines, E. (2005). Comparison of resampling schemes for particle
    filtering. ISPA, 64-69.
    """
    count = min(count, len(weights))
    points = (np.arange(count) + np.random.default_rng([seed, 3]).random()) / count
    places = np.searchsorted(np.cumsum(weights), points).clip(max=len(weights) - 1)
    return list(dict.fromkeys(places.tolist()))


def joined_weights(filled: Filled, weights: np.ndarray) -> np.ndarray:
    """Give the weights of candidates with the same notes to the first of them.

    A particle filter makes copies, which are one candidate.
    """
    joined = np.zeros_like(weights)
    known: dict[tuple[bytes, ...], int] = {}
    for i, change in enumerate(filled.changes):
        notes = change.notes
        columns = (notes.onset, notes.duration, notes.pitch, notes.part)
        joined[known.setdefault(tuple(column.tobytes() for column in columns), i)] += weights[i]
    return joined


def _judged(
    trained: TrainedModel, request: FillRequest, filled: Filled, number: int, seed: int
) -> Candidate:
    """Return a candidate with its criteria, of the whole piece at sounding pitch."""
    view, change = request.view, filled.changes[number]
    piece = with_change(view.piece, view.sounding(change))
    gap = view.gap
    low = trained.settings.tokens.low or min(row.low for row in trained.pieces)
    high = trained.settings.tokens.high or max(row.high for row in trained.pieces)
    pitches = change.notes.pitch - view.item.interval
    criteria = measure(
        piece.without_drums(),
        view.prompt.key,
        outside=int(((pitches < low) | (pitches > high)).sum()),
        nats=float(filled.nats[number]),
    )
    penalty = penalties(criteria, trained.real_pieces, "open", seed=seed % 2**32)
    distance = share_of_changed_notes(
        piece, view.piece, spans=[(gap.begin, gap.end)], parts=gap.parts
    )
    return Candidate(piece, number, seed, True, 0, criteria, penalty, distance=distance)


def _report(
    piece: Piece,
    rules: Sequence[Constraint],
    hand: Constraint | None,
    view: View,
    trained: TrainedModel,
) -> Report:
    """Report what the new bars achieved, and a `hand` that was given up."""
    grid = trained.tokenizer.grid
    scene = view.scene(trained, view.limits(grid)).transposed(-view.item.interval)
    local = cut_between(piece.replace(score=None), view.start, view.gap.end)
    return with_default(report_on(local, rules, scene), hand, local, scene)


def _with_wishes(
    report: Report, filled: Filled, piece: Piece, view: View, trained: TrainedModel
) -> Report:
    """Add unmet wishes to a report, up to the first notes after the gap."""
    grid = trained.tokenizer.grid
    scene = view.scene(trained, view.limits(grid)).transposed(-view.item.interval)
    after = min(view.gap.end + 1, view.gap.length)
    local = cut_between(piece.replace(score=None), view.start, after)
    scene = scene._replace(total=ceil(local.length * grid), stop=ceil(view.end * grid) + 1)
    for wish in filled.wishes:
        report = with_default(report, wish, local, scene)
    return report


__all__ = ["FILLERS", "FillRequest", "FillStrategy", "Filled", "Generated", "fill_candidates"]
