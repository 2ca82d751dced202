"""Read MusicXML as a piece, more than thirty times as fast as music21.

Times are integers on one grid that represents the divisions of all parts. They become the columns
of `Notes` unchanged. The rules are:

- A part of the file becomes one part: the staves of a piano are one part. Transposing instruments
  and their keys are read at sounding pitch.
- A bar begins at the same time in all parts, and lasts as long as its longest part. A whole-bar
  rest gets its length from the bar.
- Ties join notes across bar lines and voices. A tie without a second note is ignored.
- Cue notes are ignored. Grace notes are flagged, and each lasts a sixteenth of a quarter before the
  onset of its main note.
- Repeats are read once, unless they are to be unfolded (see `repeats`).

The XML is parsed without network, DTD or entities. A document that declares entities is rejected.
"""

from __future__ import annotations

import contextlib
import io
import lzma
import math
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from lxml import etree

from partimento.errors import InvalidScoreError
from partimento.io.formats import ReadOptions
from partimento.io.musicxml.choir import singers_on, with_singers
from partimento.io.musicxml.credits import title_and_composer, words_of
from partimento.io.musicxml.layout import piece_of
from partimento.io.musicxml.linked import join_parts, join_staves
from partimento.io.musicxml.marks import BREATHS, Instruments, exact
from partimento.io.musicxml.part import FinerGrid, PartReader
from partimento.io.musicxml.repeats import playing_order
from partimento.io.musicxml.turns import Turns
from partimento.music.limits import MAX_BYTES, MAX_NOTES, check_size
from partimento.music.notes import MAX_GRID
from partimento.music.piece import Piece
from partimento.music.provenance import FIELD, Provenance
from partimento.music.score_reference import ScoreReference
from partimento.music.timelines import Part

Element = Any  # lxml's elements have no types
# The bars of one part: the measure, and the element with the part's music in it, if any.
Bars = list[tuple[Element, Element | None]]
SOFTWARE = "Partimento"  # as our own files state
LEAST_GRID = 32  # ticks per quarter that represent grace notes, and bars of every meter
ENTITIES = "it declares XML entities, which no score needs"
USUAL_GRID = 2**24  # all tuplets together make the grid finer up to this many ticks
TUPLETS = frozenset(str(number) for number in range(3, 100))
MAX_PARTS = 10_000
MAX_TABLE = 2_000_000  # bars of all parts together
ARCHIVE_FAULTS = (
    zipfile.BadZipFile,
    KeyError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    struct.error,
)


def read_score(data: bytes, options: ReadOptions) -> Piece:
    """Read a MusicXML file as a piece; errors as for `piece_from_musicxml`."""
    piece = piece_from_musicxml(data, options.suffix, unfold=options.unfold)
    # The path is added where it is known. Written-out repeats are not what the file shows.
    return piece if options.unfold else piece.replace(score=ScoreReference(""))


def piece_from_musicxml(data: bytes, suffix: str = ".musicxml", *, unfold: bool = False) -> Piece:
    """Read a MusicXML document.

    Parameters
    ----------
    data : bytes
        A ``score-partwise`` or ``score-timewise`` document in the encoding that it declares, or a
        compressed one, as in ``.mxl`` files.
    suffix : str
        With ``".mxl"`` the data must be compressed.
    unfold : bool
        Whether repeats, endings, da capo and dal segno are written out as they are played.

    Raises
    ------
    InvalidScoreError
        If the document cannot be read as a piece with notes; the message gives the reason.
    """
    return piece_of_document(parse(data, suffix), unfold=unfold)


def parse(data: bytes, suffix: str = ".musicxml") -> Element:
    """Parse a MusicXML document without fetching or expanding anything.

    Parameters and errors are those of `piece_from_musicxml`.

    Returns
    -------
    Element
        The root, without comments.
    """
    if not data.strip():
        raise InvalidScoreError("it is empty")
    xml = _unzip(data) if suffix == ".mxl" or data.startswith(b"PK\3\4") else data
    root = _root(xml)
    if len(xml) > 4 * MAX_NOTES:
        check_size(min(int(root.xpath("count(//note)")), MAX_NOTES + 1) or 1, 0)
    return root


def read_notes(root: Element) -> tuple[list[PartReader], int]:
    """Read all bars, and remember the element of each note.

    Returns
    -------
    readers : list of PartReader
        One for each part of the document, in its order; see `PartReader.elements`.
    grid : int
        Ticks per quarter.
    """
    parts, listed = _parts_and_entries(root)
    grid = _grid(root)
    while True:
        try:
            return _read(root, parts, listed, grid, None, trace=True), grid
        except FinerGrid as finer:
            grid = _within_limits(grid * finer.factor)


