"""Read durations, pitches, keys, meters and tempos from the attributes of MEI."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any

from partimento.music.timelines import Key, Meter, Tempo

Element = Any
SEMITONES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
STEPS = "cdefgab"
SHARPS = "fcgdaeb"
NAMED_DURATIONS = {
    "maxima": 32,
    "long": 16,
    "longa": 16,
    "breve": 8,
    "brevis": 8,
    "semibrevis": 4,
    "minima": 2,
    "semiminima": 1,
}
DURATIONS = {name: Fraction(quarters) for name, quarters in NAMED_DURATIONS.items()}
DURATIONS |= {str(2**power): Fraction(4, 2**power) for power in range(12)}
DURATIONS |= {"fusa": Fraction(1, 2), "semifusa": Fraction(1, 4)}
# Accidentals in semitones: s for sharp, f for flat, with marks for quarter tones.
SEMITONES_UP = (
    "n 0, s 1, ss 2, x 2, ts 3, xs 3, sx 3, f -1, ff -2, tf -3, nf -1, ns 1, nu 1/2, nd -1/2,"
    " su 3/2, sd 1/2, fu -1/2, fd -3/2, 1qf -1/2, 3qf -3/2, 1qs 1/2, 3qs 3/2"
)
ALTERATIONS = {
    name: Fraction(semitones)
    for name, semitones in (entry.split() for entry in SEMITONES_UP.split(", "))
}
MINOR_LIKE = ("minor", "aeolian", "dorian", "phrygian", "locrian")
MOST_DOTS = 10
LARGEST = 1024  # number in a meter
BOTTOM_LINE = 30  # of a treble staff: E4, in steps from C0


def whole_number(text: str | None, default: int = 0, *, largest: int = 10**6) -> int:
    """Return a number, or `default` if the text is none or too large.

    >>> whole_number("-2"), whole_number("x"), whole_number("9" * 50, 1)
    (-2, 0, 1)
    """
    text = (text or "").strip()
    if not re.fullmatch(r"[+-]?\d{1,9}", text, re.ASCII):
        return default
    return int(text) if abs(int(text)) <= largest else default


def duration_of(element: Element, default: str, ppq: int) -> Fraction:
    """Return the duration of a note, chord or rest in quarters, without tuplets.

    It is 0 if unknown.

    Parameters
    ----------
    element : Element
    default : str
        The note value that is valid where an element has none.
    ppq : int
        The steps per quarter in which ``dur.ppq`` counts; 0 if unknown. It is used only for
        elements without a note value.
    """
    value = DURATIONS.get((element.get("dur") or "").strip())
    if value is None:
        steps = element.get("dur.ppq") or (element.get("dur.ges") or "").removesuffix("p")
        if ppq > 0 and whole_number(steps) > 0:
            return Fraction(whole_number(steps), ppq)
        value = DURATIONS.get(default)
    if value is None:
        return Fraction(0)
    dots = whole_number(element.get("dots"), sum(1 for _ in element.iterchildren("dot")))
    return value * (2 - Fraction(1, 2 ** min(max(dots, 0), MOST_DOTS)))


def stated_alteration(note: Element) -> Fraction | None:
    """Return the alteration of a note in semitones; None if it states none.

    The sounding accidental takes precedence over the written one.
    """
    holders = [note, *note.iter("accid")]
    for name in ("accid.ges", "accid"):
        for holder in holders:
            if (mark := holder.get(name)) in ALTERATIONS:
                return ALTERATIONS[mark]
    return None


def signature_alteration(step: str, fifths: int) -> int:
    """Return the alteration of a step, a letter, under a key signature.

    >>> signature_alteration("f", 1), signature_alteration("e", -2), signature_alteration("c", 1)
    (1, -1, 0)
    """
    if fifths > 0:
        return int(step in SHARPS[:fifths])
    return -int(step in SHARPS[::-1][: max(-fifths, 0)])


def natural_pitch(note: Element, default_octave: str) -> int | None:
    """Return the MIDI pitch of a note without its alteration; None if it has no pitch."""
    octave = note.get("oct.ges") or note.get("oct") or default_octave
    step = (note.get("pname.ges") or note.get("pname") or "").strip().lower()
    if step in SEMITONES and re.fullmatch(r"-?\d", octave.strip()):
        return 12 * (int(octave) + 1) + SEMITONES[step]
    if note.get("loc") is not None:  # unpitched: its position on the staff
        place = BOTTOM_LINE + whole_number(note.get("loc"), largest=50)
        return 12 * (place // 7 + 1) + SEMITONES[STEPS[place % 7]]
    return None


def key_of(element: Element) -> Key | None:
    """Read the key of a ``keySig``, ``scoreDef`` or ``staffDef``, or None."""
    prefixes = ("",) if element.tag == "keySig" else ("key.", "keysig.")
    sig = next(
        (
            value
            for name in ("sig", "keysig", "key.sig")
            if (value := element.get(name)) and (name != "sig" or element.tag == "keySig")
        ),
        "",
    )
    match = re.fullmatch(r"([0-7])([sf])?", sig.strip())
    if match is None:
        return None
    fifths = int(match[1]) * (-1 if match[2] == "f" else 1)
    mode = next((element.get(f"{one}mode") for one in prefixes if element.get(f"{one}mode")), "")
    if not mode:
        mode = _mode_of_tonic(element, prefixes, fifths)
    return Key(fifths, "minor" if mode in MINOR_LIKE else "major")


def _mode_of_tonic(element: Element, prefixes: tuple[str, ...], fifths: int) -> str:
    """Return the mode that a stated tonic has under a key signature."""
    for prefix in prefixes:
        step = element.get(f"{prefix}pname")
        if step in SEMITONES:
            altered = ALTERATIONS.get(element.get(f"{prefix}accid") or "n", Fraction(0))
            tonic = SHARPS.index(step) - 1 + 7 * int(altered)
            return "minor" if tonic - fifths == 3 else "major"
    return ""


def meter_of(element: Element) -> Meter | None:
    """Read the meter of a ``meterSig``, ``scoreDef`` or ``staffDef``, or None.

    Raises
    ------
    ValueError
        If there is no such meter.
    """
    prefix = "" if element.tag == "meterSig" else "meter."
    count, unit = element.get(f"{prefix}count"), element.get(f"{prefix}unit")
    if count and unit:
        beats = [whole_number(part, largest=LARGEST) for part in count.split("+")]
        lower = whole_number(unit, largest=LARGEST)
        if not all(beats) or lower <= 0:
            raise ValueError(f"no such meter: {count[:20]}/{unit[:20]}")
        return Meter(sum(beats), lower)
    symbol = element.get(f"{prefix}sym")
    return {"common": Meter(4, 4), "cut": Meter(2, 2)}.get(symbol or "")


def meter_of_group(group: Element) -> Meter | None:
    """Read the meter of a ``meterSigGrp``, the sum or the first of its meters.

    Raises
    ------
    ValueError
        If there is no such meter.
    """
    meters = [meter for one in group.iterchildren("meterSig") if (meter := meter_of(one))]
    if not meters or group.get("func") not in ("additive", "mixed"):
        return meters[0] if meters else None
    lower = math.lcm(*(meter.denominator for meter in meters))
    return Meter(sum(m.numerator * lower // m.denominator for m in meters), lower)


def tempo_of(element: Element) -> Tempo | None:
    """Read the tempo of a ``tempo`` or ``scoreDef`` element; None if it has none.

    Raises
    ------
    ValueError
        If there is no such tempo.
    """
    bpm = _number(element.get("midi.bpm"))
    if bpm is None and (microseconds := _number(element.get("midi.mspb"))):
        bpm = 60_000_000 / microseconds
    if bpm is None and (beats := _number(element.get("mm"))) is not None:
        unit = DURATIONS.get(element.get("mm.unit") or "4", Fraction(1))
        dots = min(whole_number(element.get("mm.dots")), MOST_DOTS)
        bpm = beats * float(unit * (2 - Fraction(1, 2 ** max(dots, 0))))
    if bpm is None:
        return None
    try:
        return Tempo.from_bpm(bpm)
    except (ValueError, ArithmeticError):
        raise ValueError(f"no such tempo: {bpm:g} quarter notes per minute") from None


def _number(text: str | None) -> float | None:
    match = re.fullmatch(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*", text or "", re.ASCII)
    return float(match[1]) if match else None
