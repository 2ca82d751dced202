"""Find where the elements of a MusicXML document stand in its bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from partimento.errors import PartimentoError
from partimento.short_repr import short_repr

DEEPEST = 4  # score, part, measure, note
WIDE = (b"\xfe\xff", b"\xff\xfe", b"\0<", b"<\0")  # beginnings of UTF-16 and UTF-32


@short_repr
@dataclass
class Tag:
    """An element of a document, and its place in the bytes.

    Attributes
    ----------
    name : str
    attributes : dict of str
    begin, end : int
        The element, with its tags.
    inner, inner_end : int
        Its content. The two are equal and inside an element without an end tag.
    children : list of Tag
        Only down to the notes of a measure.
    """

    name: str
    attributes: dict[str, str]
    begin: int
    inner: int
    inner_end: int = 0
    end: int = 0
    children: list[Tag] = field(default_factory=list)

    def named(self, *names: str) -> Iterator[Tag]:
        """Yield the children of these names."""
        return (child for child in self.children if child.name in names)


def tags_of(data: bytes) -> Tag:
    """Return the root of a document, with the places of its elements.

    Raises
    ------
    PartimentoError
        If the document is damaged, or has an encoding of several bytes per letter.
    """
    if data.startswith(WIDE):
        raise PartimentoError("a document in UTF-16 cannot be copied: save it in UTF-8")
    parser = expat.ParserCreate()
    top: list[Tag] = []
    path: list[Tag] = []
    depth = 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            return
        at = parser.CurrentByteIndex
        tag = Tag(name, attributes, at, _after_tag(data, at))
        (path[-1].children if path else top).append(tag)
        path.append(tag)

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1
        if depth >= DEEPEST:
            return
        tag, at = path.pop(), parser.CurrentByteIndex
        is_empty = data[tag.inner - 2 : tag.inner] == b"/>"
        tag.inner_end = tag.inner if is_empty else at
        tag.end = tag.inner if is_empty else _after_tag(data, at)

    def refuse(*_: object) -> None:
        raise PartimentoError("a document that declares entities cannot be copied")

    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise PartimentoError(f"a damaged document cannot be copied: {error}") from error
    return top[0]


def _after_tag(data: bytes, at: int) -> int:
    """Return the index after the tag at `at`; quoted values may have a ``>``."""
    quote = 0
    for index in range(at, len(data)):
        code = data[index]
        if quote:
            quote = 0 if code == quote else quote
        elif code in b"\"'":
            quote = code
        elif code == ord(">"):
            return index + 1
    raise PartimentoError("a damaged document cannot be copied: a tag does not end")
