"""Parse an MEI document, and find its title, composer and scores.

The XML is parsed without network, DTD or entities. A document that declares entities is rejected.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from partimento.errors import InvalidScoreError

Element = Any  # lxml's elements have no types
XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
ENTITIES = "it declares XML entities, which no score needs"
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Some programs use the name of the file as the title.
FILE_SUFFIXES = (".mxl", ".xml", ".musicxml", ".mei")
TITLES = (
    "fileDesc/titleStmt/title[@type='main']",
    "fileDesc/titleStmt/title",
    "workList/work/title",
    "workDesc/work/titleStmt/title",
    "fileDesc/sourceDesc/source/titleStmt/title",
)
COMPOSERS = (
    "fileDesc/titleStmt/composer",
    "fileDesc/titleStmt/respStmt/*[@role='composer']",
    "workList/work/composer",
    "workDesc/work/titleStmt/composer",
    "workDesc/work/titleStmt/respStmt/*[@role='composer']",
)


def parse(data: bytes) -> Element:
    """Return the root of a document, whose tags have no namespace.

    Raises
    ------
    InvalidScoreError
        If the data are not XML, not MEI, or declare entities.
    """
    try:
        root = etree.fromstring(data, _parser())
    except etree.XMLSyntaxError as error:
        root = _in_old_encoding(data)
        if root is None:
            message = _reason(error)
            raise InvalidScoreError(
                ENTITIES if "amplification" in message else f"damaged XML: {message}"
            ) from error
    except (ValueError, LookupError) as error:  # an unknown encoding
        raise InvalidScoreError(f"damaged XML: {str(error)[:150]}") from error
    if root is None or etree.QName(root).localname not in ("mei", "music", "score"):
        raise InvalidScoreError("XML, but not MEI")
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and any(True for _ in dtd.iterentities()):
        raise InvalidScoreError(ENTITIES)
    for element in root.iter(etree.Element):
        if element.tag.startswith("{"):
            element.tag = element.tag.rpartition("}")[2]
    return root


def _reason(error: etree.XMLSyntaxError) -> str:
    """Return the message of libxml2 without its advice to programmers."""
    message = CONTROL.sub(" ", error.msg or "it cannot be parsed")
    if "Excessive depth" in message:
        return "it is nested too deeply"
    return message.partition(", see xml")[0][:150]


def _in_old_encoding(data: bytes) -> Element | None:
    """Parse a document that claims to be UTF-8 but has an older encoding."""
    try:
        data.decode()
    except UnicodeDecodeError:
        try:
            return etree.fromstring(data, _parser("cp1252"))
        except (etree.XMLSyntaxError, ValueError):
            return None
    return None


def _parser(encoding: str | None = None) -> Any:
    return etree.XMLParser(
        encoding=encoding,
        collect_ids=False,  # ids that occur twice, or begin with a digit, are no fault
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def scores_of(root: Element) -> list[list[Element]]:
    """Return the movements of a document, each as one score or as several parts."""
    if root.tag == "score":
        return [[root]]
    movements = []
    for movement in root.iter("mdiv"):
        scores = list(movement.iterchildren("score"))
        parts = [part for group in movement.iterchildren("parts") for part in group.iter("part")]
        if scores or parts:
            movements.append(scores[:1] or parts)
    return movements


def title_and_composer(root: Element) -> tuple[str, str]:
    """Return title and composer as the header states them; empty if it does not."""
    head = root.find("meiHead")
    if head is None:
        return _printed_title(root), ""
    titles = (text_of(one) for path in TITLES for one in head.findall(path))
    title = next(filter(None, titles), "") or _printed_title(root)
    for suffix in FILE_SUFFIXES:
        title = title.removesuffix(suffix)
    for path in COMPOSERS:
        names = dict.fromkeys(filter(None, (text_of(one) for one in head.findall(path))))
        if names:
            return title, ", ".join(names)
    return title, ""


def _printed_title(root: Element) -> str:
    """Return the text in the middle of the first page's head; empty if there is none."""
    centered = root.iterfind(".//pgHead//rend[@halign='center']")
    return next(filter(None, (text_of(one) for one in centered)), "")


def text_of(element: Element | None) -> str:
    """Return the text of an element and its children, with single spaces."""
    return "" if element is None else " ".join("".join(element.itertext()).split())
