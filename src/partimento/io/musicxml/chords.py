"""Read and write chord symbols, the ``harmony`` elements of MusicXML."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any, NamedTuple

Element = Any
FIFTHS = "FCGDAEB"  # the steps in the order of the line of fifths, from -1 on
ALTERS = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}
ALTER_OF = {text: alter for alter, text in ALTERS.items()}
SYMBOLS = str.maketrans({"\u266d": "b", "\u266f": "#", "\U0001d12b": "bb", "\U0001d12a": "##"})
NO_CHORD = "N.C."
TEXT_OF_KIND = {
    "major": "", "minor": "m", "augmented": "aug", "diminished": "dim", "dominant": "7",
    "major-seventh": "maj7", "minor-seventh": "m7", "diminished-seventh": "dim7",
    "augmented-seventh": "aug7", "half-diminished": "m7b5", "major-minor": "m(maj7)",
    "major-sixth": "6", "minor-sixth": "m6", "dominant-ninth": "9", "major-ninth": "maj9",
    "minor-ninth": "m9", "dominant-11th": "11", "major-11th": "maj11", "minor-11th": "m11",
    "dominant-13th": "13", "major-13th": "maj13", "minor-13th": "m13",
    "suspended-second": "sus2", "suspended-fourth": "sus4", "power": "5", "pedal": "ped",
    "Neapolitan": "N6", "Italian": "It+6", "French": "Fr+6", "German": "Ger+6",
    "Tristan": "Tristan",
}  # fmt: skip
KIND_OF_TEXT = {text: kind for kind, text in TEXT_OF_KIND.items() if kind[0].islower()} | {
    "M": "major", "maj": "major", "min": "minor", "mi": "minor", "-": "minor",
    "+": "augmented", "o": "diminished", "\u00b0": "diminished", "M7": "major-seventh",
    "ma7": "major-seventh", "j7": "major-seventh", "\u0394": "major-seventh",
    "\u03947": "major-seventh", "min7": "minor-seventh", "mi7": "minor-seventh",
    "-7": "minor-seventh", "o7": "diminished-seventh", "\u00b07": "diminished-seventh",
    "+7": "augmented-seventh", "7#5": "augmented-seventh", "\u00f8": "half-diminished",
    "\u00f87": "half-diminished", "-7b5": "half-diminished", "mMaj7": "major-minor",
    "mM7": "major-minor", "min6": "minor-sixth", "-6": "minor-sixth", "M9": "major-ninth",
    "min9": "minor-ninth", "-9": "minor-ninth", "sus": "suspended-fourth",
    "6/9": "major-sixth", "69": "major-sixth", "M13": "major-13th", "M11": "major-11th",
}  # fmt: skip
KINDS_BY_LENGTH = sorted(KIND_OF_TEXT, key=len, reverse=True)
CHORD = re.compile(r"([A-G])(##|#|bb|b)?([^/]*|[^/]*6/9[^/]*)(?:/([A-G])(##|#|bb|b)?)?")
DEGREE = re.compile(r"(add|no|omit|)(bb|b|##|#|)(\d{1,2})")
MINOR, DIMINISHED = ("minor", "half-dim", "dimin", "major-minor"), ("dimin", "half-dim")


class _Degree(NamedTuple):
    value: int
    alter: int
    type: str

    @property
    def text(self) -> str:
        if self.type == "subtract":
            return f"no{self.value}"
        added = "add" if self.type == "add" and not self.alter else ""
        return f"{added}{ALTERS.get(self.alter, '')}{self.value}"


def chord_text(harmony: Element, fifths: int = 0) -> str:
    """Return the chord symbol of a ``harmony`` element, at sounding pitch.

    Parameters
    ----------
    harmony : Element
    fifths : int
        The transposition of the part, on the line of fifths.

    Returns
    -------
    str
        ``Dm7``, ``G7/B``, ``N.C.``; empty if the element has no chord.
    """
    chords: list[str] = []
    root = bass = ""
    for element in harmony:
        if element.tag == "root":
            root = _name(element, "root", fifths)
        elif element.tag in ("function", "numeral"):
            root = (element.text or element.findtext("numeral-root") or "").strip()
        elif element.tag == "kind":
            chords.append(_with_kind(root, element))
        elif element.tag == "inversion" and chords and not bass:
            bass = _inverted(harmony, element, fifths)
        elif element.tag == "bass":
            bass = f"/{_name(element, 'bass', fifths)}"
    if len(chords) == 1:
        chords[0] = _with_degrees(chords[0], root, harmony)
    text = "|".join(filter(None, chords))
    return " ".join((text + bass if text else "").split())


def _name(element: Element, tag: str, fifths: int) -> str:
    """Return the transposed name of a root or bass; empty if it is not displayed."""
    step = element.find(f"{tag}-step")
    letter = (step.text or "").strip().upper() if step is not None else ""
    if len(letter) != 1 or letter not in FIFTHS or step.get("text") == "":
        return ""
    try:
        alter = round(float(element.findtext(f"{tag}-alter") or 0))
    except (ValueError, OverflowError):
        alter = 0
    return _name_at(_place(letter, max(min(alter, 2), -2)) + fifths)


def _place(letter: str, alter: int) -> int:
    """Return the place of a note on the line of fifths, counted from C."""
    return FIFTHS.index(letter) - 1 + 7 * alter


def _name_at(place: int) -> str:
    while not -15 <= place <= 19:  # at most two accidentals
        place -= 12 if place > 0 else -12
    return FIFTHS[(place + 1) % 7] + ALTERS[(place + 1) // 7]


def _with_kind(root: str, kind: Element) -> str:
    name = (kind.text or "").strip()
    text = kind.get("text")
    shown = TEXT_OF_KIND.get(name, "") if text is None else text.translate(SYMBOLS).strip()
    if name == "none":
        return shown or NO_CHORD
    return root + shown if root or shown else ""


def _with_degrees(chord: str, root: str, harmony: Element) -> str:
    """Add the alterations that the text of a chord does not contain."""
    text = chord[len(root) :]
    added = ""
    for element in harmony.iterchildren("degree"):
        degree = _degree(element)
        if degree is None or element.get("print-object") == "no":
            continue
        if not re.search(rf"(?<!\d){degree.value}(?!\d)", text) or degree.type == "alter":
            added += degree.text if degree.text not in text else ""
    if added and not text and added[0] in "b#":
        added = f"({added})"  # Cb9 would be a chord on C flat
    return chord + added


def _degree(element: Element) -> _Degree | None:
    value, alter = (
        (element.findtext(f"degree-{name}") or "0").strip() for name in ("value", "alter")
    )
    kind = (element.findtext("degree-type") or "").strip()
    if not re.fullmatch(r"\d{1,2}", value) or not re.fullmatch(r"[+-]?[0-2]", alter):
        return None
    return _Degree(int(value), int(alter), kind) if kind in ("add", "alter", "subtract") else None


def _inverted(harmony: Element, inversion: Element, fifths: int) -> str:
    """Return the bass of an inversion that is stated as a number."""
    root = harmony.find("root")
    number = (inversion.text or "").strip()
    if root is None or number not in ("1", "2", "3"):
        return ""
    name = _name(root, "root", 0)
    kind = (harmony.findtext("kind") or "").strip()
    if not name:
        return ""
    third = -3 if kind.startswith(MINOR) else 4
    fifth = -6 if kind.startswith(DIMINISHED) else 8 if kind.startswith("augmented") else 1
    is_major = kind.startswith("major-") and not kind.startswith("major-sixth")
    seventh = -9 if kind == "diminished-seventh" else 5 if is_major else -2
    step = {"1": third, "2": fifth, "3": seventh}[number]
    return f"/{_name_at(_place(name[0], ALTER_OF[name[1:]]) + step + fifths)}"


def harmony_of(text: str, *, degrees: bool = True) -> ET.Element:
    """Return the ``harmony`` element that `chord_text` reads as a text.

    Text that is not the name of a chord is written as the text of no chord.

    Parameters
    ----------
    text : str
    degrees : bool
        Whether alterations are also written as ``degree`` elements that are not printed. Verovio
        prints them nevertheless.
    """
    harmony = ET.Element("harmony")
    match = CHORD.fullmatch(text)
    if match is None:
        step = ET.SubElement(ET.SubElement(harmony, "root"), "root-step", text="")
        step.text = "C"
        ET.SubElement(harmony, "kind", text=text).text = "none"
        return harmony
    letter, alter, suffix, bass, bass_alter = match.groups()
    _note(harmony, "root", letter, alter)
    kind, altered = _kind_and_degrees(suffix)
    ET.SubElement(harmony, "kind", text=suffix).text = kind
    if bass:
        _note(harmony, "bass", bass, bass_alter)
    for degree in altered if degrees else ():
        element = ET.SubElement(harmony, "degree", {"print-object": "no"})
        for name in ("value", "alter", "type"):
            ET.SubElement(element, f"degree-{name}").text = str(getattr(degree, name))
    return harmony


def _note(harmony: ET.Element, tag: str, letter: str, alter: str | None) -> None:
    note = ET.SubElement(harmony, tag)
    ET.SubElement(note, f"{tag}-step").text = letter
    if alter:
        ET.SubElement(note, f"{tag}-alter").text = str(ALTER_OF[alter])


def _kind_and_degrees(suffix: str) -> tuple[str, list[_Degree]]:
    """Return the kind that a suffix such as ``m7b5`` names, and further alterations."""
    plain = suffix.replace("(", "").replace(")", "").replace(",", "").replace(" ", "")
    for text in (suffix, plain):
        if text in KIND_OF_TEXT:
            return KIND_OF_TEXT[text], []
    for start in KINDS_BY_LENGTH:
        rest = plain[len(start) :]
        if plain.startswith(start) and re.fullmatch(f"({DEGREE.pattern})+", rest):
            altered = [
                _Degree(
                    int(value),
                    ALTER_OF[alter],
                    "subtract"
                    if word in ("no", "omit")
                    else "alter"
                    if value == "5" and alter
                    else "add",
                )
                for word, alter, value in DEGREE.findall(rest)
            ]
            return KIND_OF_TEXT[start], altered
    return "other", []
