"""Copy a MusicXML file, and replace only the notes of a change.

In the measures of a change, the elements ``note``, ``backup`` and ``forward`` of its parts are
replaced. Directions, bar lines and attributes of these measures stay at their times. All other
bytes of the file are copied. A continued piece gets new measures, and its final bar line moves to
the end.
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Sequence
from fractions import Fraction
from html import escape
from typing import Any

import numpy as np
from lxml import etree

from partimento.errors import PartimentoError
from partimento.io.musicxml.elements import remove
from partimento.io.musicxml.kept_marks import KeptMarks, NewMeasure, Replacement
from partimento.io.musicxml.marks import transposition_of
from partimento.io.musicxml.note_ids import bar_starts
from partimento.io.musicxml.read import parse, parts_on_staves, piece_of_document, read_notes
from partimento.io.musicxml.tags import Tag, tags_of
from partimento.io.musicxml.write import to_musicxml
from partimento.music.change import Change
from partimento.music.excerpt import cut_between
from partimento.music.piece import Piece
from partimento.music.provenance import FIELD
from partimento.music.timelines import Key
from partimento.music.transpose import transpose
from partimento.notation.layout import bars_of
from partimento.short_repr import short_repr

Element = Any
MUSIC = ("note", "backup", "forward")
BEFORE_IDENTIFICATION = ("work", "movement-number", "movement-title")
FINAL = re.compile(
    rb"\s*<barline\b[^>]*>\s*<bar-style\b[^>]*>\s*light-heavy\s*</bar-style>\s*</barline>"
)


def splice(data: bytes, *changes: Change, remark: str = "") -> bytes:
    """Return a MusicXML file with the notes of changes.

    Parameters
    ----------
    data : bytes
        The uncompressed file.
    *changes : Change
        Several of them may not overlap, and continue no piece.
    remark : str
        The text of the field ``partimento`` in ``identification/miscellaneous``.

    Raises
    ------
    PartimentoError
        If the bars of the file are not those of its notes, or it cannot be copied. The new file is
        read again, and must have exactly the notes of the change.
    """
    root, tags = parse(data, ".musicxml"), tags_of(data)
    if root.tag != "score-partwise":
        raise PartimentoError("a timewise MusicXML file cannot be copied: save it as partwise")
    before = piece_of_document(root)
    readers, grid = read_notes(root)
    starts = [Fraction(tick, grid) for tick in bar_starts(readers, grid)]
    staves = parts_on_staves(root)
    if [number for numbers in staves for number in numbers] != list(range(len(before.parts))):
        raise PartimentoError("the parts of this MusicXML file cannot be distinguished")
    after = before
    for change in changes:
        after = change.applied(after)
    pieces: list[Replacement] = []
    places = zip(root.iterchildren("part"), tags.named("part"), staves, strict=True)
    for place, (part, tag, numbers) in enumerate(places):
        writer = PartSplice(after, (place, len(staves)), numbers, (part, tag), starts)
        own = [each for each in changes if set(numbers) & set(each.parts)]
        if any(each.begin >= before.length for each in changes):
            pieces += writer.continued(data, before.length)
        elif own:
            pieces += writer.filled(data, own)
    if remark:
        pieces.append(remark_in(data, tags, remark))
    new = replaced(data, pieces)
    # Programs round durations in their own ways: see whether the file says what it should.
    if _sounding(piece_of_document(parse(new, ".musicxml"))) != _sounding(after):
        raise PartimentoError("the rhythm of this MusicXML file does not allow to copy it")
    return new


def _sounding(piece: Piece) -> list[tuple[Fraction, Fraction, int, int]]:
    """Return onset, duration, pitch and part of all notes but grace notes."""
    notes = (note for note in piece.notes if not note.grace)
    return sorted((note.onset, note.duration, note.pitch, note.part) for note in notes)


def replaced(data: bytes, pieces: Sequence[Replacement]) -> bytes:
    """Return bytes after several replacements, which do not overlap."""
    parts, at = [], 0
    for begin, end, content in sorted(pieces):
        parts += [data[at:begin], content]
        at = end
    return b"".join([*parts, data[at:]])


def remark_in(data: bytes, root: Tag, remark: str) -> Replacement:
    """Return how a remark comes into a document."""
    text = escape(remark, quote=False)
    field = f'<miscellaneous-field name="{FIELD}">{text}</miscellaneous-field>'
    head = next(root.named("identification"), None)
    if head is None:
        named = [tag.end for tag in root.named(*BEFORE_IDENTIFICATION)]
        at = max(named, default=root.inner)
        whole = f"<identification><miscellaneous>{field}</miscellaneous></identification>"
        return Replacement(at, at, f"\n{whole}".encode())
    remarks = next(head.named("miscellaneous"), None)
    if remarks is None:
        whole = f"<miscellaneous>{field}</miscellaneous>"
        if head.inner_end == head.inner == head.end:  # an empty element
            return Replacement(
                head.begin, head.end, f"<identification>{whole}</identification>".encode()
            )
        return Replacement(head.inner_end, head.inner_end, whole.encode())
    for old in remarks.named("miscellaneous-field"):
        if old.attributes.get("name") == FIELD:
            return Replacement(old.begin, old.end, field.encode())
    if remarks.inner_end == remarks.end:
        return Replacement(
            remarks.begin, remarks.end, f"<miscellaneous>{field}</miscellaneous>".encode()
        )
    return Replacement(remarks.inner_end, remarks.inner_end, field.encode())


@short_repr
class PartSplice:
    """Write the new notes of one part into its measures.

    Parameters
    ----------
    piece : Piece
        The piece with the new notes.
    place : (int, int)
        The index of the part in the document, and how many there are.
    numbers : list of int
        The indices of its parts in the piece.
    part : (Element, Tag)
        The part, and the same with places.
    starts : sequence of Fraction
        The beginning of each measure, and the end of the last one, in quarters.
    """

    def __init__(
        self,
        piece: Piece,
        place: tuple[int, int],
        numbers: list[int],
        part: tuple[Element, Tag],
        starts: Sequence[Fraction],
    ) -> None:
        self.piece, self.place, self.numbers, self.starts = piece, place, numbers, starts
        element, tag = part
        self.measures = list(
            zip(element.iterchildren("measure"), tag.named("measure"), strict=True)
        )
        self.voices: frozenset[str] | None = None  # those that are composed; None for all
        self.divisions: list[Fraction] = []
        self.shifts: list[tuple[int, int]] = []
        self.fifths: list[int] = []
        divisions, shift, fifths = Fraction(1), (0, 0), 0
        for measure, _ in self.measures:
            for attributes in measure.iterchildren("attributes"):
                divisions = Fraction(attributes.findtext("divisions", str(divisions)).strip())
                fifths = int(attributes.findtext("key/fifths", str(fifths)))
                transposition = attributes.find("transpose")
                shift = shift if transposition is None else transposition_of(transposition)
            self.divisions.append(divisions)
            self.shifts.append(shift)
            self.fifths.append(fifths)

    def filled(self, data: bytes, changes: Sequence[Change]) -> list[Replacement]:
        """Return the new measures of changes, and how marks end beside them."""
        composed = {number for change in changes for number in change.parts} & {*self.numbers}
        chosen = [
            i
            for i in range(len(self.measures))
            if any(change.begin <= self.starts[i] < change.end for change in changes)
        ]
        if len(composed) < len(self.numbers):
            self.voices = frozenset(str(self.numbers.index(number) + 1) for number in composed)
        piece = self.piece
        if self.voices is None and len({n.voice for each in changes for n in each.notes}) == 1:
            piece = _without_voices(piece)
        own, onsets = self._engraved(piece, chosen[0] if chosen else 0)
        new: dict[int, NewMeasure] = {}
        for i in chosen:
            if self.starts[i] not in onsets:
                raise PartimentoError(
                    f"measure {self.measures[i][0].get('number')} of the MusicXML file does not"
                    " begin with a bar of the piece, and cannot be filled"
                )
            measure = own[onsets.index(self.starts[i])]
            divisions = self._start_of_divisions(i)
            new[i] = NewMeasure(self.measures[i][0], measure, divisions, _divisions_of(measure))
        if new and _has_none_of_the_fermatas(self.measures[0][0].getparent()):
            for each in new.values():
                for fermata in list(each.new.iter("fermata")):
                    remove(fermata)
        marks = KeptMarks(self.measures, new, self.voices)
        marks.move()
        contents = [self._measure(data, i, each.new) for i, each in new.items()]
        return contents + marks.closed(data)

    def _engraved(self, piece: Piece, index: int) -> tuple[list[Element], list[Fraction]]:
        """Return the measures as this program writes them, and when they begin.

        They are at written pitch, as in the measure with this index.
        """
        plain = piece.replace(score=None, lyrics=(), chord_symbols=(), tempos=(), provenance=None)
        if len(self.numbers) > 1:
            root = etree.fromstring(to_musicxml(plain).encode())
            parts = root.findall("part")
            if len(parts) != self.place[1]:
                raise PartimentoError("the new notes do not fit the staves of the choir")
            return list(parts[self.place[0]].iterchildren("measure")), _onsets(plain)
        alone = plain.part(self.numbers[0])
        semitones, fifths = self.shifts[index] if self.shifts else (0, 0)
        if semitones:
            keys = tuple(
                Key((key.fifths - fifths + 6) % 12 - 6, key.mode, key.onset) for key in alone.keys
            )
            alone = transpose(alone, -semitones).replace(keys=keys)
        root = etree.fromstring(to_musicxml(alone).encode())
        return list(root.find("part").iterchildren("measure")), _onsets(alone)

    def _is_music(self, element: Element) -> bool:
        """Return whether an element is replaced; notes of kept voices are not."""
        if element.tag == "note" and self.voices is not None:
            return (element.findtext("voice") or "1").strip() in self.voices
        return element.tag in MUSIC

    def _measure(self, data: bytes, index: int, own: Element) -> Replacement:
        """Return the new content of a measure."""
        measure, tag = self.measures[index]
        children = list(zip(measure, tag.children, strict=True))
        music = [i for i, (element, _) in enumerate(children) if element.tag in MUSIC]
        first = music[0] if music else len(children)
        while not music and first and children[first - 1][0].tag == "barline":
            first -= 1
        begin = children[first][1].begin if first < len(children) else tag.inner_end
        before = self._start_of_divisions(index)
        own_divisions = _divisions_of(own)
        needed = before if _fits(own, before / own_divisions) else _common(before, own_divisions)
        change = [_divisions(needed)] if needed != before else []
        back = [_divisions(self.divisions[index])] if needed != before else []
        if self.voices is not None and change:
            raise PartimentoError("the new rhythm does not fit the divisions of the MusicXML file")
        marks, tail = self._marks(data, children[first:], needed, before)
        elements = _music(own, needed / own_divisions, self.voices)
        lines = [*change, *marks, *elements, *back, *tail]
        stop = children[-1][1].end if first < len(children) else begin
        indent = _indent(data, begin)
        return Replacement(begin, stop, indent.join(lines) + (b"" if children[first:] else indent))

    def _start_of_divisions(self, index: int) -> Fraction:
        """Return the divisions that are valid at the first note of a measure."""
        value = self.divisions[index - 1] if index else Fraction(1)
        for element in self.measures[index][0]:
            if element.tag in MUSIC:
                break
            text = element.findtext("divisions") if element.tag == "attributes" else None
            value = Fraction(text.strip()) if text else value
        return value

    def _marks(
        self,
        data: bytes,
        children: Sequence[tuple[Element, Tag]],
        needed: Fraction,
        divisions: Fraction,
    ) -> tuple[list[bytes], list[bytes]]:
        """Return the marks between the notes at their times, and those at the end."""
        now = written = Fraction(0)  # in quarters; where the new content stands
        marks: list[bytes] = []
        tail: list[bytes] = []
        for element, tag in children:
            text = data[tag.begin : tag.end]
            if self._is_music(element):
                now = max(now + _advance(element) / divisions, Fraction(0))
            elif element.tag == "note":
                # A note of a kept voice; those of a chord and grace notes follow without a move.
                follows = element.find("chord") is not None
                marks += [*([] if follows else _move(now - written, needed)), text]
                now += _advance(element) / divisions
                written = written if follows else now
            elif element.tag == "barline" and element.get("location", "right") == "right":
                tail.append(text)
            elif element.tag == "attributes" and element.find("divisions") is not None:
                raise PartimentoError(
                    "a measure that changes its divisions between notes cannot be filled"
                )
            else:
                marks += [*_move(now - written, needed), text]
                written = now
        return marks + _move(-written, needed), tail

    def continued(self, data: bytes, end: Fraction) -> list[Replacement]:
        """Return the new measures after the old end of a piece, and its final bar line."""
        last = len(self.measures) - 1
        measure, tag = self.measures[last]
        new = cut_between(self.piece.replace(score=None), end, self.piece.length)
        own, _ = self._engraved(new, last)
        own_divisions = _divisions_of(own[0])
        divisions = self.divisions[last]
        content = data[tag.inner : tag.inner_end]
        final = list(FINAL.finditer(content))[-1:]
        pieces = [Replacement(tag.inner + bar.start(), tag.inner + bar.end(), b"") for bar in final]
        if new.pickup:  # the last measure is completed
            at = tag.inner + final[0].start() if final else tag.inner_end
            rest = self._rest_of_bar(own.pop(0), measure, end - self.starts[last], own_divisions)
            indent = _indent(data, tag.children[-1].begin if tag.children else tag.inner)
            if final:
                pieces[0] = pieces[0]._replace(content=b"".join(indent + line for line in rest))
            else:
                pieces.append(Replacement(at, at, b"".join(indent + line for line in rest)))
        fits = all(_fits(each, divisions / own_divisions) for each in own)
        needed = divisions if fits else _common(divisions, own_divisions)
        number = _number_of(measure, last)
        indent = _indent(data, tag.begin)
        lines: list[bytes] = []
        for i, each in enumerate(own):
            head = [_divisions(needed)] if needed != divisions and not i else []
            elements = head + _music(each, needed / own_divisions)
            elements += [_text(bar) for bar in each.iterchildren("barline")]
            body = b"".join(indent + b" " + element for element in elements)
            opened = f'<measure number="{number + i + 1}">'.encode()
            lines.append(indent + opened + body + indent + b"</measure>")
        pieces.append(Replacement(tag.end, tag.end, b"".join(lines)))
        return pieces

    def _rest_of_bar(
        self, own: Element, measure: Element, place: Fraction, own_divisions: Fraction
    ) -> list[bytes]:
        """Return the music that completes the last measure, from `place` in quarters on."""
        divisions = self.divisions[-1]
        needed = divisions
        if not _fits(own, divisions / own_divisions) or (place * divisions).denominator > 1:
            needed = _common(divisions, own_divisions)
        now = Fraction(0)
        for element in measure:
            if element.tag in MUSIC:
                now = max(now + _advance(element) / divisions, Fraction(0))
        change = [_divisions(needed)] if needed != divisions else []
        lines = [*_move(-now, divisions), *change]
        voices = dict.fromkeys(note.findtext("voice") for note in own.iterchildren("note"))
        length = sum(
            (_advance(note) for note in own.iterchildren("note") if note.findtext("voice") == "1"),
            Fraction(0),
        )
        for nth, voice in enumerate(voices):
            # Each voice begins at the beginning of the measure: one of a choir is read alone.
            back = _move(-place - length / own_divisions, needed) if nth else []
            notes = copy.deepcopy(own)
            lines += [*back, *_move(place, needed)]
            lines += _music(notes, needed / own_divisions, frozenset([voice]), alone=True)
        lines += [_divisions(divisions)] if needed != divisions else []
        return lines


def _has_none_of_the_fermatas(part: Element) -> bool:
    """Return whether a document has fermatas, but only in other parts."""
    return part.find(".//fermata") is None and part.getparent().find(".//fermata") is not None


def _without_voices(piece: Piece) -> Piece:
    """Return the piece without stated voices, so that engraving finds them.

    Beside the voices of the file, new notes of a model without voices would all be one voice. A
    piece with unisons of two voices is returned as it is.
    """
    notes = piece.notes
    try:
        return piece.replace(notes=notes.replace(voice=np.zeros_like(notes.voice)), score=None)
    except ValueError:
        return piece


def _number_of(measure: Element, index: int) -> int:
    """Return the number of a measure; its place if it has none."""
    match = re.match(r"\d{1,6}", measure.get("number", ""))
    return int(match[0]) if match else index + 1


def _advance(element: Element) -> Fraction:
    """Return by how many divisions an element moves the cursor."""
    if element.tag == "note" and (
        element.find("chord") is not None or element.find("grace") is not None
    ):
        return Fraction(0)
    duration = Fraction((element.findtext("duration") or "0").strip())
    return -duration if element.tag == "backup" else duration


def _move(quarters: Fraction, divisions: Fraction) -> list[bytes]:
    """Return what moves the cursor; nothing for no time."""
    if not quarters:
        return []
    name = "forward" if quarters > 0 else "backup"
    duration = abs(quarters) * divisions
    if duration.denominator > 1:
        raise PartimentoError("a mark of the MusicXML file stands between its divisions")
    return [f"<{name}><duration>{duration}</duration></{name}>".encode()]


def _divisions(divisions: Fraction) -> bytes:
    return f"<attributes><divisions>{divisions}</divisions></attributes>".encode()


def _fits(measure: Element, scale: Fraction) -> bool:
    """Return whether all durations of a measure stay whole after scaling."""
    durations = [Fraction(each.text) for each in measure.iter("duration")]
    return all((duration * scale).denominator == 1 for duration in durations)


def _common(first: Fraction, second: Fraction) -> Fraction:
    return Fraction(math.lcm(first.numerator, second.numerator))


def _music(
    measure: Element,
    scale: Fraction,
    voices: frozenset[str] | None = None,
    *,
    alone: bool = False,
) -> list[bytes]:
    """Return the notes of a measure of ours, with scaled durations and without ids.

    With `alone`, they are those of one voice, and follow one another without moves.
    """
    lines: list[bytes] = []
    now = written = Fraction(0)  # in divisions of the new content
    for element in measure:
        if element.tag not in MUSIC:
            continue
        for duration in element.iter("duration"):
            duration.text = str(Fraction(duration.text) * scale)
        advance = _advance(element)
        if element.tag == "note" and (voices is None or element.findtext("voice") in voices):
            if element.find("chord") is None:
                lines += [] if alone else _move(now - written, Fraction(1))
                written = now + advance
            element.attrib.pop("id", None)
            lines.append(_text(element))
        now += advance
    return lines


def _divisions_of(measure: Element) -> Fraction:
    return Fraction(measure.getparent().findtext("measure/attributes/divisions"))


def _onsets(piece: Piece) -> list[Fraction]:
    return [bar.onset for bar in bars_of(piece)]


def _text(element: Element) -> bytes:
    for each in element.iter():  # on one line
        each.tail = None
        if len(each):
            each.text = None
    return bytes(etree.tostring(element))


def _indent(data: bytes, at: int) -> bytes:
    """Return the line break and the spaces before a place."""
    start = data.rfind(b"\n", 0, at)
    between = data[start:at] if start >= 0 else b""
    return between if between.strip() == b"" and between else b"\n"
