"""Compose at random within constraints, and check the result by its notes alone.

The checks read a decoded piece, and use nothing of the program's masks, tables or reports.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import combinations, pairwise
from typing import Any, NamedTuple

import numpy as np

import partimento as pt
from partimento.analysis.similarity.sequences import sequences_of
from partimento.errors import PartimentoError
from partimento.generate.constraints import Constraint, Scene, report_on
from partimento.generate.constraints.timetable import check_possible, scene_of
from partimento.generate.limits import Limits
from partimento.generate.numpy_loop import generate_on_numpy
from partimento.generate.sampler import Sampling
from partimento.guitar.playable import is_playable
from partimento.tokens.base import Tokenizer
from partimento.tokens.chords import ChordTokenizer
from partimento.tokens.notes import NoteTokenizer
from partimento.tokens.settings import TokenSettings

KEY = pt.Key.from_name("d minor")
BAR = Fraction(4)
KINDS = ("chords", "notes", "voices", "frames")


class EvenStep:
    """Predict every id with the same probability, which tries a mask harder than any model."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.sizes = tokenizer.sizes

    def initial_state(self, batch: int) -> tuple[np.ndarray, ...]:
        return (np.zeros((batch, 1), np.float32),)

    def step(self, state: Any, ids: Any, *, field: int, features: Any = None) -> Any:
        size = self.sizes[(field + 1) % len(self.sizes)]
        return state, np.zeros((len(ids), size), np.float32)


@cache
def chorales() -> list[pt.Piece]:
    return pt.load_corpus("bundled:chorales").pieces[:12]


@cache
def tokenizer_of(kind: str) -> Tokenizer:
    """Return a tokenizer of real music: of chords, notes, voices or frames."""
    if kind == "chords":
        return ChordTokenizer.fit(chorales())
    if kind == "frames":
        return NoteTokenizer.fit(chorales(), TokenSettings(frame="1", min_count=1))
    return pt.load_model("guitar" if kind == "notes" else "chorales").tokenizer


class Composed(NamedTuple):
    """The pieces of one demand, and how many candidates were given up."""

    pieces: list[pt.Piece]
    scene: Scene
    failed: int


def compose_within(
    kind: str,
    constraints: list[Constraint],
    *,
    bars: int = 4,
    seed: int = 0,
    candidates: int = 2,
    step: Any = None,
) -> Composed:
    """Compose within constraints; raise PartimentoError if they are refused."""
    tokenizer = tokenizer_of(kind)
    prompt = header(tokenizer)
    steps = int(bars * BAR * tokenizer.grid)
    limits = Limits(bars * 48 + 2, steps, may_end=False, total=steps)
    scene = scene_of(tokenizer, prompt, limits, bar=BAR, key=KEY)
    check_possible(constraints, tokenizer, scene)
    generated = generate_on_numpy(
        step or EvenStep(tokenizer),
        tokenizer,
        prompt,
        limits=limits,
        sampling=Sampling(),
        candidates=candidates,
        seed=seed,
        constraints=constraints,
        scene=scene,
    )
    pieces = [
        tokenizer.decode(ids).replace(meters=(pt.Meter(4, 4),), pickup=Fraction(0))
        for ids, dead in zip(generated.ids, generated.dead_ends, strict=True)
        if not dead
    ]
    return Composed(pieces, scene, int(generated.dead_ends.sum()))


def header(tokenizer: Tokenizer) -> np.ndarray:
    """Return the header of a piece in 4/4 without a pickup."""
    piece = pt.Piece([pt.Note(0, 4, 60)], meters=(pt.Meter(4, 4),), keys=(KEY,))
    return tokenizer.prompt(tokenizer.encode(piece).ids, 0)


# ---------------------------------------------------------------------- random demands


def draw(rng: np.random.Generator, kind: str) -> list[Constraint]:
    """Return one to four random constraints of different kinds."""
    makers = MAKERS if kind != "frames" else MAKERS[:-1]
    chosen = rng.choice(len(makers), size=int(rng.integers(1, 5)), replace=False)
    drawn = [makers[int(number)](rng, kind) for number in chosen]
    if kind == "notes" and not any(isinstance(c, (pt.MaxVoices, pt.ChordSize)) for c in drawn):
        drawn.append(pt.MaxVoices(4))  # at equal probabilities, chords would have 40 notes
    return drawn


def _durations(rng: np.random.Generator, kind: str) -> Constraint:
    sets = (["1/2", 1], ["1/2", 1, 2], [1, 2], ["1/4", "1/2", 1], ["1/2", "3/2", 2, 4])
    return pt.Durations(sets[int(rng.integers(len(sets)))])


