"""Read the sections and measures of an MEI document as a written score."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any

from partimento.io.kern.chords import chord_symbol
from partimento.io.mei import values
from partimento.io.mei.document import XML_ID, scores_of, text_of, title_and_composer
from partimento.io.mei.layer import LayerNote, LayerReader, Links, chosen, repeated
from partimento.io.mei.staves import Staves
from partimento.io.mei.values import whole_number
from partimento.io.musicxml.turns import Turns
from partimento.io.written import WrittenNote, WrittenScore, checked_mark, common_grid
from partimento.music.fermatas import FERMATA
from partimento.music.limits import MAX_BARS, MAX_NOTES, MAX_QUARTERS, check_size
from partimento.music.timelines import ChordSymbol, Meter

Element = Any
STRUCTURE = ("section", "ending", "lem", "rdg", "add", "corr", "reg", "orig", "sic", "supplied")
CHOICES = ("choice", "app", "subst")
START_SIGNS, END_SIGNS = ("rptstart", "rptboth"), ("rptend", "rptboth")


class ScoreReader:
    """Read the movements of a document one after another.

    Parameters
    ----------
    root : Element

    Attributes
    ----------
    score : WrittenScore
        Complete after `read`.
    spans : dict of Element to (Fraction, Fraction)
        Beginning and end of sections, endings and measures.
    turns : dict of int to Turns
        The repeats by index of the measure.
    """

    def __init__(self, root: Element) -> None:
        self.root = root
        self.score = WrittenScore()
        self.staves = Staves()
        self.links = Links.of(root)
        # Documents of programs state each sounding accidental. Where none is stated at all, the
        # accidentals are those that a reader of the printed score would play.
        self.by_signature = not any("accid.ges" in one.attrib for one in root.iter("note", "accid"))
        self.now = self.start = Fraction(0)
        self.meter = Meter()
        self.player = ""
        self.measure = 0
        self.bars: list[Fraction] = []
        self.notes: list[tuple[Fraction, LayerNote, int, tuple[int, str]]] = []
        self.marks: dict[str, dict[Fraction, Any]] = {
            name: {} for name in ("meters", "keys", "tempos", "chord_symbols")
        }
        self.breaks: set[Fraction] = set()
        self.history: dict[tuple[str, str, str], dict[int, list[LayerNote]]] = {}
        self.tied: dict[tuple[str, str], dict[tuple[str, str], Fraction]] = {}
        self.spans: dict[Element, tuple[Fraction, Fraction]] = {}
        self.turns: dict[int, Turns] = {}

    def read(self) -> WrittenScore:
        """Read all movements, and return the score."""
        for movement in scores_of(self.root):
            start, measure, ends = self.now, self.measure, [self.now]
            for i, part in enumerate(movement):
                # The parts of a movement sound together.
                self.now, self.measure = start, measure
                self.player = str(i) if len(movement) > 1 else ""
                self._structure(part)
                ends.append(self.now)
            self.now = max(ends)
        self.score.title, self.score.composer = title_and_composer(self.root)
        return self._finish()

    # ------------------------------------------------------------------ structure

    def _structure(self, parent: Element) -> None:
        start, first = self.now, self.measure
        for element in parent:
            tag = element.tag
            if tag == "measure":
                self._measure(element)
            elif tag in ("scoreDef", "staffDef"):
                self._definition(element)
            elif tag in CHOICES:
                if (version := chosen(element)) is not None:
                    self._structure(version)
            elif tag in STRUCTURE:
                self._structure(element)
            elif tag == "staff":  # music without measures
                self._measure(parent)
                break
        self.spans[parent] = start, self.now
        if parent.tag == "ending" and self.measure > first:
            numbers = [whole_number(one) for one in parent.get("n", "").replace(",", " ").split()]
            passes = tuple(number for number in numbers if number > 0)
            previous = self.turns.get(first - 1, Turns()).endings
            self._turn(first).endings = passes or ((max(previous, default=0) + 1),)
            self._turn(self.measure - 1).closes = True

    def _turn(self, measure: int) -> Turns:
        return self.turns.setdefault(measure, Turns())

    def _definition(self, element: Element) -> None:
        if element.tag == "scoreDef":
            self.staves.read_score_def(element, self.player)
        else:
            self.staves.read_staff_def(element, self.player)
        for one in (element, *element.iter("meterSig", "meterSigGrp", "staffDef")):
            if one.tag == "meterSig" and one.getparent().tag == "meterSigGrp":
                continue
            read = values.meter_of_group if one.tag == "meterSigGrp" else values.meter_of
            if meter := self._checked(lambda read=read, one=one: read(one)):
                self.meter = self.marks["meters"][self.now] = meter
                break
        if tempo := self._checked(lambda: values.tempo_of(element)):
            self.marks["tempos"][self.now] = tempo
        self._keys()

    def _keys(self) -> None:
        """Note the key of the first staff that has one, if it has changed."""
        keys = (staff.sounding_key for staff in self.staves.staves.values())
        key = next((key for key in keys if key), None)
        if key is not None:
            self.marks["keys"].setdefault(self.now, key)

    def _checked(self, read: Any) -> Any:
        return checked_mark(self.score, read, f"measure {self.measure + 1}")

    def _warn(self, message: str) -> None:
        self.score.warn(f"measure {self.measure + 1}: {message}")

    # ------------------------------------------------------------------ measures

    def _measure(self, measure: Element) -> None:
        self.start = self.now
        layers = [
            (staff, layer, self._layer(staff, layer))
            for staff in measure.iter("staff")
            if staff.getparent().tag != "ossia"
            for layer in staff.iter("layer")
        ]
        readers = [reader for _, _, reader in layers]
        length = self._length([reader.now for reader in readers])
        count = max([1, *(reader.measures for reader in readers)])
        if not length:
            length = self.meter.bar_ql
        else:
            count = 1
        first = len(self.notes)
        for staff, layer, reader in layers:
            name = (self.player, staff.get("n", "1"), layer.get("n", "1"))
            history = self.history.setdefault(name, {})
            if reader.repeats:
                reader.notes += repeated(history, self.measure, reader.repeats)
            history[self.measure] = reader.notes
            history.pop(self.measure - 8, None)
            place = reader.staff.rank, layer.get("n", "1")
            self.notes += [(self.start, note, reader.staff.part, place) for note in reader.notes]
            self.breaks |= {self.start + time for time in reader.breaks}
        self._signs(measure)
        self._control_events(measure)
        self._placed_marks(measure, first, length)
        self.bars += [self.start + i * length for i in range(count)]
        self.now += count * length
        self.spans[measure] = self.start, self.now
        self.measure += count
        if len(self.notes) > MAX_NOTES or self.now > MAX_QUARTERS or self.measure > MAX_BARS:
            check_size(len(self.notes) or 1, int(self.now))

    def _length(self, ends: list[Fraction]) -> Fraction:
        """Return the length of a measure from the ends of its layers.

        It is 0 if all of them rest.

        If most layers keep to the meter, those that exceed it are taken for mistakes.
        """
        whole = self.meter.bar_ql
        if sum(end == whole for end in ends) > sum(end > whole for end in ends):
            return whole
        return max(ends, default=Fraction(0))

    def _layer(self, staff: Element, layer: Element) -> LayerReader:
        number = staff.get("n", "1")
        state = self.staves.staff(self.player, number)
        before = state.key
        reader = LayerReader(
            state,
            self.links,
            self._warn,
            beat=Fraction(4, self.meter.denominator),
            bar=self.meter.bar_ql,
            by_signature=self.by_signature,
            tied=self.tied.setdefault((self.player, number), {}),
        )
        reader.read(layer)
        if state.key != before:
            self._keys()
        return reader

    def _signs(self, measure: Element) -> None:
        if measure.get("left") in START_SIGNS:
            self._turn(self.measure).forward = True
        if measure.get("right") in END_SIGNS:
            self._turn(self.measure).times = 2
        if measure.get("right") in START_SIGNS:
            self._turn(self.measure + 1).forward = True

    def _control_events(self, measure: Element) -> None:
        for element in measure.iter("tempo", "harm"):
            time = self.start + self._offset(element)
            if element.tag == "tempo":
                if tempo := self._checked(lambda one=element: values.tempo_of(one)):
                    self.marks["tempos"].setdefault(time, tempo)
            elif symbol := chord_symbol(text_of(element).replace("♭", "b").replace("♯", "#")):
                self.marks["chord_symbols"].setdefault(time, ChordSymbol(symbol))

    def _placed_marks(self, measure: Element, first: int, length: Fraction) -> None:
        """Read the fermatas and breath marks that state a time instead of a note.

        `first` is the place of the first note of the measure in `notes`.
        """
        for element in measure.iter("fermata", "breath", "caesura"):
            if element.get("startid") or not element.get("tstamp"):
                continue
            offset = self._offset(element)
            if element.tag != "fermata" or offset >= length:  # the latter is one of the bar line
                self.breaks.add(self.start + offset)
                continue
            staff = self.staves.staff(self.player, element.get("staff", "1").split()[0])
            for i, (start, note, part, place) in enumerate(self.notes[first:], first):
                is_under = note.onset == offset and note.duration > 0
                if is_under and (part, place[0]) == (staff.part, staff.rank):
                    marked = note._replace(mark=note.mark | FERMATA)
                    self.notes[i] = (start, marked, part, place)

    def _offset(self, element: Element) -> Fraction:
        """Return the time of a control event within its measure.

        Its ``tstamp`` counts beats from 1.
        """
        text = (element.get("tstamp") or "")[:12]
        try:
            beats = Fraction(text).limit_denominator(1000) - 1
        except (ValueError, ZeroDivisionError):
            return Fraction(0)
        return min(max(beats, Fraction(0)) * 4 / self.meter.denominator, self.meter.bar_ql)

    # ------------------------------------------------------------------ the whole

    def _finish(self) -> WrittenScore:
        score = self.score
        times = Counter(note.onset for _, note, _, _ in self.notes)
        times.update(note.duration for _, note, _, _ in self.notes)
        times.update([self.now, *self.bars])
        grid = score.grid = common_grid(times)
        voices = {
            (part, place): i
            for i, (part, place) in enumerate(
                sorted({(part, place) for _, _, part, place in self.notes})
            )
        }
        score.notes = [
            WrittenNote(
                round((start + note.onset) * grid),
                max(round(note.duration * grid), 1) if note.duration else 0,
                note.pitch,
                part,
                voices[part, place],
                note.ties,
                note.velocity,
                note.mark,
            )
            for start, note, part, place in self.notes
        ]
        score.bars = sorted({round(bar * grid) for bar in self.bars}) or [0]
        score.length = round(self.now * grid)
        score.breaks = {round(time * grid) for time in self.breaks}
        for name, marks in self.marks.items():
            setattr(score, name, {round(time * grid): mark for time, mark in marks.items()})
        score.parts = self.staves.parts
        if self.by_signature and any(staff.key for staff in self.staves.staves.values()):
            key = next(staff.key for staff in self.staves.staves.values() if staff.key)
            if key.fifths:
                score.warn("it states no sounding accidentals: the key signature decides")
        return score

    def ids(self) -> dict[str, Element]:
        """Return the sections, endings and measures by their ids."""
        return {element.get(XML_ID, ""): element for element in self.spans}
