"""Read the notes of one layer in one measure of MEI."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from partimento.io.mei.document import XML_ID
from partimento.io.mei.staves import Staff
from partimento.io.mei.values import (
    duration_of,
    key_of,
    natural_pitch,
    signature_alteration,
    stated_alteration,
    whole_number,
)
from partimento.io.written import TIE_START, TIE_STOP
from partimento.music.fermatas import BREATH, FERMATA

Element = Any
# Elements that contain no music of their own layer.
NO_MUSIC = frozenset(
    ("accid", "artic", "clef", "del", "dot", "fing", "label", "orig", "ossia", "syl", "verse")
)
WHOLE_MEASURE = ("mRest", "mSpace")
WHOLE_RESTS = ("1", "breve")
REPEATED_MEASURE = ("mRpt", "mRpt2", "multiRpt")
HALF = Fraction(1, 2)
MOST_MEASURES = 1000  # of one multi-measure rest
PREFERRED = ("corr", "reg", "expan", "lem", "add")


# Elements that end a phrase: the attribute with the id of a note, and the flag of the note.
PHRASE_LINKS = {
    "fermata": ("startid", FERMATA),
    "breath": ("startid", BREATH),
    "caesura": ("startid", BREATH),
    "phrase": ("endid", BREATH),
}


class TupletSpan(NamedTuple):
    """A tuplet that is given by its first and last note.

    `factor` scales the durations; `end` is the id of the last note.
    """

    end: str
    factor: Fraction


@dataclass
class Links:
    """The ties, tuplets and phrase ends of a document that refer to notes by id.

    `marks` has the flags of the notes under fermatas, and of those at which phrases end.
    """

    tie_starts: set[str] = field(default_factory=set)
    tie_ends: set[str] = field(default_factory=set)
    tuplets: dict[str, TupletSpan] = field(default_factory=dict)
    marks: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Element) -> Links:
        """Collect the links of a document."""
        links = cls()
        for tie in root.iter("tie"):
            links.tie_starts.add(tie.get("startid", "").removeprefix("#"))
            links.tie_ends.add(tie.get("endid", "").removeprefix("#"))
        for tag, (name, mark) in PHRASE_LINKS.items():
            for element in root.iter(tag):
                if note := element.get(name, "").removeprefix("#"):
                    links.marks[note] = links.marks.get(note, 0) | mark
        for span in root.iter("tupletSpan"):
            if factor := tuplet_factor(span):
                start, end = (span.get(name, "").removeprefix("#") for name in ("startid", "endid"))
                links.tuplets[start] = TupletSpan(end, factor)
        for ids in (links.tie_starts, links.tie_ends):
            ids.discard("")
        return links


class LayerNote(NamedTuple):
    """A note; its onset counts from the beginning of the measure."""

    onset: Fraction
    duration: Fraction
    pitch: int
    ties: int
    velocity: int
    mark: int = 0


def tuplet_factor(tuplet: Element) -> Fraction:
    """Return the factor by which a tuplet scales durations; 0 if it states none."""
    num, base = (whole_number(tuplet.get(name), largest=1000) for name in ("num", "numbase"))
    return Fraction(base, num) if num > 0 and base > 0 else Fraction(0)


def chosen(element: Element) -> Element | None:
    """Return the version of a ``choice``, ``app`` or ``subst`` that is read."""
    children = list(element)
    for tag in PREFERRED:
        for child in children:
            if child.tag == tag:
                return child
    return children[0] if children else None


class LayerReader:
    """Read a layer, element by element.

    Parameters
    ----------
    staff : Staff
    links : Links
    warn : callable
        Reports something that cannot be read.
    beat : Fraction
        The length of a beat, for repeated beats.
    bar : Fraction
        The length of a measure by its meter.
    by_signature : bool
        Whether notes without an accidental follow the key signature and the accidentals before
        them in the measure.
    tied : dict
        The alterations of tied notes of the staff by step and octave, if `by_signature`.

    Attributes
    ----------
    notes : list of LayerNote
    breaks : list of Fraction
        The times at which phrases end with a rest.
    now : Fraction
        The time that was reached.
    measures : int
        The number of measures for which the layer rests; 0 if it has other music.
    repeats : int
        How many measures back the measure is that this one repeats; 0 for none.
    """

    def __init__(
        self,
        staff: Staff,
        links: Links,
        warn: Callable[[str], None],
        *,
        beat: Fraction,
        bar: Fraction,
        by_signature: bool,
        tied: dict[tuple[str, str], Fraction],
    ) -> None:
        self.staff, self.links, self.warn, self.beat, self.bar = staff, links, warn, beat, bar
        self.by_signature, self.tied = by_signature, tied
        self.accidentals: dict[tuple[str, str], Fraction] = {}
        self.notes: list[LayerNote] = []
        self.breaks: list[Fraction] = []
        self.now = Fraction(0)
        self.measures = self.repeats = 0
        self.spans: list[TupletSpan] = []

    def read(self, parent: Element, factor: Fraction = Fraction(1), *, grace: bool = False) -> None:
        """Read the children of an element.

        Parameters
        ----------
        parent : Element
        factor : Fraction
            By which tuplets scale durations.
        grace : bool
            Whether the children are grace notes.
        """
        for element in parent:
            tag = element.tag
            if tag in ("note", "chord"):
                self._event(element, factor, grace=grace)
            elif tag in ("rest", "space"):
                self._rest(element, factor, grace=grace)
            elif tag == "tuplet":
                self.read(element, factor * (tuplet_factor(element) or 1), grace=grace)
            elif tag == "graceGrp":
                self.read(element, factor, grace=True)
            elif tag == "fTrem":  # each of its two notes is written with the whole duration
                self.read(element, factor * HALF, grace=grace)
            elif tag in ("choice", "app", "subst"):
                if (version := chosen(element)) is not None:
                    self.read(version, factor, grace=grace)
            elif tag in WHOLE_MEASURE:
                self.measures = max(self.measures, 1)
                if self._mark(element):
                    self.breaks.append(self.bar)
            elif tag == "multiRest":
                self.measures = max(whole_number(element.get("num"), 1, largest=MOST_MEASURES), 1)
            elif tag in REPEATED_MEASURE:
                self.repeats = {"mRpt2": 2}.get(tag, whole_number(element.get("num"), 1)) or 1
            elif tag in ("beatRpt", "halfmRpt"):
                self._repeat(self.beat if tag == "beatRpt" else self.bar / 2)
            elif tag == "keySig":
                self.staff.key = key_of(element) or self.staff.key
            elif tag not in NO_MUSIC:
                self.read(element, factor, grace=grace)

    def _rest(self, rest: Element, factor: Fraction, *, grace: bool) -> None:
        length = Fraction(0) if grace else self._length(rest, factor)
        is_alone = not self.now and not self.notes and rest.getnext() is None
        if is_alone and rest.get("dur") in WHOLE_RESTS and length > self.bar:
            self.measures = max(self.measures, 1)  # a whole rest in the place of a measure rest
            length = Fraction(0)
        self.now += length
        if self._mark(rest):
            self.breaks.append(self.now or self.bar)

    def _mark(self, *elements: Element) -> int:
        """Return the flags of a note, chord or rest."""
        mark = 0
        for element in elements:
            mark |= self.links.marks.get(element.get(XML_ID, ""), 0)
            mark |= FERMATA if element.get("fermata") else 0
        return mark

    def _repeat(self, length: Fraction) -> None:
        """Repeat the music of the time before."""
        start = self.now - length
        self.notes += [
            note._replace(onset=note.onset + length)
            for note in self.notes
            if start <= note.onset < self.now
        ]
        self.now += length

    def _length(self, element: Element, factor: Fraction) -> Fraction:
        """Return the duration of an element, scaled by the tuplets that contain it."""
        name = element.get(XML_ID, "")
        if name in self.links.tuplets:
            self.spans.append(self.links.tuplets[name])
        for span in self.spans:
            factor *= span.factor
        self.spans = [span for span in self.spans if span.end != name]
        return duration_of(element, self.staff.duration, self.staff.ppq) * factor

    def _event(self, event: Element, factor: Fraction, *, grace: bool) -> None:
        """Read a note or a chord."""
        notes = [event] if event.tag == "note" else list(event.iter("note"))
        grace = grace or event.get("grace") is not None
        duration = Fraction(0) if grace else self._length(event, factor)
        if not duration and not grace and notes and event.tag == "chord":
            duration = self._length(notes[0], factor)
        if not duration and not grace:
            self.warn("a note has no duration")
            return
        is_chord = False
        for note in notes:
            # The pitch is read even of a cue, because its accidental is valid after it.
            pitch = self._pitch(note)
            if pitch is None or event.get("cue") == "true" or note.get("cue") == "true":
                continue
            ties = self._ties(note, event) if not grace else -int(is_chord)
            velocity = min(max(whole_number(note.get("vel"), 80), 1), 127)
            mark = 0 if grace else self._mark(note, event)
            self.notes.append(LayerNote(self.now, duration, pitch, ties, velocity, mark))
            is_chord = True
        self.now += duration

    def _ties(self, note: Element, event: Element) -> int:
        names = {note.get(XML_ID), event.get(XML_ID)}
        marks = (note.get("tie") or "") + (event.get("tie") or "")
        ties = 0
        if "i" in marks or "m" in marks or not names.isdisjoint(self.links.tie_starts):
            ties |= TIE_START
        if "t" in marks or "m" in marks or not names.isdisjoint(self.links.tie_ends):
            ties |= TIE_STOP
        return ties

    def _pitch(self, note: Element) -> int | None:
        """Return the sounding pitch of a note; None with a warning if there is none."""
        if note.get("pnum") is not None and note.get("pname") is None:
            pitch = Fraction(whole_number(note.get("pnum"), -1))
        else:
            natural = natural_pitch(note, self.staff.octave)
            if natural is None:
                self.warn(f"a note has no pitch: {note.get('pname', '')[:10]!r}")
                return None
            pitch = natural + self._alteration(note) + self.staff.semitones
        # Quarter tones are rounded up.
        sounding = (pitch + HALF).__floor__()
        if not 0 <= sounding <= 127:
            self.warn(f"a pitch is outside 0 to 127: {sounding}")
            return None
        return sounding

    def _alteration(self, note: Element) -> Fraction:
        stated = stated_alteration(note)
        if not self.by_signature or not note.get("pname"):
            return stated or Fraction(0)
        step = note.get("pname", "")
        place = (step, note.get("oct", self.staff.octave))
        ties = self._ties(note, note)
        if stated is not None:
            self.accidentals[place] = stated
        elif ties & TIE_STOP and place in self.tied:
            stated = self.tied[place]
        else:
            fifths = self.staff.key.fifths if self.staff.key else 0
            default = Fraction(signature_alteration(step, fifths))
            stated = self.accidentals.get(place, default)
        if ties & TIE_START:
            self.tied[place] = stated
        else:
            self.tied.pop(place, None)
        return stated


def repeated(history: Mapping[int, list[LayerNote]], measure: int, back: int) -> list[LayerNote]:
    """Return the notes of an earlier measure of the same layer."""
    return history.get(measure - back, [])
