"""Change instrument, clef, title and composer of a MusicXML document."""

from __future__ import annotations

from typing import Any

from lxml import etree

from partimento.errors import PartimentoError
from partimento.io.musicxml.credits import words_of
from partimento.io.musicxml.elements import (
    ATTRIBUTES,
    BEFORE_ATTRIBUTES,
    MIDI_INSTRUMENT,
    SCORE,
    SCORE_PART,
    child_of,
    insert,
    parts_of,
)
from partimento.io.musicxml.marks import Instruments
from partimento.music.appearance import instrument_name, name_with_program
from partimento.music.provenance import FIELD
from partimento.notation.staves import BASS, CLEFS_BY_NAME, PERCUSSION, TREBLE, Clef

Element = Any
MIDDLE_OCTAVE, MOST_STAVES = 4, 4


def set_title(root: Element, title: str | int) -> None:
    """Set the title; a printed one that said the same is changed with it."""
    old = words_of(root.find("work/work-title")) or words_of(root.find("movement-title"))
    if str(title) == old:
        return
    _set_credits(root, "title", old, str(title))
    if root.find("work/work-title") is None and root.find("movement-title") is not None:
        root.find("movement-title").text = str(title)
        return
    work = child_of(root, "work", SCORE)
    child_of(work, "work-title", ("work-number", "work-title")).text = str(title)


def set_composer(root: Element, composer: str | int) -> None:
    """Set the composer; a printed one that said the same is changed with it."""
    creators = list(root.iterfind("identification/creator[@type='composer']"))
    old = words_of(creators[0]) if creators else ""
    if str(composer) == old:
        return
    _set_credits(root, "composer", old, str(composer))
    for creator in creators[1:]:
        creator.getparent().remove(creator)
    if creators:
        creators[0].text = str(composer)
        return
    identification = child_of(root, "identification", SCORE)
    creator = etree.Element("creator", type="composer")
    creator.text = str(composer)
    identification.insert(0, creator)


def set_remark(root: Element, remark: str | int) -> None:
    """Set the remark of this program, which only programs read."""
    identification = child_of(root, "identification", SCORE)
    remarks = identification.find("miscellaneous")
    if remarks is None:  # the last element that the standard allows here
        remarks = etree.SubElement(identification, "miscellaneous")
    for field in remarks.xpath("miscellaneous-field[@name=$name]", name=FIELD):
        remarks.remove(field)
    etree.SubElement(remarks, "miscellaneous-field", name=FIELD).text = str(remark)


def _set_credits(root: Element, kind: str, old: str, new: str) -> None:
    for credit in root.iterchildren("credit"):
        words = list(credit.iterchildren("credit-words"))
        of_kind = kind in [words_of(k).lower() for k in credit.iterchildren("credit-type")]
        if words and (of_kind or (old and len(words) == 1 and words_of(words[0]) == old)):
            words[0].text = new
            for further in words[1:]:
                credit.remove(further)


def set_program(root: Element, program: str | int) -> None:
    """Set the instrument of all parts but drums.

    Names of parts that name another instrument are replaced.
    """
    number = int(program)
    for listed, _ in parts_of(root):
        if listed is None:
            continue
        instruments = Instruments.of(listed)
        if instruments.is_drum or instruments.program == number:
            continue
        for tag in ("part-name", "score-instrument/instrument-name"):
            for element in listed.iterfind(tag):
                element.text = name_with_program(words_of(element), number) or None
        for tag in ("part-name-display", "part-abbreviation-display", "part-abbreviation"):
            for element in list(listed.iterfind(tag)):
                listed.remove(element)
        for sound in listed.iter("instrument-sound", "virtual-name", "virtual-library"):
            sound.getparent().remove(sound)
        _set_midi(listed, number)


