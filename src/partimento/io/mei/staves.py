"""Read the definitions of scores and staves, and group the staves into parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from partimento.io.mei.document import text_of
from partimento.io.mei.values import key_of, whole_number
from partimento.music.timelines import Key, Part

Element = Any
MOST_STAVES = 3  # of one keyboard part
MOST_SEMITONES = 128
DRUM_CHANNELS = ("9",)  # counted from 0, as verovio writes it


@dataclass
class Staff:
    """The state of one staff.

    Attributes
    ----------
    part : int
    rank : int
        The place of the staff within its part, from the top.
    key : Key or None
        The written key.
    semitones, diatonic : int
        Transposition from the written to the sounding pitch.
    duration, octave : str
        The values for notes that state none.
    ppq : int
        The steps per quarter of ``dur.ppq``; 0 if unknown.
    """

    part: int = 0
    rank: int = 0
    key: Key | None = None
    semitones: int = 0
    diatonic: int = 0
    duration: str = ""
    octave: str = ""
    ppq: int = 0

    @property
    def sounding_key(self) -> Key | None:
        if self.key is None:
            return None
        fifths = self.key.fifths + 7 * self.semitones - 12 * self.diatonic
        if abs(fifths) > 7:  # the octave counts in only one of the two numbers, or a respelling
            fifths = (fifths + 5) % 12 - 5
        return Key(fifths, self.key.mode)


@dataclass
class Staves:
    """All staves of a document, by movement part and number."""

    staves: dict[tuple[str, str], Staff] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    part_by_name: dict[tuple[str, ...], int] = field(default_factory=dict)

    def staff(self, player: str, number: str) -> Staff:
        """Return a staff; one without a definition is a part of its own."""
        key = (player, number)
        if key not in self.staves:
            self.staves[key] = Staff(part=self._part((player, number, ""), Part()))
        return self.staves[key]

    def read_score_def(self, definition: Element, player: str) -> None:
        """Read a ``scoreDef``: the groups of staves, and values that are valid for all."""
        for group in definition.iterchildren("staffGrp"):
            self._read_group(group, player)
        for (owner, _), staff in self.staves.items():
            if owner == player:
                _update(staff, definition)
        for one in definition.iter("staffDef"):
            self.read_staff_def(one, player)

    def read_staff_def(self, definition: Element, player: str) -> None:
        """Read a ``staffDef``, also one that changes a staff within the piece."""
        staff = self.staff(player, definition.get("n", "1"))
        _update(staff, definition)
        transposition = definition.get("trans.semi")
        if transposition is not None:
            staff.semitones = whole_number(transposition, largest=MOST_SEMITONES)
            # Without the diatonic step, the usual spelling of the interval is meant.
            usual = (7 * staff.semitones + 6) // 12
            staff.diatonic = whole_number(definition.get("trans.diat"), usual, largest=100)

    def _read_group(self, group: Element, player: str, *, braced: bool = False) -> None:
        definitions = list(group.iterchildren("staffDef"))
        inner = list(group.iterchildren("staffGrp"))
        symbol = group.get("symbol") or next(
            (one.get("symbol") for one in group.iterchildren("grpSym")), ""
        )
        braced = symbol == "brace" or braced
        names = {_label(definition) for definition in definitions}
        # A brace also joins two violins; but then each staff has a name.
        if braced and 1 < len(definitions) <= MOST_STAVES and (len(names) == 1 or "" in names):
            self._read_part([group, group.getparent()], definitions, player)
        else:
            for definition in definitions:
                self._read_part([definition], [definition], player)
        for one in inner:
            self._read_group(one, player, braced=braced and len(inner) == 1 and not definitions)

    def _read_part(self, holders: list[Element], definitions: list[Element], player: str) -> None:
        part = _part(holders, definitions)
        numbers = [definition.get("n", "1") for definition in definitions]
        if all((player, number) in self.staves for number in numbers):
            names = self.parts[self.staves[player, numbers[0]].part].name
            if part.name in ("", names):  # the same players again
                return
        index = self._part((player, *numbers, part.name), part)
        for rank, number in enumerate(numbers):
            self.staves[player, number] = Staff(part=index, rank=rank)

    def _part(self, name: tuple[str, ...], part: Part) -> int:
        if name not in self.part_by_name:
            self.part_by_name[name] = len(self.parts)
            self.parts.append(part)
        return self.part_by_name[name]


def _update(staff: Staff, definition: Element) -> None:
    """Update a staff with the values that a definition states."""
    keys = [key_of(one) for one in (definition, *definition.iterchildren("keySig"))]
    staff.key = next((key for key in reversed(keys) if key), staff.key)
    staff.duration = definition.get("dur.default", staff.duration)
    staff.octave = definition.get("oct.default", definition.get("octave.default", staff.octave))
    staff.ppq = whole_number(definition.get("ppq"), staff.ppq)


def _label(holder: Element) -> str:
    return text_of(holder.find("label")) or " ".join(holder.get("label", "").split())


def _part(holders: list[Element], definitions: list[Element]) -> Part:
    name, program, is_drum = "", None, False
    for holder in (*holders, *definitions):
        name = name or _label(holder)
        for instrument in holder.iterchildren("instrDef"):
            number = whole_number(instrument.get("midi.instrnum"), -1)
            if program is None and 0 <= number < 128:
                program = number
            is_drum = is_drum or instrument.get("midi.channel") in DRUM_CHANNELS
    for definition in definitions:
        clefs = [one.get("shape") for one in definition.iter("clef")]
        is_drum = is_drum or "perc" in (definition.get("clef.shape"), *clefs)
    return Part(name, None if is_drum else program, is_drum, staves=len(definitions))