def piece_of_document(root: Element, *, unfold: bool = False) -> Piece:
    """Read the piece of a parsed document; parameters as for `piece_from_musicxml`."""
    parts, listed = _parts_and_entries(root)
    grid = _grid(root)
    turns: dict[int, Turns] | None = {} if unfold else None
    while True:
        try:
            readers = _read(root, parts, listed, grid, turns)
            break
        except FinerGrid as finer:
            grid = _finer_grid(root, _within_limits(grid * finer.factor))
    listed_parts = tuple(
        _part(listed.get(name), reader) for (name, _), reader in zip(parts, readers, strict=True)
    )
    if any(reader.has_tab for reader in readers):
        readers, listed_parts = _joined(readers, listed_parts)
    order = playing_order(turns, max(len(bars) for _, bars in parts)) if turns is not None else None
    title, composer = title_and_composer(root)
    piece = piece_of(
        readers,
        grid,
        order,
        parts=listed_parts,
        title=title,
        composer=composer,
    )
    if (composed := _provenance(root)) is not None:
        piece = piece.replace(provenance=composed)
    is_open = _is_ours(root) and next(root.iter("bar-style"), None) is None
    return piece.replace(open_end=True) if is_open else piece


def _provenance(root: Element) -> Provenance | None:
    """Return how this program composed the piece; None if the document does not say."""
    for field in root.iterfind("identification/miscellaneous/miscellaneous-field"):
        if field.get("name") == FIELD:
            with contextlib.suppress(ValueError):
                return Provenance.from_text((field.text or "").strip())
    return None


def _joined(
    readers: list[PartReader], parts: tuple[Part, ...]
) -> tuple[list[PartReader], tuple[Part, ...]]:
    """Join tablatures with the notation of the same notes."""
    for reader in readers:
        join_staves(reader)
    joined = join_parts(readers)
    of_tab = {part: tab for tab, part in joined.items()}
    kept = [i for i in range(len(readers)) if i not in joined]
    with_strings = {}
    for i, tab in of_tab.items():
        program = parts[tab].program if parts[i].program is None else parts[i].program
        strings, capo = parts[tab].strings, parts[tab].capo
        with_strings[i] = replace(parts[i], program=program, strings=strings, capo=capo)
    return [readers[i] for i in kept], tuple(with_strings.get(i, parts[i]) for i in kept)


def _root(data: bytes) -> Element:
    """Parse the document, or raise InvalidScoreError with the reason."""
    try:
        root = etree.fromstring(data, _parser())
    except etree.XMLSyntaxError as error:
        root = _as_latin_1(data)
        if root is None:
            message = _reason(error)
            raise InvalidScoreError(
                ENTITIES if "amplification" in message else f"damaged XML: {message}"
            ) from error
    except (ValueError, LookupError) as error:  # an unknown encoding
        raise InvalidScoreError(f"damaged XML: {str(error)[:150]}") from error
    if root is None or root.tag not in ("score-partwise", "score-timewise"):
        raise InvalidScoreError("XML, but not MusicXML")
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and any(True for _ in dtd.iterentities()):
        raise InvalidScoreError(ENTITIES)
    return root


def _reason(error: etree.XMLSyntaxError) -> str:
    """Return the message of libxml2 without its advice to programmers."""
    message = error.msg or "it cannot be parsed"
    return (
        "it is nested too deeply"
        if "Excessive depth" in message
        else message.partition(", see xml")[0][:150]
    )


def _parser(encoding: str | None = None) -> Any:
    return etree.XMLParser(
        encoding=encoding,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_blank_text=True,
        remove_comments=True,
        remove_pis=True,
    )


def _as_latin_1(data: bytes) -> Element | None:
    """Parse a document that claims to be UTF-8 but is Latin-1.

    Older programs wrote text in the encoding of their system.
    """
    try:
        data.decode()
    except UnicodeDecodeError:
        try:
            return etree.fromstring(data, _parser("iso-8859-1"))
        except (etree.XMLSyntaxError, ValueError):
            return None
    return None


def uncompressed(data: bytes) -> bytes:
    """Return the document of a MusicXML file, which may be compressed.

    Raises
    ------
    InvalidScoreError
        If the archive is damaged.
    """
    return _unzip(data) if data.startswith(b"PK\3\4") else data


