"""Ways to spoil MusicXML: its tree, its text, the document around it; and the archive that a
compressed score is.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Sequence
from copy import deepcopy
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

from lxml import etree
from tests.fuzz import sources
from tests.fuzz.spoil import BYTES, NUMBERS, TEXT, spoil

Element = Any
MOST_BYTES = 100_000
SECRET_PLACE = Path(sources.__file__).as_uri()  # a file that says `SECRET`
NOTE = "<note><pitch><step>C</step><octave>{}</octave></pitch><duration>{}</duration>{}</note>"
FRAGMENTS = (
    NOTE.format(4, 1, '<tie type="start"/>'),
    NOTE.format(4, 1, '<tie type="stop"/>'),
    NOTE.format(4, 1, '<tie type="stop"/><tie type="start"/>'),
    NOTE.format(99, 1, ""),
    NOTE.format(-1, 1, ""),
    NOTE.format(4, 0, ""),
    NOTE.format(4, 10**12, ""),
    NOTE.format(4, "0.0001", ""),
    "<note><grace/><pitch><step>D</step><octave>5</octave></pitch></note>",
    "<note><chord/><rest/></note>",
    "<note><rest measure='yes'/></note>",
    "<note><grace/><chord/><unpitched/></note>",
    "<note/>",
    "<note><cue/><rest/><duration>7</duration></note>",
    "<note><unpitched><display-step>H</display-step><display-octave>x</display-octave></unpitched><duration>1</duration></note>",
    "<backup><duration>1000000000</duration></backup>",
    "<backup/>",
    "<backup><duration>-4</duration></backup>",
    "<forward><duration>1000000000000</duration></forward>",
    "<forward><duration>0.3333</duration></forward>",
    "<attributes><divisions>0</divisions></attributes>",
    "<attributes><divisions>0.7</divisions></attributes>",
    "<attributes><divisions>1048573</divisions></attributes>",
    "<attributes><divisions>-2</divisions></attributes>",
    "<attributes><time><beats>1</beats><beat-type>128</beat-type></time></attributes>",
    "<attributes><time><beats>3+2</beats><beat-type>8</beat-type><beats>1</beats><beat-type>4</beat-type></time></attributes>",
    "<attributes><time><beats>255</beats><beat-type>1</beat-type></time></attributes>",
    "<attributes><time><senza-misura/></time></attributes>",
    "<attributes><key><fifths>12</fifths></key></attributes>",
    "<attributes><transpose><chromatic>-200</chromatic></transpose></attributes>",
    (
        "<attributes><transpose"
        " number='2'><diatonic>1</diatonic><chromatic>2</chromatic></transpose></attributes>"
    ),
    "<direction><sound tempo='0.001'/></direction>",
    "<sound tempo='1e300'/>",
    "<sound tempo='-3'/>",
    "<sound dacapo='yes'/>",
    "<sound dalsegno='s'/>",
    "<sound segno='s'/>",
    "<sound tocoda='c'/>",
    "<sound coda='c'/>",
    "<sound fine='yes'/>",
    "<direction><offset sound='yes'>-99999999</offset><sound tempo='90'/></direction>",
    "<direction><direction-type><metronome><beat-unit>maxima</beat-unit><per-minute>1</per-minute></metronome></direction-type></direction>",
    "<barline><repeat direction='forward'/></barline>",
    "<barline><repeat direction='backward'/></barline>",
    "<barline><repeat direction='backward' times='99999999'/></barline>",
    "<barline><ending number='1' type='start'/></barline>",
    "<barline><ending number='2,3 - 99' type='start'/><repeat direction='backward'/></barline>",
    "<barline><ending number='1' type='stop'/></barline>",
    "<measure/>",
    "<part/>",
    "<part id='P1'/>",
    "<score-part id='P1'/>",
    (
        "<score-part id='P1'><midi-instrument"
        " id='a'><midi-program>0</midi-program></midi-instrument></score-part>"
    ),
    (
        "<score-part id='P1'><midi-instrument"
        " id='a'><midi-unpitched>999</midi-unpitched></midi-instrument></score-part>"
    ),
    "<work><work-title>a\nb &#9; c</work-title></work>",
)


def _any(root: Element, rng: Random) -> Element:
    return rng.choice(list(root.iter("*")))


def _inner(root: Element, rng: Random) -> Element:
    """Any element but the root; of one that has none, the root."""
    return rng.choice(list(root.iter("*"))[1:] or [root])


def delete_element(root: Element, rng: Random) -> None:
    element = _inner(root, rng)
    if element is not root:
        element.getparent().remove(element)


def double_element(root: Element, rng: Random) -> None:
    element = _inner(root, rng)
    size, parent = len(etree.tostring(element)), element.getparent()
    if parent is not None:
        at = parent.index(element)
        for _ in range(min(rng.choice([1, 1, 3, 40, 3000]), MOST_BYTES // size)):
            parent.insert(at, deepcopy(element))


def move_element(root: Element, rng: Random) -> None:
    element, to = _inner(root, rng), _any(root, rng)
    if element is not root and all(above is not element for above in [to, *to.iterancestors()]):
        to.insert(rng.randrange(len(to) + 1), element)


def swap_tags(root: Element, rng: Random) -> None:
    one, other = _any(root, rng), _any(root, rng)
    one.tag, other.tag = other.tag, one.tag


def delete_all(root: Element, rng: Random) -> None:
    tag = _inner(root, rng).tag
    for element in list(root.iter(tag)):
        if element.getparent() is not None:
            element.getparent().remove(element)


def change_text(root: Element, rng: Random) -> None:
    """Another number where a number is, or another's text; in one element, or all of its kind."""
    leaves = [element for element in root.iter("*") if (element.text or "").strip()]
    if not leaves:
        return
    chosen = rng.choice(leaves)
    new = rng.choice(NUMBERS).replace("\0", "") if rng.random() < 0.8 else rng.choice(leaves).text
    for element in root.iter(chosen.tag) if rng.random() < 0.15 else [chosen]:
        element.text = new


