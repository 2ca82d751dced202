"""What a MusicXML document says about its notes: numbers, metres, keys, tempos."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any

from partimento.corpus.errors import UnfitError
from partimento.piece import Key, Meter, Tempo

Element = Any
MINOR_LIKE = ("minor", "aeolian", "dorian", "phrygian", "locrian")
FINEST = 10_000  # denominators of decimal durations: the standard allows them, and thirds come as 0.3333333
UNITS = {"maxima": 32, "long": 16, "breve": 8, "whole": 4, "half": 2, "quarter": 1, "eighth": Fraction(1, 2)} | {
    name: Fraction(4, size) for name, size in (("16th", 16), ("32nd", 32), ("64th", 64), ("128th", 128), ("256th", 256), ("512th", 512))
}


def exact(text: str | None, what: str) -> Fraction:
    """A number of the document.

    Raises
    ------
    UnfitError
        If it is none.
    """
    try:
        if text is None or len(text) > 50:
            raise ValueError
        value = Fraction(float(text) if "e" in text.lower() else text.strip())  # a whole number of 10**999999 would fill the memory
    except (ValueError, ArithmeticError):
        raise UnfitError(f"{what} is no number: {'nothing' if text is None else repr(text[:20])}") from None
    return value if value.denominator == 1 else value.limit_denominator(FINEST)


def whole(text: str | None, what: str) -> int:
    """A whole number of the document."""
    value = exact(text, what)
    if value.denominator != 1:
        raise UnfitError(f"{what} is no whole number: {text!r}")
    return value.numerator


def meter_of(time: Element) -> Meter | None:
    """A time signature; ``3+2`` beats are five, and two signatures in a row one of both. None: without metre.

    Raises
    ------
    ValueError
        If there is no such metre.
    """
    if time.find("senza-misura") is not None:
        return None
    pairs = list(zip(_numbers(time, "beats"), _numbers(time, "beat-type"), strict=False))
    if not pairs:
        return None
    if any(lower <= 0 for _, lower in pairs):
        raise UnfitError(f"no such metre: {pairs[0][0]}/{pairs[0][1]}")
    denominator = math.lcm(*(lower for _, lower in pairs))
    return Meter(sum(upper * denominator // lower for upper, lower in pairs), denominator)


def _numbers(time: Element, tag: str) -> list[int]:
    return [sum(whole(term, tag) for term in (element.text or "").split("+")) for element in time.iterchildren(tag)]


def key_of(key: Element, shift: int) -> Key | None:
    """A key as it sounds `shift` fifths from where it is written; None if it is not one of the circle of fifths."""
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
    """How many semitones higher a part sounds than it is written, and how many fifths its keys are from the written ones."""
    chromatic = round(exact(transpose.findtext("chromatic", "0"), "a transposition"))
    octaves = whole(transpose.findtext("octave-change", "0"), "a transposition")
    diatonic = transpose.findtext("diatonic")
    if diatonic is not None:
        fifths = 7 * chromatic - 12 * whole(diatonic, "a transposition")
        fifths -= 12 * round(fifths / 12) if abs(fifths) > 7 else 0  # some count the octave into one of the two
    else:
        fifths = (7 * chromatic + 5) % 12 - 5
    return chromatic + 12 * octaves, fifths


def tempo_of(direction: Element) -> Tempo | None:
    """The tempo that a direction or sound gives: the sounding one if it says it, else that of its metronome mark.

    Raises
    ------
    UnfitError
        If no music can have it.
    """
    sound = direction if direction.tag == "sound" else next((s for s in direction.iterchildren("sound") if s.get("tempo")), None)
    said = sound.get("tempo") or None if sound is not None else None
    bpm = _metronome(direction) if said is None else float(exact(said, "a tempo"))
    if not bpm:
        return None
    try:
        return Tempo.from_bpm(bpm)
    except (ValueError, OverflowError) as error:
        raise UnfitError(f"no such tempo: {bpm:g} quarter notes a minute") from error


def _metronome(direction: Element) -> float:
    """Quarter notes a minute; 0 where a mark only compares note values, or says none."""
    mark = direction.find("direction-type/metronome")
    if mark is None or len(mark.findall("beat-unit")) != 1:
        return 0
    number = re.search(r"\d+(\.\d+)?", (mark.findtext("per-minute") or "")[:50])
    unit = UNITS.get((mark.findtext("beat-unit") or "").strip())
    if number is None or unit is None:
        return 0
    dots = min(len(mark.findall("beat-unit-dot")), 4)
    return float(Fraction(number[0]) * unit * (2 - Fraction(1, 2**dots)))
