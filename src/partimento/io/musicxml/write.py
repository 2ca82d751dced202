"""Write MusicXML 4.0 that is easy to read and preserves every note exactly.

The ``<duration>`` of a note is always exact. Its appearance (``<type>``, dots, tuplet) is exact if
note values can represent the duration. Otherwise, as for ornaments in MIDI files, it is the nearest
note value.

The ``id`` of a written note refers to a note of the Piece: ``n5`` is note 5, and ``n5.2`` is the
second written note that is tied to it. `Piece.note_seconds` has the sounding times of note 5.
"""

from __future__ import annotations

import io
import math
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import reduce

from partimento.io.musicxml.choir import add_choir, add_group, end_group
from partimento.io.musicxml.chords import harmony_of
from partimento.io.musicxml.fermatas import Places, ends_under_fermata, fermatas_of_bar
from partimento.io.musicxml.lyrics import words_by_note
from partimento.io.musicxml.percussion import (
    add_head,
    add_instruments,
    add_place,
    instrument_id,
)
from partimento.io.musicxml.tablature import (
    TablatureWriter,
    add_strings,
    add_tablature_clef,
    add_words,
    has_tablature,
)
from partimento.music.piece import Piece
from partimento.music.provenance import FIELD
from partimento.music.text import check_names
from partimento.music.timelines import Bar, Key, Meter, Part, Tempo
from partimento.notation.accidentals import Accidental, PartAccidentals
from partimento.notation.choir import lay_out_together, shared_staves
from partimento.notation.drums import with_drum_values
from partimento.notation.graces import Ornaments, slots_of, written_notes
from partimento.notation.keyboard import has_hands
from partimento.notation.layout import (
    PartLayout,
    StaffBar,
    bars_of,
    drawn_times,
    lay_out,
    ticks_for,
)
from partimento.notation.meter import is_compound
from partimento.notation.spelling import Spelling, spell
from partimento.notation.staves import Clef
from partimento.notation.symbol import Symbol

DOCTYPE = (
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN"'
    ' "http://www.musicxml.org/dtds/partwise.dtd">'
)
CONTAINER = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<container><rootfiles><rootfile'
    ' full-path="score.musicxml"'
    ' media-type="application/vnd.recordare.musicxml+xml"/></rootfiles></container>\n'
)
ACCIDENTALS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
SLOW = 40  # beats per minute; slower tempos are printed with a decimal
BEAT_UNITS = {
    1: "whole",
    2: "half",
    4: "quarter",
    8: "eighth",
    16: "16th",
    32: "32nd",
    64: "64th",
    128: "128th",
}


def to_musicxml(piece: Piece, *, ornaments: Ornaments = "exact") -> str:
    """Convert a piece to a MusicXML document.

    Parameters
    ----------
    piece : Piece
    ornaments : {"exact", "grace"}
        With ``"exact"``, only flagged notes are written as grace notes. With ``"grace"``, for
        pictures, unflagged ornaments of MIDI files are, too (see `notation.graces`).

    Raises
    ------
    PartimentoError
        If the piece is too long to engrave, or a name cannot be encoded.
    """
    check_names(piece)
    ticks = ticks_for(piece)
    bars = bars_of(piece)
    written = written_notes(piece, ornaments)
    if ornaments == "grace":
        written = with_drum_values(written, piece)
    drawn = drawn_times(piece, written, bars, ticks)
    names = spell(piece)
    together = shared_staves(piece, written)
    layouts = [
        lay_out(piece, written, parts[0], bars, ticks, drawn)
        if len(parts) == 1
        else lay_out_together(piece, written, parts, bars, ticks, drawn)
        for parts in together
    ]
    step = _common_step(piece, bars, layouts, ticks)
    root = _head(piece, together)
    fermata_ends = ends_under_fermata(piece, is_exact=ornaments == "exact")
    for number, layout in enumerate(layouts):
        element = ET.SubElement(root, "part", id=f"P{number + 1}")
        writer = _PartWriter(piece, number, bars, layout, names, ticks, step)
        writer.is_exact = ornaments == "exact"
        writer.fermata_ends = fermata_ends
        writer.is_lower = number > 0 and len(together[number]) > 1
        writer.write(element)
    ET.indent(root, " ")
    return (
        '<?xml version="1.0"'
        f' encoding="UTF-8"?>\n{DOCTYPE}\n{ET.tostring(root, encoding="unicode")}\n'
    )