def _rhythm(rng: np.random.Generator, kind: str) -> Constraint:
    patterns = ([1], [2, 1, 1], ["1/2", "1/2", 1], [1, -1, 2], ["3/2", "1/2", 2])
    return pt.Rhythm(patterns[int(rng.integers(len(patterns)))])


def _chords(rng: np.random.Generator, kind: str) -> Constraint:
    texts = ("Dm | Gm A7 | Dm", "Dm | A7", "Dm | Bb | C7 | F", "Dm Gm | % | A7 | Dm")
    share = int(rng.choice([60, 80, 100]))
    return pt.ChordProgression(texts[int(rng.integers(len(texts)))], share)


def _fixed(rng: np.random.Generator, kind: str) -> Constraint:
    melody = [(0, 1, "A4"), (1, 1, "G4"), (2, 2, "F4"), (4, 1, "E4"), (5, 3, "D4"), (8, 4, "F4")]
    kept = melody[: int(rng.integers(2, len(melody) + 1))]
    others = str(rng.choice(["free", "below"]))
    return pt.FixedNotes([(*note, 0) for note in kept], others=others)  # type: ignore[arg-type]


def _leap(rng: np.random.Generator, kind: str) -> Constraint:
    lines = ["melody", "bass", "all"] if kind == "voices" else ["melody", "bass"]
    return pt.StepLeap(int(rng.integers(3, 10)), str(rng.choice(lines)))  # type: ignore[arg-type]


def _pairs(rng: np.random.Generator, kind: str) -> Constraint:
    pairs = ["outer", "all"] if kind == "voices" else ["outer"]
    return pt.PartWriting(str(rng.choice(pairs)))  # type: ignore[arg-type]


def _size(rng: np.random.Generator, kind: str) -> Constraint:
    low = int(rng.integers(1, 4))
    return pt.ChordSize(low, low + int(rng.integers(0, 3)))


def _density(rng: np.random.Generator, kind: str) -> Constraint:
    low = int(rng.integers(0, 5))
    return pt.Density(low, low + int(rng.integers(4, 12)))


def _returns(rng: np.random.Generator, kind: str) -> Constraint:
    plans = ("3-4=1-2", "2=1 4~3", "3~1 4=2", "4~1")
    return pt.BarsReturn(plans[int(rng.integers(len(plans)))])


MAKERS: list[Any] = [
    lambda rng, kind: pt.Range(int(rng.integers(38, 52)), int(rng.integers(66, 80))),
    lambda rng, kind: pt.InKey(),
    lambda rng, kind: pt.InScale("D", str(rng.choice(["dorian", "natural minor", "blues"]))),
    lambda rng, kind: pt.InMeter(ties=bool(rng.integers(2))),
    lambda rng, kind: pt.MaxVoices(int(rng.integers(1, 5))),
    _size,
    _durations,
    _rhythm,
    _leap,
    _pairs,
    _density,
    _chords,
    lambda rng, kind: pt.End(
        str(rng.choice(["tonic", "cadence", "half"])),  # type: ignore[arg-type]
        picardy=bool(rng.integers(2)),
    ),
    lambda rng, kind: pt.Playable("guitar"),
    lambda rng, kind: pt.MaxBorrowed.of(int(rng.integers(2, 6)), chorales(), "chorales"),
    _returns,
    _fixed,
]


# ---------------------------------------------------------------------- independent checks


class N(NamedTuple):
    onset: Fraction
    end: Fraction
    pitch: int
    part: int


def notes_of(piece: pt.Piece) -> list[N]:
    grid = piece.notes.divisions
    columns = (piece.notes.onset, piece.notes.end, piece.notes.pitch, piece.notes.part)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [N(Fraction(a, grid), Fraction(b, grid), pitch, part) for a, b, pitch, part in rows]


def moments(piece: pt.Piece) -> list[tuple[Fraction, list[N]]]:
    """Return what sounds from each time at which anything changes."""
    notes = notes_of(piece)
    times = sorted({Fraction(0), *(n.onset for n in notes), *(n.end for n in notes)})
    return [(t, [n for n in notes if n.onset <= t < n.end]) for t in times if t < piece.length]


def lines(piece: pt.Piece) -> list[list[int | None]]:
    """Return the voices; in a piece of one part, its highest and its lowest notes."""
    rows = [sounding for _, sounding in moments(piece)]
    if len(piece.parts) > 1:
        return [
            [next((n.pitch for n in row if n.part == part), None) for row in rows]
            for part in range(len(piece.parts))
        ]
    ends = [sorted(n.pitch for n in row) or [None] for row in rows]
    return [[row[-1] for row in ends], [row[0] for row in ends]]


def leaps(line: list[int | None]) -> list[int]:
    return [abs(a - b) for a, b in pairwise(line) if a is not None and b is not None]