def change_attribute(root: Element, rng: Random) -> None:
    bearers = [element for element in root.iter("*") if element.attrib]
    if not bearers:
        return
    bearer = rng.choice(bearers)
    name = rng.choice(list(bearer.attrib))
    match rng.randrange(3):
        case 0:
            del bearer.attrib[name]
        case 1:
            bearer.set(name, rng.choice(NUMBERS).replace("\0", "").replace("\t", "").strip())
        case _:
            other = rng.choice(bearers)
            bearer.set(name, rng.choice(list(other.attrib.values()) or [""]))


def add_fragment(root: Element, rng: Random) -> None:
    """One or several things that a score may hold, mostly where they belong: in a bar."""
    bars = list(root.iter("measure"))
    for _ in range(rng.choice([1, 1, 2, 5, 60])):
        into = rng.choice(bars) if bars and rng.random() < 0.9 else _any(root, rng)
        into.insert(
            rng.choice([0, len(into), rng.randrange(len(into) + 1)]),
            etree.fromstring(rng.choice(FRAGMENTS)),
        )


def nest(root: Element, rng: Random) -> None:
    element = _inner(root, rng)
    parent = element.getparent()
    if parent is None:
        return
    at, depth = parent.index(element), rng.choice([1, 3, 100, 300, 5000])
    inner = outer = etree.Element(element.tag)
    for _ in range(depth):
        inner = etree.SubElement(inner, element.tag)
    inner.append(element)
    parent.insert(at, outer)


def many_bars(root: Element, rng: Random) -> None:
    bars = list(root.iter("measure"))
    if bars:
        bar = rng.choice(bars)
        size, parent = len(etree.tostring(bar)), bar.getparent()
        for _ in range(min(rng.choice([10, 300, 2000]), MOST_BYTES // size)):
            parent.append(deepcopy(bar))


TREE: tuple[Callable[[Element, Random], None], ...] = (
    delete_element,
    double_element,
    move_element,
    swap_tags,
    delete_all,
    change_text,
    change_text,
    change_text,
    change_attribute,
    change_attribute,
    add_fragment,
    add_fragment,
    add_fragment,
    nest,
    many_bars,
)


def with_entities(text: str, rng: Random) -> str:
    """Entities that would grow, or fetch a file or a page, and where they would be seen."""
    laughs = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "ha" * 10}">' for i in range(9))
    said, name = rng.choice(
        [
            (f"<!DOCTYPE score-partwise [{laughs}]>", "e8"),
            (f'<!DOCTYPE score-partwise [<!ENTITY x SYSTEM "{SECRET_PLACE}">]>', "x"),
            ('<!DOCTYPE score-partwise [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>', "x"),
            (f'<!DOCTYPE score-partwise [<!ENTITY % x SYSTEM "{SECRET_PLACE}"> %x;]>', "x"),
            (f'<!DOCTYPE score-partwise SYSTEM "{SECRET_PLACE}">', "x"),
            (f'<!DOCTYPE score-partwise [<!ATTLIST note dynamics CDATA "{"9" * 1000}">]>', "amp"),
            (
                "<!DOCTYPE score-partwise [" + "<!ELEMENT a (b)>" * rng.choice([1, 1000]) + "]>",
                "amp",
            ),
        ]
    )
    text = re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>", "", text, flags=re.DOTALL)
    places = list(re.finditer(r">[^<]*</", text)) or [re.search("$", text)]
    place = rng.choice(places).start() + 1  # type: ignore[union-attr]  # the end is always found
    return f"{said}{text[:place]}&{name};{text[place:]}"


def spoil_document(root: Element, rng: Random) -> bytes:
    """The tree as bytes, mostly as it should be."""
    if rng.random() < 0.8:
        return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True))
    text = etree.tostring(root, encoding="unicode")
    match rng.randrange(5):
        case 0:
            return with_entities(text, rng).encode()
        case 1:
            encoding = rng.choice(["utf-16", "latin-1", "utf-8-sig", "utf-32", "cp1252", "ascii"])
            said = rng.choice([encoding, encoding, "utf-8", "latin-1", "nonsense", "utf-16", ""])
            head = f'<?xml version="1.0" encoding="{said}"?>' if said else ""
            return (head + text).encode(encoding, "xmlcharrefreplace")
        case 2:
            return (
                rng.choice([b"\xef\xbb\xbf", b"\n\n", b"junk", b"<!-- c -->", b"<?pi x?>", b"\0"])
                + text.encode()
            )
        case 3:
            return text.encode() + rng.choice(
                [b"\0" * 100, b"<a/>", b"junk", text.encode()[:1000], b"\n\n"]
            )
        case _:
            return re.sub(
                r"score-partwise",
                rng.choice(["score-timewise", "opus", "svg:score-partwise", "x"]),
                text,
            ).encode()


