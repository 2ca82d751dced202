"""Transpose a MusicXML document: notes, keys, chord symbols and tablatures.

Names move along the line of fifths by as many places as the key signature. They keep their relation
to the key, so that the same notes show accidentals.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from lxml import etree

from partimento.io.musicxml.elements import parts_of, remove
from partimento.io.musicxml.marks import (
    MINOR_LIKE,
    STEPS,
    Instruments,
    exact,
    transposition_of,
    whole,
)
from partimento.music.timelines import Key
from partimento.music.transpose import fifths_between

Element = Any
LETTERS = "CDEFGAB"
ACCIDENTALS = {
    Fraction(-3): "triple-flat", Fraction(-2): "flat-flat", Fraction(-3, 2): "three-quarters-flat",
    Fraction(-1): "flat", Fraction(-1, 2): "quarter-flat", Fraction(0): "natural",
    Fraction(1, 2): "quarter-sharp", Fraction(1): "sharp", Fraction(3, 2): "three-quarters-sharp",
    Fraction(2): "double-sharp", Fraction(3): "triple-sharp",
}  # fmt: skip
# The alterations of accidentals; those that cancel another one are equal to those that do not.
ALTERS = {name: alter for alter, name in ACCIDENTALS.items()} | {
    "sharp-sharp": Fraction(2),
    "natural-sharp": Fraction(1),
    "natural-flat": Fraction(-1),
    "double-flat": Fraction(-2),
}
MOST_ALTER = 2  # notes with more accidentals are respelled
MOST_FIFTHS = 7
HIGHEST_FRET = 24
GUITAR = {1: 64, 2: 59, 3: 55, 4: 50, 5: 45, 6: 40}  # open strings of the standard tuning
LOWER_NEIGHBOR = ("mordent", "inverted-turn")


class Interval:
    """An interval by which names and pitches move.

    Parameters
    ----------
    semitones : int
    fifths : int
        By how many places names move on the line of fifths; it states the spelling.
    """

    def __init__(self, semitones: int, fifths: int) -> None:
        self.semitones, self.fifths = semitones, fifths
        self.steps = (7 * semitones - fifths) // 12

    def moved(self, step: str, alter: Fraction, octave: int) -> tuple[str, Fraction, int]:
        """Return a note name moved by the interval.

        >>> Interval(2, 2).moved("B", Fraction(-1), 4)
        ('C', Fraction(0, 1), 5)
        """
        pitch = STEPS[step] + 12 * octave + alter + self.semitones
        target = LETTERS.index(step) + 7 * octave + self.steps
        new = _spelled(pitch, target)
        if abs(new[1]) > MOST_ALTER:
            new = min(
                (_spelled(pitch, target + offset) for offset in (1, -1)), key=lambda n: abs(n[1])
            )
        return new


def _spelled(pitch: Fraction, degree: int) -> tuple[str, Fraction, int]:
    octave, letter = divmod(degree, 7)
    name = LETTERS[letter]
    return name, pitch - STEPS[name] - 12 * octave, octave


def transpose(root: Element, semitones: str | int) -> None:
    """Transpose all parts but drums; `root` is changed."""
    for listed, part in parts_of(root):
        if not Instruments.of(listed).is_drum:
            _Part(int(semitones)).transpose(part)


class _Part:
    """Transpose a part from its start to its end.

    Parameters
    ----------
    semitones : int
    """

    def __init__(self, semitones: int) -> None:
        self.semitones = semitones
        self.shift = 0  # fifths from written to sounding
        self.written = Key()
        self.interval = self._interval()
        self.tunings: dict[str, dict[int, int]] = {}  # staff → string → open pitch

    def _interval(self) -> Interval:
        """Return the interval of names in the key that is valid now."""
        sounding = self.written.fifths + self.shift
        sounding -= 12 * round(sounding / 12) if abs(sounding) > MOST_FIFTHS else 0
        fifths = fifths_between(Key(sounding, self.written.mode), self.semitones)
        new = self.written.fifths + fifths
        if abs(new) > MOST_FIFTHS:  # the key of a transposing instrument
            fifths += -12 if new > 0 else 12
        return Interval(self.semitones, fifths)

    def transpose(self, part: Element) -> None:
        for measure in part.iterchildren("measure"):
            for element in list(measure):
                if element.tag == "attributes":
                    self._attributes(element)
                elif element.tag == "note":
                    self._note(element)
                elif element.tag == "harmony":
                    self._harmony(element)

    def _attributes(self, attributes: Element) -> None:
        for details in attributes.iterchildren("staff-details"):
            self._tuning(details)
        transposition = attributes.find("transpose")
        if transposition is not None:
            self.shift = transposition_of(transposition)[1]
        keys = list(attributes.iterchildren("key"))
        for key in keys:
            text = key.findtext("fifths")
            if text is not None:
                fifths = whole(text, "a key")
                mode = (key.findtext("mode") or "").strip()
                fifths = max(-MOST_FIFTHS, min(MOST_FIFTHS, fifths))
                self.written = Key(fifths, "minor" if mode in MINOR_LIKE else "major")
        if keys or transposition is not None:
            self.interval = self._interval()
        for key in keys:
            self._key(key)

    def _key(self, key: Element) -> None:
        fifths = self.interval.fifths
        for tag in ("fifths", "cancel"):
            element = key.find(tag)
            if element is not None:
                element.text = str(whole(element.text, "a key") + fifths)
        cancel = key.find("cancel")
        if cancel is not None and abs(int(cancel.text)) > MOST_FIFTHS:
            key.remove(cancel)
        for step in key.iterchildren("key-step"):
            alter = step.getnext()
            name, moved, _ = self.interval.moved(step.text.strip(), exact(alter.text, "a key"), 4)
            step.text, alter.text = name, _number(moved)

    def _tuning(self, details: Element) -> None:
        lines = whole(details.findtext("staff-lines") or "6", "the lines of a staff")
        strings = self.tunings.setdefault(details.get("number", "1"), {})
        for tuning in details.iterchildren("staff-tuning"):
            step = (tuning.findtext("tuning-step") or "C").strip()
            alter = exact(tuning.findtext("tuning-alter") or "0", "a tuning")
            octave = whole(tuning.findtext("tuning-octave") or "4", "a tuning")
            string = lines + 1 - whole(tuning.get("line", "1"), "a line")
            strings[string] = int(STEPS.get(step, 0) + alter + 12 * (octave + 1))

    def _note(self, note: Element) -> None:
        pitch = note.find("pitch")
        if pitch is None:
            return
        step, alteration = pitch.find("step"), pitch.find("alter")
        old = (step.text or "").strip(), _alter(alteration)
        if old[0] not in STEPS:
            return
        octave = pitch.find("octave")
        name, alter, new_octave = self.interval.moved(*old, whole(octave.text, "an octave"))
        step.text, octave.text = name, str(new_octave)
        _set_alter(pitch, step, alter)
        accidental = note.find("accidental")
        if accidental is not None and alter in ACCIDENTALS:
            accidental.text = _same_kind(accidental.text, old[1], alter)
        for mark in note.iter("accidental-mark"):
            self._accidental_mark(mark, old[0])
        self._fingering(note, old[0])

    def _accidental_mark(self, mark: Element, step: str) -> None:
        """Change the accidental of the neighbor note of an ornament."""
        before = mark.getprevious()
        is_lower = mark.get("placement") == "below" or (
            before is not None and before.tag in LOWER_NEIGHBOR and not mark.get("placement")
        )
        degree = LETTERS.index(step) + (-1 if is_lower else 1)
        alter = ALTERS.get((mark.text or "").strip())
        if alter is not None:
            _, moved, _ = self.interval.moved(LETTERS[degree % 7], alter, 4)
            mark.text = ACCIDENTALS.get(moved, mark.text)

    def _fingering(self, note: Element, step: str) -> None:
        """Move the fret, or choose another string where the fret does not fit."""
        fret = note.find("notations/technical/fret")
        string = note.find("notations/technical/string")
        if fret is None or not (fret.text or "").strip().isdigit():
            if string is not None and self.semitones:
                remove(string)  # the string of the old pitch
            return
        moved = int(fret.text) + self.semitones
        if 0 <= moved <= HIGHEST_FRET:
            fret.text = str(moved)
            return
        number = (string.text or "").strip() if string is not None else ""
        tuning = self.tunings.get((note.findtext("staff") or "1").strip()) or {}
        if not tuning and number.isdigit() and _is_guitar(int(number), int(fret.text), step):
            tuning = GUITAR
        here = tuning.get(int(number)) if number.isdigit() else None
        if here is not None and string is not None:
            taken = _strings_of_chord(note)
            fitting = {
                here + moved - open_pitch: other
                for other, open_pitch in sorted(tuning.items())
                if other not in taken and 0 <= here + moved - open_pitch <= HIGHEST_FRET
            }
            if fitting:
                fret.text, string.text = str(min(fitting)), str(fitting[min(fitting)])
                return
        remove(fret)
        if string is not None:
            remove(string)

    def _harmony(self, harmony: Element) -> None:
        for tag in ("root", "bass"):
            for name in harmony.iterchildren(tag):
                step = name.find(f"{tag}-step")
                if step is None or (step.text or "").strip() not in STEPS:
                    continue
                alteration = name.find(f"{tag}-alter")
                letter, alter, _ = self.interval.moved(step.text.strip(), _alter(alteration), 4)
                step.text = letter
                step.attrib.pop("text", None)
                if alteration is not None:
                    alteration.attrib.pop("text", None)
                _set_alter(name, step, alter, f"{tag}-alter")
        for frame in list(harmony.iterchildren("frame")):
            harmony.remove(frame)  # the fingering of another chord
        for fifths in harmony.iter("numeral-fifths"):
            fifths.text = str(whole(fifths.text, "a key") + self.interval.fifths)


def _is_guitar(string: int, fret: int, step: str) -> bool:
    """Return whether a note may be on this string and fret of a guitar."""
    open_pitch = GUITAR.get(string)
    if open_pitch is None:
        return False
    distance = (open_pitch + fret - STEPS[step]) % 12
    return min(distance, 12 - distance) <= 1  # the accidental


def _strings_of_chord(note: Element) -> Sequence[int]:
    """Return the strings that other notes of the same chord use."""
    strings = []
    sibling = note
    while sibling.find("chord") is not None and sibling.getprevious() is not None:
        sibling = sibling.getprevious()
        strings.append(sibling.findtext("notations/technical/string") or "")
    sibling = note.getnext()
    while sibling is not None and sibling.tag == "note" and sibling.find("chord") is not None:
        strings.append(sibling.findtext("notations/technical/string") or "")
        sibling = sibling.getnext()
    return [int(text) for text in strings if text.strip().isdigit()]


def _alter(element: Element | None) -> Fraction:
    if element is None or not (element.text or "").strip():
        return Fraction(0)
    return exact(element.text, "an accidental")


def _set_alter(parent: Element, step: Element, alter: Fraction, tag: str = "alter") -> None:
    """Set the alteration that follows a step; 0 is not written."""
    element = parent.find(tag)
    if not alter:
        if element is not None:
            parent.remove(element)
        return
    if element is None:
        element = etree.Element(tag)
        step.addnext(element)
    element.text = _number(alter)


def _number(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float(value):g}"


def _same_kind(old: str | None, before: Fraction, after: Fraction) -> str:
    """Return the sign of an alteration; an unchanged one keeps its sign."""
    if before == after and old:
        return old
    return ACCIDENTALS[after]