def are_parallel(upper: list[int | None], lower: list[int | None]) -> bool:
    for (a, b), (c, d) in pairwise(zip(upper, lower, strict=True)):
        if None in (a, b, c, d) or a == c or b == d:
            continue
        assert a is not None
        assert b is not None
        assert c is not None
        assert d is not None
        if (a - b) % 12 == (c - d) % 12 and (a - b) % 12 in (0, 7):
            return True
    return False


def violations(piece: pt.Piece, constraint: Constraint) -> int:
    """Return how often a piece breaks a constraint, by its notes alone."""
    notes, length = notes_of(piece), piece.length
    bars = [4 * number for number in range(int(length / 4))]
    counts = [len(sounding) for _, sounding in moments(piece)]
    match constraint:
        case pt.Range():
            low, high = int(constraint.low), int(constraint.high)
            return sum(not low <= n.pitch <= high for n in notes)
        case pt.InKey():
            return sum((n.pitch - 2) % 12 not in {0, 2, 3, 5, 7, 8, 9, 10, 11} for n in notes)
        case pt.InScale():
            steps = {
                "dorian": {0, 2, 3, 5, 7, 9, 10},
                "natural minor": {0, 2, 3, 5, 7, 8, 10},
                "blues": {0, 3, 5, 6, 7, 10},
            }[str(constraint.scale)]
            return sum((n.pitch - 2) % 12 not in steps for n in notes)
        case pt.InMeter():
            changes = {n.onset for n in notes} | {n.end for n in notes}
            tied = sum(n.onset < bar < n.end for n in notes for bar in bars)
            return sum(bar not in changes for bar in bars[1:]) + (0 if constraint.ties else tied)
        case pt.MaxVoices():
            return sum(count > constraint.most for count in counts)
        case pt.ChordSize():
            return sum(not constraint.low <= count <= constraint.high for count in counts)
        case pt.Durations():
            return sum(n.end - n.onset not in constraint.values for n in notes)
        case pt.Rhythm():
            return _off_rhythm(notes, length, constraint)
        case pt.StepLeap():
            of = lines(piece)
            of = of if constraint.line == "all" else [of[0 if constraint.line == "melody" else -1]]
            return sum(leap > constraint.most for line in of for leap in leaps(line))
        case pt.PartWriting():
            of = lines(piece)
            pairs = [(of[0], of[-1])] if constraint.pairs == "outer" else combinations(of, 2)
            return sum(are_parallel(upper, lower) for upper, lower in pairs)
        case pt.Density():
            per_bar = [sum(bar <= n.onset < bar + 4 for n in notes) for bar in bars]
            return sum(not constraint.low <= count <= constraint.high for count in per_bar)
        case pt.ChordProgression():
            return _off_chords(notes, length, constraint)
        case pt.End():
            return _off_end(piece, constraint)
        case pt.Playable():
            return sum(not is_playable(n.pitch for n in row) for _, row in moments(piece))
        case pt.MaxBorrowed():
            return _borrowed(piece, constraint.most)
        case pt.BarsReturn():
            return _off_returns(notes, constraint)
        case pt.FixedNotes():
            return _off_fixed(piece, constraint)
    raise AssertionError(constraint)


def _off_rhythm(notes: list[N], length: Fraction, constraint: pt.Rhythm) -> int:
    wanted, silent, now, turn = set(), [], Fraction(0), 0
    pattern = [Fraction(value) for value in constraint.durations]
    while now < length:
        value = pattern[turn % len(pattern)]
        if value > 0:
            wanted.add(now)
        else:
            silent.append((now, now - value))
        now, turn = now + abs(value), turn + 1
    heard = sum(n.onset < b and n.end > a for n in notes for a, b in silent)
    return len(wanted ^ {n.onset for n in notes}) + heard


TONES = {"Dm": "DFA", "Gm": "GBD", "A7": "ACEG", "Bb": "BDF", "C7": "CEGB", "F": "FAC"}
FLAT_B, SHARP_C = ("Gm", "Bb", "C7"), ("A7",)
LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def tones(chord: str) -> set[int]:
    classes = {LETTERS[letter] for letter in TONES[chord]}
    if chord in FLAT_B:
        classes = {10 if each == 11 else each for each in classes}
    return {1 if chord in SHARP_C and each == 0 else each for each in classes}


