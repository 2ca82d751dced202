"""Music that comes with a library this program needs anyway: no download, no account."""

from __future__ import annotations

import importlib.util
import re
import zipfile
from pathlib import Path

from partimento.config import UserError

LICENCE = (
    "J. S. Bach's chorales are in the public domain. The encodings (after Margaret Greentree's edition) come with music21, which "
    "distributes them with their encoders' permission; its corpus/license.txt says the terms."
)
PREFIX = "bundled:"
NAMES = {
    "chorales": "the chorales of J. S. Bach for soprano, alto, tenor and bass alone",
    "chorales-all": "the same and those with further instruments",
}


def chorales(*, with_instruments: bool = False) -> list[Path]:
    """The chorales of Johann Sebastian Bach in the corpus inside the music21 package (MusicXML), by number.

    Parameters
    ----------
    with_instruments : bool
        Whether to give also those (43 of 407 in music21 10.5) in which instruments play further parts.

    Raises
    ------
    UserError
        If music21 is not installed, or without its corpus.
    """
    spec = importlib.util.find_spec("music21")  # finds it without the seconds that importing it takes
    folders = [Path(place) / "corpus" / "bach" for place in (spec.submodule_search_locations or [])] if spec else []
    scores = [path for folder in folders for path in folder.glob("bwv*.mxl")]
    # One of 408 scores, a prelude for keyboard (BWV 846), has fewer parts than a chorale.
    found = [path for path in scores if 4 <= _parts(path) <= (99 if with_instruments else 4)]
    if not found:
        raise UserError("no bundled chorales: music21 is not installed, or without its corpus")
    return sorted(found, key=_by_number)


def resolve(source: str) -> list[Path]:
    """The paths that a SOURCE on the command line means: a bundled collection (``bundled:chorales``), or a path as it is.

    Raises
    ------
    UserError
        If nothing of that name is bundled.
    """
    if not source.startswith(PREFIX):
        return [Path(source)]
    name = source.removeprefix(PREFIX)
    if name not in NAMES:
        raise UserError(f"nothing is bundled as {source!r}: there is {', '.join(PREFIX + known for known in NAMES)}")
    return chorales(with_instruments=name == "chorales-all")


def _parts(path: Path) -> int:
    """How many parts a compressed score announces, without parsing it: its list of parts stands before the music."""
    with zipfile.ZipFile(path) as archive:
        name = next(name for name in archive.namelist() if name.endswith("xml") and not name.startswith("META-INF"))
        with archive.open(name) as file:
            head = file.read(2**16).partition(b"</part-list>")[0]
    return len(re.findall(rb"<score-part\b", head))


def _by_number(path: Path) -> tuple[list[int], str]:
    return [int(digits) for digits in re.findall(r"\d+", path.stem)], path.stem