def _set_midi(listed: Element, number: int) -> None:
    instruments = list(listed.iterchildren("score-instrument"))
    if not instruments:
        name = f"{listed.get('id')}-I1"
        instrument = insert(listed, etree.Element("score-instrument", id=name), SCORE_PART)
        etree.SubElement(instrument, "instrument-name").text = instrument_name(number)
        instruments = [instrument]
    if not list(listed.iterchildren("midi-instrument")):
        name = instruments[0].get("id", "")
        insert(listed, etree.Element("midi-instrument", id=name), SCORE_PART)
    for midi in listed.iterchildren("midi-instrument"):
        child_of(midi, "midi-program", MIDI_INSTRUMENT).text = str(number + 1)


def set_clef(root: Element, name: str | int) -> None:
    """Set the clef of all parts on one staff, except drums and tablatures.

    Changes of clef inside the part are removed. No pitch changes.

    Raises
    ------
    PartimentoError
        If no part is on one staff.
    """
    chosen = 0
    for listed, part in parts_of(root):
        staves = [int(s.text or 1) for s in part.iter("staves") if (s.text or "1").isdigit()]
        signs = {words_of(sign) for sign in part.iter("sign")}
        if max(staves, default=1) > 1 or Instruments.of(listed).is_drum or signs & UNPITCHED:
            continue
        chosen += 1
        for clef in list(part.iter("clef")):
            attributes = clef.getparent()
            attributes.remove(clef)
            if not len(attributes):
                attributes.getparent().remove(attributes)
        _free_stems(part)
        first = next(part.iterchildren("measure"), None)
        if first is not None:
            insert(attributes_at_start(first), _clef(CLEFS_BY_NAME[str(name)]), ATTRIBUTES)
    if not chosen:
        raise PartimentoError("the clef can be set only for a part on one staff: there is none")


def add_missing_clefs(root: Element) -> None:
    """Add clefs to parts that state none: treble, or bass where most notes are low."""
    for listed, part in parts_of(root):
        first = next(part.iterchildren("measure"), None)
        if first is None or next(part.iter("clef"), None) is not None:
            continue
        staves = [int(s.text or 1) for s in part.iter("staves") if (s.text or "1").isdigit()]
        octaves = [int(o.text or 4) for o in part.iter("octave") if (o.text or "4").isdigit()]
        is_low = bool(octaves) and 2 * sum(octave < MIDDLE_OCTAVE for octave in octaves) > len(
            octaves
        )
        clefs = [BASS if is_low else TREBLE]
        if Instruments.of(listed).is_drum:
            clefs = [PERCUSSION]
        elif max(staves, default=1) > 1:
            clefs = [TREBLE, *[BASS] * (min(max(staves), MOST_STAVES) - 1)]
        attributes = attributes_at_start(first)
        for number, clef in enumerate(clefs, 1):
            element = _clef(clef)
            if len(clefs) > 1:
                element.set("number", str(number))
            insert(attributes, element, ATTRIBUTES)


def _free_stems(part: Element) -> None:
    """Remove the stem directions of a single voice, which moves on its staff."""
    if len({words_of(voice) for voice in part.iter("voice")}) > 1:
        return
    for stem in list(part.iter("stem")):
        if words_of(stem) in ("up", "down"):
            stem.getparent().remove(stem)


UNPITCHED = {"TAB", "percussion"}


def attributes_at_start(measure: Element) -> Element:
    """Return the ``attributes`` at the start of a bar; create them if needed."""
    at = 0
    for index, element in enumerate(measure):
        if element.tag == "attributes":
            return element
        if element.tag not in BEFORE_ATTRIBUTES:
            break
        at = index + 1 if element.tag == "print" else at
    attributes = etree.Element("attributes")
    measure.insert(at, attributes)
    return attributes


def _clef(clef: Clef) -> Element:
    element = etree.Element("clef")
    etree.SubElement(element, "sign").text = clef.sign
    etree.SubElement(element, "line").text = str(clef.line)
    if clef.octave:
        etree.SubElement(element, "clef-octave-change").text = str(clef.octave)
    return element
