"""Read numbers, pitches, meters, keys, tempos and instruments from MusicXML."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any

from partimento.errors import InvalidScoreError
from partimento.music.fermatas import BREATH, FERMATA
from partimento.music.timelines import Key, Meter, Tempo

Element = Any
MINOR_LIKE = ("minor", "aeolian", "dorian", "phrygian", "locrian")
# The greatest denominator of a decimal duration. The standard allows these, for example 0.3333333.
FINEST = 10_000
MOST_DOTS = 4
LARGEST_METER = 1024  # the greatest number in a meter
MOST_SEMITONES = 128  # the largest transposition
ROUNDED = 0.02  # relative difference of a printed tempo from the exact one, at most
BREATHS = ("breath-mark", "caesura")
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
# A fast look-up of usual spellings: (step, alter if present, octave) as in the document → pitch.
PITCHES = {
    (step, *alter, str(octave)): 12 * (octave + 1) + STEPS[step] + int(*alter)
    for step in STEPS
    for octave in range(9)  # all pitches are then within 0 to 127
    for alter in ((), ("0",), ("1",), ("-1",), ("2",), ("-2",))
}
LONG_UNITS = {"maxima": 32, "long": 16, "breve": 8, "whole": 4, "half": 2, "quarter": 1}
UNITS = {name: Fraction(quarters) for name, quarters in LONG_UNITS.items()} | {
    "eighth": Fraction(1, 2),
    "32nd": Fraction(1, 8),
}
UNITS |= {f"{size}th": Fraction(4, size) for size in (16, 64, 128, 256, 512, 1024)}


def exact(text: str | None, what: str, *, finest: int = FINEST) -> Fraction:
    """Parse a number.

    Parameters
    ----------
    text : str or None
    what : str
        Names the number in the error message: ``a duration``.
    finest : int
        The greatest denominator; other fractions are rounded.

    Raises
    ------
    InvalidScoreError
        If the text is not a number.
    """
    try:
        if text is None or len(text) > 50:
            raise ValueError
        # Through a float, because Fraction("1e999999") would fill the memory.
        value = Fraction(float(text) if "e" in text.lower() else text.strip())
    except (ValueError, ArithmeticError):
        raise InvalidScoreError(
            f"{what} is not a number: {'nothing' if text is None else repr(text[:20])}"
        ) from None
    return value if value.denominator == 1 else value.limit_denominator(finest)


def whole(text: str | None, what: str) -> int:
    """Parse an integer, which may be written as a decimal; errors as for `exact`."""
    try:
        return int(text)  # type: ignore[arg-type]  # `exact` reports a missing text
    except (TypeError, ValueError):
        value = exact(text, what)
    if value.denominator != 1:
        raise InvalidScoreError(f"{what} is not a whole number: {str(text)[:20]!r}")
    return value.numerator


def written_value(kind: str | None, dots: int, ratio: tuple[str | None, ...]) -> Fraction:
    """Return the quarters that the type, the dots and the tuplet of a note state.

    Parameters
    ----------
    kind : str or None
        The type: ``eighth``.
    dots : int
    ratio : tuple of str
        The numbers of actual and of normal notes, or nothing outside tuplets.

    Returns
    -------
    Fraction
        0 if they are incomplete.
    """
    unit = UNITS.get((kind or "").strip())
    if unit is None or dots > MOST_DOTS:
        return Fraction(0)
    value = unit * (2 - Fraction(1, 2**dots))
    if not ratio:
        return value
    actual, normal = ((text or "").strip() for text in ratio)
    if not all(n.isascii() and n.isdigit() and 0 < len(n) < 4 for n in (actual, normal)):
        return Fraction(0)
    return value * int(normal) / int(actual) if int(actual) else Fraction(0)


def meter_of(time: Element) -> Meter | None:
    """Read a time signature; return None for music without meter.

    ``3+2`` beats are five beats. Several signatures in a row are added to one meter.

    Raises
    ------
    InvalidScoreError, ValueError
        If there is no such meter.
    """
    if time.find("senza-misura") is not None:
        return None
    pairs = list(zip(_numbers(time, "beats"), _numbers(time, "beat-type"), strict=False))
    if not pairs:
        return None
    if any(abs(number) > LARGEST_METER for pair in pairs for number in pair):
        raise InvalidScoreError(f"no such meter: a number in it is larger than {LARGEST_METER}")
    if any(lower <= 0 for _, lower in pairs):
        raise InvalidScoreError(f"no such meter: {pairs[0][0]}/{pairs[0][1]}")
    denominator = math.lcm(*{lower for _, lower in pairs})
    if denominator > LARGEST_METER:
        raise InvalidScoreError(
            f"no such meter: its beats have no common unit up to 1/{LARGEST_METER}"
        )
    return Meter(sum(upper * denominator // lower for upper, lower in pairs), denominator)


def _numbers(time: Element, tag: str) -> list[int]:
    return [
        sum(whole(term, tag) for term in (element.text or "").split("+"))
        for element in time.iterchildren(tag)
    ]


def key_of(key: Element, shift: int) -> Key | None:
    """Read a key signature and transpose it by `shift` fifths.

    Returns None if it has more than seven accidentals, or unusual ones.
    """
    fifths = key.findtext("fifths")
    if fifths is None:
        return None
    sounding = whole(fifths, "a key") + shift
    if abs(sounding) > 7 and shift:
        sounding -= 12 if sounding > 0 else -12
    if abs(sounding) > 7:
        return None
    minor = (key.findtext("mode") or "").strip() in MINOR_LIKE
    return Key(sounding, "minor" if minor else "major")


def transposition_of(transpose: Element) -> tuple[int, int]:
    """Read a transposition: semitones for pitches, and fifths for key signatures.

    Both lead from written to sounding.
    """
    chromatic = round(exact(transpose.findtext("chromatic", "0"), "a transposition"))
    octaves = whole(transpose.findtext("octave-change", "0"), "a transposition")
    diatonic = whole(transpose.findtext("diatonic", "0"), "a transposition")
    if max(abs(chromatic), abs(octaves), abs(diatonic)) > MOST_SEMITONES:
        raise InvalidScoreError(f"no such transposition: it is larger than {MOST_SEMITONES}")
    if transpose.find("diatonic") is not None:
        fifths = 7 * chromatic - 12 * diatonic
        # Some programs include the octave in one of the two numbers only.
        fifths -= 12 * round(fifths / 12) if abs(fifths) > 7 else 0
    else:
        fifths = (7 * chromatic + 5) % 12 - 5
    return chromatic + 12 * octaves, fifths


def tempo_of(direction: Element) -> Tempo | None:
    """Read the tempo of a ``direction`` or ``sound`` element; None if it has none.

    The printed metronome mark takes precedence. The tempo for playback is used if it is nearly the
    same (it is then more exact), or if no mark is printed.

    Raises
    ------
    InvalidScoreError
        If the tempo is impossible.
    """
    sound = (
        direction
        if direction.tag == "sound"
        else next((s for s in direction.iterchildren("sound") if s.get("tempo")), None)
    )
    sounding_text = sound.get("tempo") if sound is not None else None
    sounding = float(exact(sounding_text, "a tempo", finest=10**12)) if sounding_text else 0.0
    printed = _metronome(direction)
    bpm = printed if printed and abs(sounding - printed) > ROUNDED * printed else sounding
    if not bpm:
        return None
    try:
        return Tempo.from_bpm(bpm)
    except (ValueError, OverflowError) as error:
        raise InvalidScoreError(f"no such tempo: {bpm:g} quarter notes per minute") from error


def _metronome(direction: Element) -> float:
    """Return the quarter notes per minute of a metronome mark.

    Returns 0 if the mark only compares note values or has no number.
    """
    mark = direction.find("direction-type/metronome")
    if mark is None or len(mark.findall("beat-unit")) != 1:
        return 0
    number = re.search(r"\d+(\.\d+)?", (mark.findtext("per-minute") or "")[:50])
    unit = UNITS.get((mark.findtext("beat-unit") or "").strip())
    if number is None or unit is None:
        return 0
    dots = min(len(mark.findall("beat-unit-dot")), 4)
    return float(Fraction(number[0]) * unit * (2 - Fraction(1, 2**dots)))


@dataclass(frozen=True)
class Instruments:
    """The instruments of a part.

    Attributes
    ----------
    program : int or None
        General MIDI program of the first instrument, 0 to 127.
    is_drum : bool
    sounds : dict of str to int
        Maps the id of an instrument in the document to the MIDI pitch of its one sound.
    """

    program: int | None = None
    is_drum: bool = False
    sounds: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, listed: Element | None) -> Instruments:
        """Read a ``score-part``."""
        midi = list(listed.iterchildren("midi-instrument")) if listed is not None else []
        if not midi:
            return cls()
        sounds = {
            m.get("id", ""): max(whole(m.findtext("midi-unpitched"), "a sound") - 1, 0)
            for m in midi
            if m.findtext("midi-unpitched")
        }
        number = (midi[0].findtext("midi-program") or "").strip()
        # max: some programs count from 0, against the standard.
        program = max(whole(number, "a program") - 1, 0) if number else None
        drum = (midi[0].findtext("midi-channel") or "").strip() == "10" or midi[0].get(
            "id", ""
        ) in sounds
        return cls(program if program is not None and program < 128 else None, drum, sounds)


def midi_of(step: str | None, octave: str | None, alter: str | None) -> int:
    """Return the MIDI pitch of a written one; it may be outside 0 to 127.

    Quarter tones are rounded up.

    Raises
    ------
    InvalidScoreError
        If there is no such pitch.
    """
    name = (step or "").strip().upper()
    if name not in STEPS:
        raise InvalidScoreError(f"not the name of a note: {name[:20]!r}")
    alteration = exact(alter, "an accidental") if alter and alter.strip() else Fraction(0)
    if abs(alteration) > 12:
        raise InvalidScoreError(f"no such accidental: {float(alteration):g} semitones")
    pitch = 12 * (whole(octave, "an octave") + 1) + STEPS[name] + alteration
    return int(pitch + Fraction(1, 2)) if pitch.denominator > 1 else int(pitch)


@lru_cache(maxsize=1024)
def velocity_of(dynamics: str) -> int:
    """Return the velocity of a loudness, which MusicXML states in percent of 90."""
    return min(max(round(float(exact(dynamics, "a loudness")) * 0.9), 1), 127)


def phrase_marks(note: Element) -> int:
    """Return the flags `FERMATA` and `BREATH` of a note."""
    marks = 0
    for notations in note.iterchildren("notations"):
        if notations.find("fermata") is not None:
            marks |= FERMATA
        for tag in BREATHS:
            if notations.find(f"articulations/{tag}") is not None:
                marks |= BREATH
    return marks


def fingering_of(note: Element) -> tuple[int, int]:
    """Return the string and the fret of a tablature note; -1 if it has none."""
    fingering = []
    for tag in ("string", "fret"):
        text = (note.findtext(f"notations/technical/{tag}") or "").strip()
        fingering.append(int(text) if text.isascii() and text.isdigit() and len(text) < 4 else -1)
    return fingering[0], fingering[1]
