"""Read and write the words of MusicXML."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from fractions import Fraction
from typing import Any

from partimento.music.lyrics import Syllable, goes_on
from partimento.music.piece import Piece

Element = Any
NOTE_ID = re.compile(r"n(\d+)")
INSIDE = ("begin", "middle")  # syllables after which the word goes on


def lyrics_of_document(root: Element, piece: Piece) -> tuple[Syllable, ...]:
    """Return the words of the first verse.

    Parameters
    ----------
    root : Element
        A document whose notes have the ids of the piece's notes; see `note_ids.add_note_ids`.
    piece : Piece

    Returns
    -------
    tuple of Syllable
        Sorted by onset. A line ends where the document says so.
    """
    notes = list(piece.notes)
    syllables: dict[tuple[Any, int], Syllable] = {}
    for element in root.iter("note"):
        match = NOTE_ID.fullmatch(element.get("id", ""))
        lyric = _first_verse(element)
        if match is None or lyric is None:
            continue
        note = notes[int(match[1])]
        text = _text(lyric)
        if text:
            syllables.setdefault((note.onset, note.part), Syllable(text, note.onset, note.part))
    return tuple(syllables[place] for place in sorted(syllables))


def _first_verse(note: Element) -> Element | None:
    lyrics = [lyric for lyric in note.iterchildren("lyric") if lyric.find("text") is not None]
    first = [lyric for lyric in lyrics if lyric.get("number", "1") in ("1", "part1verse1")]
    return (first or [None])[0]


def _text(lyric: Element) -> str:
    """Return the text of a syllable, with what ends it."""
    words: list[str] = []
    for child in lyric:
        if child.tag == "text":
            words.append(child.text or "")
        elif child.tag == "elision":
            words.append(child.text or " ")
    text = " ".join("".join(words).split())
    if not text:
        return ""
    if lyric.find("end-line") is not None or lyric.find("end-paragraph") is not None:
        return f"{text}\n"
    # The last syllabic counts, if several syllables are sung to one note.
    syllabic = [child.text for child in lyric.iterchildren("syllabic")]
    return f"{text}-" if syllabic and syllabic[-1] in INSIDE else f"{text} "


def words_by_note(piece: Piece) -> dict[tuple[Fraction, int], Element]:
    """Return the ``<lyric>`` elements of a piece's words by onset and part."""
    elements: dict[tuple[Fraction, int], Element] = {}
    for part in {syllable.part for syllable in piece.lyrics}:
        own = [syllable for syllable in piece.lyrics if syllable.part == part]
        before = False
        for syllable, inside in zip(own, goes_on(own), strict=True):
            text = syllable.text.strip()
            text = text.rstrip("-") if inside else text
            if not text:
                continue
            kind = ("middle" if before else "begin") if inside else "end" if before else "single"
            before = inside
            lyric = ET.Element("lyric", number="1")
            ET.SubElement(lyric, "syllabic").text = kind
            ET.SubElement(lyric, "text").text = "".join(c for c in text if c.isprintable())
            if syllable.text.endswith("\n"):
                ET.SubElement(lyric, "end-line")
            elements.setdefault((syllable.onset, part), lyric)
    return elements
