"""Hold a MusicXML document, and edit it where an edit is asked for.

All that the document says is kept: an edit returns a copy in which only what it concerns differs.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any

from lxml import etree

from partimento.errors import InvalidScoreError, PartimentoError
from partimento.io.formats import read_score_bytes
from partimento.io.musicxml import appearance, excerpt, transpose
from partimento.io.musicxml.add_chords import add_chords
from partimento.io.musicxml.add_parts import add_parts
from partimento.io.musicxml.add_tablature import add_tablature
from partimento.io.musicxml.heading import heading_of
from partimento.io.musicxml.lyrics import lyrics_of_document
from partimento.io.musicxml.note_ids import add_note_ids
from partimento.io.musicxml.own_documents import says_only_notes
from partimento.io.musicxml.read import parse, piece_of_document
from partimento.io.splice import spliced_bytes
from partimento.music.change import EDIT
from partimento.music.lyrics import Syllable
from partimento.music.piece import Piece
from partimento.music.score_reference import ScoreReference

Element = Any
DOCTYPE = (
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN"'
    ' "http://www.musicxml.org/dtds/partwise.dtd">'
)


class ScoreDocument:
    """A MusicXML document with its parts one after another; it is never changed.

    Parameters
    ----------
    root : Element
        From `read.parse`. A timewise document becomes a partwise one.
    """

    def __init__(self, root: Element) -> None:
        self._root = root if root.tag == "score-partwise" else _partwise(root)

    @classmethod
    def from_bytes(cls, data: bytes, suffix: str = ".musicxml") -> ScoreDocument:
        """Parse a document; parameters and errors as for `read.piece_from_musicxml`."""
        return cls(parse(data, suffix))

    @classmethod
    def load(cls, reference: ScoreReference) -> ScoreDocument:
        """Read the document of a piece, and repeat the edits.

        Raises
        ------
        PartimentoError
            If the file is missing, has changed, or cannot be edited in this way.
        """
        shown = f"{reference.path}/{reference.member}" if reference.member else reference.path
        try:
            data = read_score_bytes(reference.path, reference.member)
            if hashlib.sha256(data).hexdigest() != reference.sha256:
                raise PartimentoError(f"{shown} has changed since it was read")
            suffix = PurePosixPath(reference.member or reference.path).suffix.lower()
            filled = tuple(edit for edit in reference.edits if edit[0] == EDIT)
            if filled:  # they come first, and are made in the bytes
                data, suffix = spliced_bytes(replace(reference, edits=filled)), ".musicxml"
            document = cls.from_bytes(data, suffix)
            for edit in reference.edits[len(filled) :]:
                document = document.edited(str(edit[0]), *edit[1:])
        except (OSError, InvalidScoreError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise PartimentoError(f"{shown}: {reason}") from error
        return document

    @property
    def root(self) -> Element:
        """A copy of the root element."""
        return copy.deepcopy(self._root)

    @property
    def says_only_notes(self) -> bool:
        """Whether this program wrote it, and nobody added anything."""
        return says_only_notes(self._root)

    def piece(self) -> Piece:
        """Read the notes of the document."""
        return piece_of_document(self._root)

    def edited(self, name: str, *values: str | int) -> ScoreDocument:
        """Return the document after an edit of `ScoreReference`."""
        root = self.root
        EDITS[name](root, *values)
        return ScoreDocument(root)

    def transpose(self, semitones: int) -> ScoreDocument:
        """Return the document at another pitch; see `transpose.transpose`."""
        return self.edited("transpose", semitones)

    def cut(self, start: Fraction, end: Fraction) -> ScoreDocument:
        """Return the bars between two times in quarters; see `excerpt.cut`."""
        return self.edited("cut", str(start), str(end))

    def with_remark(self, remark: str) -> ScoreDocument:
        """Return the document with a remark of this program; an empty one changes nothing."""
        return self.edited("remark", remark) if remark else self

    def to_xml(self) -> str:
        """Return the document as MusicXML text."""
        public = self._root.getroottree().docinfo.doctype
        doctype = public if public.startswith("<!DOCTYPE score-partwise") else DOCTYPE
        body = etree.tostring(self._root, encoding="unicode", pretty_print=True)
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{doctype}\n{body}'

    def lyrics(self, piece: Piece) -> tuple[Syllable, ...]:
        """Return the words of the first verse; `piece` is the piece of this document."""
        if next(self._root.iter("lyric"), None) is None:
            return ()
        root = self.root
        for element in root.iter("note"):
            element.attrib.pop("id", None)
        add_note_ids(root, piece)
        return lyrics_of_document(root, piece)

    def picture(self, piece: Piece) -> str:
        """Return MusicXML for the engraver, with the ids of a piece's notes.

        Parameters
        ----------
        piece : Piece
            The piece of this document. Its note 5 has the id ``n5``, and notes that are tied to it
            ``n5.2``, ``n5.3`` and so on.
        """
        root = self.root
        for element in root.iter():
            if element.tag in IDENTIFIED:
                element.attrib.pop("id", None)
        add_note_ids(root, piece)
        appearance.add_missing_clefs(root)
        titles, names = heading_of(root)
        for tag in ("credit", "movement-title", "movement-number"):
            for element in list(root.iterchildren(tag)):
                root.remove(element)
        appearance.set_title(root, titles)
        appearance.set_composer(root, names)
        picture: str = etree.tostring(root, encoding="unicode")
        return picture


def _cut(root: Element, start: str | int, end: str | int) -> None:
    excerpt.cut(root, Fraction(start), Fraction(end))


# Elements with optional ids, which are not needed and may coincide with ours.
IDENTIFIED = frozenset(
    ("note", "measure", "direction", "harmony", "barline", "attributes", "slur", "tied", "print")
)
EDITS: dict[str, Callable[..., None]] = {
    "transpose": transpose.transpose,
    "cut": _cut,
    "program": appearance.set_program,
    "clef": appearance.set_clef,
    "title": appearance.set_title,
    "composer": appearance.set_composer,
    "chords": add_chords,
    "tablature": add_tablature,
    "parts": add_parts,
    "remark": appearance.set_remark,
}


def _partwise(root: Element) -> Element:
    """Convert a timewise document to a partwise one."""
    partwise = etree.Element("score-partwise", dict(root.attrib))
    parts: dict[str, Element] = {}
    for child in root:
        if child.tag != "measure":
            partwise.append(copy.deepcopy(child))
    bars = list(root.iterchildren("measure"))
    names = dict.fromkeys(part.get("id", "") for bar in bars for part in bar.iterchildren("part"))
    for name in names:
        parts[name] = etree.SubElement(partwise, "part", id=name)
    for bar in bars:
        music = {part.get("id", ""): part for part in bar.iterchildren("part")}
        for name, part in parts.items():
            measure = etree.SubElement(part, "measure", dict(bar.attrib))
            for element in music.get(name, ()):
                measure.append(copy.deepcopy(element))
    return partwise