def _off_chords(notes: list[N], length: Fraction, constraint: pt.ChordProgression) -> int:
    written = [bar.split() for bar in constraint.chords.split("|")]
    for number, bar in enumerate(written):
        written[number] = written[number - 1] if bar == ["%"] else bar
    inside = total = 0
    for number in range(int(length / 4)):
        bar = written[number % len(written)]
        for place, chord in enumerate(bar):
            begin = Fraction(4 * number) + Fraction(4 * place, len(bar))
            end = begin + Fraction(4, len(bar))
            heard = [n for n in notes if n.onset < end and n.end > begin]
            total += len(heard)
            inside += sum(n.pitch % 12 in tones(chord) for n in heard)
    return int(100 * inside < constraint.share * total)


def _off_end(piece: pt.Piece, constraint: pt.End) -> int:
    last = piece.length - 4
    chords = {"half": ({9, 1, 4}, 9)}.get(constraint.kind, ({2, 5, 9}, 2))
    thirds = {n.pitch % 12 for n in piece.notes if n.onset + n.duration > last} & {5, 6}
    if constraint.picardy and thirds == {6}:
        chords = {2, 6, 9}, 2
    faults = 0
    for t, row in moments(piece):
        pitches = [n.pitch for n in row]
        if t >= last:
            classes, bass = chords
        elif constraint.kind == "cadence" and t >= last - 1:
            classes, bass = {9, 1, 4, 7}, 9
        else:
            continue
        fits = bool(pitches) and {pitch % 12 for pitch in pitches} <= classes
        faults += not (fits and min(pitches) % 12 == bass)
    return faults


def _off_returns(notes: list[N], constraint: pt.BarsReturn) -> int:
    def begun(bar: int) -> set[Any]:
        first = 4 * (bar - 1)
        inside = [n for n in notes if first <= n.onset < first + 4]
        return {(n.onset - first, n.end - first, n.pitch, n.part) for n in inside}

    def times(bar: int) -> set[Any]:
        first = 4 * (bar - 1)
        changes = {n.onset for n in notes} | {n.end for n in notes}
        begun = {n.onset for n in notes}
        inside = {t for t in changes if first < t < first + 4} | {Fraction(first)}
        return {(t - first, t in begun) for t in inside}

    faults = 0
    for word in constraint.bars.split():
        compare = begun if "=" in word else times
        sides = [part.split("-") for part in word.replace("~", "=").split("=")]
        (first, *_), last = sides[0], sides[0][-1]
        offset = int(first) - int(sides[1][0])
        for bar in range(int(first), int(last) + 1):
            faults += compare(bar) != compare(bar - offset)  # type: ignore[operator]
    return faults


@cache
def _known(size: int) -> set[Any]:
    return {run for piece in chorales() for run in _windows(piece, size)}


def _windows(piece: pt.Piece, size: int) -> list[Any]:
    chords = sequences_of(piece).chords
    rows = list(zip(chords.shapes, chords.steps.tolist(), strict=True))
    return [(rows[at][0], *rows[at + 1 : at + size]) for at in range(len(rows) - size + 1)]


def _borrowed(piece: pt.Piece, most: int) -> int:
    return sum(run in _known(most + 1) for run in _windows(piece, most + 1))


def _off_fixed(piece: pt.Piece, constraint: pt.FixedNotes) -> int:
    found = {(n.onset, n.end - n.onset, n.pitch) for n in notes_of(piece) if n.part == 0}
    fixed = {(note[0], note[1], note[2]) for note in constraint.notes}
    faults = len(fixed - found)
    end = max(note[0] + note[1] for note in constraint.notes)  # type: ignore[operator]
    if len(piece.parts) > 1:
        return faults + sum(onset < end and (onset, d, p) not in fixed for onset, d, p in found)
    if constraint.others == "below":
        for t, row in moments(piece):
            tops = [p for o, d, p in fixed if o <= t < o + d]  # type: ignore[operator]
            faults += bool(tops) and max(n.pitch for n in row) > max(tops)  # type: ignore[type-var]
    return faults


class Tally(NamedTuple):
    """What came of random demands."""

    composed: int
    refused: int
    failed: int
    broken: list[str]


def tally(kind: str, seeds: range, step: Any = None) -> Tally:
    """Compose within random constraints, and count the violations."""
    composed = refused = failed = 0
    broken: list[str] = []
    for seed in seeds:
        rng = np.random.default_rng([seed, KINDS.index(kind)])
        constraints = draw(rng, kind)
        try:
            result = compose_within(kind, constraints, seed=seed, step=step)
        except PartimentoError:
            refused += 1
            continue
        composed, failed = composed + bool(result.pieces), failed + (not result.pieces)
        for piece in result.pieces:
            report = report_on(piece, constraints, result.scene)
            for constraint, finding in zip(constraints, report, strict=True):
                faults = violations(piece, constraint)
                if faults or not finding.holds or piece.length != 16:
                    broken.append(f"{kind} {seed}: {constraint!r} {faults} {finding}")
    return Tally(composed, refused, failed, broken)
