"""Compose in a form such as AABA: sections return, are varied, and contrast.

A section with a letter alone returns exactly. A prime means that it begins as the section of its
letter, of which some notes are varied, and goes on in another way. Other letters contrast: they are
in the key of the dominant, or in minor in the relative major.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from partimento.analysis.cadences import final_cadence
from partimento.analysis.similarity.note_distance import share_of_changed_notes
from partimento.errors import PartimentoError
from partimento.generate.constraints.base import Constraint, Finding, Report
from partimento.generate.constraints.ends import End
from partimento.generate.dynamics import with_dynamics
from partimento.generate.prompt import make_prompt
from partimento.generate.ranking import Candidate, Candidates
from partimento.music.notes import Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter
from partimento.short_repr import short_repr
from partimento.training.trained_model import TrainedModel

LABEL = re.compile(r"([A-Z])(['′’]*)")
MOST = 26  # sections
SEEDS = 400  # to try for one whose training piece has the wanted meter and pickup
EXTRA = 16  # as many events as a bar may have, to prompt with half a section
AUTHENTIC, HALF = "cadence", "half"


@short_repr
class Section(NamedTuple):
    """Describe a section of a form.

    Attributes
    ----------
    letter : str
    primes : int
    ending : str
        ``cadence`` or ``half``.
    key : Key
        In which it ends.
    """

    letter: str
    primes: int
    ending: str
    key: Key

    @property
    def name(self) -> str:
        """The letter with its primes."""
        return self.letter + "'" * self.primes


def sections_of(form: str, home: Key) -> tuple[Section, ...]:
    """Return the sections of a form.

    The last section ends with an authentic cadence, and so does every section like it. A section
    that a variant of itself follows ends on the dominant. Contrasting sections end with a cadence
    in their own key.

    Raises
    ------
    PartimentoError
        If the form is not one.

    Examples
    --------
    >>> [(s.name, s.ending, s.key.name) for s in sections_of("A A' B A'", Key(0))]
    ... # doctest: +NORMALIZE_WHITESPACE
    [('A', 'half', 'C major'), ("A'", 'cadence', 'C major'), ('B', 'cadence', 'G major'),
     ("A'", 'cadence', 'C major')]
    """
    compact = re.sub(r"[\s|,-]+", "", form)
    labels = [(m[1], len(m[2])) for m in LABEL.finditer(compact)]
    if not labels or len(labels) > MOST or sum(1 + primes for _, primes in labels) != len(compact):
        raise PartimentoError(
            f"a form has letters and primes, such as AABA or A A' B A', not {form!r}"
        )
    first, last = labels[0][0], labels[-1]
    away = contrasting_key(home)
    found = []
    for letter, primes in labels:
        at = labels.index((letter, primes))
        follows = (
            at + 1 < len(labels) and labels[at + 1][0] == letter and labels[at + 1][1] > primes
        )
        ending = HALF if follows and (letter, primes) != last else AUTHENTIC
        is_home = letter in (first, last[0])
        found.append(Section(letter, primes, ending, home if is_home else away))
    return tuple(found)


def contrasting_key(home: Key) -> Key:
    """Return the key of the dominant, or in minor that of the relative major.

    >>> contrasting_key(Key(0)).name, contrasting_key(Key(0, "minor")).name
    ('G major', 'C major')
    """
    if home.mode == "minor":
        return Key(home.fifths)
    return Key.from_tonic((home.tonic + 7) % 12, "major")


def compose_form(trained: TrainedModel, **options: Any) -> Candidates:
    """Compose candidates in a form; see `compose.compose_candidates` for the options.

    Each candidate has a seed of its own.
    """
    best, seed = options.pop("best"), options.pop("seed")
    found = [_in_form(trained, seed=seed + number * 2**32, **options) for number in range(best)]
    return Candidates(sorted(found, key=lambda candidate: candidate.rank))


def _in_form(
    trained: TrainedModel,
    *,
    form: str,
    bars: int | None,
    key: Key | None,
    meter: Meter | None,
    seed: int,
    constraints: Sequence[Constraint],
    title: str,
    **options: Any,
) -> Candidate:
    """Compose one candidate."""
    from partimento.generate.compose import compose_candidates

    prompt = make_prompt(trained, None, 0, seed=seed, key=key, meter=meter)
    reference = prompt.reference
    home = key or Key.from_name(reference.key)
    sections = sections_of(form, home)
    total = bars or 8 * len(sections)
    if total % len(sections) or total < 4 * len(sections):
        raise PartimentoError(
            f"{total} bars cannot be divided among {len(sections)} sections of at least 4 bars:"
            f" use {8 * len(sections)}, for example"
        )
    each = total // len(sections)
    meter = Meter(reference.meter.numerator, reference.meter.denominator)
    place = (meter, reference.pickup)
    composed: dict[str, Candidate] = {}
    variations: dict[str, Finding] = {}

    def section(number: int, wanted: Section) -> Candidate:
        ends = [*constraints, End(wanted.ending, wanted.key)]  # type: ignore[arg-type]
        more: dict[str, Any] = {
            "best": 1,
            "bars": each,
            "key": wanted.key,
            "constraints": ends,
            "ending": "half" if wanted.ending == HALF else "authentic",
            "seed": _seed(trained, seed + number, wanted.key, place),
            **options,
        }
        model = next((composed[n] for n in composed if n == wanted.letter), None)
        if wanted.primes and model is not None:
            start, variations[wanted.name] = varied_opening(
                trained, model.piece, each, seed + number + wanted.primes, wanted
            )
            more |= {"start": start, "prompt_events": len(start.events)}
        elif meter is not None:
            more["meter"] = meter
        return compose_candidates(trained, **more)[0]

    for number, wanted in enumerate(sections):
        if wanted.name not in composed:
            composed[wanted.name] = section(number, wanted)
    piece = joined([composed[wanted.name].piece for wanted in sections], home)
    name = title or f"Partimento no. {seed % 2**32}, {' '.join(s.name for s in sections)}"
    last = composed[sections[-1].name]
    rows = [*_findings(sections, composed, each), *variations.values()]
    return replace(last, piece=piece.replace(title=name), report=Report(rows), seed=seed)


def varied_opening(
    trained: TrainedModel, piece: Piece, bars: int, seed: int, wanted: Section
) -> tuple[Piece, Finding]:
    """Return the first half of a section, with a third of its notes varied.

    If the model cannot vary it, it stays as it is. The finding says so.
    """
    from partimento.generate.vary import vary

    half = piece.cut(0 if piece.pickup else 1, bars // 2).replace(open_end=False)
    demand = f"{wanted.name} begins as {wanted.letter}, varied"
    try:
        varied = vary(trained, half, amount=0.3, distance="near", seed=seed)
    except PartimentoError as error:  # such as a model that cannot write all of its notes
        return half, Finding("Form", demand, f"not varied: {error}", False, by_default=True)
    changed = share_of_changed_notes(varied, half)
    achieved = f"{100 * changed:.0f} % of the notes changed"
    return varied, Finding("Form", demand, achieved, changed > 0, by_default=True)


def _seed(trained: TrainedModel, seed: int, key: Key, place: tuple[Meter, Fraction]) -> int:
    """Return a seed whose training piece has the meter and pickup of the form."""
    meter, pickup = place
    for step in range(SEEDS):
        at = seed + step * 1000
        if make_prompt(trained, None, 0, seed=at, key=key, meter=meter).reference.pickup == pickup:
            return at
    raise PartimentoError(f"no training piece in {key.mode} has a pickup of {pickup}: try a seed")


def joined(pieces: Sequence[Piece], home: Key) -> Piece:
    """Return pieces one after another, as one piece in a key.

    They have the same meter, pickup and parts.
    """
    divisions = int(np.lcm.reduce([piece.notes.divisions for piece in pieces]))
    divisions = int(np.lcm.reduce([divisions, *(piece.length.denominator for piece in pieces)]))
    columns: dict[str, list[np.ndarray]] = {name: [] for name in Notes.COLUMNS}
    fermatas: list[Fraction] = []
    ends: list[Fraction] = []
    now = Fraction(0)
    for piece in pieces:
        notes, scale = piece.notes, divisions // piece.notes.divisions
        for name in Notes.COLUMNS:
            column = getattr(notes, name)
            columns[name].append(column * scale if name in ("onset", "duration") else column)
        columns["onset"][-1] = columns["onset"][-1] + int(now * divisions)
        fermatas += [now + time for time in piece.fermatas]
        ends += [now + time for time in piece.phrase_ends]
        now += piece.length
        ends.append(now)
    table = {name: np.concatenate(parts) for name, parts in columns.items()}
    whole = pieces[0].replace(
        notes=Notes.from_columns(divisions, **table),
        length=now,
        keys=(replace(home, onset=Fraction(0)),),
        fermatas=tuple(sorted(set(fermatas))),
        phrase_ends=tuple(sorted(set(ends))),
        provenance=None,
    )
    return with_dynamics(whole)


def _findings(
    sections: Sequence[Section], composed: dict[str, Candidate], bars: int
) -> list[Finding]:
    """Return bars and cadence of each section, and what its constraints achieved."""
    rows = []
    for number, section in enumerate(sections):
        candidate = composed[section.name]
        demand = f"{section.name}, bars {number * bars + 1}-{(number + 1) * bars}"
        words = "half cadence" if section.ending == HALF else "authentic cadence"
        cadence = final_cadence(candidate.piece, section.key)
        rows.append(
            Finding(
                "Form",
                f"{demand}: {words} in {section.key.name}",
                cadence.kind,
                candidate.report.holds,
            )
        )
    return rows
