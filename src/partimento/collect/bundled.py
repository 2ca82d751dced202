"""Music that comes with a library this program needs anyway: no download, no account."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from partimento.config import UserError

LICENCE = (
    "J. S. Bach's four-part chorales are in the public domain; the encodings come with music21, whose corpus/license.txt names their "
    "makers (after Margaret Greentree's edition) and allows use with the toolkit."
)
PREFIX = "bundled:"


def chorales() -> list[Path]:
    """The four-part chorales of Johann Sebastian Bach in the corpus inside the music21 package (MusicXML, by name).

    Raises
    ------
    UserError
        If music21 is not installed, or without its corpus.
    """
    spec = importlib.util.find_spec("music21")  # finds it without the seconds that importing it takes
    folders = [Path(place) / "corpus" / "bach" for place in (spec.submodule_search_locations or [])] if spec else []
    found = [path for folder in folders for path in folder.glob("bwv*.mxl")]
    if not found:
        raise UserError("no bundled chorales: music21 is not installed, or without its corpus")
    return sorted(found, key=_by_number)


def resolve(source: str) -> list[Path]:
    """The paths that a SOURCE on the command line means: ``bundled:chorales``, or a path as it is.

    Raises
    ------
    UserError
        If nothing of that name is bundled.
    """
    if not source.startswith(PREFIX):
        return [Path(source)]
    if source != f"{PREFIX}chorales":
        raise UserError(f"nothing is bundled as {source!r}: there is {PREFIX}chorales")
    return chorales()


def _by_number(path: Path) -> tuple[list[int], str]:
    return [int(digits) for digits in re.findall(r"\d+", path.stem)], path.stem