def to_mxl(text: str | bytes) -> bytes:
    """Compress a MusicXML document to the ``.mxl`` format.

    Equal text gives equal bytes.
    """
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        contents: tuple[tuple[str, str | bytes], ...] = (
            ("META-INF/container.xml", CONTAINER),
            ("score.musicxml", text),
        )
        for name, content in contents:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return file.getvalue()


def _common_step(
    piece: Piece, bars: Sequence[Bar], layouts: Sequence[PartLayout], ticks: int
) -> int:
    """Return the greatest common divisor of all written times.

    It keeps ``<divisions>`` small.
    """
    times = {ticks}
    times.update(
        s.duration
        for layout in layouts
        for bar in layout.bars
        for staff in bar
        for voice in staff.voices
        for s in voice
    )
    times.update(int(bar.duration * ticks) for bar in bars)
    times.update(
        int(mark.onset * ticks)
        for line in (piece.meters, piece.keys, piece.tempos, piece.chord_symbols)
        for mark in line
    )
    return reduce(math.gcd, times)


def _add(parent: ET.Element, tag: str, text: object = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(
        parent, tag, {name.replace("_", "-"): value for name, value in attributes.items()}
    )
    if text is not None:
        element.text = _xml_text(str(text))
    return element


def _xml_text(text: str) -> str:
    """Remove the control characters that XML does not allow.

    Titles of MIDI files may contain them.
    """
    return "".join(
        c
        for c in text
        if c in "\t\n\r"
        or (ord(c) >= 32 and not 0xD800 <= ord(c) <= 0xDFFF and ord(c) not in (0xFFFE, 0xFFFF))
    )


def _head(piece: Piece, together: Sequence[Sequence[int]]) -> ET.Element:
    root = ET.Element("score-partwise", version="4.0")
    if piece.title:
        _add(_add(root, "work"), "work-title", piece.title)
    identification = _add(root, "identification")
    if piece.composer:
        _add(identification, "creator", piece.composer, type="composer")
    _add(_add(identification, "encoding"), "software", "Partimento")
    if piece.source.url:
        _add(identification, "source", piece.source.url)
    if piece.provenance is not None:
        remarks = _add(identification, "miscellaneous")
        _add(remarks, "miscellaneous-field", piece.provenance.to_text(), name=FIELD)
    parts = _add(root, "part-list")
    if len(together) < len(piece.parts):
        add_choir(parts, piece.parts, together)
        return root
    is_piano = has_hands(piece)
    if is_piano:
        add_group(parts, "brace")
    for number, part in enumerate(piece.parts, 1):
        element = _score_part(parts, number, part, shown=len(piece.parts) > 1)
        if part.is_drum:
            pitches = piece.notes.pitch[piece.notes.part == number - 1].tolist()
            add_instruments(element, number, part, pitches)
    if is_piano:
        end_group(parts)
    return root


def _score_part(parts: ET.Element, number: int, part: Part, *, shown: bool) -> ET.Element:
    """Add a part to the part list.

    Names are shown only if there are several parts to distinguish.
    """
    element = _add(parts, "score-part", id=f"P{number}")
    _add(element, "part-name", part.name, **({} if shown else {"print_object": "no"}))
    if part.program is None or part.is_drum:
        return element
    instrument = f"P{number}-I1"
    _add(_add(element, "score-instrument", id=instrument), "instrument-name", part.name)
    midi = _add(element, "midi-instrument", id=instrument)
    _add(midi, "midi-channel", [c for c in range(1, 17) if c != 10][(number - 1) % 15])
    _add(midi, "midi-program", part.program + 1)
    return element


class _PartWriter:
    """Write one part; the attributes are shared by all of its measures."""

    def __init__(
        self,
        piece: Piece,
        number: int,
        bars: Sequence[Bar],
        layout: PartLayout,
        names: Sequence[Spelling],
        ticks: int,
        step: int,
    ) -> None:
        self.piece, self.number, self.bars, self.layout, self.names, self.ticks, self.step = (
            piece,
            number,
            bars,
            layout,
            names,
            ticks,
            step,
        )
        self.fermata_ends: Mapping[int, int] = {}
        self.fermatas: Places = {}  # of the bar that is written
        self.is_lower = False  # whether the staff is the lower one of a choir
        self.is_exact = True  # not only for pictures
        self.words = words_by_note(piece) if piece.lyrics else {}
        self.part = piece.notes.part.tolist()
        self.tied: dict[int, int] = {}  # the number of symbols written so far, by index of the note
        self.is_drum = piece.parts[number].is_drum
        self.has_tab = has_tablature(piece, number)
        self.staves = len(layout.clefs) + self.has_tab
        self.accidentals = PartAccidentals(names, piece.keys, ticks)
        self.onset, self.pitch, self.velocity, self.string, self.fret = (
            piece.notes.onset.tolist(),
            piece.notes.pitch.tolist(),
            piece.notes.velocity.tolist(),
            piece.notes.string.tolist(),
            piece.notes.fret.tolist(),
        )

    def write(self, part: ET.Element) -> None:
        tablature = TablatureWriter(
            self.piece, self.staves, self._pitch, self.step, is_exact=self.is_exact
        )
        for i, (bar, staves) in enumerate(zip(self.bars, self.layout.bars, strict=True)):
            measure = _add(
                part,
                "measure",
                number=str(bar.number),
                **({"implicit": "yes"} if bar.number == 0 else {}),
            )
            self._clef_changes(measure, i)
            self._marks(measure, bar, first=i == 0)
            if i == 0 and self.has_tab and not self.is_exact:
                add_words(measure, self.piece.parts[self.number])
            self.fermatas = fermatas_of_bar(
                staves,
                self.fermata_ends,
                self.onset,
                is_lower=self.is_lower,
                is_exact=self.is_exact,
            )
            accidentals = {} if self.is_drum else self.accidentals.in_bar(staves)
            length = int(bar.duration * self.ticks) // self.step
            for place, (staff, voice, symbols) in enumerate(_voices(staves)):
                if place:
                    _add(_add(measure, "backup"), "duration", length)
                for symbol in symbols:
                    self._symbol(measure, symbol, staff, voice, staves[staff].stems, accidentals)
            if self.has_tab:
                tablature.write_bar(measure, staves, length)
            if i == len(self.bars) - 1 and not self.piece.open_end:
                _add(_add(measure, "barline", location="right"), "bar-style", "light-heavy")

    def _clef_changes(self, measure: ET.Element, index: int) -> None:
        """Write the clefs that change at the beginning of a bar."""
        staves = self.layout.bars[index]
        before = self.layout.bars[index - 1] if index else staves
        changed = [i for i, staff in enumerate(staves) if staff.clef != before[i].clef]
        if changed:
            attributes = _add(measure, "attributes")
            for i in changed:
                number = {"number": str(i + 1)} if self.staves > 1 else {}
                _clef(attributes, staves[i].clef, number)

    def _marks(self, measure: ET.Element, bar: Bar, *, first: bool) -> None:
        """Write the keys, meters, clefs, tempos and chord symbols of a bar at their times."""
        start, end = bar.onset, bar.onset + bar.duration
        keys = {key.onset: key for key in self.piece.keys if start <= key.onset < end}
        meters = {meter.onset: meter for meter in self.piece.meters if start <= meter.onset < end}
        tempos = {
            tempo.onset: tempo
            for tempo in self.piece.tempos
            if start <= tempo.onset < end and self.number == 0
        }
        chords = {
            chord.onset: chord
            for chord in self.piece.chord_symbols
            if start <= chord.onset < end and self.number == 0
        }
        if first:
            meters.setdefault(start, bar.meter)
        now = start
        for time in sorted({*keys, *meters, *tempos, *chords}):
            if time > now:
                _add(
                    _add(measure, "forward"),
                    "duration",
                    int((time - now) * self.ticks) // self.step,
                )
            self._attributes(
                measure, keys.get(time), meters.get(time), first=first and time == start
            )
            if time in tempos:
                _tempo(measure, tempos[time], bar.meter)
            if time in chords:
                text = _xml_text(chords[time].text)
                measure.append(harmony_of(text, degrees=self.is_exact))
            now = time
        if now > start:
            _add(_add(measure, "backup"), "duration", int((now - start) * self.ticks) // self.step)

    def _attributes(
        self, measure: ET.Element, key: Key | None, meter: Meter | None, *, first: bool
    ) -> None:
        if not (key or meter or first):
            return
        attributes = _add(measure, "attributes")
        if first:
            _add(attributes, "divisions", self.ticks // self.step)
        if key:
            # Drums have no key, but a piece of drums alone keeps its own.
            hidden = {"print_object": "no"} if self.is_drum else {}
            element = _add(attributes, "key", **hidden)
            _add(element, "fifths", key.fifths)
            _add(element, "mode", key.mode)
        if meter:
            # After a shortened bar, the same meter may be repeated to keep the bar lines. Hide it.
            earlier = [m for m in self.piece.meters if m.onset < meter.onset]
            repeated = earlier and (earlier[-1].numerator, earlier[-1].denominator) == (
                meter.numerator,
                meter.denominator,
            )
            self._time(attributes, meter, hidden=bool(repeated))
        if first:
            if self.staves > 1:
                _add(attributes, "staves", self.staves)
            for number, clef in enumerate(self.layout.clefs, 1):
                _clef(attributes, clef, {"number": str(number)} if self.staves > 1 else {})
            if self.has_tab:
                add_tablature_clef(attributes, str(self.staves))
                add_strings(attributes, self.piece.parts[self.number], str(self.staves))

    def _time(self, attributes: ET.Element, meter: Meter, *, hidden: bool) -> None:
        """Write a time signature; in pictures, a tablature shows none."""
        shown: list[tuple[bool, dict[str, str]]] = [(not hidden, {})]
        if self.has_tab and not self.is_exact:
            staves = range(1, self.staves + 1)
            shown = [(not hidden and i < self.staves, {"number": str(i)}) for i in staves]
        for is_shown, number in shown:
            element = _add(
                attributes, "time", **number, **({} if is_shown else {"print_object": "no"})
            )
            _add(element, "beats", meter.numerator)
            _add(element, "beat-type", meter.denominator)

    def _symbol(
        self,
        measure: ET.Element,
        symbol: Symbol,
        staff: int,
        voice: int,
        stems: bool,
        accidentals: Mapping[tuple[int, int], Accidental],
    ) -> None:
        self._graces(measure, symbol.graces, symbol.onset, staff, voice, accidentals)
        if symbol.notes:
            self._chord(measure, symbol, staff, voice, stems, accidentals)
        else:
            note = _add(measure, "note", **({"print_object": "no"} if symbol.hidden else {}))
            rest = _add(note, "rest", **({"measure": "yes"} if symbol.whole_bar else {}))
            if symbol.place is not None:
                _add(rest, "display-step", "CDEFGAB"[symbol.place % 7])
                _add(rest, "display-octave", symbol.place // 7)
            _add(note, "duration", symbol.duration // self.step)
            self._value(note, symbol, staff, voice, stem=None)
        last = symbol.onset + symbol.duration - 1
        self._graces(measure, symbol.graces_after, last, staff, voice, accidentals)

    def _chord(
        self,
        measure: ET.Element,
        symbol: Symbol,
        staff: int,
        voice: int,
        stems: bool,
        accidentals: Mapping[tuple[int, int], Accidental],
    ) -> None:
        # Voices 1 and 5 are the upper voices of the two staves, and 4 and 8 the third from the top.
        stem = ("up" if voice % 4 in (0, 1) else "down") if stems else None
        for place, (index, from_before, to_next) in enumerate(symbol.notes):
            nth = self.tied[index] = self.tied.get(index, 0) + 1
            note = _add(
                measure,
                "note",
                id=f"n{index}" if nth == 1 else f"n{index}.{nth}",
                **self._dynamics(index),
            )
            if place:
                _add(note, "chord")
            self._pitch(note, index)
            _add(note, "duration", symbol.duration // self.step)
            for kind, tied in (("stop", from_before), ("start", to_next)):
                if tied:
                    _add(note, "tie", type=kind)
            self._instrument(note, index)
            accidental = accidentals.get((index, symbol.onset))
            self._value(
                note,
                symbol,
                staff,
                voice,
                stem=stem,
                accidental=accidental,
                head=place == 0,
                drum=self.pitch[index] if self.is_drum else None,
            )
            self._notations(note, symbol, index, from_before, to_next, head=place == 0)
            under, inverted = self.fermatas.get(
                (staff, voice - 1 - 4 * staff, symbol.onset), (-1, False)
            )
            if index == under:
                _fermata(note, inverted=inverted)
            time = Fraction(self.onset[index], self.piece.notes.divisions)
            words = self.words.pop((time, self.part[index]), None)
            if words is not None:
                note.append(words)

    def _dynamics(self, index: int) -> dict[str, str]:
        velocity = self.velocity[index]
        return {"dynamics": f"{velocity / 0.9:.2f}"} if velocity != 80 else {}

    def _pitch(self, note: ET.Element, index: int) -> None:
        if self.is_drum:
            add_place(note, self.pitch[index])
            return
        name = self.names[index]
        pitch = _add(note, "pitch")
        _add(pitch, "step", name.step)
        if name.alter:
            _add(pitch, "alter", name.alter)
        _add(pitch, "octave", name.octave)

    def _instrument(self, note: ET.Element, index: int) -> None:
        """Write which instrument of a drum kit plays a note."""
        if self.is_drum:
            _add(note, "instrument", id=instrument_id(self.number + 1, self.pitch[index]))

    def _graces(
        self,
        measure: ET.Element,
        graces: Sequence[int],
        time: int,
        staff: int,
        voice: int,
        accidentals: Mapping[tuple[int, int], Accidental],
    ) -> None:
        """Write the grace notes before a symbol.

        A single one is an eighth note with a slash. Several are sixteenth notes under a beam. Those
        with one onset are a chord.
        """
        slots = slots_of(graces, self.piece.notes.onset)
        alone = len(slots) == 1
        for nth, slot in enumerate(slots):
            for index in slot:
                note = _add(measure, "note", id=f"n{index}", **self._dynamics(index))
                _add(note, "grace", **({"slash": "yes"} if alone else {}))
                if index != slot[0]:
                    _add(note, "chord")
                self._pitch(note, index)
                self._instrument(note, index)
                _add(note, "voice", voice)
                _add(note, "type", "eighth" if alone else "16th")
                _accidental(note, accidentals.get((index, time)))
                _add(note, "stem", "up")
                if self.is_drum:
                    add_head(note, self.pitch[index])
                if self.staves > 1:
                    _add(note, "staff", staff + 1)
                if not alone and index == slot[0]:
                    word = "begin" if nth == 0 else "end" if nth == len(slots) - 1 else "continue"
                    for level in (1, 2):
                        _add(note, "beam", word, number=str(level))
                self._fingering(note, index)

    def _value(
        self,
        note: ET.Element,
        symbol: Symbol,
        staff: int,
        voice: int,
        *,
        stem: str | None,
        accidental: Accidental | None = None,
        head: bool = True,
        drum: int | None = None,
    ) -> None:
        value = symbol.value
        _add(note, "voice", voice)
        if not symbol.whole_bar:
            _add(note, "type", value.type)
            for _ in range(value.dots):
                _add(note, "dot")
        _accidental(note, accidental)
        if value.tuplet:
            change = _add(note, "time-modification")
            _add(change, "actual-notes", value.tuplet.actual)
            _add(change, "normal-notes", value.tuplet.normal)
        if stem and value.type not in ("whole", "breve", "long"):
            _add(note, "stem", stem)
        if drum is not None:
            add_head(note, drum)
        if self.staves > 1:
            _add(note, "staff", staff + 1)
        if head:
            for level, word in enumerate(symbol.beams, 1):
                _add(note, "beam", word, number=str(level))
            if not symbol.notes and value.tuplet and (symbol.tuplet_starts or symbol.tuplet_stops):
                _brackets(_add(note, "notations"), symbol)

    def _notations(
        self,
        note: ET.Element,
        symbol: Symbol,
        index: int,
        from_before: bool,
        to_next: bool,
        *,
        head: bool,
    ) -> None:
        notations = ET.Element("notations")
        for kind, tied in (("stop", from_before), ("start", to_next)):
            if tied:
                _add(notations, "tied", type=kind)
        if head:
            _brackets(notations, symbol)
        if len(notations):
            note.append(notations)
        if not from_before:
            self._fingering(note, index)

    def _fingering(self, note: ET.Element, index: int) -> None:
        """Write the string and the fret of a note, if it has them."""
        # With a tablature, string and fret stand there.
        if self.string[index] > 0 and self.fret[index] >= 0 and not self.has_tab:
            notations = note.find("notations")
            technical = _add(
                _add(note, "notations") if notations is None else notations, "technical"
            )
            _add(technical, "string", self.string[index])
            _add(technical, "fret", self.fret[index])


def _fermata(note: ET.Element, *, inverted: bool) -> None:
    notations = note.find("notations")
    parent = _add(note, "notations") if notations is None else notations
    _add(parent, "fermata", type="inverted" if inverted else "upright")


def _accidental(note: ET.Element, accidental: Accidental | None) -> None:
    if accidental is not None:
        courtesy = {"cautionary": "yes"} if accidental.is_courtesy else {}
        _add(note, "accidental", ACCIDENTALS[accidental.alter], **courtesy)


def _voices(staves: Sequence[StaffBar]) -> Iterator[tuple[int, int, tuple[Symbol, ...]]]:
    """Yield staff, voice number and symbols.

    Voices of the second staff begin at 5, as in other programs.
    """
    for staff, content in enumerate(staves):
        for rank, symbols in enumerate(content.voices):
            yield staff, 1 + 4 * staff + rank, symbols


def _brackets(notations: ET.Element, symbol: Symbol) -> None:
    tuplet = symbol.value.tuplet
    if tuplet is None:
        return
    if symbol.tuplet_starts:
        _add(
            notations,
            "tuplet",
            type="start",
            number="1",
            bracket="yes" if symbol.bracket else "no",
            **({} if symbol.tuplet_number else {"show_number": "none"}),
        )
    if symbol.tuplet_stops:
        _add(notations, "tuplet", type="stop", number="1")


def _clef(attributes: ET.Element, clef: Clef, number: dict[str, str]) -> None:
    element = _add(attributes, "clef", **number)
    _add(element, "sign", clef.sign)
    _add(element, "line", clef.line)
    if clef.octave:
        _add(element, "clef-octave-change", clef.octave)


def _tempo(measure: ET.Element, tempo: Tempo, meter: Meter) -> None:
    """Write a metronome mark in the beat of the meter.

    Its number may be rounded. The sound of the mark is the exact tempo. It is no element of its
    own, which MuseScore would print as a second mark.
    """
    unit, dotted, per_minute = _mark(tempo, meter)
    # A slow tempo would change audibly if it were rounded to a whole number.
    shown = f"{per_minute:.3g}" if per_minute < SLOW else str(round(per_minute))
    direction = _add(measure, "direction", placement="above")
    mark = _add(_add(direction, "direction-type"), "metronome")
    _add(mark, "beat-unit", BEAT_UNITS[unit])
    if dotted:
        _add(mark, "beat-unit-dot")
    _add(mark, "per-minute", shown)
    _add(direction, "sound", tempo=f"{tempo.bpm:.12g}")


def _mark(tempo: Tempo, meter: Meter) -> tuple[int, bool, float]:
    """Return the beat unit, whether it is dotted, and the beats per minute.

    In compound meters the beat is a dotted note, if the number of beats per minute is then whole.
    """
    if is_compound(meter):
        unit = meter.denominator // 2
        per_minute = tempo.bpm * unit / 4 / 1.5
        if unit in BEAT_UNITS and abs(per_minute - round(per_minute)) < 0.02 and per_minute >= 10:
            return unit, True, per_minute
        if meter.denominator == 8:
            return 8, False, tempo.bpm * 2
    return 4, False, tempo.bpm
