"""Read a MusicXML document as it is written, for `notation.lint`.

In contrast to `read`, nothing is joined or repaired: ties stay apart, voices keep their gaps, and
bars their lengths.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import Any

from partimento.analysis.voice_ranges import program_range
from partimento.errors import InvalidScoreError
from partimento.io.musicxml.marks import Instruments, exact, key_of, meter_of, written_value
from partimento.io.musicxml.own_documents import SOFTWARE
from partimento.io.musicxml.spanners import ends_of, pairs_of
from partimento.music.timelines import Key, Meter
from partimento.notation.spelling import Spelling
from partimento.notation.staves import Clef
from partimento.notation.written import (
    WrittenBar,
    WrittenPart,
    WrittenPitch,
    WrittenScore,
    WrittenSymbol,
)

Element = Any
ALTERS = {
    "flat-flat": -2,
    "double-flat": -2,
    "flat": -1,
    "natural": 0,
    "natural-flat": -1,
    "natural-sharp": 1,
    "sharp": 1,
    "double-sharp": 2,
    "sharp-sharp": 2,
}
FINAL = ("light-heavy", "heavy-heavy", "heavy")


def written_score(root: Element) -> WrittenScore:
    """Return what a document shows.

    Parameters
    ----------
    root : Element
        A ``score-partwise`` element; see `document.ScoreDocument`.

    Raises
    ------
    InvalidScoreError
        If it holds values that are no numbers.
    """
    listed = {element.get("id"): element for element in root.iterfind("part-list/score-part")}
    parts = [
        _PartReader(part).read(listed.get(part.get("id"))) for part in root.iterchildren("part")
    ]
    software = [(e.text or "").strip() for e in root.iterfind("identification/encoding/software")]
    has_final = any(bar.is_final for part in parts for bar in part.bars)
    return WrittenScore(parts, open_end=SOFTWARE in software and not has_final)


class _PartReader:
    """Read one part; the attributes hold what is valid at the current bar."""

    def __init__(self, part: Element) -> None:
        self.part = part
        self.divisions = Fraction(1)
        self.meter, self.key = Meter(), Key()
        self.clefs: dict[int, Clef] = {}
        self.staves = 1
        self.is_transposed = False

    def read(self, listed: Element | None) -> WrittenPart:
        """Return the part; `listed` is its ``score-part``."""
        open_slurs = _open_slurs(self.part)
        bars = [
            replace(self._bar(bar), open_slurs=open_slurs[index])
            for index, bar in enumerate(self.part.iterchildren("measure"))
        ]
        instruments = Instruments.of(listed)
        several = listed is not None and len(listed.findall("score-instrument")) > 1
        known = not (several or instruments.is_drum or self.is_transposed)
        name = "" if listed is None else " ".join((listed.findtext("part-name") or "").split())
        return WrittenPart(
            name,
            bars,
            self.staves - sum(clef.sign == "TAB" for clef in self.clefs.values()),
            instruments.is_drum,
            program_range(instruments.program) if known else None,
        )

    def _bar(self, bar: Element) -> WrittenBar:
        voices: dict[tuple[int, str], list[WrittenSymbol]] = {}
        now = Fraction(0)
        is_final, key, clefs = False, self.key, dict(self.clefs)
        for element in bar:
            if element.tag == "attributes":
                self._attributes(element)
                if now == 0:
                    key, clefs = self.key, dict(self.clefs)
            elif element.tag == "backup":
                now = max(now - self._quarters(element), Fraction(0))
            elif element.tag == "forward":
                now += self._quarters(element)
            elif element.tag == "barline":
                is_final |= (element.findtext("bar-style") or "").strip() in FINAL
            elif element.tag == "note" and element.find("cue") is None:
                place = (_number(element, "staff") - 1, element.findtext("voice") or "1")
                if place[0] in self.clefs and self.clefs[place[0]].sign == "TAB":
                    now += self._tablature_quarters(element)
                    continue
                symbols = voices.setdefault(place, [])
                if element.find("chord") is not None and symbols:
                    symbols[-1] = _with_pitch(symbols[-1], element)
                    continue
                is_grace = element.find("grace") is not None
                duration = Fraction(0) if is_grace else self._quarters(element)
                symbols.append(_symbol(element, now, duration))
                now += duration
        return WrittenBar(
            bar.get("number", ""),
            self.meter,
            key,
            voices,
            clefs,
            self.key != key,
            bar.get("implicit") != "yes",
            is_final,
        )

    def _tablature_quarters(self, element: Element) -> Fraction:
        """Return how much time a note of a tablature takes, which is not checked."""
        is_timeless = element.find("chord") is not None or element.find("grace") is not None
        return Fraction(0) if is_timeless else self._quarters(element)

    def _quarters(self, element: Element) -> Fraction:
        return exact(element.findtext("duration"), "a duration") / self.divisions

    def _attributes(self, element: Element) -> None:
        if (divisions := element.find("divisions")) is not None:
            self.divisions = exact(divisions.text, "divisions")
            if self.divisions <= 0:
                raise InvalidScoreError("a quarter note has no divisions")
        self.staves = max(self.staves, _number(element, "staves"))
        self.is_transposed |= element.find("transpose") is not None
        for key in element.findall("key")[:1]:
            self.key = key_of(key, 0) or self.key
        for time in element.findall("time")[:1]:
            self.meter = meter_of(time) or self.meter
        for clef in element.findall("clef"):
            staff = int(clef.get("number") or 1) - 1
            sign = (clef.findtext("sign") or "G").strip()
            line = _number(clef, "line", {"F": 4, "C": 3}.get(sign, 2))
            octave = _number(clef, "clef-octave-change", 0)
            self.clefs[staff] = Clef(sign, line, octave)


def _open_slurs(part: Element) -> Counter[int]:
    """Count the ends of slurs without another end, by the index of the bar."""
    ends = [end for end in ends_of(part) if end.name[0] == "slur"]
    paired = {end.element for pair in pairs_of(ends) for end in pair}
    return Counter(end.bar for end in ends if end.element not in paired)


def _number(element: Element, tag: str, default: int = 1) -> int:
    text = (element.findtext(tag) or "").strip()
    return int(text) if text.lstrip("-").isdecimal() else default


def _symbol(note: Element, onset: Fraction, duration: Fraction) -> WrittenSymbol:
    kind = (note.findtext("type") or "").strip()
    change = note.find("time-modification")
    ratio = None
    if change is not None:
        ratio = (_number(change, "actual-notes"), _number(change, "normal-notes"))
    texts = () if ratio is None else (str(ratio[0]), str(ratio[1]))
    is_grace = note.find("grace") is not None
    value = written_value(kind, len(note.findall("dot")), texts) if kind else None
    marks = {tuplet.get("type") for tuplet in note.iterfind("notations/tuplet")}
    return WrittenSymbol(
        onset,
        duration,
        None if is_grace or not value else value,
        _pitches((note,)),
        kind,
        ratio,
        "start" in marks,
        "stop" in marks,
        tuple((beam.text or "").strip() for beam in note.findall("beam")),
        is_grace,
        note.get("print-object") == "no",
    )


def _with_pitch(symbol: WrittenSymbol, note: Element) -> WrittenSymbol:
    return replace(symbol, pitches=(*symbol.pitches, *_pitches((note,))))


def _pitches(notes: Iterable[Element]) -> tuple[WrittenPitch, ...]:
    pitches = []
    for note in notes:
        pitch = note.find("pitch")
        if pitch is None:
            continue
        alter = exact(pitch.findtext("alter") or "0", "an alteration")
        name = Spelling(
            (pitch.findtext("step") or "C").strip(), round(alter), _number(pitch, "octave", 4)
        )
        sign = (note.findtext("accidental") or "").strip()
        ties = {tie.get("type") for tie in note.findall("tie")}
        accidental = ALTERS.get(sign, name.alter) if sign else None
        pitches.append(WrittenPitch(name, accidental, "stop" in ties, "start" in ties))
    return tuple(pitches)
