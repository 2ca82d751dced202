"""Keep the marks and words of notes that stay when measures are written anew.

A note stays if the new measure has it at the same time, with the same pitch and duration. It keeps
its slurs, fingerings, articulations and words. Slurs of which one end is gone end before the new
notes, or begin after them. The words of a measure stay if all their notes begin as before.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from lxml import etree

from partimento.io.musicxml.spanners import AT_NOTES, End, ends_of, pairs_of, times_in_bar
from partimento.io.musicxml.tags import Tag
from partimento.short_repr import short_repr

Element = Any
Spot = tuple[Fraction, str, Fraction]  # onset in quarters, pitch, and duration in quarters
WRITTEN_ANEW = frozenset(("tied", "tuplet", "fermata"))
# Elements of a note that stand before its marks and after them.
AFTER_NOTATIONS = re.compile(rb"<(?:lyric|play|listen)\b|</note\s*>")
NOTATIONS = re.compile(rb"<notations\b[^>]*[^/>]>|<notations>")


@short_repr
class NewMeasure(NamedTuple):
    """A measure of a document that is written anew.

    Attributes
    ----------
    old, new : Element
        The new one has the notes that this program wrote.
    divisions, new_divisions : Fraction
        Per quarter.
    """

    old: Element
    new: Element
    divisions: Fraction
    new_divisions: Fraction


@short_repr
class Replacement(NamedTuple):
    """Bytes of a document that are replaced."""

    begin: int
    end: int
    content: bytes


@short_repr
class KeptMarks:
    """Move the marks of notes that stay, and close those that are cut.

    Parameters
    ----------
    measures : sequence of (Element, Tag)
        All measures of a part, and the same with their places in the bytes.
    new : mapping of int to NewMeasure
        By the index of the measure.
    voices : frozenset of str, optional
        The voices whose notes are replaced; by default all.
    """

    def __init__(
        self,
        measures: Sequence[tuple[Element, Tag]],
        new: Mapping[int, NewMeasure],
        voices: frozenset[str] | None = None,
    ) -> None:
        self.measures, self.new, self.voices = measures, new, voices
        self.stays: dict[Element, Element] = {}  # old note → new note
        for each in new.values():
            later = {spot: note for note, spot in _spots(each.new, each.new_divisions)}
            for note, spot in _spots(each.old, each.divisions):
                if spot in later and self._is_replaced(note):
                    self.stays[note] = later[spot]
        part = measures[0][0].getparent() if measures else None
        pairs = [] if part is None else pairs_of(ends_of(part))
        self.pairs = [pair for pair in pairs if pair[0].name[0] in AT_NOTES[:-1]]

    def _is_replaced(self, note: Element) -> bool:
        voice = (note.findtext("voice") or "1").strip()
        return self.voices is None or voice in self.voices

    def _is_outside(self, end: End) -> bool:
        return end.bar not in self.new

    def _is_alive(self, end: End) -> bool:
        note = _note_of(end)
        return self._is_outside(end) or not self._is_replaced(note) or note in self.stays

    def move(self) -> None:
        """Copy the marks and words of notes that stay to the new notes."""
        whole = {
            end.element for pair in self.pairs if all(map(self._is_alive, pair)) for end in pair
        }
        for old, new in self.stays.items():
            for notations in old.iterchildren("notations"):
                for mark in notations:
                    is_cut = mark.tag in AT_NOTES and mark not in whole
                    if mark.tag not in WRITTEN_ANEW and not is_cut:
                        _notations_of(new).append(copy.deepcopy(mark))
        for each in self.new.values():
            self._move_words(each)

    def _move_words(self, measure: NewMeasure) -> None:
        first: dict[Fraction, Element] = {}
        for note, (onset, *_) in _spots(measure.new, measure.new_divisions):
            first.setdefault(onset, note)
        sung = [
            (onset, note)
            for note, (onset, *_) in _spots(measure.old, measure.divisions)
            if note.find("lyric") is not None and self._is_replaced(note)
        ]
        if all(onset in first for onset, _ in sung):
            for onset, note in sung:
                new = self.stays[note] if note in self.stays else first[onset]
                for lyric in note.iterchildren("lyric"):
                    new.append(copy.deepcopy(lyric))

    def closed(self, data: bytes) -> list[Replacement]:
        """Return how cut marks end before the new measures, or begin after them."""
        edits: list[Replacement] = []
        for start, stop in self.pairs:
            if self._is_outside(start) and not self._is_alive(stop):
                until = min(bar for bar in self.new if bar > start.bar)
                between = self._line(start, range(start.bar, until))
                edits += self._shortened(data, start, between[-1:], "stop")
            if self._is_outside(stop) and not self._is_alive(start):
                after = max(bar for bar in self.new if bar < stop.bar)
                between = self._line(stop, range(after + 1, stop.bar + 1))
                edits += self._shortened(data, stop, between[:1], "start")
        return edits

    def _line(self, end: End, bars: Sequence[int]) -> list[tuple[Element, Tag]]:
        """Return the notes of the voice in which a mark is."""
        voice = _note_of(end).findtext("voice")
        return [
            (note, tag)
            for bar in bars
            for note, tag in zip(self.measures[bar][0], self.measures[bar][1].children, strict=True)
            if _is_plain(note) and note.findtext("voice") == voice
        ]

    def _shortened(
        self, data: bytes, end: End, to: Sequence[tuple[Element, Tag]], kind: str
    ) -> Iterator[Replacement]:
        """Yield the new other end of a slur; without a note for it, the mark is removed."""
        name, number = end.name
        own = _note_of(end)
        for note, tag in to:
            if name == "slur" and note is not own:
                yield _insertion(data, tag, f'<slur number="{number}" type="{kind}"/>'.encode())
                return
        measure, tag = self.measures[end.bar]
        place = tag.children[list(measure).index(own)]
        marks = re.compile(rf"<{name}\b[^>]*?(?:/>|>.*?</{name}\s*>)".encode(), re.DOTALL)
        found = list(marks.finditer(data, place.begin, place.end))
        index = list(own.iter(name)).index(end.element)
        if index < len(found):
            yield Replacement(*found[index].span(), b"")


def _insertion(data: bytes, note: Tag, mark: bytes) -> Replacement:
    """Return how a mark comes into the notations of a note."""
    opened = NOTATIONS.search(data, note.begin, note.end)
    if opened is not None:
        return Replacement(opened.end(), opened.end(), mark)
    after = AFTER_NOTATIONS.search(data, note.begin, note.end)
    at = note.inner_end if after is None else after.start()
    return Replacement(at, at, b"<notations>" + mark + b"</notations>")


def _note_of(end: End) -> Element:
    """Return the note at which one end of a mark is."""
    return next(end.element.iterancestors("note"))


def _is_plain(note: Element) -> bool:
    return note.tag == "note" and all(
        note.find(tag) is None for tag in ("rest", "chord", "grace", "cue")
    )


def _spots(measure: Element, divisions: Fraction) -> Iterator[tuple[Element, Spot]]:
    """Yield the notes of a measure with their times, pitches and durations."""
    for note, time in times_in_bar(measure):
        pitch = note.find("pitch") if note.tag == "note" else None
        if pitch is None or note.find("grace") is not None or note.find("cue") is not None:
            continue
        alter = Fraction((pitch.findtext("alter") or "0").strip())
        name = f"{pitch.findtext('step')}{alter}{pitch.findtext('octave')}"
        duration = Fraction((note.findtext("duration") or "0").strip())
        yield note, (time / divisions, name, duration / divisions)


def _notations_of(note: Element) -> Element:
    """Return the element for the marks of one of our notes."""
    found = note.find("notations")
    return etree.SubElement(note, "notations") if found is None else found