def _unzip(data: bytes) -> bytes:
    """Extract the score from a compressed MusicXML file.

    The size is limited, whatever size the archive declares.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            listed = archive.namelist()
            names = [
                name
                for name in listed
                if name.endswith((".xml", ".musicxml")) and not name.startswith("META-INF")
            ]
            if "META-INF/container.xml" in listed:
                roots = etree.fromstring(_bounded(archive, "META-INF/container.xml"), _parser())
                paths = (
                    roots.xpath("//*[local-name()='rootfile']/@full-path")
                    if roots is not None
                    else []
                )
                names = [str(path) for path in paths] or names
            if not names:
                raise InvalidScoreError("the archive contains no score")
            return _bounded(archive, names[0])
    except InvalidScoreError:
        raise
    except etree.XMLSyntaxError as error:
        raise InvalidScoreError(
            f"damaged: its list of contents is not XML ({_reason(error)})"
        ) from error
    except ARCHIVE_FAULTS as error:  # everything zipfile raises for a damaged archive
        message = (
            str(error.args[0])
            if isinstance(error, (zipfile.BadZipFile, KeyError)) and error.args
            else ""
        )
        raise InvalidScoreError(
            "damaged: not a complete archive" + (f" ({message[:100]})" if message else "")
        ) from error


def _bounded(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise InvalidScoreError(f"larger than {MAX_BYTES // 2**20} MiB when unpacked")
    return data


def _parts(root: Element) -> list[tuple[str, Bars]]:
    """Return the bars of each part, of a partwise or timewise document."""
    if root.tag == "score-partwise":
        parts = [
            (part.get("id", ""), [(bar, bar) for bar in part.iterchildren("measure")])
            for part in root.iterchildren("part")
        ]
    else:
        parts = list(_by_part(root))
    _check_table(len(parts), max((len(bars) for _, bars in parts), default=0))
    if not any(bars for _, bars in parts):
        raise InvalidScoreError("it has no notes")
    return parts


def _parts_and_entries(root: Element) -> tuple[list[tuple[str, Bars]], dict[str, Element]]:
    """Return the bars of each part, and the ``score-part`` of each by id."""
    parts = _parts(root)
    listed = {element.get("id"): element for element in root.iterfind("part-list/score-part")}
    return with_singers(parts, listed) if _is_ours(root) else (parts, listed)


def parts_on_staves(root: Element) -> list[list[int]]:
    """Return the numbers of the piece's parts in each part of a document.

    There are several where this program wrote two voices of a choir on one staff.
    """
    listed = {element.get("id"): element for element in root.iterfind("part-list/score-part")}
    numbers: list[list[int]] = []
    first = 0
    for part in root.iterchildren("part"):
        count = singers_on(listed.get(part.get("id"))) if _is_ours(root) else 1
        numbers.append(list(range(first, first + count)))
        first += count
    return numbers


def _is_ours(root: Element) -> bool:
    """Return whether this program wrote the document."""
    software = root.iterfind("identification/encoding/software")
    return any((element.text or "").strip() == SOFTWARE for element in software)


def _by_part(root: Element) -> Iterator[tuple[str, Bars]]:
    """Yield the bars of each part of a timewise document."""
    bars = list(root.iterchildren("measure"))
    by_bar = [{part.get("id", ""): part for part in bar.iterchildren("part")} for bar in bars]
    names = dict.fromkeys(name for parts in by_bar for name in parts)
    _check_table(len(names), len(bars))
    for name in names:
        yield name, [(bar, parts.get(name)) for bar, parts in zip(bars, by_bar, strict=True)]


def _check_table(parts: int, bars: int) -> None:
    if parts > MAX_PARTS or parts * bars > MAX_TABLE:
        raise InvalidScoreError(f"{parts} parts of {bars} bars, which is too many")


def _read(
    root: Element,
    parts: list[tuple[str, Bars]],
    listed: Mapping[str, Element],
    grid: int,
    turns: dict[int, Turns] | None,
    *,
    trace: bool = False,
) -> list[PartReader]:
    has_tab = next(root.iter("fret"), None) is not None
    has_phrases = next(root.iter("fermata", *BREATHS), None) is not None
    is_exact = _is_ours(root)
    readers = []
    for name, bars in parts:
        reader = PartReader(
            grid,
            Instruments.of(listed.get(name)),
            has_tab=has_tab,
            has_phrases=has_phrases,
            is_exact=is_exact,
            turns=turns,
        )
        reader.elements = [] if trace else None
        for index, (bar, music) in enumerate(bars):
            reader.read_bar(index, bar, music)
        readers.append(reader)
    return readers


def _grid(root: Element) -> int:
    """Return ticks per quarter that represent all divisions of the document."""
    # Keep the order of the document, so that always the first of several faults is reported.
    texts = dict.fromkeys(element.text for element in root.iter("divisions"))
    divisions = dict.fromkeys(exact(text, "divisions") for text in texts)
    if any(value <= 0 for value in divisions):
        raise InvalidScoreError(f"a quarter note cannot have {min(divisions)} divisions")
    grid = LEAST_GRID
    for value in divisions:
        grid = _within_limits(math.lcm(grid, value.numerator))
    return grid


def _finer_grid(root: Element, grid: int) -> int:
    """Return a finer grid on which all tuplets of the document are exact.

    Otherwise the reader would start again at each kind of tuplet.
    """
    for text in dict.fromkeys(element.text for element in root.iter("actual-notes")):
        finer = math.lcm(grid, int(text)) if text in TUPLETS else grid
        grid = finer if finer <= USUAL_GRID else grid
    return grid


def _within_limits(grid: int) -> int:
    if grid > MAX_GRID:
        raise InvalidScoreError(
            f"its times have no common grid: it would need more than {MAX_GRID} steps per quarter"
        )
    return grid


def _part(listed: Element | None, reader: PartReader) -> Part:
    if listed is None:
        return Part(staves=reader.staves, strings=reader.strings, capo=reader.capo)
    instruments = reader.instruments
    name = _text(listed, "part-name")
    if not name and not instruments.sounds:  # the instruments of a drum kit do not name the part
        name = _text(listed, "score-instrument/instrument-name")
    return Part(
        name,
        instruments.program,
        instruments.is_drum,
        reader.staves,
        strings=reader.strings,
        capo=reader.capo,
    )


def _text(element: Element, path: str) -> str:
    return words_of(element.find(path))
