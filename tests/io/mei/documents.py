"""Build small MEI documents."""

from __future__ import annotations

from fractions import Fraction

from lxml import etree

from partimento.io.mei.read import piece_from_mei
from partimento.music.piece import Piece

STAFF = '<staffGrp><staffDef n="1" lines="5"/></staffGrp>'


def element(xml: str) -> etree._Element:
    """Parse one element."""
    return etree.fromstring(xml)


def note(name: str, duration: int | str = 4, attributes: str = "") -> str:
    """Write a note such as ``c4`` with its duration and further attributes."""
    return f'<note pname="{name[0]}" oct="{name[1:]}" dur="{duration}" {attributes}/>'


def measure(*layers: str, attributes: str = "", after: str = "") -> str:
    """Write a measure of one staff; `after` stands behind the staff."""
    written = "".join(f'<layer n="{i}">{layer}</layer>' for i, layer in enumerate(layers, 1))
    return f'<measure {attributes}><staff n="1">{written}</staff>{after}</measure>'


def document(*content: str, definition: str = STAFF, attributes: str = "", head: str = "") -> bytes:
    """Write a document with one section."""
    score_def = f'<scoreDef meter.count="4" meter.unit="4" {attributes}>{definition}</scoreDef>'
    return (
        f'<mei xmlns="http://www.music-encoding.org/ns/mei"><meiHead>{head}</meiHead><music><body>'
        f"<mdiv><score>{score_def}<section>{''.join(content)}</section></score></mdiv>"
        "</body></music></mei>"
    ).encode()


def read(*content: str, unfold: bool = False, **options: str) -> Piece:
    """Read the document of `content` as a piece."""
    return piece_from_mei(document(*content, **options), unfold=unfold)


def main_notes(piece: Piece) -> list[tuple[Fraction, Fraction, int]]:
    """Return the notes without grace notes."""
    return sorted((n.onset, n.duration, n.pitch) for n in piece.notes if not n.grace)
