"""Real files to spoil: guitar music as MIDI from the data folder, scores from the corpus inside
music21.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path

from tests.fuzz.compose_guitar_pro import binary_file, xml_document
from tests.io.mei.documents import document, measure, note

from partimento.collect import resolve

MOST_BYTES = 12_000  # small files make many cases
MIDI_FILES, SCORES = 120, 60  # of each kind
SECRET = "no reader may fetch this"  # stands in this file, to which hostile documents point


def data_folder() -> Path:
    """../shared/data, or where PARTIMENTO_DATA points."""
    return Path(os.environ.get("PARTIMENTO_DATA", Path(__file__).parents[3] / "shared" / "data"))


@cache
def midi_files() -> tuple[bytes, ...]:
    """Guitar pieces; none where the data folder is missing."""
    paths = sorted((data_folder() / "mutopia-guitar").glob("*/*.mid"))
    return _spread(
        [path.read_bytes() for path in paths if path.stat().st_size <= MOST_BYTES], MIDI_FILES
    )


@cache
def compressed_scores() -> tuple[bytes, ...]:
    """Compressed MusicXML."""
    paths = [
        path
        for name in ("bach", "demos", "leadSheet", "haydn")
        for path in resolve(f"bundled:{name}")
    ]
    return _spread(
        [
            path.read_bytes()
            for path in paths
            if path.suffix == ".mxl" and path.stat().st_size <= MOST_BYTES
        ],
        SCORES,
    )


@cache
def musicxml_files() -> tuple[bytes, ...]:
    """MusicXML, some unpacked from its archive."""
    unpacked = []
    for data in compressed_scores():
        with zipfile.ZipFile(BytesIO(data)) as archive:
            name = next(
                name
                for name in archive.namelist()
                if name.endswith("xml") and not name.startswith("META-INF")
            )
            unpacked.append(archive.read(name))
    plain = [
        path.read_bytes()
        for name in ("demos", "bach")
        for path in resolve(f"bundled:{name}")
        if path.suffix == ".xml"
    ]
    return tuple(unpacked + plain)


@cache
def kern_files() -> tuple[bytes, ...]:
    """kern: the shorter files of the corpus, and the cases, which split spines."""
    cases = Path(__file__).parents[1] / "cases"
    paths = [
        path
        for name in ("bach", "palestrina")
        for path in resolve(f"bundled:{name}")
        if path.suffix == ".krn"
    ]
    short = [path.read_bytes() for path in paths if path.stat().st_size <= 3000]
    (mazurka,) = [path for path in resolve("bundled:chopin") if path.suffix == ".krn"]
    split = [path.read_bytes() for path in sorted(cases.glob("*.krn"))] + [mazurka.read_bytes()]
    return _spread(short, SCORES) + 4 * tuple(split)


@cache
def mei_files() -> tuple[bytes, ...]:
    """MEI: scores as verovio writes them, and a document with rarer elements."""
    import verovio

    toolkit = verovio.toolkit()
    documents = []
    for data in musicxml_files()[:24]:
        toolkit.resetXmlIdSeed(1)  # equal numbers give equal cases
        if toolkit.loadData(data.decode("utf-8", "replace")):
            written = re.sub(r' isodate="[^"]*"', "", toolkit.getMEI())
            documents.append(written.encode("utf-8", "replace"))
    tied = note("a4", 4, 'xml:id="x"')
    ending = measure(note("b4", 2, "pnum='3'"), after="<harm>Am7</harm>")
    layer = (
        f'<tuplet num="3" numbase="2">{note("c4", 8) * 3}</tuplet><beatRpt/>{note("d4", 8)}'
        f'<fTrem>{note("e4") * 2}</fTrem><graceGrp>{note("f4", 16) * 2}</graceGrp><space dur="8"/>'
        f"<choice><sic>{note('g4')}</sic><corr>{tied}</corr></choice>"
    )
    rare = document(
        '<expansion plist="#s #s #t"/><section xml:id="s">',
        measure(layer, note("c3", 1), attributes='right="rptend"'),
        measure("<mRpt/>", after='<tie startid="#x" endid="#y"/><tempo midi.bpm="80"/>'),
        '</section><section xml:id="t">',
        measure('<multiRest num="2"/>'),
        f'<ending n="1">{ending}</ending>',
        "</section>",
        attributes='keysig="2s"',
    )
    return (*documents, *[rare] * 8)


@cache
def abc_files() -> tuple[bytes, ...]:
    """ABC, a tune a file."""
    paths = [
        path
        for name in ("ryansMammoth", "josquin")
        for path in resolve(f"bundled:{name}")
        if path.suffix == ".abc"
    ]
    songs = [path.read_bytes() for path in resolve("bundled:essenFolksong")[:4]]
    tunes = [
        tune.strip() + b"\n" for song in songs for tune in re.split(rb"\n(?=X: *\d)", song)[1:]
    ]
    return _spread([path.read_bytes() for path in paths], SCORES) + _spread(tunes, SCORES)


@cache
def guitar_pro_files() -> tuple[bytes, ...]:
    """Guitar Pro 3, 4 and 5, written by PyGuitarPro."""
    return tuple(binary_file(number) for number in range(SCORES))


@cache
def gpif_documents() -> tuple[bytes, ...]:
    """The XML of Guitar Pro 6 to 8."""
    return tuple(xml_document(number) for number in range(SCORES))


SOURCES: dict[str, Callable[[], tuple[bytes, ...]]] = {
    "midi": midi_files,
    "musicxml": musicxml_files,
    "mxl": compressed_scores,
    "kern": kern_files,
    "mei": mei_files,
    "abc": abc_files,
    "guitar-pro": guitar_pro_files,
    "gp": gpif_documents,
}


def _spread(files: list[bytes], count: int) -> tuple[bytes, ...]:
    """So many of them, from all over the list."""
    step = max(len(files) // count, 1)
    return tuple(files[::step][:count])
