"""Music that comes with a library the program needs anyway, without a download."""

from __future__ import annotations

import difflib
import importlib.util
import re
import zipfile
from pathlib import Path

from partimento.errors import PartimentoError

LICENSE = (
    "J. S. Bach's chorales are in the public domain. The encodings (after Margaret Greentree's"
    " edition) come with music21, which distributes them with their encoders' permission; its"
    " corpus/license.txt says the terms."
)
GENERAL_LICENSE = (
    "Distributed with music21 with the encoders' permission; to its makers' knowledge out of"
    " copyright in the United States or licensed for use, some for non-commercial use only: see"
    " corpus/license.txt in music21 and the notes in the files."
)
LICENSES = {
    "chorales": LICENSE,
    "chorales-all": LICENSE,
    "essenFolksong": (
        "Non-commercial use: its legal status is unclear, as many people entered it; Ewa"
        " Dahlig-Turek permits non-commercial distribution and use in music21, and the ABC files"
        " are Seymour Shlien's: see corpus/essenFolksong/license.txt in music21."
    ),
}
PREFIX = "bundled:"
NAMES = {
    "chorales": "the chorales of J. S. Bach for soprano, alto, tenor and bass alone",
    "chorales-all": "the same and those with further instruments",
}
SUFFIXES = (".mid", ".midi", ".musicxml", ".mxl", ".xml", ".abc", ".krn")


def chorales(*, with_instruments: bool = False) -> list[Path]:
    """Return the chorales of J. S. Bach in the music21 package (MusicXML), by number.

    Parameters
    ----------
    with_instruments : bool
        Include those (43 of 407 in music21 10.5) in which instruments play further parts.

    Raises
    ------
    PartimentoError
        If music21 is not installed, or without its corpus.
    """
    scores = [path for folder in _corpora() for path in (folder / "bach").glob("bwv*.mxl")]
    # One of 408 scores, a prelude for keyboard (BWV 846), has fewer parts than a chorale.
    found = [path for path in scores if 4 <= _parts(path) <= (99 if with_instruments else 4)]
    if not found:
        raise PartimentoError(
            "no bundled chorales: music21 is not installed, or without its corpus"
        )
    return sorted(found, key=_by_number)


def collections() -> dict[str, str]:
    """Return the names of the bundled collections, each with its contents.

    They are the chorales, and each folder of music21's corpus that has scores.

    Examples
    --------
    >>> collections()["bach"]
    '413 files: krn, mxl, xml'
    """
    found = dict(NAMES)
    for corpus in _corpora():
        for folder in sorted(corpus.iterdir(), key=lambda folder: folder.name.casefold()):
            if folder.is_dir() and (scores := _scores(folder)):
                kinds = sorted({path.suffix.lstrip(".").lower() for path in scores})
                found[folder.name] = (
                    f"{len(scores)} file{'s' * (len(scores) > 1)}: {', '.join(kinds)}"
                )
    return found


def license_note(name: str) -> str:
    """Return the terms under which a bundled collection may be used."""
    return LICENSES.get(name, GENERAL_LICENSE)


def resolve(source: str) -> list[Path]:
    """Return the paths that a SOURCE on the command line means.

    It is a bundled collection (``bundled:chorales``, ``bundled:essenFolksong``) or a path.

    Raises
    ------
    PartimentoError
        If nothing of that name is bundled.
    """
    if not source.startswith(PREFIX):
        return [Path(source)]
    name = source.removeprefix(PREFIX)
    if name in NAMES:
        return chorales(with_instruments=name == "chorales-all")
    folders = {
        folder.name: folder
        for corpus in _corpora()
        for folder in corpus.iterdir()
        if folder.is_dir()
    }
    scores = _scores(folders[name]) if name in folders else []
    if not scores:
        known = list(collections())
        near = difflib.get_close_matches(name.casefold(), [each.casefold() for each in known], n=1)
        meant = [PREFIX + each for each in known if each.casefold() in near]
        hint = (
            f"did you mean {meant[0]}?"
            if meant
            else f"there is {', '.join(PREFIX + each for each in known)}"
        )
        raise PartimentoError(f"nothing is bundled as {source!r}: {hint}")
    return scores


def _corpora() -> list[Path]:
    """Return the corpus folder inside the music21 package, if there is one."""
    spec = importlib.util.find_spec(
        "music21"
    )  # finds it without the seconds that importing it takes
    places = (
        [Path(place) / "corpus" for place in spec.submodule_search_locations or []] if spec else []
    )
    return [place for place in places if place.is_dir()]


def _scores(folder: Path) -> list[Path]:
    return sorted(
        (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file()),
        key=_by_number,
    )


def _parts(path: Path) -> int:
    """Count the parts of a compressed score without parsing the music.

    The list of parts comes before the music.
    """
    with zipfile.ZipFile(path) as archive:
        name = next(
            name
            for name in archive.namelist()
            if name.endswith("xml") and not name.startswith("META-INF")
        )
        with archive.open(name) as file:
            head = file.read(2**16).partition(b"</part-list>")[0]
    return len(re.findall(rb"<score-part\b", head))


def _by_number(path: Path) -> tuple[list[int], str]:
    return [int(digits) for digits in re.findall(r"\d+", path.stem)], path.stem
