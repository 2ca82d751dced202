"""Check accidentals, ties and ranges of a written score; see `lint`."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from partimento.notation.accidentals import signature_of
from partimento.notation.lint_place import Place, bars_of, voices_of
from partimento.notation.spelling import MAJOR_DEGREES, Spelling
from partimento.notation.written import WrittenPart, WrittenScore, WrittenSymbol

SIGNS = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}
MOST_LEDGER_LINES = 3
FARTHEST_LINE = 4  # steps from the middle line to the outer ones
LEAST_SHARE, BETTER_BY = 0.7, 0.15  # of the sounding time in a scale
RAISED_IN_MINOR = (6, 8)  # degrees above the relative major's tonic, in semitones
NATURALS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def name_of(name: Spelling) -> str:
    """Return a name to print: ``F#4``.

    >>> name_of(Spelling("F", 1, 4))
    'F#4'
    """
    return f"{name.step}{SIGNS.get(name.alter, '?')}{name.octave}"


def midi_of(name: Spelling) -> int:
    """Return the MIDI pitch of a name.

    >>> midi_of(Spelling("C", 1, 4))
    61
    """
    return NATURALS[name.step] + name.alter + 12 * (name.octave + 1)


def accidental(score: WrittenScore) -> Iterator[tuple[Place, str]]:
    """Find notes that lack an accidental, or whose accidental is another one."""
    for place, part, bar in bars_of(score):
        if part.is_drum or bar.changes_key:
            continue
        signature = signature_of(bar.key)
        valid: dict[tuple[int, str, int], int] = {}
        for staff, voice, symbol in sorted(bar.symbols(), key=_reading_order):
            for pitch in symbol.pitches:
                name = pitch.name
                line = (staff, name.step, name.octave)
                known = valid.get(line, signature.get(name.step, 0))
                if pitch.accidental is not None:
                    known = valid[line] = pitch.accidental
                if known != name.alter and not pitch.tied_from:
                    yield place._replace(voice=voice), f"{name_of(name)} needs an accidental"
                    valid[line] = name.alter


def _reading_order(row: tuple[int, str, WrittenSymbol]) -> tuple[Fraction, bool]:
    _, _, symbol = row
    return symbol.onset, not symbol.is_grace


def tie(score: WrittenScore) -> Iterator[tuple[Place, str]]:
    """Find ties that begin at a note, and end at none."""
    for number, part in enumerate(score.parts):
        open_ties: dict[int, list[tuple[Place, str]]] = {}  # by MIDI pitch
        for index, bar in enumerate(part.bars):
            place = Place(number, index, bar.number)
            for _, voice, symbol in sorted(bar.symbols(), key=_reading_order):
                if symbol.is_grace:
                    continue
                for pitch in symbol.pitches:
                    here, name = place._replace(voice=voice), name_of(pitch.name)
                    waiting = open_ties.setdefault(midi_of(pitch.name), [])
                    if pitch.tied_from and waiting:
                        waiting.pop(0)
                    elif pitch.tied_from:
                        yield here, f"a tie to {name} begins at no note"
                    if pitch.tied_to:
                        waiting.append((here, f"a tie from {name} leads to no note"))
        for waiting in open_ties.values():
            yield from waiting


def ledger_lines(score: WrittenScore) -> Iterator[tuple[Place, str]]:
    """Find bars on one staff whose notes all have many ledger lines on one side."""
    limit = FARTHEST_LINE + 2 * MOST_LEDGER_LINES + 1
    for place, part, bar in bars_of(score):
        for staff, clef in bar.clefs.items():
            steps = [
                pitch.step - clef.middle
                for own, _, symbol in bar.symbols()
                for pitch in symbol.pitches
                if own == staff
            ]
            if steps and not part.is_drum and (min(steps) > limit or max(steps) < -limit):
                yield place, f"all notes of staff {staff + 1} have many ledger lines"


def instrument_range(score: WrittenScore) -> Iterator[tuple[Place, str]]:
    """Find notes that an instrument cannot play."""
    for voice in voices_of(score):
        limits = voice.part.range
        for symbol in voice.symbols if limits else ():
            for pitch in symbol.pitches:
                if limits and not limits[0] <= midi_of(pitch.name) <= limits[1]:
                    yield voice.place, f"{name_of(pitch.name)} is out of range"


def key_signature(score: WrittenScore) -> Iterator[tuple[Place, str]]:
    """Find parts whose notes suit another key signature much better."""
    for number, part in enumerate(score.parts):
        share, best = _shares(part)
        if share < LEAST_SHARE and best > share + BETTER_BY:
            yield Place(number), f"{share:.0%} of the time is in the scale of the key signature"


def _shares(part: WrittenPart) -> tuple[float, float]:
    """Return the shares of time in the scale of the signature, and in the best."""
    inside = total = Fraction(0)
    time = [Fraction(0)] * 12
    for bar in part.bars if not part.is_drum else ():
        tonic = 7 * bar.key.fifths
        scale = {(tonic + degree) % 12 for degree in MAJOR_DEGREES}
        if bar.key.mode == "minor":
            scale |= {(tonic + degree) % 12 for degree in RAISED_IN_MINOR}
        for _, _, symbol in bar.symbols():
            for pitch in symbol.pitches:
                time[midi_of(pitch.name) % 12] += symbol.duration
                inside += symbol.duration * (midi_of(pitch.name) % 12 in scale)
                total += symbol.duration
    if not total:
        return 1.0, 1.0
    best = max(sum(time[(tonic + d) % 12] for d in MAJOR_DEGREES) for tonic in range(12))
    return float(inside / total), float(best / total)
