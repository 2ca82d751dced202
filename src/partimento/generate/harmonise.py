"""Harmonise a melody or a bass: compose the other parts, and keep it as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from partimento.analysis.chord_labels import lead_sheet, with_chord_labels
from partimento.errors import PartimentoError
from partimento.generate.candidates import Generated
from partimento.generate.complete import completes
from partimento.generate.constraints.base import (
    Constraint,
    Scene,
    check_constraints,
    report_on,
)
from partimento.generate.constraints.cadences import Cadences
from partimento.generate.constraints.ends import End, HeldEnd
from partimento.generate.constraints.harmony import ChordProgression
from partimento.generate.constraints.lines import PartWriting
from partimento.generate.constraints.phrase_ends import PhraseEnds, knows_phrases
from partimento.generate.constraints.timetable import check_possible
from partimento.generate.criteria import Ending
from partimento.generate.dynamics import with_dynamics
from partimento.generate.finish import CHOIR, Transposer
from partimento.generate.given_part import (
    GivenPart,
    given_part,
    header_of,
    kept_notes,
    scene_for,
)
from partimento.generate.limits import Limits
from partimento.generate.own_corpus import with_own_corpus
from partimento.generate.particles import PARTICLES, compose_particles
from partimento.generate.prompt import Prompt
from partimento.generate.provenance import with_provenance
from partimento.generate.ranking import Candidate, Candidates, rank_candidates
from partimento.generate.sampler import Sampling
from partimento.io.musicxml.document import ScoreDocument
from partimento.models.base import Autoregressive
from partimento.music.notes import Notes
from partimento.music.piece import Piece
from partimento.music.timelines import ChordSymbol, Key, Part, Source
from partimento.notation.choir import is_choir
from partimento.progress import Progress, silent
from partimento.tokens.voices import VoiceTokenizer
from partimento.training.trained_model import TrainedModel

JUDGED = 8  # of the particles of a run, the most probable ones that are ranked
OWN = "own"  # the chord symbols of the score itself
WITHOUT_VOICES = 60  # percent of chord tones that a model without voices is asked for, by default
WITH_VOICES = 85


def harmonise(trained: TrainedModel, piece: Piece, **options: Any) -> Piece:
    """Compose other parts to a melody or a bass; see `harmonise_candidates`."""
    return harmonise_candidates(trained, piece, best=1, **options)[0].piece


def harmonise_candidates(
    trained: TrainedModel,
    piece: Piece,
    *,
    best: int = 8,
    part: str | int | None = None,
    role: str | None = None,
    chords: str | None = None,
    key: Key | str | None = None,
    seed: int = 0,
    sampling: Sampling | None = None,
    particles: int = PARTICLES,
    constraints: Sequence[Constraint] = (),
    symbols: bool = False,
    title: str = "",
    progress: Progress = silent,
) -> Candidates:
    """Harmonise a part several times, and return the results with their criteria.

    Each candidate comes from a particle filter of its own, so that candidates differ from their
    beginning.

    Parameters
    ----------
    trained : TrainedModel
        A model of voices, such as ``chorales``, adds its other voices. Others add one part of
        chords.
    piece : Piece
        A melody or a bass, alone or with other parts, which are left out.
    best : int
        Number of candidates.
    part : str or int, optional
        The name or the index of the given part. By default the first, or for a bass the last one.
    role : str, optional
        ``melody`` or ``bass``; by default, a part of low notes is a bass.
    chords : str, optional
        Chords to follow, such as ``"Dm | Gm A7 | Dm"``; ``own`` for those of the score.
    key : Key or str, optional
        By default that in which the part ends.
    seed : int
    sampling : Sampling, optional
        By default that of the run's settings.
    particles : int
        The more, the better the other parts know what follows, and the slower it is.
    constraints : sequence of Constraint
        Further demands, on sounding pitches. Their times count from the beginning of the piece.
    symbols : bool
        Whether to write chord symbols above the notes.
    title : str
        By default that of the piece.
    progress : Progress

    Returns
    -------
    Candidates
        The best first.

    Raises
    ------
    PartimentoError
        If the model cannot do this, or the demands cannot be met.
    """
    arguments = {k: v for k, v in locals().items() if k != "progress"}
    if best < 1 or particles < 1:
        raise PartimentoError("the number of candidates and of particles must be at least 1")
    tonality = Key.from_name(key) if isinstance(key, str) else key
    if completes(trained):
        from partimento.generate.grid_harmony import harmonise_on_grid

        if chords is not None:
            raise PartimentoError(
                "chords needs a model that composes note by note, such as chorales; this is a run"
                f" of {trained.settings.name}"
            )
        own = harmonise_on_grid(
            trained,
            piece,
            best=best,
            part=part,
            role=role,
            key=tonality,
            seed=seed,
            sampling=sampling,
            constraints=constraints,
            symbols=symbols,
            progress=progress,
        )
        own = [replace(c, piece=c.piece.replace(title=title)) if title else c for c in own]
        return with_provenance(Candidates(own), arguments, verb="harmonise")
    check_model(trained, "harmonise")
    placed = given_part(trained, piece, part=part, role=role, key=tonality)
    prompt = header_of(trained, placed.piece, placed)
    limits, scene = scene_for(trained, prompt, placed)
    if chords == OWN:
        if not piece.chord_symbols:
            raise PartimentoError("chords='own' needs a score with chord symbols")
        chords = lead_sheet(piece)
    wanted = with_own_corpus(check_constraints(constraints), trained)
    if placed.lead and wanted:
        raise PartimentoError("with constraints, the model must know the pickup of the piece")
    rules = [*kept_notes(trained, placed), *(rule.transposed(placed.shift) for rule in wanted)]
    progression = _progression(trained, placed, chords)
    rules += [] if progression is None else [progression.transposed(placed.shift)]
    check_possible(rules, trained.tokenizer, scene)
    wishes = wishes_of(trained, placed, rules)
    if isinstance(trained.tokenizer, VoiceTokenizer):
        wishes.insert(0, PartWriting("all"))
    plan = with_wishes(trained, rules, wishes, scene)
    candidates = []
    for number in range(best):

        def at(stage: str, done: int, total: int, /, number: int = number) -> None:
            progress(stage, number * total + done, best * total)

        chosen = _best(
            trained,
            (placed, prompt, limits, scene),
            plan,
            sampling=sampling or trained.settings.sample,
            particles=particles,
            seed=seed + number * 2**32,
            progress=at,
        )
        finished = finish(trained, chosen.piece, placed, progression, scene)
        finished = with_document(finished, piece, placed)
        if symbols and progression is None:
            finished = with_chord_labels(finished)
        finished = finished.replace(title=title) if title else finished
        report = report_on(chosen.piece, plan, scene)
        candidates.append(replace(chosen, piece=finished, report=report))
    candidates.sort(key=lambda candidate: candidate.rank)
    return with_provenance(Candidates(candidates), arguments, verb="harmonise")


def check_model(trained: TrainedModel, verb: str) -> None:
    """Raise PartimentoError unless a model can compose around given notes."""
    if Autoregressive not in trained.model_class.capabilities:
        raise PartimentoError(
            f"{verb} needs a model that composes note by note, such as chorales; this is a run of"
            f" {trained.settings.name}"
        )


def _progression(
    trained: TrainedModel, placed: GivenPart, chords: str | None
) -> ChordProgression | None:
    """Return the chords to follow, on sounding pitches."""
    if chords is None:
        return None
    tokenizer = trained.tokenizer
    if not isinstance(tokenizer, VoiceTokenizer):
        return ChordProgression(chords, WITHOUT_VOICES)
    own = tokenizer.voices - 1 if placed.is_bass else 0
    return ChordProgression(chords, WITH_VOICES, not placed.is_bass, [own])


def wishes_of(
    trained: TrainedModel, placed: GivenPart, rules: list[Constraint]
) -> list[Constraint]:
    """Return the constraints that give the music its phrases and its end."""
    wishes: list[Constraint] = []
    kept: list[Fraction] = []
    ends = placed.piece.phrase_ends
    if ends and knows_phrases(trained.tokenizer):
        grid = trained.tokenizer.grid
        times = {placed.composed(time) for time in ends} | {placed.end}
        kept = [time for time in times if time <= placed.end and (time * grid).denominator == 1]
        wishes.append(PhraseEnds(kept))
    kind = ending_of(placed)
    is_free = not any(isinstance(rule, (End, ChordProgression)) for rule in rules)
    last = placed.line[-1].onset
    is_voices = isinstance(trained.tokenizer, VoiceTokenizer)
    if kind != "open" and is_free:
        end = "tonic" if kind == "authentic" else "half"
        wishes.append(End(end, None, last, picardy=True))  # type: ignore[arg-type]
        wishes += [HeldEnd(last)] if is_voices else []
    if is_voices and is_free:
        wishes.append(Cadences(kept, placed.end, kind, None if kind == "open" else last))
    return wishes


def with_wishes(
    trained: TrainedModel, rules: list[Constraint], wishes: Sequence[Constraint], scene: Scene
) -> list[Constraint]:
    """Return the constraints with those wishes that the others permit."""
    for wish in wishes:
        try:
            check_possible([*rules, wish], trained.tokenizer, scene)
        except PartimentoError:
            continue
        rules = [*rules, wish]
    return rules


def ending_of(placed: GivenPart) -> Ending:
    """Return the end that the last note of a given part suits."""
    key, last = placed.composed_key, placed.line[-1].pitch % 12
    thirds = (3, 4) if key.mode == "minor" else (4,)  # a minor piece may end with a major third
    tonic = {(key.tonic + step) % 12 for step in ((0,) if placed.is_bass else (0, *thirds, 7))}
    dominant = {(key.tonic + 7 + step) % 12 for step in ((0,) if placed.is_bass else (0, 4, 7))}
    if last in tonic:
        return "authentic"
    return "half" if last in dominant else "open"


def _best(
    trained: TrainedModel,
    place: tuple[GivenPart, Prompt, Limits, Scene],
    rules: Sequence[Constraint],
    **options: Any,
) -> Candidate:
    """Return the best particle of a run, on composed pitches."""
    placed, prompt, limits, scene = place
    generated = compose_particles(
        trained, prompt.ids, limits=limits, scene=scene, constraints=rules, **options
    )
    return best_particle(trained, generated, placed, prompt, options["seed"])


def best_particle(
    trained: TrainedModel, generated: Generated, placed: GivenPart, prompt: Prompt, seed: int
) -> Candidate:
    """Rank the most probable particles that differ, and return the best."""
    _, first = np.unique(generated.ids, axis=0, return_index=True)
    chosen = first[np.argsort(generated.nats[first], kind="stable")][:JUDGED]
    few = Generated(*(array[chosen] for array in generated))
    meters = placed.piece.meters
    pieces = [
        trained.tokenizer.decode(ids).replace(
            meters=tuple(replace(m, onset=m.onset + placed.lead * (m.onset > 0)) for m in meters),
            pickup=(placed.piece.pickup + placed.lead) % placed.piece.first_meter.bar_ql,
        )
        for ids in few.ids
    ]
    transposer = Transposer(trained, prompt, key=None, seed=seed)
    transposer.fixed = -placed.shift
    return rank_candidates(pieces, few, transposer, ending=ending_of(placed), seed=seed)[0]


# ---------------------------------------------------------------------- the result


def finish(
    trained: TrainedModel,
    composed: Piece,
    placed: GivenPart,
    progression: ChordProgression | None,
    scene: Scene,
) -> Piece:
    """Return the given part, as it was, with the composed ones."""
    own_piece = placed.piece
    is_voices = isinstance(trained.tokenizer, VoiceTokenizer)
    added = _added(composed, placed, is_voices=is_voices)
    count = len(composed.parts) if is_voices else 2
    own = count - 1 if placed.is_bass else 0
    parts = list(composed.parts) if is_voices else [Part("Accompaniment")] * 2
    program = own_piece.parts[0].program
    usual = CHOIR if is_choir(parts) else None
    parts = [replace(each, program=usual if program is None else program) for each in parts]
    parts[own] = own_piece.parts[0]
    notes = _together(own_piece.notes.replace(part=np.full(len(own_piece.notes), own)), added)
    result = own_piece.replace(
        notes=notes,
        parts=tuple(parts),
        length=max(own_piece.length, placed.end - placed.lead),
        keys=own_piece.keys or (placed.key,),
        score=None,
        source=Source(license="composed by a program"),
    )
    louder = with_dynamics(result).notes
    velocity = np.where(notes.part == own, notes.velocity, louder.velocity)
    result = result.replace(notes=notes.replace(velocity=velocity))
    if progression is not None:
        result = result.replace(chord_symbols=_symbols(progression, placed, scene))
    return result


def with_document(result: Piece, source: Piece, placed: GivenPart) -> Piece:
    """Return the result with the MusicXML file of the given part, if there is one.

    Writers then copy the given part from the file, with its lyrics, slurs and all other marks.
    """
    if source.score is None:
        return result
    own = len(result.parts) - 1 if placed.is_bass else 0
    others = [number for number in range(len(result.parts)) if number != own]
    numbers = np.full(len(result.parts), -1)
    numbers[others] = np.arange(len(others))
    notes = result.notes
    added = result.replace(
        notes=notes.replace(part=np.maximum(numbers[notes.part], 0), keep=notes.part != own),
        parts=tuple(result.parts[number] for number in others),
        chord_symbols=(),
    )
    score = source.score.edited("parts", placed.place, own, added.to_json())
    if result.chord_symbols:
        symbols = ";".join(f"{each.onset} {each.text}" for each in result.chord_symbols)
        score = score.edited("chords", symbols)
    try:
        ScoreDocument.load(score)
    except PartimentoError:  # such as a file that has changed since, or with other bars
        return result
    return result.replace(score=score)


def _added(composed: Piece, placed: GivenPart, *, is_voices: bool) -> Notes:
    """Return the composed notes, as they sound in the piece."""
    notes = composed.notes
    if is_voices:
        own = len(composed.parts) - 1 if placed.is_bass else 0
        keep, part = notes.part != own, notes.part
    else:
        line = {(n.onset, n.pitch) for n in placed.line}
        keep = np.array([(n.onset, n.pitch) not in line for n in notes], bool)
        part = np.full(len(notes), 0 if placed.is_bass else 1)
    lead = placed.lead * notes.divisions
    assert lead.denominator == 1
    return notes.replace(
        onset=np.maximum(notes.onset - int(lead), 0),
        pitch=notes.pitch - placed.shift,
        part=part,
        keep=keep & (notes.onset >= int(lead)),
    )


def _together(one: Notes, other: Notes) -> Notes:
    """Return the notes of both."""
    divisions = int(np.lcm(one.divisions, other.divisions))
    columns = {
        name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in Notes.COLUMNS
    }
    for name in ("onset", "duration"):
        columns[name] = np.concatenate(
            [getattr(each, name) * (divisions // each.divisions) for each in (one, other)]
        )
    return Notes.from_columns(divisions, **columns)


def _symbols(
    progression: ChordProgression, placed: GivenPart, scene: Scene
) -> tuple[ChordSymbol, ...]:
    """Return the chords that were asked for as chord symbols."""
    names = progression.names(scene, int(placed.end * scene.grid))
    rows = [(Fraction(begin, scene.grid) - placed.lead, text) for begin, text in names]
    kept: list[ChordSymbol] = []
    for onset, text in rows:
        if onset >= 0 and text and (not kept or kept[-1].text != text):
            kept.append(ChordSymbol(text, onset))
    return tuple(kept)