def spoil_musicxml(data: bytes, rng: Random, other: bytes) -> bytes:
    """Spoil the tree of a whole document; or its bytes or text alone."""
    if rng.random() < 0.25:
        return spoil(data, rng, other, (*BYTES, *TEXT))
    root = etree.fromstring(
        data, etree.XMLParser(remove_comments=True, remove_pis=True, no_network=True)
    )
    for _ in range(1 + min(int(rng.expovariate(0.5)), 9)):
        rng.choice(TREE)(root, rng)
    return spoil_document(root, rng)


def _archive(files: Sequence[tuple[str, bytes]], rng: Random) -> bytes:
    kinds = [zipfile.ZIP_DEFLATED] * 5 + [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files:
            archive.writestr(
                zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data, compress_type=rng.choice(kinds)
            )
    return out.getvalue()


def container(*paths: str) -> bytes:
    roots = "".join(f'<rootfile full-path="{path}"/>' for path in paths)
    return f"<container><rootfiles>{roots}</rootfiles></container>".encode()


def spoil_mxl(data: bytes, rng: Random, other: bytes) -> bytes:
    """Spoil the bytes of an archive, or pack what it holds in strange ways."""
    if rng.random() < 0.4:
        return spoil(data, rng, other, BYTES)
    with zipfile.ZipFile(BytesIO(data)) as archive:
        name = next(
            name
            for name in archive.namelist()
            if name.endswith("xml") and not name.startswith("META-INF")
        )
        score = archive.read(name)
    meta, bomb = "META-INF/container.xml", b" " * (40 * 2**20)
    make: Callable[[], list[tuple[str, bytes]]] = rng.choice(
        [
            lambda: [(meta, container("../../../etc/passwd")), ("a.xml", score)],
            lambda: [(meta, container("/etc/passwd")), ("/etc/passwd", score)],
            lambda: [(meta, container("file:///etc/passwd")), ("a.xml", score)],
            lambda: [(meta, container("../a.xml")), ("../a.xml", score)],
            lambda: [
                (meta, container("a.xml", "b.xml")),
                ("b.xml", score),
                ("a.xml", b"<score-partwise/>"),
            ],
            lambda: [(meta, container(meta)), ("a.xml", score)],
            lambda: [(meta, container("folder/")), ("folder/", b""), ("a.xml", score)],
            lambda: [(meta, b""), ("a.xml", score)],
            lambda: [
                (
                    meta,
                    with_entities(
                        "<container><rootfile full-path='a.xml'/></container>", rng
                    ).encode(),
                ),
                ("a.xml", score),
            ],
            lambda: [(meta, container("a.xml")), ("a.xml", bomb if rng.random() < 0.2 else score)],
            lambda: [
                (meta, container("a.xml") + (bomb if rng.random() < 0.2 else b"")),
                ("a.xml", score),
            ],
            lambda: [("a.xml", spoil_musicxml(score, rng, score))],
            lambda: [("a.mxl", data)],
            lambda: [("a.xml", data)],
            lambda: [("a.musicxml", score.decode().encode("utf-16"))],
            lambda: [("A.XML", score)],
            list,
            lambda: [(f"{i}.xml", b"<a/>") for i in range(rng.choice([2, 3000]))],
        ]
    )
    packed = _archive(make(), rng)
    return spoil(packed, rng, other, BYTES, most=2) if rng.random() < 0.2 else packed
