"""Vary a piece: compose a share of its notes anew, between those that stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil
from typing import Any, NamedTuple

import numpy as np

from partimento.analysis.cadences import final_chord
from partimento.analysis.similarity.note_distance import share_of_changed_notes
from partimento.errors import PartimentoError, no_such
from partimento.generate.cells import Choice, choose_cells, half_bars, is_inside, outside
from partimento.generate.constraints.base import Constraint, check_constraints, report_on
from partimento.generate.constraints.fixed import FixedNotes
from partimento.generate.constraints.lines import PartWriting
from partimento.generate.constraints.masks import MaskState
from partimento.generate.constraints.parts import PartRanges, PartRhythm
from partimento.generate.constraints.pitch import Range
from partimento.generate.constraints.timetable import check_possible
from partimento.generate.dynamics import with_dynamics
from partimento.generate.given_part import (
    GivenPart,
    header_of,
    one_line,
    place_in_bar,
    scene_for,
)
from partimento.generate.harmonise import best_particle, check_model, wishes_of, with_wishes
from partimento.generate.own_corpus import with_own_corpus
from partimento.generate.particles import PARTICLES, compose_particles
from partimento.generate.provenance import with_provenance
from partimento.generate.ranking import Candidates
from partimento.generate.sampler import Sampling
from partimento.io.splice import with_changes
from partimento.music.notes import Note, Notes
from partimento.music.piece import Piece
from partimento.music.transpose import interval_to_common_key
from partimento.progress import Progress, silent
from partimento.short_repr import short_repr
from partimento.tokens.event_tokens import EventTokenizer, final_key
from partimento.tokens.note_grammar import NONE, NOTE, PITCHES
from partimento.tokens.voice_grammar import CONTINUE, REST
from partimento.tokens.voices import VoiceTokenizer
from partimento.training.trained_model import TrainedModel

# Nats per semitone between a note and the one that stood there.
DISTANCES = {"near": -0.4, "any": 0.0, "far": 0.25}
SAME = -3.0  # nats for the same pitch again
SILENCE = -4.0  # nats for a rest where a note stood
OCTAVE = 12  # a note farther away gets no more
RHYTHM, RANGE = "rhythm", "range"


@short_repr
class Placed(NamedTuple):
    """Hold a piece as the model reads it.

    Attributes
    ----------
    whole : GivenPart
        The whole piece, placed in its bars; its line is the highest one.
    lines : tuple of tuple of Note
        The notes of each voice, or all notes together, on the model's grid and at composed pitches.
    """

    whole: GivenPart
    lines: tuple[tuple[Note, ...], ...]


def vary(trained: TrainedModel, piece: Piece, **options: Any) -> Piece:
    """Compose a share of the notes of a piece anew; see `vary_candidates`."""
    return vary_candidates(trained, piece, best=1, **options)[0].piece


def vary_candidates(
    trained: TrainedModel,
    piece: Piece,
    *,
    best: int = 8,
    amount: float = 0.3,
    like: bool = False,
    distance: str | float = "any",
    keep: Sequence[str | int] = (),
    seed: int = 0,
    sampling: Sampling | None = None,
    particles: int = PARTICLES,
    constraints: Sequence[Constraint] = (),
    title: str = "",
    progress: Progress = silent,
) -> Candidates:
    """Vary a piece several times, and return the results with their criteria.

    Which notes are varied depends on the seed and the amount alone. With the same seed, a larger
    amount varies the same notes and more.

    Parameters
    ----------
    trained : TrainedModel
        A model of voices needs a piece with as many parts.
    piece : Piece
    best : int
        Number of candidates.
    amount : float
        The share of the notes that are composed anew, more than 0 and at most 1. Some of them may
        come out as they were.
    like : bool
        Exchange chords for near ones in the space of chord vectors, of which the model must be a
        run. The amount is then the share of the chords, and the rhythm stays: see `like`.
    distance : str or float
        ``near`` to what stood there, ``far`` from it, or ``any``. A number is the reward in nats
        per semitone; a negative one keeps near.
    keep : sequence of str or int
        ``rhythm``, ``range``, and names or indices of parts that stay.
    seed : int
    sampling : Sampling, optional
        By default that of the run's settings.
    particles : int
        See `harmonise_candidates`.
    constraints : sequence of Constraint
        Further demands, on sounding pitches.
    title : str
        By default that of the piece.
    progress : Progress

    Returns
    -------
    Candidates
        The best first. Their distance is the share of changed notes.

    Raises
    ------
    PartimentoError
        If the model cannot write the piece, or the demands cannot be met.
    """
    arguments = {k: v for k, v in locals().items() if k != "progress"}
    arguments |= {"like": like or None}
    if best < 1 or particles < 1:
        raise PartimentoError("the number of candidates and of particles must be at least 1")
    if like:
        from partimento.generate.like import vary_like

        found = vary_like(
            trained,
            piece,
            best=best,
            amount=amount,
            distance=distance,
            kept=kept_parts(piece, keep),
            seed=seed,
            constraints=constraints,
            progress=progress,
        )
        found = [replace(c, piece=c.piece.replace(title=title)) if title else c for c in found]
        return with_provenance(Candidates(found), arguments, verb="vary")
    check_model(trained, "vary")
    reward = _nats(distance)
    kept = kept_parts(piece, keep)
    placed = place(trained, piece)
    own = placed.whole
    choice = choose(trained, placed, kept, amount, seed)
    prompt = header_of(trained, piece, own)
    limits, scene = scene_for(trained, prompt, own)
    rules = [*fixed(trained, placed, choice)]
    wanted = with_own_corpus(check_constraints(constraints), trained)
    rules += [rule.transposed(own.shift) for rule in wanted]
    rules += _kept_ways(trained, placed, choice, keep)
    check_possible(rules, trained.tokenizer, scene)
    writing = PartWriting("all")
    if isinstance(trained.tokenizer, VoiceTokenizer) and writing.check(piece, scene).holds:
        rules.append(writing)  # only then, what is kept does not break it
    end = final_chord(piece, own.key)
    wishes = wishes_of(trained, own, rules) if end.is_tonic and end.root_in_bass else []
    plan = with_wishes(trained, rules, wishes, scene)
    favor = PitchReward(trained, placed, choice, reward)
    candidates = []
    for number in range(best):

        def at(stage: str, done: int, total: int, /, number: int = number) -> None:
            progress(stage, number * total + done, best * total)

        run = seed + number * 2**32
        generated = compose_particles(
            trained,
            prompt.ids,
            limits=limits,
            scene=scene,
            constraints=plan,
            sampling=sampling or trained.settings.sample,
            particles=particles,
            seed=run,
            reward=favor,
            progress=at,
        )
        chosen = best_particle(trained, generated, own, prompt, run)
        varied = with_changes(piece, join(trained, piece, chosen.piece, placed, choice))
        varied = varied.replace(title=title) if title else varied
        changed = share_of_changed_notes(varied, piece)
        report = report_on(chosen.piece, plan, scene)
        candidates.append(replace(chosen, piece=varied, report=report, distance=changed))
    candidates.sort(key=lambda candidate: candidate.rank)
    return with_provenance(Candidates(candidates), arguments, verb="vary")


def _nats(distance: str | float) -> float:
    """Return the reward of a distance, in nats per semitone."""
    try:
        return DISTANCES[str(distance)] if distance in DISTANCES else float(distance)
    except ValueError:
        raise PartimentoError(no_such(str(distance), DISTANCES, "distance")) from None


def kept_parts(piece: Piece, keep: Sequence[str | int]) -> frozenset[int]:
    """Return the indices of the parts that stay.

    Raises
    ------
    PartimentoError
        If there is no such part, or all parts stay.
    """
    names = [part.name.casefold() for part in piece.parts]
    found = set()
    for which in keep:
        if which in (RHYTHM, RANGE):
            continue
        alone = piece.part(which)  # reports parts that do not exist
        name = alone.parts[0].name.casefold()
        found.add(which % len(names) if isinstance(which, int) else names.index(name))
    if len(found) == len(names):
        raise PartimentoError("all parts are kept: nothing can be varied")
    return frozenset(found)


# ---------------------------------------------------------------------- the piece


def place(trained: TrainedModel, piece: Piece) -> Placed:
    """Return a piece as the model reads it.

    Raises
    ------
    PartimentoError
        If it has other voices than the model.
    """
    tokenizer, grid = trained.tokenizer, trained.tokenizer.grid
    if not len(piece.notes):
        raise PartimentoError("the piece has no notes")
    key = replace(final_key(piece), onset=Fraction(0))
    bar, pickup, lead = place_in_bar(trained, piece)
    shift = interval_to_common_key(key) if trained.settings.tokens.to_common_key else 0
    if isinstance(tokenizer, VoiceTokenizer):
        if len(piece.parts) != tokenizer.voices:
            raise PartimentoError(
                f"this model writes {tokenizer.voices} voices, and the piece has"
                f" {len(piece.parts)} parts: use another model, such as guitar"
            )
        count = tokenizer.voices
        lines = [one_line(piece.part(n), grid, lowest=n == count - 1) for n in range(count)]
    else:
        lines = [_all_notes(piece, grid)]
    bounds = tokenizer.ranges if isinstance(tokenizer, EventTokenizer) else ()
    moved = []
    for number, line in enumerate(lines):
        low, high = bounds[number] if len(bounds) > number else (0, 127)
        moved.append(
            tuple(
                replace(note, onset=note.onset + lead, pitch=_inside(note.pitch + shift, low, high))
                for note in line
            )
        )
    ends = [note.end for line in moved for note in line]
    end = Fraction(ceil(max(ends) * grid), grid)
    top = next(line for line in moved if line)
    own = GivenPart(piece, 0, False, key, top, shift, lead, bar, pickup, end)
    return Placed(own, tuple(moved))


def _inside(pitch: int, low: int, high: int) -> int:
    """Return a pitch, moved by octaves into a range if it is outside."""
    while pitch < low:
        pitch += OCTAVE
    while pitch > high:
        pitch -= OCTAVE
    return pitch


def _all_notes(piece: Piece, grid: int) -> tuple[Note, ...]:
    """Return the notes that lie on a grid, with their ends rounded up to it."""
    found = []
    for note, is_drum in zip(piece.notes, piece.drums.tolist(), strict=True):
        if not note.grace and not is_drum and (note.onset * grid).denominator == 1:
            stop = Fraction(ceil(note.end * grid), grid)
            found.append(Note(note.onset, stop - note.onset, note.pitch))
    return tuple(dict.fromkeys(found))


def choose(
    trained: TrainedModel, placed: Placed, kept: frozenset[int], amount: float, seed: int
) -> Choice:
    """Choose what is varied; times count from the beginning of the composition."""
    own = placed.whole
    is_voices = isinstance(trained.tokenizer, VoiceTokenizer)
    if kept and not is_voices:
        raise PartimentoError("a model without voices knows no parts to keep")
    times = [own.composed(time) for time in half_bars(own.piece, trained.tokenizer.grid)]
    lines = [() if number in kept else line for number, line in enumerate(placed.lines)]
    return choose_cells(lines, times, amount, seed, end=None if is_voices else own.end)


def is_varied(note: Note, spans: Sequence[tuple[Fraction, Fraction]]) -> bool:
    """Return whether a note begins and ends in one of the spans."""
    return any(begin <= note.onset and note.end <= end for begin, end in spans)


def fixed(trained: TrainedModel, placed: Placed, choice: Choice) -> list[Constraint]:
    """Return the constraints that keep what is not varied."""
    end, rules = placed.whole.end, []
    is_voices = isinstance(trained.tokenizer, VoiceTokenizer)
    for number, (line, spans) in enumerate(zip(placed.lines, choice.spans, strict=True)):
        kept = [
            (note.onset, note.duration, note.pitch, number)
            for note in line
            if not is_varied(note, spans)
        ]
        others = outside(spans, end)
        if others:
            sides: Any = "free" if is_voices else "none"
            rules.append(FixedNotes(kept, others, [number], sides))
        if not is_voices and spans:
            rules.append(FixedNotes(kept, spans, [number], "free"))
    return list(rules)


def _kept_ways(
    trained: TrainedModel, placed: Placed, choice: Choice, keep: Sequence[str | int]
) -> list[Constraint]:
    """Return the constraints that keep rhythm or range."""
    rules: list[Constraint] = []
    is_voices = isinstance(trained.tokenizer, VoiceTokenizer)
    if RHYTHM in keep:
        if not is_voices:
            raise PartimentoError("keep='rhythm' needs a model that writes voices, as chorales")
        rows = [
            (note.onset, note.duration, number)
            for number, (line, spans) in enumerate(zip(placed.lines, choice.spans, strict=True))
            for note in line
            if is_varied(note, spans)
        ]
        rules.append(PartRhythm(rows))
    if RANGE in keep:
        pitches = [[note.pitch for note in line] or [0, 127] for line in placed.lines]
        ranges = [(min(each), max(each)) for each in pitches]
        rules.append(PartRanges(ranges) if is_voices else Range(*ranges[0]))
    return rules


@short_repr
class PitchReward:
    """Reward the distance of composed pitches from those that stood there.

    Parameters
    ----------
    trained : TrainedModel
    placed : Placed
    choice : Choice
    nats : float
        Per semitone.
    """

    def __init__(self, trained: TrainedModel, placed: Placed, choice: Choice, nats: float) -> None:
        tokenizer = trained.tokenizer
        self.size, self.grid = tokenizer.sizes[0], tokenizer.grid
        self.order = tokenizer.order if isinstance(tokenizer, VoiceTokenizer) else ()
        length = int(placed.whole.end * self.grid) + 1
        distance = np.full((length, len(placed.lines), PITCHES), -1.0)
        for number, (line, spans) in enumerate(zip(placed.lines, choice.spans, strict=True)):
            for note in line:
                begin, stop = int(note.onset * self.grid), int(note.end * self.grid)
                gap = np.abs(np.arange(PITCHES) - note.pitch)
                here = distance[begin:stop, number]
                distance[begin:stop, number] = np.where(here < 0, gap, np.minimum(here, gap))
            varied = [is_inside(Fraction(t, self.grid), spans) for t in range(length)]
            distance[~np.array(varied), number] = -1
        bias = nats * np.minimum(distance, OCTAVE)
        self.bias = np.where(distance < 0, 0.0, np.where(distance == 0, SAME, bias))

    def __call__(self, rules: MaskState, field: int) -> np.ndarray | None:
        """Return what is added to the logits ``(B, V)``."""
        count, batch = rules.count, len(rules.count)
        step = np.minimum(rules.t, len(self.bias) - 1)
        added = np.zeros((batch, self.size))
        if not self.order:
            if self.size >= NOTE + PITCHES:
                added[:, NOTE : NOTE + PITCHES] = self.bias[step, 0]
            return added
        is_voice = count < len(self.order)
        voice = np.array(self.order)[np.minimum(count, len(self.order) - 1)]
        pitches = self.bias[step, voice] * is_voice[:, None]
        added[:, NOTE : NOTE + PITCHES] = pitches
        own = rules.before_pitch[np.arange(batch), voice]
        held = np.take_along_axis(pitches, np.minimum(own, PITCHES - 1)[:, None], axis=1)[:, 0]
        stood = np.any(pitches != 0, axis=1)
        added[:, CONTINUE] = np.where(own < NONE, held, SILENCE * stood)
        added[:, REST] = SILENCE * stood
        return added


# ---------------------------------------------------------------------- the result


def join(
    trained: TrainedModel, piece: Piece, composed: Piece, placed: Placed, choice: Choice
) -> Piece:
    """Return the piece with its varied notes replaced by the composed ones."""
    own = placed.whole
    is_voices = isinstance(trained.tokenizer, VoiceTokenizer)
    spans = [[(begin - own.lead, end - own.lead) for begin, end in each] for each in choice.spans]
    line_of = list(range(len(piece.parts))) if is_voices else [0] * len(piece.parts)
    drums = piece.drums.tolist()
    stays = np.array(
        [
            is_drum or note.grace or not is_varied(note, spans[line_of[note.part]])
            for note, is_drum in zip(piece.notes, drums, strict=True)
        ],
        bool,
    )
    kept = piece.notes.select(stays)
    gone = [note for note, stay in zip(piece.notes, stays.tolist(), strict=True) if not stay]
    present = {(note.onset, note.pitch, line_of[note.part]) for note in kept}
    added = []
    for note in composed.notes:
        onset, pitch = note.onset - own.lead, note.pitch - own.shift
        line = note.part if is_voices else 0
        if is_inside(onset, spans[line]) and (onset, pitch, line) not in present:
            part = note.part if is_voices else _part_near(gone, onset, pitch)
            added.append(Note(onset, note.duration, pitch, part=part, voice=_voice(gone, part)))
    result = piece.replace(notes=Notes([*kept, *added]), score=None, chord_symbols=())
    louder = with_dynamics(result).notes
    fresh = {(note.onset, note.pitch, note.part) for note in added}
    is_new = np.array([(n.onset, n.pitch, n.part) in fresh for n in result.notes], bool)
    velocity = np.where(is_new, louder.velocity, result.notes.velocity)
    return result.replace(notes=result.notes.replace(velocity=velocity))


def _part_near(gone: Sequence[Note], onset: Fraction, pitch: int) -> int:
    """Return the part of the removed note that is nearest in time and pitch."""
    return min(gone, key=lambda n: (abs(n.onset - onset), abs(n.pitch - pitch))).part


def _voice(gone: Sequence[Note], part: int) -> int:
    return next((note.voice for note in gone if note.part == part), 0)
